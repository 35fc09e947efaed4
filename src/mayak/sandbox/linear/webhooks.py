"""Telling others what happened in Linear: signed, and again when nobody took it."""

import asyncio
import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass, replace
from typing import Any

import httpx

from mayak.sandbox.faults import Fault
from mayak.sandbox.linear.events import LinearEvent, body
from mayak.sandbox.linear.rows import IDS, Webhook
from mayak.sandbox.world import World

TIMEOUT = 5.0
RETRIES = (60.0, 3_600.0, 21_600.0)
"""Seconds after each failure until it is tried again; then it is given up."""
DEFAULT_DELAY = 30.0
DEFAULT_AGE = 3600.0
TAKEN = range(200, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One body on its way to one address."""

    id: str
    type: str
    webhook: Webhook
    told: dict[str, Any]
    faults: tuple[Fault, ...] = ()
    at: float = 0.0
    """When it was first sent; 0.0 before."""
    attempt: int = 1

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(fault.kind for fault in self.faults)


def signature(secret: str, raw: bytes) -> str:
    """Hex HMAC-SHA256 of the body as it is sent."""
    return hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


class LinearSender:
    """Listens to a World and posts what happens to the webhooks that subscribed.

    Bodies are made at the moment of the event and sent by background tasks of the running loop;
    what happens while no loop runs waits for `settle`. A delivery that is not answered with 2xx
    within five seconds is sent again after 1 minute, 1 hour and 6 hours of the World's clock.
    """

    def __init__(self, world: World, *, client: httpx.AsyncClient | None = None) -> None:
        self._world = world
        self._client = client
        self._waiting: list[Delivery] = []
        self._held: Delivery | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._pending: set[asyncio.Task[None]] = set()
        self._sent = 0
        world.linear_listeners.append(self._on_event)

    async def settle(self) -> None:
        """Wait until everything that is due was sent; what waits for the clock goes on waiting."""
        self._start()
        while self._tasks:
            await asyncio.wait(tuple(self._tasks))
            self._start()

    async def caught_up(self) -> None:
        """Like `settle`, and the retries that have come due by the clock too."""
        for _ in range(20):  # Tasks that the clock woke need a few turns of the loop.
            await asyncio.sleep(0)
        await self.settle()

    async def aclose(self) -> None:
        """Stop listening and drop what was not sent yet."""
        self._world.linear_listeners.remove(self._on_event)
        for task in (*self._tasks, *self._pending):
            task.cancel()
        await asyncio.gather(*self._tasks, *self._pending, return_exceptions=True)

    def _on_event(self, event: LinearEvent) -> None:
        hooks = [hook for hook in self._world.linear.webhooks if self._wants(hook, event)]
        if not hooks:
            return
        told = body(self._world.linear, event)
        for hook in hooks:
            self._sent += 1
            self._queue(
                Delivery(
                    id=str(uuid.uuid5(IDS, f"delivery/{self._sent}")),
                    type=event.type,
                    webhook=hook,
                    told={**told, "webhookId": hook.id},
                    faults=tuple(self._world.faults.for_webhook("linear", event.type)),
                )
            )
        self._start()

    def _wants(self, hook: Webhook, event: LinearEvent) -> bool:
        if not hook.enabled or event.type not in hook.resource_types:
            return False
        if hook.team_id is not None:
            return hook.team_id in event.team_ids
        teams = [self._world.linear.teams.get(id_) for id_ in event.team_ids]
        return not teams or any(team is not None and not team.private for team in teams)

    def _queue(self, delivery: Delivery) -> None:
        """Line up, or wait for the next one to be sent first when the order is to be wrong."""
        if "webhook_drop" in delivery.kinds:
            self._record(delivery, 0)
            return
        if "webhook_reorder" in delivery.kinds and self._held is None:
            self._held = delivery
            return
        self._waiting.append(delivery)
        if "webhook_duplicate" in delivery.kinds:
            self._waiting.append(replace(delivery))
        if self._held is not None:
            self._waiting.append(self._held)
            self._held = None

    def _start(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        batch, self._waiting = self._waiting, []
        prompt = [one for one in batch if "webhook_delay" not in one.kinds]
        if prompt:
            self._keep(loop.create_task(self._send_all(prompt)), self._tasks)
        for one in batch:
            if "webhook_delay" in one.kinds:
                seconds = sum(
                    float(fault.args.get("seconds", DEFAULT_DELAY))
                    for fault in one.faults
                    if fault.kind == "webhook_delay"
                )
                self._later(one, seconds)

    def _keep(self, task: asyncio.Task[None], tasks: set[asyncio.Task[None]]) -> None:
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def _later(self, delivery: Delivery, seconds: float) -> None:
        async def wait() -> None:
            await self._world.clock.sleep(seconds)
            task = asyncio.get_running_loop().create_task(self._send_all([delivery]))
            self._keep(task, self._tasks)

        self._keep(asyncio.get_running_loop().create_task(wait()), self._pending)

    async def _send_all(self, batch: list[Delivery]) -> None:
        async with httpx.AsyncClient(timeout=TIMEOUT) as own:
            for delivery in batch:
                await self._send(self._client or own, delivery)

    async def _send(self, client: httpx.AsyncClient, delivery: Delivery) -> None:
        now = self._world.clock.timestamp()
        first = delivery.at or now
        at = first if self._world.linear.keep_timestamp else now
        raw, headers = self._written(delivery, at)
        try:
            response = await client.post(
                delivery.webhook.url, content=raw, headers=headers, timeout=TIMEOUT
            )
            status = response.status_code
        except (httpx.HTTPError, httpx.InvalidURL):
            status = 0
        self._record(delivery, status)
        if status not in TAKEN and delivery.attempt <= len(RETRIES):
            again = replace(delivery, at=first, attempt=delivery.attempt + 1)
            self._later(again, RETRIES[delivery.attempt - 1])

    def _written(self, delivery: Delivery, at: float) -> tuple[bytes, dict[str, str]]:
        """The body and the headers as they are sent at a time."""
        secret = delivery.webhook.secret
        for fault in delivery.faults:
            if fault.kind == "webhook_old_timestamp":
                at -= float(fault.args.get("seconds", DEFAULT_AGE))
            if fault.kind == "webhook_bad_signature":
                secret = "somebody else's " + secret
        timestamp = int(at * 1000)
        told = {**delivery.told, "webhookTimestamp": timestamp}
        raw = json.dumps(told, ensure_ascii=False).encode()
        return raw, {
            "content-type": "application/json; charset=utf-8",
            "user-agent": "Linear-Webhook",
            "Linear-Delivery": delivery.id,
            "Linear-Event": delivery.type,
            "Linear-Timestamp": str(timestamp),
            "Linear-Signature": signature(secret, raw),
        }

    def _record(self, delivery: Delivery, status: int) -> None:
        self._world.journal.write(
            at=self._world.clock.now(),
            service="linear",
            op="webhook",
            method="POST",
            path=delivery.webhook.url,
            params={
                "event": delivery.type,
                "action": delivery.told["action"],
                "delivery": delivery.id,
                "attempt": delivery.attempt,
            },
            status=status,
            faults=delivery.kinds,
        )
