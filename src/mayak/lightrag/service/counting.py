"""Questions that count, answered from the tables, with the rows as evidence."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from uuid import UUID

from mayak.lightrag.model.answer import Citation, Quote, Sentence, cited
from mayak.lightrag.model.counting.plan import FIELD, SOURCE, Plan
from mayak.lightrag.model.counting.reading import Known, may_count, plan_of
from mayak.lightrag.model.counting.telling import RECORDS, Told, told
from mayak.lightrag.model.language import Locale
from mayak.lightrag.model.links import SourceLinks
from mayak.lightrag.model.records import Record, RecordKey
from mayak.lightrag.model.table import Table
from mayak.lightrag.queries import counting as queries
from mayak.lightrag.queries import records
from mayak.lightrag.queries.limits import limit_statements
from mayak.platform.db import Conn, Database

LONGEST_NAME = 200
"""Characters of the name of a row that are quoted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What the tables say. Without a table, `nothing_from` names the service that was not read."""

    sentence: Sentence | None = None
    table: Table | None = None
    citations: Sequence[Citation] = ()
    nothing_from: str | None = None


async def tally(
    database: Database,
    project_id: UUID,
    question: str,
    *,
    history: Sequence[str] = (),
    locale: Locale,
    links: SourceLinks,
    at: datetime,
    zone: tzinfo,
    patience: timedelta,
) -> Tally | None:
    """The answer of the tables; None when the question does not ask them, as far as was understood,
    or when part of the rows may still be missing: then a figure would be wrong.

    No transaction is open while the question is read. A statement that takes longer than
    `patience` raises TookTooLong.
    """
    if not may_count(question, history):
        return None
    async with database.transaction(project_id) as conn:
        await limit_statements(conn, patience)
        kinds = frozenset(await queries.complete(conn, project_id))
        names = await queries.names(conn, project_id)
    known = Known(names=names, kinds=kinds, at=at, zone=zone)
    plan = await asyncio.to_thread(plan_of, question, known, history)
    if plan is None:
        return None
    async with database.transaction(project_id) as conn:
        await limit_statements(conn, patience)
        return await _counted(conn, project_id, plan, locale=locale, links=links, at=at, zone=zone)


async def _counted(
    conn: Conn,
    project_id: UUID,
    plan: Plan,
    *,
    locale: Locale,
    links: SourceLinks,
    at: datetime,
    zone: tzinfo,
) -> Tally | None:
    complete = await queries.complete(conn, project_id)
    counted = await queries.count(conn, project_id, plan, at=at, zone=str(zone))
    if not complete.get(plan.kind):
        return None if counted.total else Tally(nothing_from=SOURCE[plan.kind][0])
    said = told(
        plan,
        total=counted.total,
        rows=counted.rows,
        sums=counted.figures,
        groups=counted.groups,
        locale=locale,
    )
    if said is None:
        return None
    keys = _keys(plan, counted.rows) if plan.aggregate != "group" else []
    found = await records.records(conn, project_id, keys)
    return _with_evidence(plan, said, keys, found, links, locale)


def _keys(plan: Plan, rows: Sequence[dict[str, str]]) -> list[RecordKey]:
    kind = RECORDS.get(plan.kind)
    return [(kind, row["external_id"]) for row in rows] if kind else []


def _with_evidence(
    plan: Plan,
    said: Told,
    keys: Sequence[RecordKey],
    found: dict[RecordKey, Record],
    links: SourceLinks,
    locale: Locale,
) -> Tally:
    citations: list[Citation] = []
    marks: dict[str, int] = {}
    for key in keys:
        record = found.get(key)
        quote = _name_of(plan, record) if record is not None and record.public else None
        if record is not None and quote is not None:
            marks[key[1]] = len(citations) + 1
            citations.append(cited(len(citations) + 1, quote, record, links, locale))
    urls = {key[1]: links.page(record) for key, record in found.items()}
    rows = [
        replace(
            row,
            citation=marks.get(row.external_id or ""),
            url=urls.get(row.external_id or "") or row.url,
        )
        for row in said.table.rows
    ]
    return Tally(
        sentence=Sentence(text=said.sentence, citations=[one.index for one in citations]),
        table=replace(said.table, rows=rows),
        citations=citations,
    )


def _name_of(plan: Plan, record: Record) -> Quote | None:
    """The words that name a row, as a quote; None when the record has none."""
    name = FIELD[plan.kind]
    if not record.fields.get(name) and plan.kind == "note":
        name = "content"
    text = record.fields.get(name, "")[:LONGEST_NAME].rstrip()
    if not text.strip():
        return None
    return Quote(key=record.key, field=name, start=0, end=len(text), text=text)
