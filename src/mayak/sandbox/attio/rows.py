"""The rows of Attio and their indices: a page in order of creation never walks all rows.

Times are whole nanoseconds since the epoch, as Attio writes them; ids are UUIDs as text and the
same in every World that was told the same. Values are kept under the id of their attribute, so
that a renamed slug changes no row.
"""

import uuid
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, Protocol, Self, TypeVar

NAMESPACE = uuid.UUID("2f6c0b7a-93b8-5f0e-8f21-4f6c5d1f9a10")
SECOND = 1_000_000_000
"""Nanoseconds in one."""
APART = 137
"""Nanoseconds between two rows made at one instant of the clock, so that they keep their order."""

ActorType = Literal["api-token", "workspace-member", "system", "app"]
AttributeType = Literal[
    "text", "number", "checkbox", "currency", "date", "timestamp", "rating", "status", "select",
    "record-reference", "actor-reference", "location", "domain", "email-address", "phone-number",
    "interaction", "personal-name",
]  # fmt: skip


def made_id(*parts: object) -> str:
    """The id of what these words name, the same every time."""
    return str(uuid.uuid5(NAMESPACE, "/".join(map(str, parts))))


WORKSPACE_ID = made_id("workspace")


class Actor(NamedTuple):
    """Who did something; the id of `system` is None."""

    type: ActorType
    id: str | None


SYSTEM = Actor("system", None)


class Value(NamedTuple):
    """One element of an attribute; what `core` is depends on the type, see `values`."""

    core: Any
    active_from: int
    actor: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A choice of a select or status attribute."""

    id: str
    title: str
    is_archived: bool = False
    celebrates: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    id: str
    owner_id: str
    """The object or list it belongs to."""
    slug: str
    title: str
    type: AttributeType
    system: bool = False
    writable: bool = True
    unique: bool = False
    multiple: bool = False
    archived: bool = False
    options: tuple[Option, ...] = ()
    currency: str | None = None
    targets: tuple[str, ...] = ()
    """Objects a record-reference may point at, by id."""
    inverse: str | None = None
    """The attribute on the other side of a relationship."""
    derived: bool = False
    """Kept on the other side of the relationship and only shown here."""
    created_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectType:
    """A kind of record, such as companies."""

    id: str
    slug: str
    singular: str
    plural: str
    created_at: int
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    id: str
    object_id: str
    created_at: int
    created_by: Actor
    values: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    """By attribute id; attributes without a value are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    id: str
    parent_object_id: str
    parent_record_id: str
    title: str
    content: str
    created_at: int
    created_by: Actor
    meeting_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    id: str
    content: str
    deadline_at: int | None = None
    completed_at: int | None = None
    """None while it is open."""
    linked: tuple[tuple[str, str], ...] = ()
    """(object id, record id)"""
    assignee_ids: tuple[str, ...] = ()
    created_at: int
    created_by: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    id: str
    first_name: str
    last_name: str
    email: str
    access_level: Literal["admin", "member", "suspended"] = "member"
    created_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    id: str
    slug: str
    name: str
    object_id: str
    created_at: int
    created_by: Actor
    archived: bool = False
    """An archived list is answered like one that never was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    id: str
    list_id: str
    object_id: str
    record_id: str
    created_at: int
    created_by: Actor
    values: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    id: str
    secret: str
    name: str
    scopes: frozenset[str]
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    event_type: str
    filter: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    id: str
    target_url: str
    subscriptions: tuple[Subscription, ...]
    secret: str
    created_at: int
    failing_since: float | None = None
    """When a delivery was given up, in seconds since the epoch; None while all arrive."""


class Row(Protocol):
    """What a table holds."""

    @property
    def id(self) -> str: ...
    @property
    def created_at(self) -> int: ...


AnyRow = TypeVar("AnyRow", bound=Row)


class Table(dict[str, AnyRow]):
    """Rows by id, with their order of creation beside them. Change it by put, fill and drop."""

    def __init__(self) -> None:
        super().__init__()
        self._order: list[tuple[int, str]] = []

    def __len__(self) -> int:
        return len(self._order)

    def put(self, row: AnyRow) -> None:
        """Insert, or replace a row; its time of creation never changes."""
        if row.id not in self:
            insort(self._order, (row.created_at, row.id))
        self[row.id] = row

    def fill(self, rows: Iterable[AnyRow]) -> None:
        """Insert many new rows at once."""
        for row in rows:
            self[row.id] = row
            self._order.append((row.created_at, row.id))
        self._order.sort()

    def drop(self, row_id: str) -> AnyRow:
        """Raises KeyError."""
        row = self.pop(row_id)
        del self._order[bisect_left(self._order, (row.created_at, row.id))]
        return row

    def at(self, position: int) -> AnyRow:
        return self[self._order[position][1]]

    def span(self, low: int | None, high: int | None) -> range:
        """Positions of the rows created at `low` or later and at `high` or earlier."""
        start = 0 if low is None else bisect_left(self._order, (low, ""))
        end = len(self._order) if high is None else bisect_left(self._order, (high + 1, ""))
        return range(start, max(start, end))

    def in_order(self) -> Iterator[AnyRow]:
        """Oldest first."""
        return (self[id_] for _, id_ in tuple(self._order))

    def twin(self) -> "Table[AnyRow]":
        made: Table[AnyRow] = Table()
        made.update(self)
        made._order = list(self._order)
        return made


class AttioRows:
    """What the workspace holds, and how much may be asked of it."""

    def __init__(self) -> None:
        self.workspace_name = "Sandbox"
        self.workspace_slug = "sandbox"
        self.objects: dict[str, ObjectType] = {}
        self.attributes: dict[str, Attribute] = {}
        self.records: dict[str, Table[Record]] = {}
        """By object id."""
        self.lists: dict[str, ListRow] = {}
        self.entries: dict[str, Table[Entry]] = {}
        """By list id."""
        self.notes: Table[Note] = Table()
        self.tasks: Table[Task] = Table()
        self.members: dict[str, Member] = {}
        self.tokens: dict[str, Token] = {}
        """By their secret."""
        self.hooks: dict[str, Hook] = {}
        self.referrers: dict[str, dict[tuple[str, str], None]] = {}
        """Of each record, the (record id, attribute id) whose values point at it."""
        self.merged: dict[str, str] = {}
        """From the id of a record that was merged away to that of the new record."""
        self.reads_per_second = 100
        self.writes_per_second = 25
        self.score_budget: float | None = None
        """Summed score of queries within ten seconds, over all tokens; None means no limit."""
        self.score_per_query: float | None = None
        """The score above which a single query is refused for good; None means no limit."""
        self.queries = 0
        """Queries answered; the order of an unsorted one follows from it."""
        self._made = 0
        self._latest = 0

    def copy(self) -> Self:
        """The rows as they are now; later changes do not reach the copy."""
        twin = type(self)()
        for name, value in vars(self).items():
            if isinstance(value, Table):
                setattr(twin, name, value.twin())
            else:
                setattr(twin, name, dict(value) if isinstance(value, dict) else value)
        twin.records = {id_: table.twin() for id_, table in self.records.items()}
        twin.entries = {id_: table.twin() for id_, table in self.entries.items()}
        twin.referrers = {id_: dict(pairs) for id_, pairs in self.referrers.items()}
        return twin

    def next_id(self, kind: str) -> str:
        """An id that was never given before, the same in every World with the same history."""
        self._made += 1
        return made_id(kind, self._made)

    def stamp(self, seconds: float) -> int:
        """The time of something that happens now, later than everything stamped before it."""
        now = int(seconds * 1_000_000) * 1_000
        self._latest = max(now, self._latest + APART)
        return self._latest

    def object(self, name: str) -> ObjectType | None:
        """By slug or id."""
        found = self.objects.get(name)
        return found or next((row for row in self.objects.values() if row.slug == name), None)

    def attributes_of(self, owner_id: str) -> list[Attribute]:
        """Archived ones too."""
        return [row for row in self.attributes.values() if row.owner_id == owner_id]

    def attribute(self, owner_id: str, name: str) -> Attribute | None:
        """By slug or id."""
        return next((a for a in self.attributes_of(owner_id) if name in {a.slug, a.id}), None)

    def list_row(self, name: str) -> ListRow | None:
        """By slug or id; an archived one is not found."""
        rows = (row for row in self.lists.values() if not row.archived)
        return next((row for row in rows if name in {row.slug, row.id}), None)

    def record(self, record_id: str) -> Record | None:
        tables = self.records.values()
        return next((table[record_id] for table in tables if record_id in table), None)

    def put_record(self, row: Record) -> None:
        """Insert or replace, and know again who points at whom."""
        table = self.records[row.object_id]
        if row.id in table:
            self._unlink(table[row.id])
        table.put(row)
        self.link(row)

    def drop_record(self, row: Record) -> None:
        self._unlink(row)
        self.records[row.object_id].drop(row.id)

    def link(self, row: Record) -> None:
        """Remember where the references of a record point."""
        for pair in self._references(row):
            self.referrers.setdefault(pair[0], {})[row.id, pair[1]] = None

    def _unlink(self, row: Record) -> None:
        for target, attribute_id in self._references(row):
            self.referrers.get(target, {}).pop((row.id, attribute_id), None)

    def _references(self, row: Record) -> Iterator[tuple[str, str]]:
        for attribute_id, values in row.values.items():
            if self.attributes[attribute_id].type == "record-reference":
                yield from ((value.core[1], attribute_id) for value in values)


def nanoseconds(text: str) -> int:
    """When an ISO date with a time was, to the nanosecond. Raises ValueError."""
    if "T" not in text and " " not in text:
        raise ValueError(f"{text!r} needs a date and a time")
    at = datetime.fromisoformat(text)
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    whole = int(at.replace(microsecond=0).timestamp()) * SECOND
    # What fromisoformat keeps of a fraction ends with microseconds.
    _, dot, rest = text.partition(".")
    digits = ""
    for char in rest if dot else "":
        if not char.isdecimal():
            break
        digits += char
    return whole + int(digits[:9].ljust(9, "0") or 0)


def iso(at: int) -> str:
    """As Attio writes it: nine digits and a Z."""
    whole, fraction = divmod(at, SECOND)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{fraction:09d}Z"
