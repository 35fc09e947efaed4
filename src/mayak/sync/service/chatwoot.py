"""One sync of one project's part of a Chatwoot account."""

from collections.abc import Awaitable, Callable

from mayak.automation.model import JobRun, Result
from mayak.errors import Upstream
from mayak.kit.clock import now
from mayak.sync.model import STREAMS, Scope, Stream, Verdict
from mayak.sync.queries import bindings, states
from mayak.sync.service.access import ChatwootAccess
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

    Raises Upstream when that failed as a whole, after its state is recorded; what was written
    until then stays, and the next run goes on from there.
    """
    if access.connector is None or access.account_ref is None:
        return await _rest(run, NO_CREDENTIALS)
    async with run.transaction() as conn:
        scope = Scope.of(await bindings.bindings(conn, run.project_id, access.account_ref))
        limited_until = await states.limited_until(conn, run.project_id)
    if scope.empty:
        return await _rest(run, UNBOUND)
    if limited_until is not None:
        wait = limited_until - now()
        reason = "the rate limit is not over yet"
        raise Upstream(access.connector.name, reason, kind="rate_limit", retry_after=wait)
    work = Work(run=run, source=access.connector, scope=scope, account_ref=access.account_ref)
    await _look_who_it_is(work)
    clean = await _read_streams(work)
    async with run.transaction() as conn:
        await bindings.name_inboxes(conn, run.project_id, access.account_ref)
    return Result(status="ok" if clean else "partial", counters=_counters(work))


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


async def _rest(run: JobRun, verdict: Verdict) -> Result:
    """Nothing can be read: say so on every stream."""
    async with run.transaction() as conn:
        for stream in STREAMS:
            await states.settle(conn, run.project_id, stream, verdict)
    return Result(status="skipped", note=verdict.cause)


def _counters(work: Work) -> dict[str, int]:
    """What the run did; `contacts`, `conversations` and `messages` are rows that changed."""
    changed = {
        name: work.counters[f"{name}_written"] + work.counters[f"{name}_deleted"]
        for name in ("contacts", "conversations", "messages")
    }
    return {**changed, **work.counters}
