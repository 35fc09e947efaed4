"""The cascade: a success starts what comes after it, at once, once, and knows what caused it."""

import asyncio
from uuid import uuid4

import pytest

from mayak.automation import service
from mayak.automation.model import JobRun, Result, Status, job
from mayak.errors import LeaseLost
from mayak.platform.db import Database, execute
from tests.automation.conftest import Desk, DeskOf, WorkOn

pytestmark = pytest.mark.anyio


@job("sync")
async def sync(_: JobRun) -> Result:
    return Result()


@job("signals", after=("sync",), queue="derive")
async def signals(_: JobRun) -> Result:
    return Result()


@job("health", after=("signals",))
async def health(_: JobRun) -> Result:
    return Result()


@pytest.fixture
async def desk(desk_of: DeskOf) -> Desk:
    made = desk_of(sync, signals, health)
    await made.ensure()
    return made


async def test_a_success_runs_down_the_whole_chain_and_each_run_knows_its_cause(
    work_on: WorkOn, database: Database
) -> None:
    async with work_on(sync, signals, health) as tower:
        first = await tower.trigger("sync")
        runs = await tower.settle()
    async with database.transaction(tower.project) as conn:
        near = await service.lineage(conn, runs[1])

    assert [run.job_type for run in runs] == ["sync", "signals", "health"]
    assert [run.trigger for run in runs] == ["manual", "cascade", "cascade"]
    assert runs[1].because == "sync ended"
    assert [[run.id for run in side] for side in (near.up, near.down)] == [[first.id], [runs[2].id]]


@pytest.mark.parametrize("status", ["ok", "partial"])
async def test_a_success_and_a_partial_one_start_what_comes_after(
    desk: Desk, status: Status
) -> None:
    cause = await desk.did("sync", status)

    (below,) = await desk.runs("signals")
    assert (below.status, below.upstream, below.queue) == ("queued", [cause], "derive")


@pytest.mark.parametrize("status", ["failed", "dead", "skipped", "cancelled"])
async def test_what_is_no_success_starts_nothing(desk: Desk, status: Status) -> None:
    await desk.did("sync", status)

    assert await desk.runs("signals") == []


async def test_a_hundred_successes_become_one_run_that_knows_them_all(desk: Desk) -> None:
    causes = [await desk.did("sync", payload={"page": page}) for page in range(100)]

    (below,) = await desk.runs("signals")
    assert below.upstream == causes


async def test_successes_of_a_hundred_jobs_in_one_commit_become_one_run(desk_of: DeskOf) -> None:
    sources = [job(f"source{number}")(sync.handler) for number in range(100)]
    end = job("end", after=tuple(one.name for one in sources))(sync.handler)
    desk = desk_of(*sources, end)
    claims = [await desk.start(one.name) for one in sources]

    await desk.end(claims)

    (below,) = await desk.runs("end")
    assert set(below.upstream) == {claim.id for claim in claims}


async def test_successes_in_many_commits_at_once_become_one_run(desk_of: DeskOf) -> None:
    sources = [job(f"source{number}")(sync.handler) for number in range(30)]
    end = job("end", after=tuple(one.name for one in sources))(sync.handler)
    desk = desk_of(*sources, end)
    claims = [await desk.start(one.name) for one in sources]

    await asyncio.gather(*(desk.end(claim) for claim in claims))

    (below,) = await desk.runs("end")
    assert sorted(map(str, below.upstream)) == sorted(str(claim.id) for claim in claims)


async def test_successes_while_the_downstream_goes_on_start_exactly_one_more(desk: Desk) -> None:
    await desk.did("sync")
    going = await desk.claim((await desk.runs("signals"))[0])
    causes = [await desk.did("sync") for _ in range(20)]

    await desk.end(going)

    first, second = await desk.runs("signals")
    assert (first.status, second.status) == ("ok", "queued")
    assert second.upstream == causes


@pytest.mark.parametrize("rest", ["paused", "suspended"])
async def test_a_downstream_that_rests_is_not_started(desk: Desk, rest: str) -> None:
    reason = "person" if rest == "paused" else "failures"
    await desk.sql(
        """UPDATE scheduled_jobs SET status = %(rest)s, pause_reason = %(reason)s
            WHERE job_type = 'signals'""",
        rest=rest,
        reason=reason,
    )

    await desk.did("sync")

    assert await desk.runs("signals") == []


async def test_a_success_that_is_recorded_twice_starts_one_run(desk: Desk) -> None:
    claim = await desk.start("sync")
    await desk.end(claim)
    going = await desk.claim((await desk.runs("signals"))[0])

    await desk.end(claim)
    await desk.end(claim, "failed")

    assert len(await desk.runs("signals")) == 1
    assert (await desk.run(claim.id)).status == "ok"
    await desk.end(going)


async def test_the_cascade_stays_in_its_project(desk: Desk, other_project: object) -> None:
    await desk.did("sync")

    theirs = desk.of(other_project)  # type: ignore[arg-type]
    assert await theirs.runs() == []


async def test_the_last_unit_of_work_and_the_end_of_its_run_are_one_commit(
    work_on: WorkOn, database: Database
) -> None:
    seen: list[tuple[str | None, str]] = []

    @job("sync")
    async def writes(run: JobRun) -> Result:
        async with run.transaction(ends=Result(status="partial", counters={"rows": 3})) as conn:
            await execute(conn, "UPDATE worker_runs SET because = 'Written'")
        async with database.transaction(run.project_id) as conn:
            one = await service.get(conn, run.run_id)
        seen.append((one.because, one.status))
        return Result(counters={"rows": 999})

    async with work_on(writes, signals) as tower:
        first = await tower.trigger("sync")
        runs = await tower.settle()

    assert seen == [("Written", "partial")]
    assert [(run.job_type, run.status) for run in runs] == [("sync", "partial"), ("signals", "ok")]
    assert runs[0].counters == {"rows": 3}
    assert runs[1].upstream == [first.id]


async def test_a_last_unit_of_work_that_fails_leaves_nothing(
    work_on: WorkOn, database: Database
) -> None:
    @job("sync")
    async def breaks(run: JobRun) -> Result:
        async with run.transaction(ends=Result()) as conn:
            await execute(conn, "UPDATE worker_runs SET because = 'Written'")
            raise ValueError("too late")
        return Result()

    async with work_on(breaks, signals) as tower:
        await tower.trigger("sync")
        (run,) = await tower.settle()

    assert (run.status, run.error_message, run.because) == ("failed", "ValueError: too late", None)


@pytest.mark.parametrize(
    "nonsense",
    [
        Result(status="failed"),  # type: ignore[arg-type]
        Result(counters={"a": 10**30}),
        Result(counters={"\ud800": 1}),
    ],
)
async def test_a_last_unit_of_work_with_a_result_that_is_none_leaves_nothing(
    work_on: WorkOn, database: Database, nonsense: Result
) -> None:
    @job("sync")
    async def breaks(run: JobRun) -> Result:
        async with run.transaction(ends=nonsense) as conn:
            await execute(conn, "UPDATE worker_runs SET because = 'Written'")
        return Result()

    async with work_on(breaks, signals) as tower:
        await tower.trigger("sync")
        (run,) = await tower.settle()

    assert (run.status, run.error_kind, run.because) == ("failed", "bug", None)


async def test_nothing_can_be_written_after_the_last_unit_of_work(work_on: WorkOn) -> None:
    refused = 0

    @job("sync")
    async def writes(run: JobRun) -> Result:
        nonlocal refused
        async with run.transaction(ends=Result()):
            pass
        for ends in (None, Result()):
            try:
                async with run.transaction(ends=ends):
                    pytest.fail("the run is over")
            except LeaseLost:
                refused += 1
        raise ValueError("it does not matter any more")

    async with work_on(writes, signals) as tower:
        await tower.trigger("sync")
        runs = await tower.settle()

    assert refused == 2
    assert [(run.job_type, run.status) for run in runs] == [("sync", "ok"), ("signals", "ok")]


async def test_a_run_that_was_given_to_another_cannot_end_by_its_last_unit_of_work(
    work_on: WorkOn, database: Database
) -> None:
    refused = asyncio.Event()

    @job("sync")
    async def late(run: JobRun) -> Result:
        async with database.transaction(run.project_id) as conn:
            await execute(conn, "UPDATE worker_runs SET lease_token = %(new)s", new=uuid4())
        try:
            async with run.transaction(ends=Result()) as conn:
                await execute(conn, "UPDATE worker_runs SET because = 'Written'")
        except LeaseLost:
            refused.set()
            raise
        return Result()

    async with work_on(late, signals) as tower:
        await tower.trigger("sync")
        await asyncio.wait_for(refused.wait(), 10)
        runs = await tower.runs()

    assert [(run.job_type, run.status, run.because) for run in runs] == [("sync", "running", None)]
