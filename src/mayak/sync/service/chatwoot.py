"""One sync of one project's part of a Chatwoot account."""

from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

from mayak.automation.model import JobRun, Outcome, Result
from mayak.connectors.chatwoot import Chatwoot
from mayak.errors import Upstream
from mayak.kit.clock import now
from mayak.sync.model import STREAMS, BindingsChanged, Scope, Stream, Verdict
from mayak.sync.queries import bindings, states
from mayak.sync.service.access import ChatwootAccess
from mayak.sync.service.bindings import bury_what_left
from mayak.sync.service.listing import sync_contacts, sync_conversations, sync_inboxes
from mayak.sync.service.walking import sync_messages
from mayak.sync.service.work import SHARED, Work

STEPS: dict[Stream, Callable[[Work], Awaitable[bool]]] = {
    "inboxes": sync_inboxes,
    "contacts": sync_contacts,
    "conversations": sync_conversations,
    "messages": sync_messages,
}
NO_CREDENTIALS = Verdict(
    status="disabled",
    cause="No Chatwoot credentials are configured.",
    next_step="Set CHATWOOT_BASE_URL, CHATWOOT_API_TOKEN and CHATWOOT_ACCOUNT_ID.",
)
UNBOUND = Verdict(
    status="idle",
    cause="No inbox belongs to this project yet.",
    next_step="Bind one with `mayak project bind`.",
)
ESSENTIAL: frozenset[Stream] = frozenset({"conversations", "messages"})


async def sync_chatwoot(run: JobRun, access: ChatwootAccess) -> Result:
    """Bring the project's copy up to date with its part of the account.

    Starts over when what belongs to the project changes meanwhile. Raises Upstream when the sync
    failed as a whole, after its state is recorded; what was written until then stays, and the
    next run goes on from there.
    """
    if access.connector is None or access.account_ref is None:
        return await _rest(run, NO_CREDENTIALS, Counter())
    counters = Counter[str]()
    while True:  # a further round takes somebody who changes the bindings once more
        with suppress(BindingsChanged):
            return await _sync_what_is_bound(run, access.connector, access.account_ref, counters)


async def _sync_what_is_bound(
    run: JobRun, source: Chatwoot, account_ref: str, counters: Counter[str]
) -> Result:
    """Raises BindingsChanged as soon as something else is bound."""
    async with run.transaction() as conn:
        scope = Scope.of(await bindings.held(conn, run.project_id, account_ref))
        buried = await bury_what_left(conn, run.project_id, account_ref, scope)
        limited_for = await states.limited_for(conn, run.project_id)
    if buried:
        counters["buried"] += buried
    if scope.empty:
        return await _rest(run, UNBOUND, counters)
    if limited_for is not None:
        reason = "the rate limit is not over yet"
        raise Upstream(source.name, reason, kind="rate_limit", retry_after=limited_for)
    work = Work(run=run, source=source, scope=scope, account_ref=account_ref, counters=counters)
    await _look_who_it_is(work)
    clean = await _read_streams(work)
    async with work.writing() as conn:
        await bindings.name_inboxes(conn, run.project_id, account_ref)
    return Result(status="ok" if clean else "partial", counters=_counters(counters))


async def _look_who_it_is(work: Work) -> None:
    """Refuse a token that would be served less than there is, and learn the server's clock."""
    try:
        profile = await work.source.who_am_i()
    except Upstream as error:
        await work.fail(STREAMS[0], error)
        raise
    if profile.observed_at is not None:
        work.clock_offset = profile.observed_at - now()


async def _read_streams(work: Work) -> bool:
    """Whether everything came through. Raises the failure that coming back is needed for."""
    clean = True
    needed: Upstream | None = None
    async with work.run.transaction() as conn:
        done = await states.done_by(conn, work.run.project_id, work.run.run_id)
    for stream in STREAMS:
        if stream in done:  # taken over from a worker that died: its pages are not asked again
            clean = clean and done[stream] == "ok"
            continue
        done = {}  # the streams after this one need what it is about to write
        try:
            clean = await STEPS[stream](work) and clean
        except Upstream as error:
            await work.fail(stream, error)
            if error.kind in SHARED:
                raise
            clean = False
            if stream in ESSENTIAL:
                needed = needed or error
    if needed is not None:
        raise needed
    return clean


async def _rest(run: JobRun, verdict: Verdict, counters: Counter[str]) -> Result:
    """Nothing can be read: say so on every stream.

    The first rest of a project that was read before is a success: its copy was buried since, and
    only a success makes what is derived from the copy follow.
    """
    async with run.transaction() as conn:
        was_read = await states.was_read(conn, run.project_id)
        for stream in STREAMS:
            await states.settle(conn, run.project_id, stream, verdict)
    ended = verdict is UNBOUND and (was_read or counters["buried"])
    status: Outcome = "ok" if ended else "skipped"
    return Result(status=status, counters=_counters(counters), note=verdict.cause)


def _counters(counted: Counter[str]) -> dict[str, int]:
    """What the run did; `contacts`, `conversations` and `messages` are rows that changed."""
    changed = {
        name: counted[f"{name}_written"] + counted[f"{name}_deleted"]
        for name in ("contacts", "conversations", "messages")
    }
    return {**changed, **counted}
