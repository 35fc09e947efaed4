"""Filters of Linear: what a filter object says, as a question that a row answers."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from mayak.sandbox.linear.spelling import moment_of, snake
from mayak.sandbox.linear.workspace import REFERENCES, Workspace

Question = Callable[[Any], bool]

COLLECTIONS = {
    ("projects", "accessibleTeams"): ("teams", "team_ids"),
    ("issues", "labels"): ("issue_labels", "label_ids"),
}
"""Fields that are many other rows: the table and the attribute that has their ids."""

TEXT: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda value, given: given in value,
    "notContains": lambda value, given: given not in value,
    "containsIgnoreCase": lambda value, given: given.casefold() in value.casefold(),
    "startsWith": lambda value, given: value.startswith(given),
    "endsWith": lambda value, given: value.endswith(given),
    "eqIgnoreCase": lambda value, given: value.casefold() == given.casefold(),
}
ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "gt": lambda value, given: value > given,
    "gte": lambda value, given: value >= given,
    "lt": lambda value, given: value < given,
    "lte": lambda value, given: value <= given,
}


class BadFilter(ValueError):
    """A filter holds a value that cannot be compared."""


def question(
    workspace: Workspace, table: str, wanted: Mapping[str, Any] | None, *, now: float
) -> Question:
    """Whether a row of `table` is wanted. All fields must hold. Raises BadFilter."""
    asked = [
        _field(workspace, table, name, value, now)
        for name, value in (wanted or {}).items()
        if value is not None
    ]
    return _all(asked)


def bounds(
    wanted: Mapping[str, Any] | None, field: str, *, now: float
) -> tuple[float | None, float | None]:
    """The lowest and the highest value a time can have, as far as the filter says so plainly."""
    low: list[float] = []
    high: list[float] = []
    for part in ((wanted or {}), *((wanted or {}).get("and") or ())):
        for operator, given in (part.get(field) or {}).items():
            if operator in {"gt", "gte", "eq"}:
                low.append(_moment(given, now))
            if operator in {"lt", "lte", "eq"}:
                high.append(_moment(given, now))
    return max(low, default=None), min(high, default=None)


def ids_of(wanted: Mapping[str, Any] | None) -> list[str] | None:
    """The only ids that the filter lets through, when it names them."""
    comparator = (wanted or {}).get("id") or {}
    if "eq" in comparator:
        return [comparator["eq"]]
    return list(dict.fromkeys(comparator["in"])) if "in" in comparator else None


def _field(workspace: Workspace, table: str, name: str, value: Any, now: float) -> Question:
    if name in {"and", "or"}:
        parts = [question(workspace, table, part, now=now) for part in value]
        return _all(parts) if name == "and" else lambda row: any(part(row) for part in parts)
    if (table, name) in COLLECTIONS:
        return _collection(workspace, *COLLECTIONS[table, name], value, now)
    if name in REFERENCES.get(table, {}):
        return _reference(workspace, table, name, value, now)
    attribute = snake(name)
    compare = _comparator(attribute, value, now)
    return lambda row: compare(getattr(row, attribute))


def _all(parts: list[Question]) -> Question:
    if len(parts) == 1:
        return parts[0]
    return lambda row: all(part(row) for part in parts)


def _reference(
    workspace: Workspace, table: str, name: str, value: Mapping[str, Any], now: float
) -> Question:
    rows = workspace.table(REFERENCES[table][name])
    attribute = f"{snake(name)}_id"
    rest = {key: one for key, one in value.items() if key != "null"}
    inner = question(workspace, REFERENCES[table][name], rest, now=now)
    answers: dict[str, bool] = {}

    def hold(row: Any) -> bool:
        id_ = getattr(row, attribute)
        if id_ is None or id_ not in rows:
            return value.get("null") is True
        if value.get("null") is True:
            return False
        if id_ not in answers:
            answers[id_] = inner(rows[id_])
        return answers[id_]

    return hold


def _collection(
    workspace: Workspace, table: str, attribute: str, value: Mapping[str, Any], now: float
) -> Question:
    """`some` (also what is said without it), `every`, `length`, `null`, `and`, `or`."""
    rows = workspace.table(table)
    asked: list[Question] = []
    plain = dict(value)
    for name in ("and", "or"):
        parts = [
            _collection(workspace, table, attribute, part, now) for part in plain.pop(name, ())
        ]
        if parts:
            asked.append(_all(parts) if name == "and" else _any(parts))
    if (length := plain.pop("length", None)) is not None:
        count = _comparator("length", length, now)
        asked.append(lambda row: count(len(getattr(row, attribute))))
    if (null := plain.pop("null", None)) is not None:
        asked.append(lambda row: (not getattr(row, attribute)) is null)
    every, some = plain.pop("every", None), plain.pop("some", None)
    for wanted, quantifier in ((every, all), (some, any), (plain or None, any)):
        if wanted is not None:
            inner = question(workspace, table, wanted, now=now)
            asked.append(_quantified(quantifier, rows, attribute, inner))
    return _all(asked)


def _any(parts: list[Question]) -> Question:
    return lambda row: any(part(row) for part in parts)


def _quantified(quantifier: Any, rows: Any, attribute: str, inner: Question) -> Question:
    return lambda row: quantifier(
        inner(rows[id_]) for id_ in getattr(row, attribute) if id_ in rows
    )


def _comparator(attribute: str, wanted: Mapping[str, Any], now: float) -> Callable[[Any], bool]:
    read = _reader(attribute, now)
    tests = [_test(operator, given, read) for operator, given in wanted.items()]
    if len(tests) == 1:
        return tests[0]
    return lambda value: all(test(value) for test in tests)


def _test(operator: str, given: Any, read: Callable[[Any], Any]) -> Callable[[Any], bool]:
    if operator == "null":
        return lambda value: (value is None) is given
    if operator in {"in", "nin"}:
        values = {read(one) for one in given}
        return lambda value: (value in values) is (operator == "in")
    wanted = read(given)
    if operator in {"eq", "neq"}:
        return lambda value: (value == wanted) is (operator == "eq")
    if operator in ORDER:
        order = ORDER[operator]
        return lambda value: value is not None and order(value, wanted)
    text = TEXT[operator]
    return lambda value: value is not None and text(value, wanted)


def _reader(attribute: str, now: float) -> Callable[[Any], Any]:
    """What turns a given value into one that can be compared with the attribute."""
    if attribute.endswith("_at"):
        return lambda given: _moment(given, now)
    if attribute.endswith("_date"):
        return lambda given: _date(given, now)
    return lambda given: given


def _moment(given: Any, now: float) -> float:
    try:
        return moment_of(given, now=now)
    except ValueError as error:
        raise BadFilter(f"{given!r} is neither a time nor a duration") from error


def _date(given: Any, now: float) -> str:
    text = str(given)
    if text.lstrip("+-").startswith("P"):
        return datetime.fromtimestamp(_moment(text, now), UTC).date().isoformat()
    return text
