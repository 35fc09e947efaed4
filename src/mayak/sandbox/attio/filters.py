"""The filter language of queries: shorthand and verbose, by the type of the attribute.

A condition holds when one element of the attribute satisfies all its operators together.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mayak.sandbox.attio.rows import AttioRows, Attribute, Record, nanoseconds
from mayak.sandbox.attio.values import option_of, rendered
from mayak.sandbox.attio.views import held

Test = Callable[[Record], bool]
FOLDED: Mapping[str, Callable[[str, str], bool]] = {
    "$contains": lambda have, part: part in have,
    "$starts_with": lambda have, part: have.startswith(part),
    "$ends_with": lambda have, part: have.endswith(part),
}
"""These do not mind the case of letters; $eq and $in do."""
ORDERED: Mapping[str, Callable[[Any, Any], bool]] = {
    "$lt": lambda have, wanted: have < wanted,
    "$lte": lambda have, wanted: have <= wanted,
    "$gt": lambda have, wanted: have > wanted,
    "$gte": lambda have, wanted: have >= wanted,
}
SAME = frozenset({"$eq", "$in", "$not_empty"})
TEXTUAL = SAME | FOLDED.keys()
COMPARED = SAME | ORDERED.keys()
OPERATORS: Mapping[str, frozenset[str]] = {
    "text": TEXTUAL,
    "email-address": TEXTUAL,
    "domain": TEXTUAL,
    "phone-number": TEXTUAL,
    "personal-name": TEXTUAL,
    "number": COMPARED,
    "rating": COMPARED,
    "currency": COMPARED,
    "date": COMPARED,
    "timestamp": COMPARED,
    "checkbox": SAME,
    "select": SAME,
    "status": SAME,
    "record-reference": SAME,
    "actor-reference": SAME,
}
"""By type of attribute; other types cannot be filtered by."""
MAIN = {
    "email-address": "email_address",
    "domain": "domain",
    "phone-number": "phone_number",
    "personal-name": "full_name",
    "currency": "currency_value",
    "select": "option",
    "status": "status",
    "record-reference": "target_record_id",
    "actor-reference": "referenced_actor_id",
}
"""The member a shorthand means; `value` for all other types."""


class BadFilter(ValueError):
    """A filter that means nothing; the message is for the client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A filter that was understood."""

    test: Test
    conditions: int
    """How many attributes it looks at: what a query costs grows with it."""
    low: int | None = None
    high: int | None = None
    """Nanoseconds between which everything that matches was created, where that is known."""


def understood(rows: AttioRows, owner_id: str, raw: Any) -> Filter | None:
    """None for a filter that lets everything through. Raises BadFilter."""
    if not raw:
        return None
    if not isinstance(raw, Mapping):
        raise BadFilter("A filter must be an object.")
    parts = [_part(rows, owner_id, str(name), inner) for name, inner in raw.items()]
    return _all(parts)


def _part(rows: AttioRows, owner_id: str, name: str, inner: Any) -> Filter:
    if name in {"$and", "$or"}:
        if not isinstance(inner, list) or not inner:
            raise BadFilter(f"{name} takes a list of filters.")
        parts = [understood(rows, owner_id, one) or _everything() for one in inner]
        return _all(parts) if name == "$and" else _any(parts)
    if name == "$not":
        part = understood(rows, owner_id, inner) or _everything()
        return Filter(test=lambda row: not part.test(row), conditions=part.conditions)
    attribute = rows.attribute(owner_id, name)
    if attribute is None or attribute.archived:
        raise BadFilter(f"Unknown attribute {name}.")
    return _condition(rows, attribute, inner)


def _everything() -> Filter:
    return Filter(test=lambda _row: True, conditions=0)


def _all(parts: list[Filter]) -> Filter:
    lows = [part.low for part in parts if part.low is not None]
    highs = [part.high for part in parts if part.high is not None]
    return Filter(
        test=lambda row: all(part.test(row) for part in parts),
        conditions=sum(part.conditions for part in parts),
        low=max(lows, default=None),
        high=min(highs, default=None),
    )


def _any(parts: list[Filter]) -> Filter:
    return Filter(
        test=lambda row: any(part.test(row) for part in parts),
        conditions=sum(part.conditions for part in parts),
    )


def _condition(rows: AttioRows, attribute: Attribute, inner: Any) -> Filter:
    checks = _checks(attribute, inner)

    def holds(row: Record) -> bool:
        elements = (_members(rows, attribute, value.core) for value in held(rows, row, attribute))
        return any(all(check(element) for check in checks) for element in elements)

    low = high = None
    if attribute.slug == "created_at" and attribute.system:
        low, high = _bounds(inner)
    return Filter(test=holds, conditions=1, low=low, high=high)


def _checks(attribute: Attribute, inner: Any) -> list[Callable[[Mapping[str, Any]], bool]]:
    main = MAIN.get(attribute.type, "value")
    if not isinstance(inner, Mapping):
        return [_check(attribute, main, "$eq", inner)]
    checks = []
    for name, wanted in inner.items():
        if str(name).startswith("$"):
            checks.append(_check(attribute, main, name, wanted))
        elif isinstance(wanted, Mapping):
            checks += [_check(attribute, name, op, one) for op, one in wanted.items()]
        else:
            checks.append(_check(attribute, name, "$eq", wanted))
    if not checks:
        raise BadFilter(f"The condition on {attribute.slug} is empty.")
    return checks


def _check(
    attribute: Attribute, member: str, operator: str, wanted: Any
) -> Callable[[Mapping[str, Any]], bool]:
    """One operator over the members of one element. Raises BadFilter."""
    if operator not in OPERATORS.get(attribute.type, ()):
        raise BadFilter(f"{operator} cannot be used on {attribute.slug} ({attribute.type}).")
    if operator == "$not_empty":
        return lambda members: member in members and wanted is True
    if operator == "$in":
        if not isinstance(wanted, list):
            raise BadFilter("$in takes a list.")
        every = [_wanted(attribute, one) for one in wanted]
        return lambda members: _one_of(members.get(member), every)
    value = _wanted(attribute, wanted)
    if operator == "$eq":
        return lambda members: _one_of(members.get(member), [value])
    if operator in FOLDED:
        part, test = str(value).casefold(), FOLDED[operator]
        return lambda members: test(str(members.get(member) or "").casefold(), part)
    compare = ORDERED[operator]

    def compared(members: Mapping[str, Any]) -> bool:
        have = members.get(member)
        return have is not None and type(have) in _like(value) and compare(have, value)

    return compared


def _like(value: Any) -> tuple[type, ...]:
    return (int, float) if isinstance(value, int | float) else (type(value),)


def _wanted(attribute: Attribute, wanted: Any) -> Any:
    """What a condition compares with. Raises BadFilter when it is of another kind."""
    if attribute.type == "timestamp":
        return _moment(wanted)
    if attribute.type in {"number", "rating", "currency"}:
        if isinstance(wanted, bool) or not isinstance(wanted, int | float | str):
            raise BadFilter(f"{attribute.slug} is compared with a number.")
        return wanted
    if attribute.type == "checkbox":
        if not isinstance(wanted, bool):
            raise BadFilter(f"{attribute.slug} is compared with true or false.")
        return wanted
    if not isinstance(wanted, str):
        raise BadFilter(f"{attribute.slug} is compared with a text.")
    if attribute.type in {"select", "status"}:
        found = (o.id for o in attribute.options if wanted in {o.id, o.title})
        option = next(found, None)
        if option is None:
            raise BadFilter(f"{wanted!r} is not an option of {attribute.slug}.")
        return option_of(attribute, option).title
    return wanted.lower() if attribute.type in {"email-address", "domain"} else wanted


def _moment(wanted: Any) -> int:
    try:
        return nanoseconds(str(wanted))
    except ValueError as error:
        raise BadFilter("A timestamp is compared with a date and a time.") from error


def _one_of(have: Any, wanted: list[Any]) -> bool:
    return have is not None and have in wanted


def _members(rows: AttioRows, attribute: Attribute, core: Any) -> Mapping[str, Any]:
    """What conditions look at: times as numbers, options as their titles."""
    if attribute.type == "timestamp":
        return {"value": core}
    members = rendered(rows, attribute, core)
    for name in ("option", "status"):
        if isinstance(members.get(name), Mapping):
            members[name] = members["title"] = members[name]["title"]
    return members


def _bounds(inner: Any) -> tuple[int | None, int | None]:
    """Between which times a condition on created_at lets rows through, both ends included."""
    if not isinstance(inner, Mapping):
        return _moment(inner), _moment(inner)
    if isinstance(inner.get("value"), Mapping):
        return _bounds(inner["value"])
    lows = [_moment(inner[op]) for op in ("$eq", "$gt", "$gte") if op in inner]
    highs = [_moment(inner[op]) for op in ("$eq", "$lt", "$lte") if op in inner]
    return max(lows, default=None), min(highs, default=None)
