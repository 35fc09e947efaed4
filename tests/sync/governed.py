"""A worker's governor, as the tests of budgets see it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from mayak.connectors.base import Allowance, Gate
from mayak.errors import Upstream
from mayak.platform.db import Database, fetch_dicts
from mayak.sync.service.governor import Budget, Credential, Governor

DAY = timedelta(days=1)
LINEAR = Credential.of("Linear", "lin_api_secret")
TEN_A_DAY = {"requests": Budget(limit=10, period=DAY)}


class Worker:
    """One worker's governor, and gates that wait for nothing unless told to."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.governor = Governor(database)

    def gate(
        self,
        budgets: Mapping[str, Budget] = TEN_A_DAY,
        *,
        credential: Credential = LINEAR,
        interactive: bool = True,
        patience: float = 0,
    ) -> Gate:
        return self.governor.gate(
            credential,
            budgets=budgets,
            interactive=interactive,
            patience=timedelta(seconds=patience),
        )

    async def rows(self) -> dict[str, dict[str, Any]]:
        async with self.database.system_transaction() as conn:
            found = await fetch_dicts(conn, "SELECT *, xmin, xmax, ctid FROM connector_budgets")
        return {row["budget"]: row for row in found}

    async def left(self, budget: str = "requests") -> float:
        """What was left when it was last counted, of budgets that fill within a day."""
        return float((await self.rows())[budget]["tokens"])

    async def later(self, time_passes: timedelta) -> None:
        """As if all that was written had been written that much earlier."""
        async with self.database.system_transaction() as conn:
            await conn.execute(
                "UPDATE connector_budgets SET counted_at = counted_at - %(ago)s,"
                " blocked_until = blocked_until - %(ago)s, resets_at = resets_at - %(ago)s",
                {"ago": time_passes},
            )


async def passes(gate: Gate, **costs: float) -> bool:
    try:
        await gate.enter(costs or {"requests": 1})
    except Upstream:
        return False
    return True


async def wait_of(gate: Gate, **costs: float) -> float:
    """Seconds that a refused request is told to wait."""
    with pytest.raises(Upstream) as refused:
        await gate.enter(costs or {"requests": 1})
    assert refused.value.kind == "rate_limit"
    assert refused.value.retry_after
    return refused.value.retry_after.total_seconds()


def near(value: float) -> Any:
    return pytest.approx(value, abs=0.05, rel=0.001)


def says(remaining: float | None = None, *, limit: float = 10, **fields: Any) -> list[Allowance]:
    return [Allowance(budget="requests", limit=limit, remaining=remaining, **fields)]
