"""How one answer went, against what the golden set expects of it. No I/O."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mayak.entry.golden.cases import Case
from mayak.entry.golden.rules import Expected
from mayak.entry.golden.texts import named, targets
from mayak.lightrag.model.answer import Answer, Citation
from mayak.lightrag.model.records import DocumentKey, RecordKey
from mayak.sandbox.rows import ClientProject
from mayak.sandbox.world import World

Outcome = Literal["right", "wrong", "missed", "refused", "invented", "failed"]
"""right, wrong: answered. missed: refused although the data has the answer. refused: rightly so.
invented: answered although nothing in the data does. failed: there was no answer at all.
"""
SAYS_ENOUGH = 15
"""Characters from which a quote that is a part of the expected fragment says enough."""
_NUMBER = re.compile(r"\d+(?:[ ,.\u00a0\u202f]\d{3}(?!\d))*(?:[.,]\d{1,2}(?!\d))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved:
    """One place of the ranking behind an answer."""

    document: DocumentKey
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What came of a question. `answer` is None when there was none."""

    answer: Answer | None
    ranking: Sequence[Retrieved] = ()
    exact_quotes: int = 0
    """Citations whose quote stands in the stored record, exactly where it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What would be right: a result, or texts and records of which any one is enough."""

    expected: Expected | None = None
    quotes: tuple[str, ...] = ()
    keys: frozenset[RecordKey] = frozenset()
    """Records that are named, and those other than conversations that hold a fragment."""
    field: str | None = None
    """What of such a record has to be quoted; None: anything."""


def wanted(case: Case, world: World, client: ClientProject, expected: Expected | None) -> Wanted:
    """What a case asks for, in this World."""
    keys: set[RecordKey] = set()
    for quote in case.quotes:
        held = targets(world, client, quote)
        keys |= {key for key in held if key[0] != "chatwoot_message"}
    for name in case.records:
        if key := named(world, client, name):
            keys.add(key)
    return Wanted(expected=expected, quotes=case.quotes, keys=frozenset(keys), field=case.field)


def outcome(case: Case, what: Wanted, heard: Heard) -> Outcome:
    """How it went."""
    answer = heard.answer
    if answer is None or answer.status == "error":
        return "failed"
    if answer.status == "empty":
        return "refused" if case.refuse else "missed"
    if case.refuse:
        return "invented"
    if what.expected is not None:
        return "right" if shows(what.expected, table_of(answer)) else "wrong"
    said = any(fits(what, citation) for citation in answer.citations)
    return "right" if said or _shown(what, table_of(answer)) else "wrong"


def fits(what: Wanted, citation: Citation) -> bool:
    """Whether a citation is of what was to be found."""
    if citation.key in what.keys or (citation.document_type, citation.document_id) in what.keys:
        return what.field in (None, citation.field)
    quote = citation.quote
    return any(
        fragment in quote or (len(quote) > SAYS_ENOUGH and quote in fragment)
        for fragment in what.quotes
    )


def found_at(what: Wanted, heard: Heard) -> int | None:
    """The first place, from 1, in the ranking or among the citations; None when in neither."""
    places = [
        place
        for place, one in enumerate(heard.ranking, start=1)
        if one.document in what.keys or any(quote in one.text for quote in what.quotes)
    ]
    if heard.answer is not None:
        cited = enumerate(heard.answer.citations, start=1)
        places += [place for place, citation in cited if fits(what, citation)]
    return min(places, default=None)


def leaks(case: Case, answer: Answer | None) -> bool:
    """Whether the answer holds words that it may not."""
    if answer is None:
        return False
    table = table_of(answer)
    shown = [answer.answer, *(citation.quote for citation in answer.citations)]
    shown += [text for row in (table.rows if table else ()) for text in _cells(row)]
    return any(words in text for words in case.never for text in shown)


def table_of(answer: Answer) -> Any:
    """The rows that an answer shows; None when it is made of sentences."""
    return getattr(answer, "table", None)


def shows(expected: Expected, table: Any) -> bool:
    """Whether the rows and the figure of a table are exactly the expected ones.

    A figure in a sentence alone does not count: it could be any number of a quote.
    """
    if table is None:
        return False
    rows = [_cells(row) for row in table.rows]
    if expected.number is not None:
        told = numbers(table.result) if table.result else [float(table.total)]
        return expected.number in told[:1]
    if expected.aggregate == "list":
        held = [{key for key in expected.keys if _has(row, key)} for row in rows]
        whole = table.total == len(rows) and all(held)
        return whole and frozenset().union(*held) == expected.keys
    [winner] = expected.keys
    return _has([table.result or "", *(rows[0] if rows else ())], winner)


def numbers(text: str) -> list[float]:
    """The numbers in a text, whatever separates their thousands: £62,120.50, 62 120,5 ₽."""
    return [_number(match.group()) for match in _NUMBER.finditer(text)]


def _number(written: str) -> float:
    parts = re.split(r"[ ,.\u00a0\u202f]", written)
    whole = parts[0] + "".join(part for part in parts[1:] if len(part) == len("000"))
    decimals = parts[-1] if len(parts) > 1 and len(parts[-1]) < len("000") else "0"
    return float(f"{whole}.{decimals}")


def _shown(what: Wanted, table: Any) -> bool:
    rows = table.rows if table is not None else ()
    return any((row.source_type, row.external_id) in what.keys for row in rows)


def _cells(row: Any) -> list[str]:
    cells: Mapping[str, Any] = row.cells
    return [str(value) for value in cells.values() if value is not None]


def _has(cells: Sequence[str], key: str) -> bool:
    """Whether a cell is this key or names it as a word of its own."""
    pattern = re.compile(rf"(?<![\w-]){re.escape(key)}(?![\w-])", re.IGNORECASE)
    return any(pattern.search(cell) for cell in cells)
