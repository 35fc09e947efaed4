"""Records that a service serves in a form nobody expects, and what becomes of their errors."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import orjson

from mayak.automation.model import Registry, Result
from mayak.platform.db import Database
from mayak.sync import jobs
from mayak.sync.service import Sources
from tests.runs import run_once
from tests.sync.studio import REGISTRY, Rows, Studio

Spoil = Callable[[dict[str, Any]], None]


class Spoiled(httpx.AsyncBaseTransport):
    """The way to a service that spoils some records of its answers."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self.records: dict[str, Mapping[str, Any]] = {}
        """What to put into which record, by id."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        await response.aread()
        if not self.records or "json" not in response.headers.get("content-type", ""):
            return response
        body = orjson.loads(response.content)
        self._spoil(body)
        kept = {
            name: value
            for name, value in response.headers.items()
            if name not in {"content-length", "content-encoding"}
        }
        return httpx.Response(response.status_code, headers=kept, content=orjson.dumps(body))

    def _spoil(self, body: Any) -> None:
        if isinstance(body, list):
            for one in body:
                self._spoil(one)
        if isinstance(body, dict):
            for one in body.values():
                self._spoil(one)
            if len(body) > 1 and (spoilt := self._spoilt(body.get("id"))):
                body.update(spoilt)

    def _spoilt(self, id_: Any) -> Mapping[str, Any] | None:
        """Attio's ids are objects: of the workspace, the object and the record."""
        ids = id_.values() if isinstance(id_, dict) else [id_]
        return next((self.records[str(one)] for one in ids if str(one) in self.records), None)


class Patient(Studio):
    """A studio whose sources spoil records, and that tries again what failed."""

    def __init__(self, database: Database, project: UUID, world: Any, **tokens: str) -> None:
        super().__init__(database, project, world, **tokens)
        self.spoiled = Spoiled(self.wire)

    @property
    def http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=self.spoiled)

    def spoil(self, record: str, **members: Any) -> None:
        """From now on the record is served with these members."""
        self.spoiled.records[record] = members

    def mend(self) -> None:
        """The source serves all records as they are again."""
        self.spoiled.records.clear()

    @property
    def things(self) -> dict[type[Any], Any]:
        return {Sources: self.sources, Registry: REGISTRY, Database: self.database}

    async def retry(self, **payload: Any) -> Result:
        """One run of the job that tries again what is due."""
        job = jobs.connector_errors_retry
        return await run_once(
            self.database, REGISTRY, self.things, self.project, job, payload=payload or None
        )

    async def backfill(self, connector: str, start: datetime, end: datetime, **more: Any) -> Result:
        payload = {
            "connector": connector, "from": start.isoformat(), "to": end.isoformat(), **more,
        }  # fmt: skip
        return await run_once(
            self.database, REGISTRY, self.things, self.project, jobs.connectors_backfill,
            payload=payload,
        )  # fmt: skip

    async def make_due(self) -> None:
        """Let the time pass that errors wait for."""
        await self.rows(
            "UPDATE connector_errors SET next_retry_at = now() - interval '1 s'"
            " WHERE status = 'pending' RETURNING 1"
        )

    async def error(self) -> dict[str, Any]:
        """The only error there is."""
        [row] = await self.rows("SELECT * FROM connector_errors")
        return row

    def asked(self, since: int = 0) -> list[str]:
        """Operations since a call of the journal."""
        return [call.op for call in self.world.journal.calls(after=since)]

    def last_call(self) -> int:
        calls = self.world.journal.calls()
        return calls[-1].seq if calls else 0

    async def errors_of(self, stream: str) -> Rows:
        return await self.rows("SELECT * FROM connector_errors WHERE stream = %s", stream)
