"""The tick: what the schedule says is due waits in line. Every worker does it; nobody leads."""

from datetime import datetime
from uuid import UUID

from mayak.automation import queries
from mayak.automation.model import SPREAD, Registry, next_slot, phase
from mayak.automation.queries import CronSlot, DueCron, Ticked
from mayak.platform.db import Conn, Database

AT_ONCE = 1000
"""Schedules of one transaction."""
CRONS_AT_ONCE = 200
MOST_SLOTS = 500


def cron_slots(due: DueCron) -> list[CronSlot]:
    """Every slot of a schedule that is due, the oldest first; the last one is the latest.

    Of very many only the newest are told apart; one more row stands for those before them.
    """
    slots = [due.next_run_at]
    while (following := next_slot(due.cron, due.time_zone, slots[-1])) <= due.at:
        slots.append(following)
    spread = phase(due.project_id, due.job_type, SPREAD)
    newest = slots[-MOST_SLOTS:]
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


async def tick_once(conn: Conn, registry: Registry, *, at: datetime | None) -> Ticked:
    """One statement's worth of due schedules, in the scope of `conn`."""
    types = list(registry.values())
    names = [one.name for one in types]
    crons = await queries.due_crons(conn, names, at=at, limit=CRONS_AT_ONCE)
    slots = [slot for due in crons for slot in cron_slots(due)]
    ticked = await queries.tick(conn, types, slots, at=at, limit=AT_ONCE)
    for queue in ticked.queues:
        await queries.wake(conn, queue)
    return ticked


async def tick(database: Database, registry: Registry, *, at: datetime | None) -> Ticked:
    """Account for every slot that is due, of all projects."""
    run_ids: list[UUID] = []
    queues: set[str] = set()
    schedules = skipped = missed = 0
    while True:
        async with database.engine() as conn, conn.transaction():
            done = await tick_once(conn, registry, at=at)
        run_ids += done.run_ids
        queues |= set(done.queues)
        schedules += done.schedules
        skipped += done.skipped
        missed += done.missed
        if not done.schedules:
            return Ticked(
                schedules=schedules,
                run_ids=run_ids,
                queues=sorted(queues),
                skipped=skipped,
                missed=missed,
            )
