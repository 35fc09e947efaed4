"""What turns texts into vectors, as the rest of LightRAG sees it."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
"""Shape (texts, dimensions), each row of length 1."""
Vector = npt.NDArray[np.float32]
"""Shape (dimensions,), of length 1."""


class Embedder(Protocol):
    @property
    def provider(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def space(self) -> str:
        """The name `embedding_sets.space` keeps; vectors of two spaces are never compared."""
        ...

    @property
    def dimensions(self) -> int | None:
        """None until a provider that does not say has answered once."""
        ...

    @property
    def resting(self) -> float | None:
        """The cosine of texts that have nothing to do with each other; None when not known.

        Models differ: near 0.78 in one, near 0.1 in another.
        """
        ...

    @property
    def batch(self) -> int:
        """How many texts to send at once: few where it is slow, so that work is saved often."""
        ...

    @property
    def at_once(self) -> int:
        """How many such batches to have on their way, so that it never waits for us."""
        ...

    @property
    def remote(self) -> bool:
        """Whether a network lies between: it may be down, and nobody waits for it long."""
        ...

    async def passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of texts to be found. Raises Upstream when the provider fails,
        UpstreamRejected when it refuses: of kind rejected or schema if the texts may be at fault.
        """
        ...

    async def sentences(self, texts: Sequence[str]) -> Vectors:
        """As `passages`, for somebody who waits: ahead of batches where there is a queue."""
        ...

    async def query(self, text: str) -> Vector:
        """The vector of a question. Raises as `passages` does."""
        ...
