"""The cheap part of a check, after each sync: what can be counted here, without a request."""

from mayak.sync.model.reconciliation import QUICK_EVERY, Compared
from mayak.sync.queries import comparing, reconciliation
from mayak.sync.service.work import Work


async def quick_check(work: Work) -> None:
    """Keep the numbers of the streams that changed, or that were not counted for a while.

    How many records the source has is known only of what this sync listed to its end.
    """
    project_id, connector = work.run.project_id, work.connector
    async with work.run.transaction() as conn:
        last = await reconciliation.last_quick(conn, project_id, connector)
        due = [
            one.name
            for one in work.streams
            if _changed(work, one.name)
            or one.name in work.totals
            or one.name not in last
            or work.at - last[one.name] >= QUICK_EVERY
        ]
        if not due:
            return
        counts = await comparing.local_counts(conn, project_id, connector)
        twice = await comparing.surpluses(conn, project_id, connector)
        rows = {
            name: Compared(
                local_count=counts[name],
                source_count=work.totals.get(name),
                duplicate=twice.get(name, 0),
            )
            for name in due
        }
        await reconciliation.measure(conn, project_id, work.run.run_id, connector, "quick", rows)


def _changed(work: Work, stream: str) -> bool:
    return bool(work.counters[f"{stream}_written"] or work.counters[f"{stream}_deleted"])
