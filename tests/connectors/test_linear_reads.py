"""Whose key it is, what there is, records by id, and the webhooks of the workspace."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from mayak.connectors.base import Connector, Part
from mayak.errors import Upstream, UpstreamRejected
from tests.connectors.linear_server import (
    TOO_COMPLEX,
    Server,
    Watch,
    answer,
    error,
    issue,
    issues,
    listed,
)

pytestmark = [pytest.mark.anyio]

ME: dict[str, Any] = {
    "viewer": {"id": "u1", "name": "Ada", "email": "ada@s.test", "admin": True, "guest": False},
    "organization": {"id": "o1", "name": "Studio", "urlKey": "studio"},
    "rateLimitStatus": {
        "kind": "user",
        "limits": [
            {
                "type": "requests", "allowedAmount": 2500.0, "remainingAmount": 2499.0,
                "period": 3_600_000.0, "reset": 1_772_370_000_000.0,
            },
            {"type": "complexity", "allowedAmount": 3e6, "remainingAmount": 2e6, "period": 6e4},
            {"type": "endpointRequests", "allowedAmount": 60, "period": 6e4},
            {"type": "requests", "allowedAmount": None},
            "nonsense",
        ],
    },
}  # fmt: skip


async def test_a_key_belongs_to_a_user_of_a_workspace() -> None:
    server = Server(
        httpx.Response(200, json={"data": ME}, headers={"date": "Sun, 01 Mar 2026 12:00:00 GMT"})
    )

    me = await server.linear().who_am_i()

    assert (me.account_id, me.account_name, me.user, me.role) == ("o1", "Studio", "Ada", "admin")
    assert me.observed_at == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert len(server.requests) == 1


async def test_the_gate_learns_in_which_time_the_budgets_fill() -> None:
    gate = Watch()

    await Server(answer(**ME)).linear(gate=gate).who_am_i()

    learnt = [(one.budget, one.limit, one.remaining, one.period) for one in gate.learnt]
    assert learnt == [
        ("requests", 2500, 2499, timedelta(hours=1)),
        ("complexity", 3_000_000, 2_000_000, timedelta(minutes=1)),
    ]
    assert gate.learnt[0].resets_at == datetime.fromtimestamp(1_772_370_000, UTC)


@pytest.mark.parametrize(
    ("rights", "role"),
    [({}, "admin"), ({"admin": False}, "member"), ({"admin": None, "guest": True}, "guest")],
)
async def test_a_user_has_a_role(rights: dict[str, Any], role: str) -> None:
    me = {**ME, "viewer": {**ME["viewer"], **rights}}

    assert (await Server(answer(**me)).linear().who_am_i()).role == role


async def test_a_wrong_key_is_told_at_once() -> None:
    with pytest.raises(UpstreamRejected) as caught:
        await Server(error(status=401, type="authentication error")).linear().who_am_i()

    assert caught.value.kind == "auth"


async def test_teams_and_projects_can_be_given_to_a_project() -> None:
    teams = {"nodes": [{"key": "NOR"}, {"key": "BAL"}]}
    server = Server(
        listed("teams", {"id": "t1", "key": "NOR", "name": "Northwind"}, cursor="c1"),
        listed("teams", {"id": "t2", "key": "BAL", "name": "Baltika"}),
        listed("projects", {"id": "p1", "name": "Checkout", "teams": teams}),
    )

    assert await server.linear().parts() == [
        Part(kind="team", external_id="t1", name="NOR · Northwind"),
        Part(kind="team", external_id="t2", name="BAL · Baltika"),
        Part(kind="project", external_id="p1", name="NOR, BAL · Checkout"),
    ]
    assert [asked["after"] for asked in server.asked] == [None, "c1", None]


async def test_a_short_list_in_circles_ends_with_an_outage() -> None:
    with pytest.raises(Upstream, match="in circles"):
        await Server(listed("teams", cursor="c1")).linear().parts()


async def test_records_are_read_by_id_and_the_rest_is_missing() -> None:
    server = Server(issues(issue("i1"), issue("i2", title=None)))

    fetched = await server.linear().fetch("issues", ["i1", "i2", "i3", "i1"])

    assert [record.external_id for record in fetched.records] == ["i1"]
    assert [rejected.external_id for rejected in fetched.rejected] == ["i2"]
    assert fetched.missing == {"i3"}
    assert server.asked[0]["filter"] == {"id": {"in": ["i1", "i2", "i3"]}}
    assert b"includeArchived: true" in server.requests[0].content


async def test_many_ids_are_read_in_batches() -> None:
    server = Server(issues())

    fetched = await server.linear().fetch("issues", [f"i{n}" for n in range(230)])

    assert [len(asked["filter"]["id"]["in"]) for asked in server.asked] == [100, 100, 30]
    assert len(fetched.missing) == 230


async def test_a_batch_that_is_too_much_is_read_by_pages() -> None:
    server = Server(TOO_COMPLEX, issues(issue("i1"), cursor="c1"), issues(issue("i2")))

    fetched = await server.linear().fetch("issues", ["i1", "i2"])

    assert {record.external_id for record in fetched.records} == {"i1", "i2"}
    assert [(asked["first"], asked["after"]) for asked in server.asked] == [
        (2, None), (1, None), (1, "c1"),
    ]  # fmt: skip


async def test_no_ids_are_no_question() -> None:
    server = Server(issues())

    assert (await server.linear().fetch("issues", [])).records == []
    assert server.requests == []


@pytest.mark.parametrize(
    ("stream", "root"),
    [
        ("states", "workflowStates"),
        ("labels", "issueLabels"),
        ("teams", "teams"),
        ("cycles", "cycles"),
    ],
)
async def test_reference_records_are_read_by_id_too(stream: str, root: str) -> None:
    fetched = await Server(listed(root)).linear().fetch(stream, ["x"])

    assert fetched.missing == {"x"}


async def test_ids_come_with_the_time_of_change_in_one_spelling() -> None:
    server = Server(
        issues(
            {"id": "i1", "updatedAt": "2026-03-02T09:30:00.120Z", "trashed": None},
            {"id": "i2", "updatedAt": "2026-03-02T12:30:00+03:00", "trashed": None},
            cursor="c1",
        )
    )

    ids = await server.linear().ids("issues", {})

    assert ids.versions == {
        "i1": "2026-03-02T09:30:00.120000+00:00",
        "i2": "2026-03-02T09:30:00.000000+00:00",
    }
    assert (ids.complete, ids.checkpoint) == (False, {"cursor": "c1"})
    assert server.asked[0] == {
        "op": "IssueIds", "first": 250, "after": None, "filter": {}, "orderBy": "createdAt",
    }  # fmt: skip


async def test_a_sweep_goes_on_to_the_end() -> None:
    server = Server(issues(cursor="c1"), issues({"id": "i1", "updatedAt": "2026-03-02T09:30:00Z"}))
    linear = server.linear()

    first = await linear.ids("issues", {"within": {"teams": ["t1"]}})
    last = await linear.ids("issues", first.checkpoint)

    assert server.asked[1] == {**server.asked[0], "after": "c1"}
    assert (last.complete, list(last.versions)) == (True, ["i1"])


async def test_what_lies_in_the_trash_is_not_among_the_ids() -> None:
    node = {"updatedAt": "2026-03-02T09:30:00Z"}
    server = Server(
        issues({"id": "i1", "trashed": True, **node}, {"id": "i2", "trashed": None, **node})
    )

    assert list((await server.linear().ids("issues", {})).versions) == ["i2"]


async def test_an_unreadable_time_differs_from_every_other() -> None:
    server = Server(issues({"id": "i1", "updatedAt": None}))

    assert (await server.linear().ids("issues", {})).versions == {"i1": ""}


@pytest.mark.parametrize("node", [None, {}, {"updatedAt": "2026-03-02T09:30:00Z"}])
async def test_a_sweep_with_a_hole_is_no_sweep(node: object) -> None:
    with pytest.raises(UpstreamRejected, match="without an id"):
        await Server(issues(node)).linear().ids("issues", {})


async def test_a_sweep_whose_cursor_is_refused_starts_again() -> None:
    server = Server(error("Invalid cursor", code="INPUT_ERROR", type="invalid input"))

    ids = await server.linear().ids("issues", {"cursor": "c1"})

    assert (ids.versions, ids.complete) == ({}, False)
    assert "cursor" not in ids.checkpoint


async def test_a_webhook_is_made_for_all_public_teams_with_our_secret() -> None:
    server = Server(answer(webhookCreate={"success": True, "webhook": {"id": "w1"}}))

    id_ = await server.linear().install_webhook("https://mayak.test/in", "s3cr3t", "Mayak")

    assert id_ == "w1"
    wanted = server.asked[0]["input"]
    assert {"Issue", "Comment", "Project", "Customer"} <= set(wanted.pop("resourceTypes"))
    assert wanted == {
        "url": "https://mayak.test/in", "secret": "s3cr3t", "label": "Mayak", "enabled": True,
        "allPublicTeams": True,
    }  # fmt: skip


async def test_a_refusal_of_a_webhook_does_not_repeat_its_secret() -> None:
    server = Server(error('Variable "$input" got {"secret": "s3cr3t-w"}', type="invalid input"))

    with pytest.raises(UpstreamRejected) as caught:
        await server.linear().install_webhook("https://mayak.test/in", "s3cr3t-w", "Mayak")

    assert "s3cr3t-w" not in str(caught.value)
    assert '"secret": "***"' in str(caught.value)


async def test_a_webhook_that_was_not_made_is_no_success() -> None:
    server = Server(answer(webhookCreate={"success": False, "webhook": None}))

    with pytest.raises(UpstreamRejected, match="did not make the webhook"):
        await server.linear().install_webhook("https://mayak.test/in", "s", "Mayak")


async def test_webhooks_are_listed_and_removed() -> None:
    server = Server(
        listed("webhooks", {"id": "w1", "url": "https://a.test", "enabled": True}),
        answer(webhookDelete={"success": True}),
        answer(webhookDelete={"success": False}),
    )
    linear = server.linear()

    assert await linear.webhooks() == [("w1", "https://a.test", True)]
    await linear.remove_webhook("w1")
    with pytest.raises(UpstreamRejected):
        await linear.remove_webhook("w1")

    assert server.asked[1]["id"] == "w1"


def test_it_is_a_connector_that_keeps_its_key_to_itself() -> None:
    linear = Server(issues()).linear(key="lin_api_s3cr3t")
    connector: Connector = linear

    assert connector.name == "linear"
    assert repr(connector) == "Linear(https://linear.test/graphql)"
