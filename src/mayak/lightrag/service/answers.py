"""Questions and their answers: found, chosen, checked against the records, and kept."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from time import perf_counter
from uuid import UUID, uuid4

from pydantic import TypeAdapter

from mayak.errors import NotFound, Upstream
from mayak.lightrag.model import choice
from mayak.lightrag.model.answer import (
    Answer,
    Feedback,
    Mode,
    Note,
    Quote,
    Reason,
    Timings,
    compose,
    quotes,
    still_standing,
)
from mayak.lightrag.model.choice import Candidate, Scored
from mayak.lightrag.model.embedder import Embedder, Vector
from mayak.lightrag.model.evidence import Found, Settings
from mayak.lightrag.model.language import Locale
from mayak.lightrag.model.links import SourceLinks
from mayak.lightrag.model.questions import Question, QuestionTooHeavy
from mayak.lightrag.model.questions import question as read_question
from mayak.lightrag.model.records import Record, RecordKey
from mayak.lightrag.model.wording import reason_text
from mayak.lightrag.queries import records, retrieval, runs
from mayak.lightrag.queries.limits import TookTooLong, limit_statements
from mayak.platform.db import Conn, Database

_STORED = TypeAdapter(Answer)


@dataclass(eq=False)
class AnswerNotFound(NotFound):
    code = "answer_not_found"
    message = "There is no answer {answer_id} in this project."

    answer_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """What one look at the database gave."""

    state: retrieval.State
    found: Found
    candidates: list[Candidate]


class _Watch:
    """Milliseconds since the last look at it."""

    def __init__(self) -> None:
        self.begun = self._last = perf_counter()

    def lap(self) -> float:
        before, self._last = self._last, perf_counter()
        return round((self._last - before) * 1000, 1)

    def total(self) -> float:
        return round((perf_counter() - self.begun) * 1000, 1)


async def ask(
    database: Database,
    embedder: Embedder,
    project_id: UUID,
    question: str,
    *,
    locale: Locale | None = None,
    links: SourceLinks,
    at: datetime,
    user_id: UUID | None = None,
    zone: tzinfo = UTC,
    settings: Settings | None = None,
) -> Answer:
    """Answer from the project's messages, with quotes, or say why not. Kept either way.

    No transaction is open while a model computes. When the embedder is down the answer comes
    from words alone and says so. Raises InvalidInput for a question that is none, and
    QuestionTooHeavy when the search takes longer than `settings` allow.
    """
    asked = read_question(question, locale)
    blank = Answer(
        id=uuid4(),
        question=asked.text,
        locale=asked.locale,
        status="error",
        mode="none",
        asked_at=at,
    )
    settings = settings or Settings()
    answered = False
    try:
        answer = await _answer(
            database,
            embedder,
            project_id,
            asked,
            blank,
            links=links,
            zone=zone,
            user_id=user_id,
            settings=settings,
        )
        answered = True
    except TookTooLong as error:
        raise QuestionTooHeavy(settings.patience) from error
    finally:
        if not answered:
            async with database.transaction(project_id) as conn:
                await _keep(conn, project_id, blank, user_id)
    return answer


async def _answer(
    database: Database,
    embedder: Embedder,
    project_id: UUID,
    asked: Question,
    blank: Answer,
    *,
    links: SourceLinks,
    zone: tzinfo,
    user_id: UUID | None,
    settings: Settings,
) -> Answer:
    watch = _Watch()
    vector = await _vector(embedder, asked)
    embed_ms = watch.lap()
    async with database.transaction(project_id) as conn:
        await limit_statements(conn, settings.patience)
        search = await _search(conn, project_id, asked, vector, embedder.space, settings)
    search_ms = watch.lap()
    chosen = await _choose(embedder, asked, vector, search)
    made = quotes(chosen)
    async with database.transaction(project_id) as conn:
        await limit_statements(conn, settings.patience)
        checked = await records.records(conn, project_id, [quote.key for quote in made])
        answer = replace(
            _compose(asked, blank, search, made, checked, links, zone),
            mode=_mode(search, vector),
            notes=_notes(search, vector),
            timings=Timings(
                embed_ms=embed_ms,
                search_ms=search_ms,
                answer_ms=watch.lap(),
                total_ms=watch.total(),
            ),
        )
        await _keep(conn, project_id, answer, user_id)
    return answer


async def _vector(embedder: Embedder, asked: Question) -> Vector | None:
    try:
        return await embedder.query(asked.text)
    except Upstream:
        return None


async def _search(
    conn: Conn,
    project_id: UUID,
    asked: Question,
    vector: Vector | None,
    model: str,
    settings: Settings,
) -> _Search:
    state = await retrieval.state(conn, project_id)
    found = await retrieval.hybrid_search(
        conn,
        project_id,
        words=asked.words,
        patterns=[one.pattern for one in asked.identifiers],
        embedding=vector,
        model=model,
        settings=settings,
    )
    wanted = {place.key for one in found.evidence for place in one.places}
    current = await records.records(conn, project_id, sorted(wanted))
    listed = choice.candidates(found, current)
    words = await retrieval.lexemes(conn, [candidate.text for candidate in listed])
    with_words = [
        replace(candidate, lexemes=known) for candidate, known in zip(listed, words, strict=True)
    ]
    return _Search(state=state, found=found, candidates=with_words)


async def _choose(
    embedder: Embedder, asked: Question, vector: Vector | None, search: _Search
) -> list[Scored]:
    """The sentences to show; none when they do not convince."""
    rest = choice.resting(search.found, embedder.resting)
    scored = choice.plain_score(asked, search.found, search.candidates)
    if vector is not None and scored:
        scored = sorted(scored, key=lambda one: -one.score)[: choice.WEIGHED]
        try:
            meant = await embedder.sentences([one.candidate.text for one in scored])
        except Upstream:
            pass
        else:
            near = [choice.closeness(float(cosine), rest) for cosine in meant @ vector]
            scored = choice.with_meaning(scored, near)
    chosen = choice.best(asked, scored)
    return chosen if choice.convincing(asked, search.found, chosen, rest=rest) else []


def _compose(
    asked: Question,
    blank: Answer,
    search: _Search,
    made: Sequence[Quote],
    checked: dict[RecordKey, Record],
    links: SourceLinks,
    zone: tzinfo,
) -> Answer:
    said, citations = compose(
        made, checked, locale=asked.locale, links=links, at=blank.asked_at, zone=zone
    )
    if not said:
        reason = _reason(search, bool(made))
        text = reason_text(reason, asked.locale)
        return replace(blank, status="empty", reason=reason, reason_text=text)
    return replace(
        blank,
        status="answered",
        answer="\n".join(sentence.text for sentence in said),
        sentences=said,
        citations=citations,
    )


def _reason(search: _Search, had_quotes: bool) -> Reason:  # noqa: FBT001  # the only argument of its kind
    if not search.state.messages:
        return "no_source_rows"
    if not search.state.chunks:
        return "none_chunked"
    if not search.state.ready:
        return "none_embedded"
    if had_quotes or (search.found.evidence and not search.candidates):
        return "filtered"
    return "below_threshold"


def _mode(search: _Search, vector: Vector | None) -> Mode:
    if not search.state.chunks:
        return "none"
    return "hybrid" if vector is not None and search.found.background.chunks else "lexical"


def _notes(search: _Search, vector: Vector | None) -> list[str]:
    notes: list[Note] = []
    if vector is None:
        notes.append("embeddings_unavailable")
    if search.state.pending:
        notes.append("still_embedding")
    return [*notes]


async def _keep(conn: Conn, project_id: UUID, answer: Answer, user_id: UUID | None) -> None:
    await runs.save(
        conn,
        project_id,
        id=answer.id,
        user_id=user_id,
        question=answer.question,
        locale=answer.locale,
        status=answer.status,
        mode=answer.mode,
        reason=answer.reason,
        answer=dataclasses.asdict(answer),
        asked_at=answer.asked_at,
    )


async def answer_of(conn: Conn, project_id: UUID, answer_id: UUID) -> Answer:
    """An answer as it was given, with the feedback it has now, without the quotes that their
    messages no longer bear out. Raises AnswerNotFound.
    """
    stored = await runs.get(conn, project_id, answer_id)
    if stored is None:
        raise AnswerNotFound(answer_id)
    given = _STORED.validate_python({**stored.answer, "feedback": stored.feedback})
    keys = [citation.key for citation in given.citations]
    return still_standing(given, await records.records(conn, project_id, keys))


async def asked_before(
    conn: Conn, project_id: UUID, *, limit: int, before: tuple[datetime, UUID] | None = None
) -> list[runs.ListedRun]:
    """Questions and how they ended, the newest first, from behind `before` on."""
    return await runs.page(conn, project_id, limit=limit, before=before)


async def rate(
    conn: Conn,
    project_id: UUID,
    answer_id: UUID,
    *,
    value: Feedback | None,
    comment: str | None = None,
) -> Answer:
    """Keep what a reader thinks of an answer; None takes it back. Raises AnswerNotFound."""
    await runs.save_feedback(conn, project_id, answer_id, value=value, comment=comment)
    return await answer_of(conn, project_id, answer_id)
