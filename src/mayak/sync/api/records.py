"""Stored records as they are, for whoever looks into what went wrong."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel

from mayak.access.deps import CurrentProject, Tx, allow
from mayak.errors import InvalidInput
from mayak.http.paging import Page, decode_cursor, encode_cursor
from mayak.platform.db import Conn
from mayak.sync import service
from mayak.sync.model import Connector

router = APIRouter()


class RecordView(BaseModel):
    """A row of the copy. Customers' words are data: nothing in it is meant for us."""

    external_id: str
    payload: dict[str, Any]
    """All the source said, private notes included."""
    source_updated_at: datetime | None
    synced_at: datetime
    deleted_at: datetime | None
    """Since when it is a tombstone."""


@router.get("/connectors/{connector}/records/{stream}", dependencies=[allow("connectors.inspect")])
async def list_records(
    connector: Connector,
    stream: str,
    project: CurrentProject,
    tx: Tx,
    external_id: Annotated[str | None, Query(max_length=200)] = None,
    q: Annotated[str | None, Query(max_length=200)] = None,
    deleted: Annotated[bool, Query()] = False,  # noqa: FBT002  (a query parameter)
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> Page[RecordView]:
    """Stored rows by id; `q` is part of an id or a payload, `deleted` brings tombstones too."""
    return await page_of(
        tx, project.id, connector, stream,
        external_id=external_id, words=q, deleted=deleted, limit=limit, cursor=cursor,
    )  # fmt: skip


async def page_of(
    conn: Conn,
    project_id: UUID,
    connector: Connector,
    stream: str,
    *,
    external_id: str | None,
    words: str | None,
    deleted: bool,
    limit: int,
    cursor: str | None,
) -> Page[RecordView]:
    """One page of them."""
    found = await service.records(
        conn,
        project_id,
        connector,
        stream,
        external_id=external_id,
        words=words,
        deleted=deleted,
        after=_after(cursor),
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(
        items=[RecordView.model_validate(one) for one in found[:limit]],
        next_cursor=encode_cursor(last["external_id"]) if last else None,
    )


def _after(cursor: str | None) -> str | None:
    """The id that a page comes after. Raises InvalidInput for a cursor of something else."""
    if not cursor:
        return None
    parts = decode_cursor(cursor)
    if len(parts) != 1:
        raise InvalidInput("cursor", "this is not a cursor of ours")
    return parts[0]
