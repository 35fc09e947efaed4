"""Documents and chunks follow the mirror: every change of a conversation, and nothing else."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from mayak.lightrag.model.chunking import Chunk, chunks_of
from mayak.lightrag.queries import documents as queries
from mayak.platform.db import Conn, Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    documents: int = 0
    added: int = 0
    kept: int = 0
    dropped: int = 0

    def __add__(self, other: "Refreshed") -> "Refreshed":
        return Refreshed(
            documents=self.documents + other.documents,
            added=self.added + other.added,
            kept=self.kept + other.kept,
            dropped=self.dropped + other.dropped,
        )


AT_ONCE = 30
"""Conversations per transaction."""


async def catch_up(database: Database, project_id: UUID) -> Refreshed:
    """Bring all documents of a project up to date now, without waiting for the job; no vectors."""
    async with database.transaction(project_id) as conn:
        await queries.drop_orphans(conn, project_id)
        stale = await queries.stale_conversations(conn, project_id)
    done = Refreshed()
    for start in range(0, len(stale), AT_ONCE):
        async with database.transaction(project_id) as conn:
            done += await refresh(conn, project_id, stale[start : start + AT_ONCE])
    return done


async def refresh(conn: Conn, project_id: UUID, ids: Sequence[str]) -> Refreshed:
    """Cut these conversations again. A chunk whose text stayed keeps its id and its vector."""
    talks: dict[str, list[queries.SourceMessage]] = defaultdict(list)
    live = await queries.conversations(conn, project_id, ids)
    for message in await queries.messages(conn, project_id, ids):
        talks[message.conversation_id].append(message)
    done = Refreshed()
    for conversation in live:
        done += await _refresh(conn, project_id, conversation, talks[conversation.external_id])
    return done


async def _refresh(
    conn: Conn,
    project_id: UUID,
    conversation: queries.Conversation,
    messages: Sequence[queries.SourceMessage],
) -> Refreshed:
    revisions = [conversation.revision, *(message.revision for message in messages)]
    document = await queries.save_document(conn, project_id, conversation, revisions=revisions)
    known: dict[bytes, list[queries.KeptChunk]] = defaultdict(list)
    for old in await queries.kept_chunks(conn, project_id, document):
        known[old.text_hash].append(old)
    moved: list[tuple[UUID, int, Chunk]] = []
    added: list[tuple[int, Chunk]] = []
    kept = 0
    for ordinal, chunk in enumerate(chunks_of(messages, subject=conversation.subject)):
        if not known[chunk.text_hash]:
            added.append((ordinal, chunk))
            continue
        same = known[chunk.text_hash].pop(0)
        kept += 1
        if _differs(same, ordinal, chunk):
            moved.append((same.id, ordinal, chunk))
    gone = [old.id for rest in known.values() for old in rest]
    await queries.drop_chunks(conn, project_id, gone)
    await queries.move_chunks(conn, project_id, moved)
    await queries.add_chunks(conn, project_id, document, added)
    return Refreshed(documents=1, added=len(added), kept=kept, dropped=len(gone))


def _differs(kept: queries.KeptChunk, ordinal: int, chunk: Chunk) -> bool:
    return (kept.ordinal, kept.spans, kept.language, kept.occurred_at) != (
        ordinal,
        queries.spans_as_json(chunk),
        chunk.language,
        chunk.occurred_at,
    )
