"""Counting at its edges: nothing found, days at midnight, currencies, Russian numbers, negation."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from mayak.lightrag import service
from mayak.lightrag.model.answer import Answer
from mayak.lightrag.model.counting.phrases import phrase
from mayak.lightrag.model.counting.plan import Plan
from mayak.lightrag.model.counting.reading import Known, plan_of
from mayak.lightrag.model.language import Locale
from tests.lightrag.conftest import Desk
from tests.lightrag.stories import NOW

STREAMS = """
INSERT INTO connector_sync_state
       (project_id, connector, stream, status, fresh_until, last_success_at)
SELECT id, connector, stream, 'ok', now(), now()
  FROM projects,
       (VALUES ('linear', 'issues'), ('linear', 'states'), ('linear', 'users'),
               ('linear', 'projects'), ('linear', 'labels'), ('linear', 'comments'),
               ('attio', 'deals'), ('attio', 'people'), ('attio', 'notes'))
         AS read (connector, stream)
"""
BOUND = """
INSERT INTO connector_bindings (project_id, connector, account_ref, kind, external_id)
SELECT projects.id, part.connector, 'account', part.kind, part.id
  FROM projects,
       (VALUES ('linear', 'team', 'beans'), ('attio', 'company', 'beans'))
         AS part (connector, kind, id)
"""
STATES = """
INSERT INTO linear_states_raw (project_id, external_id, name, type, payload, content_hash)
SELECT projects.id, state.type, state.name, state.type, '{}', ''
  FROM projects, (VALUES ('started', 'In progress'), ('completed', 'Done')) AS state (type, name)
"""
PEOPLE = """
INSERT INTO linear_users_raw (project_id, external_id, name, payload, content_hash)
SELECT projects.id, lower(person), person, '{}', ''
  FROM projects, unnest(ARRAY['Kate', 'Peter']) AS person
"""
ISSUE = """
INSERT INTO linear_issues_raw
       (project_id, external_id, identifier, title, state_id, assignee_id, source_created_at,
        priority, label_ids, blocked_by, payload, content_hash)
SELECT id, %s, %s, %s, 'started', %s, %s, 0, '{}', '{}', '{}', ''
  FROM projects
"""
DEAL = """
INSERT INTO attio_opportunities_raw
       (project_id, external_id, name, stage, amount, currency, payload, content_hash)
SELECT id, %s, %s, 'Proposal', %s, %s, '{}', '' FROM projects
"""


@pytest.fixture
async def office(desk: Desk) -> Desk:
    """A project whose issues and deals are known to be all there: none so far."""
    for statement in (BOUND, STREAMS, STATES, PEOPLE):
        await desk.do(statement)
    return desk


async def add_issue(office: Desk, number: int, who: str = "kate", at: datetime = NOW) -> None:
    key = f"BEA-{number}"
    await office.do(ISSUE, str(number), key, f"Matter {number}", who, at)


async def again(office: Desk, answer_id: UUID) -> Answer:
    async with office.database.transaction(office.project) as conn:
        return await service.answer_of(conn, office.project, answer_id)


async def add_deals(office: Desk, *deals: tuple[str, int, str]) -> None:
    for name, amount, currency in deals:
        await office.do(DEAL, name.lower(), name, amount, currency)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("How many open deals are over 10,000?", "No open deals over 10,000."),
        ("Сколько открытых сделок дороже 10 000?", "Нет открытых сделок (больше 10\u202f000)."),
    ],
)
async def test_none_is_a_figure_too(office: Desk, question: str, said: str) -> None:
    await add_deals(office, ("Beans", 900, "GBP"))

    answer = await office.ask(question)

    assert (answer.kind, answer.answer) == ("table", said)
    assert answer.table is not None
    assert (answer.table.total, answer.table.result, answer.table.rows) == (0, "0", [])


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("Which issues were created today?", {"BEA-2", "BEA-3"}),
        ("Which issues were created yesterday?", {"BEA-1"}),
        ("Какие задачи созданы сегодня?", {"BEA-2", "BEA-3"}),
        ("Какие задачи созданы вчера?", {"BEA-1"}),
    ],
)
async def test_a_day_begins_at_midnight_of_the_project(
    office: Desk, question: str, found: set[str]
) -> None:
    midnight = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)  # in Vladivostok
    for number, minutes in ((1, -1), (2, 0), (3, 21 * 60)):
        await add_issue(office, number, at=midnight + timedelta(minutes=minutes))

    answer = await office.ask(question, zone=ZoneInfo("Asia/Vladivostok"))

    assert answer.table is not None, answer.answer
    assert {str(row.cells["key"]) for row in answer.table.rows} == found


@pytest.mark.anyio
async def test_who_has_the_most_is_compared(office: Desk) -> None:
    for number, who in ((1, "kate"), (2, "kate"), (3, "peter")):
        await add_issue(office, number, who)

    answer = await office.ask("Who has the most open issues?")

    assert answer.answer == "Kate has the most open issues: 2 of 3."
    assert answer.table is not None
    rows = [(row.cells["name"], row.cells["count"]) for row in answer.table.rows]
    assert rows == [("Kate", 2), ("Peter", 1)]


@pytest.mark.anyio
async def test_currencies_are_never_added_up(office: Desk) -> None:
    await add_deals(office, ("Beans", 900, "GBP"), ("Mugs", 700, "EUR"), ("Cups", 50, "GBP"))

    total = await office.ask("What are the open deals worth in total?")
    largest = await office.ask("Which is the largest deal?")

    assert total.answer == "3 open deals: €700 and £950 in total."
    assert largest.kind != "table"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "Нет открытых сделок"),
        (1, "1 открытая сделка"),
        (2, "2 открытые сделки"),
        (5, "5 открытых сделок"),
        (11, "11 открытых сделок"),
        (21, "21 открытая сделка"),
        (112, "112 открытых сделок"),
    ],
)
def test_russian_nouns_follow_their_number(number: int, said: str) -> None:
    locale: Locale = "ru"
    plan = Plan(kind="deal", aggregate="count", flags=frozenset({"open"}))

    assert phrase(plan, locale).counted(number) == said


@pytest.mark.parametrize(
    "question",
    [
        "How many issues are not urgent?",
        "How many open deals are not in negotiation?",
        "Which issues are not assigned to Kate?",
        "How many issues except bugs are open?",
        "Сколько открытых задач не срочные?",
        "Сколько сделок не дороже 10 000?",
        "Какие открытые задачи, кроме срочных?",
    ],
)
def test_what_is_negated_is_left_to_the_search(question: str) -> None:
    known = Known(names=[], kinds=frozenset({"issue", "deal"}), at=NOW, zone=UTC)

    assert plan_of(question, known) is None


@pytest.mark.anyio
async def test_a_kept_list_loses_the_rows_that_are_gone_and_says_so(office: Desk) -> None:
    for number in (1, 2):
        await add_issue(office, number)
    answer = await office.ask("How many open issues are there?")

    await office.do("UPDATE linear_issues_raw SET deleted_at = now() WHERE external_id = '1'")
    left = await again(office, answer.id)

    assert "Matter 1" in str(answer)
    assert "Matter 1" not in str(left)
    assert (left.status, left.answer, left.notes) == (
        "answered",
        "2 open issues.",
        ["counted_then"],
    )
    assert left.table is not None
    assert [row.cells["key"] for row in left.table.rows] == ["BEA-2"]
    assert left.sentences[0].citations == [one.index for one in left.citations]


@pytest.mark.anyio
async def test_a_kept_answer_that_named_a_row_is_empty_when_it_is_gone(office: Desk) -> None:
    await add_deals(office, ("Beans", 900, "GBP"), ("Mugs", 700, "GBP"))
    answer = await office.ask("Which is the largest deal?")

    await office.do("UPDATE attio_opportunities_raw SET deleted_at = now() WHERE name = 'Beans'")
    left = await again(office, answer.id)

    assert "Beans" in answer.answer
    assert (left.status, left.reason, left.table) == ("empty", "gone", None)
    assert "Beans" not in str(left)
