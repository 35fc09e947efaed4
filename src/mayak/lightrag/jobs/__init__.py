"""When chunks are refreshed and embedded: after every sync, when somebody asks, and once more when
the time of a run ended before its chunks did.
"""

from datetime import datetime, timedelta
from functools import partial

from mayak.automation.model import JobRun, Registry, Result, job
from mayak.automation.service import trigger
from mayak.lightrag.jobs.embedding import embed
from mayak.lightrag.queries.retrieval import refresh_terms
from mayak.lightrag.service import documents
from mayak.platform.db import Conn

RETRY = {"after": "outage"}
"""The payload of the run that comes back after an outage: it waits apart, so that the runs which
syncs ask for meanwhile cut what changed without waiting for it.
"""


@job(
    "embeddings_run",
    every=timedelta(minutes=20),
    after=(
        "chatwoot_sync",
        "connectors_sync_cycle",
        "webhooks_drain_chatwoot",
        "webhooks_drain_linear",
        "webhooks_drain_attio",
        "connector_errors_retry",
        "connectors_backfill",
        "connectors_reconciliation_daily",
        "connectors_reconciliation_repair",
    ),
    queue="cpu",
)
async def embeddings_run(run: JobRun) -> Result:
    """Cut what changed into chunks, then give chunks their vectors, the newest first.

    When the provider is down the chunks keep waiting, lexical answers go on, the run is `partial`
    and says why, and another one is asked for when the provider may be tried again. `partial` too
    when some chunks could not be embedded. When its time ends before the chunks or the
    graph of their vectors do, it asks for the run that goes on.
    """
    refreshed = await documents.refresh_all(run.transaction, run.project_id, partial(_report, run))
    async with run.transaction() as conn:
        await refresh_terms(conn, run.project_id)
    done = await embed(run)
    async with run.transaction() as conn:
        if done.left and done.retry_at is not None:
            await _go_on(conn, run, because="the provider was down", at=done.retry_at)
        elif done.left and done.out_of_time:
            await _go_on(conn, run, because="chunks are left")
        elif done.ungraphed:
            await _go_on(conn, run, because="vectors are left that belong into the graph")
    return Result(
        status="partial" if done.failed or done.retry_at else "ok",
        counters={
            "documents": refreshed.documents,
            "removed": refreshed.removed,
            "chunks_added": refreshed.added,
            "chunks_dropped": refreshed.dropped,
            "embedded": done.embedded,
            "failed": done.failed,
            "left": done.left,
        },
        note=" ".join(done.notes) or None,
    )


async def _report(run: JobRun, done: int, total: int) -> None:
    await run.progress(done, total, "documents read")


async def _go_on(conn: Conn, run: JobRun, *, because: str, at: datetime | None = None) -> None:
    await trigger(
        conn,
        run.resource(Registry),
        run.project_id,
        embeddings_run.name,
        trigger="cascade",
        upstream=[run.run_id],
        because=because,
        payload=RETRY if at else None,
        not_before=at,
    )
