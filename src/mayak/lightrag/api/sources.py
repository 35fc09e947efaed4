"""A quoted record in its surroundings."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from mayak.access.deps import CurrentProject, Tx, allow
from mayak.http.services import Services
from mayak.lightrag import service
from mayak.lightrag.model.labels import label
from mayak.lightrag.model.language import Locale
from mayak.lightrag.model.links import SourceLinks
from mayak.lightrag.model.records import AuthorKind, DocumentType, RecordType
from mayak.lightrag.queries.links import Relation

router = APIRouter()


class FactView(BaseModel):
    field: str
    label: str
    """What people call the field."""
    value: str


class SourceDocumentView(BaseModel):
    type: DocumentType
    id: str
    title: str | None
    url: str | None
    status: str | None
    """How far it is, in the source's own words."""
    facts: list[FactView]


class SourceRecordView(BaseModel):
    """A text of the document. Those of what was asked for are in focus."""

    source_type: RecordType
    external_id: str
    field: str
    label: str
    author: str | None
    author_kind: AuthorKind | None
    content: str | None
    """None when the message was deleted."""
    deleted: bool
    created_at: datetime
    focus: bool


class LinkView(BaseModel):
    type: DocumentType
    id: str
    title: str | None
    relation: Relation
    """key: the source says so; same: one person or company; mention: an identifier in a text."""
    reason: str
    """The name of the key, or the identifier as written."""
    url: str | None


class SourceView(BaseModel):
    document: SourceDocumentView
    records: list[SourceRecordView]
    has_before: bool
    has_after: bool
    synced_at: datetime
    links: list[LinkView]

    @classmethod
    def of(cls, source: service.Source, links: SourceLinks, locale: Locale) -> "SourceView":
        own = source.document
        return cls(
            document=SourceDocumentView(
                type=own.document[0],
                id=own.document[1],
                title=own.title,
                url=links.page(own),
                status=source.status,
                facts=[
                    FactView(field=field, label=label(field, locale), value=value)
                    for field, value in source.facts
                ],
            ),
            records=[_record(one, locale) for one in source.entries],
            has_before=source.has_before,
            has_after=source.has_after,
            synced_at=own.synced_at,
            links=[_link(one, links) for one in source.links],
        )


def _record(entry: service.Entry, locale: Locale) -> SourceRecordView:
    return SourceRecordView(
        source_type=entry.key[0],
        external_id=entry.key[1],
        field=entry.field,
        label=label(entry.field, locale),
        author=entry.author,
        author_kind=entry.author_kind,
        content=entry.content,
        deleted=entry.deleted,
        created_at=entry.at,
        focus=entry.focus,
    )


def _link(linked: service.Linked, links: SourceLinks) -> LinkView:
    return LinkView(
        type=linked.to.type,
        id=linked.to.external_id,
        title=linked.to.title,
        relation=linked.to.relation,
        reason=linked.to.reason,
        url=links.page(linked.record) if linked.record else None,
    )


@router.get("/lightrag/sources/{source_type}/{external_id}", dependencies=[allow("lightrag.read")])
async def read_source(
    source_type: RecordType,
    external_id: str,
    project: CurrentProject,
    tx: Tx,
    services: Services,
    locale: Annotated[Locale, Query(description="Of the labels.")] = "en",
) -> SourceView:
    """A record with what is read beside it: the talk, the issue, the deal that it belongs to.

    Private notes of talks are never part of it.
    """
    key: tuple[RecordType, str] = (source_type, external_id.replace("\x00", ""))
    found = await service.source(tx, project.id, key)
    return SourceView.of(found, services.get(SourceLinks), locale)
