"""What was understood of a question so far, and against what it is read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from mayak.lightrag.model.counting.plan import (
    SOURCE,
    Aggregate,
    Bound,
    Flag,
    Grouping,
    Kind,
    Name,
    Period,
    PeriodOf,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a question is read against."""

    names: Sequence[Name]
    kinds: frozenset[Kind]
    """Of which the project has rows."""
    at: datetime
    zone: tzinfo


@dataclass(slots=True, kw_only=True)
class Draft:
    """What was understood so far."""

    kind: Kind | None = None
    aggregate: Aggregate | None = None
    flags: set[Flag] = field(default_factory=set)
    names: list[Name] = field(default_factory=list)
    priority: int | None = None
    status: str | None = None
    period: Period | None = None
    period_of: PeriodOf | None = None
    bound: Bound = field(default_factory=Bound)
    grouping: Grouping | None = None
    fewest: bool = False
    compared: bool = False
    estimate: bool = False
    created: bool = False
    everything: bool = False
    total: bool = False
    goes_on: bool = False
    unclear: bool = False
    """Whether it asks for two figures at once."""


A_BUG = Name(dimension="label", text="bug", ids=())
"""The label that bugs have, by whatever name the project calls it."""


def of_service(known: Known, kind: Kind | None) -> list[Name]:
    """The names that rows of this kind can have; all of them when the kind is not known yet."""
    connector = SOURCE[kind][0] if kind else None
    return [one for one in known.names if connector is None or one.connector in ("", connector)]
