"""Telling others what happened: once, within five seconds, and never again."""

import asyncio
import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass, replace
from typing import Literal

import httpx

from mayak.sandbox.chatwoot.pushes import payload
from mayak.sandbox.events import Event
from mayak.sandbox.faults import Fault
from mayak.sandbox.rows import Webhook
from mayak.sandbox.world import NAMESPACE, World

Version = Literal["4.10", "4.13"]
TIMEOUT = 5.0
DEFAULT_DELAY = 30.0
DEFAULT_AGE = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One body on its way to one address."""

    id: str
    event: str
    webhook: Webhook
    body: bytes
    faults: tuple[Fault, ...] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(fault.kind for fault in self.faults)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """`sha256=` and the hex HMAC-SHA256 of "{timestamp}.{body}"."""
    signed = timestamp.encode() + b"." + body
    return "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


class WebhookSender:
    """Listens to a World and posts what happens to the webhooks that subscribed.

    `version` 4.10 sends unsigned requests, 4.13 signed ones. Bodies are made at the moment of
    the event and sent by background tasks of the running loop; what happens while no loop runs
    waits for `settle`.
    """

    def __init__(
        self, world: World, *, version: Version = "4.13", client: httpx.AsyncClient | None = None
    ) -> None:
        self.version = version
        self._world = world
        self._client = client
        self._waiting: list[Delivery] = []
        self._held: Delivery | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._sent = 0
        world.listeners.append(self._on_event)

    async def settle(self) -> None:
        """Wait until everything that is due was sent; a delayed one waits for the clock."""
        self._start()
        while self._tasks:
            await asyncio.wait(tuple(self._tasks))
            self._start()

    async def aclose(self) -> None:
        """Stop listening and drop what was not sent yet."""
        self._world.listeners.remove(self._on_event)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _on_event(self, event: Event) -> None:
        hooks = [
            hook
            for hook in self._world.webhooks.values()
            if hook.account_id == event.row.account_id and event.name in hook.subscriptions
        ]
        body = payload(self._world, event) if hooks else None
        if body is None:
            return
        raw = json.dumps(body, ensure_ascii=False).encode()
        for hook in hooks:
            self._sent += 1
            self._queue(
                Delivery(
                    id=str(uuid.uuid5(NAMESPACE, f"delivery/{self._sent}")),
                    event=event.name,
                    webhook=hook,
                    body=raw,
                    faults=tuple(self._world.faults.for_webhook("chatwoot", event.name)),
                )
            )
        self._start()

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
        delayed = [one for one in batch if "webhook_delay" in one.kinds]
        prompt = [one for one in batch if "webhook_delay" not in one.kinds]
        for group in [prompt, *([one] for one in delayed)]:
            if group:
                task = loop.create_task(self._send_all(group))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _send_all(self, batch: list[Delivery]) -> None:
        async with httpx.AsyncClient(timeout=TIMEOUT) as own:
            for delivery in batch:
                await self._send(self._client or own, delivery)

    async def _send(self, client: httpx.AsyncClient, delivery: Delivery) -> None:
        for fault in delivery.faults:
            if fault.kind == "webhook_delay":
                await self._world.clock.sleep(float(fault.args.get("seconds", DEFAULT_DELAY)))
        try:
            response = await client.post(
                delivery.webhook.url,
                content=delivery.body,
                headers=self._headers(delivery),
                timeout=TIMEOUT,
            )
            status = response.status_code
        except (httpx.HTTPError, httpx.InvalidURL):
            status = 0  # Logged and forgotten, as the real one does: no retry.
        self._record(delivery, status)

    def _headers(self, delivery: Delivery) -> dict[str, str]:
        headers = {"content-type": "application/json", "accept": "application/json"}
        if self.version == "4.10":
            return headers
        at = self._world.clock.timestamp()
        secret = delivery.webhook.secret
        for fault in delivery.faults:
            if fault.kind == "webhook_old_timestamp":
                at -= float(fault.args.get("seconds", DEFAULT_AGE))
            if fault.kind == "webhook_bad_signature":
                secret = "somebody else's " + secret
        timestamp = str(int(at))
        return headers | {
            "X-Chatwoot-Signature": signature(secret, timestamp, delivery.body),
            "X-Chatwoot-Timestamp": timestamp,
            "X-Chatwoot-Delivery": delivery.id,
        }

    def _record(self, delivery: Delivery, status: int) -> None:
        self._world.journal.write(
            at=self._world.clock.now(),
            service="chatwoot",
            op="webhook",
            method="POST",
            path=delivery.webhook.url,
            params={"event": delivery.event, "delivery": delivery.id},
            status=status,
            faults=delivery.kinds,
        )
