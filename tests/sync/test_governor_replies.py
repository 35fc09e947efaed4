"""What a service says of its budgets, and what a refusal of it does to all workers."""

import asyncio
import math
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from mayak.connectors.base import Allowance
from mayak.errors import Upstream
from mayak.platform.db import Database
from mayak.sync.service.governor import Budget
from tests.sync.governed import DAY, Worker, near, passes, says, wait_of

pytestmark = [pytest.mark.anyio, pytest.mark.database]

ROOMY = {"requests": Budget(limit=1000, period=DAY)}
"""So much that after a refusal nothing but the block holds anybody up."""


@pytest.fixture
def worker(database: Database) -> Worker:
    return Worker(database)


@pytest.fixture
async def other(dsn: str) -> AsyncIterator[Worker]:
    async with Database(dsn) as database:
        yield Worker(database)


# The service refuses


async def test_a_refusal_holds_every_worker_back_and_people_too(
    worker: Worker, other: Worker
) -> None:
    await worker.gate(ROOMY).enter({"requests": 1})
    await worker.gate(ROOMY).close(timedelta(seconds=90), reason="HTTP 429")

    with pytest.raises(Upstream, match=r"used up for the next 90 s \(HTTP 429\)") as refused:
        await other.gate(ROOMY, patience=30).enter({"requests": 1})

    assert refused.value.retry_after
    assert refused.value.retry_after.total_seconds() == near(90)
    await worker.later(timedelta(seconds=91))
    assert await passes(other.gate(ROOMY))


async def test_a_gate_waits_for_the_end_of_a_short_block(worker: Worker, other: Worker) -> None:
    await worker.gate(ROOMY).close(timedelta(seconds=0.4), reason="busy")
    began = time.monotonic()

    await other.gate(ROOMY, patience=5).enter({"requests": 1})

    assert 0.3 <= time.monotonic() - began < 3


async def test_a_shorter_block_does_not_shorten_a_longer_one(worker: Worker) -> None:
    gate = worker.gate(ROOMY)
    await gate.close(timedelta(seconds=90), reason="long")
    await gate.close(timedelta(seconds=9), reason="short")
    await gate.close(timedelta(0), reason="none")

    with pytest.raises(Upstream, match=r"90 s \(long\)"):
        await gate.enter({"requests": 1})


async def test_a_block_holds_for_budgets_that_nobody_had_used_yet(
    worker: Worker, other: Worker
) -> None:
    await worker.gate(ROOMY).close(timedelta(seconds=90), reason="HTTP 429")
    writing = other.gate({"writes": Budget(limit=5, period=DAY)})

    assert await wait_of(writing, writes=1) == near(90)
    assert await wait_of(other.gate(ROOMY), requests=0) == near(90)


async def test_no_block_is_longer_than_six_hours(worker: Worker) -> None:
    await worker.gate(ROOMY).close(timedelta(days=9999), reason="a year in milliseconds")

    assert await wait_of(worker.gate(ROOMY)) == near(6 * 3600)


async def test_after_a_refusal_one_tries_and_not_a_crowd(worker: Worker) -> None:
    gate = worker.gate({"requests": Budget(limit=20, period=DAY)}, interactive=False)
    await gate.close(timedelta(minutes=1), reason="HTTP 429")
    await worker.later(timedelta(minutes=1, seconds=1))

    assert [await passes(gate), await passes(gate)] == [True, False]


async def test_a_refusal_leaves_the_count_of_a_service_that_tells_what_is_left(
    worker: Worker,
) -> None:
    gate = worker.gate()
    await gate.enter({"requests": 1})
    await gate.learn(says(8))

    await gate.close(timedelta(minutes=1), reason="HTTP 429")

    assert await worker.left() == near(8)


# What replies say


async def test_limits_that_a_reply_names_hold_for_all_workers(
    worker: Worker, other: Worker
) -> None:
    await worker.gate().enter({"requests": 1})
    await worker.gate().learn(says(2500, limit=2500, period=timedelta(hours=1)))

    assert await passes(other.gate(), requests=2500)
    assert await wait_of(other.gate()) == near(3600 / 2500)


async def test_a_small_burst_stays_small_beside_the_limit(worker: Worker) -> None:
    gate = worker.gate({"requests": Budget(limit=100, period=DAY, burst=5)})
    await gate.enter({"requests": 1})

    await gate.learn(says(180, limit=200))

    assert await worker.left() == near(10)


async def test_the_count_falls_to_what_the_service_says_is_left(worker: Worker) -> None:
    gate = worker.gate()
    await gate.enter({"requests": 1})

    await gate.learn(says(4))

    assert await worker.left() == near(4)


async def test_what_others_took_since_the_reply_was_asked_for_is_subtracted(
    worker: Worker, other: Worker
) -> None:
    gate = worker.gate()
    await gate.enter({"requests": 1})
    await asyncio.create_task(other.gate().enter({"requests": 3}))

    await gate.learn(says(5))

    assert await worker.left() == near(2)


async def test_a_count_that_is_too_low_rises_slowly_and_at_once_after_the_reset(
    worker: Worker,
) -> None:
    gate = worker.gate()
    in_an_hour = datetime.now(UTC) + timedelta(hours=1)
    await gate.enter({"requests": 6})
    await gate.learn(says(4, resets_at=in_an_hour))

    await gate.learn(says(9, resets_at=in_an_hour))
    assert await worker.left() == near(4.5)
    await worker.later(timedelta(seconds=3601))
    await gate.learn(says(9))
    assert await worker.left() == near(9)


async def test_limits_once_learned_outlive_the_defaults_of_other_workers(
    worker: Worker, other: Worker
) -> None:
    await worker.gate().enter({"requests": 1})
    await worker.gate().learn(says(24, limit=25))

    assert await passes(other.gate({"requests": Budget(limit=7, period=DAY)}), requests=20)
    assert (await worker.rows())["requests"]["allowed"] == 25


async def test_new_limits_of_the_settings_hold_where_no_reply_named_any(
    worker: Worker, other: Worker
) -> None:
    await worker.gate().enter({"requests": 1})

    gate = other.gate({"requests": Budget(limit=7, period=DAY)})
    assert [await passes(gate, requests=7), await passes(gate)] == [True, False]


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(says(3, limit=0), id="no limit at all"),
        pytest.param(says(3, limit=math.nan), id="a limit that is no number"),
        pytest.param(says(math.inf), id="endless"),
        pytest.param(says(3, period=timedelta(0)), id="no period"),
        pytest.param([Allowance(budget="reads", limit=5, remaining=0)], id="another budget"),
    ],
)
async def test_figures_that_make_no_sense_change_nothing(
    worker: Worker, said: list[Allowance]
) -> None:
    gate = worker.gate()
    await gate.enter({"requests": 1})
    before = await worker.rows()

    await gate.learn(said)

    assert await worker.rows() == before
