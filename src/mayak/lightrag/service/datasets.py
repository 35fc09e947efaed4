"""Texts of an evaluation become documents, cut as any others are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from mayak.lightrag.model.chunking import Chunk, Passage, windows_of
from mayak.lightrag.queries import documents as queries
from mayak.lightrag.queries.stale import Stale
from mayak.platform.db import Conn


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetText:
    external_id: str
    title: str | None
    text: str


async def add_texts(
    conn: Conn, project_id: UUID, texts: Sequence[DatasetText], *, at: datetime
) -> None:
    """One document each, to be embedded. They are of no source, so nothing keeps them fresh."""
    made = [
        (Stale(external_id=one.external_id, revision=1, revisions=Decimal(1), rows=1), one.title)
        for one in texts
    ]
    ids = await queries.save_documents(conn, project_id, "dataset_text", made)
    added = [
        (ids[one.external_id], ordinal, chunk)
        for one in texts
        for ordinal, chunk in enumerate(_chunks(one, at))
    ]
    await queries.add_chunks(conn, project_id, added)


def _chunks(one: DatasetText, at: datetime) -> list[Chunk]:
    passage = Passage(
        key=("dataset_text", one.external_id), field="text", text=one.text, prefix="", at=at
    )
    return windows_of([passage], heading=one.title, kind="text")
