"""What somebody asks for, and what they hear while it is answered."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from mayak.lightrag.model.answer import Answer, Citation, Mode, Sentence
from mayak.lightrag.model.language import Language, Locale
from mayak.lightrag.model.table import Table

SourceName = Literal["chatwoot", "linear", "attio"]
MOST_HISTORY = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """What a search is limited to; an empty one limits nothing."""

    sources: tuple[SourceName, ...] = ()
    clients: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    """As `type:external_id`, the way documents name whom they are about."""
    since: datetime | None = None
    until: datetime | None = None
    languages: tuple[Language, ...] = ()

    def as_asked(self) -> dict[str, Any]:
        """The limits that are set, as JSON."""
        limits = {
            "sources": list(self.sources),
            "clients": list(self.clients),
            "people": list(self.people),
            "since": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
            "languages": list(self.languages),
        }
        return {name: value for name, value in limits.items() if value}

    def __bool__(self) -> bool:
        return bool(self.as_asked())


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

    def stream(self, messages: Sequence[Mapping[str, str]]) -> AsyncIterator[str]:
        """The reply in pieces as it comes. Raises Upstream when the provider fails."""
        ...
