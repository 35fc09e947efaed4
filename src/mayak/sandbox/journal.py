"""What was asked of the local servers, call by call, so that tests can count and compare."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

LENGTH = 20_000
"""Rows kept; a demo that polls for weeks must not grow for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    seq: int
    at: datetime
    service: str
    op: str
    """Name of the operation, such as `conversations.list`; `webhook` for what we sent."""
    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    """Query and path parameters as they came, lists where a name was repeated."""
    status: int
    """0 when no answer was given: dropped, never answered, or a webhook nobody took."""
    faults: tuple[str, ...] = ()
    """Kinds of the faults that were applied."""

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "at": self.at.isoformat(), "faults": list(self.faults)}


class Journal:
    """The latest calls, oldest first."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=LENGTH)
        self._seq = 0

    def __iter__(self) -> Iterator[Call]:
        return iter(tuple(self._calls))

    def __len__(self) -> int:
        return len(self._calls)

    def write(self, **fields: Any) -> Call:
        """Append a row; `fields` are those of `Call` but seq."""
        self._seq += 1
        call = Call(seq=self._seq, **fields)
        self._calls.append(call)
        return call

    def calls(
        self, op: str | None = None, *, service: str | None = None, after: int = 0
    ) -> list[Call]:
        """Rows with seq > `after`, of one operation or service when named."""
        return [
            call
            for call in self._calls
            if call.seq > after
            and (op is None or call.op == op)
            and (service is None or call.service == service)
        ]

    def clear(self) -> None:
        """Forget the rows; numbering goes on."""
        self._calls.clear()
