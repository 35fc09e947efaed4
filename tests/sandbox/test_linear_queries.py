"""What Linear's lists hold, in which order, and what a query is refused for."""

from typing import Any

import pytest

from mayak.sandbox.linear import issues, upkeep
from mayak.sandbox.world import World
from tests.sandbox.linear_world import Ask, nodes, refusal, titles

pytestmark = pytest.mark.anyio

ISSUES = """
query Issues($first: Int, $after: String, $filter: IssueFilter, $archived: Boolean,
             $order: PaginationOrderBy) {
  issues(first: $first, after: $after, filter: $filter, includeArchived: $archived,
         orderBy: $order) {
    nodes { id identifier title }
    pageInfo { hasNextPage endCursor }
  }
}
"""


@pytest.fixture
def three(studio: World) -> World:
    """Issues one, two, three, created a minute apart; the first was touched last."""
    for title in ("one", "two", "three"):
        issues.create_issue(studio, "NOR", title)
        studio.clock.advance(60)
    issues.update_issue(studio, "NOR-1", priority=2)
    studio.clock.advance(60)
    return studio


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("{ issues { nodes { colour } } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ documents { nodes { id } } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ issues { nodes { id } }", "GRAPHQL_PARSE_FAILED"),
        ("query($at: DateTime) { issues(filter: {updatedAt: {gte: $at}}) { nodes { id } } }",
         "GRAPHQL_VALIDATION_FAILED"),
    ],
    ids=["field", "root", "syntax", "variable type"],
)  # fmt: skip
async def test_what_is_not_in_the_schema_is_refused(ask: Ask, query: str, reason: str) -> None:
    assert refusal(await ask(query)) == (400, reason, "graphql error")


async def test_lists_are_newest_first_by_creation_or_by_change(ask: Ask, three: World) -> None:
    by_creation = titles(await ask(ISSUES))
    by_change = titles(await ask(ISSUES, order="updatedAt"))

    assert by_creation == ["three", "two", "one"]
    assert by_change == ["one", "three", "two"]


async def test_a_page_has_50_rows_unless_told_otherwise(ask: Ask, studio: World) -> None:
    for number in range(60):
        issues.create_issue(studio, "NOR", f"{number}")

    assert len(nodes(await ask(ISSUES))) == 50
    assert len(nodes(await ask(ISSUES, first=60))) == 60


@pytest.mark.parametrize("first", [0, 251])
async def test_a_page_of_more_than_250_rows_is_refused(ask: Ask, first: int) -> None:
    assert refusal(await ask(ISSUES, first=first)) == (400, "INPUT_ERROR", "invalid input")


async def test_pages_meet_without_gap_or_overlap(ask: Ask, three: World) -> None:
    first = await ask(ISSUES, first=2)
    page = first.json()["data"]["issues"]["pageInfo"]
    second = await ask(ISSUES, first=2, after=page["endCursor"])

    assert (titles(first), titles(second)) == (["three", "two"], ["one"])
    assert page["hasNextPage"] is True
    assert second.json()["data"]["issues"]["pageInfo"]["hasNextPage"] is False


@pytest.mark.parametrize("cursor", ["nonsense", "aXNzdWVz"])
async def test_a_cursor_of_nobody_is_refused(ask: Ask, cursor: str) -> None:
    assert refusal(await ask(ISSUES, after=cursor)) == (400, "INPUT_ERROR", "invalid input")


async def test_a_cursor_of_one_order_does_not_open_another(ask: Ask, three: World) -> None:
    page = (await ask(ISSUES, first=1)).json()["data"]["issues"]["pageInfo"]

    again = await ask(ISSUES, first=1, after=page["endCursor"], order="updatedAt")
    assert refusal(again)[0] == 400


async def test_archived_and_trashed_rows_are_hidden_unless_asked_for(
    ask: Ask, three: World
) -> None:
    issues.archive_issue(three, "NOR-1")
    issues.trash_issue(three, "NOR-2")

    assert titles(await ask(ISSUES)) == ["three"]
    assert sorted(titles(await ask(ISSUES, archived=True))) == ["one", "three", "two"]


async def test_disabled_people_are_hidden_unless_asked_for(ask: Ask, studio: World) -> None:
    upkeep.disable_user(studio, "user-ben")
    query = "query($all: Boolean) { users(includeDisabled: $all) { nodes { name active } } }"

    assert [row["name"] for row in nodes(await ask(query), "users")] == ["Ada"]
    assert {"name": "Ben", "active": False} in nodes(await ask(query, all=True), "users")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"title": {"eq": "one"}}, ["one"]),
        ({"title": {"neq": "one"}}, ["three", "two"]),
        ({"title": {"in": ["one", "two"]}}, ["one", "two"]),
        ({"title": {"nin": ["one", "two"]}}, ["three"]),
        ({"title": {"contains": "o"}}, ["one", "two"]),
        ({"title": {"startsWith": "t"}}, ["three", "two"]),
        ({"number": {"gt": 1, "lte": 2}}, ["two"]),
        ({"priority": {"eq": 2}}, ["one"]),
        ({"assignee": {"null": True}}, ["three", "two"]),
        ({"assignee": {"email": {"eq": "ada@studio.example"}}}, ["one"]),
        ({"state": {"type": {"eq": "unstarted"}}}, ["three", "two"]),
        ({"team": {"key": {"eq": "BAL"}}}, []),
        ({"team": {"key": {"in": ["BAL", "NOR"]}}}, ["one", "three", "two"]),
        ({"completedAt": {"null": False}}, ["one"]),
        ({"dueDate": {"lt": "2026-03-02"}}, ["one"]),
        ({"dueDate": {"lt": "P2D"}}, ["one"]),
        ({"createdAt": {"gte": "-PT3M"}}, ["three", "two"]),
        ({"createdAt": {"lt": "2026-03-01T12:01:00.000Z"}}, ["one"]),
        ({"createdAt": {"gt": "2026", "lt": "2027"}}, ["one", "three", "two"]),
        ({"or": [{"title": {"eq": "one"}}, {"title": {"eq": "two"}}]}, ["one", "two"]),
        ({"and": [{"title": {"contains": "o"}}, {"title": {"contains": "n"}}]}, ["one"]),
        ({"labels": {"some": {"name": {"eq": "Bug"}}}}, ["one"]),
        ({"labels": {"length": {"eq": 0}}}, ["three", "two"]),
        ({"project": {"name": {"eq": "Launch"}}}, ["one"]),
    ],
    ids=str,
)
async def test_filters_let_the_right_rows_through(
    ask: Ask, three: World, wanted: dict[str, Any], found: list[str]
) -> None:
    label = upkeep.create_label(three, "Bug")
    issues.update_issue(
        three,
        "NOR-1",
        assignee_id="user-ada",
        state="Done",
        label_ids=[label.id],
        due_date="2026-03-01",
        project_id=launch(three),
    )

    response = await ask(ISSUES, filter=wanted)
    assert sorted(titles(response)) == found


def launch(world: World) -> str:
    """The id of a project named Launch."""
    return upkeep.create_project(world, "Launch", ["NOR"], status="planned").id


async def test_rows_are_found_by_id_also_beyond_the_page(ask: Ask, three: World) -> None:
    first = three.linear.identifiers["NOR-1"]

    assert titles(await ask(ISSUES, first=1, filter={"id": {"in": [first, "gone"]}})) == ["one"]


async def test_a_time_that_is_none_is_refused(ask: Ask, three: World) -> None:
    response = await ask(ISSUES, filter={"updatedAt": {"gte": "yesterday"}})
    assert refusal(response) == (400, "INPUT_ERROR", "invalid input")


async def test_a_window_on_both_ends_holds_its_lower_bound_only(ask: Ask, three: World) -> None:
    query = "{ issues { nodes { title createdAt } } }"
    times = {row["title"]: row["createdAt"] for row in nodes(await ask(query))}
    window = {"createdAt": {"gte": times["one"], "lt": times["three"]}}

    assert titles(await ask(ISSUES, filter=window)) == ["two", "one"]
    assert titles(await ask(ISSUES, filter={"createdAt": {"lte": times["one"]}})) == ["one"]


async def test_comments_are_found_through_the_team_of_their_issue(ask: Ask, three: World) -> None:
    three_in_bal = issues.create_issue(three, "BAL", "elsewhere")
    issues.add_comment(three, "NOR-1", "here")
    issues.add_comment(three, three_in_bal.id, "there")
    query = "query($f: CommentFilter) { comments(filter: $f) { nodes { body issueId } } }"
    team = three.linear.issues[three.linear.identifiers["NOR-1"]].team_id

    found = nodes(await ask(query, f={"issue": {"team": {"id": {"in": [team]}}}}), "comments")
    assert [row["body"] for row in found] == ["here"]


async def test_a_moment_is_told_in_utc_with_milliseconds(ask: Ask, three: World) -> None:
    (row,) = nodes(await ask("{ issues(first: 1) { nodes { createdAt archivedAt } } }"))
    assert row == {"createdAt": "2026-03-01T12:02:00.000Z", "archivedAt": None}


async def test_an_issue_is_found_by_its_past_identifier_too(ask: Ask, three: World) -> None:
    issues.move_issue(three, "NOR-2", "BAL")
    query = "query($id: String!) { issue(id: $id) { identifier previousIdentifiers team { key } } }"

    issue = (await ask(query, id="NOR-2")).json()["data"]["issue"]
    assert issue == {
        "identifier": "BAL-1",
        "previousIdentifiers": ["NOR-2"],
        "team": {"key": "BAL"},
    }


async def test_a_row_that_is_not_there_is_an_error_of_an_answered_call(ask: Ask) -> None:
    response = await ask('{ issue(id: "gone") { id } }')

    assert response.json()["data"] is None
    assert refusal(response) == (200, "INPUT_ERROR", "invalid input")


async def test_relations_are_read_page_by_page(ask: Ask, three: World) -> None:
    issues.relate_issues(three, "NOR-1", "NOR-3")
    issues.relate_issues(three, "NOR-2", "NOR-3")
    query = """query($after: String) { issue(id: "NOR-3") {
      inverseRelations(first: 1, after: $after) {
        nodes { type issue { identifier } } pageInfo { hasNextPage endCursor } } } }"""

    found, after = [], None
    for more in (True, False):
        page = (await ask(query, after=after)).json()["data"]["issue"]["inverseRelations"]
        after = page["pageInfo"]["endCursor"]
        found += [(row["type"], row["issue"]["identifier"]) for row in page["nodes"]]
        assert page["pageInfo"]["hasNextPage"] is more
    assert sorted(found) == [("blocks", "NOR-1"), ("blocks", "NOR-2")]


async def test_viewer_and_organization_say_who_is_asking(ask: Ask) -> None:
    response = await ask("{ viewer { name email admin isMe } organization { id name urlKey } }")

    data = response.json()["data"]
    assert data["viewer"] == {
        "name": "Ada", "email": "ada@studio.example", "admin": True, "isMe": True,
    }  # fmt: skip
    assert data["organization"]["urlKey"] == "sandbox"


async def test_the_journal_tells_operation_variables_and_cost(ask: Ask, three: World) -> None:
    three.journal.clear()
    await ask(ISSUES, first=2)

    (call,) = three.journal
    assert (call.service, call.op, call.status) == ("linear", "Issues", 200)
    assert call.params == {"variables": {"first": 2}, "cost": 5}
