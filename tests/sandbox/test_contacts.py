"""Contacts: the list and its gaps, search, writing, merging, deleting."""

from typing import Any

import httpx
import pytest

from mayak.sandbox.rows import Contact
from mayak.sandbox.world import World

pytestmark = pytest.mark.anyio


@pytest.fixture
def crowd(world: World) -> World:
    """Contacts 1 to 17 with an e-mail, a minute apart, then an anonymous visitor, 18."""
    for number in range(1, 18):
        world.clock.advance(60)
        world.add_contact(name=f"Person {number:02}", email=f"p{number}@client.example")
    world.add_contact(name="misty-river-18")
    return world


async def page(client: httpx.AsyncClient, **params: str | int) -> dict[str, Any]:
    body: dict[str, Any] = (await client.get("/contacts", params=params)).json()
    return body


def names(body: dict[str, Any]) -> list[str]:
    return [row["name"] for row in body["payload"]]


async def test_a_page_has_fifteen_and_echoes_its_number_as_text(
    chatwoot: httpx.AsyncClient, crowd: World
) -> None:
    first, second = await page(chatwoot), await page(chatwoot, page=2)

    assert (len(first["payload"]), first["meta"]) == (15, {"count": 17, "current_page": 1})
    assert (len(second["payload"]), second["meta"]["current_page"]) == (2, "2")


async def test_visitors_without_email_phone_or_identifier_are_not_listed(
    chatwoot: httpx.AsyncClient, crowd: World
) -> None:
    listed = names(await page(chatwoot)) + names(await page(chatwoot, page=2))

    assert "misty-river-18" not in listed
    assert (await chatwoot.get("/contacts/18")).json()["payload"]["name"] == "misty-river-18"


async def test_an_anonymous_visitor_appears_as_the_sender_of_a_conversation(
    chatwoot: httpx.AsyncClient, crowd: World
) -> None:
    crowd.add_conversation(inbox_id=1, contact_id=18)
    sender = (await chatwoot.get("/conversations/1")).json()["meta"]["sender"]

    assert (sender["name"], sender["email"]) == ("misty-river-18", None)


async def test_order_is_asked_for_with_a_minus_for_descending(
    chatwoot: httpx.AsyncClient, crowd: World
) -> None:
    assert names(await page(chatwoot, sort="-created_at"))[0] == "Person 17"
    assert names(await page(chatwoot, sort="name"))[0] == "Person 01"


async def test_unknown_activity_sorts_last_in_both_directions(
    chatwoot: httpx.AsyncClient, crowd: World
) -> None:
    crowd.update_contact(9, last_activity_at=crowd.clock.timestamp())

    assert names(await page(chatwoot, sort="last_activity_at"))[0] == "Person 09"
    assert names(await page(chatwoot, sort="-last_activity_at"))[0] == "Person 09"


async def test_an_edit_leaves_no_trace_in_the_rows_times(
    chatwoot: httpx.AsyncClient, crowd: World
) -> None:
    before = (await chatwoot.get("/contacts/1")).json()["payload"]
    crowd.clock.advance(600)
    await chatwoot.put("/contacts/1", json={"custom_attributes": {"plan": "gold"}})
    after = (await chatwoot.get("/contacts/1")).json()["payload"]

    assert {key for key in after if after[key] != before.get(key)} == {"custom_attributes"}


async def test_search_finds_anybody_and_counts_only_its_page(
    chatwoot: httpx.AsyncClient, crowd: World
) -> None:
    found = (await chatwoot.get("/contacts/search", params={"q": "RIVER"})).json()
    many = (await chatwoot.get("/contacts/search", params={"q": "person"})).json()

    assert names(found) == ["misty-river-18"]
    assert (many["meta"]["count"], many["meta"]["has_more"]) == (15, True)


async def test_a_search_for_nothing_is_a_422(chatwoot: httpx.AsyncClient, crowd: World) -> None:
    response = await chatwoot.get("/contacts/search")

    assert (response.status_code, response.json()) == (
        422,
        {"error": "Specify search string with parameter q"},
    )


async def test_the_filter_looks_among_resolved_contacts(
    chatwoot: httpx.AsyncClient, crowd: World
) -> None:
    term = {"attribute_key": "name", "filter_operator": "contains", "values": ["1"]}
    response = await chatwoot.post("/contacts/filter", json={"payload": [term]})

    assert names(response.json()) == ["Person 01", *(f"Person {n}" for n in range(10, 18))]


async def test_a_new_contact_comes_with_its_place_in_the_inbox(
    chatwoot: httpx.AsyncClient, world: World
) -> None:
    body = {"inbox_id": 1, "name": "Nils", "email": "nils@client.example"}
    created = (await chatwoot.post("/contacts", json=body)).json()["payload"]

    assert created["contact"]["name"] == "Nils"
    assert created["contact_inbox"]["inbox"]["id"] == 1


async def test_an_email_that_is_taken_is_a_422_that_names_the_attribute(
    chatwoot: httpx.AsyncClient, helen: Contact
) -> None:
    response = await chatwoot.post("/contacts", json={"email": "helen@client.example"})

    assert response.status_code == 422
    assert response.json() == {
        "message": "Email has already been taken",
        "attributes": ["email"],
    }


async def test_deleting_a_contact_takes_its_conversations_along(
    chatwoot: httpx.AsyncClient, world: World, helen: Contact
) -> None:
    world.add_conversation(inbox_id=1, contact_id=helen.id)
    said = world.add_message(1, "Hello")

    assert (await chatwoot.delete(f"/contacts/{helen.id}")).status_code == 200

    assert (await chatwoot.get(f"/contacts/{helen.id}")).status_code == 404
    assert (await chatwoot.get("/conversations/1")).status_code == 404
    assert said.id not in world.messages


async def test_merging_moves_conversations_and_removes_the_mergee(
    chatwoot: httpx.AsyncClient, world: World, helen: Contact
) -> None:
    double = world.add_contact(name="helen m.", phone_number="+4420")
    world.add_conversation(inbox_id=1, contact_id=double.id)
    world.add_message(1, "It is me")

    merged = await chatwoot.post(
        "/actions/contact_merge",
        json={"base_contact_id": helen.id, "mergee_contact_id": double.id},
    )

    assert (merged.json()["email"], merged.json()["phone_number"]) == (helen.email, "+4420")
    assert (await chatwoot.get(f"/contacts/{double.id}")).status_code == 404
    moved = (await chatwoot.get(f"/contacts/{helen.id}/conversations")).json()["payload"]
    assert [row["id"] for row in moved] == [1]
    assert moved[0]["messages"][0]["sender"]["id"] == helen.id
