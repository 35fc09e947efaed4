"""What a counting question should come to: one small rule over the World's rows."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mayak.entry.golden.cases import Aggregate, Rule
from mayak.entry.golden.tables import Row, rows
from mayak.sandbox.rows import ClientProject
from mayak.sandbox.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a rule came to."""

    aggregate: Aggregate
    number: float | None = None
    """Of `count` and `sum`; None for the others."""
    unit: str | None = None
    """The currency of a sum of money."""
    keys: frozenset[str] = frozenset()
    """All of a `list`; the one winner of the others."""


def evaluate(rule: Rule, world: World, client: ClientProject, *, at: datetime) -> Expected:
    """The result at `at`. Raises ValueError when it is not one: a tie, two currencies, nothing to
    compare, a field that the rows do not have.
    """
    every = rows(world, client, rule.of, at=at)
    chosen = [row for row in every if all(_fits(row, *one) for one in rule.where.items())]
    match rule.aggregate:
        case "count":
            return Expected(aggregate="count", number=len(chosen))
        case "list":
            keys = frozenset(str(row[rule.field or "key"]) for row in chosen)
            return Expected(aggregate="list", keys=keys)
        case "sum":
            return _sum(chosen, _field(rule))
        case "most":
            counted = Counter(row[_field(rule)] for row in chosen)
            del counted[None]
            winner = _only([(number, str(name)) for name, number in counted.items()])
            return Expected(aggregate="most", keys=frozenset({winner}))
        case "largest" | "smallest":
            measured = [(row[_field(rule)], str(row["key"])) for row in chosen]
            known = [(size, key) for size, key in measured if size is not None]
            winner = _only(known, least=rule.aggregate == "smallest")
            return Expected(aggregate=rule.aggregate, keys=frozenset({winner}))


def _field(rule: Rule) -> str:
    assert rule.field is not None
    return rule.field


def _fits(row: Row, name: str, wanted: Any) -> bool:
    if name in ("over", "under"):
        amount = row["value"]
        return amount is not None and (amount > wanted if name == "over" else amount < wanted)
    if name not in row:
        raise ValueError(f"there is no field {name}")
    held = row[name] if isinstance(row[name], list) else [row[name]]
    return any(one in held for one in (wanted if isinstance(wanted, list) else [wanted]))


def _sum(chosen: Sequence[Row], field: str) -> Expected:
    held = [row for row in chosen if row[field] is not None]
    units = {row.get("unit") for row in held}
    if len(units) != 1:
        raise ValueError(f"a sum in {len(units)} units")
    return Expected(aggregate="sum", number=sum(row[field] for row in held), unit=units.pop())


def _only(measured: Sequence[tuple[Any, str]], *, least: bool = False) -> str:
    """The name of the one that is ahead of all others."""
    ranked = sorted(measured, key=lambda one: one[0], reverse=not least)
    if not ranked or (len(ranked) > 1 and ranked[0][0] == ranked[1][0]):
        raise ValueError("nobody is ahead")
    return ranked[0][1]
