"""mayak eval --dataset: how a folder is read, and how rankings are scored."""

import json
from pathlib import Path

import pytest

from mayak.entry.dataset.examine import groups_of
from mayak.entry.dataset.reading import read
from mayak.entry.dataset.scores import scored
from mayak.errors import InvalidInput

GOOD: dict[str, list[dict[str, object]]] = {
    "corpus.jsonl": [
        {"_id": "a-en-1", "text": "Dogs bark.", "set": "a", "lang": "en"},
        {"_id": "a-ru-1", "text": "Собаки лают.", "set": "a", "lang": "ru"},
    ],
    "queries.jsonl": [
        {"_id": "q1", "text": "Who barks?", "set": "a", "lang": "en", "history": ["Dogs?"]},
        {"_id": "q2", "text": "Кто лает?", "set": "a", "lang": "ru"},
    ],
}
QRELS = "query-id\tcorpus-id\tscore\nq1\ta-en-1\t1\nq2\ta-ru-1\t1\n"


def folder(path: Path, qrels: str = QRELS, **changed: str) -> Path:
    for name, objects in GOOD.items():
        lines = "\n".join(json.dumps(one) for one in objects)
        (path / name).write_text(changed.get(name.split(".")[0], lines), encoding="utf-8")
    (path / "qrels.tsv").write_text(qrels, encoding="utf-8")
    return path


def test_a_set_of_two_languages_is_asked_within_and_across_them(tmp_path: Path) -> None:
    groups = groups_of(read(folder(tmp_path)))

    assert {one.name: dict(one.right["q1"]) for one in groups if one.questions[0].id == "q1"} == {
        "a": {"a-en-1": 1.0},
        "a-en": {"a-en-1": 1.0},
        "a-en-ru": {"a-ru-1": 1.0},
    }
    assert {one.name for one in groups} == {"a", "a-en", "a-en-ru", "a-ru", "a-ru-en"}
    assert groups[0].questions[0].history == ("Dogs?",)


@pytest.mark.parametrize(
    ("qrels", "changed", "complaint"),
    [
        ("q1\ta-en-1\n", {}, "qrels.tsv:1: should be query-id"),
        ("q9\ta-en-1\t1\n", {}, "qrels.tsv:1: there is no question 'q9'"),
        ("q1\tb\t1\n", {}, "qrels.tsv:1: there is no text 'b'"),
        (QRELS, {"corpus": "{"}, "corpus.jsonl:1: not JSON"),
        (QRELS, {"corpus": "[]"}, "corpus.jsonl:1: should be an object"),
        (QRELS, {"queries": '{"_id": "q1"}'}, "queries.jsonl:1: `text` should be a text"),
        (QRELS, {"corpus": '{"_id":"1","text":"x"}\n' * 2}, "corpus.jsonl:2: `_id` '1' was there"),
    ],
)
def test_a_bad_folder_is_told_by_file_and_line(
    tmp_path: Path, qrels: str, changed: dict[str, str], complaint: str
) -> None:
    with pytest.raises(InvalidInput, match="dataset") as raised:
        read(folder(tmp_path, qrels, **changed))

    assert complaint in str(raised.value)


@pytest.mark.parametrize(
    ("ranked", "expected"),
    [
        pytest.param("abc", (1.0, 1.0, 1.0), id="all in front"),
        pytest.param("xa", (0.387, 0.5, 0.5), id="one of two, second"),
        pytest.param("xyz", (0.0, 0.0, 0.0), id="none"),
    ],
)
def test_scores(ranked: str, expected: tuple[float, float, float]) -> None:
    found = scored(list(ranked), {"a": 1.0, "b": 1.0})

    assert tuple(found.values()) == pytest.approx(expected, abs=0.001)
