"""What of history can be read again, and in which slices."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mayak.errors import InvalidInput
from mayak.sync.model.streams import STREAMS, TITLES, Connector, StreamType

SLICE = timedelta(days=7)
"""How much of what changed at Linear is asked for at once."""
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""None of the services is as old."""
FILLED: Mapping[Connector, tuple[str, ...]] = {
    "chatwoot": ("contacts", "conversations", "messages"),
    "linear": ("projects", "customers", "issues", "comments"),
    "attio": ("companies", "deals", "people", "notes", "tasks"),
}
"""Streams with a history; every sync reads the others whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From the first instant up to the second, which is not in it."""

    start: datetime
    end: datetime

    def holds(self, at: object) -> bool:
        """Whether something of that time is in it; what has no time is."""
        return not isinstance(at, datetime) or self.start <= at < self.end

    def meets(self, first: object, last: object) -> bool:
        """Whether something that lasted from `first` to `last` reaches into it."""
        begun = not isinstance(first, datetime) or first < self.end
        return begun and (not isinstance(last, datetime) or last >= self.start)

    def slices(self) -> Iterator["Span"]:
        """Parts of SLICE at most, the newest first."""
        end = self.end
        while end > self.start:
            start = max(self.start, end - SLICE)
            yield Span(start=start, end=end)
            end = start


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody wants to have read again."""

    connector: Connector
    span: Span
    streams: tuple[StreamType, ...]
    """In the order in which they are read: each needs what the ones before it wrote."""

    @classmethod
    def of(cls, payload: Mapping[str, object]) -> "Wanted":
        """From the payload of a run: connector, from, to, and streams if not all of them.

        Raises InvalidInput for what makes no sense.
        """
        connector = next((one for one in STREAMS if one == payload.get("connector")), None)
        if connector is None:
            raise InvalidInput("connector", f"one of {', '.join(STREAMS)} is needed")
        start, end = _instant(payload, "from"), _instant(payload, "to")
        if not EARLIEST <= start < end:
            raise InvalidInput("from", "it has to be before `to`, and not before the year 2000")
        asked = payload.get("streams")
        names = [str(one) for one in asked] if isinstance(asked, list) else FILLED[connector]
        for name in names:
            if name not in FILLED[connector]:
                reason = f"of {TITLES[connector]}, {', '.join(FILLED[connector])} have a history"
                raise InvalidInput("streams", f"{name} has none; {reason}")
        streams = tuple(one for one in STREAMS[connector] if one.name in names)
        return cls(connector=connector, span=Span(start=start, end=end), streams=streams)

    def payload(self) -> dict[str, object]:
        """The same for the same wish, whoever has it: two of them are one run."""
        return {
            "connector": self.connector,
            "from": self.span.start.astimezone(UTC).isoformat(),
            "to": self.span.end.astimezone(UTC).isoformat(),
            "streams": [one.name for one in self.streams],
        }


def _instant(payload: Mapping[str, object], name: str) -> datetime:
    try:
        at = datetime.fromisoformat(str(payload.get(name)))
    except ValueError:
        raise InvalidInput(name, "a date and time with its zone is needed") from None
    if at.tzinfo is None:
        raise InvalidInput(name, "it needs a time zone")
    return at
