"""LIGHTRAG_ONLY: six legacy jobs rest while it is 1, and only the flag's own rest ends with it."""

from datetime import timedelta

import pytest

from mayak.automation.model import HeldByFlag, JobRun, Registry, Result, job
from mayak.automation.service import obey_flag, replay, run_now
from mayak.entry.wiring import job_types
from mayak.platform.db import Database
from tests.automation.conftest import Desk, DeskOf, WorkOn

pytestmark = pytest.mark.anyio

LEGACY = {
    "kag_recommendations_refresh",
    "kag_v2_recommendations_refresh",
    "kag_v2_forecast_refresh",
    "kag_daily_pipeline",
    "case_signatures_refresh",
    "project_snapshot_daily",
}


@job("signals")
async def signals(_: JobRun) -> Result:
    return Result()


@job("kag", every=timedelta(hours=1), after=("signals",), legacy=True)
async def kag(_: JobRun) -> Result:
    return Result()


@pytest.fixture
def free(desk_of: DeskOf) -> Desk:
    """A project while the flag is 0."""
    return desk_of(signals, kag)


@pytest.fixture
def held(desk_of: DeskOf) -> Desk:
    """The same project while the flag is 1."""
    return desk_of(signals, kag, lightrag_only=True)


async def test_the_six_legacy_jobs_rest_under_the_flag_and_wake_without_it(
    desk_of: DeskOf, database: Database, project: object
) -> None:
    desk = desk_of()
    desk.registry = job_types(lightrag_only=False)
    await desk.ensure()

    assert await obey_flag(database, job_types(lightrag_only=True)) == 6
    found = await desk.schedules()
    assert {name for name, one in found.items() if one.pause_reason == "lightrag_only"} == LEGACY
    assert {one.status for name, one in found.items() if name not in LEGACY} == {"active"}

    assert await obey_flag(database, job_types(lightrag_only=False)) == 6
    assert {one.status for one in (await desk.schedules()).values()} == {"active"}


async def test_a_project_that_is_made_under_the_flag_begins_with_legacy_jobs_at_rest(
    held: Desk,
) -> None:
    await held.ensure()

    found = await held.schedules()
    assert (found["kag"].status, found["kag"].pause_reason) == ("paused", "lightrag_only")
    assert found["signals"].status == "active"


async def test_a_woken_legacy_job_runs_at_a_slot_ahead_of_it(
    held: Desk, free: Desk, database: Database
) -> None:
    await held.ensure()
    await held.sql("UPDATE scheduled_jobs SET next_run_at = now() - interval '9 days'")

    await obey_flag(database, free.registry)
    await free.tick()

    assert await free.runs("kag") == []
    assert (await free.schedule("kag")).status == "active"


@pytest.mark.parametrize("when", ["before", "while"])
async def test_a_legacy_job_that_a_person_paused_stays_paused_after_the_flag(
    free: Desk, held: Desk, database: Database, when: str
) -> None:
    await free.ensure()
    if when == "before":
        await free.pause("kag")
    await obey_flag(database, held.registry)
    if when == "while":
        await held.pause("kag")

    await obey_flag(database, free.registry)

    found = await free.schedule("kag")
    assert (found.status, found.pause_reason) == ("paused", "person")


async def test_waking_all_jobs_leaves_to_the_flag_what_is_the_flags(
    free: Desk, held: Desk, database: Database
) -> None:
    await free.ensure()
    await free.pause_all()
    await obey_flag(database, held.registry)

    assert await held.resume_all() == ["signals"]
    assert (await held.schedule("kag")).pause_reason == "lightrag_only"
    await obey_flag(database, free.registry)
    assert (await free.schedule("kag")).status == "active"


async def test_a_legacy_job_cannot_be_woken_or_run_under_the_flag(
    held: Desk, database: Database
) -> None:
    await held.ensure()
    with pytest.raises(HeldByFlag, match="kag rests while LIGHTRAG_ONLY is 1"):
        await held.resume("kag")
    with pytest.raises(HeldByFlag):
        async with database.transaction(held.project) as conn:
            await run_now(conn, held.registry, held.project, "kag", because="ann")

    assert await held.runs() == []


async def test_an_upstream_starts_no_legacy_job_under_the_flag(held: Desk) -> None:
    await held.ensure()
    await held.did("signals")

    assert await held.runs("kag") == []


async def test_an_upstream_starts_no_legacy_job_of_a_project_that_was_just_made(held: Desk) -> None:
    assert await held.schedules() == {}
    await held.did("signals")

    assert await held.runs("kag") == []


async def test_a_legacy_run_that_waited_when_the_flag_came_does_not_start(
    free: Desk, database: Database, work_on: WorkOn
) -> None:
    await free.ensure()
    await free.trigger("kag", by="schedule")
    await obey_flag(database, Registry([signals, kag], lightrag_only=True))

    async with work_on(signals, kag, lightrag_only=True) as tower:
        await tower.ended(await tower.trigger("signals"))
        (run,) = await tower.runs("kag")

    assert run.status in {"queued", "cancelled"}


async def test_a_legacy_run_cannot_be_replayed_under_the_flag(
    free: Desk, held: Desk, database: Database
) -> None:
    await free.ensure()
    failed = await free.did("kag", "failed")

    with pytest.raises(HeldByFlag):
        async with database.transaction(held.project) as conn:
            await replay(conn, held.registry, held.project, failed, because="ann")
