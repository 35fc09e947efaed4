"""One sync of one project's part of an account, whatever the service."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from mayak.automation.model import JobRun, Outcome, Result
from mayak.connectors.base import Identity
from mayak.errors import Misconfigured, Upstream
from mayak.kit.clock import now
from mayak.sync.model import (
    STREAMS,
    TITLES,
    BindingsChanged,
    Connector,
    Scope,
    Verdict,
    Wish,
)
from mayak.sync.queries import bindings, connections, listings, states
from mayak.sync.service import attio, chatwoot, linear
from mayak.sync.service.bindings import bury_what_left
from mayak.sync.service.glancing import quick_check
from mayak.sync.service.sources import Source, Sources, as_row, ref_of
from mayak.sync.service.work import SHARED, Work

Steps = Mapping[str, Callable[[Work], Awaitable[bool]]]

STEPS: Mapping[Connector, Callable[[], Steps]] = {
    "chatwoot": chatwoot.steps,
    "linear": linear.steps,
    "attio": attio.steps,
}
ESSENTIAL: frozenset[str] = frozenset(
    {"conversations", "messages", "issues", "comments", "companies", "deals", "people"}
)
"""Streams without which a sync has failed; the others only leave it partial."""
NO_CREDENTIALS: Mapping[Connector, Verdict] = {
    "chatwoot": Verdict(
        status="disabled",
        cause="No Chatwoot credentials are configured.",
        next_step="Set CHATWOOT_BASE_URL, CHATWOOT_API_TOKEN and CHATWOOT_ACCOUNT_ID, or connect "
        "Chatwoot on the Connectors page.",
    ),
    "linear": Verdict(
        status="disabled",
        cause="No Linear credentials are configured.",
        next_step="Set LINEAR_API_KEY, or connect Linear on the Connectors page.",
    ),
    "attio": Verdict(
        status="disabled",
        cause="No Attio credentials are configured.",
        next_step="Set ATTIO_API_KEY, or connect Attio on the Connectors page.",
    ),
}
UNBOUND: Mapping[Connector, Verdict] = {
    "chatwoot": Verdict(
        status="idle",
        cause="No inbox belongs to this project yet.",
        next_step="Bind one with `mayak project bind`.",
    ),
    "linear": Verdict(
        status="idle",
        cause="No team or project of Linear belongs to this project yet.",
        next_step="Bind one on the Connectors page or with `mayak connectors bind`.",
    ),
    "attio": Verdict(
        status="idle",
        cause="No company or list of Attio belongs to this project yet.",
        next_step="Bind one on the Connectors page or with `mayak connectors bind`.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A source that can be read, and what of it belongs to the project."""

    work: Work
    identity: Identity


async def sync(run: JobRun, sources: Sources, connector: Connector, wish: Wish) -> Result:
    """Bring the project's copy up to date with its part of the account.

    Starts over when what belongs to the project changes meanwhile. Raises Upstream when the sync
    failed as a whole, after its state is recorded; what was written until then stays, and the
    next run goes on from there.
    """
    counters = Counter[str]()
    while True:  # a further round takes somebody who changes the bindings once more
        with suppress(BindingsChanged):
            return await _sync_what_is_bound(run, sources, connector, wish, counters)


async def _sync_what_is_bound(
    run: JobRun, sources: Sources, connector: Connector, wish: Wish, counters: Counter[str]
) -> Result:
    """Raises BindingsChanged as soon as something else is bound."""
    ready = await prepare(run, sources, connector, wish, counters)
    if isinstance(ready, Verdict):
        return await _rest(run, connector, ready, counters)
    clean = await _read_streams(ready.work, ready.identity)
    if connector == "chatwoot":
        async with ready.work.writing() as conn:
            await bindings.name_inboxes(conn, run.project_id, ready.work.account_ref)
    await quick_check(ready.work)
    return Result(status="ok" if clean else "partial", counters=_counters(counters))


async def prepare(
    run: JobRun, sources: Sources, connector: Connector, wish: Wish, counters: Counter[str]
) -> Ready | Verdict:
    """Look who the credential is and what is bound; the state to rest in when nothing is to read.

    Raises Upstream when the source cannot be asked; its state is recorded then.
    """
    project_id = run.project_id
    async with run.transaction() as conn:
        try:
            source = await sources.open(conn, project_id, connector)
        except Misconfigured as error:
            return _misconfigured(error)
    if source is None:
        return NO_CREDENTIALS[connector]
    if source.paused_by is not None:
        return _paused(connector, source.paused_by)
    if not await _anything_bound(run, source):
        counters["buried"] += await _bury(run, source, Scope(whole=False))
        return UNBOUND[connector]
    async with run.transaction() as conn:
        limited_for = await states.limited_for(conn, project_id, connector)
        at = await states.clock(conn)
    if limited_for is not None:
        reason = "the rate limit is not over yet"
        raise Upstream(TITLES[connector], reason, kind="rate_limit", retry_after=limited_for)
    identity = await _look_who_it_is(run, source, wish)
    account_ref = ref_of(connector, identity, source)
    async with run.transaction() as conn:
        await connections.identify(conn, project_id, connector, as_row(identity, account_ref))
        scope = Scope.of(await bindings.held(conn, project_id, connector, account_ref))
        counters["buried"] += await bury_what_left(conn, project_id, connector, account_ref, scope)
        await listings.sweep_old(conn, project_id)
    if scope.empty:
        return _elsewhere(connector, identity)
    offset = (identity.observed_at - now()) if identity.observed_at else timedelta(0)
    work = Work(
        run=run, connector=connector, source=source.reader, scope=scope, account_ref=account_ref,
        wish=wish, counters=counters, clock_offset=offset, at=at,
    )  # fmt: skip
    return Ready(work=work, identity=identity)


async def _anything_bound(run: JobRun, source: Source) -> bool:
    """Whether the project has a part of any account of this service."""
    async with run.transaction() as conn:
        if source.account_ref is not None:
            found = await bindings.held(conn, run.project_id, source.connector, source.account_ref)
            if found:
                return True
        return source.connector != "chatwoot" and await bindings.any_bound(
            conn, run.project_id, source.connector
        )


async def _bury(run: JobRun, source: Source, scope: Scope) -> int:
    async with run.transaction() as conn:
        return await bury_what_left(
            conn, run.project_id, source.connector, source.account_ref or "", scope
        )


async def _look_who_it_is(run: JobRun, source: Source, wish: Wish) -> Identity:
    """Refuse a token that would be served less than there is, and learn the server's clock."""
    try:
        return await source.reader.who_am_i()
    except Upstream as error:
        work = Work(
            run=run, connector=source.connector, source=source.reader,
            scope=Scope(whole=False), account_ref=source.account_ref or "", wish=wish,
        )  # fmt: skip
        await work.fail(work.streams[0].name, error)
        raise


async def _read_streams(work: Work, identity: Identity) -> bool:
    """Whether everything came through. Raises the failure that coming back is needed for."""
    clean = True
    needed: Upstream | None = None
    steps = STEPS[work.connector]()
    async with work.run.transaction() as conn:
        done = await states.done_by(conn, work.run.project_id, work.connector, work.run.run_id)
    for stream in work.streams:
        if stream.name in done:  # taken over from a worker that died: its pages are not asked again
            clean = clean and done[stream.name] == "ok"
            continue
        done = {}  # the streams after this one need what it is about to write
        if (scope := identity.missing.get(stream.name)) is not None:
            await lacks_permission(work, stream.name, scope)
            clean = False
            continue
        try:
            clean = await steps[stream.name](work) and clean
        except Upstream as error:
            alone = only_here(work, error)
            await work.fail(stream.name, error, alone=alone)
            if error.kind in SHARED and not alone:
                raise
            clean = False
            if stream.name in ESSENTIAL:
                needed = needed or error
    if needed is not None:
        raise needed
    return clean


def only_here(work: Work, error: Upstream) -> bool:
    """Attio refuses single endpoints when a permission is missing; the others go on."""
    return work.connector == "attio" and error.kind == "auth" and "HTTP 403" in error.reason


async def lacks_permission(work: Work, stream: str, scope: str) -> None:
    """Leave a stream as refused, for want of this permission."""
    title = TITLES[work.connector]
    verdict = Verdict(
        status="auth_failed",
        cause=f"The token of {title} lacks the permission {scope}.",
        next_step=f"Give the token the permission {scope} in {title}; what was copied stays.",
    )
    async with work.run.transaction() as conn:
        await states.settle(conn, work.run.project_id, work.connector, stream, verdict)


async def _rest(
    run: JobRun, connector: Connector, verdict: Verdict, counters: Counter[str]
) -> Result:
    """Nothing can be read: say so on every stream.

    The first rest of a project that was read before is a success: its copy was buried since, and
    only a success makes what is derived from the copy follow.
    """
    async with run.transaction() as conn:
        was_read = await states.was_read(conn, run.project_id, connector)
        for stream in STREAMS[connector]:
            await states.settle(conn, run.project_id, connector, stream.name, verdict)
    ended = verdict is UNBOUND[connector] and (was_read or counters["buried"])
    status: Outcome = "ok" if ended else "skipped"
    return Result(status=status, counters=_counters(counters), note=verdict.cause)


def _paused(connector: Connector, by: str) -> Verdict:
    return Verdict(
        status="disabled",
        cause=f"{by} paused {TITLES[connector]} for this project.",
        next_step="Enable it on the Connectors page or with `mayak connectors enable`.",
    )


def _misconfigured(error: Misconfigured) -> Verdict:
    return Verdict(
        status="auth_failed", cause=str(error), next_step="Mend the setting that is named here."
    )


def _elsewhere(connector: Connector, identity: Identity) -> Verdict:
    return Verdict(
        status="idle",
        cause=f"The credential is of {identity.account_name}; what this project is bound to is of "
        f"another account of {TITLES[connector]}.",
        next_step="Set the credential of that account, or bind parts of this one.",
    )


def _counters(counted: Counter[str]) -> dict[str, int]:
    """What the run did; a stream's own name counts its rows that changed."""
    names = {name.rpartition("_")[0] for name in counted if name.endswith("_written")}
    changed = {
        name: counted[f"{name}_written"] + counted[f"{name}_deleted"]
        for name in sorted(names | {"contacts", "conversations", "messages"})
    }
    return {**changed, **counted}
