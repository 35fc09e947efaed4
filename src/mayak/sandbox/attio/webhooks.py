"""Telling others what happened in Attio: ids only, signed, and again when nobody took it."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from typing import Any

import httpx

from mayak.sandbox.attio.account import status_of
from mayak.sandbox.attio.announcing import AttioEvent
from mayak.sandbox.attio.rows import Hook, made_id
from mayak.sandbox.attio.views import actor
from mayak.sandbox.faults import Fault
from mayak.sandbox.world import World

TIMEOUT = 5.0
DEFAULT_DELAY = 30.0
LOOK_AGAIN = 5.0
"""Seconds of the World's clock by which something may be sent too late."""
RETRIES = (60, 300, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 86_400)
"""Seconds of the World's clock between one attempt and the next: ten more over three days."""
SIGNED = ("Attio-Signature", "X-Attio-Signature")
"""The same signature, twice."""
DELIVERED = range(200, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One body on its way to one address."""

    key: str
    """The same in every attempt."""
    event: str
    hook_id: str
    body: bytes
    faults: tuple[Fault, ...] = ()
    failed: int = 0
    """Attempts that nobody took."""

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(fault.kind for fault in self.faults)


def signature(secret: str, body: bytes) -> str:
    """Hex HMAC-SHA256 of the raw body; no time is signed with it."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def wanted(hook: Hook, event: AttioEvent) -> bool:
    """Whether one of the hook's subscriptions lets the event through."""
    flat = {**event.id, **event.beside, "actor.type": event.actor.type}
    flat["actor.id"] = event.actor.id or ""
    return any(
        one.event_type == event.event_type and _passes(one.filter, flat)
        for one in hook.subscriptions
    )


def _passes(wanted: Mapping[str, Any] | None, flat: Mapping[str, str]) -> bool:
    if not wanted:
        return True
    terms = wanted.get("$and", wanted.get("$or", []))
    # Filters name ids as in `id.object_id`, or bare.
    held = [
        (flat.get(term["field"].removeprefix("id.")) == term["value"])
        == (term["operator"] == "equals")
        for term in terms
    ]
    return all(held) if "$and" in wanted else any(held)


class AttioSender:
    """Listens to a World and posts what happens to the webhooks that subscribed.

    Bodies are made at the moment of the event and sent, one after the other, by a background
    task of the running loop; what happens while no loop runs waits for `settle`. What must be
    sent later, delayed or once more, waits for the World's clock.
    """

    def __init__(self, world: World, *, client: httpx.AsyncClient | None = None) -> None:
        self._world = world
        self._client = client
        self._waiting: list[Delivery] = []
        self._later: list[tuple[float, int, Delivery]] = []
        self._held: Delivery | None = None
        self._sending: asyncio.Task[None] | None = None
        self._sleeping: set[asyncio.Task[None]] = set()
        self._made = 0
        world.attio_listeners.append(self._on_event)

    async def settle(self) -> None:
        """Wait until everything that is due by the World's clock was sent."""
        self._release()
        while self._waiting or self._sending is not None:
            self._start()
            if self._sending is not None:
                await asyncio.wait({self._sending})
            self._release()

    async def aclose(self) -> None:
        """Stop listening and drop what was not sent yet."""
        self._world.attio_listeners.remove(self._on_event)
        tasks = [*self._sleeping, *([self._sending] if self._sending else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _on_event(self, event: AttioEvent) -> None:
        now = self._world.clock.timestamp()
        for hook in tuple(self._world.attio.hooks.values()):
            if status_of(hook, at=now) == "inactive" or not wanted(hook, event):
                continue
            self._made += 1
            told = {
                "event_type": event.event_type,
                "id": dict(event.id),
                **event.beside,
                "actor": actor(event.actor),
            }
            self._queue(
                Delivery(
                    key=made_id("delivery", hook.id, self._made),
                    event=event.event_type,
                    hook_id=hook.id,
                    body=json.dumps({"webhook_id": hook.id, "events": [told]}).encode(),
                    faults=tuple(self._world.faults.for_webhook("attio", event.event_type)),
                )
            )
        self._start()

    def _queue(self, delivery: Delivery) -> None:
        """Line up, or wait for the next one to be sent first when the order is to be wrong."""
        if "webhook_drop" in delivery.kinds:
            self._record(delivery, self._world.attio.hooks.get(delivery.hook_id), 0)
            return
        if "webhook_reorder" in delivery.kinds and self._held is None:
            self._held = delivery
            return
        copies = [delivery, *([delivery] if "webhook_duplicate" in delivery.kinds else [])]
        for fault in delivery.faults:
            if fault.kind == "webhook_delay":
                for one in copies:
                    self._postpone(one, float(fault.args.get("seconds", DEFAULT_DELAY)))
                copies = []
        self._waiting += copies
        if self._held is not None:
            self._waiting.append(self._held)
            self._held = None

    def _postpone(self, delivery: Delivery, seconds: float) -> None:
        self._made += 1
        heappush(self._later, (self._world.clock.timestamp() + seconds, self._made, delivery))

    def _release(self) -> None:
        """Line up what has become due."""
        now = self._world.clock.timestamp()
        while self._later and self._later[0][0] <= now:
            self._waiting.append(heappop(self._later)[2])

    def _start(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        if self._waiting and self._sending is None:
            self._sending = loop.create_task(self._send_all())
        if self._later and not self._sleeping:
            task = loop.create_task(self._wait())
            self._sleeping.add(task)
            task.add_done_callback(self._sleeping.discard)

    async def _wait(self) -> None:
        """Send what is due later when its time comes, in a World whose clock flows."""
        while self._later:
            seconds = self._later[0][0] - self._world.clock.timestamp()
            # Something due sooner may be added meanwhile.
            await self._world.clock.sleep(min(max(seconds, 0.0), LOOK_AGAIN))
            self._release()
            self._start()

    async def _send_all(self) -> None:
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT) as own:
                while self._waiting:
                    await self._send(self._client or own, self._waiting.pop(0))
        finally:
            self._sending = None
        self._start()

    async def _send(self, client: httpx.AsyncClient, delivery: Delivery) -> None:
        hook = self._world.attio.hooks.get(delivery.hook_id)
        if hook is None:
            return
        try:
            response = await client.post(
                hook.target_url,
                content=delivery.body,
                headers=_headers(hook, delivery),
                timeout=TIMEOUT,
            )
            status = response.status_code
        except (httpx.HTTPError, httpx.InvalidURL):
            status = 0
        self._record(delivery, hook, status)
        self._conclude(delivery, delivered=status in DELIVERED)

    def _conclude(self, delivery: Delivery, *, delivered: bool) -> None:
        """Try again later, or note what became of the webhook."""
        rows = self._world.attio
        hook = rows.hooks.get(delivery.hook_id)
        if hook is None:
            return
        if delivered:
            rows.hooks[hook.id] = replace(hook, failing_since=None)
        elif delivery.failed < len(RETRIES):
            # What goes wrong on purpose goes wrong once: the next attempt is a good one.
            again = replace(delivery, failed=delivery.failed + 1, faults=())
            self._postpone(again, float(RETRIES[delivery.failed]))
        elif hook.failing_since is None:
            now = self._world.clock.timestamp()
            rows.hooks[hook.id] = replace(hook, failing_since=now)

    def _record(self, delivery: Delivery, hook: Hook | None, status: int) -> None:
        self._world.journal.write(
            at=self._world.clock.now(),
            service="attio",
            op="webhook",
            method="POST",
            path="" if hook is None else hook.target_url,
            params={"event": delivery.event, "delivery": delivery.key},
            status=status,
            faults=delivery.kinds,
        )


def _headers(hook: Hook, delivery: Delivery) -> dict[str, str]:
    """There is no time in them: an old delivery cannot be told from a new one."""
    secret = hook.secret
    if "webhook_bad_signature" in delivery.kinds:
        secret = "somebody else's " + secret
    signed = signature(secret, delivery.body)
    return {
        "content-type": "application/json",
        "Idempotency-Key": delivery.key,
        **dict.fromkeys(SIGNED, signed),
    }
