"""Large workspaces, made quickly: for what must also be fast with 200,000 records."""

from collections.abc import Iterator

from mayak.sandbox.attio.rows import (
    SECOND,
    SYSTEM,
    AttioRows,
    Note,
    Record,
    Value,
    made_id,
)
from mayak.sandbox.attio.workspace import attribute_id, furnished, object_id
from mayak.sandbox.world import World

STEP = SECOND // 100
"""Nanoseconds between the creation of one record and the next."""
TIED = 7
"""Every so many records are created at one and the same instant, as an import does it."""


def add_many(
    world: World, *, companies: int = 0, people: int = 0, deals: int = 0, notes: int = 0
) -> None:
    """Add records told to nobody: people and deals belong to the companies in turn, as notes do.

    Raises ValueError when people, deals or notes have no company to belong to.
    """
    rows = furnished(world)
    begin = rows.stamp(world.clock.timestamp()) - (companies + people + deals + notes) * STEP
    made = len(rows.records[object_id("companies")])
    firms = [made_id("bulk", "company", made + number) for number in range(companies)]
    if not firms and (people or deals or notes):
        raise ValueError("people, deals and notes need companies")
    rows.records[object_id("companies")].fill(_companies(firms, made, begin))
    begin += companies * STEP
    for slug, count in (("people", people), ("deals", deals)):
        table = rows.records[object_id(slug)]
        fresh = list(_members(slug, count, firms, len(table), begin))
        table.fill(fresh)
        for row in fresh:
            rows.link(row)
        begin += count * STEP
    rows.notes.fill(_notes(rows, notes, firms, begin))


def _at(begin: int, number: int) -> int:
    return begin + (number - number % TIED) * STEP


def _companies(ids: list[str], made: int, begin: int) -> Iterator[Record]:
    owner = object_id("companies")
    name, domains = attribute_id(owner, "name"), attribute_id(owner, "domains")
    for number, id_ in enumerate(ids):
        at = _at(begin, number)
        values = {
            name: (Value(f"Company {made + number}", at, SYSTEM),),
            domains: (Value(f"company-{made + number}.example", at, SYSTEM),),
        }
        yield Record(id=id_, object_id=owner, created_at=at, created_by=SYSTEM, values=values)


def _members(slug: str, count: int, firms: list[str], made: int, begin: int) -> Iterator[Record]:
    """People or deals, each of one company."""
    owner, companies = object_id(slug), object_id("companies")
    person = slug == "people"
    name = attribute_id(owner, "name")
    firm = attribute_id(owner, "company" if person else "associated_company")
    for number in range(count):
        at, place = _at(begin, number), made + number
        called = ("Person", str(place), f"Person {place}") if person else f"Deal {place}"
        target = (companies, firms[number % len(firms)])
        values = {name: (Value(called, at, SYSTEM),), firm: (Value(target, at, SYSTEM),)}
        id_ = made_id("bulk", slug, place)
        yield Record(id=id_, object_id=owner, created_at=at, created_by=SYSTEM, values=values)


def _notes(rows: AttioRows, count: int, firms: list[str], begin: int) -> Iterator[Note]:
    made = len(rows.notes)
    for number in range(count):
        yield Note(
            id=made_id("bulk", "note", made + number),
            parent_object_id=object_id("companies"),
            parent_record_id=firms[number % len(firms)],
            title=f"Note {made + number}",
            content=f"What was said in meeting {made + number}.",
            created_at=_at(begin, number),
            created_by=SYSTEM,
        )
