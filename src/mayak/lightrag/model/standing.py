"""Kept answers and chunks, held to the records as they are now."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from mayak.lightrag.model.answer import Answer, Citation, Note, Quote, Reason, verify
from mayak.lightrag.model.evidence import Evidence, Listed
from mayak.lightrag.model.records import Record, RecordKey
from mayak.lightrag.model.table import Table, TableRow
from mayak.lightrag.model.wording import reason_text


def still_standing(
    answer: Answer, records: Mapping[RecordKey, Record], present: Collection[RecordKey] = ()
) -> Answer:
    """A kept answer without what `records`, the present state, no longer bear out.

    `present` are the rows of its table without a quote that are still there. The other citations
    keep their numbers. When none is left the answer is empty.
    """
    citations = [one for one in answer.citations if _stands(one, records)]
    if answer.table is not None:
        return _of_rows(answer, answer.table, citations, present)
    if len(citations) == len(answer.citations):
        return answer
    standing = {one.index for one in citations}
    said = [one for one in answer.sentences if standing.issuperset(one.citations)]
    gone: Note = "sources_gone"
    if not said:
        return _nothing_left(answer)
    return replace(
        answer,
        answer="\n".join(one.text for one in said),
        sentences=said,
        citations=citations,
        notes=[*answer.notes, gone],
    )


def borne_out(chunk: Evidence | Listed, records: Mapping[RecordKey, Record]) -> bool:
    """Whether `records`, the present state, still say all that a chunk is made of, for everyone to
    read. A chunk that is made of no record is not.
    """
    quotes = [
        Quote(
            key=place.key,
            field=place.field,
            start=place.source_start,
            end=place.source_start + place.end - place.start,
            text=chunk.text[place.start : place.end],
        )
        for place in chunk.places
    ]
    return bool(quotes) and all(verify(one, records.get(one.key)) for one in quotes)


def unquoted(answer: Answer) -> list[RecordKey]:
    """The records of the rows of its table that no quote stands for."""
    rows = answer.table.rows if answer.table else []
    return [key for row in rows if row.citation is None and (key := row.key)]


def _stands(citation: Citation, records: Mapping[RecordKey, Record]) -> bool:
    quote = Quote(
        key=citation.key,
        field=citation.field,
        start=citation.start,
        end=citation.end,
        text=citation.quote,
    )
    return verify(quote, records.get(citation.key))


def _of_rows(
    answer: Answer, table: Table, citations: list[Citation], present: Collection[RecordKey]
) -> Answer:
    """The rows that are still there under the figure of that time. Nothing when none is left, or
    when the figure is the name of a row that is gone.
    """
    standing = {one.index for one in citations}

    def stays(row: TableRow) -> bool:
        if row.citation is not None:
            return row.citation in standing
        return row.key is None or row.key in present

    rows = [row for row in table.rows if stays(row)]
    if len(rows) == len(table.rows):
        return answer
    named = table.result or ""
    names = [_name(row) for row in table.rows if not stays(row)]
    if not rows or any(name and name in named for name in names):
        return _nothing_left(answer)
    then: Note = "counted_then"
    return replace(
        answer,
        sentences=[
            replace(one, citations=[index for index in one.citations if index in standing])
            for one in answer.sentences
        ],
        citations=citations,
        table=replace(table, rows=rows, shown=len(rows)),
        notes=[*answer.notes, then],
    )


def _name(row: TableRow) -> str:
    return str(row.cells.get("title") or row.cells.get("client") or "")


def _nothing_left(answer: Answer) -> Answer:
    why: Reason = "gone"
    gone: Note = "sources_gone"
    return replace(
        answer,
        status="empty",
        reason=why,
        reason_text=reason_text(why, answer.locale),
        answer="",
        sentences=[],
        citations=[],
        table=None,
        notes=[*answer.notes, gone],
    )
