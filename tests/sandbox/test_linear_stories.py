"""The studio's Linear: its teams, what is late and blocked, and the crowd that can be added."""

from collections import Counter
from datetime import UTC, datetime
from importlib.resources import files

import pytest

from mayak.sandbox import linear
from mayak.sandbox.clock import Clock
from mayak.sandbox.linear.paging import Reader, connection
from mayak.sandbox.linear.rows import Issue
from mayak.sandbox.linear.sight import Sight
from mayak.sandbox.linear.snapshot import snapshot
from mayak.sandbox.linear.tables import Table
from mayak.sandbox.linear.telling import LINEAR_KEY, LINEAR_MEMBER_KEY, tell
from mayak.sandbox.stories import tell as tell_studio
from mayak.sandbox.telling import StoryError
from mayak.sandbox.world import World
from tests.sandbox.linear_world import furnish

NOW = datetime(2026, 3, 20, 15, tzinfo=UTC)


def texts(folder: str = "stories") -> dict[str, str]:
    place = files("mayak.sandbox").joinpath(folder)
    return {
        entry.name: entry.read_text("utf-8")
        for entry in place.iterdir()
        if entry.name.endswith(".yaml")
    }


def built() -> World:
    world = tell_studio(texts(), Clock(NOW, frozen=True))
    tell(world, texts("stories/linear"))
    return world


@pytest.fixture(scope="module")
def told() -> World:
    """The studio with its Linear, at 15:00 UTC on 20 March."""
    return built()


def issues_of(world: World, slug: str) -> list[Issue]:
    (project,) = [one for one in world.projects if one.slug == slug]
    return [row for row in world.linear.issues if row.team_id in project.linear_team_ids]


@pytest.mark.parametrize("slug", ["northwind", "vega", "baltika"])
def test_every_client_has_a_team_with_work_of_every_kind(told: World, slug: str) -> None:
    rows = issues_of(told, slug)
    types = Counter(told.linear.workflow_states[row.state_id].type for row in rows)
    ended = {"completed", "canceled", "duplicate"}
    late = [
        row
        for row in rows
        if row.due_date
        and row.due_date < NOW.date().isoformat()
        and told.linear.workflow_states[row.state_id].type not in ended
    ]
    blocked = {relation.related_issue_id for relation in told.linear.issue_relations}

    assert 25 <= len(rows) <= 40
    assert {"triage", "backlog", "unstarted", "started", "completed"} <= types.keys()
    assert late
    assert [row for row in rows if row.id in blocked]
    assert [row for row in rows if row.archived_at and not row.trashed]
    assert [row for row in rows if row.trashed]


def test_russian_for_vega_english_for_northwind_and_both_for_baltika(told: World) -> None:
    def russian(slug: str) -> float:
        titles = [row.title for row in issues_of(told, slug)]
        return sum(any("а" <= c <= "я" for c in title) for title in titles) / len(titles)

    assert russian("northwind") == 0.0
    assert russian("vega") == 1.0
    assert 0.2 < russian("baltika") < 0.8


def test_people_are_those_of_the_studio(told: World) -> None:
    agents = {(agent.name, agent.email) for agent in told.agents.values()}
    active = {(user.name, user.email) for user in told.linear.users if user.active}

    assert active <= agents
    assert len(active) == 5


def test_customers_have_the_domains_of_their_people(told: World) -> None:
    domains = {domain for row in told.linear.customers for domain in row.domains}
    addresses = [row.email for row in told.contacts.values() if row.email]

    assert {address.partition("@")[2] for address in addresses} == domains


def test_only_one_key_sees_the_internal_team(told: World) -> None:
    def teams(key: str) -> set[str]:
        user = told.linear.users[told.linear.keys[key]]
        sight = Sight(workspace=told.linear, user=user)
        return {team.key for team in told.linear.teams if sight.team(team.id)}

    assert teams(LINEAR_KEY) - teams(LINEAR_MEMBER_KEY) == {"PRI"}


def test_nothing_was_said_in_the_future_or_before_its_issue(told: World) -> None:
    rows = told.linear
    now = NOW.timestamp()

    assert all(row.created_at <= row.updated_at <= now for row in rows.issues)
    assert all(rows.issues[row.issue_id or ""].created_at <= row.created_at <= now
               for row in rows.comments)  # fmt: skip
    assert [i.identifier for i in rows.issues
            if i.completed_at and i.started_at and i.completed_at < i.started_at] == []  # fmt: skip


def test_the_same_stories_give_the_same_rows(told: World) -> None:
    assert snapshot(built()) == snapshot(told)


def test_a_past_identifier_leads_to_the_issue_of_now(told: World) -> None:
    moved = [row for row in told.linear.issues if row.previous_identifiers]

    assert moved
    assert all(told.linear.identifiers[old] == row.id
               for row in moved for old in row.previous_identifiers)  # fmt: skip


@pytest.mark.parametrize(
    ("issue", "reason"),
    [
        ("{title: A, state: Done}", "NOR-1: 'at' is missing"),
        ("{title: A, state: Gone, at: -1h}", "NOR-1: .* is missing or unknown"),
        ("{title: A, state: Done, at: -1h, colour: red}", "NOR-1: unknown: colour"),
        (
            "{title: A, state: Done, at: -1h, comments: [[-2h, maria, b]]}",
            "NOR-1: comment 1 is older than the issue",
        ),
    ],
)
def test_a_story_that_cannot_be_told_says_where_and_why(issue: str, reason: str) -> None:
    team = "team: {key: NOR, name: N, members: [maria]}\nissues: [" + issue + "]"
    world = tell_studio(texts(), Clock(NOW, frozen=True))
    shared = texts("stories/linear")["workspace.yaml"]

    with pytest.raises(StoryError, match=f"linear/n.yaml: {reason}"):
        tell(world, {"workspace.yaml": shared, "n.yaml": team})


def test_the_snapshot_shows_archived_and_trashed_rows_in_the_apis_spelling(told: World) -> None:
    rows = snapshot(told)["issues"]
    (first,) = [row for row in rows if row["identifier"] == "NOR-1"]

    assert len(rows) == len(told.linear.issues)
    assert any(row["trashed"] for row in rows)
    assert first["createdAt"] == "2026-02-03T08:00:00.000Z"
    assert (first["priorityLabel"], first["previousIdentifiers"]) == ("High", [])


@pytest.fixture
def crowd(studio: World) -> World:
    linear.add_many(studio, issues=5_000, comments=1_000)
    return studio


def test_a_crowd_is_the_same_for_the_same_seed(crowd: World) -> None:
    twin = World(Clock(crowd.clock.now(), frozen=True))
    furnish(twin)
    linear.add_many(twin, issues=5_000, comments=1_000)

    assert [row.id for row in twin.linear.issues] == [row.id for row in crowd.linear.issues]
    assert len(crowd.linear.comments) == 1_000
    assert {row.team_id for row in crowd.linear.issues} == {
        team.id for team in crowd.linear.teams if not team.private
    }


def test_a_page_of_a_crowd_looks_at_its_own_rows_only(
    crowd: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    newest_first = Table.newest_first

    def counted(self: Table[Issue], order: str, **bounds: object) -> object:
        for row in newest_first(self, order, **bounds):  # type: ignore[arg-type]
            looked.append(row.id)
            yield row

    monkeypatch.setattr(Table, "newest_first", counted)
    reader = Reader(
        workspace=crowd.linear,
        sight=Sight(workspace=crowd.linear, user=crowd.linear.users["user-ada"]),
        now=crowd.clock.timestamp(),
    )
    window = {"updatedAt": {"lt": "-P30D"}}
    after = None
    for _ in range(3):
        args = {"first": 50, "orderBy": "updatedAt", "filter": window, "after": after}
        after = connection(reader, "issues", args)["pageInfo"]["endCursor"]

    assert len(looked) <= 3 * 52
