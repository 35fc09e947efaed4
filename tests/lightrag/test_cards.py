"""How markdown is cut, and how a card is written."""

from mayak.lightrag.model.cards import CARD, card, entity_chunks
from mayak.lightrag.model.cutting import cut, tokens
from mayak.lightrag.model.records import Record
from tests.lightrag.stories import NOW

WORDS = "It is not much, but it is honest work. "


def issue(fields: dict[str, str], *, public: bool = True) -> Record:
    return Record(
        key=("linear_issue", "i1"),
        document=("linear_issue", "i1"),
        title="NOR-1 Checkout",
        fields=fields,
        author="Nina",
        author_kind="agent",
        at=NOW,
        synced_at=NOW,
        public=public,
    )


def test_a_link_is_never_torn_apart() -> None:
    link = "[the page with the figures](https://client.example/a-rather-long-address/of-a-page)"
    for before in range(40):
        text = WORDS * 2 + "x" * before + " " + link + " " + WORDS * 4
        parts = [text[start:end] for start, end in cut(text, limit=50, overlap=10)]
        assert any(link in part for part in parts)
        assert not any(part.startswith(link[5:20]) for part in parts)


def test_a_block_of_code_stays_whole_when_it_fits() -> None:
    code = "```\n" + "total = price\n" * 8 + "```"
    text = WORDS * 3 + "\n\n" + code + "\n\n" + WORDS * 4

    parts = [text[start:end] for start, end in cut(text, limit=60, overlap=10)]

    assert any(code in part for part in parts)


def test_a_card_leaves_out_what_it_has_no_room_for() -> None:
    long = issue(dict.fromkeys(("title", "state", "assignee", "labels", "cycle"), WORDS * 30))

    made = card(long, ("title",), ("state", "assignee", "labels", "cycle"))

    assert made is not None
    assert tokens(made.text) <= CARD
    assert [span.field for span in made.spans] == ["title", "state", "assignee"]


def test_what_is_gone_has_no_chunks() -> None:
    assert entity_chunks(issue({"title": "Checkout"}, public=False), []) == []


def test_a_text_says_who_wrote_it_under_the_name_of_the_document() -> None:
    [made] = entity_chunks(issue({"description": "It fails."}), [])

    assert (made.kind, made.text) == ("text", "NOR-1 Checkout\nNina: It fails.")
