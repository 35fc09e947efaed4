"""A dataset put through the product: cut, embedded, searched in a database of its own."""

import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import uvloop

from mayak import config
from mayak.config import Settings
from mayak.entry import postgres
from mayak.entry.cli.output import progress_bar
from mayak.entry.dataset.reading import Asked, Dataset, Text, read
from mayak.entry.dataset.remembering import Remembering
from mayak.entry.dataset.scores import mean, scored, spread
from mayak.entry.wiring import assembled
from mayak.errors import InvalidInput
from mayak.kit import clock
from mayak.lightrag import service as lightrag
from mayak.lightrag.model.embedder import Embedder, Vector
from mayak.lightrag.model.evidence import Settings as Depth
from mayak.lightrag.model.narrowing import SearchMode
from mayak.lightrag.model.questions import LONGEST, Question
from mayak.lightrag.model.questions import question as read_question
from mayak.lightrag.queries.retrieval import refresh_terms, set_of
from mayak.lightrag.service.datasets import DatasetText, add_texts
from mayak.lightrag.service.searching import search
from mayak.platform.db import Database
from mayak.platform.schema import migrate
from mayak.projects import service as projects

Way = Literal["dense", "lexical", "hybrid"]
WAYS: tuple[Way, ...] = ("dense", "lexical", "hybrid")
MODES: Mapping[Way, SearchMode] = {"dense": "naive", "lexical": "global", "hybrid": "mix"}
DEPTH = Depth(limit=10, per_document=1)
AT_ONCE = 200
"""Texts per transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Questions and the texts that are searched for them, in a project of their own."""

    name: str
    texts: Sequence[Text]
    questions: Sequence[Asked]
    right: Mapping[str, Mapping[str, float]]


def run_dataset(asked: Settings, folder: Path, *, cache: Path | None = None) -> dict[str, Any]:
    """Examine retrieval; embeddings are those of `asked`.

    Everything happens in a temporary folder. Raises InvalidInput when the dataset is not as it
    should be.
    """
    groups = groups_of(read(folder))
    if not groups:
        raise InvalidInput("dataset", f"{folder}: no question has a text that answers it")
    with tempfile.TemporaryDirectory(prefix="mayak-dataset-") as scratch:
        kept = asked.model_dump(exclude={"database_url", "mayak_data_dir"}, exclude_unset=True)
        settings = config.load(**kept | {"database_url": None, "mayak_data_dir": Path(scratch)})
        with postgres.opened(settings) as opened:
            return uvloop.run(_examined(settings, opened.dsn, groups, cache))


def groups_of(dataset: Dataset) -> list[Group]:
    """A group for each set; in a set of several languages also one for each, among its own texts,
    and one for each pair where the text that answers exists in the other language.
    """
    found: list[Group] = []
    for name in dict.fromkeys(one.set for one in dataset.questions):
        texts = [one for one in dataset.texts if one.set == name]
        questions = [one for one in dataset.questions if one.set == name]
        found.append(Group(name=name, texts=texts, questions=questions, right=dataset.right))
        languages = sorted({one.language for one in texts if one.language})
        if len(languages) > 1:
            found += [
                _of_languages(name, spoken, read_in, texts, questions, dataset)
                for spoken in languages
                for read_in in languages
            ]
    return [one for one in map(_answerable, found) if one.questions]


def _of_languages(
    name: str,
    spoken: str,
    read_in: str,
    texts: Sequence[Text],
    questions: Sequence[Asked],
    dataset: Dataset,
) -> Group:
    return Group(
        name=f"{name}-{spoken}" if spoken == read_in else f"{name}-{spoken}-{read_in}",
        texts=[one for one in texts if one.language == read_in],
        questions=[one for one in questions if one.language == spoken],
        right={
            asked: {_translated(text, spoken, read_in): grade for text, grade in right.items()}
            for asked, right in dataset.right.items()
        },
    )


def _translated(id_: str, spoken: str, read_in: str) -> str:
    """The id of the same text in another language, where ids are alike but for the language."""
    parts = id_.split("-")
    return "-".join(read_in if part == spoken else part for part in parts)


def _answerable(group: Group) -> Group:
    """Without the questions that none of its texts answers."""
    ids = {one.id for one in group.texts}
    right = {
        asked: {text: grade for text, grade in grades.items() if text in ids}
        for asked, grades in group.right.items()
    }
    return Group(
        name=group.name,
        texts=group.texts,
        questions=[one for one in group.questions if right.get(one.id)],
        right=right,
    )


async def _examined(
    settings: Settings, dsn: str, groups: Sequence[Group], cache: Path | None
) -> dict[str, Any]:
    await migrate(dsn)
    laps: dict[str, list[float]] = defaultdict(list)
    sets: dict[str, Any] = {}
    async with assembled(settings, dsn) as parts:
        embedder = Remembering(parts.resources.get(Embedder), cache)
        for number, group in enumerate(groups):
            project = await _filled(parts.database, group, embedder, slug=f"set-{number}")
            embedder.save()
            sets[group.name] = await _asked(parts.database, project, group, embedder, laps)
            embedder.save()
    return {
        "model": embedder.space,
        "sets": sets,
        "latency_ms": {name: spread(values) for name, values in laps.items()},
    }


async def _filled(database: Database, group: Group, embedder: Remembering, *, slug: str) -> UUID:
    at = clock.now()
    async with database.system_transaction() as conn:
        project = await projects.create(conn, group.name, slug=slug)
    for start in range(0, len(group.texts), AT_ONCE):
        some = [
            DatasetText(external_id=one.id, title=one.title, text=one.text)
            for one in group.texts[start : start + AT_ONCE]
        ]
        async with database.transaction(project.id) as conn:
            await add_texts(conn, project.id, some, at=at)
    await lightrag.embed_all(database, project.id, embedder)
    async with database.transaction(project.id) as conn:
        await refresh_terms(conn, project.id)
    return project.id


async def _asked(
    database: Database,
    project: UUID,
    group: Group,
    embedder: Remembering,
    laps: dict[str, list[float]],
) -> dict[str, Any]:
    scores: dict[Way, list[dict[str, float]]] = {way: [] for way in WAYS}
    async with database.transaction(project) as conn:
        set_id = await set_of(conn, project, embedder.space)
    with progress_bar() as bar:
        for one in bar.track(group.questions, description=group.name):
            asked = read_question(one.text[:LONGEST])
            begun = time.perf_counter()
            vector = await embedder.query(asked.text)
            laps["question_embedding"].append((time.perf_counter() - begun) * 1000)
            for way in WAYS:
                begun = time.perf_counter()
                ranked = await _ranked(database, project, asked, one, vector, set_id, way)
                laps[way].append((time.perf_counter() - begun) * 1000)
                scores[way].append(scored(ranked, group.right[one.id]))
    return {
        "texts": len(group.texts),
        "questions": len(group.questions),
        **{way: mean(found) for way, found in scores.items()},
    }


async def _ranked(
    database: Database,
    project: UUID,
    asked: Question,
    one: Asked,
    vector: Vector,
    set_id: UUID | None,
    way: Way,
) -> list[str]:
    """The ids of the ten best texts; one that was cut counts where its best part stands."""
    async with database.transaction(project) as conn:
        found = await search(
            conn,
            project,
            asked,
            None if way == "lexical" else vector,
            set_id,
            DEPTH,
            mode=MODES[way],
            history=one.history,
        )
    return [evidence.document[1] for evidence in found.evidence]
