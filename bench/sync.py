"""How fast pages become rows: changed and unchanged records a second of each stream, as JSON.

No network on any side: the rows are variations of what the sandbox serves, already decoded. All
three write into one PostgreSQL, into databases of their own, in turns; figures are medians.

- mayak: the stream as the sync reads it, in pages of its source's length: parsed, compared and
  written with checkpoint, listing, drift and counters, a transaction each. `page_path` leaves the
  parsing out.
- copy_merge: bare COPY into a temporary table and INSERT .. ON CONFLICT of ready rows into a table
  of the same columns and indexes, all of them at once; `copy_merge_paged` the same page by page.
- dlt: merge by primary key of the same decoded rows, nested ones kept as JSON, its own defaults
  otherwise but for the quicker strategy and file format.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    # A script's own folder comes first in the path, and it has a file named as a module of Python.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import argparse
import json
import os
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import psycopg
import structlog
import uvloop
from bench.made_up.rows import THREAD, Json, Stream, streams

from mayak.automation.model import Registry
from mayak.connectors.base import Checkpoint, Fetched, Identity, Ids, Page, Part, Record
from mayak.platform.db import Database
from mayak.platform.embedded import EmbeddedPostgres
from mayak.platform.schema import migrate
from mayak.projects import service as projects
from mayak.sync import jobs
from mayak.sync.model import MIRRORS, Connector, Scope, Wish
from mayak.sync.service import bind
from mayak.sync.service.driving import STEPS
from mayak.sync.service.work import Work
from tests.runs import ended, started

REGISTRY = Registry.of([jobs])
JOBS = {"chatwoot": jobs.chatwoot_sync, "linear": jobs.linear_sync, "attio": jobs.attio_sync}
THOROUGH = Wish(accept_deletions=True)
"""Read the whole list again, whatever a poll would have been content with."""


@dataclass(slots=True)
class Canned:
    """A connector whose service is this process: decoded rows by stream."""

    kinds: dict[str, Stream]
    rows: dict[str, list[Json]] = field(default_factory=dict)
    parsing: float = 0.0
    """Seconds spent on it so far."""
    name: str = "canned"

    async def pull(self, stream: str, checkpoint: Checkpoint) -> Page:
        kind, rows, place = self.kinds[stream], self.rows[stream], int(checkpoint.get("place", 0))
        if "conversation_id" in checkpoint:
            place = (int(checkpoint["conversation_id"]) - 1) * THREAD
            rows = rows[: place + THREAD]
        began = time.perf_counter()
        records, rejected = kind.parse(rows[place : place + kind.page])
        self.parsing += time.perf_counter() - began
        following = place + kind.page
        return Page(
            records=records,
            rejected=rejected,
            checkpoint={**checkpoint, "place": following},
            complete=following >= len(rows),
            total=len(rows) if stream == "conversations" else None,
            window=(0, 10**18) if stream == "messages" else None,
        )

    async def ids(self, stream: str, checkpoint: Checkpoint) -> Ids:
        records, _ = self.kinds[stream].parse(self.rows[stream])
        versions = {one.external_id: _touched(one) for one in records}
        return Ids(versions=versions, checkpoint=checkpoint, complete=True)

    async def fetch(self, stream: str, external_ids: Sequence[str]) -> Fetched:
        raise AssertionError(f"nothing of {stream} is in doubt: {external_ids[:3]}")

    async def who_am_i(self) -> Identity:
        raise NotImplementedError

    async def parts(self) -> list[Part]:
        raise NotImplementedError


def _touched(record: Record) -> str:
    at = record.fields["source_updated_at"]
    assert isinstance(at, datetime)
    return at.isoformat()


class Ours:
    """The whole account, bound to a fresh project."""

    def __init__(self, database: Database, project: UUID, stream: Stream, source: Canned) -> None:
        self._database, self._project, self._stream = database, project, stream
        self._source = source
        self._moved = 0

    @classmethod
    async def fresh(cls, database: Database, made: dict[str, Stream], stream: Stream) -> "Ours":
        async with database.system_transaction() as conn:
            await conn.execute("DELETE FROM projects")
            project = (await projects.create(conn, "Bench")).id
        kinds = {one.name: one for one in made.values() if one.connector == stream.connector}
        ours = cls(database, project, stream, Canned(kinds))
        connector: Connector = stream.connector
        await bind(
            database, project, ours.account, kind="account", external_id="1", connector=connector
        )
        return ours

    @property
    def account(self) -> str:
        return f"{self._stream.connector}/1"

    async def read(self, rows: list[Json], *, expect: str) -> tuple[float, float]:
        """Records a second with the parsing and without it; all of them have to be as expected."""
        self._source.rows[self._stream.name] = rows
        if self._stream.name == "messages":
            await self._touch_conversations(len(rows))
        self._source.parsing = 0.0
        seconds, counters = await self._run(self._stream.name)
        assert counters[f"{self._stream.name}_{expect}"] == len(rows), counters
        return len(rows) / seconds, len(rows) / (seconds - self._source.parsing)

    async def _touch_conversations(self, messages: int) -> None:
        """Messages are read again of conversations that somebody touched."""
        self._moved += 60
        talks = self._source.kinds["conversations"]
        self._source.rows["conversations"] = talks.rows(
            messages // THREAD, wave=0, moved=self._moved
        )
        await self._run("conversations")

    async def _run(self, name: str) -> tuple[float, dict[str, int]]:
        connector = self._stream.connector
        job = JOBS[connector]
        running, claim = await started(self._database, REGISTRY, {}, self._project, job)
        work = Work(
            run=running,
            connector=connector,
            source=self._source,
            scope=Scope(whole=True),
            account_ref=self.account,
            wish=Wish() if connector == "linear" else THOROUGH,
        )
        began = time.perf_counter()
        clean = await STEPS[connector]()[name](work)
        seconds = time.perf_counter() - began
        assert clean
        await ended(self._database, REGISTRY, claim, "ok")
        return seconds, work.counters


class Bare:
    """COPY and INSERT .. ON CONFLICT, and nothing else."""

    def __init__(self, conn: psycopg.AsyncConnection, stream: Stream) -> None:
        self._conn = conn
        self._stream = stream
        mirror = MIRRORS[stream.kind]
        self._own = tuple(mirror.columns)
        names = ("project_id", "external_id", "content_hash", "payload", *self._own)
        self._names = ", ".join(names)
        taken = ", ".join(f"{one} = excluded.{one}" for one in names[2:])
        self._table = f"bare_{mirror.table}"
        self._merge = (
            f"INSERT INTO {self._table} ({self._names}) SELECT {self._names} FROM incoming"
            f" ON CONFLICT (project_id, external_id) DO UPDATE SET {taken}"
        )
        self._like = mirror.table

    async def prepare(self) -> None:
        for statement in (
            f"DROP TABLE IF EXISTS {self._table}, incoming",
            f"CREATE TABLE {self._table} (LIKE {self._like} INCLUDING DEFAULTS INCLUDING INDEXES)",
            (
                f"CREATE TEMPORARY TABLE incoming ON COMMIT DELETE ROWS AS SELECT {self._names}"
                f" FROM {self._table} LIMIT 0"
            ),
        ):
            await self._conn.execute(statement.encode())

    async def load(self, records: list[Record], *, page: int) -> float:
        """Records a second."""
        began = time.perf_counter()
        for start in range(0, len(records), page):
            async with self._conn.transaction():
                await self._conn.execute("SET LOCAL synchronous_commit = off")
                statement = f"COPY incoming ({self._names}) FROM STDIN"
                async with self._conn.cursor().copy(statement.encode()) as copy:
                    for one in records[start : start + page]:
                        await copy.write_row(self._row(one))
                await self._conn.execute(self._merge.encode())
        return len(records) / (time.perf_counter() - began)

    def _row(self, one: Record) -> list[object]:
        own = (one.fields[name] for name in self._own)
        payload = orjson.dumps(one.payload).decode()
        return [UUID(int=1), one.external_id, one.content_hash, payload, *map(_storable, own)]


def _storable(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


class Dlt:
    """The same rows through dlt, which keeps its files in a folder of its own."""

    def __init__(self, dsn: str, folder: Path, stream: Stream, name: str) -> None:
        os.environ.update(
            RUNTIME__DLTHUB_TELEMETRY="false",
            RUNTIME__LOG_LEVEL="ERROR",
            DLT_DATA_DIR=str(folder),
        )
        import dlt

        # A host in the middle of an address cannot be a folder; the one behind it goes before.
        address = psycopg.conninfo.conninfo_to_dict(dsn)
        access = f"postgresql://postgres:none@localhost/{address['dbname']}?host={address['host']}"
        self._pipeline = dlt.pipeline(
            pipeline_name=name,
            pipelines_dir=str(folder),
            dataset_name=name,
            destination=dlt.destinations.postgres(access),
        )
        self._resource = dlt.resource(
            _each,
            name=stream.name,
            primary_key="id",
            write_disposition={"disposition": "merge", "strategy": "upsert"},
            max_table_nesting=0,
        )

    def load(self, rows: list[Json]) -> float:
        """Records a second."""
        for row in rows:
            if isinstance(row["id"], dict):  # of the CRM: it stands in the middle of other ids
                row["id"] = row["id"]["record_id"]
        began = time.perf_counter()
        self._pipeline.run(self._resource(rows), loader_file_format="csv").raise_on_failed_jobs()
        return len(rows) / (time.perf_counter() - began)


def _each(rows: list[Json]) -> Iterator[Json]:
    yield from rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What the three sides write into."""

    database: Database
    bare: psycopg.AsyncConnection
    dlt_dsn: str
    folder: Path
    made: dict[str, Stream]
    records: int

    async def round(self, stream: Stream, number: int, took: dict[str, list[float]]) -> None:
        """All sides once: a first wave that is not measured, a changed one, the same again."""
        count = self.records
        ours = await Ours.fresh(self.database, self.made, stream)
        await ours.read(stream.rows(count, wave=0), expect="written")
        for what, expect in (("changed", "written"), ("unchanged", "unchanged")):
            whole, path = await ours.read(stream.rows(count, wave=1, moved=1), expect=expect)
            took[f"mayak {what}"].append(whole)
            took[f"mayak page_path {what}"].append(path)

        bare = Bare(self.bare, stream)
        await bare.prepare()
        first, second = (self._ready(stream, wave) for wave in (0, 1))
        await bare.load(first, page=count)
        took["copy_merge changed"].append(await bare.load(second, page=count))
        took["copy_merge_paged changed"].append(await bare.load(first, page=stream.page))

        name = f"dlt_{stream.connector}_{stream.name}_{number}"
        dlt = Dlt(self.dlt_dsn, self.folder, stream, name)
        dlt.load(stream.rows(count, wave=0))
        for what in ("changed", "unchanged"):
            took[f"dlt {what}"].append(dlt.load(stream.rows(count, wave=1, moved=1)))

    def _ready(self, stream: Stream, wave: int) -> list[Record]:
        records, rejected = stream.parse(stream.rows(self.records, wave=wave, moved=wave))
        assert not rejected
        return [one for one in records if one.kind == stream.kind]


def shown(took: dict[str, list[float]]) -> dict[str, Any]:
    """Medians, and what they say about each other."""
    rate = {name: statistics.median(values) for name, values in took.items()}
    changed, path = rate["mayak changed"], rate["mayak page_path changed"]
    return {
        "records_per_second": {name: round(value) for name, value in rate.items()},
        "changed_to_copy_merge": round(path / rate["copy_merge changed"], 2),
        "changed_to_copy_merge_paged": round(path / rate["copy_merge_paged changed"], 2),
        "changed_to_dlt": round(changed / rate["dlt changed"], 2),
        "unchanged_to_dlt": round(rate["mayak unchanged"] / rate["dlt unchanged"], 2),
        "unchanged_to_changed": round(rate["mayak page_path unchanged"] / path, 2),
        "all": {name: [round(value) for value in values] for name, values in took.items()},
    }


async def measure(server: EmbeddedPostgres, folder: Path, chosen: argparse.Namespace) -> Any:
    made = await streams()
    names = ("ours", "bare", "dlt")
    async with await psycopg.AsyncConnection.connect(server.dsn(), autocommit=True) as conn:
        for name in names:
            await conn.execute(f"CREATE DATABASE {name}".encode())
    ours_dsn, bare_dsn, dlt_dsn = map(server.dsn, names)
    await migrate(ours_dsn)
    await migrate(bare_dsn)
    wanted = {name: one for name, one in made.items() if chosen.only in name}
    took: dict[str, dict[str, list[float]]] = {one: defaultdict(list) for one in wanted}
    async with (
        Database(ours_dsn) as database,
        await psycopg.AsyncConnection.connect(bare_dsn, autocommit=True) as conn,
    ):
        bench = Bench(
            database=database, bare=conn, dlt_dsn=dlt_dsn, folder=folder, made=made,
            records=chosen.records,
        )  # fmt: skip
        for number in range(chosen.rounds):
            for name, stream in wanted.items():
                await bench.round(stream, number, took[name])
    return {
        "records": chosen.records,
        "rounds": chosen.rounds,
        "load_average": os.getloadavg(),
        "streams": {name: shown(took[name]) for name in wanted},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=10_000, help="of each stream")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="streams whose name has this in it")
    parser.add_argument("--quick", action="store_true", help="a few records, once")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.records, chosen.rounds = 200, 1
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    with tempfile.TemporaryDirectory() as folder:
        postgres = EmbeddedPostgres(Path(folder) / "pg")
        try:
            postgres.start()
            measured = uvloop.run(measure(postgres, Path(folder) / "dlt", chosen))
        finally:
            postgres.release()
    json.dump(measured, sys.stdout, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
