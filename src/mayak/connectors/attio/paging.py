"""Where the next page of a listing starts. Pure.

A page is an offset into the rows of this moment, oldest first. New rows come at the end and
move nothing; a deletion moves everything behind it forward. So each page begins with the last
rows of the one before, and if none of them is there, more went than the overlap can bear and
the listing goes on from the time of the last row instead of from its number.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from mayak.connectors.base import Checkpoint

Json = dict[str, Any]

PAGE = 500
OVERLAP = 10
DEEP = 20_000
"""Offsets beyond this cost the budget that the whole workspace shares too much."""
FRACTION = re.compile(r"\.(\d+)")

OLDEST_FIRST = ({"attribute": "created_at", "direction": "asc"},)
"""Without this the order is undefined, and pages would overlap and leave holes. Rows of one
instant have no documented order among themselves.
"""


def query(checkpoint: Checkpoint, *, narrowed: Mapping[str, Any] | None = None) -> Json:
    """The body that asks for the page at a checkpoint, of rows that a filter lets through."""
    conditions = [dict(narrowed)] if narrowed else []
    if bound := _bound(checkpoint):
        conditions.append({"created_at": {"$gte": bound}})
    asked: Json = {
        "sorts": list(OLDEST_FIRST), "limit": PAGE, "offset": int(checkpoint.get("offset", 0))
    }  # fmt: skip
    if conditions:
        asked["filter"] = conditions[0] if len(conditions) == 1 else {"$and": conditions}
    return asked


def following(checkpoint: Checkpoint, rows: Sequence[Any], *, id_name: str) -> Json | None:
    """The checkpoint behind these rows; None when they were the last.

    It keeps `created_after`, and beside `since` and `offset` it holds the time of the last row
    and the ids of those that the next page should begin with.
    """
    kept = {name: checkpoint[name] for name in ("created_after",) if name in checkpoint}
    since, last = checkpoint.get("since"), checkpoint.get("last")
    ids = [_id(row, id_name) for row in rows]
    tail = set(checkpoint.get("tail", ()))
    if tail and tail.isdisjoint(ids) and _later(last, _bound(checkpoint)):
        return {**kept, "since": last, "offset": 0}
    if len(rows) < PAGE:
        return None
    offset = int(checkpoint.get("offset", 0)) + len(rows) - OVERLAP
    newest = sorted(rows, key=lambda row: nanoseconds(_created(row)))[-OVERLAP:]
    last = _created(newest[-1])
    if offset > DEEP and _later(last, _bound(checkpoint)):
        return {**kept, "since": last, "offset": 0}
    tail_ids = [id_ for id_ in (_id(row, id_name) for row in newest) if id_]
    return {**kept, "since": since, "offset": offset, "last": last, "tail": tail_ids}


def shifted(checkpoint: Checkpoint, rows: Sequence[Any], *, limit: int) -> Json | None:
    """The same for listings that take nothing but an offset; None behind the last row."""
    if len(rows) < limit:
        return None
    return {"offset": int(checkpoint.get("offset", 0)) + len(rows) - OVERLAP}


def nanoseconds(raw: object) -> int:
    """A time as Attio writes it, to the nanosecond since the epoch; 0 for none.

    The number of digits differs between endpoints, so the texts themselves do not compare.
    """
    if not isinstance(raw, str):
        return 0
    try:
        at = datetime.fromisoformat(raw)
    except ValueError:
        return 0
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    found = FRACTION.search(raw)
    fraction = found.group(1)[:9].ljust(9, "0") if found else "0"
    return int(at.replace(microsecond=0).timestamp()) * 10**9 + int(fraction)


def _bound(checkpoint: Checkpoint) -> str | None:
    """From when on rows are asked for; None for all."""
    raw = checkpoint.get("since") or checkpoint.get("created_after")
    if not isinstance(raw, str) or raw.endswith("Z"):
        return raw or None
    at = datetime.fromisoformat(raw)
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}000Z"


def _later(raw: object, bound: object) -> bool:
    return nanoseconds(raw) > nanoseconds(bound)


def _created(row: Any) -> str | None:
    raw = row.get("created_at") if isinstance(row, dict) else None
    return raw if isinstance(raw, str) else None


def _id(row: Any, name: str) -> str | None:
    ids = row.get("id") if isinstance(row, dict) else None
    found = ids.get(name) if isinstance(ids, dict) else None
    return found if isinstance(found, str) else None
