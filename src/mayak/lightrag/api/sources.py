"""A quoted record in its surroundings."""

from datetime import datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from mayak.access.deps import CurrentProject, Tx, allow
from mayak.http.services import Services
from mayak.lightrag import service
from mayak.lightrag.model.links import SourceLinks
from mayak.lightrag.model.records import AuthorKind

router = APIRouter()


class SourceConversationView(BaseModel):
    external_id: str
    subject: str | None
    status: str
    inbox: str | None
    contact: str | None
    url: str | None


class SourceMessageView(BaseModel):
    external_id: str
    author: str | None
    author_kind: AuthorKind | None
    content: str | None
    """None when the message was deleted."""
    deleted: bool
    private: Literal[False] = False
    created_at: datetime
    focus: bool


class SourceView(BaseModel):
    conversation: SourceConversationView
    messages: list[SourceMessageView]
    has_before: bool
    has_after: bool
    synced_at: datetime

    @classmethod
    def of(cls, source: service.Source, links: SourceLinks) -> "SourceView":
        talk = source.conversation
        return cls(
            conversation=SourceConversationView(
                external_id=talk.external_id,
                subject=talk.subject,
                status=talk.status,
                inbox=talk.inbox,
                contact=talk.contact,
                url=links.conversation(talk.external_id),
            ),
            messages=[
                SourceMessageView(
                    external_id=message.external_id,
                    author=message.author,
                    author_kind=message.author_kind,
                    content=message.content,
                    deleted=message.deleted,
                    created_at=message.at,
                    focus=message.external_id == talk.focus,
                )
                for message in source.messages
            ],
            has_before=source.has_before,
            has_after=source.has_after,
            synced_at=talk.synced_at,
        )


@router.get("/lightrag/sources/{source_type}/{external_id}", dependencies=[allow("lightrag.read")])
async def read_source(
    source_type: Literal["chatwoot_message"],  # noqa: ARG001  # there is one kind so far
    external_id: str,
    project: CurrentProject,
    tx: Tx,
    services: Services,
) -> SourceView:
    """The conversation around a quoted message. Private notes are never part of it."""
    found = await service.source(tx, project.id, external_id.replace("\x00", ""))
    return SourceView.of(found, services.get(SourceLinks))
