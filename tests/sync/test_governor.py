"""Budgets that all workers share: two governors with a pool each stand for two workers."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from mayak.platform.db import Database
from mayak.sync.service.governor import Budget, Credential, for_fixed_windows
from tests.sync.governed import DAY, LINEAR, TEN_A_DAY, Worker, near, passes, wait_of

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
def worker(database: Database) -> Worker:
    return Worker(database)


@pytest.fixture
async def other(dsn: str) -> AsyncIterator[Worker]:
    async with Database(dsn) as database:
        yield Worker(database)


# What flows in, and how much of it may be taken


async def test_a_full_bucket_lets_its_burst_in_and_then_tells_when_the_next_token_is_there(
    worker: Worker,
) -> None:
    gate = worker.gate()

    assert [await passes(gate) for _ in range(11)] == [True] * 10 + [False]
    assert await wait_of(gate) == near(DAY.total_seconds() / 10)


@pytest.mark.parametrize(
    ("days", "tokens"),
    [
        pytest.param(0.09, 0, id="not yet one"),
        pytest.param(0.11, 1, id="one after a tenth of the period"),
        pytest.param(0.51, 5, id="half after half of it"),
        pytest.param(30, 10, id="never more than the burst"),
    ],
)
async def test_tokens_flow_in_evenly(worker: Worker, days: float, tokens: int) -> None:
    gate = worker.gate()
    await gate.enter({"requests": 10})

    await worker.later(DAY * days)

    assert [await passes(gate) for _ in range(tokens + 1)] == [True] * tokens + [False]


async def test_a_small_burst_limits_what_goes_out_at_once(worker: Worker) -> None:
    gate = worker.gate({"requests": Budget(limit=1000, period=DAY, burst=3)})

    assert [await passes(gate) for _ in range(4)] == [True, True, True, False]


async def test_a_cost_is_taken_from_all_budgets_or_from_none(worker: Worker) -> None:
    gate = worker.gate({**TEN_A_DAY, "complexity": Budget(limit=9000, period=DAY)})
    await gate.enter({"requests": 1, "complexity": 5000})

    assert not await passes(gate, requests=1, complexity=5000)

    assert (await worker.left("requests"), await worker.left("complexity")) == (9, 4000)
    assert await passes(gate, requests=1, complexity=3000)


async def test_a_refused_request_writes_and_locks_nothing(worker: Worker) -> None:
    gate = worker.gate()
    await gate.enter({"requests": 10})
    before = await worker.rows()

    assert not await passes(gate)

    assert await worker.rows() == before


async def test_a_cost_beyond_the_bucket_is_let_in_when_it_is_full_and_paid_off_later(
    worker: Worker,
) -> None:
    for interactive in (True, False):
        gate = worker.gate(interactive=interactive)
        await worker.later(DAY * 30)
        assert await passes(gate, requests=25)
        assert await wait_of(worker.gate()) == near(1.6 * DAY.total_seconds())


async def test_a_budget_that_was_not_declared_is_a_mistake(worker: Worker) -> None:
    with pytest.raises(ValueError, match="Linear has no budget reads"):
        await worker.gate().enter({"reads": 1})


async def test_a_worker_whose_clock_is_wrong_counts_right(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = worker.gate()
    await gate.enter({"requests": 10})
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 30 * 86400)

    assert not await passes(gate)


async def test_a_database_clock_that_was_set_back_holds_nobody_up(worker: Worker) -> None:
    gate = worker.gate()
    await gate.enter({"requests": 10})

    await worker.later(-DAY)

    assert await passes(gate)


@pytest.mark.parametrize(("limit", "period"), [(3000, 60), (100, 1), (25, 1)])
def test_under_fixed_windows_burst_and_flow_of_one_window_stay_below_its_limit(
    limit: float, period: float
) -> None:
    budget = for_fixed_windows(limit, timedelta(seconds=period))

    assert 0.9 * limit <= budget.limit + budget.most <= limit


# Who goes first


async def test_background_work_leaves_the_last_token_to_people(worker: Worker) -> None:
    twenty = {"requests": Budget(limit=20, period=DAY)}
    background = worker.gate(twenty, interactive=False)

    assert [await passes(background) for _ in range(20)] == [True] * 19 + [False]
    assert await passes(worker.gate(twenty))


async def test_background_work_leaves_a_twentieth_of_a_large_bucket(worker: Worker) -> None:
    large = {"complexity": Budget(limit=1000, period=DAY)}
    background = worker.gate(large, interactive=False)

    while await passes(background, complexity=10):
        pass

    assert await worker.left("complexity") >= 50
    assert await passes(worker.gate(large), complexity=50)


async def test_cheap_background_work_does_not_overtake_costly_work(worker: Worker) -> None:
    large = {"complexity": Budget(limit=1000, period=DAY)}
    await worker.gate(large).enter({"complexity": 920})
    background = worker.gate(large, interactive=False)

    cheap = await wait_of(background, complexity=1)

    assert cheap == near(await wait_of(background, complexity=50))
    assert cheap == near(0.02 * DAY.total_seconds())


async def test_a_gate_waits_for_its_turn(worker: Worker) -> None:
    quick = {"requests": Budget(limit=20, period=timedelta(seconds=1), burst=1)}
    gate = worker.gate(quick, patience=5)
    began = time.monotonic()

    for _ in range(5):
        await gate.enter({"requests": 1})

    assert 0.19 <= time.monotonic() - began < 2


async def test_those_who_wait_together_all_get_their_turn(worker: Worker, other: Worker) -> None:
    quick = {"requests": Budget(limit=100, period=timedelta(seconds=1), burst=5)}
    gates = [one.gate(quick, interactive=False, patience=10) for one in (worker, other) * 15]

    async with asyncio.timeout(5):
        await asyncio.gather(*(gate.enter({"requests": 1}) for gate in gates))


async def test_who_would_wait_beyond_patience_is_told_at_once(worker: Worker) -> None:
    gate = worker.gate(patience=60)
    await gate.enter({"requests": 10})
    began = time.monotonic()

    assert await wait_of(gate) > 60
    assert time.monotonic() - began < 5


# Several workers


async def test_workers_share_what_one_credential_may_ask(worker: Worker, other: Worker) -> None:
    assert await passes(worker.gate(), requests=6)

    assert not await passes(other.gate(), requests=5)
    assert await passes(other.gate(), requests=4)


async def test_another_credential_has_budgets_of_its_own(worker: Worker, other: Worker) -> None:
    await worker.gate().enter({"requests": 10})

    assert await passes(other.gate(credential=Credential.of("Linear", "another key")))


async def test_a_crowd_takes_no_more_than_there_is_and_nobody_gets_half(
    worker: Worker, other: Worker
) -> None:
    one = Budget(limit=30, period=DAY)
    gates = [worker.gate({"a": one, "b": one}), other.gate({"b": one, "a": one})]

    came_in = await asyncio.gather(
        *(passes(gates[0], a=1, b=1) for _ in range(40)),
        *(passes(gates[1], b=1, a=1) for _ in range(40)),
    )

    assert came_in.count(True) == 30
    assert (await worker.left("a"), await worker.left("b")) == (near(0), near(0))


async def test_who_stood_behind_a_row_sees_what_is_left_of_it_by_then(
    worker: Worker, other: Worker
) -> None:
    await other.gate().enter({"requests": 1})
    async with worker.database.system_transaction() as conn:
        await conn.execute("UPDATE connector_budgets SET tokens = 0")
        standing = asyncio.create_task(passes(other.gate()))
        await asyncio.sleep(0.2)
        assert not standing.done()

    assert not await standing
    assert await worker.left() == near(0)


async def test_a_lost_connection_is_replaced(worker: Worker) -> None:
    gate = worker.gate()
    await gate.enter({"requests": 1})
    async with worker.database.connection() as conn:
        await conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'mayak engine' AND datname = current_database()"
        )

    assert await passes(gate)


async def test_nobody_reads_a_secret_out_of_the_database(worker: Worker) -> None:
    await worker.gate().enter({"requests": 1})

    rows = await worker.rows()

    assert re.fullmatch("[0-9a-f]{32}", rows["requests"]["credential"])
    assert "lin_api_secret" not in str(rows)
    assert LINEAR.digest != Credential.of("Attio", "lin_api_secret").digest


# Housekeeping


async def test_budgets_out_of_use_are_forgotten_and_begin_anew(worker: Worker) -> None:
    gate = worker.gate()
    await gate.enter({"requests": 10})
    await worker.later(timedelta(days=8))

    assert (await worker.governor.prune(), await worker.rows()) == (1, {})
    assert [await passes(gate, requests=10), await passes(gate)] == [True, False]


async def test_budgets_in_use_or_blocked_are_kept(worker: Worker) -> None:
    await worker.gate().enter({"requests": 1})
    await worker.later(timedelta(days=6))
    assert await worker.governor.prune() == 0

    await worker.gate().close(timedelta(hours=6), reason="blocked")
    async with worker.database.system_transaction() as conn:
        await conn.execute("UPDATE connector_budgets SET counted_at = now() - interval '8 days'")
    assert await worker.governor.prune() == 0
