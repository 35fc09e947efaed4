"""Chunks get their vectors, in batches that are saved as they come."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np

from mayak.errors import Upstream
from mayak.lightrag.model.embedder import Embedder, Vector
from mayak.lightrag.queries import embedding as queries
from mayak.lightrag.queries import sets
from mayak.platform.db import Conn

PROBE = "ok"
"""What a healthy provider embeds without complaint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Chunks this worker holds as `processing`."""

    chunks: list[queries.Claimed]
    vectors: dict[UUID, Vector] = field(default_factory=dict)
    failures: dict[UUID, str] = field(default_factory=dict)


async def prepare(conn: Conn, project_id: UUID, embedder: Embedder) -> UUID:
    """The set that is filled, made active if it is not; puts back in line what a dead worker
    left.
    """
    await sets.lock_sets(conn, project_id)
    known = await sets.sets(conn, project_id)
    active = next((one for one in known if one.status == "active"), None)
    wanted = next((one.id for one in known if one.space == embedder.space), None)
    if wanted is None:
        status: sets.Status = "active" if active is None else "building"
        wanted = await sets.add_set(conn, project_id, embedder, status=status)
    if active is not None and active.id != wanted:
        await sets.switch(conn, project_id, leave=active.id, to=wanted)
    await queries.return_abandoned(conn, project_id)
    return wanted


async def reuse(conn: Conn, project_id: UUID, set_id: UUID) -> int:
    """Serve waiting chunks whose very text has a vector already. How many were served."""
    return await queries.reuse_vectors(conn, project_id, set_id=set_id)


async def claim(
    conn: Conn, project_id: UUID, embedder: Embedder, *, set_aside: Sequence[UUID]
) -> Batch | None:
    """The next chunks to embed; None when nothing is left.

    Those that failed or killed a worker before come last and one by one, so that they cannot
    drag others down with them.
    """
    for tried_before, limit in ((False, embedder.batch), (True, 1)):
        chunks = await queries.claim(
            conn, project_id, limit=limit, tried_before=tried_before, set_aside=set_aside
        )
        if chunks:
            return Batch(chunks=chunks)
    return None


async def embed(embedder: Embedder, batch: Batch) -> None:
    """Fill in the vectors of a batch, and why some have none. Needs no transaction.

    Raises what the embedder raises when it, not a text, is at fault.
    """
    texts: dict[bytes, list[queries.Claimed]] = {}
    for chunk in batch.chunks:
        texts.setdefault(chunk.text_hash, []).append(chunk)
    groups = list(texts.values())
    results = await _bisect(embedder, [group[0].text for group in groups])
    for group, result in zip(groups, results, strict=True):
        for chunk in group:
            if isinstance(result, str):
                batch.failures[chunk.id] = result
            else:
                batch.vectors[chunk.id] = result


async def store(conn: Conn, project_id: UUID, set_id: UUID, batch: Batch) -> None:
    made = {chunk.text_hash: chunk for chunk in batch.chunks if chunk.id in batch.vectors}
    if made:
        vectors = np.stack([batch.vectors[chunk.id] for chunk in made.values()])
        await queries.store_vectors(conn, project_id, list(made.values()), vectors, set_id=set_id)
    if batch.failures:
        await queries.store_failures(conn, project_id, list(batch.failures.items()))


async def give_back(conn: Conn, project_id: UUID, batch: Batch) -> None:
    """Return a batch unharmed, because not its texts are at fault. Needs no lease."""
    await queries.give_back(conn, project_id, batch.chunks)


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
    if isinstance(error, Upstream) and error.kind not in ("rejected", "schema", "server"):
        return False
    try:
        await embedder.passages([PROBE])
    except Exception:  # noqa: BLE001  # whatever is wrong, it is wrong with a healthy text too
        return False
    return True
