"""Documents of all sources over the demo World, read by the product's own sync."""

import pytest

from mayak.lightrag.queries import checks, records
from mayak.lightrag.service.coverage import coverage
from mayak.lightrag.service.documents import AT_ONCE, refresh_all
from mayak.platform.db import Database
from mayak.sandbox.stories import build_world
from tests.lightrag.clients import SLUGS, Client, new_client
from tests.lightrag.stories import NOW

pytestmark = [pytest.mark.anyio, pytest.mark.database]

TOUCH = "revision = nextval('source_revision')"
LOYALTY = """Loyalty app
Stage / Этап: Proposal
Amount / Сумма: 18400 GBP
Close date / Дата закрытия: 2026-11-29
Company / Компания: Northwind Coffee
Owner / Ответственный: Мария Соколова
Next step / Следующий шаг: The offer runs out after 45 days, no word from David
People / Люди: David Okafor
Created / Создано: 2026-10-09"""


@pytest.fixture
async def northwind(database: Database) -> Client:
    return await new_client(database, build_world(NOW, frozen=True), "northwind")


async def test_a_card_says_what_is_known_of_a_deal_with_a_fact_a_line(northwind: Client) -> None:
    assert await northwind.card("Loyalty app") == LOYALTY


@pytest.mark.parametrize("slug", SLUGS)
async def test_every_span_is_the_very_text_of_its_record(database: Database, slug: str) -> None:
    client = await new_client(database, build_world(NOW, frozen=True), slug)
    chunks = await client.chunks()
    keys = {(span["type"], span["external_id"]) for chunk in chunks for span in chunk["spans"]}
    async with client.database.transaction(client.project) as conn:
        known = await records.records(conn, client.project, keys)

    assert {key[0] for key in keys} == {
        "chatwoot_message", "chatwoot_contact", "linear_issue", "linear_comment",
        "linear_project", "attio_company", "attio_person", "attio_deal", "attio_note",
        "attio_task",
    }  # fmt: skip
    for chunk in chunks:
        for span in chunk["spans"]:
            record = known[span["type"], span["external_id"]]
            assert record.public
            said = chunk["text"][span["start"] : span["end"]]
            assert record.fields[span["field"]].startswith(said, span["source_start"])
            assert record.document == (chunk["source_type"], chunk["document"])


async def test_no_chunk_has_a_word_of_a_private_note(northwind: Client) -> None:
    notes = await northwind.rows("SELECT content FROM cw_messages WHERE private")
    texts = [chunk["text"] for chunk in await northwind.chunks()]

    assert len(notes) > 5
    assert [note for note in notes if any(note["content"] in text for text in texts)] == []


async def test_a_second_refresh_finds_nothing_to_do(northwind: Client) -> None:
    done = await northwind.refresh()

    assert (done.documents, done.removed, done.added, done.dropped) == (0, 0, 0, 0)


async def test_a_new_name_of_a_state_reaches_the_cards_that_show_it(northwind: Client) -> None:
    await northwind.change(
        f"UPDATE linear_states_raw SET name = 'Shipped', {TOUCH} WHERE name = 'Done'"
    )

    await northwind.refresh()

    assert "State / Статус: Shipped" in await northwind.card(
        "NOR-14 Pause a subscription for up to 8 weeks"
    )


async def test_an_edited_comment_makes_one_chunk_new_and_leaves_the_card(
    northwind: Client,
) -> None:
    await northwind.change(
        f"UPDATE linear_comments_raw SET body = 'Signed by David.', {TOUCH}"
        " WHERE body = 'No news from David.'"
    )

    done = await northwind.refresh()

    assert (done.documents, done.added, done.kept, done.dropped) == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("linear_comments_raw", "No news from David."),
        ("attio_notes_raw", "David counts it as the third time this year."),
        ("attio_tasks_raw", "Call David on his mobile"),
        ("cw_messages", "The badger with the moka pot"),
    ],
)
async def test_what_is_deleted_at_the_source_is_in_no_chunk_any_more(
    northwind: Client, table: str, words: str
) -> None:
    assert any(words in chunk["text"] for chunk in await northwind.chunks())
    await northwind.change(
        f"UPDATE {table} SET deleted_at = now(), {TOUCH} WHERE position(%s in payload::text) > 0",
        words,
    )

    await northwind.refresh()

    assert not any(words in chunk["text"] for chunk in await northwind.chunks())


async def test_a_trashed_issue_goes_with_its_comments_and_an_archived_one_stays(
    northwind: Client,
) -> None:
    await northwind.change(
        f"UPDATE linear_issues_raw SET archived_at = now(), {TOUCH} WHERE identifier = 'NOR-14'"
    )
    await northwind.change(
        f"UPDATE linear_issues_raw SET deleted_at = now(), {TOUCH} WHERE identifier = 'NOR-29'"
    )

    done = await northwind.refresh()

    titles = {
        str(row["title"])[:6] for row in await northwind.rows("SELECT title FROM rag_documents")
    }
    assert done.removed == 1
    assert "NOR-14" in titles
    assert "NOR-29" not in titles


async def test_a_task_moves_to_the_company_when_its_deal_is_gone(northwind: Client) -> None:
    task = "Close the loyalty offer if David stays silent"
    await northwind.change(
        "UPDATE attio_tasks_raw SET linked_ids = linked_ids || "
        f"(SELECT min(external_id) FROM attio_accounts_raw), {TOUCH} WHERE content = %s",
        task,
    )
    await northwind.refresh()
    assert await _homes(northwind, task) == {"attio_deal"}

    await northwind.change(
        f"UPDATE attio_opportunities_raw SET deleted_at = now(), {TOUCH} WHERE name = 'Loyalty app'"
    )
    await northwind.refresh()

    assert await _homes(northwind, task) == {"attio_company"}


async def _homes(client: Client, words: str) -> set[str]:
    return {chunk["source_type"] for chunk in await client.chunks() if words in chunk["text"]}


async def test_coverage_tells_of_every_stream_how_much_is_cut_and_embedded(
    northwind: Client,
) -> None:
    await northwind.change("DELETE FROM rag_documents WHERE title LIKE 'NOR-14 %'")
    async with northwind.database.transaction(northwind.project) as conn:
        stages = await coverage(conn, northwind.project)

    cut = {(one.connector, one.stream): one for one in stages if one.name == "chunked"}
    assert {key for key, one in cut.items() if one.have == one.of > 0} == {
        ("chatwoot", "conversations"), ("chatwoot", "contacts"), ("linear", "projects"),
        ("attio", "companies"), ("attio", "deals"), ("attio", "people"),
    }  # fmt: skip
    assert len(cut["linear", "issues"].lacking) == 1
    assert all(one.have == 0 < one.of for one in stages if one.name == "embedded")


async def test_the_lag_tells_what_a_refresh_that_died_left_undone(northwind: Client) -> None:
    await northwind.change(f"UPDATE linear_issues_raw SET title = 'Late', {TOUCH}")

    class Killed(Exception):
        pass

    async def die(done: int, _: int) -> None:
        if done:
            raise Killed

    with pytest.raises(Killed):
        await refresh_all(
            lambda: northwind.database.transaction(northwind.project), northwind.project, die
        )
    issues = len(await northwind.rows("SELECT FROM linear_issues_raw WHERE deleted_at IS NULL"))
    assert await _lag(northwind) == issues - AT_ONCE > 0
    await northwind.refresh()
    assert await _lag(northwind) == 0


async def _lag(client: Client) -> int:
    async with client.database.transaction(client.project) as conn:
        return (await checks.lag(conn, client.project)).stale_documents


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM rag_documents WHERE title LIKE 'NOR-14 %'",
        "UPDATE rag_documents SET rules = rules - 1 WHERE title LIKE 'NOR-14 %'",
    ],
)
async def test_documents_that_changed_by_themselves_are_made_anew_after_a_quiet_refresh(
    northwind: Client, change: str
) -> None:
    await northwind.refresh()
    await northwind.change(change)

    assert (await northwind.refresh()).documents == 1
