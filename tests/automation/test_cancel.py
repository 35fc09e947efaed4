"""A person ends runs, and has runs that ended done again."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from mayak.automation.model import JobRun, Result, Run, RunIsNotOver, RunIsOver, RunNotFound, job
from mayak.automation.service import cancel, execution, replay
from mayak.errors import LeaseLost, Upstream
from tests.automation.conftest import Desk, DeskOf, WorkOn, sound

pytestmark = pytest.mark.anyio


@job("sync")
async def sync(_: JobRun) -> Result:
    return Result()


@pytest.fixture
async def desk(desk_of: DeskOf) -> Desk:
    made = desk_of(sync, sound)
    await made.ensure()
    return made


async def cancelled(desk: Desk, run_id: UUID) -> Run:
    async with desk.database.transaction(desk.project) as conn:
        return await cancel(conn, desk.project, run_id)


async def replayed(desk: Desk, run_id: UUID) -> Run:
    async with desk.database.transaction(desk.project) as conn:
        return await replay(conn, desk.registry, desk.project, run_id, because="ann")


async def test_a_run_that_waits_ends_at_once(desk: Desk) -> None:
    run = await cancelled(desk, (await desk.trigger("sync")).id)

    assert (run.status, run.reason, run.started_at) == ("cancelled", "cancelled", None)
    assert run.finished_at is not None
    assert (await desk.trigger("sync")).id != run.id


async def test_a_run_that_goes_on_is_told_and_ends_cancelled(work_on: WorkOn) -> None:
    going, cleaned = asyncio.Event(), False

    @job("long")
    async def long(_: JobRun) -> Result:
        nonlocal cleaned
        going.set()
        try:
            await asyncio.Event().wait()
        finally:
            cleaned = True
        return Result()

    async with work_on(long, sound) as tower:
        run = await tower.trigger("long")
        await going.wait()
        told = await cancelled(tower, run.id)
        ended = await tower.ended(run)
        assert (await tower.ended(await tower.trigger("sound"))).status == "ok"

    assert (told.status, told.cancel_requested_at is not None) == ("running", True)
    assert (ended.status, ended.reason, ended.error_kind) == ("cancelled", "cancelled", None)
    assert cleaned


async def test_a_run_that_will_not_end_is_left_behind_and_can_write_nothing_any_more(
    work_on: WorkOn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution, "GRACE", 0.1)
    going, release, refused = asyncio.Event(), asyncio.Event(), asyncio.Event()

    @job("stubborn")
    async def stubborn(run: JobRun) -> Result:
        going.set()
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue
        try:
            async with run.transaction(ends=Result()):
                pass
        except LeaseLost:
            refused.set()
        return Result()

    async with work_on(stubborn, sound) as tower:
        run = await tower.trigger("stubborn")
        await going.wait()
        await cancelled(tower, run.id)
        assert (await tower.ended(run)).status == "cancelled"
        assert (await tower.ended(await tower.trigger("sound"))).status == "ok"
        release.set()
        await asyncio.wait_for(refused.wait(), 10)
        assert (await tower.run(run.id)).status == "cancelled"


async def test_a_run_that_is_over_cannot_be_cancelled(desk: Desk) -> None:
    run_id = await desk.did("sync")

    with pytest.raises(RunIsOver, match="is already ok"):
        await cancelled(desk, run_id)


async def test_a_run_that_was_to_end_does_not_start_again_when_it_fails(desk: Desk) -> None:
    claim = await desk.start("sync")
    await cancelled(desk, claim.id)
    await cancelled(desk, claim.id)

    await desk.end(claim, "failed")

    assert [run.status for run in await desk.runs()] == ["failed"]


async def test_a_run_that_was_to_end_ends_cancelled_though_a_newer_one_waits(
    work_on: WorkOn,
) -> None:
    going, fail = asyncio.Event(), asyncio.Event()

    @job("flaky")
    async def flaky(_: JobRun) -> Result:
        if fail.is_set():
            return Result()
        going.set()
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        fail.set()
        raise Upstream("Chatwoot", "HTTP 502", "server", timedelta(0))

    async with work_on(flaky) as tower:
        run = await tower.trigger("flaky")
        await going.wait()
        newer = await tower.trigger("flaky")
        await cancelled(tower, run.id)
        ended = await tower.ended(run)

        assert (ended.status, ended.reason) == ("cancelled", "cancelled")
        assert (await tower.ended(newer)).status == "ok"


async def test_jobs_of_one_lane_go_on_one_after_another(work_on: WorkOn) -> None:
    busy, most = 0, 0

    async def work(_: JobRun) -> Result:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0.02)
        busy -= 1
        return Result()

    types = [job(f"job{number}", lane="shared")(work) for number in range(8)]
    async with work_on(*types) as tower:
        for one in types:
            await tower.trigger(one.name)
            await tower.trigger(one.name, payload={"page": 1})
        runs = await tower.settle()

    assert (len(runs), most) == (16, 1)


async def test_what_another_project_does_cannot_be_ended_or_done_again(
    desk: Desk, other_project: UUID
) -> None:
    theirs = desk.of(other_project)
    waiting = await theirs.trigger("sync")
    for run_id in (waiting.id, uuid4()):
        with pytest.raises(RunNotFound):
            await cancelled(desk, run_id)
        with pytest.raises(RunNotFound):
            await replayed(desk, run_id)

    assert (await theirs.run(waiting.id)).status == "queued"


@pytest.mark.parametrize("status", ["ok", "partial", "failed", "dead", "skipped", "cancelled"])
async def test_a_run_that_ended_is_done_again_with_its_payload(desk: Desk, status: str) -> None:
    old = await desk.did("sync", status, payload={"page": 7})  # type: ignore[arg-type]

    new = await replayed(desk, old)

    assert (new.status, new.trigger, new.payload) == ("queued", "retry", {"page": 7})
    assert (new.upstream, new.because) == ([old], "ann")


@pytest.mark.parametrize("status", ["failed", "dead"])
async def test_a_failed_run_that_was_done_again_is_not_done_twice(desk: Desk, status: str) -> None:
    old = await desk.did("sync", status)  # type: ignore[arg-type]
    first = await replayed(desk, old)
    assert (await replayed(desk, old)).id == first.id

    await desk.end(await desk.claim(first))

    assert (await replayed(desk, old)).id == first.id
    assert (await desk.run(old)).resolution == "replayed"
    assert len(await desk.runs()) == 2


async def test_many_people_at_once_do_a_failed_run_again_once(desk: Desk) -> None:
    old = await desk.did("sync", "failed")

    runs = await asyncio.gather(*(replayed(desk, old) for _ in range(12)))

    assert len({run.id for run in runs}) == 1
    assert runs[0].upstream[0] == old


async def test_the_causes_of_a_run_are_listed_once_each(desk: Desk) -> None:
    old = await desk.did("sync")
    for _ in range(3):
        await replayed(desk, old)

    assert (await desk.runs())[-1].upstream == [old]


async def test_a_run_that_goes_on_or_waits_cannot_be_done_again(desk: Desk) -> None:
    claim = await desk.start("sync")
    waiting = await desk.trigger("sync")

    for run_id, state in ((claim.id, "running"), (waiting.id, "queued")):
        with pytest.raises(RunIsNotOver, match=state):
            await replayed(desk, run_id)


async def test_many_cancellations_at_once_end_a_run_once(desk: Desk) -> None:
    run = await desk.trigger("sync")

    told = await asyncio.gather(
        *(cancelled(desk, run.id) for _ in range(10)), return_exceptions=True
    )

    assert sum(isinstance(one, Run) for one in told) == 1
    assert sum(isinstance(one, RunIsOver) for one in told) == 9
