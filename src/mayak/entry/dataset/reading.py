"""A folder in the format of BEIR: corpus.jsonl, queries.jsonl and qrels.tsv (or qrels/test.tsv).

Beyond the format: `set` groups texts and questions, `lang` tells their language, `history` holds
the previous turns of a question, the oldest first, as strings or as objects with `text`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mayak.errors import InvalidInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    id: str
    title: str | None
    text: str
    set: str
    language: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    id: str
    text: str
    set: str
    language: str | None
    history: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    texts: list[Text]
    questions: list[Asked]
    right: Mapping[str, Mapping[str, float]]
    """Per question, the grade of each text that answers it; above 0."""


def read(folder: Path) -> Dataset:
    """Raises InvalidInput that names the file and the line which is not as it should be."""
    texts = [
        Text(
            id=one.id,
            title=one.said("title", required=False) or None,
            text=one.said("text"),
            set=one.said("set", required=False) or folder.name,
            language=one.said("lang", required=False) or None,
        )
        for one in _objects(folder / "corpus.jsonl")
    ]
    questions = [
        Asked(
            id=one.id,
            text=one.said("text"),
            set=one.said("set", required=False) or folder.name,
            language=one.said("lang", required=False) or None,
            history=one.history(),
        )
        for one in _objects(folder / "queries.jsonl")
    ]
    right = _grades(_qrels(folder), {one.id for one in texts}, {one.id for one in questions})
    return Dataset(texts=texts, questions=questions, right=right)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Object:
    place: str
    fields: Mapping[str, Any]

    @property
    def id(self) -> str:
        return self.said("_id")

    def said(self, name: str, *, required: bool = True) -> str:
        value = self.fields.get(name)
        if value is None and not required:
            return ""
        if not isinstance(value, str) or (required and not value.strip()):
            raise InvalidInput("dataset", f"{self.place}: `{name}` should be a text")
        return value.replace("\x00", " ")

    def history(self) -> tuple[str, ...]:
        turns = self.fields.get("history") or []
        said = [turn.get("text") if isinstance(turn, dict) else turn for turn in turns]
        if not isinstance(turns, list) or not all(isinstance(one, str) for one in said):
            raise InvalidInput("dataset", f"{self.place}: `history` should be a list of texts")
        return tuple(str(one) for one in said)


def _objects(path: Path) -> Iterator[_Object]:
    seen: set[str] = set()
    for number, line in _lines(path):
        place = f"{path.name}:{number}"
        try:
            fields = json.loads(line)
        except ValueError as error:
            raise InvalidInput("dataset", f"{place}: not JSON: {error}") from error
        if not isinstance(fields, dict):
            raise InvalidInput("dataset", f"{place}: should be an object")
        one = _Object(place=place, fields=fields)
        if one.id in seen:
            raise InvalidInput("dataset", f"{place}: `_id` {one.id!r} was there before")
        seen.add(one.id)
        yield one


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, line
    except UnicodeDecodeError as error:
        raise InvalidInput("dataset", f"{path.name}: not UTF-8: {error}") from error
    except OSError as error:
        raise InvalidInput("dataset", f"{path}: {error.strerror}") from error


def _qrels(folder: Path) -> Path:
    either = folder / "qrels" / "test.tsv"
    return either if either.exists() else folder / "qrels.tsv"


def _grades(path: Path, texts: set[str], questions: set[str]) -> dict[str, dict[str, float]]:
    right: dict[str, dict[str, float]] = {}
    for number, line in _lines(path):
        place = f"{path.name}:{number}"
        fields = line.rstrip("\r\n").split("\t")
        if number == 1 and fields[-1] == "score":
            continue
        try:
            asked, text, grade = fields[0], fields[1], float(fields[2])
        except (IndexError, ValueError) as error:
            expected = "query-id, corpus-id and score, with tabs between"
            raise InvalidInput("dataset", f"{place}: should be {expected}") from error
        if asked not in questions:
            raise InvalidInput("dataset", f"{place}: there is no question {asked!r}")
        if text not in texts:
            raise InvalidInput("dataset", f"{place}: there is no text {text!r}")
        if grade > 0:
            right.setdefault(asked, {})[text] = grade
    return right
