"""The governor: what may be asked of a service, counted in the database for all workers.

A credential has budgets, each a bucket that fills evenly and holds at most its burst. A request
takes its costs from all of its budgets or waits; a service that refuses closes the gate for
every worker. Background work leaves the last part of each bucket to people who wait.
"""

import asyncio
import hashlib
import math
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import Self, TypeVar

import structlog

from mayak.connectors.base import Allowance, Gate
from mayak.connectors.replies import LONGEST_WAIT
from mayak.errors import Upstream
from mayak.platform.db import Conn, Database, OperationalError
from mayak.sync.queries import budgets as queries
from mayak.sync.queries.budgets import Budget, Turn

__all__ = ["Budget", "Credential", "Governor", "for_fixed_windows"]

log = structlog.get_logger(__name__)

Answer = TypeVar("Answer")
Line = tuple[str, tuple[str, ...], bool, timedelta]

UNUSED = timedelta(days=7)
"""Budgets that nobody asked of for so long are forgotten."""
SHORTEST_SLEEP = 0.005
SPREAD = 0.01
"""Seconds at least over which those spread who wait for the same token."""
WIDEST_SPREAD = 1.0
DATABASE_PAUSES = (0.05, 0.25, 1.0)
"""Seconds between tries: a pooled connection may be lost, a lock held for a moment."""
WORDS = 200
"""Characters kept of the reason for a block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """Whom a service counts as one: everything sent with the same secret."""

    service: str
    """As people are told: Linear, Attio, Chatwoot."""
    digest: str
    """32 hex digits, from which nobody gets the secret."""

    @classmethod
    def of(cls, service: str, secret: str) -> Self:
        digest = hashlib.sha256(f"{service}\0{secret}".encode()).hexdigest()[:32]
        return cls(service=service, digest=digest)


def for_fixed_windows(limit: float, period: timedelta) -> Budget:
    """The budget under a limit that the service counts anew at the start of each period.

    Whatever its clock says, burst and flow of one period together stay below the limit; one
    percent is left to requests that are held up on their way into the next window.
    """
    return Budget(limit=0.95 * limit, period=period, burst=max(1.0, 0.04 * limit))


_marks: ContextVar[tuple[str, Mapping[str, float]] | None] = ContextVar("marks", default=None)
"""Of the request that the present task was last let in with: whose, and what was taken by then."""


class Governor:
    """Gates of this process to what all processes share."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._opened: dict[tuple[str, str], Budget] = {}
        self._lines: defaultdict[Line, asyncio.Lock] = defaultdict(asyncio.Lock)

    def gate(
        self,
        credential: Credential,
        *,
        budgets: Mapping[str, Budget],
        patience: timedelta,
        interactive: bool = False,
    ) -> Gate:
        """The way to a service for requests of these budgets.

        `patience` is how long one request waits for its turn at most. `interactive` ones may
        take what background work has to leave, down to the last token.
        """
        return _SharedGate(
            self, credential, budgets=budgets, patience=patience, interactive=interactive
        )

    async def prune(self) -> int:
        """Forget the budgets of credentials that are out of use; how many."""
        return await self.run(lambda conn: queries.prune(conn, unused=UNUSED))

    async def run(self, work: Callable[[Conn], Awaitable[Answer]]) -> Answer:
        """Run one statement, again when the database did not answer.

        Raises OperationalError when the fourth try fails, too. A statement whose answer was lost
        may have run: then its cost is taken twice, which the bucket soon forgets.
        """
        for pause in DATABASE_PAUSES:
            try:
                async with self._database.engine() as conn:
                    return await work(conn)
            except OperationalError:
                await asyncio.sleep(pause)
        async with self._database.engine() as conn:
            return await work(conn)

    async def open(self, credential: Credential, budgets: Mapping[str, Budget]) -> None:
        """Make sure that these budgets are counted, by the limits given here."""
        made = await self.run(
            lambda conn: queries.open_budgets(conn, credential.digest, credential.service, budgets)
        )
        if made:
            await self.prune()
        for name, budget in budgets.items():
            self._opened[credential.digest, name] = budget

    def is_open(self, credential: Credential, budgets: Mapping[str, Budget]) -> bool:
        """Whether this process has said so already."""
        return all(
            self._opened.get((credential.digest, name)) == budget
            for name, budget in budgets.items()
        )

    def line(self, line: Line) -> asyncio.Lock:
        """Of those who wait here for the same, one asks the database, the others stand behind."""
        return self._lines[line]


class _SharedGate:
    """The Gate of one credential."""

    def __init__(
        self,
        governor: Governor,
        credential: Credential,
        *,
        budgets: Mapping[str, Budget],
        patience: timedelta,
        interactive: bool,
    ) -> None:
        self._governor = governor
        self._credential = credential
        self._budgets = dict(budgets)
        self._patience = patience
        self._interactive = interactive

    async def enter(self, costs: Mapping[str, float]) -> None:
        """Wait until these costs fit their budgets, and take them.

        Call it last, right before the request is sent: what happens between is not held back
        by a block. Raises Upstream of kind rate_limit when the wait is longer than the caller's
        patience, at once if that is foreseeable, and ValueError for a budget never declared.
        """
        if unknown := costs.keys() - self._budgets.keys():
            raise ValueError(f"{self._credential.service} has no budget {', '.join(unknown)}")
        wanted = {name: float(cost) for name, cost in costs.items() if cost > 0}
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience.total_seconds()
        # Everyone in a line has the same patience, so whoever is ahead also gives up earlier.
        line = (self._credential.digest, tuple(sorted(wanted)), self._interactive, self._patience)
        async with self._governor.line(line):
            while (turn := await self._ask(wanted)).wait > 0:
                if loop.time() + turn.wait > deadline:
                    raise self._full(turn)
                await asyncio.sleep(self._spread(turn.wait))
        _marks.set((self._credential.digest, turn.marks or {}))

    async def learn(self, allowances: Sequence[Allowance]) -> None:
        """Take over limits, periods and what is left, of budgets that this gate has.

        Call it in the task that entered: what others took since then is subtracted.
        """
        told = [one for one in allowances if one.budget in self._budgets and _makes_sense(one)]
        if not told:
            return
        digest = self._credential.digest
        entered = _marks.get()
        marks = entered[1] if entered and entered[0] == digest else {}
        await self._governor.run(lambda conn: queries.learn(conn, digest, told, marks))

    async def close(self, wait: timedelta, *, reason: str) -> None:
        """Nobody, here or elsewhere, asks anything of the service before `wait` is over.

        A longer block stays as it is. No block is longer than six hours, whatever was said.
        """
        if wait <= timedelta(0):
            return
        wait = min(wait, LONGEST_WAIT)
        why = reason[:WORDS]
        if not await self._block(wait, why):
            await self._governor.open(self._credential, self._budgets)
            await self._block(wait, why)
        log.warning(
            "source_closed",
            service=self._credential.service,
            seconds=round(wait.total_seconds(), 1),
            reason=why,
        )

    async def _block(self, wait: timedelta, reason: str) -> int:
        digest = self._credential.digest
        return await self._governor.run(
            lambda conn: queries.close(conn, digest, wait, reason=reason)
        )

    async def _ask(self, wanted: Mapping[str, float]) -> Turn:
        budgets = {name: self._budgets[name] for name in wanted}
        if not self._governor.is_open(self._credential, budgets):
            await self._governor.open(self._credential, budgets)
        turn = await self._try(wanted)
        if turn.known < len(wanted):  # pruned since
            await self._governor.open(self._credential, budgets)
            turn = await self._try(wanted)
        return turn

    async def _try(self, wanted: Mapping[str, float]) -> Turn:
        return await self._governor.run(
            lambda conn: queries.enter(
                conn, self._credential.digest, wanted, interactive=self._interactive
            )
        )

    def _spread(self, wait: float) -> float:
        """How long to sleep: the wait, and a little more or less of it for each of the waiting."""
        widest = 0.0 if self._interactive else min(SPREAD + wait / 4, WIDEST_SPREAD)
        return max(wait, SHORTEST_SLEEP) + random.uniform(0, widest)  # noqa: S311

    def _full(self, turn: Turn) -> Upstream:
        wait = timedelta(seconds=turn.wait)
        reason = f"its limit is used up for the next {math.ceil(turn.wait)} s"
        if turn.because:
            reason += f" ({turn.because})"
        return Upstream(self._credential.service, reason, kind="rate_limit", retry_after=wait)


def _makes_sense(allowance: Allowance) -> bool:
    """Whether a reply's figures can be counted with; others are as good as not said."""
    return (
        0 < allowance.limit < math.inf
        and (allowance.remaining is None or math.isfinite(allowance.remaining))
        and (allowance.period is None or allowance.period > timedelta(0))
    )
