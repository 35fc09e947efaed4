"""A part of history is read again beside the syncs, and never in their way."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from mayak.errors import InvalidInput, Upstream
from mayak.platform.db import Database
from mayak.sandbox.stories import build_world
from mayak.sandbox.world import World
from mayak.sync import jobs
from mayak.sync.model import CONNECTORS, STREAMS, Connector, Span
from mayak.sync.service import backfilling
from tests.runs import run_once, started
from tests.sync.failing import Patient
from tests.sync.studio import REGISTRY

pytestmark = [pytest.mark.anyio, pytest.mark.database]

KINDS: dict[Connector, tuple[str, ...]] = {
    "chatwoot": ("contact", "conversation", "message"),
    "linear": ("issue", "comment", "project"),
    "attio": ("company", "deal", "person", "note"),
}
STATE = (
    "SELECT stream, status, checkpoint, cause, last_success_at, lease_until, progress_done"
    " FROM connector_sync_state ORDER BY stream"
)


@pytest.fixture
def world() -> World:
    return build_world(frozen=True)


@pytest.fixture
async def studio(database: Database, project: UUID, world: World) -> Patient:
    """A project that has all three accounts."""
    studio = Patient(database, project, world)
    for connector in CONNECTORS:
        await studio.bind(connector)
    return studio


def span(world: World, days: int) -> tuple[datetime, datetime]:
    """The last days, to the end of the World's today."""
    end = world.clock.now().astimezone(UTC) + timedelta(minutes=1)
    return end - timedelta(days=days), end


async def lose(studio: Patient, connector: Connector) -> dict[str, set[str]]:
    """Remove rows of the copy; what was there before."""
    had = {kind: await studio.live(kind) for kind in KINDS[connector]}
    for stream in reversed(STREAMS[connector]):
        if stream.mirror.kind in had:
            await studio.rows(f"DELETE FROM {stream.mirror.table} RETURNING 1")
    return had


@pytest.mark.parametrize("connector", CONNECTORS)
async def test_what_was_lost_comes_back(
    studio: Patient, world: World, connector: Connector
) -> None:
    await studio.sync(connector)
    had = await lose(studio, connector)

    result = await studio.backfill(connector, *span(world, 3000))

    assert result.status == "ok"
    assert {kind: await studio.live(kind) for kind in had} == had


@pytest.mark.parametrize("connector", CONNECTORS)
async def test_the_streams_stay_as_they_are(
    studio: Patient, world: World, connector: Connector
) -> None:
    await studio.sync(connector)
    before = await studio.rows(STATE)

    result = await studio.backfill(connector, *span(world, 30))

    changed = [n for n, c in result.counters.items() if n.endswith(("_written", "_deleted")) and c]
    assert await studio.rows(STATE) == before
    assert changed == []


async def test_only_the_span_is_asked_for(studio: Patient, world: World) -> None:
    await studio.sync("linear")
    await lose(studio, "linear")
    start, end = span(world, 10)

    await studio.backfill("linear", start, end, streams=["issues"])

    found = await studio.rows("SELECT source_updated_at AS at FROM linear_issues_raw")
    assert found
    assert all(start <= row["at"] < end for row in found)
    assert await studio.live("comment") == set()


async def test_the_newest_week_is_read_first(studio: Patient, world: World) -> None:
    await studio.sync("linear")

    await studio.backfill("linear", *span(world, 20), streams=["issues"])

    slices = await studio.rows("SELECT slice, done FROM connector_backfills ORDER BY updated_at")
    names = [one["slice"].split()[-1] for one in slices]
    assert len(slices) == 3
    assert names == sorted(names, reverse=True)
    assert all(one["done"] for one in slices)


async def test_the_span_of_attio_is_that_of_creation(studio: Patient, world: World) -> None:
    await studio.sync("attio")
    made = sorted(
        row["at"]
        for row in await studio.rows("SELECT source_created_at AS at FROM attio_notes_raw")
    )
    await lose(studio, "attio")
    middle = made[len(made) // 2]

    await studio.backfill("attio", middle - timedelta(days=30), middle)

    for table in ("attio_accounts_raw", "attio_opportunities_raw", "attio_notes_raw"):
        rows = await studio.rows(f"SELECT source_created_at AS at FROM {table}")
        assert all(middle - timedelta(days=30) <= row["at"] < middle for row in rows), table


async def test_a_run_that_died_goes_on_where_it_was(
    studio: Patient, database: Database, world: World
) -> None:
    await studio.sync("linear")
    await lose(studio, "linear")
    start, end = span(world, 60)
    payload: dict[str, object] = {
        "connector": "linear", "from": start.isoformat(), "to": end.isoformat(),
        "streams": ["issues"],
    }  # fmt: skip
    running, _ = await started(
        database, REGISTRY, studio.things, studio.project, jobs.connectors_backfill,
        payload=payload,
    )  # fmt: skip
    studio.wire.breaks_at = studio.wire.requests + 6
    with pytest.raises(Upstream):
        await jobs.connectors_backfill.handler(running)
    done = await studio.rows("SELECT slice FROM connector_backfills WHERE done")
    studio.wire.breaks_at = None
    before = studio.last_call()

    result = await jobs.connectors_backfill.handler(running)

    asked = studio.asked(before).count("IssuesPage")
    total = len(list(Span(start=start, end=end).slices()))
    assert done
    assert asked <= total - len(done) + 1, "slices that were done are not read again"
    rows = await studio.rows("SELECT external_id FROM linear_issues_raw")
    assert result.counters["records"] == len(rows), "nothing was read twice"


async def test_a_backfill_lets_a_sync_pass(
    studio: Patient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await studio.sync("linear")
    monkeypatch.setattr(backfilling, "PATIENCE", timedelta(0))
    await studio.rows(
        "UPDATE connector_sync_state SET status = 'running', lease_until = now() + interval '1 min'"
        " WHERE stream = 'issues' RETURNING 1"
    )
    before = studio.last_call()

    with pytest.raises(Upstream, match="goes on after it") as caught:
        await studio.backfill("linear", *span(world, 30))

    assert (caught.value.kind, caught.value.retry_after) == ("rate_limit", timedelta(minutes=1))
    assert set(studio.asked(before)) <= {"WhoAmI"}


async def test_a_sync_that_died_holds_no_backfill_up(studio: Patient, world: World) -> None:
    await studio.sync("linear")
    await studio.rows(
        "UPDATE connector_sync_state SET status = 'running', lease_until = now() - interval '1 s'"
        " WHERE stream = 'issues' RETURNING 1"
    )

    assert (await studio.backfill("linear", *span(world, 7))).status == "ok"


async def test_nothing_of_another_client_comes_in(
    database: Database, project: UUID, world: World
) -> None:
    studio = Patient(database, project, world)
    mine, other = world.projects[0], world.projects[1]
    await studio.bind("linear", ("team", mine.linear_team_ids[0]))
    await studio.sync("linear")
    had = await lose(studio, "linear")

    await studio.backfill("linear", *span(world, 3000))

    teams = await studio.rows("SELECT DISTINCT team_id FROM linear_issues_raw")
    assert teams == [{"team_id": mine.linear_team_ids[0]}]
    assert other.linear_team_ids[0] not in {row["team_id"] for row in teams}
    assert await studio.live("issue") == had["issue"]


async def test_an_older_answer_replaces_nothing(studio: Patient, world: World) -> None:
    await studio.sync("linear")
    issue = min(await studio.live("issue"))
    await studio.rows(
        "UPDATE linear_issues_raw SET title = 'Newer', content_hash = '\\x00',"
        " source_updated_at = source_updated_at + interval '1 h'"
        " WHERE external_id = %s RETURNING 1",
        issue,
    )

    await studio.backfill("linear", *span(world, 3000), streams=["issues"])

    assert (await studio.one("issue", issue))["title"] == "Newer"


async def test_a_bad_record_is_put_aside_and_the_rest_goes_on(
    studio: Patient, world: World
) -> None:
    await studio.sync("linear")
    had = await lose(studio, "linear")
    bad = min(had["issue"])
    studio.spoil(bad, priority="highest")

    await studio.backfill("linear", *span(world, 3000))

    assert await studio.live("issue") == had["issue"] - {bad}
    assert [one["external_id"] for one in await studio.errors()] == [f"issue {bad}"]


async def test_it_says_how_far_it_is(studio: Patient, world: World) -> None:
    await studio.sync("linear")

    result = await studio.backfill("linear", *span(world, 20), streams=["issues"])

    [run] = await studio.rows(
        "SELECT progress_done AS done, progress_total AS total, progress_note AS note"
        " FROM worker_runs WHERE job_type = 'connectors_backfill'"
    )
    assert (run["done"], run["total"]) == (3, 3)
    assert "records read" in run["note"]
    assert result.note is not None
    assert "new or different" in result.note


async def test_without_a_source_it_rests(database: Database, project: UUID, world: World) -> None:
    studio = Patient(database, project, world)

    result = await studio.backfill("attio", *span(world, 7))

    assert result.status == "skipped"
    assert result.note


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"connector": "loops", "from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"},
        {"connector": "linear", "from": "yesterday", "to": "2026-01-02T00:00:00Z"},
        {"connector": "linear", "from": "2026-01-01T00:00:00", "to": "2026-01-02T00:00:00Z"},
    ],
)
async def test_a_payload_that_makes_no_sense_is_refused(
    studio: Patient, payload: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInput):
        await run_once(
            studio.database, REGISTRY, studio.things, studio.project, jobs.connectors_backfill,
            payload=payload,
        )  # fmt: skip


@pytest.mark.parametrize(("days", "count"), [(7, 1), (8, 2), (0.5, 1), (21, 3)])
def test_slices_cover_the_span_without_gaps(days: float, count: int) -> None:
    end = datetime(2026, 3, 1, tzinfo=UTC)
    whole = Span(start=end - timedelta(days=days), end=end)

    slices = list(whole.slices())

    assert len(slices) == count
    assert (slices[0].end, slices[-1].start) == (whole.end, whole.start)
    assert all(newer.start == older.end for newer, older in pairwise(slices))
