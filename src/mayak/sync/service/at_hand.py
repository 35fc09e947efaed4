"""A source at hand: read by those who know what they want and have no time to ask who we are."""

from collections import Counter
from collections.abc import Iterable

from mayak.automation.model import JobRun
from mayak.errors import Misconfigured, Upstream
from mayak.kit.clock import now
from mayak.platform.db import Conn
from mayak.sync.model import TITLES, Connector, Scope
from mayak.sync.queries import bindings, errors, fields, states
from mayak.sync.service.driving import NO_CREDENTIALS, UNBOUND
from mayak.sync.service.sources import Source, Sources
from mayak.sync.service.work import Work


async def quick(
    run: JobRun,
    sources: Sources,
    connector: Connector,
    streams: Iterable[str],
    counters: Counter[str],
) -> Work | str:
    """What is needed to read records of these streams by id, without a request to the source.

    Whose credential it is was looked up by the last sync. Gives the reason when there is nothing to
    be read. Raises Upstream of kind rate_limit while the source wants to be left alone.
    """
    async with run.transaction() as conn:
        try:
            source = await sources.open(conn, run.project_id, connector)
        except Misconfigured as error:
            return str(error)
        if source is None:
            return NO_CREDENTIALS[connector].cause or ""
        return await _work(run, conn, source, streams, counters)


async def _work(
    run: JobRun, conn: Conn, source: Source, streams: Iterable[str], counters: Counter[str]
) -> Work | str:
    project_id, connector = run.project_id, source.connector
    if source.paused_by is not None:
        return f"{source.paused_by} paused {TITLES[connector]} for this project."
    if source.account_ref is None:
        return f"No sync has seen yet which account of {TITLES[connector]} this is."
    scope = Scope.of(await bindings.held(conn, project_id, connector, source.account_ref))
    if scope.empty:
        return UNBOUND[connector].cause or ""
    limited_for = await states.limited_for(conn, project_id, connector)
    if limited_for is not None:
        reason = "the rate limit is not over yet"
        raise Upstream(TITLES[connector], reason, kind="rate_limit", retry_after=limited_for)
    at = await states.clock(conn)
    work = Work(
        run=run, connector=connector, source=source.reader, scope=scope,
        account_ref=source.account_ref, counters=counters, clock_offset=at - now(), at=at,
    )  # fmt: skip
    await know(conn, work, streams)
    return work


async def know(conn: Conn, work: Work, streams: Iterable[str]) -> None:
    """Learn what of these streams fails and how its records look: the beginning of a stream without
    beginning it.
    """
    project_id, connector = work.run.project_id, work.connector
    for stream in streams:
        work.failing[stream] = await errors.failing(conn, project_id, connector, stream)
        work.drift[stream] = await fields.known(conn, project_id, connector, stream)
        if not await states.succeeded(conn, project_id, connector, stream):
            work.first.add(stream)
