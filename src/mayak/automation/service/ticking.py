"""The tick: what the schedule says is due waits in line. Every worker does it; nobody leads."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from mayak.automation import queries
from mayak.automation.model import SPREAD, Registry, next_slot, phase
from mayak.automation.queries import CronSlot, DueCron, Ticked
from mayak.errors import InvalidInput
from mayak.platform.db import Conn, Database

log = structlog.get_logger(__name__)

AT_ONCE = 1000
"""Schedules of one transaction."""
CRONS_AT_ONCE = 50

Key = tuple[UUID, str, datetime]
"""A project, a job type, and the slot that is due."""


def cron_slots(due: DueCron) -> list[CronSlot]:
    """Every slot of a schedule that is due, the oldest first; the last one is the latest.

    Of very many only the newest are told apart; one more row stands for those before them. Raises
    InvalidInput when the schedule cannot be read.
    """
    slots = [due.next_run_at]
    while (following := next_slot(due.cron, due.time_zone, slots[-1])) <= due.at:
        slots.append(following)
    spread = phase(due.project_id, due.job_type, SPREAD)
    newest = slots[-queries.MOST_SLOTS :]
    older = len(slots) - len(newest)
    kept = [(slot, 0) for slot in newest]
    if older:
        kept.insert(0, (slots[0], older))
    return [
        CronSlot(
            due=due,
            slot_at=slot,
            is_latest=slot == slots[-1],
            start_at=slot + spread,
            following=following,
            lumped=lumped,
        )
        for slot, lumped in kept
    ]


@dataclass(frozen=True, slots=True)
class Ahead:
    """Slots of crons that were computed before their rows are locked.

    After a long outage that takes seconds, which no transaction may last.
    """

    slots: Mapping[Key, list[CronSlot]]
    unreadable: Sequence[tuple[DueCron, str]]


NOTHING = Ahead({}, ())


def _key(due: DueCron) -> Key:
    return due.project_id, due.job_type, due.next_run_at


def _compute(crons: Sequence[DueCron]) -> Ahead:
    slots: dict[Key, list[CronSlot]] = {}
    unreadable: list[tuple[DueCron, str]] = []
    for due in crons:
        try:
            slots[_key(due)] = cron_slots(due)
        except InvalidInput as error:
            unreadable.append((due, str(error)))
    return Ahead(slots, unreadable)


async def look_ahead(conn: Conn, registry: Registry, *, at: datetime | None) -> Ahead:
    """What is due by a cron in the scope of `conn`, computed in a thread: the worker goes on."""
    crons = await queries.due_crons(conn, list(registry), at=at, limit=CRONS_AT_ONCE)
    return await asyncio.to_thread(_compute, crons) if crons else NOTHING


async def tick_once(conn: Conn, registry: Registry, ahead: Ahead, *, at: datetime | None) -> Ticked:
    """One statement's worth of due schedules, in the scope of `conn`."""
    slots: list[CronSlot] = []
    if ahead.slots:
        held = await queries.hold_crons(conn, list(registry), at=at, limit=CRONS_AT_ONCE)
        slots = [slot for due in held for slot in ahead.slots.get(_key(due), ())]
    for due, error in ahead.unreadable:
        log.error("a schedule cannot be read and is suspended", job=due.job_type, error=error)
        await queries.schedules.suspend(conn, due.project_id, due.job_type, error=error)
    ticked = await queries.tick(conn, list(registry.values()), slots, at=at, limit=AT_ONCE)
    for queue in ticked.queues:
        await queries.wake(conn, queue)
    return ticked


async def tick(database: Database, registry: Registry, *, at: datetime | None) -> Ticked:
    """Account for every slot that is due, of all projects."""
    total = Ticked(schedules=0, run_ids=[], queues=[], skipped=0, missed=0)
    while True:  # cadences first: crons after a long outage take their time
        async with database.engine() as conn, conn.transaction():
            done = await tick_once(conn, registry, NOTHING, at=at)
        total = _sum(total, done)
        if not done.schedules:
            break
    while True:
        async with database.engine() as conn:
            ahead = await look_ahead(conn, registry, at=at)
        if not ahead.slots and not ahead.unreadable:
            return total
        async with database.engine() as conn, conn.transaction():
            done = await tick_once(conn, registry, ahead, at=at)
        total = _sum(total, done)
        if not done.schedules and not ahead.unreadable:
            return total  # others hold them


def _sum(one: Ticked, other: Ticked) -> Ticked:
    return Ticked(
        schedules=one.schedules + other.schedules,
        run_ids=one.run_ids + other.run_ids,
        queues=sorted({*one.queues, *other.queues}),
        skipped=one.skipped + other.skipped,
        missed=one.missed + other.missed,
    )
