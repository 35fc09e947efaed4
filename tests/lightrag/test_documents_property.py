"""Whatever happens to the mirror, a refresh of what changed equals making everything anew."""

import random
from typing import Any

import pytest

from mayak.platform.db import Database
from mayak.sandbox.stories import build_world
from tests.lightrag.clients import Client, new_client
from tests.lightrag.stories import NOW

pytestmark = [pytest.mark.anyio, pytest.mark.database]

SEEDS = (1, 2, 3)
NAMES: dict[str, tuple[str, ...]] = {
    "cw_contacts": ("name", "email", "phone_number"),
    "cw_conversations": ("subject",),
    "cw_messages": ("content",),
    "linear_users_raw": ("name",),
    "linear_states_raw": ("name",),
    "linear_labels_raw": ("name",),
    "linear_projects_raw": ("name", "description"),
    "linear_issues_raw": ("title", "description", "identifier"),
    "linear_comments_raw": ("body",),
    "attio_members_raw": ("name",),
    "attio_accounts_raw": ("name", "stage"),
    "attio_opportunities_raw": ("name", "next_step"),
    "attio_people_raw": ("name", "job_title"),
    "attio_notes_raw": ("content",),
    "attio_tasks_raw": ("content",),
}
POINTERS: tuple[tuple[str, str, str], ...] = (
    ("cw_conversations", "contact_id", "cw_contacts"),
    ("linear_issues_raw", "parent_id", "linear_issues_raw"),
    ("linear_issues_raw", "linear_project_id", "linear_projects_raw"),
    ("linear_issues_raw", "assignee_id", "linear_users_raw"),
    ("linear_comments_raw", "issue_id", "linear_issues_raw"),
    ("attio_people_raw", "company_id", "attio_accounts_raw"),
    ("attio_opportunities_raw", "company_id", "attio_accounts_raw"),
    ("attio_notes_raw", "parent_id", "attio_people_raw"),
    ("attio_notes_raw", "parent_id", "attio_opportunities_raw"),
)
LISTS: tuple[tuple[str, str, str], ...] = (
    ("linear_issues_raw", "label_ids", "linear_labels_raw"),
    ("linear_issues_raw", "blocked_by", "linear_issues_raw"),
    ("attio_opportunities_raw", "person_ids", "attio_people_raw"),
    ("attio_tasks_raw", "linked_ids", "attio_opportunities_raw"),
    ("attio_tasks_raw", "linked_ids", "attio_people_raw"),
    ("attio_tasks_raw", "linked_ids", "attio_accounts_raw"),
)
WORDS = ("NOR-3", "INV-2041", "helen@northwindcoffee.example", "order 48213", "late", "перенос")
DOCUMENTS = """
SELECT source_type, external_id, title, source_revision, source_revisions, source_rows, clients,
       people, linked
  FROM rag_documents ORDER BY 1, 2
"""
CHUNKS = """
SELECT d.source_type, d.external_id, c.ordinal, c.kind, c.text, c.spans, c.language, c.occurred_at
  FROM rag_chunks AS c JOIN rag_documents AS d ON d.id = c.document_id ORDER BY 1, 2, 3
"""
LINKS = """
SELECT from_type, from_id, to_type, to_id, relation, reason
  FROM rag_links ORDER BY 1, 2, 3, 4, 5
"""
MENTIONS = """
SELECT d.external_id, m.kind, m.value, m.written
  FROM rag_mentions AS m JOIN rag_documents AS d ON d.id = m.document_id ORDER BY 1, 2, 3
"""


async def everything(client: Client) -> list[Any]:
    return [await client.rows(query) for query in (DOCUMENTS, CHUNKS, LINKS, MENTIONS)]


async def edit(client: Client, chance: random.Random) -> None:
    """One change of a row that anybody could make at the source."""
    kind = chance.choice(("word", "word", "point", "list", "delete", "restore"))
    if kind == "word":
        table = chance.choice(sorted(NAMES))
        change = f"{chance.choice(NAMES[table])} = '{chance.choice(WORDS)} {chance.random():.3f}'"
    elif kind == "point":
        table, column, other = chance.choice(POINTERS)
        change = (
            f"{column} = (SELECT external_id FROM {other}"
            f" ORDER BY md5(external_id || '{chance.random()}') LIMIT 1)"
        )
    elif kind == "list":
        table, column, other = chance.choice(LISTS)
        change = (
            f"{column} = ARRAY(SELECT external_id FROM {other}"
            f" ORDER BY md5(external_id || '{chance.random()}') LIMIT {chance.randrange(3)})"
        )
    else:
        table = chance.choice(sorted(NAMES))
        change = f"deleted_at = {'now()' if kind == 'delete' else 'NULL'}"
    await client.change(
        f"UPDATE {table} SET {change}, revision = nextval('source_revision')"
        f" WHERE external_id IN (SELECT external_id FROM {table}"
        f" ORDER BY md5(external_id || '{chance.random()}') LIMIT 2)"
    )


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_refresh_of_what_changed_equals_making_all_anew(
    database: Database, seed: int
) -> None:
    client = await new_client(database, build_world(NOW, frozen=True), "northwind")
    chance = random.Random(seed)  # noqa: S311
    for _ in range(6):
        for _ in range(chance.randint(1, 10)):
            await edit(client, chance)
        await client.refresh()
    kept = await everything(client)
    await client.change("DELETE FROM rag_documents")
    await client.refresh()

    assert len(kept[0]) > 60
    assert kept == await everything(client)


async def test_a_row_that_is_committed_late_is_not_missed(database: Database) -> None:
    client = await new_client(database, build_world(NOW, frozen=True), "northwind")
    write = (
        "UPDATE attio_notes_raw SET content = %s, revision = nextval('source_revision')"
        " WHERE title = %s"
    )
    async with database.transaction(client.project) as slow:
        await slow.execute(write, ("The early one.", "Proposal sent"))
        await client.change(write, "The late one.", "Last reminder")
        await client.refresh()
    await client.refresh()

    said = " ".join(chunk["text"] for chunk in await client.chunks("text"))
    assert "The early one." in said
    assert "The late one." in said
