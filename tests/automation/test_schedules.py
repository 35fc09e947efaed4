"""Schedules: they come with a project, rest and wake, and change as people or a release say."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from mayak.automation.model import (
    JobRun,
    NoRhythm,
    Result,
    Rhythm,
    UnknownJobType,
    job,
)
from mayak.automation.service import Change
from mayak.automation.service.schedules import keep
from mayak.entry.wiring import job_types
from mayak.errors import InvalidInput, Upstream
from mayak.kit.clock import now
from mayak.platform.db import Database, fetch_value
from tests.automation.conftest import Desk, DeskOf, WorkOn
from tests.conftest import new_project

pytestmark = pytest.mark.anyio

QUARTER = timedelta(minutes=15)


@job("sync", every=QUARTER)
async def sync(_: JobRun) -> Result:
    return Result()


@job("digest", cron="0 8 * * *")
async def digest(_: JobRun) -> Result:
    return Result()


@job("after_sync", after=("sync",))
async def after_sync(_: JobRun) -> Result:
    return Result()


@pytest.fixture
async def desk(desk_of: DeskOf) -> Desk:
    made = desk_of(sync, digest, after_sync)
    await made.ensure()
    return made


async def in_zone(desk: Desk, zone: str) -> None:
    async with desk.database.system_transaction() as conn:
        await conn.execute("UPDATE projects SET time_zone = %s", (zone,))


async def test_a_project_has_every_schedule_of_the_release_and_they_begin_in_the_future(
    desk: Desk,
) -> None:
    found = await desk.schedules()

    assert set(found) == {"sync", "digest", "after_sync"}
    assert {one.status for one in found.values()} == {"active"}
    assert now() < (found["sync"].next_run_at or now()) <= now() + QUARTER
    assert str(found["digest"].next_run_at)[11:19] == "08:00:00"
    assert found["after_sync"].next_run_at is None
    assert await desk.ensure() == 0


async def test_every_project_gets_its_schedules_without_being_asked(
    desk: Desk, database: Database, other_project: UUID
) -> None:
    await keep(database, desk.registry, at=None)

    assert len(await desk.of(other_project).schedules()) == 3


async def test_schedules_that_are_written_from_many_sides_at_once_are_written_once(
    desk_of: DeskOf, database: Database
) -> None:
    for number in range(12):
        await new_project(database, f"Client{number}")
    desk = desk_of()
    desk.registry = job_types()

    await asyncio.gather(
        *(keep(database, desk.registry, at=None) for _ in range(4)),
        *(desk.ensure() for _ in range(4)),
    )

    async with database.system_transaction() as conn:
        count = await fetch_value(conn, "SELECT count(*) FROM scheduled_jobs")
    assert count == 13 * len(desk.registry)


async def test_a_job_that_rests_says_since_when_and_by_whom_and_wakes_at_its_next_slot(
    desk: Desk,
) -> None:
    await desk.pause("sync", by="ann@studio.example")
    resting = await desk.schedule("sync")
    assert (resting.status, resting.pause_reason) == ("paused", "person")
    assert (resting.paused_by, resting.paused_at is not None) == ("ann@studio.example", True)

    await desk.resume("sync")
    woken = await desk.schedule("sync")
    assert (woken.status, woken.pause_reason, woken.paused_by) == ("active", None, None)
    assert now() < (woken.next_run_at or now()) <= now() + QUARTER


async def test_a_run_that_waits_is_withdrawn_when_its_job_is_paused(desk: Desk) -> None:
    await desk.trigger("sync", by="schedule")
    await desk.trigger("digest")

    await desk.pause("sync")
    await desk.pause("digest")

    (withdrawn,), (asked,) = await desk.runs("sync"), await desk.runs("digest")
    assert (withdrawn.status, withdrawn.reason) == ("cancelled", "paused")
    assert asked.status == "queued", "somebody asked for it by hand"


async def test_a_run_that_a_person_asked_for_while_it_waited_is_not_withdrawn(desk: Desk) -> None:
    await desk.trigger("sync", by="schedule")
    await desk.trigger("sync", by="manual")

    await desk.pause("sync")

    assert [run.status for run in await desk.runs("sync")] == ["queued"]


async def test_all_jobs_rest_and_wake_together_but_what_rested_before_goes_on_resting(
    desk: Desk,
) -> None:
    await desk.pause("digest")

    assert await desk.pause_all() == ["after_sync", "sync"]
    assert await desk.pause_all() == []
    assert sorted(await desk.resume_all()) == ["after_sync", "sync"]

    found = await desk.schedules()
    assert {name for name, one in found.items() if one.status == "paused"} == {"digest"}


async def test_a_job_that_a_person_pauses_while_all_rest_goes_on_resting(desk: Desk) -> None:
    await desk.pause_all()
    await desk.pause("sync")

    await desk.resume_all()

    assert (await desk.schedule("sync")).pause_reason == "person"


async def test_pausing_all_jobs_of_a_project_touches_no_other(
    desk: Desk, other_project: UUID
) -> None:
    theirs = desk.of(other_project)
    await theirs.ensure()

    await desk.pause_all()

    assert {one.status for one in (await theirs.schedules()).values()} == {"active"}


async def test_a_cadence_becomes_a_cron_and_is_reset(desk: Desk) -> None:
    changed = await desk.change(
        "sync", Change(rhythm=Rhythm(cron="30 9 * * *"), time_zone="Asia/Kolkata")
    )
    assert (changed.cadence_seconds, changed.cron, changed.custom) == (None, "30 9 * * *", True)
    assert str(changed.next_run_at)[11:16] == "04:00"

    reset = await desk.change("sync", Change(reset=True))
    assert (reset.cadence_seconds, reset.cron, reset.custom) == (900, None, False)
    assert reset.time_zone == "UTC"


async def test_a_job_without_a_rhythm_can_be_given_one(desk: Desk) -> None:
    changed = await desk.change("after_sync", Change(rhythm=Rhythm(every=timedelta(hours=1))))
    assert changed.next_run_at is not None

    assert (await desk.change("after_sync", Change(reset=True))).next_run_at is None


async def test_what_is_left_out_of_a_change_stays(desk: Desk) -> None:
    before = await desk.schedule("sync")
    after = await desk.change("sync", Change(overlap="skip", catchup="all"))

    assert (after.overlap, after.catchup) == ("skip", "all")
    assert (after.next_run_at, after.cadence_seconds) == (before.next_run_at, 900)
    assert not after.custom
    assert await desk.change("sync", Change()) == after


async def test_changing_a_cadence_there_and_back_changes_nothing(desk: Desk) -> None:
    await desk.change("sync", Change(rhythm=Rhythm(every=timedelta(hours=7))))
    back = await desk.change("sync", Change(rhythm=Rhythm(every=QUARTER)))

    fresh = await desk.change("sync", Change(reset=True))
    assert back.next_run_at == fresh.next_run_at


async def test_a_change_that_cannot_be_kept_is_refused(desk: Desk) -> None:
    for zone in ("Mars/Olympus", "Europe", "", "../etc/passwd", "\x00", "x" * 60):
        with pytest.raises(InvalidInput, match="time_zone"):
            await desk.change("digest", Change(time_zone=zone))
    with pytest.raises(NoRhythm):
        await desk.change("after_sync", Change(time_zone="Europe/Berlin"))
    with pytest.raises(UnknownJobType):
        await desk.change("nothing", Change(overlap="skip"))


async def test_a_cadence_that_a_person_chose_survives_a_release_that_declares_another(
    desk: Desk,
) -> None:
    await desk.change("sync", Change(rhythm=Rhythm(every=timedelta(hours=2))))

    @job("sync", every=timedelta(minutes=5))
    async def faster(_: JobRun) -> Result:
        return Result()

    release = desk.under(faster, digest, after_sync)
    assert await release.ensure() == 0
    assert (await desk.schedule("sync")).cadence_seconds == 7200
    await release.change("sync", Change(reset=True))
    assert (await desk.schedule("sync")).cadence_seconds == 300


async def test_a_cadence_that_nobody_chose_follows_the_release(desk: Desk) -> None:
    @job("sync", cron="0 6 * * *")
    async def daily(_: JobRun) -> Result:
        return Result()

    await desk.pause("sync")
    await desk.under(daily, digest, after_sync).ensure()

    followed = await desk.schedule("sync")
    assert (followed.cadence_seconds, followed.cron) == (None, "0 6 * * *")
    assert (followed.status, followed.pause_reason) == ("paused", "person")


async def test_a_cron_moves_with_the_zone_of_its_project_unless_a_person_chose_it(
    desk: Desk,
) -> None:
    await in_zone(desk, "Asia/Kolkata")
    await desk.ensure()
    assert str((await desk.schedule("digest")).next_run_at)[11:16] == "02:30"

    await desk.change("digest", Change(time_zone="Europe/Moscow"))
    await in_zone(desk, "UTC")
    await desk.ensure()
    assert str((await desk.schedule("digest")).next_run_at)[11:16] == "05:00"


async def test_a_change_of_something_else_does_not_keep_a_cron_in_the_old_zone(desk: Desk) -> None:
    await in_zone(desk, "Asia/Kolkata")
    await desk.change("digest", Change(overlap="skip"))

    await desk.ensure()

    assert str((await desk.schedule("digest")).next_run_at)[11:16] == "02:30"


async def test_a_cron_is_in_the_zone_of_the_project_when_nobody_chose_one(desk: Desk) -> None:
    await desk.change("sync", Change(rhythm=Rhythm(every=timedelta(hours=1))))
    await in_zone(desk, "Asia/Kolkata")

    changed = await desk.change("sync", Change(rhythm=Rhythm(cron="0 8 * * *")))

    assert (changed.time_zone, str(changed.next_run_at)[11:16]) == ("Asia/Kolkata", "02:30")


async def test_ten_failed_runs_in_a_row_suspend_a_job_and_nine_do_not(desk: Desk) -> None:
    for _ in range(9):
        await desk.did("sync", "failed")
    assert (await desk.schedule("sync")).status == "active"

    await desk.did("sync", "dead", message="The last straw.")

    found = await desk.schedule("sync")
    assert (found.status, found.pause_reason) == ("suspended", "failures")
    assert (found.consecutive_failures, found.last_error) == (10, "The last straw.")


@pytest.mark.parametrize("well", ["ok", "partial"])
async def test_a_success_forgets_the_failures_before_it(desk: Desk, well: str) -> None:
    for _ in range(9):
        await desk.did("sync", "failed")
    await desk.did("sync", well)  # type: ignore[arg-type]
    for _ in range(9):
        await desk.did("sync", "failed")

    found = await desk.schedule("sync")
    assert (found.status, found.consecutive_failures) == ("active", 9)
    assert found.last_success_at is not None


async def test_a_suspended_job_wakes_with_a_clean_slate(desk: Desk) -> None:
    for _ in range(10):
        await desk.did("sync", "failed")

    await desk.resume("sync")
    await desk.did("sync", "failed")

    found = await desk.schedule("sync")
    assert (found.status, found.consecutive_failures) == ("active", 1)


async def test_failures_of_runs_with_a_payload_do_not_suspend_their_job(desk: Desk) -> None:
    for number in range(12):
        await desk.did("sync", "failed", payload={"event": number})

    found = await desk.schedule("sync")
    assert (found.status, found.consecutive_failures) == ("active", 0)


async def test_to_be_told_to_wait_is_no_failure(work_on: WorkOn) -> None:
    @job("limited", every=QUARTER)
    async def limited(_: JobRun) -> Result:
        raise Upstream("Chatwoot", "slow down", "rate_limit", timedelta(hours=1))

    async with work_on(limited) as tower:
        await tower.ensure()
        for _ in range(11):
            run = await tower.trigger("limited")
            while (await tower.run(run.id)).not_before is None:
                await tower.sql("SELECT pg_sleep(0.01)")
        found = await tower.schedule("limited")

    assert (found.status, found.consecutive_failures) == ("active", 0)


@pytest.mark.parametrize("name", ["sync", "digest"])
async def test_pausing_is_refused_for_a_job_that_does_not_exist(desk: Desk, name: str) -> None:
    with pytest.raises(UnknownJobType, match=f"no job type {name}s"):
        await desk.pause(f"{name}s")
