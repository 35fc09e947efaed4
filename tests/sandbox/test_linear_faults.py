"""Every planned misbehaviour, as Linear shows it."""

import json

import httpx
import pytest

from mayak.sandbox.linear import issues
from mayak.sandbox.world import World
from tests.sandbox.linear_world import Ask, nodes, refusal, titles

pytestmark = pytest.mark.anyio

PAGE = """
query IssuesPage($first: Int, $after: String) {
  issues(first: $first, after: $after) { nodes { id title } pageInfo { endCursor } }
}
"""


@pytest.fixture
def five(studio: World) -> World:
    """Issues 1 to 5, the fifth the newest."""
    for title in "12345":
        issues.create_issue(studio, "NOR", title)
        studio.clock.advance(60)
    return studio


async def cursor(ask: Ask, first: int = 2) -> str:
    """Where the first page ends."""
    page = (await ask(PAGE, first=first)).json()["data"]["issues"]["pageInfo"]
    return str(page["endCursor"])


async def test_a_fault_hits_only_its_service_and_its_operation(ask: Ask, five: World) -> None:
    five.faults.add("status", service="chatwoot", code=500)
    five.faults.add("status", service="linear", op="IssuesPage", code=503)
    answers = [await ask("{ viewer { id } }"), await ask(PAGE), await ask(PAGE)]

    assert [one.status_code for one in answers] == [200, 503, 200]


async def test_ratelimit_is_a_400_with_nothing_left(ask: Ask, five: World) -> None:
    five.faults.add("ratelimit", service="linear")
    response = await ask(PAGE)

    assert refusal(response) == (400, "RATELIMITED", "ratelimited")
    assert response.headers["X-RateLimit-Requests-Remaining"] == "0"
    assert int(response.headers["X-RateLimit-Requests-Reset"]) > five.clock.timestamp() * 1000


async def test_token_expired_is_an_authentication_error(ask: Ask, five: World) -> None:
    five.faults.add("token_expired", service="linear")
    assert refusal(await ask(PAGE)) == (401, "AUTHENTICATION_ERROR", "authentication error")


async def test_html_error_comes_from_a_proxy_that_knows_no_budgets(ask: Ask, five: World) -> None:
    five.faults.add("html_error", service="linear")
    response = await ask(PAGE)

    assert (response.status_code, response.text[:6]) == (502, "<html>")
    assert "X-RateLimit-Requests-Limit" not in response.headers


async def test_timeout_and_drop_look_like_a_broken_network(ask: Ask, five: World) -> None:
    five.faults.add("timeout", service="linear")
    five.faults.add("drop", service="linear", nth=2)

    with pytest.raises(httpx.ReadTimeout):
        await ask(PAGE)
    with pytest.raises(httpx.RemoteProtocolError):
        await ask(PAGE)


async def test_truncate_json_cannot_be_parsed(ask: Ask, five: World) -> None:
    five.faults.add("truncate_json", service="linear")
    response = await ask(PAGE)

    assert response.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        response.json()


async def test_partial_graphql_has_data_with_a_hole_and_an_error(ask: Ask, five: World) -> None:
    five.faults.add("partial_graphql", service="linear")
    response = await ask(PAGE, first=2)

    assert response.status_code == 200
    assert titles(response) == ["5", None]
    (error,) = response.json()["errors"]
    assert error["path"] == ["issues", "nodes", 1, "title"]
    assert error["extensions"]["type"] == "internal error"


async def test_partial_graphql_can_be_told_where(ask: Ask, five: World) -> None:
    five.faults.add("partial_graphql", service="linear", path="issues.nodes.0")
    assert nodes(await ask(PAGE, first=2))[0] is None


async def test_cursor_expired_refuses_cursors_and_nothing_else(ask: Ask, five: World) -> None:
    after = await cursor(ask)
    five.faults.add("cursor_expired", service="linear", times=2)
    with_cursor, without = await ask(PAGE, after=after), await ask(PAGE)

    assert refusal(with_cursor) == (400, "INPUT_ERROR", "invalid input")
    assert len(nodes(without)) == 5
    assert titles(await ask(PAGE, after=after)) == ["3", "2", "1"]


async def test_stale_read_shows_the_rows_of_when_it_was_planned(ask: Ask, five: World) -> None:
    five.faults.add("stale_read", service="linear")
    issues.update_issue(five, "NOR-5", title="changed")
    issues.create_issue(five, "NOR", "6")

    assert titles(await ask(PAGE, first=2)) == ["5", "4"]
    assert titles(await ask(PAGE, first=2)) == ["6", "changed"]


async def test_a_stale_read_does_not_swallow_a_change(ask: Ask, five: World) -> None:
    five.faults.add("stale_read", service="linear")
    change = 'mutation { issueUpdate(id: "NOR-5", input: {title: "kept"}) { issue { title } } }'

    assert (await ask(change)).json()["data"]["issueUpdate"]["issue"] == {"title": "kept"}
    assert titles(await ask(PAGE, first=1)) == ["kept"]


async def test_duplicate_page_gives_the_previous_page_again(ask: Ask, five: World) -> None:
    after = await cursor(ask)
    five.faults.add("duplicate_page", service="linear", op="IssuesPage")

    assert titles(await ask(PAGE, first=2, after=after)) == ["5", "4"]
    assert titles(await ask(PAGE, first=2, after=after)) == ["3", "2"]


async def test_reorder_page_keeps_the_rows_but_not_their_order(ask: Ask, five: World) -> None:
    five.faults.add("reorder_page", service="linear", seed=1)
    shuffled = titles(await ask(PAGE))

    assert shuffled != ["5", "4", "3", "2", "1"]
    assert sorted(shuffled) == ["1", "2", "3", "4", "5"]


async def test_mutate_between_pages_changes_the_world_after_a_page(ask: Ask, five: World) -> None:
    five.faults.add(
        "mutate_between_pages", service="linear",
        edit="linear.delete_issue", args={"issue": "NOR-3"},
    )  # fmt: skip
    after = await cursor(ask)

    assert titles(await ask(PAGE, first=2, after=after)) == ["2", "1"]


async def test_schema_drift_adds_fields_and_sets_values(ask: Ask, five: World) -> None:
    five.faults.add("schema_drift", service="linear")
    five.faults.add("schema_drift", service="linear", nth=2, set={"title": None})
    drifted, nulled = nodes(await ask(PAGE)), nodes(await ask(PAGE))

    assert all("added_by_a_later_version" in row for row in drifted)
    assert {row["title"] for row in nulled} == {None}


async def test_clock_skew_moves_what_now_means(ask: Ask, five: World) -> None:
    five.faults.add("clock_skew", service="linear", seconds=3_600)
    query = '{ issues(filter: {createdAt: {gte: "-PT10M"}}) { nodes { title } } }'

    assert (len(nodes(await ask(query))), len(nodes(await ask(query)))) == (0, 5)
