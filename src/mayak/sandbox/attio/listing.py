"""Which rows are on a page: in the order asked for, and in none when none is asked for."""

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from math import gcd
from typing import Any

from mayak.sandbox.attio.filters import MAIN, BadFilter, Filter
from mayak.sandbox.attio.rows import AttioRows, Attribute, Record, Table
from mayak.sandbox.attio.values import rendered
from mayak.sandbox.attio.views import held

FEW = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    rows: AttioRows
    attribute: Attribute
    member: str
    descending: bool

    @property
    def by_creation(self) -> bool:
        return self.attribute.system and self.attribute.slug == "created_at"

    def key(self, row: Record) -> Any:
        """What rows are compared by; None for a row without a value."""
        for value in held(self.rows, row, self.attribute):
            found = rendered(self.rows, self.attribute, value.core).get(self.member)
            return found.get("title") if isinstance(found, Mapping) else found
        return None


def sorts_of(rows: AttioRows, owner_id: str, raw: Any) -> list[Sort]:
    """Sorts by attribute, or by a path of one step. Raises BadFilter."""
    if not isinstance(raw or [], list):
        raise BadFilter("sorts must be a list.")
    made = []
    for one in raw or []:
        if not isinstance(one, Mapping) or one.get("direction") not in {"asc", "desc"}:
            raise BadFilter("A sort needs a direction, asc or desc.")
        path = one.get("path")
        name = path[0][1] if isinstance(path, list) and len(path) == 1 else one.get("attribute")
        attribute = rows.attribute(owner_id, str(name))
        if attribute is None or attribute.archived:
            raise BadFilter(f"Cannot sort by the unknown attribute {name}.")
        member = str(one.get("field") or MAIN.get(attribute.type, "value"))
        descending = one["direction"] == "desc"
        made.append(Sort(rows=rows, attribute=attribute, member=member, descending=descending))
    return made


def listed(
    table: Table[Record],
    wanted: Filter | None,
    sorts: list[Sort],
    *,
    limit: int,
    offset: int,
    seed: int,
) -> list[Record]:
    """One page. Walks no further than to its end when ordered by creation or not at all."""
    span = table.span(wanted.low, wanted.high) if wanted else table.span(None, None)
    end = offset + limit
    if not sorts:
        places: Iterable[int] = (span[at] for at in scrambled(len(span), seed))
    elif sorts[0].by_creation:
        places = reversed(span) if sorts[0].descending else span
        if wanted is None:
            places = (span[::-1] if sorts[0].descending else span)[offset:end]
            return [table.at(place) for place in places]
    else:
        found = _matching(table, span, wanted)
        return _sorted(list(found), sorts)[offset:end]
    return list(islice(_matching(table, places, wanted), offset, end))


def scrambled(count: int, seed: int) -> Iterator[int]:
    """Every number below `count` once, in an order that follows from the seed."""
    if count <= FEW:
        yield from range(count) if seed % FEW else reversed(range(count))
        return
    chance = random.Random(seed)
    start, step = chance.randrange(count), chance.randrange(2, count)
    while gcd(step, count) != 1:
        step = step % (count - 1) + 1
    for turn in range(count):
        yield (start + turn * step) % count


def _matching(
    table: Table[Record], places: Iterable[int], wanted: Filter | None
) -> Iterator[Record]:
    rows = (table.at(place) for place in places)
    return rows if wanted is None else (row for row in rows if wanted.test(row))


def _sorted(found: list[Record], sorts: list[Sort]) -> list[Record]:
    """By the first sort, then the second...; rows without a value come last."""
    for sort in reversed(sorts):
        keyed = [(sort.key(row), row) for row in found]
        known = [pair for pair in keyed if pair[0] is not None]
        known.sort(key=lambda pair: pair[0], reverse=sort.descending)
        found = [row for _, row in known] + [row for key, row in keyed if key is None]
    return found
