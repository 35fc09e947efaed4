"""How Linear spells times, names and links."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from mayak.sandbox.linear.rows import (
    PRIORITIES,
    Comment,
    Customer,
    CustomerNeed,
    Issue,
    Project,
    User,
)
from mayak.sandbox.linear.workspace import Workspace

DURATION = re.compile(
    r"(?P<sign>[+-]?)P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)
DAYS = {"years": 365, "months": 30, "weeks": 7, "days": 1}


@lru_cache(maxsize=100_000)
def iso(seconds: float) -> str:
    """2026-03-01T12:00:00.000Z"""
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    moment = datetime.fromtimestamp(whole, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds:03d}Z"


def moment_of(text: str, *, now: float) -> float:
    """Seconds since the epoch of an ISO time, a year, or a duration relative to `now`.

    Raises ValueError.
    """
    text = str(text)
    if (found := DURATION.fullmatch(text)) and len(text.lstrip("+-")) > 1:
        parts = found.groupdict()
        days = sum(int(parts[name] or 0) * length for name, length in DAYS.items())
        clock = {name: int(parts[name] or 0) for name in ("hours", "minutes", "seconds")}
        distance = timedelta(days=days, **clock).total_seconds()
        return now - distance if parts["sign"] == "-" else now + distance
    if re.fullmatch(r"\d{4}", text):
        text = f"{text}-01-01"
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def snake(name: str) -> str:
    """UpdatedAt -> updated_at"""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def camel(name: str) -> str:
    """updated_at -> updatedAt"""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def slug(text: str, *, words: int = 8) -> str:
    """Lower-case ASCII words joined by dashes; empty for a text without any."""
    return "-".join(re.findall(r"[a-z0-9]+", text.lower())[:words])


def url(workspace: Workspace, row: Any) -> str:  # noqa: PLR0911 - one line for each kind of row
    """Where a person would open the row."""
    base = f"https://linear.app/{workspace.organization.url_key}"
    match row:
        case Issue():
            return f"{base}/issue/{row.identifier}/{slug(row.title)}".rstrip("/")
        case Comment():
            issue = workspace.issues.get(row.issue_id)
            place = url(workspace, issue) if issue else f"{base}/project/{row.project_id}"
            return f"{place}#comment-{row.id[:8]}"
        case Project():
            return f"{base}/project/{slug(row.name)}-{row.slug_id}".replace("/-", "/")
        case Customer():
            return f"{base}/customer/{row.slug_id}"
        case User():
            return f"{base}/profiles/{row.display_name}"
        case CustomerNeed():
            return row.url or f"{base}/customer-request/{row.id}"
    return str(getattr(row, "url", base))


def shown(workspace: Workspace, row: Any) -> dict[str, Any]:
    """Every field of a row in the API's spelling; other rows by their id, as in `teamId`."""
    names = [
        name for base in reversed(type(row).__mro__) for name in getattr(base, "__slots__", ())
    ]
    shape: dict[str, Any] = {}
    for name in names:
        value = getattr(row, name)
        if name.endswith("_at"):
            value = None if value is None else iso(value)
        elif isinstance(value, tuple | frozenset):
            value = sorted(value) if isinstance(value, frozenset) else list(value)
        shape[camel(name)] = value
    if isinstance(row, Issue):
        shape["priorityLabel"] = PRIORITIES[row.priority]
    if isinstance(row, Issue | Comment | Project | Customer | User):
        shape["url"] = url(workspace, row)
    return shape
