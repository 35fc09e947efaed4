"""A quoted record in its surroundings, as everybody in the conversation could see them."""

from dataclasses import dataclass
from uuid import UUID

from mayak.errors import NotFound
from mayak.lightrag.model.records import Message
from mayak.lightrag.queries import records
from mayak.lightrag.queries.records import SourceConversation
from mayak.platform.db import Conn

BEFORE = 15
AFTER = 15


@dataclass(eq=False)
class SourceNotFound(NotFound):
    code = "source_not_found"
    message = "There is no message {external_id} to show in this project."

    external_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    conversation: SourceConversation
    messages: list[Message]
    """In the order of talk; a deleted one has no content."""
    has_before: bool
    has_after: bool


async def source(
    conn: Conn, project_id: UUID, external_id: str, *, before: int = BEFORE, after: int = AFTER
) -> Source:
    """The talk around a message. Raises SourceNotFound, for notes and activity rows as well."""
    talk = await records.conversation_of(conn, project_id, external_id)
    if talk is None:
        raise SourceNotFound(external_id)
    # One more on each side than is shown tells whether the talk goes on there.
    earlier, later = await records.around(
        conn, project_id, talk, before=before + 2, after=after + 1
    )
    return Source(
        conversation=talk,
        messages=[*earlier[-(before + 1) :], *later[:after]],
        has_before=len(earlier) > before + 1,
        has_after=len(later) > after,
    )
