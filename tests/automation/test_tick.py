"""The tick: each slot that is due becomes a run, or a row that says why there is none."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from mayak.automation import service
from mayak.automation.model import Catchup, JobRun, Overlap, Registry, Result, Run, job
from mayak.automation.service.ticking import tick
from mayak.platform.db import Database
from tests.automation.conftest import NOON, Desk, DeskOf
from tests.conftest import new_project

pytestmark = pytest.mark.anyio

QUARTER = timedelta(minutes=15)


@job("sync", every=QUARTER)
async def sync(_: JobRun) -> Result:
    return Result()


@job("sweep", every=QUARTER)
async def sweep(_: JobRun) -> Result:
    return Result()


@job("digest", cron="0 * * * *")
async def digest(_: JobRun) -> Result:
    return Result()


@pytest.fixture
async def desk(desk_of: DeskOf) -> Desk:
    """A project whose sync is due at noon, and whose hourly digest is too."""
    made = desk_of(sync, digest)
    await made.ensure()
    await made.due("sync", NOON)
    await made.due("digest", NOON)
    return made


async def has(
    desk: Desk, name: str, *, overlap: Overlap = "queue", catchup: Catchup = "latest"
) -> None:
    await desk.change(name, service.Change(overlap=overlap, catchup=catchup))


def told(runs: list[Run]) -> list[tuple[str, str | None]]:
    return [(run.status, run.reason) for run in runs]


async def test_a_slot_that_is_due_becomes_one_run_that_waits(desk: Desk) -> None:
    done = await desk.tick(NOON)
    (run,) = await desk.runs("sync")

    assert (done.schedules, done.skipped, done.missed) == (2, 0, 0)
    assert (run.status, run.trigger, run.slot_at) == ("queued", "schedule", NOON)
    assert run.id in done.run_ids
    assert (await desk.schedule("sync")).next_run_at == NOON + QUARTER


async def test_nothing_is_due_a_moment_before_its_slot(desk: Desk) -> None:
    assert (await desk.tick(NOON - timedelta(milliseconds=1))).schedules == 0
    assert await desk.runs() == []


async def test_a_tick_that_comes_again_finds_nothing_to_do(desk: Desk) -> None:
    await desk.tick(NOON)

    assert (await desk.tick(NOON)).schedules == 0
    assert len(await desk.runs("sync")) == 1


async def test_a_slot_that_was_accounted_for_is_not_run_again_when_the_clock_goes_back(
    desk: Desk,
) -> None:
    await desk.tick(NOON)
    await desk.sql("UPDATE worker_runs SET status = 'ok', finished_at = now()")
    await desk.due("sync", NOON)

    await desk.tick(NOON)

    assert [run.status for run in await desk.runs("sync")] == ["ok"]


@pytest.mark.parametrize("catchup", ["latest", "all", "skip"])
async def test_many_ticks_at_once_never_double_a_slot(
    desk: Desk, database: Database, catchup: Catchup
) -> None:
    others = [await new_project(database, f"Client{number}") for number in range(10)]
    for scope in (desk, *(desk.of(other) for other in others)):
        await scope.ensure()
        for name in ("sync", "digest"):
            await has(scope, name, catchup=catchup)
            await scope.due(name, NOON)

    at = NOON + timedelta(hours=3)
    await asyncio.gather(*(desk.tick(at) for _ in range(12)))

    for scope in (desk, *(desk.of(other) for other in others)):
        assert len(await scope.by_slot("sync")) == 13
        assert len(await scope.by_slot("digest")) == 4


async def test_after_an_outage_the_latest_slot_runs_and_the_others_are_rows(desk: Desk) -> None:
    await desk.tick(NOON + timedelta(hours=1, minutes=7))

    runs = await desk.by_slot("sync")
    assert told(runs) == [("missed", "outage")] * 4 + [("queued", None)]
    assert [run.slot_at for run in runs] == [NOON + QUARTER * number for number in range(5)]
    assert all(run.finished_at for run in runs[:4])


async def test_a_job_that_catches_up_with_all_runs_every_slot_that_passed(desk: Desk) -> None:
    await has(desk, "sync", catchup="all")

    await desk.tick(NOON + timedelta(hours=1))

    assert told(await desk.by_slot("sync")) == [("queued", None)] * 5
    for number in range(5):
        claim = await desk.claim((await desk.by_slot("sync"))[number])
        assert claim.slot_at == NOON + QUARTER * number
        await desk.end(claim)


async def test_a_job_that_does_not_catch_up_waits_for_its_next_slot(desk: Desk) -> None:
    await has(desk, "sync", catchup="skip")

    await desk.tick(NOON + timedelta(minutes=40))
    assert told(await desk.by_slot("sync")) == [("missed", "outage")] * 3

    await desk.tick(NOON + timedelta(minutes=45, seconds=2))
    assert told(await desk.by_slot("sync"))[-1] == ("queued", None)


async def test_a_cron_catches_up_like_a_cadence(desk: Desk) -> None:
    await desk.tick(NOON + timedelta(hours=2, minutes=5))

    assert told(await desk.by_slot("digest")) == [
        ("missed", "outage"),
        ("missed", "outage"),
        ("queued", None),
    ]


async def test_a_job_that_may_not_overlap_leaves_out_the_slot_that_comes_while_it_runs(
    desk: Desk,
) -> None:
    await has(desk, "sync", overlap="skip")
    claim = await desk.start("sync")

    await desk.tick(NOON)
    await desk.end(claim)
    await desk.tick(NOON + QUARTER)

    assert told(await desk.by_slot("sync")) == [("skipped", "still_running"), ("queued", None)]


async def test_a_job_that_may_queue_runs_once_more_after_the_run_that_goes_on(desk: Desk) -> None:
    await desk.start("sync")

    await desk.tick(NOON)
    await desk.tick(NOON + QUARTER)

    assert told(await desk.by_slot("sync")) == [("queued", None), ("skipped", "already_waiting")]


async def test_a_run_that_waits_for_a_person_accounts_for_the_slot_too(desk: Desk) -> None:
    await desk.trigger("sync")

    done = await desk.tick(NOON)

    assert told(await desk.by_slot("sync")) == [("skipped", "already_waiting")]
    assert done.skipped == 1


@pytest.mark.parametrize("catchup", ["latest", "all"])
async def test_of_very_many_missed_slots_the_oldest_share_a_row_that_counts_them(
    desk: Desk, catchup: Catchup
) -> None:
    await has(desk, "sync", catchup=catchup)
    await has(desk, "digest", catchup=catchup)

    await desk.tick(NOON + QUARTER * 3999)

    for name, total in (("sync", 4000), ("digest", 1000)):
        runs = await desk.by_slot(name)
        assert len(runs) == 501
        assert told(runs[:1]) == [("missed", "outage")]
        assert runs[0].counters == {"slots": total - 500}
        assert runs[-1].status == "queued"
        assert len({run.slot_at for run in runs}) == 501


async def test_exactly_as_many_missed_slots_as_get_a_row_each_need_no_shared_one(
    desk: Desk,
) -> None:
    await desk.tick(NOON + QUARTER * 499)

    runs = await desk.by_slot("sync")
    assert len(runs) == 500
    assert all(run.counters == {} for run in runs)


async def test_jobs_that_rest_are_not_ticked(desk: Desk) -> None:
    await desk.pause("sync")
    await desk.sql("""UPDATE scheduled_jobs SET status = 'suspended', pause_reason = 'failures'
                       WHERE job_type = 'digest'""")

    assert (await desk.tick(NOON + timedelta(days=1))).schedules == 0
    assert await desk.runs() == []


async def test_a_job_that_this_release_does_not_know_is_left_alone(desk: Desk) -> None:
    await desk.under(digest).tick(NOON)

    assert await desk.runs("sync") == []
    assert (await desk.schedule("sync")).next_run_at == NOON


async def test_a_cron_starts_within_a_minute_of_its_slot_each_project_at_its_own_second(
    desk: Desk, database: Database
) -> None:
    starts = set()
    for number in range(8):
        scope = desk.of(await new_project(database, f"Client{number}"))
        await scope.ensure()
        await scope.due("digest", NOON)
    await desk.tick(NOON)
    async with database.system_transaction() as conn:
        rows = await conn.execute("SELECT not_before FROM worker_runs WHERE job_type = 'digest'")
        starts = {row[0] or NOON for row in await rows.fetchall()}

    assert len(starts) > 4
    assert all(NOON <= start < NOON + timedelta(minutes=1) for start in starts)


async def test_a_tick_of_one_project_leaves_the_others_alone(
    desk: Desk, database: Database, other_project: UUID
) -> None:
    theirs = desk.of(other_project)
    await theirs.ensure()
    await theirs.due("sync", NOON)

    async with database.transaction(desk.project) as conn:
        done = await service.tick_project(conn, desk.registry)

    assert {run.id for run in await desk.runs() if run.status == "queued"} == set(done.run_ids)
    assert await theirs.runs() == []
    assert (await theirs.schedule("sync")).next_run_at == NOON


async def test_one_tick_serves_every_project(
    desk: Desk, database: Database, other_project: UUID
) -> None:
    theirs = desk.of(other_project)
    await theirs.ensure()
    await theirs.due("sync", NOON)

    await desk.tick(NOON)

    assert [len(await one.runs("sync")) for one in (desk, theirs)] == [1, 1]


async def test_more_schedules_than_one_statement_takes_are_all_accounted_for(
    desk: Desk, database: Database
) -> None:
    async with database.system_transaction() as conn:
        await conn.execute(
            """
            WITH home AS (INSERT INTO workspaces (name) VALUES ('Crowd') RETURNING id),
            many AS (INSERT INTO projects (workspace_id, slug, name)
                     SELECT id, 'crowd-' || n, 'Crowd ' || n
                       FROM home, generate_series(1, 1300) AS n
                     RETURNING id)
            INSERT INTO scheduled_jobs (project_id, job_type, cadence_seconds, next_run_at)
            SELECT id, 'sync', 900, %s FROM many
            """,
            (NOON,),
        )

    done = await desk.tick(NOON)

    assert done.schedules == len(done.run_ids) == 1302


async def test_a_cron_of_every_minute_is_ticked_after_an_outage_of_a_season(
    desk_of: DeskOf,
) -> None:
    @job("minutely", cron="* * * * *")
    async def minutely(_: JobRun) -> Result:
        return Result()

    desk = desk_of(minutely, sync)
    await desk.ensure()
    await desk.due("minutely", NOON)

    await desk.tick(NOON + timedelta(days=120))

    runs = await desk.by_slot("minutely")
    assert runs[-1].status == "queued"
    assert runs[0].counters == {"slots": 120 * 24 * 60 + 1 - 500}


async def test_one_project_with_a_zone_that_is_no_more_does_not_stop_the_clock_of_the_others(
    desk: Desk, database: Database, other_project: UUID
) -> None:
    theirs = desk.of(other_project)
    await theirs.ensure()
    await theirs.due("digest", NOON - timedelta(hours=1))
    await theirs.sql("UPDATE scheduled_jobs SET time_zone = 'Mars/Olympus'")

    await desk.tick(NOON)

    assert [run.status for run in await desk.runs("sync")] == ["queued"]


async def test_ticks_of_workers_of_two_releases_do_not_double_either(desk: Desk) -> None:
    newer = Registry([sync, digest, sweep])
    at: datetime = NOON + timedelta(hours=1)

    await asyncio.gather(
        *(tick(desk.database, registry, at=at) for registry in (desk.registry, newer) * 4)
    )

    assert len(await desk.by_slot("sync")) == 5
    assert len(await desk.by_slot("digest")) == 2
