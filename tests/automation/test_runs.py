"""Runs on a real worker and a real queue."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from mayak.automation.model import JobRun, Registry, Result, UnknownJobType, job
from mayak.automation.service import trigger
from mayak.errors import LeaseLost, Upstream, UpstreamRejected
from mayak.platform.db import Database, execute
from tests.automation.conftest import WorkOn

pytestmark = pytest.mark.anyio


@job("sync")
async def sync(run: JobRun) -> Result:
    await run.progress(1, 2, "pages")
    return Result(counters={"rows": 7})


@job("embed", after=("sync",))
async def embed(run: JobRun) -> Result:
    return Result()


async def test_a_triggered_run_ends_and_starts_what_comes_after_it(work_on: WorkOn) -> None:
    async with work_on(sync, embed) as tower:
        first = await tower.trigger("sync")
        runs = await tower.settle()

    assert [(run.job_type, run.status, run.trigger) for run in runs] == [
        ("sync", "ok", "manual"),
        ("embed", "ok", "cascade"),
    ]
    assert runs[0].counters == {"rows": 7}
    assert runs[1].upstream == [first.id]


async def test_triggers_that_arrive_while_one_waits_become_that_one(
    database: Database, project: UUID
) -> None:
    registry = Registry([sync])
    async with database.transaction(project) as conn:
        first = await trigger(conn, registry, project, "sync")
    async with database.transaction(project) as conn:
        second = await trigger(conn, registry, project, "sync")

    assert first.id == second.id


async def test_a_trigger_during_a_run_causes_exactly_one_more_after_it(work_on: WorkOn) -> None:
    going, release, busy = asyncio.Event(), asyncio.Event(), 0

    @job("slow")
    async def slow(run: JobRun) -> Result:
        nonlocal busy
        busy += 1
        assert busy == 1, "two runs of one job at once"
        going.set()
        await release.wait()
        busy -= 1
        return Result()

    async with work_on(slow) as tower:
        await tower.trigger("slow")
        await going.wait()
        await asyncio.gather(*(tower.trigger("slow") for _ in range(20)))
        await asyncio.sleep(0.3)
        release.set()
        runs = await tower.settle()

    assert [run.status for run in runs] == ["ok", "ok"]


async def test_a_refused_request_fails_at_once_and_says_why(work_on: WorkOn) -> None:
    @job("refused")
    async def refused(run: JobRun) -> Result:
        raise UpstreamRejected("Chatwoot", "Invalid Access Token", "auth")

    async with work_on(refused) as tower:
        await tower.trigger("refused")
        (run,) = await tower.settle()

    assert (run.status, run.error_kind) == ("failed", "auth")
    assert run.error_message == "Chatwoot refused the request: Invalid Access Token"


async def test_a_failing_service_is_tried_again_when_it_said(work_on: WorkOn) -> None:
    tries = 0

    @job("flaky", max_attempts=3)
    async def flaky(run: JobRun) -> Result:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise Upstream("Chatwoot", "busy", "server", timedelta(seconds=0))
        return Result()

    async with work_on(flaky) as tower:
        await tower.trigger("flaky")
        (run,) = await tower.settle()

    assert (run.status, run.attempt, tries) == ("ok", 3, 3)


async def test_to_be_told_to_wait_uses_no_attempt_up(work_on: WorkOn) -> None:
    tries = 0

    @job("limited", max_attempts=2)
    async def limited(run: JobRun) -> Result:
        nonlocal tries
        tries += 1
        if tries < 6:
            raise Upstream("Chatwoot", "slow down", "rate_limit", timedelta(seconds=0))
        return Result()

    async with work_on(limited) as tower:
        await tower.trigger("limited")
        (run,) = await tower.settle()

    assert (run.status, run.attempt, tries) == ("ok", 1, 6)


async def test_a_run_that_waits_inherits_the_time_to_wait(work_on: WorkOn) -> None:
    asked = asyncio.Event()

    @job("limited")
    async def limited(run: JobRun) -> Result:
        asked.set()
        await asyncio.sleep(0.3)
        raise Upstream("Chatwoot", "slow down", "rate_limit", timedelta(hours=1))

    async with work_on(limited) as tower:
        await tower.trigger("limited")
        await asked.wait()
        await tower.trigger("limited")
        await asyncio.sleep(1)
        first, second = await tower.runs()

    assert (first.status, second.status) == ("failed", "queued")
    assert second.not_before
    assert second.not_before - second.queued_at > timedelta(minutes=59)
    assert second.error_message == first.error_message


async def test_a_service_that_never_recovers_ends_dead_with_its_error(work_on: WorkOn) -> None:
    @job("down", max_attempts=2)
    async def down(run: JobRun) -> Result:
        raise Upstream("Chatwoot", "HTTP 502", "server", timedelta(seconds=0))

    async with work_on(down) as tower:
        await tower.trigger("down")
        (run,) = await tower.settle()

    assert (run.status, run.attempt, run.error_kind) == ("dead", 2, "server")


@pytest.mark.parametrize("nonsense", [None, 7, "ok"])
async def test_a_handler_that_returns_nonsense_fails_its_run_only(
    work_on: WorkOn, nonsense: object
) -> None:
    @job("odd")
    async def odd(run: JobRun) -> Result:
        return nonsense  # type: ignore[return-value]

    async with work_on(odd, sync) as tower:
        await tower.trigger("odd")
        await tower.trigger("sync")
        runs = await tower.settle()

    assert {run.job_type: run.status for run in runs} == {"odd": "failed", "sync": "ok"}


async def test_a_bug_fails_its_run_and_the_worker_goes_on(work_on: WorkOn) -> None:
    @job("buggy")
    async def buggy(run: JobRun) -> Result:
        raise ZeroDivisionError

    async with work_on(buggy, sync) as tower:
        await tower.trigger("buggy")
        await tower.settle()
        await tower.trigger("sync")
        runs = await tower.settle()

    assert [(run.status, run.error_kind) for run in runs] == [("failed", "bug"), ("ok", None)]


async def test_a_run_that_takes_too_long_is_cancelled(work_on: WorkOn) -> None:
    @job("hangs", timeout=timedelta(milliseconds=50), max_attempts=1)
    async def hangs(run: JobRun) -> Result:
        await asyncio.sleep(3600)
        return Result()

    async with work_on(hangs) as tower:
        await tower.trigger("hangs")
        (run,) = await tower.settle()

    assert (run.status, run.error_kind) == ("dead", "timeout")


async def test_a_worker_that_lost_its_lease_commits_nothing(
    work_on: WorkOn, database: Database, project: UUID
) -> None:
    refused = asyncio.Event()

    @job("paused")
    async def paused(run: JobRun) -> Result:
        async with database.transaction(project) as conn:
            await execute(conn, "UPDATE worker_runs SET lease_token = gen_random_uuid()")
        try:
            async with run.transaction() as conn:
                await execute(conn, "UPDATE worker_runs SET because = 'written without a lease'")
        except LeaseLost:
            refused.set()
            raise
        return Result()

    async with work_on(paused) as tower:
        await tower.trigger("paused")
        await asyncio.wait_for(refused.wait(), 30)
        (run,) = await tower.runs()

    assert (run.status, run.because) == ("running", None)


async def test_a_stopped_worker_hands_its_run_back_for_the_next_one(work_on: WorkOn) -> None:
    starts = 0

    @job("long")
    async def long(run: JobRun) -> Result:
        nonlocal starts
        starts += 1
        if starts == 1:
            await asyncio.sleep(3600)
        return Result()

    async with work_on(long) as tower:
        await tower.trigger("long")
        await asyncio.sleep(0.3)
    async with work_on(long) as tower:
        (run,) = await tower.settle()

    assert (run.status, run.attempt, starts) == ("ok", 1, 2)


async def test_an_unknown_job_type_is_named_in_the_error(database: Database, project: UUID) -> None:
    with pytest.raises(UnknownJobType, match=r"no job type embod; there are sync"):
        async with database.transaction(project) as conn:
            await trigger(conn, Registry([sync]), project, "embod")
