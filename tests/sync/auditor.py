"""A studio whose copy is compared with its sources, and spoilt behind the back of the sync."""

from collections.abc import Sequence
from typing import Any

from mayak.automation.model import JobType, Result
from mayak.lightrag.service.coverage import coverage
from mayak.sync import jobs
from mayak.sync.model import MIRRORS
from mayak.sync.model.reconciliation import Downstreams
from mayak.sync.service import Sources
from tests.runs import run_once
from tests.sync.studio import REGISTRY, Rows, Studio

TWIN = """
INSERT INTO {table}
SELECT (jsonb_populate_record(
          here, jsonb_build_object('external_id', gen_random_uuid()::text))).*
  FROM {table} AS here
 WHERE external_id = ANY(%s)
RETURNING external_id
"""
SPOIL = """
UPDATE {table}
   SET content_hash = '\\x00', source_updated_at = source_updated_at - interval '1 day'
 WHERE external_id = ANY(%s)
RETURNING external_id
"""


class Auditor(Studio):
    async def _run(self, job: JobType, payload: dict[str, Any]) -> Result:
        things = {Sources: self.sources, Downstreams: Downstreams((coverage,))}
        return await run_once(
            self.database, REGISTRY, things, self.project, job, payload=payload or None
        )

    async def check(self, **payload: Any) -> Result:
        return await self._run(jobs.connectors_reconciliation_run, payload)

    async def repair(self, **payload: Any) -> Result:
        return await self._run(jobs.connectors_reconciliation_repair, payload)

    async def daily(self) -> Result:
        return await self._run(jobs.connectors_reconciliation_daily, {})

    async def found(self, stream: str, status: str = "open") -> dict[str, set[str]]:
        """Ids of the records with a finding, by kind."""
        rows = await self.rows(
            "SELECT kind, external_id FROM sync_reconciliation_findings"
            " WHERE stream = %s AND status = %s",
            stream,
            status,
        )
        kinds = {row["kind"] for row in rows}
        return {one: {r["external_id"] for r in rows if r["kind"] == one} for one in kinds}

    async def findings(self, stream: str) -> Rows:
        return await self.rows(
            "SELECT * FROM sync_reconciliation_findings WHERE stream = %s ORDER BY external_id",
            stream,
        )

    async def measured(self, stream: str, depth: str = "full") -> dict[str, Any]:
        """The newest numbers of a stream."""
        rows = await self.rows(
            "SELECT * FROM sync_reconciliation_metrics WHERE stream = %s AND depth = %s"
            " ORDER BY checked_at DESC LIMIT 1",
            stream,
            depth,
        )
        return rows[0]

    async def some(self, kind: str, count: int, *, skip: int = 0) -> list[str]:
        """Ids of live rows."""
        return sorted(await self.live(kind))[skip : skip + count]

    async def lose(self, kind: str, ids: Sequence[str]) -> set[str]:
        """Rows that our database lost."""
        table = MIRRORS[kind].table
        statement = f"DELETE FROM {table} WHERE external_id = ANY(%s) RETURNING external_id"
        return await self._ids(statement, ids)

    async def double(self, kind: str, ids: Sequence[str]) -> set[str]:
        """Copies of rows under ids of their own; those ids."""
        return await self._ids(TWIN.format(table=MIRRORS[kind].table), ids)

    async def age(self, kind: str, ids: Sequence[str]) -> set[str]:
        """Rows that hold an older state than the source."""
        return await self._ids(SPOIL.format(table=MIRRORS[kind].table), ids)

    async def _ids(self, statement: str, ids: Sequence[str]) -> set[str]:
        return {row["external_id"] for row in await self.rows(statement, list(ids))}

    async def hashes(self, kind: str) -> dict[str, bytes]:
        """What every live row holds, by id."""
        table = MIRRORS[kind].table
        statement = f"SELECT external_id, content_hash FROM {table} WHERE deleted_at IS NULL"
        return {
            row["external_id"]: bytes(row["content_hash"]) for row in await self.rows(statement)
        }
