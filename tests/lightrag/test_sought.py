"""The record that a question wants to be pointed to."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from mayak.lightrag.model.choice import first
from mayak.lightrag.model.evidence import Evidence, Found
from mayak.lightrag.model.questions import question
from mayak.lightrag.model.records import DocumentType, Record
from mayak.lightrag.model.sought import Rival, pointed, rivals, told
from mayak.lightrag.model.wanted import Wanted, wanted

AT = datetime(2026, 11, 1, tzinfo=UTC)
REST = 0.8
ASKED = question("Gareth says the stock is wrong. Is there an issue for it?")
FOUND = Found(
    idf={"gareth": 2.0, "stock": 3.0, "wrong": 3.0, "issu": 4.0}, unknown=frozenset({"issu"})
)


def chunk(
    name: str,
    *,
    similarity: float | None = 0.9,
    words: str = "",
    kind: DocumentType = "linear_issue",
    text: str = "",
) -> Evidence:
    return Evidence(
        chunk_id=uuid4(),
        document=(kind, name),
        title=name,
        kind="card",
        text=text or name,
        places=(),
        occurred_at=AT,
        lexemes=frozenset(words.split()),
        score=0.1,
        identifiers=0,
        similarity=similarity,
    )


def rival(name: str, **given: object) -> Rival:
    one = chunk(name, **given)  # type: ignore[arg-type]
    return Rival(key=one.document, name=name, chunks=(one,))


def test_rivals_are_the_records_of_the_kind_each_once_with_all_of_its_chunks() -> None:
    evidence = [
        chunk("NOR-1"),
        chunk("A deal", kind="attio_deal"),
        chunk("NOR-2"),
        chunk("NOR-1", words="more"),
        chunk("NOR-3", similarity=None),
        chunk(""),
    ]

    found = rivals(evidence, "linear_issue")

    assert [(one.name, len(one.chunks)) for one in found] == [("NOR-1", 2), ("NOR-2", 1)]


def test_the_one_is_meant_that_stands_out_by_meaning_words_and_name() -> None:
    stock = rival("NOR-24 Stock import", similarity=0.86, words="stock wrong gareth")
    others = [rival("NOR-1 Deposit"), rival("NOR-2 Booking", similarity=0.85)]

    assert pointed(ASKED, FOUND, [*others, stock], [0.0, 0.0, 0.2], rest=REST) is None
    nearer = rival("NOR-24 Stock import", similarity=0.92, words="stock wrong gareth")
    assert pointed(ASKED, FOUND, [*others, nearer], [0.0, 0.0, 0.2], rest=REST) == nearer


def test_nothing_is_meant_where_all_are_about_as_near_or_all_are_far() -> None:
    near = [rival("NOR-1", similarity=0.92), rival("NOR-2", similarity=0.925)]
    far = [rival("NOR-1", similarity=0.82), rival("NOR-2", similarity=0.80)]

    assert pointed(ASKED, FOUND, near, [0.2, 0.2], rest=REST) is None
    assert pointed(ASKED, FOUND, far, [0.0, 0.0], rest=REST) is None
    assert pointed(ASKED, FOUND, [], [], rest=REST) is None


def test_the_only_one_there_is_has_to_be_nearer_than_one_of_many() -> None:
    near, nearer = rival("NOR-1", similarity=0.87), rival("NOR-1", similarity=0.9)

    assert pointed(ASKED, FOUND, [near], [0.0], rest=REST) is None
    assert pointed(ASKED, FOUND, [nearer], [0.0], rest=REST) == nearer
    among = [near, rival("NOR-2", similarity=0.82)]
    assert pointed(ASKED, FOUND, among, [0.0, 0.0], rest=REST) == near


def test_where_the_project_knows_few_of_the_words_the_name_has_to_be_near() -> None:
    asked = question("Есть задача про склад?")
    found = Found(idf={"склад": 4.0, "задач": 3.0}, unknown=frozenset({"склад", "задач"}))
    near = [rival("NOR-24 Stock", similarity=0.92), rival("NOR-1", similarity=0.84)]

    assert pointed(asked, found, near, [0.2, 0.0], rest=REST) is None
    assert pointed(asked, found, near, [0.35, 0.0], rest=REST) == near[0]


def test_an_identifier_that_is_asked_for_has_to_stand_in_it() -> None:
    asked = question("Which deal is SC-1109 about?")
    other = rival("SC-2207: renewal", similarity=0.95, kind="attio_deal")
    meant = rival("SC-1109: renewal", similarity=0.95, kind="attio_deal")

    assert pointed(asked, FOUND, [other], [0.4], rest=REST) is None
    assert pointed(asked, FOUND, [meant], [0.4], rest=REST) == meant


ISSUE = {
    "url": "",
    "state": "In Progress",
    "title": "Stock import",
    "created": "2026-11-01",
    "creator": "Oleg Kim",
    "project": "Shop",
    "assignee": "Oleg Kim",
    "due_date": "2026-12-01",
    "identifier": "NOR-24",
    "description": "The import looks for a sheet by name.",
}


def record(kind: DocumentType = "linear_issue", **fields: str) -> Record:
    """As PostgreSQL gives it: the fields by the length of their names."""
    return Record(
        key=(kind, "NOR-24"),
        document=(kind, "NOR-24"),
        title="NOR-24 Stock import",
        fields={**ISSUE, **fields} if kind == "linear_issue" else fields,
        author=None,
        author_kind=None,
        at=AT,
        synced_at=AT,
        public=True,
    )


def aim(text: str) -> Wanted:
    found = wanted(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("Is there an issue for the stock?", ["title", "state", "assignee"]),
        ("Which issue is it and when is it due?", ["title", "due_date", "state", "assignee"]),
        (
            "Priya wrote that the stock is wrong. Is there an issue, and who has it?",
            ["title", "assignee", "state"],
        ),
        (
            "Which issue did Marek report, and who has it?",
            ["title", "assignee", "creator", "state"],
        ),
        (
            "The tracking project stopped. Which issue is it and when is it due?",
            ["title", "due_date", "state", "assignee"],
        ),
    ],
)
def test_its_name_comes_first_then_what_is_asked_of_it_then_how_far_it_is(
    text: str, fields: list[str]
) -> None:
    found = told(aim(text), FOUND, rival("NOR-24"), record(), 0.3)

    assert [one.candidate.field for one in found] == fields
    assert all(one.candidate.text for one in found)


def test_two_facts_of_one_value_are_both_told() -> None:
    asked = aim("Which issue did Marek report, and who has it?")

    shown = first(told(asked, FOUND, rival("NOR-24"), record(), 0.3), [])

    assert [one.candidate.field for one in shown] == ["title", "assignee", "creator", "state"]


@pytest.mark.parametrize(
    ("text", "kind", "fields"),
    [
        ("Who has the ticket about the stock?", "linear_issue", {"assignee": "", "creator": ""}),
        ("What is Gareth's job?", "attio_person", {"name": "Gareth Pugh", "company": "Roastery"}),
    ],
)
def test_nothing_is_told_when_the_one_thing_asked_for_is_not_there(
    text: str, kind: DocumentType, fields: dict[str, str]
) -> None:
    among = rival("NOR-24", kind=kind)

    assert told(aim(text), FOUND, among, record(kind, **fields), None) == []


def test_of_a_person_the_job_is_told() -> None:
    gareth = record("attio_person", name="Gareth Pugh", job_title="Head roaster")

    found = told(aim("What is Gareth's job?"), FOUND, rival("G", kind="attio_person"), gareth, None)

    assert [one.candidate.field for one in found] == ["name", "job_title"]
