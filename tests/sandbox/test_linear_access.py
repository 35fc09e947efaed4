"""Which keys are let in, and what each of them sees."""

import pytest

from mayak.sandbox.linear import issues, upkeep
from mayak.sandbox.world import World
from tests.sandbox.linear_world import ADMIN_KEY, MEMBER_KEY, Ask, nodes, refusal, titles

pytestmark = pytest.mark.anyio

TITLES = "{ issues { nodes { title } } }"


@pytest.fixture
def secret(studio: World) -> World:
    """One issue in NOR, one in the team that only Ada sees."""
    issues.create_issue(studio, "NOR", "open")
    issues.add_comment(studio, "NOR-1", "said openly")
    issues.create_issue(studio, "SEC", "hidden")
    issues.add_comment(studio, "SEC-1", "said in secret")
    issues.relate_issues(studio, "SEC-1", "NOR-1")
    upkeep.create_project(studio, "Plot", ["SEC"])
    return studio


@pytest.mark.parametrize(
    ("given", "status"),
    [({}, 401), ({"Authorization": "lin_api_nobody"}, 401),
     ({"Authorization": f"Bearer {ADMIN_KEY}"}, 400)],
    ids=["missing", "unknown", "key as bearer"],
)  # fmt: skip
async def test_keys_that_are_refused(ask: Ask, given: dict[str, str], status: int) -> None:
    response = await ask(TITLES, headers=given)
    assert refusal(response) == (status, "AUTHENTICATION_ERROR", "authentication error")


async def test_an_oauth_token_is_a_bearer(ask: Ask, studio: World) -> None:
    studio.linear.keys["oauth-token"] = "user-ada"
    as_bearer = await ask(TITLES, headers={"Authorization": "Bearer oauth-token"})
    as_it_is = await ask(TITLES, headers={"Authorization": "oauth-token"})

    assert (as_bearer.status_code, as_it_is.status_code) == (200, 401)


async def test_the_key_of_a_disabled_person_opens_nothing(ask: Ask, studio: World) -> None:
    upkeep.disable_user(studio, "user-ben")
    assert (await ask(TITLES, key=MEMBER_KEY)).status_code == 401


async def test_a_private_team_is_silently_absent_for_others(ask: Ask, secret: World) -> None:
    query = """{ teams { nodes { key } } projects { nodes { name } }
      comments { nodes { body } } issueRelations { nodes { type } }
      workflowStates(filter: {team: {key: {eq: "SEC"}}}) { nodes { name } } }"""
    data = (await ask(query, key=MEMBER_KEY)).json()["data"]

    assert sorted(row["key"] for row in data["teams"]["nodes"]) == ["BAL", "NOR"]
    assert [row["body"] for row in data["comments"]["nodes"]] == ["said openly"]
    assert data["projects"]["nodes"] == data["issueRelations"]["nodes"] == []
    assert data["workflowStates"]["nodes"] == []
    assert sorted(titles(await ask(TITLES))) == ["hidden", "open"]
    assert titles(await ask(TITLES, key=MEMBER_KEY)) == ["open"]


async def test_a_hidden_row_is_not_found_by_id_either(ask: Ask, secret: World) -> None:
    response = await ask('{ issue(id: "SEC-1") { title } }', key=MEMBER_KEY)
    assert refusal(response)[0] == 200
    assert response.json()["data"] is None


async def test_a_member_cannot_change_what_he_does_not_see(ask: Ask, secret: World) -> None:
    change = 'mutation { issueUpdate(id: "SEC-1", input: {title: "seen"}) { success } }'
    response = await ask(change, key=MEMBER_KEY)

    assert "errors" in response.json()
    assert titles(await ask(TITLES))[0] == "hidden"


@pytest.mark.parametrize("by", ["id", "key"])
async def test_permission_loss_hides_a_team_and_says_nothing(
    ask: Ask, secret: World, by: str
) -> None:
    team = next(team for team in secret.linear.teams if team.key == "NOR")
    secret.faults.add("permission_loss", service="linear", team_id=getattr(team, by), times=None)
    response = await ask(TITLES)

    assert "errors" not in response.json()
    assert titles(response) == ["hidden"]
    left = nodes(await ask("{ teams { nodes { key } } }"), "teams")
    assert sorted(team["key"] for team in left) == ["BAL", "SEC"]
    assert nodes(await ask("{ comments { nodes { body } } }"), "comments") == [
        {"body": "said in secret"}
    ]
