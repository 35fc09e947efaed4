"""Texts get their vectors: what is claimed, sent, kept, or set aside.

A line is a set that is filled. Chunks of the active set wait in `rag_chunks`; a set that is built
beside it lacks texts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

import numpy as np

from mayak.errors import Upstream
from mayak.lightrag.model.embedder import Embedder, Vector
from mayak.lightrag.model.sets import SetStatus
from mayak.lightrag.queries import building, sets
from mayak.lightrag.queries import embedding as queries
from mayak.platform.db import Conn

PROBE = "ok"
"""What a healthy provider embeds without complaint."""
MAY_BE_A_TEXT = frozenset({"rejected", "schema", "server", "network"})
"""Failures that a text can cause: of the network, one that takes too long or ends the server."""


class SetMoved(Exception):
    """The set that is filled became another kind of set, or is gone: look again which there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Texts this worker holds."""

    claimed: list[queries.Claimed]
    vectors: dict[bytes, Vector] = field(default_factory=dict)
    failures: dict[bytes, str] = field(default_factory=dict)

    def texts(self) -> dict[bytes, queries.Claimed]:
        """Each text once."""
        return {one.text_hash: one for one in self.claimed}

    def refused(self) -> list[queries.Claimed]:
        return [one for one in self.claimed if one.text_hash in self.failures]


class Line(Protocol):
    """A set that is filled. Every method but `give_back` raises SetMoved when it is no longer of
    the kind that it was.
    """

    async def claim(self, conn: Conn, limit: int) -> Batch | None:
        """The next texts to embed; None when there is none now.

        Those that failed or killed workers before come last and one by one, so that they cannot
        drag others down with them.
        """
        ...

    async def store(self, conn: Conn, batch: Batch) -> tuple[int, int]:
        """Keep what came out of a batch. How many chunks or texts are done, and how many failed."""
        ...

    async def give_back(self, conn: Conn, batches: Iterable[Batch]) -> None:
        """Return batches unharmed, because not their texts are at fault. Needs no lease."""
        ...


class ActiveLine:
    """Chunks without a vector in the active set."""

    def __init__(self, project_id: UUID, set_id: UUID) -> None:
        self._project = project_id
        self._set = set_id
        self._set_aside: list[UUID] = []

    async def claim(self, conn: Conn, limit: int) -> Batch | None:
        await _hold(conn, self._project, self._set, "active")
        for turn, most in ((0, limit), (1, limit), (2, 1)):
            chunks = await queries.claim(
                conn, self._project, limit=most, turn=turn, set_aside=self._set_aside
            )
            if chunks:
                return Batch(claimed=chunks)
        return None

    async def store(self, conn: Conn, batch: Batch) -> tuple[int, int]:
        await _hold(conn, self._project, self._set, "active")
        done = 0
        if batch.vectors:
            await _keep(conn, self._project, self._set, batch)
            done = await queries.mark_ready(conn, self._project, list(batch.vectors))
        failures = [
            (one.id, batch.failures[one.text_hash]) for one in batch.refused() if one.id is not None
        ]
        if failures:
            await queries.store_failures(conn, self._project, failures)
            self._set_aside += [id_ for id_, _ in failures]
        return done, len(failures)

    async def give_back(self, conn: Conn, batches: Iterable[Batch]) -> None:
        claimed = [one for batch in batches for one in batch.claimed]
        await queries.give_back(conn, self._project, claimed)


class BuildingLine:
    """Texts without a vector in the set that is built."""

    def __init__(self, project_id: UUID, set_id: UUID) -> None:
        self._project = project_id
        self._set = set_id
        self._after = b""
        self._began: datetime | None = None

    async def claim(self, conn: Conn, limit: int) -> Batch | None:
        await _hold(conn, self._project, self._set, "building")
        # What this line sent itself is on its way, or failed and has to wait for the next run.
        began = self._began = self._began or await building.moment(conn)
        texts = await building.claim_untried(
            conn, self._project, self._set, after=self._after, limit=limit
        )
        if texts:
            self._after = max(text.text_hash for text in texts)
            return Batch(claimed=texts)
        self._after = b""  # what came meanwhile may stand before
        for alone, most in ((False, limit), (True, 1)):
            texts = await building.claim_tried(
                conn, self._project, self._set, alone=alone, limit=most, before=began
            )
            if texts:
                return Batch(claimed=texts)
        return None

    async def store(self, conn: Conn, batch: Batch) -> tuple[int, int]:
        await _hold(conn, self._project, self._set, "building")
        if batch.vectors:
            await _keep(conn, self._project, self._set, batch)
            await building.forget_tried(conn, self._project, self._set, list(batch.vectors))
        if batch.failures:
            failures = list(batch.failures.items())
            await building.note_errors(conn, self._project, self._set, failures)
        return len(batch.vectors), len(batch.failures)

    async def give_back(self, conn: Conn, batches: Iterable[Batch]) -> None:
        claimed = [one for batch in batches for one in batch.claimed]
        await building.untry(conn, self._project, self._set, claimed)


async def _hold(conn: Conn, project_id: UUID, set_id: UUID, status: SetStatus) -> None:
    if await sets.hold_set(conn, project_id, set_id) != status:
        raise SetMoved


async def _keep(conn: Conn, project_id: UUID, set_id: UUID, batch: Batch) -> None:
    texts = [one for hash_, one in batch.texts().items() if hash_ in batch.vectors]
    made = np.stack([batch.vectors[one.text_hash] for one in texts])
    await queries.store_vectors(conn, project_id, texts, made, set_id=set_id)
    await sets.know_dimensions(conn, project_id, set_id, made.shape[1])


async def embed(embedder: Embedder, batch: Batch) -> None:
    """Fill in the vectors of a batch, and why some have none. Needs no transaction.

    Raises what the embedder raises when it, not a text, is at fault.
    """
    texts = batch.texts()
    results = await _bisect(embedder, [one.text for one in texts.values()])
    for hash_, result in zip(texts, results, strict=True):
        if isinstance(result, str):
            batch.failures[hash_] = result
        else:
            batch.vectors[hash_] = result


async def _bisect(embedder: Embedder, texts: Sequence[str]) -> list[Vector | str]:
    """A vector per text, or the reason it has none."""
    try:
        return list(await embedder.passages(texts))
    except Exception as error:  # a text that meets a bug must not hold up the others
        if not await _blames_a_text(embedder, error):
            raise
        if len(texts) == 1:
            return [str(error) if isinstance(error, Upstream) else repr(error)]
    half = len(texts) // 2
    return [*await _bisect(embedder, texts[:half]), *await _bisect(embedder, texts[half:])]


async def _blames_a_text(embedder: Embedder, error: Exception) -> bool:
    if isinstance(error, Upstream) and error.kind not in MAY_BE_A_TEXT:
        return False
    try:
        await embedder.passages([PROBE])
    except Exception:  # noqa: BLE001  # whatever is wrong, it is wrong with a healthy text too
        return False
    return True
