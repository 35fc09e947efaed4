"""Tokens, roles, errors and the rate limit."""

from collections.abc import Callable

import httpx
import pytest

from mayak.sandbox.rows import Contact
from mayak.sandbox.world import World

pytestmark = pytest.mark.anyio

Client = Callable[[str], httpx.AsyncClient]


@pytest.fixture
def two_talks(world: World, helen: Contact) -> World:
    """Conversation 1 in inbox 1 and conversation 2 in inbox 2."""
    world.add_conversation(inbox_id=1, contact_id=helen.id)
    world.add_conversation(inbox_id=2, contact_id=helen.id)
    return world


@pytest.mark.parametrize("token", ["", "wrong"])
async def test_a_wrong_token_is_a_401(connect: Client, token: str) -> None:
    response = await connect(token).get("/conversations")

    assert (response.status_code, response.json()) == (401, {"error": "Invalid Access Token"})


async def test_an_unknown_account_is_a_404_and_a_foreign_one_a_401(
    chatwoot: httpx.AsyncClient, world: World
) -> None:
    world.accounts[2] = world.accounts[1]
    chatwoot.base_url = httpx.URL("http://sandbox/chatwoot/api/v1/accounts/")

    assert (await chatwoot.get("7/inboxes")).json() == {"error": "Resource could not be found"}
    assert (await chatwoot.get("2/inboxes")).status_code == 401


async def test_an_agent_silently_sees_only_the_inboxes_it_belongs_to(
    connect: Client, two_talks: World
) -> None:
    agent = connect("agent")
    listed = (await agent.get("/conversations", params={"status": "all"})).json()["data"]
    inboxes = (await agent.get("/inboxes")).json()["payload"]

    assert [row["id"] for row in listed["payload"]] == [1]
    assert listed["meta"]["all_count"] == 1
    assert [row["id"] for row in inboxes] == [1]


async def test_what_an_agent_may_not_open_looks_like_a_bad_login(
    connect: Client, two_talks: World
) -> None:
    agent = connect("agent")

    for refused in (
        await agent.get("/conversations/2/messages"),
        await agent.get("/webhooks"),
        await agent.delete("/contacts/1"),
    ):
        assert refused.status_code == 401
        assert refused.json() == {"error": "You are not authorized to do this action"}


@pytest.mark.parametrize("path", ["/conversations/99", "/conversations/abc", "/contacts/99"])
async def test_what_does_not_exist_is_a_404(chatwoot: httpx.AsyncClient, path: str) -> None:
    response = await chatwoot.get(path)

    assert response.status_code == 404
    assert response.json() == {"error": "Resource could not be found"}


async def test_a_path_nobody_serves_is_an_html_page(chatwoot: httpx.AsyncClient) -> None:
    response = await chatwoot.get("/no_such_thing")

    assert response.status_code == 404
    assert response.headers["content-type"] == "text/html"


async def test_a_body_that_is_not_json_is_a_400(chatwoot: httpx.AsyncClient) -> None:
    response = await chatwoot.post("/contacts/filter", content=b"{nope")

    assert response.status_code == 400


async def test_the_profile_tells_role_and_accounts(connect: Client) -> None:
    agent = connect("agent")
    agent.base_url = httpx.URL("http://sandbox/chatwoot/api/v1/")
    profile = (await agent.get("profile")).json()

    assert (profile["role"], profile["email"]) == ("agent", "ben@studio.example")
    assert [account["id"] for account in profile["accounts"]] == [1]


async def test_too_many_requests_are_refused_in_plain_text_until_the_minute_ends(
    chatwoot: httpx.AsyncClient, world: World
) -> None:
    world.requests_per_minute = 2
    world.clock.advance(50)
    statuses = [(await chatwoot.get("/inboxes")).status_code for _ in range(2)]
    refused = await chatwoot.get("/inboxes")
    world.clock.advance(9)
    still = await chatwoot.get("/inboxes")
    world.clock.advance(1)

    assert statuses == [200, 200]
    assert (refused.status_code, refused.text) == (429, "Retry later\n")
    assert refused.headers["content-type"] == "text/plain"
    assert "retry-after" not in refused.headers
    assert still.status_code == 429
    assert (await chatwoot.get("/inboxes")).status_code == 200, "a new clock minute has begun"


async def test_searching_contacts_has_a_limit_of_its_own(
    chatwoot: httpx.AsyncClient, world: World
) -> None:
    search = [await chatwoot.get("/contacts/search", params={"q": "a"}) for _ in range(101)]

    assert [response.status_code for response in search] == [200] * 100 + [429]
    assert (await chatwoot.get("/inboxes")).status_code == 200


@pytest.mark.parametrize("path", ["/inboxes", "/labels", "/contacts"])
async def test_some_lists_come_in_an_envelope(chatwoot: httpx.AsyncClient, path: str) -> None:
    assert isinstance((await chatwoot.get(path)).json()["payload"], list)


@pytest.mark.parametrize("path", ["/agents", "/teams", "/custom_attribute_definitions"])
async def test_and_some_lists_are_bare(chatwoot: httpx.AsyncClient, path: str) -> None:
    assert isinstance((await chatwoot.get(path)).json(), list)


async def test_reports_measure_first_replies_and_resolutions(
    chatwoot: httpx.AsyncClient, two_talks: World
) -> None:
    two_talks.clock.advance(90)
    two_talks.add_message(1, "Hello, Helen", message_type="outgoing", sender_id=2)
    two_talks.set_status(2, "resolved")
    response = await chatwoot.get("/reporting_events", params={"name": "first_response"})

    (event,) = response.json()["payload"]
    assert (event["value"], event["conversation_id"], event["user_id"]) == (90, 1, 2)
    assert response.json()["meta"] == {"count": 1, "current_page": 1, "total_pages": 1}


async def test_the_same_api_is_served_at_the_root(chatwoot: httpx.AsyncClient) -> None:
    chatwoot.base_url = httpx.URL("http://sandbox/api/v1/accounts/1/")

    assert (await chatwoot.get("inboxes")).status_code == 200
