"""GET /health and GET /metrics, as a probe and a Prometheus see them."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import LiteralString
from uuid import UUID

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

import mayak
from mayak.automation import queries
from mayak.automation.model import Registry
from mayak.automation.service import LEASE, trigger
from mayak.entry.http import build_app
from mayak.entry.monitoring import RecentCounts
from mayak.entry.wiring import job_types
from mayak.kit.resources import Resources
from mayak.platform.db import Database, execute
from mayak.platform.telemetry import RequestMeasures
from tests.house import House

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def without_database() -> AsyncIterator[httpx.AsyncClient]:
    """A client of an app whose database is down."""
    nowhere = "postgresql://ann:hunter2@127.0.0.1:1/nowhere"
    async with Database(nowhere, patience=timedelta(seconds=0.2)) as down:
        things = {
            Database: down,
            RequestMeasures: RequestMeasures(),
            RecentCounts: RecentCounts(job_types()),
            Registry: job_types(),
        }
        transport = httpx.ASGITransport(build_app(Resources(things), cors_origins=[]))
        async with httpx.AsyncClient(transport=transport, base_url="http://mayak.test") as client:
            yield client


@asynccontextmanager
async def locked(house: House, table: LiteralString) -> AsyncIterator[None]:
    """While this lasts, nobody else reads the table."""
    async with house.parts.database.connection() as conn, conn.transaction():
        await conn.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield


FAILED_CHUNK: LiteralString = """
WITH document AS (INSERT INTO rag_documents
                         (project_id, source_type, external_id, source_revision, source_revisions,
                          source_rows, rules)
                  VALUES (%(project)s, 'chatwoot_conversation', '1', 1, 1, 1, 1) RETURNING id)
INSERT INTO rag_chunks (project_id, document_id, ordinal, kind, language, text, text_hash, spans,
                        occurred_at, embedding_status)
SELECT %(project)s, id, 0, 'messages', 'en', 'cursed', '', '[]', now(), 'failed' FROM document
"""


FAILING_SET: LiteralString = """
INSERT INTO embedding_sets (project_id, provider, model, space, dimensions, status,
                            failing_since, failure_kind, failure_cause, failures, retry_at)
VALUES (%(project)s, 'openai', 'm', 'openai/m/default/0123abcd', 3, 'active',
        now(), 'server', 'overloaded', 1, now() + interval '1 min')
"""
SERVES_AGAIN: LiteralString = """
UPDATE embedding_sets
   SET failing_since = NULL, failure_kind = NULL, failure_cause = NULL, failures = 0,
       retry_at = NULL
"""
TROUBLE: LiteralString = """
WITH state AS (INSERT INTO connector_sync_state
                      (project_id, connector, stream, status, fresh_until, last_success_at)
               VALUES (%(project)s, 'linear', 'issues', 'ok', now() - interval '2 h',
                       to_timestamp(1700000000)),
                      (%(project)s, 'linear', 'teams', 'ok', now(), now()),
                      (%(project)s, 'attio', 'deals', 'disabled', NULL, NULL))
INSERT INTO connector_errors (project_id, connector, stream, kind, fingerprint, message, status)
VALUES (%(project)s, 'linear', 'issues', 'schema', 'a', 'odd', 'dead_letter'),
       (%(project)s, 'linear', 'issues', 'schema', 'b', 'odd', 'dead_letter'),
       (%(project)s, 'linear', 'issues', 'network', 'c', 'gone', 'resolved')
"""


async def checks(house: House) -> tuple[int, str, dict[str, str]]:
    answer = await (await house.stranger()).get("/health")
    body = answer.json()
    return answer.status_code, body["status"], {c["name"]: c["status"] for c in body["checks"]}


async def measured(client: httpx.AsyncClient) -> dict[tuple[str, tuple[str, ...]], float]:
    """Every sample, as Prometheus's parser reads it, by name and values of the sorted labels."""
    answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_without_a_worker_it_answers_but_is_degraded(house: House) -> None:
    status, overall, by_name = await checks(house)

    assert (status, overall) == (200, "degraded")
    assert {name for name, state in by_name.items() if state != "ok"} == {"worker"}


async def test_with_a_worker_that_said_so_lately_all_is_well(house: House) -> None:
    async with house.parts.database.system_transaction() as conn:
        await queries.seen(
            conn, UUID(int=1), "host", 1, lease=LEASE, serves_all=True, slots={"io": 1}
        )
    assert (await checks(house))[:2] == (200, "ok")

    async with house.parts.database.system_transaction() as conn:
        await execute(conn, "UPDATE workers SET lease_until = now()")
    assert (await checks(house))[2]["worker"] == "degraded"


async def test_a_run_that_waits_too_long_degrades_it(house: House, project: UUID) -> None:
    async with house.parts.database.transaction(project) as conn:
        await trigger(conn, house.parts.resources.get(Registry), project, "chatwoot_sync")
        await execute(conn, "UPDATE worker_runs SET queued_at = now() - interval '11 min'")

    assert (await checks(house))[2]["queue"] == "degraded"


async def test_without_a_database_it_says_down_with_503_and_without_the_password() -> None:
    async with without_database() as client:
        answer = await client.get("/health")

    assert (answer.status_code, answer.json()["status"]) == (503, "down")
    assert [check["name"] for check in answer.json()["checks"]] == ["database"]
    assert "hunter2" not in answer.text


async def test_measures_parse_and_count_by_route_not_by_address(house: House) -> None:
    client = await house.stranger()
    await client.get(f"/jobs/runs/{UUID(int=7)}")
    await client.get(f"/api/jobs/runs/{UUID(int=8)}")
    await client.get("/no/such/address")

    samples = await measured(client)

    assert samples["app_requests_total", ("GET", "/jobs/runs/{run_id}", "401")] == 2
    assert samples["app_requests_total", ("GET", "unmatched", "404")] == 1
    assert samples["app_database_up", ()] == 1
    assert not [key for key in samples if re.search(r"0000-0000|no/such", str(key))]


async def test_measures_show_runs_of_all_projects(
    house: House, project: UUID, other_project: UUID
) -> None:
    for one in (project, other_project):
        async with house.parts.database.transaction(one) as conn:
            await trigger(conn, house.parts.resources.get(Registry), one, "chatwoot_sync")

    samples = await measured(await house.stranger())

    assert [value for (name, _), value in samples.items() if name.startswith("app_job_runs")] == [2]


async def test_a_table_that_does_not_answer_degrades_its_own_check(house: House) -> None:
    async with locked(house, "rag_chunks"):
        answer = await (await house.stranger()).get("/health")

    by_name = {check["name"]: check for check in answer.json()["checks"]}
    assert (answer.status_code, by_name["database"]["status"]) == (200, "ok")
    assert by_name["embeddings"]["status"] == "degraded"
    assert by_name["embeddings"]["detail"] == "no answer within 1 s"
    assert by_name["connectors"]["status"] == "ok"


async def test_measures_of_a_slow_table_are_left_out_and_the_database_is_up(house: House) -> None:
    async with locked(house, "rag_chunks"):
        samples = await measured(await house.stranger())

    assert samples["app_database_up", ()] == 1
    assert ("app_workers_alive", ()) not in samples


async def test_a_provider_that_fails_degrades_it_until_it_serves_again(
    house: House, project: UUID
) -> None:
    async with house.parts.database.transaction(project) as conn:
        await execute(conn, FAILING_SET, project=project)
    client = await house.stranger()
    [seen] = [
        one for one in (await client.get("/health")).json()["checks"] if one["name"] == "embeddings"
    ]
    assert seen["status"] == "degraded"
    assert "the provider fails (server), answers go by words" in seen["detail"]
    assert (await measured(client))["app_database_up", ()] == 1

    async with house.parts.database.transaction(project) as conn:
        await execute(conn, SERVES_AGAIN)

    assert (await checks(house))[2]["embeddings"] == "ok"


async def test_a_failed_chunk_degrades_it(house: House, project: UUID) -> None:
    async with house.parts.database.transaction(project) as conn:
        await execute(conn, FAILED_CHUNK, project=project)

    assert (await checks(house))[2]["embeddings"] == "degraded"


async def test_counts_are_read_once_in_a_while(house: House, project: UUID) -> None:
    client = await house.stranger()
    before = await measured(client)
    async with house.parts.database.transaction(project) as conn:
        await trigger(conn, house.parts.resources.get(Registry), project, "chatwoot_sync")

    again = await measured(client)
    fresh = await RecentCounts(job_types(), kept=timedelta(0)).read(house.parts.database)

    runs = ("app_job_runs_total", ("chatwoot_sync", "queued"))
    assert (runs in before, runs in again) == (False, False)
    assert [run["runs"] for run in fresh.runs] == [1]


async def test_counts_that_are_old_are_read_again(database: Database) -> None:
    counts = RecentCounts(job_types(), kept=timedelta(0))
    before = await counts.read(database)
    async with database.system_transaction() as conn:
        await queries.seen(
            conn, UUID(int=1), "host", 1, lease=LEASE, serves_all=True, slots={"io": 1}
        )

    assert (before.workers, (await counts.read(database)).workers) == (0, 1)


async def test_methods_that_nobody_knows_do_not_fill_the_measures(house: House) -> None:
    client = await house.stranger()
    for number in range(50):
        await client.request(f"METHOD{number}", "/health")

    samples = await measured(client)

    assert samples["app_requests_total", ("other", "/health", "405")] == 50


async def test_measures_go_on_without_a_database() -> None:
    async with without_database() as client:
        samples = await measured(client)

    assert samples["app_database_up", ()] == 0
    assert samples["app_build_info", (mayak.__version__,)] == 1


async def test_the_copy_that_is_furthest_behind_and_what_failed_are_measured(
    house: House, project: UUID
) -> None:
    async with house.parts.database.system_transaction() as conn:
        await execute(conn, TROUBLE, project=project)

    found = await measured(await house.stranger())

    errors = {
        labels: count for (name, labels), count in found.items() if name == "app_connector_errors"
    }
    assert errors == {("linear", "schema", "dead_letter"): 2}
    assert found["app_connector_lag_seconds", ("linear",)] == pytest.approx(7200, abs=60)
    assert found["app_connector_last_success_timestamp_seconds", ("linear",)] == 1_700_000_000
    assert ("app_connector_lag_seconds", ("attio",)) not in found
