"""A record is shown in its surroundings, whatever it is of."""

import pytest

from mayak.lightrag import service
from mayak.lightrag.model.links import SourceLinks
from mayak.lightrag.model.records import RecordKey
from mayak.lightrag.service import Source, SourceNotFound
from mayak.platform.db import Database
from mayak.sandbox.stories import build_world
from tests.lightrag.clients import Client, new_client
from tests.lightrag.stories import NOW

pytestmark = [pytest.mark.anyio, pytest.mark.database]

COMMENT = "SELECT external_id FROM linear_comments_raw WHERE body = 'No news from David.'"
DEAL = "SELECT external_id FROM attio_opportunities_raw WHERE name = 'Loyalty app'"
TASK = "SELECT external_id FROM attio_tasks_raw WHERE content LIKE 'Close the loyalty offer%'"
CONTACT = "SELECT external_id FROM cw_contacts WHERE name = 'Tom Ashdown'"
TALK = "SELECT external_id FROM cw_conversations WHERE subject = 'Invoice INV-2041'"


@pytest.fixture
async def northwind(database: Database) -> Client:
    return await new_client(database, build_world(NOW, frozen=True), "northwind")


async def shown(client: Client, key: RecordKey, **window: int) -> Source:
    async with client.database.transaction(client.project) as conn:
        return await service.source(conn, client.project, key, **window)


async def id_of(client: Client, query: str) -> str:
    [row] = await client.rows(query)
    return str(row["external_id"])


async def test_a_comment_is_shown_among_those_of_its_issue(northwind: Client) -> None:
    found = await shown(northwind, ("linear_comment", await id_of(northwind, COMMENT)))

    assert found.document.title == "NOR-29 Home page v3: layout with winter photography"
    assert found.status == "In Review"
    assert ("assignee", "Нина Вольская") in found.facts
    assert [(one.content, one.focus) for one in found.entries] == [
        ("Version 3.1 with the founder story waits for an OK.", False),
        ("No news from David.", True),
        ("Two of three approve. David thinks about the photo.", False),
    ]


async def test_a_window_says_whether_there_is_more_on_either_side(northwind: Client) -> None:
    key: RecordKey = ("linear_comment", await id_of(northwind, COMMENT))

    found = await shown(northwind, key, before=0, after=0)

    assert [one.content for one in found.entries] == ["No news from David."]
    assert (found.has_before, found.has_after) == (True, True)


async def test_a_deal_is_shown_field_by_field_with_its_notes_and_links(northwind: Client) -> None:
    found = await shown(northwind, ("attio_deal", await id_of(northwind, DEAL)))

    assert {one.field for one in found.entries if one.focus} >= {"name", "stage", "amount"}
    assert any(one.field == "content" and not one.focus for one in found.entries)
    assert [(one.to.type, one.to.relation) for one in found.links] == [
        ("attio_company", "key"),
        ("attio_person", "key"),
    ]
    links = SourceLinks("https://desk.test", 1)
    assert all(one.record and links.page(one.record) for one in found.links)


async def test_a_task_is_shown_with_the_deal_that_it_is_on(northwind: Client) -> None:
    found = await shown(northwind, ("attio_task", await id_of(northwind, TASK)))

    assert found.document.title == "Loyalty app"
    assert {one.field for one in found.entries if one.focus} >= {"content", "deadline"}


async def test_a_talk_is_shown_from_its_end_without_notes(northwind: Client) -> None:
    talk = await id_of(northwind, TALK)
    notes = await northwind.rows(
        "SELECT external_id FROM cw_messages WHERE private AND conversation_id = %s", talk
    )
    found = await shown(northwind, ("chatwoot_conversation", talk), before=100)

    assert notes
    assert {one.key[1] for one in found.entries} & {row["external_id"] for row in notes} == set()
    assert ("contact", "Tom Ashdown") in found.facts
    assert found.has_after is False


@pytest.mark.parametrize(
    ("table", "query", "kind"),
    [
        ("attio_opportunities_raw", DEAL, "attio_deal"),
        ("linear_comments_raw", COMMENT, "linear_comment"),
        ("cw_contacts", CONTACT, "chatwoot_contact"),
        ("cw_conversations", TALK, "chatwoot_conversation"),
    ],
)
async def test_what_is_gone_at_the_source_is_not_shown(
    northwind: Client, table: str, query: str, kind: str
) -> None:
    id_ = await id_of(northwind, query)
    await northwind.change(f"UPDATE {table} SET deleted_at = now() WHERE external_id = %s", id_)

    with pytest.raises(SourceNotFound):
        await shown(northwind, (kind, id_))  # type: ignore[arg-type]  # a kind of the list above
