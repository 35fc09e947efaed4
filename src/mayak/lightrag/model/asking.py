"""What somebody asks for, and what they hear while it is answered."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from mayak.lightrag.model.answer import Answer, Citation, Mode, Sentence
from mayak.lightrag.model.language import Locale
from mayak.lightrag.model.narrowing import Narrowing
from mayak.lightrag.model.table import Table

MOST_HISTORY = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    question: str
    locale: Locale | None = None
    """Of the words around quotes; None: that of the question."""
    mode: Mode = "mix"
    narrowing: Narrowing = field(default_factory=Narrowing)
    history: tuple[str, ...] = ()
    """Earlier questions, the oldest first."""
    explain: bool = False


@dataclass(frozen=True, slots=True)
class Started:
    id: UUID


@dataclass(frozen=True, slots=True)
class Cited:
    """All that a sentence may refer to."""

    citations: Sequence[Citation]


@dataclass(frozen=True, slots=True)
class Said:
    sentence: Sentence


@dataclass(frozen=True, slots=True)
class Tabled:
    table: Table


@dataclass(frozen=True, slots=True)
class Done:
    answer: Answer


Event = Started | Cited | Said | Tabled | Done


class ChatModel(Protocol):
    """What writes sentences from numbered quotes."""

    @property
    def model(self) -> str: ...

    def stream(self, messages: Sequence[Mapping[str, str]]) -> AsyncGenerator[str, None]:
        """The reply in pieces as it comes; who stops early closes it. Raises Upstream when the
        provider fails.
        """
        ...
