"""SQL of the budgets that all workers share. The database's clock is the only one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import LiteralString

from mayak.connectors.base import Allowance
from mayak.platform.db import Conn, execute, fetch_one


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What may be asked of a service: `limit` in each `period`, flowing in evenly."""

    limit: float
    period: timedelta
    burst: float | None = None
    """The most that may be asked at once after a pause; the whole limit unless said otherwise."""

    @property
    def most(self) -> float:
        return self.limit if self.burst is None else self.burst


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What became of a request to be let in."""

    known: int
    """How many of the budgets that were asked for have a row."""
    wait: float
    """Seconds until it is worth asking again; 0 when everything was taken."""
    because: str | None
    """What the service said when it closed the gate, if that is what there is to wait for."""
    marks: dict[str, float] | None
    """By budget: all that was ever taken of it, this cost included. None when nothing was taken."""


# The clock can be set back; taken as time gone by, that costs a little too much for once, and
# holds nobody up until the old time is reached again.
LEVEL: LiteralString = """least(burst, tokens
      + per_second * abs(extract(epoch FROM clock_timestamp() - counted_at)::float8))"""

BLOCK: LiteralString = "extract(epoch FROM blocked_until - clock_timestamp())::float8"

# Background requests wait for one level whatever they cost, up to 5 % of the burst: cheap ones
# do not overtake a costly one for ever. They leave as much again to interactive ones. A bucket
# that is full lets in what it can never hold.
SHORTFALL: LiteralString = f"""CASE WHEN cost > 0 THEN (least(burst,
      CASE WHEN %(interactive)s::boolean THEN cost ELSE 2 * greatest(cost, 0.05 * burst) END)
      - {LEVEL}) / per_second END"""

# The first look takes no lock: who has to wait leaves no trace. Who may pass locks its rows,
# always in the same order, and looks again at what they are by then.
ENTER: LiteralString = f"""
WITH asked AS MATERIALIZED (
  SELECT * FROM unnest(%(budgets)s::text[], %(costs)s::float8[]) AS asked (budget, cost)
), seen AS MATERIALIZED (
  SELECT count(cost) AS known,
         coalesce(greatest(0, max({BLOCK}), max({SHORTFALL})), 0) AS wait,
         max(blocked_because) FILTER (WHERE {BLOCK} > 0) AS because
    FROM connector_budgets LEFT JOIN asked USING (budget)
   WHERE credential = %(credential)s
), locked AS MATERIALIZED (
  SELECT budget, cost, {LEVEL} AS level, greatest(0, {BLOCK}, {SHORTFALL}) AS wait,
         clock_timestamp() AS at
    FROM connector_budgets JOIN asked USING (budget)
   WHERE credential = %(credential)s
     AND (SELECT wait = 0 AND known = cardinality(%(budgets)s::text[]) FROM seen)
   ORDER BY budget
     FOR UPDATE OF connector_budgets
), verdict AS MATERIALIZED (
  SELECT max(wait) AS wait FROM locked
), took AS (
  UPDATE connector_budgets AS old
     SET tokens = level - cost, counted_at = at, taken = old.taken + cost
    FROM locked
   WHERE old.credential = %(credential)s AND old.budget = locked.budget
     AND (SELECT wait = 0 FROM verdict)
  RETURNING old.budget, old.taken
)
SELECT known, greatest(seen.wait, verdict.wait) AS wait, because,
       (SELECT jsonb_object_agg(budget, taken) FROM took) AS marks
  FROM seen, verdict
 -- Counts of the last moments may be lost with the machine; nobody waits for the disk.
 WHERE set_config('synchronous_commit', 'off', true) = 'off'
"""

OPEN: LiteralString = """
INSERT INTO connector_budgets AS old
       (credential, budget, service, allowed, period, burst, tokens)
SELECT %(credential)s, budget, %(service)s, allowed, period, burst, burst
  FROM unnest(%(budgets)s::text[], %(limits)s::float8[], %(periods)s::interval[],
              %(bursts)s::float8[]) AS given (budget, allowed, period, burst)
 ORDER BY budget
    ON CONFLICT (credential, budget) DO UPDATE
   SET allowed = excluded.allowed, period = excluded.period, burst = excluded.burst
 WHERE NOT old.told
   AND (old.allowed, old.period, old.burst)
       IS DISTINCT FROM (excluded.allowed, excluded.period, excluded.burst)
"""

# What the service says is left knows nothing of what we sent since it was said. A count that is
# too low is believed a tenth nearer each time, and at once for the first time or after a reset:
# a single reply that is out of date must not let a crowd in.
LEARN: LiteralString = f"""
WITH said AS MATERIALIZED (
  SELECT *
    FROM unnest(%(budgets)s::text[], %(limits)s::float8[], %(periods)s::interval[],
                %(remaining)s::float8[], %(resets)s::timestamptz[], %(marks)s::float8[])
      AS said (budget, new_allowed, new_period, remaining, new_resets_at, mark)
), known AS MATERIALIZED (
  SELECT budget, new_allowed, new_period, new_resets_at, clock_timestamp() AS at,
         burst * new_allowed / allowed AS new_burst,
         {LEVEL} AS level,
         remaining - (taken - coalesce(mark, taken)) AS remains,
         CASE WHEN told AND coalesce(resets_at > clock_timestamp(), true)
              THEN 0.1 ELSE 1 END AS trust
    FROM connector_budgets JOIN said USING (budget)
   WHERE credential = %(credential)s
   ORDER BY budget
     FOR UPDATE OF connector_budgets
)
UPDATE connector_budgets AS old
   SET allowed = new_allowed,
       period = coalesce(new_period, old.period),
       burst = new_burst,
       tokens = least(new_burst, CASE WHEN remains > level THEN level + trust * (remains - level)
                                      ELSE coalesce(remains, level) END),
       counted_at = at,
       told = told OR remains IS NOT NULL,
       resets_at = new_resets_at
  FROM known
 WHERE old.credential = %(credential)s AND old.budget = known.budget
   AND set_config('synchronous_commit', 'off', true) = 'off'
"""

# A service that never says what is left has just said that it is nothing. When the block is over
# there is what flowed in meanwhile, or a tenth of the burst, enough for the first to try again.
CLOSE: LiteralString = f"""
WITH known AS MATERIALIZED (
  SELECT budget, {LEVEL} AS level, clock_timestamp() AS at,
         clock_timestamp() + %(wait)s::interval AS until,
         greatest(0, 0.1 * burst - per_second * extract(epoch FROM %(wait)s::interval)::float8)
           AS emptied
    FROM connector_budgets
   WHERE credential = %(credential)s
   ORDER BY budget
     FOR UPDATE
)
UPDATE connector_budgets AS old
   SET blocked_until = greatest(old.blocked_until, until),
       blocked_because = CASE WHEN old.blocked_until >= until THEN old.blocked_because
                              ELSE %(reason)s END,
       tokens = CASE WHEN told THEN level ELSE least(level, emptied) END,
       counted_at = at
  FROM known
 WHERE old.credential = %(credential)s AND old.budget = known.budget
"""

PRUNE: LiteralString = """
DELETE FROM connector_budgets
 WHERE (credential, budget) IN (
         SELECT credential, budget
           FROM connector_budgets
          WHERE counted_at < clock_timestamp() - %(unused)s::interval
            AND coalesce(blocked_until < clock_timestamp(), true)
            FOR UPDATE SKIP LOCKED)
"""


async def enter(
    conn: Conn, credential: str, costs: Mapping[str, float], *, interactive: bool
) -> Turn:
    """Take these costs from all their budgets, or from none."""
    turn = await fetch_one(
        conn,
        Turn,
        ENTER,
        credential=credential,
        budgets=list(costs),
        costs=list(costs.values()),
        interactive=interactive,
    )
    assert turn
    return turn


async def open_budgets(
    conn: Conn, credential: str, service: str, budgets: Mapping[str, Budget]
) -> int:
    """Begin to count, from full buckets, or from new limits where no reply told others.

    The number of rows that this made or changed.
    """
    return await execute(
        conn,
        OPEN,
        credential=credential,
        service=service,
        budgets=list(budgets),
        limits=[float(one.limit) for one in budgets.values()],
        periods=[one.period for one in budgets.values()],
        bursts=[float(one.most) for one in budgets.values()],
    )


async def learn(
    conn: Conn, credential: str, allowances: Sequence[Allowance], marks: Mapping[str, float]
) -> None:
    """Take over what a reply said. `marks` are those of the turn that its request got."""
    await execute(
        conn,
        LEARN,
        credential=credential,
        budgets=[one.budget for one in allowances],
        limits=[one.limit for one in allowances],
        periods=[one.period for one in allowances],
        remaining=[one.remaining for one in allowances],
        resets=[one.resets_at for one in allowances],
        marks=[marks.get(one.budget) for one in allowances],
    )


async def close(conn: Conn, credential: str, wait: timedelta, *, reason: str) -> int:
    """Let nobody in before `wait` is over; a longer block stays. The number of budgets."""
    return await execute(conn, CLOSE, credential=credential, wait=wait, reason=reason)


async def prune(conn: Conn, *, unused: timedelta) -> int:
    """Forget budgets of which nothing was taken for so long; how many."""
    return await execute(conn, PRUNE, unused=unused)
