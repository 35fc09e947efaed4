"""What a counting question comes to, before any table is looked at."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Kind = Literal[
    "issue",
    "deal",
    "conversation",
    "message",
    "company",
    "person",
    "contact",
    "comment",
    "note",
    "task",
    "project",
    "cycle",
]
Aggregate = Literal[
    "count", "list", "sum", "average", "largest", "smallest", "oldest", "newest", "soonest", "group"
]
Flag = Literal[
    "open",
    "closed",
    "done",
    "cancelled",
    "won",
    "lost",
    "overdue",
    "blocked",
    "unassigned",
    "waiting",
    "incoming",
    "outgoing",
]
Dimension = Literal["member", "contact", "company", "state", "stage", "label", "project"]
Grouping = Literal["person", "client", "state", "priority", "place", "label"]
PeriodOf = Literal["created", "completed", "due"]
Measure = Literal["amount", "estimate"]
SOURCE: dict[Kind, tuple[str, str]] = {
    "issue": ("linear", "issues"),
    "comment": ("linear", "comments"),
    "project": ("linear", "projects"),
    "cycle": ("linear", "cycles"),
    "deal": ("attio", "deals"),
    "company": ("attio", "companies"),
    "person": ("attio", "people"),
    "note": ("attio", "notes"),
    "task": ("attio", "tasks"),
    "conversation": ("chatwoot", "conversations"),
    "message": ("chatwoot", "messages"),
    "contact": ("chatwoot", "contacts"),
}
"""The service and the stream that each kind of row comes by."""
NEEDS: dict[Kind, tuple[str, ...]] = {"issue": ("states", "users", "projects", "labels")}
"""Other streams of the service that figures are read from: what is open its state says."""
FIELD: dict[Kind, str] = {
    "issue": "title",
    "comment": "body",
    "project": "name",
    "deal": "name",
    "company": "name",
    "person": "name",
    "note": "title",
    "task": "content",
    "conversation": "subject",
    "message": "content",
    "contact": "name",
}
"""Which field of a record names the row; a cycle has no record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """Something of the project that a question may call by name."""

    dimension: Dimension
    text: str
    ids: tuple[str, ...]
    """External ids of all rows that are called so; none for what stands for the whole project."""
    connector: str = ""
    """Whose rows those are: one person can have an account with several services."""
    whole: bool = False
    """Of a company: everything in the project is about it, also where no row names a company."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    start: datetime | None
    end: datetime | None
    """From `start` on, before `end`; None: without that bound."""
    text_en: str
    text_ru: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """An amount that a value has to be over or under."""

    over: float | None = None
    under: float | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    kind: Kind
    aggregate: Aggregate
    flags: frozenset[Flag] = frozenset()
    names: Sequence[Name] = ()
    author: bool = False
    """Whether people are those who created the rows, not those who work on them."""
    priority: int | None = None
    """As Linear counts: 0 none, 1 urgent, 2 high, 3 medium, 4 low."""
    status: str | None = None
    """Of a conversation, as Chatwoot calls it."""
    state_types: tuple[str, ...] = ()
    """Kinds of states of issues, as Linear calls them."""
    period: Period | None = None
    period_of: PeriodOf = "created"
    bound: Bound = field(default_factory=Bound)
    grouping: Grouping | None = None
    fewest: bool = False
    """Of groups: who has the least, not the most."""
    compared: bool = False
    """Of groups: all of them were asked for, not only the first."""
    measure: Measure = "amount"

    def of(self, dimension: Dimension) -> list[Name]:
        return [one for one in self.names if one.dimension == dimension]
