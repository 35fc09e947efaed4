"""When chunks are refreshed and embedded: after every sync, when somebody asks, and once more when
the time of a run ended before its chunks did.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from uuid import UUID

import structlog

from mayak.automation.model import JobRun, Registry, Result, job
from mayak.automation.service import trigger
from mayak.errors import AppError
from mayak.kit import clock
from mayak.lightrag.model.embedder import Embedder
from mayak.lightrag.queries import embedding as chunks
from mayak.lightrag.queries.retrieval import refresh_terms
from mayak.lightrag.service import documents, embedding
from mayak.platform.db import Conn, Database, OperationalError

BUDGET = timedelta(minutes=15)
"""After this a run ends and asks for another one, so that nothing else starves."""
HURRY = timedelta(seconds=3)
"""How long a run that is being stopped may take to return its chunks."""

log = structlog.get_logger(__name__)


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

    When the provider is down the chunks keep waiting, lexical answers go on, and the run fails
    to come back later. `partial` when some chunks could not be embedded. When its time ends
    before the chunks do, it asks for the run that goes on.
    """
    embedder = run.resource(Embedder)
    refreshed = await documents.refresh_all(run.transaction, run.project_id, partial(_report, run))
    embedded, failed, left = await _embed(run, embedder)
    return Result(
        status="partial" if failed else "ok",
        counters={
            "documents": refreshed.documents,
            "removed": refreshed.removed,
            "chunks_added": refreshed.added,
            "chunks_dropped": refreshed.dropped,
            "embedded": embedded,
            "failed": failed,
            "left": left,
        },
    )


async def _report(run: JobRun, done: int, total: int) -> None:
    await run.progress(done, total, "documents read")


async def _embed(run: JobRun, embedder: Embedder) -> tuple[int, int, int]:
    """How many chunks were embedded, failed, and are left."""
    until = clock.now() + BUDGET
    done = 0
    failed: list[UUID] = []
    async with run.transaction() as conn:
        set_id = await embedding.prepare(conn, run.project_id, embedder)
        total = await chunks.count_pending(conn, run.project_id)
    while in_time := clock.now() < until:
        await run.progress(done, total, "chunks embedded")
        reused, batch = await _embed_batch(run, embedder, set_id, set_aside=failed)
        done += reused
        if batch is None:
            break
        done += len(batch.vectors)
        failed.extend(batch.failures)
    async with run.transaction() as conn:
        await refresh_terms(conn, run.project_id)
    async with run.transaction() as conn:
        left = await chunks.count_pending(conn, run.project_id)
        if left and not in_time:
            await _go_on(conn, run)
    await run.progress(done, max(total, done), "chunks embedded")
    return done, len(failed), left


async def _embed_batch(
    run: JobRun, embedder: Embedder, set_id: UUID, *, set_aside: Sequence[UUID]
) -> tuple[int, embedding.Batch | None]:
    """How many chunks took a vector that was there already, and the batch that was worked on."""
    batch: embedding.Batch | None = None
    try:
        async with run.transaction() as conn:
            reused = await embedding.reuse(conn, run.project_id, set_id)
            batch = await embedding.claim(conn, run.project_id, embedder, set_aside=set_aside)
        if batch is not None:
            await embedding.embed(embedder, batch)
            async with run.transaction() as conn:
                await embedding.store(conn, run.project_id, set_id, batch)
    except BaseException:
        if batch is not None:
            await _give_back(run, batch)
        raise
    return reused, batch


async def _give_back(run: JobRun, batch: embedding.Batch) -> None:
    """Outside of the run's own transactions, because its lease may be what was lost."""
    database = run.resource(Database)
    try:
        async with (
            asyncio.timeout(HURRY.total_seconds()),
            database.transaction(run.project_id) as conn,
        ):
            await embedding.give_back(conn, run.project_id, batch)
    except (OperationalError, TimeoutError, AppError):
        log.warning("chunks could not be given back; the next run takes them up", exc_info=True)


async def _go_on(conn: Conn, run: JobRun) -> None:
    await trigger(
        conn,
        run.resource(Registry),
        run.project_id,
        embeddings_run.name,
        trigger="cascade",
        upstream=[run.run_id],
        because="chunks are left",
    )
