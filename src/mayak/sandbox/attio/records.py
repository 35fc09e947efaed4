"""Records over the API: queried, read, created, asserted, written, deleted, merged."""

from collections.abc import Mapping
from typing import Any

from mayak.sandbox.attio import changes, views
from mayak.sandbox.attio.desk import Desk, Refused, conflict, invalid, not_found, throttled
from mayak.sandbox.attio.filters import BadFilter, Filter, understood
from mayak.sandbox.attio.listing import Sort, listed, scrambled, sorts_of
from mayak.sandbox.attio.rows import ObjectType, Record, Table
from mayak.sandbox.attio.values import BadValue
from mayak.sandbox.exchange import Reply

MOST = 500
READ = ("record_permission:read", "object_configuration:read")
WRITE = ("record_permission:read-write", "object_configuration:read")


def query(desk: Desk) -> Reply:
    """Up to 500 records; in no order at all unless `sorts` asks for one."""
    desk.must(*READ)
    rows, kind, body = desk.rows, desk.kind(), desk.body()
    limit, offset = desk.paging(body, default=MOST, most=MOST)
    try:
        wanted = understood(rows, kind.id, body.get("filter"))
        sorts = sorts_of(rows, kind.id, body.get("sorts"))
    except BadFilter as error:
        raise invalid(str(error), "filter_error") from error
    table = rows.records[kind.id]
    _charge(desk, wanted, sorts, len(table))
    found = listed(table, wanted, sorts, limit=limit, offset=offset, seed=_call_number(desk))
    return Reply(body={"data": [views.record(rows, row) for row in found]})


def query_entries(desk: Desk) -> Reply:
    """Of an archived list nothing is known. Entries can be filtered by their record only."""
    desk.must("list_entry:read", "list_configuration:read")
    rows, place, body = desk.rows, desk.place(), desk.body()
    limit, offset = desk.paging(body, default=MOST, most=MOST)
    table = rows.entries.get(place.id, Table())
    sorts = body.get("sorts") or []
    if not isinstance(sorts, list) or not isinstance(body.get("filter") or {}, Mapping):
        raise invalid("A filter must be an object and sorts a list.", "filter_error")
    asked = body.get("filter") or {}
    if unknown := sorted(asked.keys() - {"parent_record_id"}):
        raise invalid(f"Unknown attribute {unknown[0]}.", "filter_error")
    newest = bool(sorts) and sorts[0].get("direction") == "desc"
    entries = [
        row for row in table.in_order() if not asked or row.record_id == asked["parent_record_id"]
    ]
    if not sorts:
        entries = [entries[at] for at in scrambled(len(entries), _call_number(desk))]
    elif newest:
        entries.reverse()
    page = entries[offset : offset + limit]
    return Reply(body={"data": [views.entry(rows, row) for row in page]})


def show(desk: Desk) -> Reply:
    desk.must(*READ)
    return _one(desk, desk.record())


def create(desk: Desk) -> Reply:
    desk.must(*WRITE)
    kind = desk.kind()
    cores = _cores(desk, kind)
    _must_be_free(desk, cores)
    return _one(desk, changes.create_record(desk.world, kind, cores, actor=desk.actor))


def upsert(desk: Desk) -> Reply:
    """Assert: the record that holds a value of the matching attribute, or a new one.

    Values of the matching attribute are added to, all others replaced.
    """
    desk.must(*WRITE)
    rows, kind = desk.rows, desk.kind()
    name = desk.call.param("matching_attribute") or ""
    matching = rows.attribute(kind.id, name)
    if matching is None:
        raise invalid(f"There is no attribute {name!r} to match by.", "value_not_found")
    if not matching.unique:
        message = f"{matching.slug} is not unique and cannot be matched by."
        raise invalid(message, "matching_attribute_definition_not_unique")
    cores = _cores(desk, kind)
    if not cores.get(matching.id):
        raise invalid(f"A value for {matching.slug} is needed.", "missing_value")
    found = {
        row.id: row for core in cores[matching.id] for row in changes.holders(rows, matching, core)
    }
    if len(found) > 1:
        message = f"{len(found)} records match, assert needs one."
        raise invalid(message, "multiple_match_results")
    if not found:
        _must_be_free(desk, cores)
        return _one(desk, changes.create_record(desk.world, kind, cores, actor=desk.actor))
    (row,) = found.values()
    _must_be_free(desk, cores, but=row)
    added = {matching.id: cores.pop(matching.id)}
    row = changes.write_record(desk.world, row, added, actor=desk.actor, mode="prepend")
    return _one(desk, changes.write_record(desk.world, row, cores, actor=desk.actor))


def patch(desk: Desk) -> Reply:
    """What is written to a multiple attribute is put before what it held."""
    return _write(desk, "prepend")


def overwrite(desk: Desk) -> Reply:
    return _write(desk, "replace")


def destroy(desk: Desk) -> Reply:
    desk.must(*WRITE)
    changes.delete_record(desk.world, desk.record(), actor=desk.actor)
    return Reply(body={})


def merge(desk: Desk) -> Reply:
    """Answered with the id of a record that is neither of the two."""
    desk.must(*WRITE)
    kind, posted = desk.kind(), desk.posted()
    primary, secondary = (
        desk.record(kind, str(posted.get(f"{which}_record_id")))
        for which in ("primary", "secondary")
    )
    try:
        row = changes.merge_records(desk.world, primary, secondary, actor=desk.actor)
    except BadValue as error:
        raise invalid(str(error), error.code) from error
    return Reply(body={"data": {"new_record_id": row.id}})


def no_listing(desk: Desk) -> Reply:
    """Records cannot be listed by GET, whatever some clients believe."""
    raise not_found(f"The route {desk.call.method} /v2/objects/{{object}}/records")


def _one(desk: Desk, row: Record) -> Reply:
    return Reply(body={"data": views.record(desk.world.attio, row)})


def _write(desk: Desk, mode: changes.Mode) -> Reply:
    desk.must(*WRITE)
    kind = desk.kind()
    row = desk.record(kind)
    cores = _cores(desk, kind)
    _must_be_free(desk, cores, but=row)
    return _one(desk, changes.write_record(desk.world, row, cores, actor=desk.actor, mode=mode))


def _cores(desk: Desk, kind: ObjectType) -> dict[str, tuple[Any, ...]]:
    try:
        return changes.parsed(desk.rows, kind, desk.posted().get("values"))
    except BadValue as error:
        raise invalid(str(error), error.code) from error


def _must_be_free(desk: Desk, cores: changes.Cores, *, but: Record | None = None) -> None:
    attribute = changes.taken(desk.rows, cores, by_others_than=but.id if but else "")
    if attribute is not None:
        raise conflict(f"Another record holds that value of {attribute.slug} already.")


def _charge(desk: Desk, wanted: Filter | None, sorts: list[Sort], size: int) -> None:
    """Refuse a query that costs too much by itself, or together with those before it."""
    rows = desk.world.attio
    conditions = 0 if wanted is None else wanted.conditions
    score = (1 + conditions + len(sorts)) * (1 + size / 10_000)
    if rows.score_per_query is not None and score > rows.score_per_query:
        message = (
            f"This query has a score of {score:.1f}, above the maximum of "
            f"{rows.score_per_query:.1f} for a single query. Simplify its filter and sorts."
        )
        raise Refused(429, "rate_limit_error", "query_score_exceeded", message)
    if rows.score_budget is None:
        return
    now = desk.world.clock.timestamp()
    later = desk.scores.spend(score, budget=rows.score_budget, at=now)
    if later is not None:
        raise throttled(later)


def _call_number(desk: Desk) -> int:
    desk.world.attio.queries += 1
    return desk.world.attio.queries
