"""Texts of an evaluation become documents, cut as any others are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from mayak.lightrag.model.chunking import Passage, windows_of
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
    for one in texts:
        passage = Passage(
            key=("dataset_text", one.external_id), field="text", text=one.text, prefix="", at=at
        )
        made_of = Stale(external_id=one.external_id, revision=1, revisions=Decimal(1), rows=1)
        document = await queries.save_document(
            conn, project_id, "dataset_text", made_of, title=one.title
        )
        cut = windows_of([passage], heading=one.title, kind="text")
        await queries.add_chunks(conn, project_id, document, list(enumerate(cut)))
