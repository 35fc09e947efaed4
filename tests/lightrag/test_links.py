"""Links between documents: keys of the sources, mentions in texts, one person in two systems."""

import pytest

from mayak.lightrag.model.mentions import mentions_of
from mayak.lightrag.queries.overview import entities
from mayak.platform.db import Database
from mayak.sandbox.stories import build_world
from tests.lightrag.clients import Client, new_client
from tests.lightrag.stories import NOW

pytestmark = [pytest.mark.anyio, pytest.mark.database]

TOUCH = "revision = nextval('source_revision')"
LINKS = """
SELECT relation || ': ' || a.source_type || ' ' || coalesce(a.title, '-') || ' > '
       || b.source_type || ' ' || coalesce(b.title, '-') AS link
  FROM rag_links AS l
  JOIN rag_documents AS a ON (a.source_type, a.external_id) = (l.from_type, l.from_id)
  JOIN rag_documents AS b ON (b.source_type, b.external_id) = (l.to_type, l.to_id)
"""


async def links(client: Client) -> set[str]:
    return {str(row["link"]) for row in await client.rows(LINKS)}


@pytest.fixture
async def northwind(database: Database) -> Client:
    return await new_client(database, build_world(NOW, frozen=True), "northwind")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see NOR-12, and nor-12 again", [("key", "NOR-12")]),
        ("INV-3017/A is the new version of INV-3017", [("key", "INV-3017")]),
        ("write to Helen.Marsh@Client.example.", [("email", "helen.marsh@client.example")]),
        ("по счёту № 318 и заказу 48213", [("number", "318"), ("number", "48213")]),
        ("order #4821 and invoice no. 77", [("number", "4821")]),
        ("UTF-8, ISO-9001, 12 seats, 15:00, 2026-11-20, order 12.50", []),
    ],
)
def test_identifiers_are_found_in_what_people_write(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert [(one.kind, one.value) for one in mentions_of([], text)] == expected


async def test_links_follow_keys_mentions_and_addresses(northwind: Client) -> None:
    deal, talk = "attio_deal Loyalty app", "chatwoot_conversation Invoice INV-2041"
    contact, person = "chatwoot_contact Tom Ashdown", "attio_person Tom Ashdown"
    invoice = "linear_issue NOR-33 INV-2041: corrected statement for the auditors"
    expected = {
        f"key: {deal} > attio_company Northwind Coffee",
        f"key: {deal} > attio_person David Okafor",
        f"key: {talk} > {contact}",
        f"mention: {talk} > {invoice}",
        f"same: {contact} > {person}",
        f"same: {contact} > attio_company Northwind Coffee",
    }

    assert expected - await links(northwind) == set()


async def test_a_talk_is_about_its_contact_who_is_a_person_of_a_company(northwind: Client) -> None:
    [talk] = await northwind.rows(
        "SELECT clients, people FROM rag_documents WHERE title = 'Invoice INV-2041'"
    )
    named = await northwind.rows(
        "SELECT title FROM rag_documents WHERE source_type || ':' || external_id = ANY(%s)"
        " ORDER BY title",
        talk["clients"] + talk["people"],
    )

    assert [row["title"] for row in named] == ["Northwind Coffee", "Tom Ashdown", "Tom Ashdown"]


async def test_people_are_offered_once_and_strangers_of_chatwoot_too(northwind: Client) -> None:
    async with northwind.database.transaction(northwind.project) as conn:
        people = await entities(conn, northwind.project, "people", wanted="", limit=50)
        found = await entities(conn, northwind.project, "people", wanted="ashd", limit=50)

    names = [one.name for one in people]
    assert names.count("Tom Ashdown") == 1
    assert "misty-river-11" in names
    assert [one.key.partition(":")[0] for one in found] == ["attio_person"]


async def test_a_former_key_of_an_issue_still_names_it(northwind: Client) -> None:
    await northwind.change(
        "UPDATE linear_issues_raw SET previous_identifiers = ARRAY['OLD-7'],"
        f" {TOUCH} WHERE identifier = 'NOR-14'"
    )
    await northwind.change(
        f"UPDATE linear_comments_raw SET body = 'Same as OLD-7.', {TOUCH}"
        " WHERE body = 'No news from David.'"
    )

    await northwind.refresh()

    assert any(
        one.startswith("mention: linear_issue NOR-29") and "> linear_issue NOR-14" in one
        for one in await links(northwind)
    )


async def test_links_of_what_is_gone_go_with_it(northwind: Client) -> None:
    await northwind.change(f"UPDATE attio_accounts_raw SET deleted_at = now(), {TOUCH}")

    await northwind.refresh()

    assert not any("attio_company" in one for one in await links(northwind))
    rows = await northwind.rows("SELECT 1 FROM rag_documents WHERE clients <> '{}'")
    assert rows == []


async def test_an_address_at_a_free_mail_service_makes_nobody_a_client(northwind: Client) -> None:
    await northwind.change(f"UPDATE attio_accounts_raw SET domains = ARRAY['gmail.com'], {TOUCH}")
    await northwind.change(
        f"UPDATE cw_contacts SET email = 'tom@gmail.com', phone_number = NULL, {TOUCH}"
        " WHERE name = 'Tom Ashdown'"
    )

    await northwind.refresh()

    assert not any("same: chatwoot_contact Tom" in one for one in await links(northwind))
