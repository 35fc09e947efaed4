"""How conversations are cut: nothing public is lost, nothing private gets in."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mayak.lightrag.model.chunking import Chunk, chunks_of
from mayak.lightrag.model.cutting import LIMIT, OVERLAP, cut, tokens
from mayak.lightrag.model.language import Language, language
from mayak.lightrag.model.records import Message, MessageType, is_public
from mayak.lightrag.model.sentences import LONGEST, sentences

AT = datetime(2026, 3, 1, tzinfo=UTC)
ANY_TEXT = st.text(max_size=2000) | st.text("аб в.\n!", max_size=4000)


def message(
    content: str | None,
    number: int = 0,
    *,
    kind: MessageType = "incoming",
    content_type: str | None = "text",
    author: str | None = "Helen Marsh",
    private: bool = False,
    deleted: bool = False,
) -> Message:
    return Message(
        external_id=str(number),
        conversation_id="1",
        message_type=kind,
        content_type=content_type,
        content=content,
        private=private,
        deleted=deleted,
        author=author,
        author_kind="contact",
        at=AT,
        synced_at=AT,
    )


@st.composite
def talks(draw: st.DrawFn) -> list[Message]:
    """Conversations of up to eight messages, some of them secret or gone."""
    kinds: st.SearchStrategy[MessageType] = st.sampled_from(
        ("incoming", "outgoing", "template", "activity")
    )
    return [
        message(
            draw(ANY_TEXT),
            number,
            kind=draw(kinds),
            author=draw(st.none() | st.text(max_size=30)),
            private=draw(st.booleans()),
            deleted=draw(st.booleans()),
        )
        for number in range(draw(st.integers(0, 8)))
    ]


@settings(max_examples=150, deadline=None)
@given(talks())
def test_every_span_of_a_chunk_is_exactly_a_part_of_its_record(talk: list[Message]) -> None:
    contents = {one.external_id: one.content or "" for one in talk}
    for chunk in chunks_of(talk):
        for span in chunk.spans:
            length = span.end - span.start
            record = contents[span.external_id][span.source_start : span.source_start + length]
            assert chunk.text[span.start : span.end] == record


@settings(max_examples=150, deadline=None)
@given(talks())
def test_every_character_of_a_public_message_is_in_some_chunk(talk: list[Message]) -> None:
    covered: dict[str, set[int]] = {}
    for chunk in chunks_of(talk):
        for span in chunk.spans:
            place = range(span.source_start, span.source_start + span.end - span.start)
            covered.setdefault(span.external_id, set()).update(place)
    assert covered == {
        one.external_id: set(range(len(one.content or ""))) for one in talk if is_public(one)
    }


@settings(max_examples=100, deadline=None)
@given(talks(), st.sampled_from(["private", "deleted", "activity"]))
def test_words_that_nobody_may_read_are_in_no_chunk(talk: list[Message], why: str) -> None:
    secret = message(
        "zugangscode-7781 " * 300,
        99,
        kind="activity" if why == "activity" else "outgoing",
        private=why == "private",
        deleted=why == "deleted",
    )

    chunks = chunks_of([*talk, secret])

    assert chunks == chunks_of(talk)
    assert not any("zugangscode" in chunk.text for chunk in chunks)


@settings(max_examples=150, deadline=None)
@given(talks(), st.none() | st.text(max_size=400))
def test_a_chunk_stays_within_its_limit(talk: list[Message], subject: str | None) -> None:
    assert all(tokens(chunk.text) <= LIMIT + OVERLAP for chunk in chunks_of(talk, subject=subject))


@settings(max_examples=200, deadline=None)
@given(ANY_TEXT, st.integers(2, 60))
def test_the_parts_of_a_text_cover_it_and_move_on(text: str, limit: int) -> None:
    parts = cut(text, limit=limit, overlap=limit / 4)

    assert parts[0][0] == 0
    assert parts[-1][1] == len(text)
    for before, after in pairwise(parts):
        assert before[0] < after[0] <= before[1] < after[1]


def test_a_text_is_cut_at_a_paragraph_if_one_ends_in_time() -> None:
    text = "First matter. " * 20 + "\n\n" + "Second matter. " * 20

    parts = cut(text, limit=100, overlap=0)

    assert text[slice(*parts[0])].endswith("\n\n")
    assert text[slice(*parts[1])].startswith("Second")


def test_a_chunk_repeats_the_short_message_before_it() -> None:
    talk = [message("word " * 70, 1), message("See you then.", 2), message("word " * 70, 3)]

    first, second = chunks_of(talk, limit=110)

    assert [span.external_id for span in first.spans] == ["1", "2"]
    assert [span.external_id for span in second.spans] == ["2", "3"]


def test_a_chunk_names_its_subject_and_who_said_what() -> None:
    [chunk] = chunks_of([message("When?", 1), message("On Monday.", 2)], subject="Launch")

    assert chunk.text == "Launch\nHelen Marsh: When?\nHelen Marsh: On Monday."


@pytest.mark.parametrize("content_type", ["input_csat", "input_email", "form"])
def test_forms_and_surveys_are_not_read(content_type: str) -> None:
    assert chunks_of([message("Rate us!", kind="template", content_type=content_type)]) == []


def test_the_same_words_make_the_same_hash_wherever_they_are() -> None:
    def hashes(chunks: list[Chunk]) -> list[bytes]:
        return [chunk.text_hash for chunk in chunks]

    assert hashes(chunks_of([message("Hello", 1)])) == hashes(chunks_of([message("Hello", 2)]))
    assert hashes(chunks_of([message("Hello", 1)])) != hashes(chunks_of([message("Bye", 1)]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("The launch slips.", "en", id="English"),
        pytest.param("Запуск переносится.", "ru", id="Russian"),
        pytest.param("Обновили driver app до 2.3", "ru", id="Russian with product names"),
        pytest.param("打ち合わせは月曜日です", "other", id="another script"),
        pytest.param("12:30 👍", "other", id="no letters"),
    ],
)
def test_language_is_told_by_script(text: str, expected: Language) -> None:
    assert language(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Yes. No!", ["Yes.", "No!"], id="two sentences"),
        pytest.param("Invoice No. 12 is paid.", ["Invoice No. 12 is paid."], id="abbreviations"),
        pytest.param("Сумма 5 тыс. руб. в месяц.", ["Сумма 5 тыс. руб. в месяц."], id="units"),
        pytest.param("Hi,\n\n1. First\n2. Second", ["Hi,", "1. First", "2. Second"], id="a list"),
        pytest.param("It is v2.3 now", ["It is v2.3 now"], id="a version"),
    ],
)
def test_sentences_end_where_people_end_them(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(text)] == expected


@settings(max_examples=200, deadline=None)
@given(ANY_TEXT)
def test_every_visible_character_is_in_one_sentence(text: str) -> None:
    inside = [at for start, end in sentences(text) for at in range(start, end)]

    assert len(inside) == len(set(inside))
    assert {at for at, letter in enumerate(text) if not letter.isspace()} <= set(inside)


@pytest.mark.parametrize("wall", ["W" * 5_000, "word " * 1_000, "ы" * 601])
def test_a_wall_of_text_is_cut_into_sentences_that_a_model_can_read(wall: str) -> None:
    spans = sentences(wall)

    assert max(end - start for start, end in spans) <= LONGEST
    assert "".join(wall[start:end] for start, end in spans).replace(" ", "") == wall.replace(
        " ", ""
    )
