"""Answers: quotes that stand in the record, refusals with their reason, every question kept."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from mayak.errors import InvalidInput, NotFound
from mayak.lightrag import service
from mayak.lightrag.model.answer import Quote, compose, verify
from mayak.lightrag.model.evidence import Settings
from mayak.lightrag.model.links import SourceLinks
from mayak.lightrag.model.questions import QuestionTooHeavy
from mayak.lightrag.model.records import Record, RecordKey, record_of
from mayak.lightrag.queries import runs
from mayak.platform.db import Database
from tests.lightrag.conftest import Desk, Provider
from tests.lightrag.stories import NOW
from tests.lightrag.test_chunking import message

pytestmark = pytest.mark.anyio

DELETE = "UPDATE cw_messages SET deleted_at = now(), content = NULL WHERE external_id = %s"
TALK = (
    "Could you tell me the launch date of the booking widget?",
    "The launch date of the booking widget is the 28th at 08:00.",
    "Wonderful, thank you.",
)
Given = Callable[[], Awaitable[Desk]]


@pytest.fixture
def given(desk: Desk) -> Given:
    async def make() -> Desk:
        await desk.hear(*TALK)
        await desk.hear("The invoice is paid.", "Lunch was nice.", talk="2")
        await desk.embed()
        return desk

    return make


ASKED = "What is the launch date of the booking widget?"


async def test_an_answer_quotes_the_record_exactly(given: Given) -> None:
    desk = await given()

    answer = await desk.ask(ASKED)

    assert (answer.status, answer.searched, answer.reason) == ("answered", "hybrid", None)
    first = answer.citations[0]
    assert first.quote == TALK[1]
    assert TALK[1][first.start : first.end] == first.quote
    assert first.url == "https://desk.test/app/accounts/7/conversations/1"
    assert answer.sentences[0].text == f"Helen Marsh, 21 Nov: “{TALK[1]}”"
    assert answer.answer.startswith(answer.sentences[0].text)


async def test_every_citation_stands_in_its_stored_message(given: Given) -> None:
    desk = await given()

    answer = await desk.ask(ASKED)

    assert answer.citations
    for citation in answer.citations:
        [row] = await desk.rows(
            "SELECT substr(content, %s, %s) AS said FROM cw_messages WHERE external_id = %s",
            citation.start + 1,
            citation.end - citation.start,
            citation.external_id,
        )
        assert row["said"] == citation.quote


@pytest.mark.parametrize(
    "mutate",
    [
        pytest.param(lambda quote: replace(quote, text=quote.text + "!"), id="a character more"),
        pytest.param(lambda quote: replace(quote, text=quote.text.upper()), id="other case"),
        pytest.param(lambda quote: replace(quote, start=quote.start + 1), id="moved"),
        pytest.param(lambda quote: replace(quote, text="", end=quote.start), id="nothing"),
    ],
)
def test_a_mutated_quote_fails(mutate: Callable[[Quote], Quote]) -> None:
    record = said("It costs £15.", 1)
    quote = claim("1", "It costs £15.")

    assert verify(quote, record)
    assert not verify(mutate(quote), record)


def said(content: str, number: int, *, private: bool = False) -> Record:
    return record_of(message(content, number, private=private), None)


def claim(external_id: str, text: str) -> Quote:
    key: RecordKey = ("chatwoot_message", external_id)
    return Quote(key=key, field="content", start=0, end=len(text), text=text)


def test_a_quote_that_does_not_match_goes_with_its_sentence() -> None:
    stored = [said("It costs £15.", 1), said("It costs £20.", 2, private=True)]
    claims = [
        claim("1", "It costs £15."),
        claim("1", "It costs £16."),
        claim("2", "It costs £20."),
        claim("3", "I"),
    ]

    sentences, citations = compose(
        claims,
        {record.key: record for record in stored},
        locale="en",
        links=SourceLinks(None, None),
        at=NOW,
        zone=UTC,
    )

    assert [one.quote for one in citations] == ["It costs £15."]
    assert [one.citations for one in sentences] == [[1]]


async def test_a_message_deleted_since_the_last_run_is_not_quoted(given: Given) -> None:
    desk = await given()
    await desk.do(DELETE, "101")

    answer = await desk.ask(ASKED)

    assert TALK[1] not in answer.answer
    assert all(citation.external_id != "101" for citation in answer.citations)


async def test_when_all_that_was_found_is_gone_the_answer_says_so(desk: Desk) -> None:
    await desk.hear(TALK[1])
    await desk.embed()
    await desk.do(DELETE, "100")
    await desk.hear("Unrelated.", talk="2")

    answer = await desk.ask(ASKED)

    assert (answer.status, answer.reason) == ("empty", "filtered")


async def test_a_note_is_never_an_answer(desk: Desk) -> None:
    await desk.hear("The lowest price we accept is 520 pounds.", private=True)
    await desk.hear("The price is 600 pounds.", talk="2")
    await desk.embed()

    answer = await desk.ask("What is the lowest price we accept?")

    assert "520" not in answer.answer


@pytest.mark.parametrize("question", ["Who won the football match?", "When is INV-2099 due?"])
async def test_what_is_not_in_the_data_is_refused(given: Given, question: str) -> None:
    answer = await (await given()).ask(question)

    assert (answer.status, answer.reason, answer.citations) == ("empty", "below_threshold", [])
    assert "Not in the data" in (answer.reason_text or "")


async def test_an_empty_project_says_that_nothing_was_synced(desk: Desk) -> None:
    answer = await desk.ask("Когда запуск?")

    assert (answer.searched, answer.reason) == ("none", "no_source_rows")
    assert answer.reason_text == "Отвечать пока не по чему: ничего ещё не загружено."


async def test_a_project_without_messages_is_not_called_empty(desk: Desk) -> None:
    await desk.do(
        "INSERT INTO linear_issues_raw (project_id, external_id, identifier, title, payload,"
        " content_hash) VALUES (%s, '1', 'NOR-1', 'Home page', '{}', '')",
        desk.project,
    )
    uncut = await desk.ask("Who won the football match?")
    await desk.embed()
    cut = await desk.ask("Who won the football match?")

    assert (uncut.reason, cut.reason) == ("none_chunked", "below_threshold")


async def test_messages_that_are_not_cut_yet_are_a_reason(desk: Desk) -> None:
    await desk.hear(*TALK)

    assert (await desk.ask(ASKED)).reason == "none_chunked"


async def test_chunks_without_vectors_answer_by_words(desk: Desk, provider: Provider) -> None:
    await desk.hear(*TALK)
    await service.catch_up(desk.database, desk.project)

    answer = await desk.ask(ASKED)
    unknown = await desk.ask("Who won the football match?")

    assert (answer.status, answer.searched, answer.notes) == (
        "answered",
        "lexical",
        ["still_embedding"],
    )
    assert unknown.reason == "none_embedded"


async def test_without_the_embedder_words_answer_and_the_reply_says_so(
    given: Given, provider: Provider
) -> None:
    desk = await given()
    provider.down = True

    answer = await desk.ask(ASKED)

    assert (answer.status, answer.searched) == ("answered", "lexical")
    assert answer.notes == ["embeddings_unavailable"]
    assert answer.citations[0].quote == TALK[1]


async def test_an_identifier_pins_its_message(desk: Desk) -> None:
    for number in range(30):
        await desk.hear(f"Payment of invoice INV-{2000 + number} is due.", talk=str(100 + number))
    await desk.embed()

    answer = await desk.ask("Is the payment of invoice INV-2017 due?")

    assert answer.citations[0].quote == "Payment of invoice INV-2017 is due."
    assert {one.quote for one in answer.citations} == {"Payment of invoice INV-2017 is due."}


async def test_the_last_word_goes_first_when_facts_changed(desk: Desk) -> None:
    await desk.hear(
        "The launch date of the booking widget is the 14th.",
        "The launch date of the booking widget is now the 21st.",
    )
    await desk.embed()

    answer = await desk.ask(ASKED)

    assert "the 21st" in answer.citations[0].quote


async def test_the_frame_follows_locale_and_zone(given: Given) -> None:
    desk = await given()

    answer = await desk.ask(ASKED, locale="ru", zone=timezone(timedelta(hours=12)))

    assert answer.sentences[0].text == f"Helen Marsh, 22 ноября: «{TALK[1]}»"


async def test_another_year_is_named(given: Given) -> None:
    desk = await given()

    answer = await desk.ask(ASKED, at=datetime(2027, 2, 1, tzinfo=UTC))

    assert answer.answer.startswith("Helen Marsh, 21 Nov 2026: ")


async def test_the_messages_of_another_project_do_not_exist(
    given: Given, database: Database, other_project: UUID
) -> None:
    desk = await given()

    answer = await Desk(database, other_project, desk.embedder).ask(ASKED)

    assert answer.reason == "no_source_rows"


async def test_an_answer_is_kept_word_for_word(given: Given) -> None:
    desk = await given()

    answer = await desk.ask(ASKED)
    refused = await desk.ask("Who won the football match?")
    async with desk.database.transaction(desk.project) as conn:
        kept = await service.answer_of(conn, desk.project, answer.id)
        listed = await service.asked_before(conn, desk.project, limit=10)

    assert kept == answer
    assert [(one.id, one.citations) for one in listed] == sorted(
        [(refused.id, 0), (answer.id, len(answer.citations))], key=lambda one: one[0], reverse=True
    )


async def test_feedback_is_kept_and_can_be_taken_back(given: Given) -> None:
    desk = await given()
    answer = await desk.ask(ASKED)

    async with desk.database.transaction(desk.project) as conn:
        up = await service.rate(conn, desk.project, answer.id, value="up", comment="right")
        none = await service.rate(conn, desk.project, answer.id, value=None)

    assert (up.feedback, none.feedback) == ("up", None)


async def test_feedback_on_an_unknown_answer_is_refused(desk: Desk) -> None:
    async with desk.database.transaction(desk.project) as conn:
        with pytest.raises(NotFound, match="There is no answer"):
            await service.rate(conn, desk.project, desk.project, value="up")


async def test_a_question_that_fails_is_kept_as_an_error(
    given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await given()

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("mayak.lightrag.service.answers.records.records", broken)
    with pytest.raises(RuntimeError):
        await desk.ask(ASKED)

    [row] = await desk.rows("SELECT question, status FROM lightrag_query_runs")
    assert row == {"question": ASKED, "status": "error"}


async def test_what_is_no_question_is_not_asked(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match="at least one word"):
        await desk.ask("?!")


async def test_a_question_full_of_syntax_is_only_words(given: Given) -> None:
    desk = await given()

    answer = await desk.ask("launch' | !date & (booking:* \\ 'widget'' <-> %s")

    assert answer.status == "answered"


async def test_the_runs_of_a_project_come_in_pages(desk: Desk) -> None:
    for number in range(3):
        await desk.ask(f"Question {number}?", at=NOW + timedelta(minutes=number))

    async with desk.database.transaction(desk.project) as conn:
        first = await runs.page(conn, desk.project, limit=2, before=None)
        last = first[-1]
        rest = await runs.page(conn, desk.project, limit=2, before=(last.asked_at, last.id))

    assert [one.question for one in first + rest] == ["Question 2?", "Question 1?", "Question 0?"]


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("https://chat.example/", "https://chat.example/app/accounts/1/conversations/5%2F..%2F6"),
        ("javascript:alert(1)//x", None),
        ("ftp://chat.example", None),
        (None, None),
    ],
)
def test_links_lead_to_the_web_only(base: str | None, expected: str | None) -> None:
    assert SourceLinks(base, 1).conversation("5/../6") == expected


async def test_a_question_that_holds_the_database_too_long_is_given_up(given: Given) -> None:
    desk = await given()
    hasty = Settings(patience=timedelta(milliseconds=50))

    async with desk.database.connection() as other, other.transaction():
        await other.execute("LOCK TABLE rag_chunks IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(QuestionTooHeavy, match=r"longer than 0\.05 s") as raised:
            await desk.ask(ASKED, settings=hasty)

    assert (raised.value.status, raised.value.retryable) == (503, True)
    [row] = await desk.rows("SELECT question, status FROM lightrag_query_runs")
    assert row == {"question": ASKED, "status": "error"}
