"""What is counted: all that belongs to the project and was read, nothing that nobody can open."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.lightrag.conftest import Desk
from tests.lightrag.test_counting_rules import add_deals, add_issue, office

pytestmark = pytest.mark.anyio
__all__ = ["office"]

OPEN = "How many open issues are there?"
MORE = """
INSERT INTO connector_bindings
       (project_id, connector, account_ref, kind, external_id, created_at)
SELECT id, 'linear', 'account', 'team', 'mugs', now() + interval '1 minute' FROM projects
"""
COMPANY = """
INSERT INTO attio_accounts_raw (project_id, external_id, name, payload, content_hash)
SELECT id, 'acme', 'Acme', '{}', '' FROM projects
"""
NOTES = """
INSERT INTO attio_notes_raw
       (project_id, external_id, title, content, parent_id, payload, content_hash)
SELECT id, note.parent, note.parent, '', note.parent, '{}', ''
  FROM projects, (VALUES ('beans'), ('nowhere')) AS note (parent)
"""
COMMENTS = """
INSERT INTO linear_comments_raw
       (project_id, external_id, body, issue_id, linear_project_id, payload, content_hash)
SELECT id, said.body, said.body, said.issue, said.project, '{}', ''
  FROM projects, (VALUES ('kept', '1', NULL), ('gone', NULL, 'gone')) AS said (body, issue, project)
"""
CROWD = """
WITH who AS (
  INSERT INTO linear_users_raw (project_id, external_id, name, payload, content_hash)
  SELECT projects.id, number::text, 'Person ' || number, '{}', ''
    FROM projects, generate_series(1, 60) AS number
)
INSERT INTO linear_issues_raw
       (project_id, external_id, identifier, title, state_id, assignee_id, priority, label_ids,
        blocked_by, payload, content_hash)
SELECT projects.id, number::text, number::text, '', 'started', number::text, 0, '{}', '{}', '{}', ''
  FROM projects, generate_series(1, 60) AS number
"""


async def said(office: Desk, question: str) -> str | None:
    """The sentence of a figure; None when the question was left to the search."""
    answer = await office.ask(question)
    return answer.answer if answer.table is not None else None


@pytest.mark.parametrize(
    "change",
    [
        MORE,
        "DELETE FROM connector_bindings WHERE connector = 'linear'",
        "UPDATE connector_sync_state SET last_success_at = NULL WHERE stream = 'states'",
    ],
)
async def test_issues_are_counted_only_while_all_that_is_bound_was_read(
    office: Desk, change: str
) -> None:
    await add_issue(office, 1)
    before = await said(office, OPEN)

    await office.do(change)

    assert (before, await said(office, OPEN)) == ("1 open issue.", None)


async def test_the_only_company_is_a_condition_of_its_deals(office: Desk) -> None:
    await office.do(COMPANY)
    await add_deals(office, ("Beans", 900, "GBP"), ("Mugs", 700, "GBP"))
    await office.do("UPDATE attio_opportunities_raw SET company_id = 'acme' WHERE name = 'Mugs'")

    assert await said(office, "How many open deals does Acme have?") == "1 open deal of Acme."


async def test_all_issues_are_of_the_only_company_when_that_is_what_was_bound(
    office: Desk,
) -> None:
    await office.do(COMPANY)
    await add_issue(office, 1)
    question = "How many open issues does Acme have?"
    of_the_client = await said(office, question)

    await office.do("UPDATE connector_bindings SET kind = 'account' WHERE connector = 'attio'")

    assert (of_the_client, await said(office, question)) == ("1 open issue.", None)


async def test_notes_and_comments_of_what_is_gone_are_not_counted(office: Desk) -> None:
    await add_deals(office, ("Beans", 900, "GBP"))
    await add_issue(office, 1)
    await office.do(NOTES)
    await office.do(COMMENTS)

    assert await said(office, "How many notes are there?") == "1 note in the CRM."
    assert await said(office, "How many comments are there?") == "1 comment."


async def test_a_day_that_is_shown_is_one_of_the_project(office: Desk) -> None:
    await add_issue(office, 1, at=datetime(2026, 11, 19, 20, 0, tzinfo=UTC))

    answer = await office.ask("Which is the oldest open issue?", zone=ZoneInfo("Asia/Vladivostok"))

    assert answer.answer.endswith(" 2026-11-20.")


async def test_of_many_groups_the_number_is_that_of_all(office: Desk) -> None:
    await office.do(CROWD)

    answer = await office.ask("Who has the most open issues?")

    assert answer.table is not None
    assert (answer.table.total, answer.table.shown) == (60, 50)


async def test_who_has_the_fewest_is_not_told_from_those_who_have_some(office: Desk) -> None:
    await add_issue(office, 1)

    assert await said(office, "Who has the fewest open issues?") is None
