"""What changes do to the rows and to their times, through the World and over the API."""

from dataclasses import asdict
from typing import Any

import httpx
import pytest

from mayak.sandbox.edits import BadEdit, apply_edit
from mayak.sandbox.linear import issues, upkeep
from mayak.sandbox.linear.edits import EDITS
from mayak.sandbox.linear.rows import Issue
from mayak.sandbox.world import World
from tests.sandbox.linear_world import MEMBER_KEY, Ask, nodes, refusal, titles

pytestmark = pytest.mark.anyio

MINUTE = 60.0


@pytest.fixture
def issue(studio: World) -> Issue:
    """NOR-1, a minute old, that blocks NOR-2."""
    row = issues.create_issue(studio, "NOR", "Pay by card")
    issues.create_issue(studio, "NOR", "Refund")
    issues.relate_issues(studio, "NOR-1", "NOR-2")
    studio.clock.advance(MINUTE)
    return row


def now(world: World, key: str = "NOR-1") -> Issue:
    return world.linear.issues[world.linear.identifiers[key]]


def moved(world: World, before: Issue) -> bool:
    return now(world).updated_at > before.updated_at


def test_a_comment_or_a_relation_does_not_touch_its_issue(studio: World, issue: Issue) -> None:
    said = issues.add_comment(studio, "NOR-1", "Done soon", user="user-ada")
    issues.edit_comment(studio, said.id, "Done now")
    issues.unrelate_issues(studio, "NOR-1", "NOR-2")
    issues.delete_comment(studio, said.id)

    assert not moved(studio, issue)


@pytest.mark.parametrize(
    ("edit", "args"),
    [
        ("update_issue", {"title": "Pay by bank card"}),
        ("move_issue", {"team": "BAL"}),
        ("archive_issue", {}),
        ("trash_issue", {}),
    ],
)
def test_a_change_of_an_issue_touches_it(
    studio: World, issue: Issue, edit: str, args: dict[str, Any]
) -> None:
    apply_edit(studio, f"linear.{edit}", {"issue": "NOR-1", **args})
    assert moved(studio, issue)


def test_nothing_changed_is_nothing_touched(studio: World, issue: Issue) -> None:
    issues.update_issue(studio, "NOR-1", title="Pay by card")
    assert not moved(studio, issue)


def test_a_finished_issue_knows_when_and_a_reopened_one_forgets(
    studio: World, issue: Issue
) -> None:
    done = issues.update_issue(studio, "NOR-1", state="Done")
    again = issues.update_issue(studio, "NOR-1", state="Todo")

    assert done.completed_at == studio.clock.timestamp()
    assert (again.completed_at, again.started_at) == (None, None)


def test_a_moved_issue_gets_a_new_name_and_a_state_of_its_new_team(
    studio: World, issue: Issue
) -> None:
    row = issues.move_issue(studio, "NOR-1", "BAL")

    assert (row.identifier, row.previous_identifiers) == ("BAL-1", ("NOR-1",))
    assert studio.linear.workflow_states[row.state_id].team_id == row.team_id
    assert now(studio).id == row.id


def test_trash_is_archived_and_can_be_restored(studio: World, issue: Issue) -> None:
    gone = issues.trash_issue(studio, "NOR-1")
    back = issues.restore_issue(studio, "NOR-1")

    assert (gone.trashed, gone.archived_at) == (True, studio.clock.timestamp())
    assert (back.trashed, back.archived_at) == (None, None)


def test_a_deleted_issue_takes_everything_on_it_along(studio: World, issue: Issue) -> None:
    issues.add_comment(studio, "NOR-1", "hello")
    issues.delete_issue(studio, "NOR-1")

    rows = studio.linear
    assert [row.title for row in rows.issues] == ["Refund"]
    assert (len(rows.comments), len(rows.issue_relations)) == (0, 0)
    assert "NOR-1" not in rows.identifiers


def test_a_number_is_never_given_twice(studio: World, issue: Issue) -> None:
    issues.delete_issue(studio, "NOR-2")
    assert issues.create_issue(studio, "NOR", "next").identifier == "NOR-3"


def test_a_deleted_label_leaves_its_issues(studio: World, issue: Issue) -> None:
    label = upkeep.create_label(studio, "Bug")
    issues.update_issue(studio, "NOR-1", label_ids=[label.id])
    upkeep.delete_label(studio, label.id)

    assert now(studio).label_ids == ()


def test_a_renamed_state_touches_no_issue(studio: World, issue: Issue) -> None:
    upkeep.rename_state(studio, issue.state_id, "Next up")

    assert studio.linear.workflow_states[issue.state_id].name == "Next up"
    assert not moved(studio, issue)


def test_a_deleted_customer_leaves_nothing(studio: World, issue: Issue) -> None:
    customer = upkeep.create_customer(studio, "Client", ["client.example"])
    upkeep.add_need(studio, customer.id, "NOR-1", "Cards, please")
    counted = now(studio).customer_ticket_count
    upkeep.delete_customer(studio, customer.id)

    assert (counted, len(studio.linear.customers), len(studio.linear.customer_needs)) == (1, 0, 0)


def test_the_same_link_twice_is_one_attachment(studio: World, issue: Issue) -> None:
    first = issues.attach(studio, "NOR-1", "https://desk.example/1", "Conversation 1")
    again = issues.attach(studio, "NOR-1", "https://desk.example/1", "Conversation one")

    assert first.id == again.id
    assert [row.title for row in studio.linear.attachments] == ["Conversation one"]


@pytest.mark.parametrize(
    ("op", "args", "reason"),
    [
        ("linear.update_issue", {"issue": "NOR-9", "title": "x"}, "no Issue NOR-9"),
        ("linear.update_issue", {"issue": "NOR-1", "colour": "red"}, "no colour"),
        ("linear.unrelate_issues", {"issue": "NOR-2", "related": "NOR-1"}, "no relation"),
        ("linear.add_comment", {"issue": None, "body": "x"}, "belongs to an issue"),
        ("linear.explode", {}, "no edit"),
    ],
)
def test_an_edit_that_does_not_fit_is_refused(
    studio: World, issue: Issue, op: str, args: dict[str, Any], reason: str
) -> None:
    with pytest.raises(BadEdit, match=reason):
        apply_edit(studio, op, args)


async def test_edits_are_called_over_the_control(
    control: httpx.AsyncClient, studio: World, issue: Issue
) -> None:
    body = {"op": "linear.update_issue", "args": {"issue": "NOR-1", "title": "Renamed"}}
    row = (await control.post("/world/edit", json=body)).json()["row"]
    rows = (await control.get("/world/snapshot")).json()["linear"]["issues"]

    assert (row["title"], row["updatedAt"]) == ("Renamed", "2026-03-01T12:01:00.000Z")
    assert row in rows
    assert "create_issue" in EDITS


async def test_an_issue_made_over_the_api_has_the_id_it_was_given(
    ask: Ask, studio: World, issue: Issue
) -> None:
    change = """mutation($input: IssueCreateInput!) { issueCreate(input: $input) {
      success lastSyncId issue { id identifier creator { name } } } }"""
    given = {"id": "mine", "teamId": issue.team_id, "title": "From outside"}
    first, again = await ask(change, input=given), await ask(change, input=given)

    made = first.json()["data"]["issueCreate"]["issue"]
    assert made == {"id": "mine", "identifier": "NOR-3", "creator": {"name": "Ada"}}
    assert refusal(again) == (400, "INPUT_ERROR", "invalid input")


async def test_issues_are_trashed_and_only_administrators_delete_for_good(
    ask: Ask, studio: World, issue: Issue
) -> None:
    forever = 'mutation { issueDelete(id: "NOR-2", permanentlyDelete: true) { success } }'
    trashed = await ask('mutation { issueDelete(id: "NOR-1") { entity { trashed } } }')
    refused = await ask(forever, key=MEMBER_KEY)
    await ask(forever)

    assert trashed.json()["data"]["issueDelete"]["entity"] == {"trashed": True}
    assert refusal(refused)[0] == 400
    assert titles(await ask("{ issues(includeArchived: true) { nodes { title } } }")) == [
        "Pay by card"
    ]


async def test_comments_are_made_changed_and_deleted_over_the_api(
    ask: Ask, studio: World, issue: Issue
) -> None:
    made = await ask(
        """mutation($i: CommentCreateInput!) { commentCreate(input: $i) {
          comment { id user { name } } } }""",
        i={"issueId": issue.id, "body": "hello"},
    )
    comment = made.json()["data"]["commentCreate"]["comment"]
    await ask(
        'mutation($id: String!) { commentUpdate(id: $id, input: {body: "bye"}) { success } }',
        id=comment["id"],
    )
    (row,) = nodes(await ask("{ comments { nodes { body editedAt } } }"), "comments")
    await ask("mutation($id: String!) { commentDelete(id: $id) { entityId } }", id=comment["id"])

    assert comment["user"] == {"name": "Ada"}
    assert row == {"body": "bye", "editedAt": "2026-03-01T12:01:00.000Z"}
    assert nodes(await ask("{ comments { nodes { id } } }"), "comments") == []


async def test_an_old_copy_of_the_rows_stays_old(studio: World, issue: Issue) -> None:
    before = studio.copy().linear
    issues.update_issue(studio, "NOR-1", title="New")
    issues.create_issue(studio, "NOR", "Another")

    assert asdict(before.issues[issue.id])["title"] == "Pay by card"
    assert [row.title for row in before.issues.newest_first("updated_at")] == [
        row.title for row in before.issues.newest_first("created_at")
    ]
    assert len(before.issues.of("team_id", issue.team_id)) == 2
