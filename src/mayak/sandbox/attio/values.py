"""What an attribute may hold: from what a client writes to what is kept, and back.

What is kept of one element, its core, is the plain value where that says everything, and else:
an e-mail address and a domain as they were written; a phone number as (number, country); a name
as (first, last, full); an amount as (number, currency); an option by its id; a reference as
(object id, record id); an actor as (type, id); a timestamp in nanoseconds.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from mayak.sandbox.attio.rows import (
    WORKSPACE_ID,
    AttioRows,
    Attribute,
    Option,
    iso,
    nanoseconds,
)

Json = dict[str, Any]
COUNTRIES = {
    "+44": "GB", "+7": "RU", "+372": "EE", "+371": "LV", "+370": "LT", "+358": "FI", "+49": "DE",
    "+46": "SE", "+48": "PL", "+33": "FR", "+1": "US",
}  # fmt: skip
SECOND_LEVEL = frozenset({"co", "com", "org", "ac"})
LOCATION = (
    "line_1", "line_2", "line_3", "line_4", "locality", "region", "postcode", "country_code",
    "latitude", "longitude",
)  # fmt: skip
LONG_COUNTRY = 3
FEW_LABELS = 2
BEST_RATING = 5


class BadValue(ValueError):
    """A value that cannot be written; `code` is Attio's word for why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def coerced(rows: AttioRows, attribute: Attribute, raw: Any) -> tuple[Any, ...]:
    """The cores of what a client wrote; null and [] are nothing. Raises BadValue."""
    items = [] if raw is None else raw if isinstance(raw, list) else [raw]
    if len(items) > 1 and not attribute.multiple:
        raise _bad(attribute, "holds a single value")
    if attribute.type not in COERCIONS:
        raise BadValue("immutable_value", f"{attribute.slug} cannot be written.")
    cores = (COERCIONS[attribute.type](rows, attribute, item) for item in items)
    return tuple(dict.fromkeys(cores)) if attribute.type != "location" else tuple(cores)


def rendered(rows: AttioRows, attribute: Attribute, core: Any) -> Json:
    """The typed members of one element, as the API shows them."""
    show = MEMBERS.get(attribute.type)
    members = {"value": core} if show is None else show(rows, attribute, core)
    return {**members, "attribute_type": attribute.type}


def _bad(attribute: Attribute, why: str) -> BadValue:
    return BadValue("validation_type", f"The attribute {attribute.slug} {why}.")


def _inner(raw: Any, *names: str) -> Any:
    """What is written under one of these members, or the bare value."""
    if not isinstance(raw, Mapping):
        return raw
    return next((raw[name] for name in names if name in raw), None)


def _text(_rows: AttioRows, attribute: Attribute, raw: Any) -> str:
    value = _inner(raw, "value")
    if not isinstance(value, str):
        raise _bad(attribute, "takes a text")
    return value


def _number(_rows: AttioRows, attribute: Attribute, raw: Any) -> float:
    value = _inner(raw, "value")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _bad(attribute, "takes a number")
    if attribute.type == "rating" and not 0 <= value <= BEST_RATING:
        raise _bad(attribute, f"takes a number up to {BEST_RATING}")
    return value


def _checkbox(_rows: AttioRows, attribute: Attribute, raw: Any) -> bool:
    value = _inner(raw, "value")
    if not isinstance(value, bool):
        raise _bad(attribute, "takes true or false")
    return value


def _date(_rows: AttioRows, attribute: Attribute, raw: Any) -> str:
    try:
        return date.fromisoformat(str(_inner(raw, "value"))[:10]).isoformat()
    except ValueError as error:
        raise _bad(attribute, "takes a date like 2026-03-01") from error


def _timestamp(_rows: AttioRows, attribute: Attribute, raw: Any) -> int:
    try:
        return nanoseconds(str(_inner(raw, "value")))
    except ValueError as error:
        raise _bad(attribute, "takes an ISO date with a time") from error


def _email(_rows: AttioRows, attribute: Attribute, raw: Any) -> str:
    value = _inner(raw, "email_address", "original_email_address")
    if not isinstance(value, str) or value.count("@") != 1 or not all(value.split("@")):
        raise _bad(attribute, "takes an e-mail address")
    return value


def _domain(_rows: AttioRows, attribute: Attribute, raw: Any) -> str:
    value = _inner(raw, "domain")
    if not isinstance(value, str) or "." not in value or " " in value:
        raise _bad(attribute, "takes a domain")
    return value.lower().removeprefix("https://").removeprefix("www.").strip("/")


def _phone(_rows: AttioRows, attribute: Attribute, raw: Any) -> tuple[str, str]:
    number = _inner(raw, "original_phone_number", "phone_number")
    if not isinstance(number, str):
        raise _bad(attribute, "takes a phone number")
    country = raw.get("country_code") if isinstance(raw, Mapping) else None
    for length in range(LONG_COUNTRY + 1, 1, -1):
        country = country or COUNTRIES.get(number[:length])
    if country is None:
        raise _bad(attribute, "needs a country code or a number that begins with +")
    return number, str(country)


def _name(_rows: AttioRows, attribute: Attribute, raw: Any) -> tuple[str, str, str]:
    if isinstance(raw, str):
        if "," in raw:
            last, first = (part.strip() for part in raw.split(",", 1))
        else:
            first, _, last = raw.strip().partition(" ")
        return first, last, f"{first} {last}".strip()
    parts = [raw.get(name) for name in ("first_name", "last_name", "full_name")] if raw else []
    if not isinstance(raw, Mapping) or not all(isinstance(part, str | None) for part in parts):
        raise _bad(attribute, "takes a name")
    first, last, full = (part or "" for part in parts)
    return first, last, full or f"{first} {last}".strip()


def _location(_rows: AttioRows, attribute: Attribute, raw: Any) -> Json:
    if not isinstance(raw, Mapping) or any(name not in raw for name in LOCATION):
        raise _bad(attribute, "needs every member of a location, null where unknown")
    return {name: raw[name] for name in LOCATION}


def _currency(rows: AttioRows, attribute: Attribute, raw: Any) -> tuple[float, str | None]:
    amount = _number(rows, attribute, _inner(raw, "currency_value"))
    code = raw.get("currency_code") if isinstance(raw, Mapping) else None
    return amount, code or attribute.currency


def _option(_rows: AttioRows, attribute: Attribute, raw: Any) -> str:
    asked = _inner(_inner(raw, "option", "status"), "title")
    for option in attribute.options:
        if asked in {option.id, option.title} and not option.is_archived:
            return option.id
    raise BadValue("value_not_found", f"{asked!r} is not an option of {attribute.slug}.")


def _reference(rows: AttioRows, attribute: Attribute, raw: Any) -> tuple[str, str]:
    target = rows.record(str(_inner(raw, "target_record_id")))
    if target is None or (attribute.targets and target.object_id not in attribute.targets):
        raise BadValue("value_not_found", f"{attribute.slug} refers to a record that is not there.")
    return target.object_id, target.id


def _actor(rows: AttioRows, attribute: Attribute, raw: Any) -> tuple[str, str]:
    asked = _inner(raw, "referenced_actor_id", "workspace_member_email_address")
    for member in rows.members.values():
        if asked in {member.id, member.email}:
            return "workspace-member", member.id
    raise BadValue("value_not_found", f"{attribute.slug} refers to somebody who is not a member.")


COERCIONS: Mapping[str, Callable[[AttioRows, Attribute, Any], Any]] = {
    "text": _text,
    "number": _number,
    "rating": _number,
    "checkbox": _checkbox,
    "date": _date,
    "timestamp": _timestamp,
    "email-address": _email,
    "domain": _domain,
    "phone-number": _phone,
    "personal-name": _name,
    "location": _location,
    "currency": _currency,
    "select": _option,
    "status": _option,
    "record-reference": _reference,
    "actor-reference": _actor,
}
"""Interactions are written by Attio alone."""


def root_domain(domain: str) -> str:
    labels = domain.split(".")
    kept = FEW_LABELS
    if len(labels) > FEW_LABELS and labels[-2] in SECOND_LEVEL:
        kept += 1
    return ".".join(labels[-kept:])


def option_of(attribute: Attribute, option_id: str) -> Option:
    return next(option for option in attribute.options if option.id == option_id)


def _email_members(_rows: AttioRows, _attribute: Attribute, core: str) -> Json:
    address = core.lower()
    local, _, domain = address.partition("@")
    return {
        "original_email_address": core,
        "email_address": address,
        "email_domain": domain,
        "email_root_domain": root_domain(domain),
        "email_local_specifier": local,
    }


def _phone_members(_rows: AttioRows, _attribute: Attribute, core: tuple[str, str]) -> Json:
    return {"original_phone_number": core[0], "country_code": core[1], "phone_number": core[0]}


def _reference_members(rows: AttioRows, _attribute: Attribute, core: tuple[str, str]) -> Json:
    return {"target_object": rows.objects[core[0]].slug, "target_record_id": core[1]}


def _option_members(_rows: AttioRows, attribute: Attribute, core: str) -> Json:
    option = option_of(attribute, core)
    status = attribute.type == "status"
    ids = {"object_id": attribute.owner_id, "attribute_id": attribute.id}
    shown: Json = {"title": option.title, "is_archived": option.is_archived}
    if status:
        shown |= {"celebration_enabled": option.celebrates, "target_time_in_status": None}
    shown["id"] = {
        "workspace_id": WORKSPACE_ID, **ids, "status_id" if status else "option_id": option.id,
    }  # fmt: skip
    return {"status" if status else "option": shown}


MEMBERS: Mapping[str, Callable[[AttioRows, Attribute, Any], Json]] = {
    "timestamp": lambda _rows, _attribute, core: {"value": iso(core)},
    "email-address": _email_members,
    "domain": lambda _rows, _attribute, core: {"domain": core, "root_domain": root_domain(core)},
    "phone-number": _phone_members,
    "personal-name": lambda _rows, _attribute, core: dict(
        zip(("first_name", "last_name", "full_name"), core, strict=True)
    ),
    "location": lambda _rows, _attribute, core: dict(core),
    "currency": lambda _rows, _attribute, core: {
        "currency_value": core[0],
        "currency_code": core[1],
    },
    "select": _option_members,
    "status": _option_members,
    "record-reference": _reference_members,
    "actor-reference": lambda _rows, _attribute, core: {
        "referenced_actor_type": core[0],
        "referenced_actor_id": core[1],
    },
}
"""Types that are not here have the single member `value`."""
