"""Every connector of a project on one page: the worst thing about it first."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from mayak.errors import Misconfigured
from mayak.kit.clock import now
from mayak.platform.db import Conn
from mayak.sync.model import (
    CONNECTORS,
    STREAMS,
    TITLES,
    BindingScope,
    ConnectionStatus,
    Connector,
    Line,
    StreamState,
    Verdict,
    late_after,
    oldest,
    shown_status,
    worst,
)
from mayak.sync.queries import connections as queries
from mayak.sync.queries import mirror
from mayak.sync.queries import states as state_queries
from mayak.sync.queries.connections import Bound, Connection, CycleSchedule, ErrorCounts
from mayak.sync.service.bindings import described
from mayak.sync.service.driving import ESSENTIAL, NO_CREDENTIALS, UNBOUND
from mayak.sync.service.sources import Source, Sources, account_ref

CYCLE = "connectors_sync_cycle"
WAITS = "It was not read yet; the next sync does."
START = "Start a sync, or wait for the next one."
STALE = (
    "See on the Automation page that a worker is running and that connectors_sync_cycle is not "
    "paused."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """How one connector of a project is doing."""

    connector: Connector
    configured: bool
    """Somebody gave a credential, the project or the installation."""
    own: bool
    """The credential is the project's own."""
    status: ConnectionStatus
    paused_by: str | None
    base_url: str | None
    account: str | None
    identity: dict[str, Any] = field(default_factory=dict)
    """As a connection keeps it; empty until the service was asked."""
    tested_at: datetime | None
    line: Line
    streams: list[StreamState]
    """All of them, also those that were never read."""
    counts: dict[str, int]
    """Live rows by `connector stream`."""
    scope: BindingScope
    parts_bound: int
    errors: ErrorCounts
    last_success_at: datetime | None
    """The oldest of the streams that a sync cannot do without."""
    fresh_until: datetime | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What was looked up for all connectors of a project at once."""

    connections: dict[str, Connection]
    states: list[StreamState]
    counts: dict[str, int]
    bound: list[Bound]
    errors: dict[str, ErrorCounts]
    schedule: CycleSchedule | None
    at: datetime


async def overview(conn: Conn, sources: Sources, project_id: UUID) -> list[Overview]:
    """Every connector there is, in the order of their names in the product. Asks no service."""
    seen = await _look(conn, project_id)
    return [await _of(conn, sources, project_id, one, seen) for one in CONNECTORS]


async def overview_of(
    conn: Conn, sources: Sources, project_id: UUID, connector: Connector
) -> Overview:
    """One of them."""
    return await _of(conn, sources, project_id, connector, await _look(conn, project_id))


async def _look(conn: Conn, project_id: UUID) -> _Seen:
    return _Seen(
        connections=await queries.connections(conn, project_id),
        states=await state_queries.states(conn, project_id),
        counts=await mirror.counts(conn, project_id),
        bound=await queries.bound(conn, project_id),
        errors=await queries.error_counts(conn, project_id),
        schedule=await queries.schedule(conn, project_id, CYCLE),
        at=now(),
    )


async def _of(
    conn: Conn, sources: Sources, project_id: UUID, connector: Connector, seen: _Seen
) -> Overview:
    connection = seen.connections.get(connector) or Connection(connector=connector)
    own = connection.credential is not None
    source: Source | None = None
    locked: Misconfigured | None = None
    try:
        source = await sources.open(conn, project_id, connector)
    except Misconfigured as error:
        locked = error
    bound = _bound(seen.bound, sources, connection, source)
    streams = _all_streams(connector, seen.states, reads=source is not None)
    needed = [one for one in streams if one.stream in ESSENTIAL]
    last = oldest([one.last_success_at for one in needed])
    line = _rest(connector, source, locked, bound, connection) or _line(streams, seen, last)
    found = described([one.binding for one in bound])
    return Overview(
        connector=connector,
        configured=own or sources.configured(connector),
        own=own,
        status=connection.status,
        paused_by=connection.paused_by if connection.status == "paused" else None,
        base_url=(connection.base_url if own else None) or sources.base_url(connector),
        account=connection.account if own else sources.account(connector),
        identity=connection.identity or {},
        tested_at=connection.tested_at,
        line=line,
        streams=streams,
        counts=seen.counts,
        scope=found.scope,
        parts_bound=len(found.parts),
        errors=seen.errors.get(connector) or ErrorCounts(connector=connector, open=0, dead=0),
        last_success_at=last,
        fresh_until=oldest([one.fresh_until for one in needed]),
        at=seen.at,
    )


def _bound(
    everything: Sequence[Bound], sources: Sources, connection: Connection, source: Source | None
) -> list[Bound]:
    """What is bound of the account that is reached; of any account while that is not known."""
    ours = [one for one in everything if one.connector == connection.connector]
    ref = source.account_ref if source else known_ref(sources, connection)
    return [one for one in ours if ref is None or one.account_ref == ref]


def known_ref(sources: Sources, connection: Connection) -> str | None:
    """The name of the account, as far as it is known without opening the credential."""
    if connection.credential is None:
        ref = sources.default_ref(connection.connector)
    else:
        base = connection.base_url or sources.base_url(connection.connector)
        number = connection.account
        ref = account_ref(base, int(number)) if base and number else None
    return ref or (connection.identity or {}).get("account_ref")


def _all_streams(
    connector: Connector, states: Sequence[StreamState], *, reads: bool
) -> list[StreamState]:
    """The state of each stream, also of one that was never read.

    Why it was not read before is no reason any more once it can be read.
    """
    known = {one.stream: one for one in states if one.connector == connector}
    found = []
    for stream in STREAMS[connector]:
        state = known.get(stream.name) or _never_read(connector, stream.name)
        if state.status == "disabled" and reads:
            state = replace(state, status="idle", cause=WAITS, next_step=START)
        found.append(state)
    return found


def _never_read(connector: Connector, stream: str) -> StreamState:
    return StreamState(
        connector=connector, stream=stream, status="idle", cause=WAITS, next_step=START,
        until_at=None, lease_until=None, last_success_at=None, last_run_at=None,
    )  # fmt: skip


def _rest(
    connector: Connector,
    source: Source | None,
    locked: Misconfigured | None,
    bound: Sequence[Bound],
    connection: Connection,
) -> Line | None:
    """Why nothing can be read at present; None when it can. Newer than what the streams say."""
    if locked is not None:
        step = "Mend the setting that is named here, or connect again with the credential."
        return Line(status="auth_failed", cause=str(locked), next_step=step)
    if source is None:
        return _as_line(NO_CREDENTIALS[connector])
    if connection.status == "paused":
        return Line(
            status="disabled",
            cause=f"{connection.paused_by or 'Somebody'} paused {TITLES[connector]} for this "
            "project; the copy is as old as its last sync.",
            next_step="Enable it on the Connectors page or with `mayak connectors enable`.",
        )
    return None if bound else _as_line(UNBOUND[connector])


def _as_line(verdict: Verdict) -> Line:
    return Line(status=verdict.status, cause=verdict.cause, next_step=verdict.next_step)


def _line(streams: Sequence[StreamState], seen: _Seen, last: datetime | None) -> Line:
    """The worst of the streams; one that is ok and old is not ok."""
    lines = [line_of(one, at=seen.at) for one in streams]
    if last is not None and (late := _late(last, seen)) is not None:
        lines.append(late)
    return worst(lines) or Line(status="idle", cause=WAITS, next_step=START)


def _late(last: datetime, seen: _Seen) -> Line | None:
    cadence = seen.schedule.cadence if seen.schedule else None
    age = seen.at - last
    if age <= late_after(cadence):
        return None
    cause = f"The last sync that read everything ended {_length(age)} ago."
    if seen.schedule is not None and not seen.schedule.active:
        cause += " Its schedule rests."
    return Line(status="stalled", cause=cause, next_step=STALE)


def _length(age: timedelta) -> str:
    hours = int(age.total_seconds()) // 3600
    return f"{hours // 24} days" if hours >= 48 else f"{hours} hours" if hours > 1 else "an hour"  # noqa: PLR2004


def line_of(state: StreamState, *, at: datetime) -> Line:
    """A stream's state in one line."""
    status = shown_status(state, at=at)
    if status == "stalled":
        return Line(
            status=status, stream=state.stream,
            cause="Its worker went silent in the middle of a run.",
            next_step="Start a sync: it goes on where it stopped.",
        )  # fmt: skip
    return Line(
        status=status,
        cause=state.cause,
        next_step=state.next_step,
        until=state.until_at if status == "rate_limited" else None,
        stream=state.stream,
    )
