"""An embedder that computes the vector of a text once, even over several runs."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import numpy as np

from mayak.errors import InvalidInput
from mayak.lightrag.model.embedder import Embedder, Vector, Vectors


class Remembering:
    """As the embedder it stands before. Questions and passages are remembered apart."""

    def __init__(self, embedder: Embedder, file: Path | None = None) -> None:
        """`file` is read now if it is there, and written by `save`. Raises InvalidInput when it
        holds something else.
        """
        self._embedder = embedder
        self._file = file
        self._known: dict[str, Vector] = {}
        if file is not None and file.exists():
            try:
                with np.load(file, allow_pickle=False) as stored:
                    self._known = dict(zip(stored["keys"], stored["vectors"], strict=True))
            except (OSError, ValueError, KeyError) as error:
                raise InvalidInput("cache", f"{file}: no vectors of ours: {error}") from error
        self.provider = embedder.provider
        self.model = embedder.model
        self.space = embedder.space
        self.resting = embedder.resting
        self.batch = embedder.batch
        self.at_once = embedder.at_once
        self.remote = embedder.remote

    @property
    def dimensions(self) -> int | None:
        return self._embedder.dimensions

    async def passages(self, texts: Sequence[str]) -> Vectors:
        return await self._remembered("passage", texts, self._embedder.passages)

    async def sentences(self, texts: Sequence[str]) -> Vectors:
        return await self._embedder.sentences(texts)

    async def query(self, text: str) -> Vector:
        async def one(texts: Sequence[str]) -> Vectors:
            return np.stack([await self._embedder.query(texts[0])])

        made = await self._remembered("query", [text], one)
        first: Vector = made[0]
        return first

    def save(self) -> None:
        if self._file is not None and self._known:
            keys, vectors = np.array(list(self._known)), np.stack([*self._known.values()])
            with self._file.open("wb") as file:
                np.savez(file, keys=keys, vectors=vectors)

    async def _remembered(
        self, side: str, texts: Sequence[str], make: Callable[[Sequence[str]], Awaitable[Vectors]]
    ) -> Vectors:
        keys = [self._key(side, text) for text in texts]
        new = [text for key, text in zip(keys, texts, strict=True) if key not in self._known]
        if new:
            made = await make(new)
            self._known |= {
                self._key(side, text): vector for text, vector in zip(new, made, strict=True)
            }
        return np.stack([self._known[key] for key in keys])

    def _key(self, side: str, text: str) -> str:
        return hashlib.sha256(f"{self.space}\n{side}\n{text}".encode()).hexdigest()
