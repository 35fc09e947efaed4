"""Vectors of a worker that is killed again and again are those of one that was left alone."""

import asyncio
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest

from mayak.automation.model import Registry
from mayak.automation.service import trigger
from mayak.lightrag import jobs
from mayak.platform.db import Database

pytestmark = [pytest.mark.anyio, pytest.mark.chaos]

CHUNKS, KILLS, IN_FLIGHT = 600, 4, 4 * 10
MANY = """
WITH document AS (INSERT INTO rag_documents
                         (project_id, source_type, external_id, source_revision, source_revisions,
                          source_rows, rules)
                  VALUES (%(project)s, 'dataset_text', 'many', 1, 1, 1, 1)
                  RETURNING id)
INSERT INTO rag_chunks
       (project_id, document_id, ordinal, kind, language, text, text_hash, spans, occurred_at)
SELECT %(project)s, id, n, 'text', 'en', 'Matter ' || n, sha256(n::text::bytea), '[]', now()
  FROM document, generate_series(1, %(chunks)s) AS n
"""
LEFT = "SELECT count(*) FROM rag_chunks WHERE embedding_status <> 'ready'"
VECTORS = "SELECT count(*) FROM rag_embeddings"


@asynccontextmanager
async def worker(dsn: str, journal: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    script = Path(__file__).with_name("embedding_worker.py")
    process = await asyncio.create_subprocess_exec(sys.executable, script, dsn, str(journal))
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def count(database: Database, project: UUID, statement: str) -> int:
    async with database.transaction(project) as conn:
        cursor = await conn.execute(statement.encode())
        row = await cursor.fetchone()
        assert row
        return int(row[0])


async def until_fewer(database: Database, project: UUID, left: int) -> None:
    while await count(database, project, LEFT) > left:  # noqa: ASYNC110  # another process
        await asyncio.sleep(0.02)


async def test_a_drain_that_is_killed_again_and_again_loses_and_doubles_nothing(
    database: Database, dsn: str, project: UUID, tmp_path: Path
) -> None:
    journal = tmp_path / "asked"
    async with database.transaction(project) as conn:
        await conn.execute(MANY, {"project": project, "chunks": CHUNKS})
        await trigger(conn, Registry.of([jobs]), project, "embeddings_run")

    async with asyncio.timeout(240):
        for _ in range(KILLS):
            left = await count(database, project, LEFT)
            async with worker(dsn, journal):
                await until_fewer(database, project, left - random.randint(10, 60))  # noqa: S311
        async with worker(dsn, journal):
            await until_fewer(database, project, 0)

    asked = journal.read_text().splitlines()
    assert await count(database, project, VECTORS) == CHUNKS
    assert len(set(asked) - {"ok"}) == CHUNKS
    assert len(asked) - CHUNKS <= KILLS * IN_FLIGHT
