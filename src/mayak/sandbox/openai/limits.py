"""Requests and tokens a minute, refilled evenly, and the headers that tell what is left."""

import math
from dataclasses import dataclass

MINUTE = 60.0


@dataclass(slots=True, kw_only=True)
class Bucket:
    """Mutable. Full at first."""

    per_minute: int
    left: float
    at: float

    def refill(self, at: float) -> None:
        gained = max(at - self.at, 0.0) / MINUTE * self.per_minute
        self.left, self.at = min(self.left + gained, float(self.per_minute)), at

    @property
    def reset(self) -> float:
        """Seconds until it is full again."""
        return (self.per_minute - self.left) / self.per_minute * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a key has left, and, when refused, of what it asked too much."""

    requests: Bucket
    tokens: Bucket
    over: str | None
    """`requests` or `tokens`."""
    wait: float
    """Seconds after which the refused request would pass."""

    def headers(self) -> dict[str, str]:
        told = {
            "x-ratelimit-limit-requests": str(self.requests.per_minute),
            "x-ratelimit-limit-tokens": str(self.tokens.per_minute),
            "x-ratelimit-remaining-requests": str(max(int(self.requests.left), 0)),
            "x-ratelimit-remaining-tokens": str(max(int(self.tokens.left), 0)),
            "x-ratelimit-reset-requests": duration(self.requests.reset),
            "x-ratelimit-reset-tokens": duration(self.tokens.reset),
        }
        if self.over:
            told["retry-after"] = str(math.ceil(self.wait))
            told["retry-after-ms"] = str(math.ceil(self.wait * 1000))
        return told


class Limits:
    """The buckets of every key and operation."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str, int], Bucket] = {}

    def spend(
        self, key: str, tokens: int, *, requests_per_minute: int, tokens_per_minute: int, at: float
    ) -> Standing:
        """Count one request, also when it is refused: whoever hammers stays locked out."""
        requests = self._bucket(key, "requests", requests_per_minute, at)
        available = self._bucket(key, "tokens", tokens_per_minute, at)
        over, wait = None, 0.0
        if requests.left < 1:
            over, wait = "requests", (1 - requests.left) / requests_per_minute * MINUTE
        elif available.left < min(tokens, tokens_per_minute):
            missing = min(tokens, tokens_per_minute) - available.left
            over, wait = "tokens", missing / tokens_per_minute * MINUTE
        else:
            available.left -= tokens
        requests.left = max(requests.left - 1, 0.0)
        return Standing(requests=requests, tokens=available, over=over, wait=wait)

    def _bucket(self, key: str, what: str, per_minute: int, at: float) -> Bucket:
        found = self._buckets.setdefault(
            (key, what, per_minute), Bucket(per_minute=per_minute, left=float(per_minute), at=at)
        )
        found.refill(at)
        return found


def duration(seconds: float) -> str:
    """As the headers write it: `20ms`, `1.5s`, `6m0s`."""
    if seconds < 1:
        return f"{math.ceil(seconds * 1000)}ms"
    minutes, rest = divmod(seconds, MINUTE)
    said = f"{rest:.3f}".rstrip("0").rstrip(".")
    return f"{int(minutes)}m{said}s" if minutes else f"{said}s"
