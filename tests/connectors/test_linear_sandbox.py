"""Whole walks over a Linear that pages, refuses and forgets as the real one does."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from mayak.connectors.base import Ids, Page, Record, stored
from mayak.connectors.linear import Linear, verify
from mayak.connectors.linear.documents import STREAMS
from mayak.connectors.linear.wire import version
from mayak.connectors.webhooks import Delivery
from mayak.errors import Upstream, UpstreamRejected
from mayak.sandbox.app import create_app
from mayak.sandbox.edits import apply_edit
from mayak.sandbox.linear import add_many
from mayak.sandbox.linear.rows import Comment, ProjectUpdate
from mayak.sandbox.linear.telling import LINEAR_KEY, LINEAR_MEMBER_KEY
from mayak.sandbox.stories import build_world
from mayak.sandbox.transport import SandboxTransport
from mayak.sandbox.world import World
from tests.connectors.linear_server import Watch

pytestmark = [pytest.mark.anyio]

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SOON = NOW + timedelta(seconds=1)
SINCE = "2020-01-01T00:00:00Z"
TABLES = {"states": "workflow_states", "labels": "issue_labels"}
"""Where a stream and the table of its rows have different names."""
Between = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@pytest.fixture
def world() -> World:
    """The built-in workspace with a crowd in it, some of whom changed in the same instant."""
    world = build_world(NOW, frozen=True)
    add_many(world, issues=230, comments=120)
    at = world.clock.timestamp() - 3600
    for issue in list(world.linear.issues)[:70]:
        world.linear.issues.put(replace(issue, updated_at=at))
    return world


@pytest.fixture
def linear(world: World) -> Linear:
    return opened(world)


def opened(world: World, key: str = LINEAR_KEY, gate: Watch | None = None) -> Linear:
    http = httpx.AsyncClient(transport=SandboxTransport(create_app(world)))
    return Linear(http, api_key=key, base_url="http://sandbox/linear", gate=gate or Watch())


def edit(world: World, name: str, **args: Any) -> Any:
    return apply_edit(world, f"linear.{name}", args)


async def walk(
    linear: Linear,
    stream: str,
    *,
    between: Between = dict,
    **checkpoint: Any,
) -> dict[str, Record]:
    """All records of a stream by id; `between` two pages the checkpoint may suffer."""
    found: dict[str, Record] = {}
    following: Mapping[str, Any] = {"since": SINCE, "until": SOON.isoformat(), **checkpoint}
    for _ in range(100):
        page: Page = await linear.pull(stream, following)
        assert page.rejected == []
        found |= {record.external_id: record for record in page.records}
        if page.complete:
            return found
        following = between(page.checkpoint)
    raise AssertionError("the walk does not end")


async def sweep(linear: Linear, stream: str, **checkpoint: Any) -> dict[str, str]:
    versions: dict[str, str] = {}
    following: Mapping[str, Any] = checkpoint
    for _ in range(100):
        page: Ids = await linear.ids(stream, following)
        versions |= page.versions
        if page.complete:
            return versions
        following = page.checkpoint
    raise AssertionError("the sweep does not end")


def rows(world: World, stream: str) -> set[str]:
    return {row.id for row in world.linear.table(TABLES.get(stream, stream))}


@pytest.mark.parametrize("stream", STREAMS)
async def test_a_walk_brings_every_row(world: World, linear: Linear, stream: str) -> None:
    """Archived, trashed, disabled ones too."""
    edit(world, "archive_issue", issue="NOR-1")

    found = await walk(linear, stream)

    assert set(found) == rows(world, stream)
    assert found


@pytest.mark.parametrize("stream", STREAMS)
async def test_records_by_id_are_those_of_the_walk(linear: Linear, stream: str) -> None:
    walked = await walk(linear, stream)

    fetched = await linear.fetch(
        stream, [*list(walked)[:130], "00000000-0000-4000-8000-000000000000"]
    )

    assert fetched.missing == {"00000000-0000-4000-8000-000000000000"}
    assert len(fetched.records) == min(130, len(walked))
    assert all(walked[one.external_id] == one for one in fetched.records)


async def test_a_process_that_dies_after_every_page_still_reads_all(
    world: World, linear: Linear
) -> None:
    """Rows that share an instant are more than half a page; they are not lost between two."""
    ids = list(rows(world, "issues"))
    deaths = iter(range(1000))

    def die(checkpoint: Mapping[str, Any]) -> Mapping[str, Any]:
        return stored(checkpoint) if next(deaths) % 2 == 0 else checkpoint

    found = await walk(linear, "issues", between=die)

    assert set(found) == set(ids)


@pytest.mark.parametrize("stream", ["issues", "comments"])
@pytest.mark.parametrize("nth", [2, 3, 4])
async def test_an_expired_cursor_loses_nothing(
    world: World, linear: Linear, stream: str, nth: int
) -> None:
    op = STREAMS[stream].page.operation
    world.faults.add("cursor_expired", service="linear", op=op, nth=nth)

    assert set(await walk(linear, stream)) == rows(world, stream)


async def test_an_expired_cursor_of_a_sweep_loses_nothing(world: World, linear: Linear) -> None:
    world.faults.add("cursor_expired", service="linear", op="IssueIds", nth=2)

    assert set(await sweep(linear, "issues")) == live(world, "issues")


@pytest.mark.parametrize("kind", ["duplicate_page", "reorder_page"])
async def test_a_page_that_comes_twice_or_shuffled_loses_nothing(
    world: World, linear: Linear, kind: str
) -> None:
    world.faults.add(kind, service="linear", op="IssuesPage", nth=2)

    assert set(await walk(linear, "issues")) == rows(world, "issues")


async def test_what_changes_while_we_read_is_in_the_next_window(
    world: World, linear: Linear
) -> None:
    oldest = min(world.linear.issues, key=lambda row: row.updated_at)
    world.faults.add(
        "mutate_between_pages", service="linear", op="IssuesPage", nth=1,
        edit="linear.update_issue", args={"issue": oldest.id, "title": "Changed meanwhile"},
    )  # fmt: skip

    first = await walk(linear, "issues", until=NOW.isoformat())
    world.clock.advance(60)
    later = (NOW + timedelta(seconds=60)).isoformat()
    second = await walk(linear, "issues", since=NOW.isoformat(), until=later)

    assert set(first) | set(second) == rows(world, "issues")
    assert second[oldest.id].fields["title"] == "Changed meanwhile"


def live(world: World, stream: str) -> set[str]:
    table = world.linear.table(TABLES.get(stream, stream))
    return {row.id for row in table if not getattr(row, "trashed", None)}


@pytest.mark.parametrize("stream", STREAMS)
async def test_a_sweep_names_what_is_alive_and_when_it_changed(
    world: World, linear: Linear, stream: str
) -> None:
    walked = await walk(linear, stream)
    alive = [one for one in walked.values() if not one.deleted]

    versions = await sweep(linear, stream)

    assert set(versions) == live(world, stream)
    for record in alive:
        at = record.fields["source_updated_at"]
        assert isinstance(at, datetime)
        assert versions[record.external_id] == version(at)


async def test_what_lies_in_the_trash_comes_as_a_tombstone(world: World, linear: Linear) -> None:
    edit(world, "trash_issue", issue="NOR-1")

    found = await walk(linear, "issues")

    trashed = {row.id for row in world.linear.issues if row.trashed}
    assert {id_ for id_, record in found.items() if record.deleted} == trashed != set()


async def test_a_team_has_its_own_rows_and_no_others(world: World, linear: Linear) -> None:
    team = next(row for row in world.linear.teams if row.key == "NOR")
    within = {"teams": [team.id]}

    issues = await walk(linear, "issues", within=within)
    states = await walk(linear, "states", within=within)
    comments = await walk(linear, "comments", within=within)
    labels = await walk(linear, "labels", within=within)

    assert set(issues) == {row.id for row in world.linear.issues if row.team_id == team.id}
    assert set(issues) == {one.external_id for one in issues.values()} != rows(world, "issues")
    assert {one.fields["team_id"] for one in states.values()} == {team.id}
    assert {one.fields["issue_id"] for one in comments.values()} <= set(issues)
    assert {one.fields["team_id"] for one in labels.values()} <= {team.id, None}
    assert set(await sweep(linear, "issues", within=within)) <= set(issues)


async def test_a_project_has_its_issues_its_comments_and_the_states_of_its_teams(
    world: World, linear: Linear
) -> None:
    project = next(row for row in world.linear.projects if not row.trashed)
    said = edit(world, "add_comment", issue=None, project_id=project.id, body="On the project")
    within = {"projects": [project.id]}

    issues = await walk(linear, "issues", within=within)
    comments = await walk(linear, "comments", within=within)
    states = await walk(linear, "states", within=within)

    assert {one.fields["linear_project_id"] for one in issues.values()} == {project.id}
    assert said["id"] in comments
    assert {one.fields["team_id"] for one in states.values()} == set(project.team_ids)


async def test_a_project_has_what_is_said_of_its_updates(world: World, linear: Linear) -> None:
    project = next(iter(world.linear.projects))
    at = NOW.timestamp()
    update = ProjectUpdate(id="update", project_id=project.id, created_at=at, updated_at=at)
    world.linear.project_updates.put(update)
    said = Comment(
        id="said", body="Well done", project_update_id="update", created_at=at, updated_at=at
    )
    world.linear.comments.put(said)

    of_it = await walk(linear, "comments", within={"projects": [project.id]})
    of_another = await walk(linear, "comments", within={"projects": ["another"]})

    assert "said" in of_it
    assert of_another == {}


async def test_an_issue_names_all_that_block_it(world: World, linear: Linear) -> None:
    blocked, *blockers = list(world.linear.issues)[-9:]
    for blocker in blockers:
        edit(world, "relate_issues", issue=blocker.id, related=blocked.id)

    found = await walk(linear, "issues")

    known = found[blocked.id].fields["blocked_by"]
    assert isinstance(known, list)
    assert {one.id for one in blockers} <= set(known)


async def test_a_used_up_budget_closes_the_gate_until_it_is_full(world: World) -> None:
    world.linear.requests_per_period, world.linear.period = 2, 100.0
    gate = Watch()
    linear = opened(world, gate=gate)

    with pytest.raises(Upstream) as caught:
        await walk(linear, "issues")

    assert (caught.value.kind, gate.closed) == ("rate_limit", [caught.value.retry_after])
    assert timedelta(seconds=90) < gate.closed[0] <= timedelta(seconds=100)
    assert gate.learnt[-1].limit == 3_000_000


@pytest.mark.parametrize(
    ("kind", "args", "error"),
    [
        ("partial_graphql", {}, "server"), ("truncate_json", {}, "network"),
        ("html_error", {}, "server"), ("timeout", {}, "network"), ("drop", {}, "network"),
        ("status", {"code": 500}, "server"), ("ratelimit", {}, "rate_limit"),
    ],
)  # fmt: skip
async def test_after_a_failure_the_same_checkpoint_goes_on(
    world: World, linear: Linear, kind: str, args: dict[str, Any], error: str
) -> None:
    world.faults.add(kind, service="linear", op="IssuesPage", **args)

    with pytest.raises(Upstream) as caught:
        await walk(linear, "issues")
    world.clock.advance(3600)

    assert (caught.value.kind, caught.value.retryable) == (error, True)
    assert set(await walk(linear, "issues")) == rows(world, "issues")


async def test_a_title_that_is_null_sets_one_issue_aside(world: World, linear: Linear) -> None:
    world.faults.add("schema_drift", service="linear", op="IssuesPage", set={"title": None})

    page = await linear.pull("issues", {"since": SINCE})

    assert page.rejected
    assert len(page.records) + len(page.rejected) == 50
    assert {one.reason.split(":")[0] for one in page.rejected} == {"issue title"}


async def test_costs_are_never_estimated_too_low(world: World) -> None:
    gate, real = Watch(), []

    async def note(reply: httpx.Response) -> None:
        real.append(int(reply.headers["x-complexity"]))

    transport = SandboxTransport(create_app(world))
    http = httpx.AsyncClient(transport=transport, event_hooks={"response": [note]})
    linear = Linear(http, api_key=LINEAR_KEY, base_url="http://sandbox/linear", gate=gate)
    for stream in STREAMS:
        await linear.pull(stream, {})
        await linear.ids(stream, {})
    await linear.parts()
    await linear.who_am_i()

    assert len(real) == len(gate.entered) > len(STREAMS)
    assert all(paid["complexity"] >= cost for paid, cost in zip(gate.entered, real, strict=True))


async def test_the_key_says_who_it_is(world: World) -> None:
    admin = await opened(world).who_am_i()
    member = await opened(world, LINEAR_MEMBER_KEY).who_am_i()

    assert admin.account_id == member.account_id == world.linear.organization.id
    assert (admin.role, member.role) == ("admin", "member")
    assert admin.observed_at == NOW


async def test_a_personal_key_as_a_bearer_is_a_wrong_key(world: World) -> None:
    with pytest.raises(UpstreamRejected, match="remove the Bearer") as caught:
        await opened(world, f"Bearer {LINEAR_KEY}").who_am_i()

    assert caught.value.kind == "auth"


async def test_parts_are_what_can_be_seen(world: World) -> None:
    everything = {part.external_id for part in await opened(world).parts()}
    public = {part.external_id for part in await opened(world, LINEAR_MEMBER_KEY).parts()}

    private = {row.id for row in world.linear.teams if row.private}
    assert private <= everything - public
    assert public < everything


async def test_a_webhook_that_we_make_says_what_we_can_verify(world: World) -> None:
    received: list[Delivery] = []

    def take(request: httpx.Request) -> httpx.Response:
        headers = dict(request.headers)
        received.append(verify("s3cr3t", request.content, headers, now=world.clock.now()))
        return httpx.Response(200)

    app = create_app(world, webhook_client=httpx.AsyncClient(transport=httpx.MockTransport(take)))
    http = httpx.AsyncClient(transport=SandboxTransport(app))
    linear = Linear(http, api_key=LINEAR_KEY, base_url="http://sandbox/linear")

    id_ = await linear.install_webhook("https://mayak.test/in", "s3cr3t", "Mayak")
    assert (id_, "https://mayak.test/in", True) in await linear.webhooks()
    edit(world, "update_issue", issue="NOR-1", title="Told")
    await app.state.linear_webhooks.settle()
    await linear.remove_webhook(id_)

    (change,) = received[0].changes
    assert (change.stream, change.deleted, received[0].stale) == ("issues", False, False)
    assert world.linear.issues[change.external_id].title == "Told"
    assert id_ not in {one for one, _, _ in await linear.webhooks()}
