"""Slots: instants that a schedule names, without drift and in the zone of the people who wait."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mayak.automation.model import JobRun, Result, Rhythm, first_slot, job, next_slot, phase
from mayak.errors import InvalidInput
from mayak.platform.db import Database
from tests.automation.conftest import NOON, DeskOf

pytestmark = pytest.mark.anyio

QUARTER = timedelta(minutes=15)
YEARS = st.datetimes(
    datetime(2024, 1, 1),  # noqa: DTZ001  # hypothesis adds the zone
    datetime(2027, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
)
CADENCES = st.integers(1, 31 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))
ZONES = st.sampled_from(
    [
        "UTC", "Europe/Berlin", "Europe/Moscow", "Asia/Kolkata", "America/Sao_Paulo",
        "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca",
    ]
)  # fmt: skip
CRONS = st.sampled_from(
    [
        "0 8 * * *", "0 8 * * 1", "30 2 * * *", "*/15 * * * *", "0 */2 * * *", "59 23 31 12 *",
        "0 0 * * *", "15 1,2,3 * * *", "* 2 * * *",
    ]
)  # fmt: skip


def local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def slots(cron: str, zone: str, after: datetime, count: int) -> list[str]:
    """The next slots in UTC, to the minute."""
    found = []
    for _ in range(count):
        after = next_slot(cron, zone, after)
        found.append(after.isoformat(sep=" ")[:16])
    return found


def test_a_wall_clock_time_that_summer_time_leaves_out_happens_right_after_the_change() -> None:
    assert slots("30 2 * * *", "Europe/Berlin", local(2026, 3, 27, 12), 3) == [
        "2026-03-28 01:30",
        "2026-03-29 01:00",  # 02:30 does not exist; this is 03:00
        "2026-03-30 00:30",
    ]


def test_a_wall_clock_time_that_comes_twice_happens_once() -> None:
    assert slots("30 2 * * *", "Europe/Berlin", local(2026, 10, 24, 12), 2) == [
        "2026-10-25 00:30",
        "2026-10-26 01:30",
    ]


def test_what_happens_every_half_hour_happens_in_both_of_the_doubled_hours() -> None:
    assert slots("*/30 * * * *", "Europe/Berlin", local(2026, 10, 24, 23, 45), 5) == [
        "2026-10-25 00:00",
        "2026-10-25 00:30",
        "2026-10-25 01:00",
        "2026-10-25 01:30",
        "2026-10-25 02:00",
    ]


def test_a_midnight_that_does_not_exist_happens_an_hour_later() -> None:
    assert slots("0 0 * * *", "America/Sao_Paulo", local(2018, 11, 3, 12), 2) == [
        "2018-11-04 03:00",  # 01:00 there
        "2018-11-05 02:00",
    ]


@pytest.mark.parametrize(
    ("zone", "hour"),
    [
        ("Europe/Moscow", "05:00"),
        ("Asia/Kolkata", "02:30"),
        ("America/Sao_Paulo", "11:00"),
        ("UTC", "08:00"),
    ],
)
def test_eight_in_the_morning_is_another_instant_in_each_zone(zone: str, hour: str) -> None:
    assert slots("0 8 * * *", zone, local(2026, 6, 1), 1) == [f"2026-06-01 {hour}"]


def test_a_weekly_job_comes_on_monday_at_eight() -> None:
    found = slots("0 8 * * 1", "Europe/Berlin", local(2026, 3, 16, 7), 3)

    assert found == ["2026-03-23 07:00", "2026-03-30 06:00", "2026-04-06 06:00"]
    assert datetime.fromisoformat(found[0]).weekday() == 0


@given(cron=CRONS, zone=ZONES, after=YEARS, share=st.floats(0, 0.999))
@settings(max_examples=300, deadline=None)
def test_the_next_slot_lies_ahead_and_is_the_same_whenever_one_asks_before_it(
    cron: str, zone: str, after: datetime, share: float
) -> None:
    slot = next_slot(cron, zone, after)
    assert slot > after
    assert slot.utcoffset() == timedelta(0)

    later = after + (slot - after) * share
    assert next_slot(cron, zone, min(later, slot - timedelta(seconds=1))) == slot


@pytest.mark.parametrize(
    "cron",
    [
        pytest.param("0 8 * * * *", id="six fields"),
        pytest.param("0 8 * *", id="four fields"),
        pytest.param("0 0 30 2 *", id="the 30th of February"),
        pytest.param("0 0 31 4,6,9,11 *", id="the 31st of short months"),
        pytest.param("60 * * * *", id="minute 60"),
        pytest.param("0 24 * * *", id="hour 24"),
        pytest.param("0 8 * * 8", id="an eighth weekday"),
        pytest.param("*/0 * * * *", id="every zero minutes"),
        pytest.param("5-1 * * * *", id="a range backwards"),
        pytest.param("-1 * * * *", id="a negative minute"),
        pytest.param("every day at noon ok", id="words"),
        pytest.param("@daily", id="a nickname"),
        pytest.param("", id="nothing"),
        pytest.param("0 8 * * *\x00", id="NUL"),
        pytest.param("\ud800 8 * * *", id="half a letter"),
        pytest.param("٣ 8 * * *", id="digits of another script"),
    ],
)
def test_a_cron_that_nobody_can_keep_is_refused(cron: str) -> None:
    with pytest.raises(InvalidInput, match="cron: "):
        Rhythm(cron=cron)


@pytest.mark.parametrize(
    "every",
    [
        timedelta(seconds=59),
        timedelta(0),
        timedelta(seconds=-60),
        timedelta(days=31, seconds=1),
        timedelta(minutes=1, microseconds=1),
    ],
)
def test_a_cadence_that_is_too_short_too_long_or_no_whole_seconds_is_refused(
    every: timedelta,
) -> None:
    with pytest.raises(InvalidInput):
        Rhythm(every=every)


def test_a_rhythm_is_a_cadence_or_a_cron_and_not_both_or_neither() -> None:
    for both in ({}, {"every": QUARTER, "cron": "0 8 * * *"}):
        with pytest.raises(InvalidInput, match="not both"):
            Rhythm(**both)  # type: ignore[arg-type]


def test_a_declared_cadence_of_nothing_is_refused_too() -> None:
    with pytest.raises(InvalidInput):
        job("never", every=timedelta(0))


@given(every=CADENCES, at=YEARS, project=st.uuids())
def test_the_first_slot_of_a_cadence_lies_at_most_one_cadence_ahead_and_on_its_grid(
    every: timedelta, at: datetime, project: UUID
) -> None:
    slot = first_slot(Rhythm(every=every), project, "sync", time_zone="UTC", at=at)

    assert at < slot <= at + every
    again = first_slot(Rhythm(every=every), project, "sync", time_zone="Asia/Kolkata", at=slot)
    assert again - slot == every


def test_jobs_of_many_projects_are_spread_evenly() -> None:
    minutes = Counter(phase(uuid4(), "sync", QUARTER) // timedelta(minutes=1) for _ in range(3000))

    assert sorted(minutes) == list(range(15))
    assert all(120 < count < 290 for count in minutes.values()), minutes


def test_the_place_of_a_job_is_always_the_same_and_another_for_another_job() -> None:
    project = UUID(int=7)

    assert phase(project, "sync", QUARTER) == phase(project, "sync", QUARTER)
    assert len({phase(project, f"job {number}", QUARTER) for number in range(20)}) > 15


@job("sync", every=QUARTER)
async def sync(_: JobRun) -> Result:
    return Result()


@given(
    pauses=st.lists(st.integers(1, 5400), min_size=1, max_size=12),
    cadence=st.integers(60, 3600),
)
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_whenever_ticks_come_the_slots_are_the_grid_and_each_is_accounted_for_once(
    desk_of: DeskOf, pauses: list[int], cadence: int
) -> None:
    desk = desk_of(sync)
    await desk.sql("DELETE FROM worker_runs")
    await desk.ensure()
    await desk.sql("UPDATE scheduled_jobs SET cadence_seconds = %(s)s, custom = true", s=cadence)
    await desk.due("sync", NOON)

    at = NOON
    for pause in pauses:
        at += timedelta(seconds=pause)
        await desk.tick(at)

    step = timedelta(seconds=cadence)
    grid = [NOON + step * number for number in range((at - NOON) // step + 1)]
    assert [run.slot_at for run in await desk.by_slot("sync")] == grid
    assert (await desk.schedule("sync")).next_run_at == grid[-1] + step


async def test_the_slots_of_a_cron_are_accounted_for_across_the_change_of_clocks(
    desk_of: DeskOf, database: Database
) -> None:
    @job("digest", cron="30 2 * * *")
    async def digest(_: JobRun) -> Result:
        return Result()

    desk = desk_of(digest)
    async with database.system_transaction() as conn:
        await conn.execute("UPDATE projects SET time_zone = 'Europe/Berlin'")
    await desk.ensure(at=local(2026, 3, 27, 12))
    for day in range(28, 32):
        await desk.tick(local(2026, 3, day, 12))

    found = [str(run.slot_at)[5:16] for run in await desk.by_slot("digest")]
    assert found == ["03-28 01:30", "03-29 01:00", "03-30 00:30", "03-31 00:30"]
