"""The values of a record: always lists, each element typed, none of them promised. Pure."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

Json = dict[str, Any]

BOOKKEEPING = frozenset({"active_from", "active_until", "created_by_actor"})
"""When and by whom a value was written; setting it again to the same says nothing new."""
TEXTS: Mapping[str, tuple[str, ...]] = {
    "status": ("status",),
    "select": ("option",),
    "record-reference": ("target_record_id",),
    "actor-reference": ("referenced_actor_id",),
    "email-address": ("email_address", "original_email_address"),
    "phone-number": ("phone_number", "original_phone_number"),
    "domain": ("domain", "root_domain"),
}
"""By type: where the text of a value is, unless it is simply its `value`."""
ID_NAMES = ("option_id", "status_id")


def current(values: Mapping[str, Any], slug: str | None) -> list[Json]:
    """What a record has under a slug, without what it had before."""
    found = values.get(slug) if slug is not None else None
    listed = found if isinstance(found, list) else [found]
    return [
        one if isinstance(one, dict) else {"value": one}
        for one in listed
        if one is not None and not (isinstance(one, dict) and one.get("active_until"))
    ]


def label(value: Json) -> str | None:
    """One value as text: a title, a name, an address, the id of what it points to."""
    kind = value.get("attribute_type")
    if kind == "personal-name":
        both = (text(value.get("first_name")), text(value.get("last_name")))
        return text(value.get("full_name")) or " ".join(filter(None, both)) or None
    names = TEXTS.get(kind, ("value",)) if isinstance(kind, str) else ("value",)
    return next((found for name in names if (found := _title(value.get(name)))), None)


def labels(values: list[Json]) -> list[str]:
    """All of them in the order of the source, each once."""
    return list(dict.fromkeys(found for one in values if (found := label(one)) is not None))


def first(values: list[Json]) -> str | None:
    return next(iter(labels(values)), None)


def amount(values: list[Json], *, currency: str | None) -> tuple[str | None, str | None]:
    """An amount as decimal text and its currency code; `currency` when it does not name one."""
    for one in values:
        raw = one.get("currency_value", one.get("value"))
        if (found := _decimal(raw)) is not None:
            return found, text(one.get("currency_code")) or currency
    return None, None


def day(raw: object) -> date | None:
    """The day of a date or a time; None for neither."""
    found = moment(raw)
    return found.date() if found else None


def moment(raw: object) -> datetime | None:
    """A time as Attio writes it, to the microsecond, in UTC; None for anything else.

    Some times that are declared as such come as dates, and the other way round.
    """
    if not isinstance(raw, str) or not raw:
        return None
    try:
        at = datetime.fromisoformat(raw)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def meaning(values: Mapping[str, Any], ids: Mapping[str, str]) -> dict[str, list[Any]]:
    """The values in the form in which they are compared.

    By attribute id where it is known, so that a renamed slug is no change; without what is
    empty, so that a new attribute is no change of every record; and in an order of their own,
    because that of several values is not documented.
    """
    found = {ids.get(slug, slug): [_meant(one) for one in current(values, slug)] for slug in values}
    return {name: in_order(listed) for name, listed in found.items() if listed}


def in_order(listed: list[Any]) -> list[Any]:
    return sorted(listed, key=lambda one: orjson.dumps(one, option=orjson.OPT_SORT_KEYS))


def text(value: object) -> str | None:
    """A scalar as text; None for nothing and for structures."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) and value != "" else None


def _meant(value: Json) -> Json:
    return {
        name: _option(item) if name in {"option", "status"} else _number(item)
        for name, item in sorted(value.items())
        if name not in BOOKKEEPING
    }


def _option(item: Any) -> Any:
    """A choice by its id and title; how it is configured is no matter of the record."""
    if not isinstance(item, dict):
        return item
    ids = item.get("id")
    ids = ids if isinstance(ids, dict) else {}
    id_ = next((ids[name] for name in ID_NAMES if name in ids), None)
    return {"id": id_, "title": item.get("title")}


def _number(item: Any) -> Any:
    """Whole numbers alike, whether they come as 99 or as 99.0; structures in a steady order."""
    match item:
        case float() if item.is_integer():
            return int(item)
        case dict():
            return {name: _number(inner) for name, inner in sorted(item.items())}
        case list():
            return [_number(inner) for inner in item]
        case _:
            return item


def _title(item: Any) -> str | None:
    return text(item.get("title")) if isinstance(item, dict) else text(item)


def _decimal(raw: object) -> str | None:
    """A number as plain decimal text, without an exponent and a needless fraction."""
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        return None
    try:
        found = Decimal(str(raw).strip())
    except InvalidOperation:
        return None
    if not found.is_finite():
        return None
    whole = found == found.to_integral_value()
    return format(found.to_integral_value() if whole else found, "f")
