"""Whatever a job does, its run says what happened and the worker goes on with the next one."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from mayak.automation.model import JobRun, Result, Run, job
from mayak.automation.service import execution
from mayak.errors import AppError, LeaseLost, Upstream
from tests.automation.conftest import WorkOn, sound

pytestmark = pytest.mark.anyio

WITHIN = 8.0
"""Seconds that a bad run may take until it ended. Generous: it is about whether, not when."""


class Mute(Exception):
    """An error that cannot even be told."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


class Nothing(Exception):
    """An error that counts as false, as one that is a list of problems may."""

    def __len__(self) -> int:
        return 0


class Strange(BaseException):
    """Neither an Exception nor one of the errors that end a process."""


class Braces(AppError):
    message = "There is no {such_field}."


class Odd(Mapping[str, int]):
    """Counters that break when they are looked at."""

    def __getitem__(self, name: str) -> int:
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError("not countable")

    def __len__(self) -> int:
        return 1


Deed = Callable[[JobRun], Awaitable[Any]]


def raising(error: Callable[[], BaseException]) -> Deed:
    async def act(_: JobRun) -> Result:
        raise error()

    return act


def returning(value: Callable[[], object]) -> Deed:
    async def act(_: JobRun) -> object:
        return value()

    return act


async def outlived(work_on: WorkOn, deed: Deed, **options: Any) -> Run:
    """The run of a job that does this, after another job ran on the same worker and it stopped."""
    bad = job("bad", **{"max_attempts": 1, **options})(deed)
    async with work_on(bad, sound) as tower:
        asked = await tower.trigger("bad")
        run = await tower.ended(asked, within=WITHIN)
        after = await tower.ended(await tower.trigger("sound"))
        again = await tower.ended(await tower.trigger("bad"), within=WITHIN)
    assert after.status == "ok"
    assert again.status == run.status, "its lane and its slot were free again"
    return run


@pytest.mark.parametrize(
    ("error", "says"),
    [
        pytest.param(lambda: ValueError("odd"), "ValueError: odd", id="an error"),
        pytest.param(lambda: SystemExit(3), "SystemExit was raised: 3", id="SystemExit"),
        pytest.param(KeyboardInterrupt, "KeyboardInterrupt", id="KeyboardInterrupt"),
        pytest.param(GeneratorExit, "GeneratorExit", id="GeneratorExit"),
        pytest.param(StopIteration, "StopIteration", id="StopIteration"),
        pytest.param(asyncio.CancelledError, "cancelled itself", id="CancelledError"),
        pytest.param(lambda: Strange("x"), "Strange: x", id="a BaseException"),
        pytest.param(MemoryError, "memory", id="MemoryError"),
        pytest.param(
            lambda: BaseExceptionGroup("many", [SystemExit(1), ValueError("x")]),
            "many",
            id="a group",
        ),
        pytest.param(lambda: ValueError("a\x00b"), "ab", id="NUL"),
        pytest.param(lambda: ValueError("half \ud800 letter"), "", id="a lone surrogate"),
        pytest.param(lambda: ValueError("x" * 10_000_000), "xxx", id="ten megabytes"),
        pytest.param(lambda: psycopg.errors.DivisionByZero("by 0"), "by 0", id="an SQL error"),
    ],
)
async def test_whatever_a_job_raises_fails_its_run_only(
    work_on: WorkOn, error: Callable[[], BaseException], says: str
) -> None:
    run = await outlived(work_on, raising(error))

    assert run.status == "failed"
    assert says in (run.error_message or "")
    assert len(run.error_message or "") <= 1000
    assert run.error_kind in {"bug", "memory"}
    assert run.error_fingerprint


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(Mute, id="no words"),
        pytest.param(Braces, id="a template with a hole"),
        pytest.param(
            lambda: Upstream("X", "half \ud800", retry_after=timedelta(0)), id="surrogate"
        ),
        pytest.param(Nothing, id="an error that is false"),
    ],
)
async def test_an_error_that_the_engine_trips_over_fails_its_run_only(
    work_on: WorkOn, error: Callable[[], BaseException]
) -> None:
    run = await outlived(work_on, raising(error))

    assert run.status in {"failed", "dead"}
    assert run.error_kind != "crashed"


@pytest.mark.parametrize("wait", [timedelta(days=3_650_000), timedelta.max])
async def test_a_service_that_says_to_wait_ten_thousand_years_leaves_a_run_that_can_be_read(
    work_on: WorkOn, wait: timedelta
) -> None:
    deed = raising(lambda: Upstream("X", "slow", "rate_limit", retry_after=wait))
    async with work_on(job("bad")(deed), sound) as tower:
        run = await tower.trigger("bad")
        async with asyncio.timeout(WITHIN):
            while (await tower.run(run.id)).not_before is None:  # noqa: ASYNC110
                await asyncio.sleep(0.05)

        assert (await tower.run(run.id)).status == "queued"


async def test_a_job_that_says_that_the_database_is_lost_though_it_is_not_ends_some_day(
    work_on: WorkOn,
) -> None:
    tries = 0

    async def deed(_: JobRun) -> Result:
        nonlocal tries
        tries += 1
        raise psycopg.OperationalError("another database of its own is down")

    async with work_on(job("bad", max_attempts=1)(deed), sound) as tower:
        run = await tower.ended(await tower.trigger("bad"), within=WITHIN)

    assert run.status in {"failed", "dead"}
    assert tries < 10


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(lambda: None, id="None"),
        pytest.param(lambda: 7, id="a number"),
        pytest.param(lambda: Result, id="the class"),
        pytest.param(lambda: Result(status="great"), id="another status"),  # type: ignore[arg-type]
        pytest.param(lambda: Result(counters={"a": "b"}), id="words"),  # type: ignore[dict-item]
        pytest.param(lambda: Result(counters={"a": 1.5}), id="halves"),  # type: ignore[dict-item]
        pytest.param(lambda: Result(counters={1: 1}), id="no names"),  # type: ignore[dict-item]
        pytest.param(lambda: Result(counters=None), id="no counters"),  # type: ignore[arg-type]
        pytest.param(lambda: Result(counters={"a": 10**400}), id="a huge number"),
        pytest.param(lambda: Result(counters={"a\x00": 1}), id="NUL in a name"),
        pytest.param(lambda: Result(counters={"\ud800": 1}), id="half a letter in a name"),
    ],
)
async def test_a_result_that_is_none_fails_its_run_only(
    work_on: WorkOn, value: Callable[[], object]
) -> None:
    run = await outlived(work_on, returning(value))

    assert (run.status, run.error_kind) == ("failed", "bug")


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(lambda: Result(status=[]), id="a status of no kind"),  # type: ignore[arg-type]
        pytest.param(lambda: Result(counters=Odd()), id="counters that break"),
        pytest.param(lambda: Result(note=Mute()), id="a note without words"),  # type: ignore[arg-type]
    ],
)
async def test_a_result_that_the_engine_trips_over_fails_its_run_only(
    work_on: WorkOn, value: Callable[[], object]
) -> None:
    run = await outlived(work_on, returning(value))

    assert (run.status, run.error_kind) == ("failed", "bug")


async def test_a_note_is_kept_without_what_cannot_be_stored_and_not_longer_than_it_may(
    work_on: WorkOn,
) -> None:
    run = await outlived(work_on, returning(lambda: Result(note="a\x00b" + "x" * 10_000_000)))

    assert run.status == "ok"
    assert (run.progress_note or "")[:4] == "abxx"
    assert len(run.progress_note or "") == 1000


async def test_a_job_that_calls_itself_without_end_fails_its_run_only(work_on: WorkOn) -> None:
    def deeper(depth: int) -> int:
        return deeper(depth + 1)

    run = await outlived(work_on, returning(lambda: deeper(0)))

    assert (run.status, run.error_kind) == ("failed", "bug")
    assert "RecursionError" in (run.error_message or "")


async def test_a_handler_that_is_no_coroutine_fails_its_run_only(work_on: WorkOn) -> None:
    run = await outlived(work_on, lambda _: Result())  # type: ignore[arg-type,return-value]

    assert (run.status, run.error_kind) == ("failed", "bug")


async def test_a_job_that_hangs_is_ended_and_says_so(work_on: WorkOn) -> None:
    async def hang(_: JobRun) -> Result:
        await asyncio.Event().wait()
        return Result()

    run = await outlived(work_on, hang, timeout=timedelta(milliseconds=50))

    assert (run.status, run.error_kind) == ("dead", "timeout")
    assert run.error_message == "It took longer than the 0.05 s it may."


async def test_a_job_that_ignores_its_end_is_left_behind_and_can_write_nothing_any_more(
    work_on: WorkOn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution, "GRACE", 0.1)
    release, refused = asyncio.Event(), asyncio.Event()

    async def stubborn(run: JobRun) -> Result:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue
        try:
            async with run.transaction() as conn:
                await conn.execute("UPDATE worker_runs SET because = 'written too late'")
        except LeaseLost:
            refused.set()
        return Result()

    bad = job("bad", timeout=timedelta(milliseconds=50), max_attempts=1)(stubborn)
    async with work_on(bad, sound) as tower:
        run = await tower.ended(await tower.trigger("bad"))
        assert (await tower.ended(await tower.trigger("sound"))).status == "ok"
        release.set()
        await asyncio.wait_for(refused.wait(), 10)

        assert (run.status, run.error_kind) == ("dead", "timeout")
        assert "did not stop" in (run.error_message or "")
        assert [one.because for one in await tower.runs()] == [None, None]


async def test_what_a_job_leaves_going_on_in_the_background_can_write_nothing(
    work_on: WorkOn,
) -> None:
    left: list[asyncio.Task[None]] = []
    over = asyncio.Event()

    async def spawning(run: JobRun) -> Result:
        async def later() -> None:
            await over.wait()
            async with run.transaction() as conn:
                await conn.execute("UPDATE worker_runs SET because = 'written too late'")

        left.append(asyncio.create_task(later()))
        return Result()

    async with work_on(job("bad")(spawning), sound) as tower:
        await tower.ended(await tower.trigger("bad"))
        over.set()
        with pytest.raises(LeaseLost):
            await left[0]

        assert [run.because for run in await tower.runs()] == [None]


@pytest.mark.parametrize("note", ["a\x00b", "\ud800"])
async def test_progress_that_cannot_be_stored_fails_its_run_at_most(
    work_on: WorkOn, note: str
) -> None:
    async def talking(run: JobRun) -> Result:
        await run.progress(10**30, None, note)
        return Result()

    run = await outlived(work_on, talking)

    assert run.status in {"ok", "failed"}


async def test_many_bad_runs_at_once_cost_no_slot(work_on: WorkOn) -> None:
    bad = [job(f"bad{n}", max_attempts=1)(raising(lambda: SystemExit(1))) for n in range(40)]

    async with work_on(*bad, sound) as tower:
        for one in bad:
            await tower.trigger(one.name)
        runs = await tower.settle()
        assert {run.status for run in runs} == {"failed"}
        assert (await tower.ended(await tower.trigger("sound"))).status == "ok"
