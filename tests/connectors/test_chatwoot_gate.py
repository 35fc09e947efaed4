"""Every request passes the gate, and a refusal closes it before anybody else asks."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import httpx
import pytest

from mayak.connectors.base import Allowance
from mayak.connectors.chatwoot import Chatwoot
from mayak.errors import Upstream

pytestmark = pytest.mark.anyio


class Gate:
    """Writes down what it was asked; closed, it lets nobody in."""

    def __init__(self) -> None:
        self.entered: list[Mapping[str, float]] = []
        self.waits: list[timedelta] = []
        self.reasons: list[str] = []

    async def enter(self, costs: Mapping[str, float]) -> None:
        if self.waits:
            raise Upstream("Chatwoot", "closed", kind="rate_limit", retry_after=self.waits[-1])
        self.entered.append(costs)

    async def learn(self, allowances: Sequence[Allowance]) -> None:
        raise AssertionError(f"Chatwoot says nothing about its budgets: {allowances}")

    async def close(self, wait: timedelta, *, reason: str) -> None:
        self.waits.append(wait)
        self.reasons.append(reason)


class Server:
    """Answers every request in the same way, and counts."""

    def __init__(self, status: int, **reply: Any) -> None:
        self.status, self.reply, self.asked = status, reply, 0

    def __call__(self, _: httpx.Request) -> httpx.Response:
        self.asked += 1
        return httpx.Response(self.status, **self.reply)

    def behind(self, gate: Gate) -> Chatwoot:
        http = httpx.AsyncClient(transport=httpx.MockTransport(self))
        return Chatwoot(
            http,
            base_url="https://chat.test",
            token="secret-token",
            account_id=1,
            gate=gate,
            jitter=lambda: 1.0,
        )


async def test_each_request_costs_one_request() -> None:
    gate, server = Gate(), Server(200, json={"payload": [], "webhooks": []})
    source = server.behind(gate)

    await source.pull("inboxes", {})
    await source.fetch("messages", ["7/1", "7/2"])
    await source.remove_webhook("3")

    assert gate.entered == [{"requests": 1}] * server.asked == [{"requests": 1}] * 4


async def test_a_rate_limit_closes_the_gate_for_as_long_as_it_lasts() -> None:
    date = {"date": "Sun, 01 Mar 2026 12:00:18 GMT"}
    gate = Gate()

    with pytest.raises(Upstream) as caught:
        await Server(429, text="Retry later\n", headers=date).behind(gate).parts()

    assert gate.waits == [timedelta(seconds=43)] == [caught.value.retry_after]
    assert "429" in gate.reasons[0]


async def test_whoever_waits_for_a_slot_finds_the_gate_closed() -> None:
    gate, server = Gate(), Server(429, text="Retry later\n")
    source = server.behind(gate)

    ends = await asyncio.gather(*(source.parts() for _ in range(6)), return_exceptions=True)

    assert [type(end) for end in ends] == [Upstream] * 6
    assert server.asked <= 2
    assert len(gate.waits) == server.asked


async def test_a_closed_gate_is_not_closed_again_by_those_it_held_up() -> None:
    gate, server = Gate(), Server(200, json={"payload": []})
    await gate.close(timedelta(minutes=1), reason="another worker was told so")

    with pytest.raises(Upstream):
        await server.behind(gate).parts()

    assert (server.asked, len(gate.waits)) == (0, 1)


@pytest.mark.parametrize("status", [401, 404, 500, 503])
async def test_other_failures_leave_the_gate_open(status: int) -> None:
    gate = Gate()

    with pytest.raises(Upstream):
        await Server(status, json={"error": "x"}, headers={"retry-after": "9"}).behind(gate).parts()

    assert gate.waits == []
