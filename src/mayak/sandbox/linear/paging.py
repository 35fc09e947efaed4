"""Lists of Linear: newest first, page by page, by opaque cursors."""

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from mayak.sandbox.linear.filters import BadFilter, Question, bounds, ids_of, question
from mayak.sandbox.linear.refusals import BadInput
from mayak.sandbox.linear.sight import Sight
from mayak.sandbox.linear.spelling import snake
from mayak.sandbox.linear.tables import Moment
from mayak.sandbox.linear.workspace import Workspace

DEFAULT_FIRST = 50
GREATEST_FIRST = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads which rows, and when."""

    workspace: Workspace
    sight: Sight
    now: float
    """Seconds since the epoch, by the clock of the server."""
    cursors_expired: bool = False


def connection(
    reader: Reader, table: str, args: dict[str, Any], among: Iterable[Any] | None = None
) -> dict[str, Any]:
    """One page of a table, or of the rows `among` it. Raises BadInput."""
    first = args.get("first")
    first = DEFAULT_FIRST if first is None else first
    if not 0 < first <= GREATEST_FIRST:
        raise BadInput(
            "Argument Validation Error",
            hint=f"first must be between 1 and {GREATEST_FIRST}, not {first}",
        )
    order = snake(args.get("orderBy") or "createdAt")
    after = None if args.get("after") is None else _opened(reader, table, order, args["after"])
    try:
        rows = _rows(reader, table, args, order=order, after=after, among=among)
        wanted = question(reader.workspace, table, args.get("filter"), now=reader.now)
    except BadFilter as error:
        raise BadInput("Argument Validation Error", hint=str(error)) from error
    shown = _shown(reader, table, args, wanted)
    found = list(islice((row for row in rows if shown(row)), first + 1))
    page = found[:first]
    cursors = [_closed(table, order, row) for row in page]
    return {
        "nodes": page,
        "edges": [{"node": row, "cursor": one} for row, one in zip(page, cursors, strict=True)],
        "pageInfo": {
            "hasNextPage": len(found) > first,
            "hasPreviousPage": after is not None,
            "startCursor": cursors[0] if cursors else None,
            "endCursor": cursors[-1] if cursors else None,
        },
    }


def _rows(
    reader: Reader,
    table: str,
    args: dict[str, Any],
    *,
    order: str,
    after: Moment | None,
    among: Iterable[Any] | None,
) -> Iterator[Any]:
    """The rows that may be on the page, newest first, as few as the indices allow."""
    rows = reader.workspace.table(table)
    wanted = args.get("filter")
    if among is None and (ids := ids_of(wanted)) is not None:
        among = [rows[id_] for id_ in ids if id_ in rows]
    if among is not None:
        listed = sorted(among, key=lambda row: (getattr(row, order), row.id), reverse=True)
        return (row for row in listed if after is None or (getattr(row, order), row.id) < after)
    field = args.get("orderBy") or "createdAt"
    low, high = bounds(wanted, field, now=reader.now)
    return rows.newest_first(order, low=low, high=high, after=after)


def _shown(
    reader: Reader, table: str, args: dict[str, Any], wanted: Question
) -> Callable[[Any], bool]:
    archived = bool(args.get("includeArchived"))
    disabled = table != "users" or bool(args.get("includeDisabled"))
    narrowed = reader.sight.narrows()

    def shown(row: Any) -> bool:
        if not archived and row.archived_at is not None:
            return False
        if not disabled and not row.active:
            return False
        return wanted(row) and (not narrowed or reader.sight.sees(table, row))

    return shown


def _closed(table: str, order: str, row: Any) -> str:
    place = f"{table} {order} {getattr(row, order)!r} {row.id}"
    return base64.urlsafe_b64encode(place.encode()).decode()


def _opened(reader: Reader, table: str, order: str, cursor: str) -> Moment:
    refusal = BadInput("Invalid cursor", hint="The cursor is unknown or has expired.")
    if reader.cursors_expired:
        raise refusal
    try:
        of_table, of_order, value, id_ = base64.urlsafe_b64decode(cursor).decode().split(" ")
        moment = float(value)
    except (ValueError, binascii.Error) as error:
        raise refusal from error
    if (of_table, of_order) != (table, order):
        raise refusal
    return moment, id_
