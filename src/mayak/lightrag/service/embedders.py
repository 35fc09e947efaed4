"""Who can make vectors of which space, and who does for a question just now."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from mayak.errors import Upstream
from mayak.kit import clock
from mayak.lightrag.model.embedder import Embedder, Vector, Vectors
from mayak.lightrag.model.sets import EmbeddingSet
from mayak.lightrag.queries import sets as queries
from mayak.lightrag.service import sets
from mayak.platform.db import Database

PATIENCE = timedelta(seconds=5)
Made = TypeVar("Made")

Maker = Callable[[EmbeddingSet], Embedder | None]
"""The embedder of a set's space, or None when it is not its own."""


class Embedders:
    """The configured embedder, and those that serve sets of other spaces."""

    def __init__(self, wanted: Embedder, *makers: Maker, patience: timedelta = PATIENCE) -> None:
        """`patience` is how long a question waits for an embedder behind a network."""
        self.wanted = wanted
        self._makers = makers
        self._patience = patience
        self._made: dict[str, Embedder] = {wanted.space: wanted}

    def of(self, kept: EmbeddingSet) -> Embedder | None:
        """Who embeds into the space of this set; None when this installation has nobody."""
        for make in self._makers:
            if kept.space in self._made:
                break
            made = make(kept)
            if made is not None and made.space == kept.space:
                self._made[kept.space] = made
        return self._made.get(kept.space)

    async def for_questions(self, database: Database, project_id: UUID) -> "QuestionEmbedder":
        """The embedder of the active set, made for somebody who waits."""
        async with database.transaction(project_id) as conn:
            active = (await sets.standing(conn, project_id)).active
        embedder = self.wanted if active is None else self.of(active)
        return QuestionEmbedder(database, project_id, active, embedder, self._patience)


class QuestionEmbedder:
    """An Embedder that gives up soon, and at once while its provider is known to be down.

    What it meets is remembered for all: a failure keeps others from waiting for it too, a success
    ends an outage.
    """

    batch = 1
    at_once = 1

    def __init__(
        self,
        database: Database,
        project_id: UUID,
        active: EmbeddingSet | None,
        embedder: Embedder | None,
        patience: timedelta,
    ) -> None:
        self._database = database
        self._project = project_id
        self._active = active
        self._embedder = embedder
        self._patience = patience
        told: EmbeddingSet | Embedder | None = active or embedder
        assert told is not None
        self.provider = told.provider
        self.model = told.model
        self.space = told.space
        self.dimensions = told.dimensions
        self.remote = embedder is not None and embedder.remote
        self.resting = embedder.resting if embedder else None

    async def passages(self, texts: Sequence[str]) -> Vectors:
        return await self._met(lambda embedder: embedder.passages(texts))

    async def sentences(self, texts: Sequence[str]) -> Vectors:
        return await self._met(lambda embedder: embedder.sentences(texts))

    async def query(self, text: str) -> Vector:
        return await self._met(lambda embedder: embedder.query(text))

    async def _met(self, ask: Callable[[Embedder], Awaitable[Made]]) -> Made:
        """Raises Upstream when nobody can embed, now or at all."""
        embedder, outage = self._embedder, self._active.outage if self._active else None
        if embedder is None:
            raise Upstream(self.space, "its provider is not configured", kind="not_found")
        if not embedder.remote:
            return await ask(embedder)
        if outage is not None and outage.open(clock.now()):
            raise Upstream(self.space, outage.cause, kind=outage.kind)
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                made = await ask(embedder)
        except TimeoutError as error:
            seconds = self._patience.total_seconds()
            slow = Upstream(self.space, f"no answer within {seconds:g} s", kind="network")
            await self._note(slow)
            raise slow from error
        except Upstream as error:
            if error.kind not in ("rejected", "schema"):  # those are about the text
                await self._note(error)
            raise
        if outage is not None:
            async with self._database.transaction(self._project) as conn:
                await queries.note_success(conn, self._project, self._active_id())
        return made

    async def _note(self, error: Upstream) -> None:
        if self._active is not None:
            async with self._database.transaction(self._project) as conn:
                await sets.note_failure(conn, self._project, self._active, error)

    def _active_id(self) -> UUID:
        assert self._active is not None
        return self._active.id
