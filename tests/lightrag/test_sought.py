"""The record that a question wants to be pointed to."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from mayak.lightrag.model.evidence import Evidence, Found
from mayak.lightrag.model.questions import question
from mayak.lightrag.model.records import DocumentType, Record
from mayak.lightrag.model.sought import Rival, pointed, rivals, sought, told

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


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Is there an issue for it?", ("linear_issue",)),
        ("По какой задаче это чинили?", ("linear_issue",)),
        ("Есть тикет на СМС?", ("linear_issue",)),
        ("Which deal covers the branch?", ("attio_deal",)),
        ("К какой сделке относится письмо?", ("attio_deal",)),
        ("Which issue belongs to the deal?", ("linear_issue", "attio_deal")),
        ("What is Gareth's job?", ("attio_person",)),
        ("What is Rustam Galiev's position?", ("attio_person",)),
        ("Какая должность у Ильдара?", ("attio_person",)),
        ("How do we deal with late trucks?", ()),
        ("How long are driver positions kept?", ()),
        ("Что в багажнике?", ()),
        ("When is the launch?", ()),
    ],
)
def test_what_is_sought_is_told_by_its_noun(text: str, kinds: tuple[str, ...]) -> None:
    assert sought(text) == kinds


def test_rivals_are_the_records_of_the_kind_each_once_with_all_of_its_chunks() -> None:
    evidence = [
        chunk("NOR-1"),
        chunk("A deal", kind="attio_deal"),
        chunk("NOR-2"),
        chunk("NOR-1", words="more"),
        chunk("NOR-3", similarity=None),
    ]

    found = rivals(evidence, ["linear_issue"])

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


def test_a_person_is_meant_who_is_called_by_name_in_any_alphabet() -> None:
    asked = question("Какая должность у Кристийны?")
    people = [
        rival("Kristiina Saar", similarity=0.8, kind="attio_person"),
        rival("Marek Tamm", similarity=0.95, kind="attio_person"),
    ]

    assert pointed(asked, FOUND, people, [0.0, 0.4], rest=REST) == people[0]
    nobody = question("What is the job title of whoever complained?")
    assert pointed(nobody, FOUND, people[1:], [0.4], rest=REST) is None


def test_two_of_one_name_are_nobody_in_particular() -> None:
    asked = question("What is Anna's job?")
    people = [
        rival("Anna Berg", similarity=0.95, kind="attio_person"),
        rival("Anna Saar", similarity=0.8, kind="attio_person"),
    ]

    assert pointed(asked, FOUND, people, [0.4, 0.0], rest=REST) is None


def test_of_a_record_its_name_the_facts_asked_for_and_how_far_it_is_are_told() -> None:
    record = Record(
        key=("linear_issue", "NOR-24"),
        document=("linear_issue", "NOR-24"),
        title="NOR-24 Stock import",
        fields={
            "identifier": "NOR-24",
            "title": "Stock import",
            "description": "The import looks for a sheet by name.",
            "state": "In Progress",
            "due_date": "2026-12-01",
            "created": "2026-11-01",
        },
        author=None,
        author_kind=None,
        at=AT,
        synced_at=AT,
        public=True,
    )
    asked = question("Which issue is it and when is it due?")

    found = told(asked, FOUND, rival("NOR-24"), record, 0.3)

    assert [one.candidate.field for one in found] == ["title", "due_date", "state"]
    assert [one.candidate.text for one in found] == ["Stock import", "2026-12-01", "In Progress"]
