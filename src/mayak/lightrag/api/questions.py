"""Asking: at once, or sentence by sentence as the answer comes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime
from time import perf_counter
from typing import Annotated
from zoneinfo import ZoneInfo

import anyio
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel, Field

from mayak.access.deps import CurrentProject, CurrentUser, allow
from mayak.access.model import Actor, ProjectScope, User
from mayak.errors import AppError
from mayak.http.errors import problem
from mayak.http.services import Services
from mayak.kit.clock import now
from mayak.kit.resources import Resources
from mayak.lightrag import service
from mayak.lightrag.api.views import (
    SENTINEL_OF_LIFE,
    AnswerView,
    CitationView,
    SentenceView,
    TableView,
)
from mayak.lightrag.model.answer import Mode
from mayak.lightrag.model.asking import (
    MOST_HISTORY,
    ChatModel,
    Cited,
    Done,
    Event,
    Said,
    Started,
    Tabled,
    Wish,
)
from mayak.lightrag.model.language import Language, Locale
from mayak.lightrag.model.narrowing import Narrowing, SourceName
from mayak.lightrag.model.questions import LONGEST
from mayak.lightrag.service import OUTCOME, Embedders, SourceLinks, Tools
from mayak.platform.db import Database
from mayak.platform.telemetry import RequestMeasures

router = APIRouter()
Key = Annotated[str, Field(max_length=200, pattern=r"^[a-z_]+:[^\x00]+$")]
Words = Annotated[str, Field(max_length=4 * LONGEST)]


class FiltersInput(BaseModel):
    """What to search in; what is left out limits nothing."""

    sources: Annotated[list[SourceName], Field(max_length=3)] = []
    clients: Annotated[list[Key], Field(max_length=50)] = []
    people: Annotated[list[Key], Field(max_length=50)] = []
    """Keys of `GET /lightrag/filters`, such as attio_company:ID."""
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    languages: Annotated[list[Language], Field(max_length=3)] = []

    def narrowing(self) -> Narrowing:
        return Narrowing(
            sources=tuple(self.sources),
            clients=tuple(self.clients),
            people=tuple(self.people),
            since=_storable(self.since),
            until=_storable(self.until),
            languages=tuple(self.languages),
        )


def _storable(moment: datetime | None) -> datetime | None:
    """PostgreSQL knows fewer years and offsets than this; what it cannot hold limits nothing."""
    try:
        return moment.astimezone(ZoneInfo("UTC")) if moment else None
    except OverflowError:
        return None


class QueryInput(BaseModel):
    question: Words
    """From 1 to 2000 characters once the space around it is cut."""
    locale: Locale | None = None
    """The language around the quotes; that of the question when left out."""
    mode: Mode = "mix"
    """naive: texts by meaning alone. local: cards of entities, identifiers and names, and what is
    linked to them. global: texts by meaning and by words. hybrid: local and global. mix: hybrid,
    and what is two links away.
    """
    filters: FiltersInput | None = None
    history: Annotated[list[Words], Field(max_length=MOST_HISTORY)] = []
    """Earlier questions of the asker, the oldest first; they help to find, never to answer."""
    explain: bool = False
    """With the ranks of each list."""

    def wish(self) -> Wish:
        return Wish(
            question=self.question,
            locale=self.locale,
            mode=self.mode,
            narrowing=self.filters.narrowing() if self.filters else Narrowing(),
            history=tuple(one.replace("\x00", "") for one in self.history),
            explain=self.explain,
        )


@router.post("/lightrag/query", dependencies=[allow("lightrag.ask")])
async def query(
    asked: QueryInput,
    request: Request,
    project: CurrentProject,
    user: CurrentUser,
    services: Services,
) -> AnswerView:
    """Answer a question from the project's records, each sentence with a quote, or say why not."""
    return await _answer(asked, request, project, user, services)


@router.post("/lightrag/search", dependencies=[allow("lightrag.ask")])
async def lightrag_search(
    asked: QueryInput,
    request: Request,
    project: CurrentProject,
    user: CurrentUser,
    services: Services,
) -> AnswerView:
    """The same as `POST /lightrag/query`."""
    return await _answer(asked, request, project, user, services)


@router.post("/search", dependencies=[allow("lightrag.ask")])
async def search(
    asked: QueryInput,
    request: Request,
    project: CurrentProject,
    user: CurrentUser,
    services: Services,
) -> AnswerView:
    """The same as `POST /lightrag/query`."""
    return await _answer(asked, request, project, user, services)


async def _answer(
    asked: QueryInput, request: Request, project: ProjectScope, user: User, services: Resources
) -> AnswerView:
    events = _measured(await _asking(asked, request, project, user, services), services)
    return AnswerView.of(await service.answered(events))


async def _asking(
    asked: QueryInput, request: Request, project: ProjectScope, user: User, services: Resources
) -> AsyncIterator[Event]:
    tools = Tools(
        database=services.get(Database),
        embedder=await services.get(Embedders).for_questions(services.get(Database), project.id),
        links=services.get(SourceLinks),
        chat=services.find(ChatModel),
    )
    actor = Actor(
        user_id=user.id,
        request_id=request.scope.get("request_id"),
        ip=request.client.host if request.client else None,
    )
    zone = ZoneInfo(project.time_zone)
    return service.asking(tools, project.id, asked.wish(), at=now(), zone=zone, actor=actor)


async def _measured(events: AsyncIterator[Event], services: Resources) -> AsyncIterator[Event]:
    """The same events; notes how the question ended, and after how long."""
    began = perf_counter()
    outcome = OUTCOME["error"]
    try:
        async for event in events:
            if isinstance(event, Done):
                outcome = OUTCOME[event.answer.status]
            yield event
    finally:
        services.get(RequestMeasures).observe_question(outcome, perf_counter() - began)


@router.post(
    "/lightrag/query/stream",
    dependencies=[allow("lightrag.ask")],
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Server-sent events: started, citations, sentence, table, done, failed.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        }
    },
)
async def query_stream(
    asked: QueryInput,
    request: Request,
    project: CurrentProject,
    user: CurrentUser,
    services: Services,
) -> StreamingResponse:
    """Answer as `POST /lightrag/query` does, in events as it comes; `done` holds the whole answer.

    Whoever closes the stream ends the work. A question that is none is refused before it begins.
    """
    service.check(asked.wish())
    events = _measured(await _asking(asked, request, project, user, services), services)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(
        _written(events, request), media_type="text/event-stream", headers=headers
    )


async def _written(events: AsyncIterator[Event], request: Request) -> AsyncIterator[str]:
    """Events as text; a comment when there was silence. The work ends with its reader."""
    pieces: asyncio.Queue[str | None] = asyncio.Queue()

    async def work() -> None:
        try:
            async for event in events:
                pieces.put_nowait(_piece(event))
        except AppError as error:
            said = problem(request, error.status, error.code, str(error)).body
            pieces.put_nowait(_event("failed", bytes(said).decode()))
        except Exception:
            said = problem(request, 500, "internal", "Something failed on our side.").body
            pieces.put_nowait(_event("failed", bytes(said).decode()))
            raise
        finally:
            pieces.put_nowait(None)

    task = asyncio.create_task(work())
    try:
        while True:
            try:
                piece = await asyncio.wait_for(pieces.get(), SENTINEL_OF_LIFE)
            except TimeoutError:
                yield ": alive\n\n"
                continue
            if piece is None:
                await task
                return
            yield piece
    finally:
        task.cancel()
        # The server cancels whoever waits here again and again, and with it what is kept at last.
        with anyio.CancelScope(shield=True), suppress(asyncio.CancelledError):
            await task


def _piece(event: Event) -> str:
    match event:
        case Started(id=answer_id):
            return _event("started", f'{{"id":"{answer_id}"}}')
        case Cited(citations=citations):
            views = [
                CitationView.model_validate(one, from_attributes=True).model_dump_json()
                for one in citations
            ]
            return _event("citations", f"[{','.join(views)}]")
        case Said(sentence=sentence):
            view = SentenceView.model_validate(sentence, from_attributes=True)
            return _event("sentence", view.model_dump_json())
        case Tabled(table=table):
            shown = TableView.model_validate(table, from_attributes=True)
            return _event("table", shown.model_dump_json())
        case Done(answer=answer):
            return _event("done", AnswerView.of(answer).model_dump_json())


def _event(name: str, data: str) -> str:
    return f"event: {name}\ndata: {data}\n\n"
