"""Several rankings as one."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import pytest

from mayak.lightrag.model.fusion import Fused, ListName, Ranked, collapse, fuse

WEIGHTS: Mapping[ListName, float] = {"dense": 2.0, "lexical": 1.0}


def ranked(letters: str) -> list[Ranked]:
    return [
        Ranked(id=UUID(int=ord(letter)), document_id=UUID(int=ord(letter)), score=0.0)
        for letter in letters
    ]


def letters(fused: Sequence[Fused]) -> str:
    return "".join(chr(one.id.int) for one in fused)


@pytest.mark.parametrize(
    ("dense", "lexical", "held", "expected"),
    [
        pytest.param("", "", "", "", id="nothing of nothing"),
        pytest.param("abc", "", "", "abc", id="one list keeps its order"),
        pytest.param("ab", "ba", "", "ab", id="the heavier list decides"),
        pytest.param("ab", "cb", "", "bac", id="two lists beat one"),
        pytest.param("", "ab", "", "ab", id="a missing list takes nothing away"),
        pytest.param("ab", "", "b", "ba", id="an identifier goes first"),
    ],
)
def test_fusion(dense: str, lexical: str, held: str, expected: str) -> None:
    fused = fuse(
        {"dense": ranked(dense), "lexical": ranked(lexical)},
        weights=WEIGHTS,
        k=20,
        identifiers={UUID(int=ord(letter)): 1 for letter in held},
    )

    assert letters(fused) == expected


def test_equal_scores_go_by_id() -> None:
    fused = fuse(
        {"dense": ranked("b"), "cards": ranked("a")}, weights={"dense": 1, "cards": 1}, k=1
    )

    assert letters(fused) == "ab"


def test_a_chunk_knows_its_place_in_each_list() -> None:
    [first, _] = fuse({"dense": ranked("xa"), "lexical": ranked("a")}, weights=WEIGHTS, k=20)

    assert dict(first.ranks) == {"dense": 2, "lexical": 1}


@pytest.mark.parametrize(
    ("most", "limit", "expected"),
    [
        pytest.param(1, 9, [0, 3], id="one of a document"),
        pytest.param(2, 9, [0, 1, 3], id="two of a document"),
        pytest.param(9, 2, [0, 1], id="no more than asked for"),
    ],
)
def test_collapse(most: int, limit: int, expected: list[int]) -> None:
    document = [UUID(int=number) for number in (7, 7, 7, 8)]
    fused = [
        Fused(id=UUID(int=place), document_id=document[place], score=1.0, ranks={})
        for place in range(4)
    ]

    assert [one.id.int for one in collapse(fused, most=most, limit=limit)] == expected
