"""Twelve faults are told apart: each has a state of its own, its reason and a next step."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from mayak.errors import Upstream
from mayak.kit.clock import now
from mayak.platform.db import Database
from mayak.sandbox.stories import build_world
from mayak.sandbox.world import World
from mayak.sync import service
from mayak.sync.api.streams import StreamView
from tests.sync.failing import Patient

pytestmark = [pytest.mark.anyio, pytest.mark.database]

Inject = Callable[[Patient], None]


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong, where it shows, and what its state has to be."""

    connector: str
    stream: str
    status: str
    says: str
    """A part of the cause."""
    inject: Inject


def fault(kind: str, connector: str, op: str | None = None, **args: Any) -> Inject:
    def inject(studio: Patient) -> None:
        studio.world.faults.add(kind, service=connector, op=op, times=None, **args)

    return inject


def token(connector: str, value: str) -> Inject:
    def inject(studio: Patient) -> None:
        studio.tokens[connector] = value

    return inject


def agent(studio: Patient) -> None:
    studio.world.add_agent(
        name="Limited", email="limited@studio.example", token="agent", inbox_ids=[]
    )
    studio.tokens["chatwoot"] = "agent"


def refused_connection(studio: Patient) -> None:
    studio.wire.breaks_at = studio.wire.requests + 1


def one_bad_record(studio: Patient) -> None:
    issue = min(row.id for row in studio.world.linear.issues if row.archived_at is None)
    studio.spoil(issue, priority="highest")


def lost_team(studio: Patient) -> None:
    team = studio.world.projects[0].linear_team_ids[0]
    studio.world.faults.add("permission_loss", service="linear", team_id=team, times=None)


TWELVE: dict[str, Fault] = {
    "a wrong token": Fault(
        "linear", "projects", "auth_failed", "Linear refused", token("linear", "lin_api_wrong")
    ),
    "the token of an agent": Fault("chatwoot", "inboxes", "auth_failed", "role", agent),
    "a missing permission": Fault(
        "attio", "notes", "auth_failed", "lacks the permission",
        fault("permission_loss", "attio", scope="note:read"),
    ),
    "a rate limit": Fault(
        "linear", "issues", "rate_limited", "limit", fault("ratelimit", "linear", "IssuesPage")
    ),
    "a server error": Fault(
        "linear", "issues", "failing", "HTTP 500", fault("status", "linear", "IssuesPage", code=500)
    ),
    "a proxy's page": Fault(
        "linear", "issues", "failing", "502", fault("html_error", "linear", "IssuesPage")
    ),
    "no connection": Fault("linear", "projects", "failing", "ConnectError", refused_connection),
    "no answer": Fault(
        "linear", "issues", "failing", "ReadTimeout", fault("timeout", "linear", "IssuesPage")
    ),
    "cut JSON": Fault(
        "linear", "issues", "failing", "JSON", fault("truncate_json", "linear", "IssuesPage")
    ),
    "an unknown form": Fault(
        "chatwoot", "conversations", "failing", "no list called",
        fault("status", "chatwoot", "conversations.list", code=200, body={"data": {"rows": []}}),
    ),
    "a lost team": Fault("linear", "teams", "partial", "does not show", lost_team),
    "one bad record": Fault("linear", "issues", "partial", "1 of its records", one_bad_record),
}  # fmt: skip


@pytest.fixture
def world() -> World:
    return build_world(frozen=True)


@pytest.fixture
async def studio(database: Database, project: UUID, world: World) -> Patient:
    """A project whose copy of all three accounts is complete."""
    studio = Patient(database, project, world)
    for connector in ("chatwoot", "linear", "attio"):
        await studio.bind(connector)
    return studio


async def states(studio: Patient) -> dict[tuple[str, str], StreamView]:
    """What GET /connectors/state shows."""
    async with studio.database.transaction(studio.project) as conn:
        found = await service.states(conn, studio.project)
    views = [StreamView.of(one, {}, at=now()) for one in found]
    return {(one.connector, one.stream): one for one in views}


async def sync(studio: Patient, connector: str, **wish: Any) -> None:
    with suppress(Upstream):
        await studio.sync(connector, **wish)


async def state_after(studio: Patient, one: Fault) -> StreamView:
    """The state of the stream that the fault shows in, once a sync ran into it."""
    await sync(studio, one.connector)
    one.inject(studio)
    await sync(studio, one.connector, full=True)
    seen = await states(studio)
    assert "running" not in {view.status for view in seen.values()}
    return seen[one.connector, one.stream]


async def start_over(studio: Patient) -> Patient:
    """The same project beside a World in which nothing went wrong yet."""
    for table in ("connector_sync_state", "connector_errors"):
        await studio.rows(f"DELETE FROM {table} RETURNING 1")
    return Patient(studio.database, studio.project, build_world(frozen=True))


async def test_twelve_faults_are_twelve_states(studio: Patient) -> None:
    seen: dict[tuple[str, str | None], str] = {}
    wrong: list[str] = []
    for name, one in TWELVE.items():
        studio = await start_over(studio)
        view = await state_after(studio, one)
        found = (view.status, view.cause)
        if view.status != one.status or one.says not in (view.cause or "") or not view.next_step:
            wrong.append(f"{name}: {found}, next: {view.next_step}")
        if found in seen:
            wrong.append(f"{name} looks like {seen[found]}: {found}")
        seen[found] = name

    assert wrong == []
    assert len(seen) == 12
    assert "ok" not in {status for status, _ in seen}


async def test_a_worker_that_went_silent_is_shown_as_stalled(studio: Patient) -> None:
    await studio.sync("linear")
    await studio.rows(
        "UPDATE connector_sync_state SET status = 'running', cause = NULL,"
        " lease_until = now() - interval '1 s' WHERE stream = 'issues' RETURNING 1"
    )

    view = (await states(studio))["linear", "issues"]

    assert (view.status, bool(view.cause), bool(view.next_step)) == ("stalled", True, True)


async def test_when_the_fault_is_over_one_sync_makes_all_well(studio: Patient) -> None:
    for name in ("a server error", "one bad record", "a rate limit"):
        TWELVE[name].inject(studio)
    await sync(studio, "linear")
    studio.world.faults.clear()
    studio.mend()
    await studio.rows(
        "UPDATE connector_sync_state SET until_at = now() WHERE until_at > now() RETURNING 1"
    )
    await studio.make_due()

    await studio.sync("linear")

    assert {view.status for view in (await states(studio)).values()} <= {"ok", "idle"}
