"""The filter language of POST .../filter: dates have the grain of a day, AND binds before OR."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, TypeVar

from mayak.sandbox.chatwoot.desk import rejected, to_i
from mayak.sandbox.rows import Contact, Conversation
from mayak.sandbox.store import Store

Kind = Literal["text", "number", "choice", "date", "labels"]
AnyRow = TypeVar("AnyRow", Contact, Conversation)

OPERATORS: dict[Kind, frozenset[str]] = {
    "text": frozenset({"equal_to", "not_equal_to", "contains", "does_not_contain", "is_present",
                       "is_not_present"}),
    "number": frozenset({"equal_to", "not_equal_to", "is_present", "is_not_present"}),
    "choice": frozenset({"equal_to", "not_equal_to"}),
    "date": frozenset({"is_greater_than", "is_less_than", "days_before"}),
    "labels": frozenset({"equal_to", "not_equal_to", "is_present", "is_not_present"}),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One attribute that may be filtered by, and where its value is."""

    kind: Kind
    read: Callable[[Store, Any], Any]


def _column(name: str) -> Callable[[Store, Any], Any]:
    return lambda _store, row: getattr(row, name)


def _additional(name: str) -> Callable[[Store, Any], Any]:
    return lambda _store, row: row.additional_attributes.get(name)


CONVERSATION_KEYS: Mapping[str, Key] = {
    "status": Key(kind="choice", read=_column("status")),
    "priority": Key(kind="choice", read=_column("priority")),
    "assignee_id": Key(kind="number", read=_column("assignee_id")),
    "inbox_id": Key(kind="number", read=_column("inbox_id")),
    "team_id": Key(kind="number", read=_column("team_id")),
    "display_id": Key(kind="number", read=_column("display_id")),
    "labels": Key(kind="labels", read=_column("labels")),
    "created_at": Key(kind="date", read=_column("created_at")),
    "last_activity_at": Key(kind="date", read=_column("last_activity_at")),
    "browser_language": Key(kind="text", read=_additional("browser_language")),
    "conversation_language": Key(kind="text", read=_additional("conversation_language")),
    "country_code": Key(kind="text", read=_additional("country_code")),
    "referer": Key(kind="text", read=_additional("referer")),
    "mail_subject": Key(kind="text", read=_additional("mail_subject")),
}
"""updated_at is not among them: changes cannot be asked for this way."""

CONTACT_KEYS: Mapping[str, Key] = {
    "name": Key(kind="text", read=_column("name")),
    "email": Key(kind="text", read=_column("email")),
    "phone_number": Key(kind="text", read=_column("phone_number")),
    "identifier": Key(kind="text", read=_column("identifier")),
    "blocked": Key(kind="choice", read=_column("blocked")),
    "created_at": Key(kind="date", read=_column("created_at")),
    "last_activity_at": Key(kind="date", read=_column("last_activity_at")),
    "country_code": Key(kind="text", read=_additional("country_code")),
    "city": Key(kind="text", read=_additional("city")),
    "company_name": Key(kind="text", read=_additional("company_name")),
    "browser_language": Key(kind="text", read=_additional("browser_language")),
    "referer": Key(kind="text", read=_additional("referer")),
}


def matching(
    candidates: Iterable[AnyRow],
    payload: Any,
    *,
    keys: Mapping[str, Key],
    rows: Store,
    at: float,
) -> list[AnyRow]:
    """The candidates that satisfy a filter payload at time `at`. Raises Refused with 422."""
    if not isinstance(payload, list) or not payload:
        raise rejected("param is missing or the value is empty: payload")
    terms = [_checked(term, keys) for term in payload]
    groups: list[list[Mapping[str, Any]]] = [[]]
    for position, term in enumerate(terms):
        groups[-1].append(term)
        joined = str(term.get("query_operator") or "AND").upper()
        if joined == "OR" and position + 1 < len(terms):
            groups.append([])
    today = datetime.fromtimestamp(at, UTC).date()
    return [
        row
        for row in candidates
        if any(all(_holds(term, row, keys, rows, today) for term in group) for group in groups)
    ]


def _checked(term: Any, keys: Mapping[str, Key]) -> Mapping[str, Any]:
    name = str(term.get("attribute_key")) if isinstance(term, Mapping) else ""
    if name not in keys:
        known = ",".join(keys)
        raise rejected(
            f"Invalid attribute key - [{name}]. The key should be one of [{known}] "
            "or a custom attribute defined in the account."
        )
    allowed = OPERATORS[keys[name].kind]
    if term.get("filter_operator") not in allowed:
        listed = ",".join(sorted(allowed))
        raise rejected(f"Invalid operator. The allowed operators for {name} are [{listed}].")
    if str(term.get("query_operator") or "AND").upper() not in {"AND", "OR"}:
        raise rejected("Query operator must be either 'AND' or 'OR'.")
    if not term["filter_operator"].endswith("present") and not _values(term):
        raise rejected(f"Invalid value. The values provided for {name} are invalid")
    return dict(term)


def _values(term: Mapping[str, Any]) -> Sequence[str]:
    values = term.get("values")
    listed = values if isinstance(values, list) else [values]
    return [str(value).casefold() for value in listed if value is not None]


def _holds(
    term: Mapping[str, Any], row: Any, keys: Mapping[str, Key], rows: Store, today: date
) -> bool:
    key = keys[term["attribute_key"]]
    value = key.read(rows, row)
    operator, wanted = term["filter_operator"], _values(term)
    if operator == "is_present":
        return bool(value)
    if operator == "is_not_present":
        return not value
    if key.kind == "date":
        return _date_holds(operator, float(value), wanted[0], today)
    if key.kind == "choice" and "all" in wanted:
        return True
    have = [str(one).casefold() for one in (value if key.kind == "labels" else [value])]
    if operator in {"contains", "does_not_contain"}:
        found = any(part in one for part in wanted for one in have if value is not None)
    else:
        found = bool(set(have) & set(wanted))
    return found if operator in {"equal_to", "contains"} else not found


def _date_holds(operator: str, value: float, wanted: str, today: date) -> bool:
    if not value:
        return False
    day = datetime.fromtimestamp(value, UTC).date()
    if operator == "days_before":
        return day < today - timedelta(days=to_i(wanted))
    try:
        limit = date.fromisoformat(wanted[:10])
    except ValueError as error:
        raise rejected(f"Invalid value. {wanted} is not a date") from error
    return day > limit if operator == "is_greater_than" else day < limit
