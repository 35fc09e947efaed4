"""The studio of the stories: three services of one World, projects bound to parts of them."""

from typing import Any
from uuid import UUID

import httpx

from mayak.automation.model import JobType, Registry, Result
from mayak.platform.db import Database
from mayak.sandbox.control import snapshot
from mayak.sandbox.world import World
from mayak.sync import jobs, service
from mayak.sync.model import MIRRORS, Binding, BindingKind, Connector, StreamType
from mayak.sync.service import Sources
from tests.runs import run_once
from tests.sources import all_three
from tests.sync.conftest import Wire

BASE = "http://sandbox"
REGISTRY = Registry.of([jobs])
LINEAR_TABLES = {"states": "workflow_states", "labels": "issue_labels"}
JOBS: dict[str, JobType] = {
    "chatwoot": jobs.chatwoot_sync,
    "linear": jobs.linear_sync,
    "attio": jobs.attio_sync,
    "all": jobs.connectors_sync_cycle,
}

Rows = list[dict[str, Any]]


class Studio:
    """One project beside a World with all services."""

    def __init__(self, database: Database, project: UUID, world: World, **tokens: str) -> None:
        self.database = database
        self.project = project
        self.world = world
        self.wire = Wire(world)
        self.tokens = {"chatwoot": "sandbox-admin-token", **tokens}

    @property
    def http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=self.wire)

    @property
    def sources(self) -> Sources:
        return all_three(self.http, BASE, **self.tokens)

    async def bind(self, connector: Connector, *parts: tuple[BindingKind, str]) -> None:
        """Give these parts to the project; none means the whole account."""
        ref = await service.ask_account(self.database, self.sources, self.project, connector)
        bound = [Binding(kind=kind, external_id=id_) for kind, id_ in parts]
        await service.replace_parts(
            self.database, self.project, connector, ref, whole=not parts, parts=bound
        )

    async def unbind(self, connector: Connector) -> None:
        """Take everything of a service away from the project."""
        ref = await service.ask_account(self.database, self.sources, self.project, connector)
        await service.replace_parts(
            self.database, self.project, connector, ref, whole=False, parts=[]
        )

    async def sync(
        self,
        what: str = "all",
        sources: Sources | None = None,
        *,
        within: float | None = None,
        **wish: Any,
    ) -> Result:
        """One run of a sync. Raises what the job raises."""
        return await run_once(
            self.database,
            REGISTRY,
            {Sources: sources or self.sources, Database: self.database},
            self.project,
            JOBS[what],
            payload=wish or None,
            within=within,
        )

    async def rows(self, query: str, *values: object) -> Rows:
        """What the project sees of its own tables."""
        async with self.database.transaction(self.project) as conn:
            cursor = await conn.execute(query.encode(), values or None)
            names = [column.name for column in cursor.description or []]
            return [dict(zip(names, row, strict=True)) for row in await cursor.fetchall()]

    async def live(self, kind: str) -> set[str]:
        """Ids of the rows that are no tombstones."""
        table = MIRRORS[kind].table
        rows = await self.rows(f"SELECT external_id FROM {table} WHERE deleted_at IS NULL")
        return {row["external_id"] for row in rows}

    async def one(self, kind: str, external_id: str) -> dict[str, Any]:
        table = MIRRORS[kind].table
        [row] = await self.rows(f"SELECT * FROM {table} WHERE external_id = %s", external_id)
        return row

    async def state(self, stream: str) -> dict[str, Any]:
        [row] = await self.rows("SELECT * FROM connector_sync_state WHERE stream = %s", stream)
        return row

    async def errors(self, status: str = "pending") -> Rows:
        return await self.rows("SELECT * FROM connector_errors WHERE status = %s", status)

    def told(self, stream: StreamType) -> dict[str, dict[str, Any]]:
        """What the World has of a stream, in the API's own shape, by id; trashed rows left out."""
        whole = snapshot(self.world)
        if stream.connector == "linear":
            rows = whole["linear"][LINEAR_TABLES.get(stream.name, stream.name)]
            return {row["id"]: row for row in rows if not row.get("trashed")}
        if stream.connector == "attio":
            return {_attio_id(row): row for row in whole["attio"][stream.name]}
        return {str(row["id"]): row for row in whole[stream.name]}


def _attio_id(row: dict[str, Any]) -> str:
    id_ = row["id"]
    for name in ("record_id", "note_id", "task_id", "workspace_member_id", "attribute_id"):
        if name in id_ and (name != "attribute_id" or len(id_) <= 3):
            return str(id_[name])
    raise AssertionError(id_)
