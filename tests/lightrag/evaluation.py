"""How good the answers are: our questions over the built-in stories, scored."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml

from mayak.lightrag import service
from mayak.lightrag.model.answer import Answer
from mayak.lightrag.model.embedder import Embedder
from mayak.lightrag.queries import embedding
from mayak.lightrag.service import SourceLinks
from mayak.platform.db import Database
from tests.lightrag.stories import NOW, add_stories

QUESTIONS = Path(__file__).with_name("questions.yaml")
LONG_ENOUGH = 15
"""Characters from which a quote that is a part of the expected fragment says enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    project: str
    question: str
    quotes: Sequence[str] = ()
    never: Sequence[str] = ()


@dataclass(slots=True, kw_only=True)
class Score:
    right: int = 0
    """Answered, with an expected quote among the citations."""
    wrong: int = 0
    """Answered, without one."""
    missed: int = 0
    """Refused, although the data has the answer."""
    refused: int = 0
    """Refused, and rightly so."""
    invented: int = 0
    """Answered although nothing in the data does: the worst."""
    leaked: list[str] = field(default_factory=list)
    """Questions whose answer held words of a note or of a deleted message."""
    not_right: dict[str, str] = field(default_factory=dict)
    """What happened to each question that did not end well."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def cases(project: str | None = None) -> list[Case]:
    """Every question of the file, or those about one client."""
    loaded = yaml.safe_load(QUESTIONS.read_text(encoding="utf-8"))
    found = [Case(**one) for one in loaded["answerable"] + loaded["unanswerable"]]
    return [case for case in found if project in (None, case.project)]


async def tell(database: Database, project: UUID, name: str, embedder: Embedder) -> None:
    """Fill a project with the stories of one client and embed them."""
    async with database.transaction(project) as conn:
        await add_stories(conn, project, name)
    await service.catch_up(database, project)
    await service.embed_all(database, project, embedder)
    async with database.transaction(project) as conn:
        assert await embedding.count_pending(conn, project) == 0


async def examine(
    database: Database,
    project: UUID,
    embedder: Embedder,
    asked: Sequence[Case],
    weighed: list[tuple[dict[str, float], bool]] | None = None,
) -> Score:
    """Ask every question and say how it went.

    `weighed` takes what spoke for each answer from texts, and whether it was right.
    """
    score = Score()
    for case in asked:
        answer = await service.ask(
            database,
            embedder,
            project,
            case.question,
            links=SourceLinks(None, None),
            at=NOW,
            explain=weighed is not None,
        )
        outcome = judged(case, answer)
        setattr(score, outcome, getattr(score, outcome) + 1)
        if weighed is not None and (told := (answer.explain or {}).get("features")):
            weighed.append((told, outcome == "right"))
        if outcome in {"wrong", "missed", "invented"}:
            score.not_right[case.question] = outcome
        if any(words in answer.answer for words in case.never):
            score.leaked.append(case.question)
    return score


def judged(case: Case, answer: Answer) -> str:
    if answer.status == "empty":
        return "missed" if case.quotes else "refused"
    if not case.quotes:
        return "invented"
    said = [citation.quote for citation in answer.citations]
    right = any(
        fragment in quote or (len(quote) > LONG_ENOUGH and quote in fragment)
        for fragment in case.quotes
        for quote in said
    )
    return "right" if right else "wrong"
