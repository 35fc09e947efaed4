"""When chunks are refreshed and embedded: after every sync, and every twenty minutes to be sure."""

from datetime import timedelta
from uuid import UUID

from mayak.automation.model import JobRun, Result, job
from mayak.errors import Upstream
from mayak.kit import clock
from mayak.lightrag.model.embedder import Embedder
from mayak.lightrag.queries import documents as queries
from mayak.lightrag.queries import embedding as chunks
from mayak.lightrag.service import documents, embedding

BUDGET = timedelta(minutes=15)
"""After this a run ends and leaves the rest to the next, so that nothing else starves."""


@job(
    "embeddings_run",
    every=timedelta(minutes=20),
    after=("chatwoot_sync", "connectors_sync_cycle"),
    queue="cpu",
)
async def embeddings_run(run: JobRun) -> Result:
    """Cut what changed into chunks, then give chunks their vectors, the newest first.

    When the provider is down the chunks keep waiting, lexical answers go on, and the run fails
    to come back later. `partial` when some chunks could not be embedded.
    """
    embedder = run.resource(Embedder)
    refreshed, removed = await _refresh(run)
    embedded, failed, left = await _embed(run, embedder)
    return Result(
        status="partial" if failed else "ok",
        counters={
            "documents": refreshed.documents,
            "removed": removed,
            "chunks_added": refreshed.added,
            "chunks_dropped": refreshed.dropped,
            "embedded": embedded,
            "failed": failed,
            "left": left,
        },
    )


async def _refresh(run: JobRun) -> tuple[documents.Refreshed, int]:
    async with run.transaction() as conn:
        removed = await queries.drop_orphans(conn, run.project_id)
        stale = await queries.stale_conversations(conn, run.project_id)
    done = documents.Refreshed()
    for start in range(0, len(stale), documents.AT_ONCE):
        await run.progress(start, len(stale), "conversations read")
        ids = stale[start : start + documents.AT_ONCE]
        async with run.transaction() as conn:
            done += await documents.refresh(conn, run.project_id, ids)
    return done, removed


async def _embed(run: JobRun, embedder: Embedder) -> tuple[int, int, int]:
    """How many chunks were embedded, failed, and are left."""
    until = clock.now() + BUDGET
    done = 0
    failed: list[UUID] = []
    async with run.transaction() as conn:
        total = await embedding.prepare(conn, run.project_id, embedder)
    while clock.now() < until:
        await run.progress(done, total, "chunks embedded")
        async with run.transaction() as conn:
            done += await embedding.reuse(conn, run.project_id, embedder)
            batch = await embedding.claim(conn, run.project_id, embedder, set_aside=failed)
        if batch is None:
            break
        try:
            await embedding.embed(embedder, batch)
        except Upstream:
            async with run.transaction() as conn:
                await embedding.give_back(conn, run.project_id, batch)
            raise
        async with run.transaction() as conn:
            await embedding.store(conn, run.project_id, embedder, batch)
        done += len(batch.vectors)
        failed.extend(batch.failures)
    async with run.transaction() as conn:
        left = await chunks.count_pending(conn, run.project_id)
    await run.progress(done, max(total, done), "chunks embedded")
    return done, len(failed), left
