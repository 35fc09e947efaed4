"""What failed is tried again by itself: a record by its id, a stream by its step."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from mayak.automation import queries as automation
from mayak.automation.service import trigger
from mayak.errors import Upstream
from mayak.platform.db import Database
from mayak.sandbox.edits import apply_edit
from mayak.sandbox.stories import build_world
from mayak.sandbox.world import World
from mayak.sync import jobs
from mayak.sync.service.cycle import PartOfRun, Shared
from tests.runs import started
from tests.sync.failing import Patient
from tests.sync.studio import REGISTRY

pytestmark = [pytest.mark.anyio, pytest.mark.database]

WHO = {"WhoAmI", "self", "profile"}


class AnotherRun(PartOfRun):
    """The same run under another name: two retries at once, which lanes do not allow."""

    @property
    def run_id(self) -> UUID:
        return UUID(int=2)


@pytest.fixture
def world() -> World:
    return build_world(frozen=True)


@pytest.fixture
async def studio(database: Database, project: UUID, world: World) -> Patient:
    """A project that has the whole of Linear, with one issue that is served in an odd form."""
    studio = Patient(database, project, world)
    await studio.bind("linear")
    studio.spoil(bad_issue(world), priority="highest")
    return studio


def bad_issue(world: World) -> str:
    return min(row.id for row in world.linear.issues if row.archived_at is None)


async def test_a_bad_record_is_put_aside_with_its_payload_and_its_stream_goes_on(
    studio: Patient, world: World
) -> None:
    result = await studio.sync("linear")

    error = await studio.error()
    assert (error["kind"], error["stream"], error["attempt"]) == ("schema", "issues", 1)
    assert error["external_id"] == f"issue {bad_issue(world)}"
    assert error["payload"]["priority"] == "highest"
    assert result.status == "partial"
    assert len(await studio.live("issue")) > 10
    assert bad_issue(world) not in await studio.live("issue")


async def test_a_mended_record_is_read_alone_and_its_stream_is_well_again(
    studio: Patient, world: World
) -> None:
    await studio.sync("linear")
    studio.mend()
    await studio.make_due()
    before = studio.last_call()

    result = await studio.retry()

    state, error = await studio.state("issues"), await studio.error()
    assert (result.status, result.counters["resolved"]) == ("ok", 1)
    assert (error["status"], error["resolved_by"]) == ("resolved", "retry")
    assert (state["status"], state["cause"]) == ("ok", None)
    assert bad_issue(world) in await studio.live("issue")
    assert len(studio.asked(before)) <= 3, studio.asked(before)


async def test_what_is_not_due_is_left_in_peace(studio: Patient) -> None:
    await studio.sync("linear")
    before = studio.last_call()

    result = await studio.retry()

    assert (result.status, studio.asked(before)) == ("skipped", [])


async def test_after_five_attempts_it_waits_for_a_person(studio: Patient) -> None:
    await studio.sync("linear")
    waits = []
    for _ in range(4):
        error = await studio.error()
        waits.append(error["next_retry_at"] - error["last_seen_at"])
        await studio.make_due()
        await studio.retry()

    error = await studio.error()
    assert waits == [timedelta(seconds=seconds) for seconds in (30, 60, 120, 240)]
    assert (error["status"], error["attempt"]) == ("dead_letter", 5)
    assert error["next_retry_at"] is None


async def test_a_record_that_fails_for_another_reason_keeps_its_count(
    studio: Patient, world: World
) -> None:
    await studio.sync("linear")
    studio.spoil(bad_issue(world), number="many")
    await studio.make_due()

    await studio.retry()

    rows = await studio.rows("SELECT status, attempt FROM connector_errors ORDER BY status")
    assert [tuple(row.values()) for row in rows] == [("pending", 2), ("resolved", 1)]


async def test_a_record_that_is_gone_becomes_a_tombstone(studio: Patient, world: World) -> None:
    studio.mend()
    await studio.sync("linear")
    issue = bad_issue(world)
    studio.spoil(issue, priority="highest")
    await studio.sync("linear", full=True)
    apply_edit(world, "linear.delete_issue", {"issue": issue})
    await studio.make_due()

    await studio.retry()

    assert issue not in await studio.live("issue")
    assert (await studio.error())["status"] == "resolved"


async def test_while_a_team_is_out_of_sight_nothing_is_called_gone(
    studio: Patient, world: World
) -> None:
    studio.mend()
    await studio.sync("linear")
    issue = bad_issue(world)
    studio.spoil(issue, priority="highest")
    await studio.sync("linear", full=True)
    team = world.linear.issues[issue].team_id
    world.faults.add("permission_loss", service="linear", team_id=team, times=None)
    await studio.make_due()

    await studio.retry()

    assert issue in await studio.live("issue")


@pytest.mark.parametrize("kind", ["status", "html_error", "timeout", "drop", "ratelimit"])
async def test_an_outage_costs_no_record_an_attempt(
    studio: Patient, world: World, kind: str
) -> None:
    await studio.sync("linear")
    await studio.make_due()
    studio.mend()
    world.faults.add(kind, service="linear", times=None)

    result = await studio.retry()

    [error] = await studio.errors_of("issues")
    assert (error["status"], error["attempt"]) == ("pending", 1)
    assert (result.counters["left"], result.note is not None) == (1, True)
    [later] = await studio.rows(
        "SELECT next_retry_at > now() AS later FROM connector_errors WHERE stream = 'issues'"
    )
    assert later["later"]


async def test_a_record_that_brings_the_server_down_is_counted(
    studio: Patient, world: World
) -> None:
    await studio.sync("linear")
    await studio.make_due()
    world.faults.add("status", service="linear", op="IssuesById", code=500, times=None)

    await studio.retry()

    error = await studio.error()
    assert (error["status"], error["attempt"]) == ("pending", 2)
    assert "HTTP 500" in error["message"]


async def test_a_page_that_failed_is_read_again_without_the_others(
    studio: Patient, world: World
) -> None:
    studio.mend()
    world.faults.add("status", service="linear", op="CyclesPage", code=500, times=1)
    await studio.sync("linear")
    await studio.make_due()
    before = studio.last_call()

    result = await studio.retry()

    ops = set(studio.asked(before))
    assert (result.status, await studio.errors()) == ("ok", [])
    assert (await studio.state("cycles"))["status"] == "ok"
    assert "CyclesPage" in ops
    assert not {"IssuesPage", "CommentsPage", "ProjectsPage"} & ops


async def test_when_a_refused_token_is_good_again_everything_is_read(
    studio: Patient, world: World
) -> None:
    studio.mend()
    world.faults.add("token_expired", service="linear", times=1)
    with pytest.raises(Upstream):
        await studio.sync("linear")
    await studio.make_due()

    await studio.retry()

    [run] = await studio.rows(
        "SELECT because FROM worker_runs WHERE job_type = 'linear_sync' AND status = 'queued'"
    )
    assert run["because"] == "Linear answers again"
    assert (await studio.error())["status"] == "resolved"


async def test_a_paused_source_is_left_alone(studio: Patient) -> None:
    await studio.sync("linear")
    await studio.make_due()
    await studio.rows(
        "UPDATE connector_connections SET status = 'paused', paused_by = 'Ada' RETURNING 1"
    )
    before = studio.last_call()

    result = await studio.retry()

    assert (result.status, studio.asked(before)) == ("skipped", [])
    assert (await studio.error())["status"] == "pending"


async def test_two_retries_do_the_work_once(studio: Patient, database: Database) -> None:
    await studio.sync("linear")
    await studio.make_due()
    studio.mend()
    first, _ = await started(
        database, REGISTRY, studio.things, studio.project, jobs.connector_errors_retry
    )
    second = AnotherRun(first, "", Shared(first))
    before = studio.last_call()

    results = await asyncio.gather(
        jobs.connector_errors_retry.handler(first), jobs.connector_errors_retry.handler(second)
    )

    assert sorted(one.counters.get("resolved", 0) for one in results) == [0, 1]
    assert studio.asked(before).count("IssuesById") == 1


async def test_a_second_retry_waits_for_the_first(studio: Patient, database: Database) -> None:
    """Even when it was asked for something else: they share a lane."""
    await started(database, REGISTRY, studio.things, studio.project, jobs.connector_errors_retry)
    async with database.transaction(studio.project) as conn:
        job = "connector_errors_retry"
        await trigger(conn, REGISTRY, studio.project, job, payload={"connector": "attio"})

    async with database.engine() as conn:
        claimed = await automation.claim(conn, uuid4(), "io", [job], limit=5, at=None)

    assert claimed == []


@pytest.mark.parametrize("same_run", [True, False])
async def test_what_a_dead_retry_left_behind_is_tried_again(
    studio: Patient, database: Database, *, same_run: bool
) -> None:
    await studio.sync("linear")
    studio.mend()
    running, claim = await started(
        database, REGISTRY, studio.things, studio.project, jobs.connector_errors_retry
    )
    await studio.rows(
        "UPDATE connector_errors SET status = 'retrying', retried_by = %s,"
        " next_retry_at = now() + %s::interval RETURNING 1",
        claim.id if same_run else uuid4(),
        "10 min" if same_run else "-1 s",
    )

    await jobs.connector_errors_retry.handler(running)

    assert (await studio.error())["status"] == "resolved"


async def test_what_another_retry_is_at_is_not_taken_from_it(studio: Patient) -> None:
    await studio.sync("linear")
    await studio.rows(
        "UPDATE connector_errors SET status = 'retrying', retried_by = gen_random_uuid(),"
        " next_retry_at = now() + interval '10 min' RETURNING 1"
    )

    result = await studio.retry()

    assert (result.status, (await studio.error())["status"]) == ("skipped", "retrying")
