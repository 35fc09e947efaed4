"""From a question to its answer, in events as it comes: found, chosen, checked, kept."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from uuid import UUID, uuid4

import anyio

from mayak.access.model import Actor
from mayak.lightrag.model.answer import (
    Answer,
    Citation,
    Mode,
    Note,
    Quote,
    Sentence,
    Timings,
    compose,
    quotes,
)
from mayak.lightrag.model.asking import (
    ChatModel,
    Cited,
    Done,
    Event,
    Said,
    Started,
    Tabled,
    Wish,
)
from mayak.lightrag.model.composing import SHOWN
from mayak.lightrag.model.embedder import Embedder
from mayak.lightrag.model.evidence import Settings
from mayak.lightrag.model.language import Locale
from mayak.lightrag.model.links import SourceLinks
from mayak.lightrag.model.narrowing import Narrowing
from mayak.lightrag.model.quality import COUNTED, POINTED, chance
from mayak.lightrag.model.questions import Question, QuestionTooHeavy
from mayak.lightrag.model.questions import question as read_question
from mayak.lightrag.model.records import Record, RecordKey
from mayak.lightrag.model.wording import not_read, reason_text
from mayak.lightrag.queries import records
from mayak.lightrag.queries.limits import TookTooLong, limit_statements
from mayak.lightrag.service import extracting
from mayak.lightrag.service.composing import Written, write
from mayak.lightrag.service.counting import tally
from mayak.lightrag.service.keeping import Watch, keep
from mayak.platform.db import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What answering needs of the process."""

    database: Database
    embedder: Embedder
    links: SourceLinks
    chat: ChatModel | None = None
    """Who writes sentences; None: answers are quotes."""
    settings: Settings = field(default_factory=Settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One question in one project."""

    tools: Tools
    project_id: UUID
    wish: Wish
    asked: Question
    blank: Answer
    zone: tzinfo
    actor: Actor
    watch: Watch


async def ask(
    database: Database,
    embedder: Embedder,
    project_id: UUID,
    question: str,
    *,
    locale: Locale | None = None,
    mode: Mode = "mix",
    narrowing: Narrowing | None = None,
    history: tuple[str, ...] = (),
    explain: bool = False,
    links: SourceLinks,
    at: datetime,
    actor: Actor | None = None,
    zone: tzinfo = UTC,
    chat: ChatModel | None = None,
    settings: Settings | None = None,
) -> Answer:
    """Answer from the project's records, with quotes, or say why not. See `asking`."""
    tools = Tools(
        database=database,
        embedder=embedder,
        links=links,
        chat=chat,
        settings=settings or Settings(),
    )
    wish = Wish(
        question=question,
        locale=locale,
        mode=mode,
        narrowing=narrowing or Narrowing(),
        history=history,
        explain=explain,
    )
    return await answered(asking(tools, project_id, wish, at=at, zone=zone, actor=actor))


def check(wish: Wish) -> None:
    """Raises InvalidInput for a question that is none, before anything is begun."""
    read_question(wish.question, wish.locale)


async def answered(events: AsyncIterator[Event]) -> Answer:
    """The last word of an answer that nobody watches."""
    answer: Answer | None = None
    async for event in events:
        if isinstance(event, Done):
            answer = event.answer
    assert answer is not None
    return answer


async def asking(
    tools: Tools,
    project_id: UUID,
    wish: Wish,
    *,
    at: datetime,
    zone: tzinfo = UTC,
    actor: Actor | None = None,
) -> AsyncIterator[Event]:
    """What is heard while a question is answered; the last event holds the whole answer.

    Kept however it ends: a question that fails, or whose asker goes away, is kept as an error.
    No transaction is open while a model computes. When the embedder is down the answer comes
    from words alone and says so. Raises InvalidInput for a question that is none, and
    QuestionTooHeavy when the search takes longer than the settings allow.
    """
    asked = read_question(wish.question, wish.locale)
    this = Round(
        tools=tools,
        project_id=project_id,
        wish=wish,
        asked=asked,
        blank=_blank(wish, asked, at),
        zone=zone,
        actor=actor or Actor(),
        watch=Watch(),
    )
    kept = False
    try:
        yield Started(this.blank.id)
        async for event in _events(this):
            if isinstance(event, Done):
                async with tools.database.transaction(project_id) as conn:
                    await keep(conn, project_id, event.answer, this.actor)
                kept = True
            yield event
    except TookTooLong as error:
        raise QuestionTooHeavy(tools.settings.patience) from error
    finally:
        if not kept:
            with anyio.CancelScope(shield=True):
                await _keep_failed(this)


def _blank(wish: Wish, asked: Question, at: datetime) -> Answer:
    return Answer(
        id=uuid4(),
        question=asked.text,
        locale=asked.locale,
        status="error",
        mode=wish.mode,
        filters=wish.narrowing.as_asked(),
        history=list(wish.history),
        asked_at=at,
    )


async def _keep_failed(this: Round) -> None:
    timings = Timings(total_ms=this.watch.total())
    async with this.tools.database.transaction(this.project_id) as conn:
        await keep(conn, this.project_id, replace(this.blank, timings=timings), this.actor)


async def _events(this: Round) -> AsyncIterator[Event]:
    answer = None if this.wish.narrowing else await _from_rows(this)
    if answer is None:
        async for event in _from_texts(this):
            yield event
        return
    if answer.table is not None:
        yield Cited(answer.citations)
        yield Tabled(answer.table)
        for sentence in answer.sentences:
            yield Said(sentence)
    yield Done(answer)


async def _from_rows(this: Round) -> Answer | None:
    """What the tables say, when the question asks them and all of their rows are here."""
    asked, watch = this.asked, this.watch
    found = await tally(
        this.tools.database,
        this.project_id,
        asked.text,
        history=this.wish.history,
        locale=asked.locale,
        links=this.tools.links,
        at=this.blank.asked_at,
        zone=this.zone,
        patience=this.tools.settings.patience,
    )
    if found is None:
        return None
    timings = Timings(search_ms=watch.lap(), total_ms=watch.total())
    answer = replace(this.blank, kind="table", searched="rows", timings=timings)
    if found.sentence is None:
        text = not_read(found.nothing_from or "", asked.locale)
        return replace(answer, status="empty", reason="no_source_rows", reason_text=text)
    return replace(
        answer,
        status="answered",
        answer=found.sentence.text,
        sentences=[found.sentence],
        citations=list(found.citations),
        table=found.table,
        quality_score=COUNTED,
    )


async def _from_texts(this: Round) -> AsyncIterator[Event]:
    tools, asked, watch = this.tools, this.asked, this.watch
    vector = await extracting.vector_of(tools.embedder, asked.text)
    aim = await extracting.aim_of(
        tools.database, this.project_id, tools.embedder, asked, vector, this.wish
    )
    embed_ms = watch.lap()
    async with tools.database.transaction(this.project_id) as conn:
        await limit_statements(conn, tools.settings.patience)
        search = await extracting.look(
            conn,
            this.project_id,
            asked,
            vector,
            aim,
            tools.embedder.space,
            tools.settings,
            this.wish,
        )
    search_ms = watch.lap()
    chosen = await extracting.choose(tools.embedder, asked, vector, aim, search)
    draft, citations = await _extractive(this, search, chosen)
    draft = replace(
        draft,
        searched=extracting.searched(search, vector),
        notes=extracting.notes_of(search, vector),
        explain=extracting.explained(search, chosen, tools.settings) if this.wish.explain else None,
    )
    answer = draft
    if draft.status == "answered":
        if chosen.pointed and chosen.pointed in {one.key for one in draft.citations}:
            draft = replace(draft, quality_score=POINTED)
        elif chosen.features is not None:
            draft = replace(draft, quality_score=round(chance(chosen.features), 2))
        yield Cited(citations)
        written = Written()
        async for sentence in _sentences(this, draft, citations, chosen.rest, written):
            yield Said(sentence)
        answer = _as_written(draft, citations, written) if tools.chat else draft
    timings = Timings(
        embed_ms=embed_ms, search_ms=search_ms, answer_ms=watch.lap(), total_ms=watch.total()
    )
    yield Done(replace(answer, timings=timings))


async def _sentences(
    this: Round,
    draft: Answer,
    citations: Sequence[Citation],
    rest: float,
    written: Written,
) -> AsyncIterator[Sentence]:
    tools = this.tools
    if tools.chat is None:
        for sentence in draft.sentences:
            yield sentence
        return
    async for sentence in write(
        tools.chat, tools.embedder, this.asked, citations, rest=rest, written=written
    ):
        yield sentence


def _as_written(draft: Answer, citations: Sequence[Citation], written: Written) -> Answer:
    """The answer of the model, with the quotes that it used; the quotes alone when it failed, or
    nothing that it wrote stands.
    """
    note: Note = "sentences_dropped"
    if written.failed or not written.kept:
        note = "model_unavailable"
        return replace(draft, notes=[*draft.notes, note])
    used = {index for sentence in written.kept for index in sentence.citations}
    return replace(
        draft,
        kind="composed",
        answer=" ".join(sentence.text for sentence in written.kept),
        sentences=list(written.kept),
        citations=[one for one in citations if one.index in used],
        quality_score=None,  # of what a model writes nothing was measured
        notes=[*draft.notes, note] if written.dropped else draft.notes,
    )


async def _extractive(
    this: Round, search: extracting.Search, found: extracting.Choice
) -> tuple[Answer, list[Citation]]:
    """The chosen sentences as quotes that the records bear out now, or a refusal; and the quotes
    that a model may use, those of the answer first.
    """
    tools, asked, blank = this.tools, this.asked, this.blank
    made = quotes(found.chosen)
    more = quotes([*found.chosen, *found.others])[:SHOWN] if tools.chat else made
    async with tools.database.transaction(this.project_id) as conn:
        await limit_statements(conn, tools.settings.patience)
        keys = {quote.key for quote in (*made, *more)}
        checked = await records.records(conn, this.project_id, keys)
    said, citations = _composed(this, made, checked)
    if not said:
        reason = extracting.reason_of(search, had_quotes=bool(made))
        text = reason_text(reason, asked.locale)
        return replace(blank, status="empty", reason=reason, reason_text=text), []
    answer = replace(
        blank,
        status="answered",
        answer="\n".join(sentence.text for sentence in said),
        sentences=said,
        citations=citations,
    )
    return answer, _composed(this, more, checked)[1]


def _composed(
    this: Round, made: Sequence[Quote], checked: Mapping[RecordKey, Record]
) -> tuple[list[Sentence], list[Citation]]:
    return compose(
        made,
        checked,
        locale=this.asked.locale,
        links=this.tools.links,
        at=this.blank.asked_at,
        zone=this.zone,
    )
