"""What a connector is: a stateless reader of one SaaS, one page at a time.

State (checkpoints, retries, quarantine, tombstones) belongs to `sync`, which drives every
connector the same way. A connector holds credentials and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

Checkpoint = Mapping[str, Any]
"""Where a pull resumes, as a JSON object that only the connector understands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One thing of the source, checked and in our own vocabulary."""

    kind: str
    external_id: str
    payload: Mapping[str, Any]
    """All the source said, unknown fields included; without NUL characters and without secrets."""
    content_hash: bytes
    """Differs exactly when the meaning does: fields that move by themselves are left out."""
    fields: Mapping[str, object] = field(default_factory=dict)
    """The typed columns of the mirror, by name."""
    deleted: bool = False
    """The source says that this is a tombstone."""
    parts: tuple["Record", ...] = ()
    """Records that live inside of this one, such as the attachments of a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """One thing of the source that did not fit; the rest of its page goes on."""

    kind: str
    external_id: str | None
    """None when not even the id could be read."""
    reason: str
    payload: Any
    parent_id: str | None = None
    """What has to be read again to get this record, such as the conversation of a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    records: list[Record]
    checkpoint: Checkpoint
    """Where the next pull resumes; of no meaning when `complete`."""
    complete: bool
    rejected: list[Rejected] = field(default_factory=list)
    total: int | None = None
    """How many records the source says the whole listing has; None when it does not say."""
    window: tuple[int, int] | None = None
    """Ids from the first up to but not including the second are proven to be all in this page."""
    observed_at: datetime | None = None
    """The source's own clock when it answered; None when it did not say."""


class Connector(Protocol):
    @property
    def name(self) -> str: ...

    async def pull(self, stream: str, checkpoint: Checkpoint) -> Page:
        """Read one page of a stream at `checkpoint`; an empty one starts from the beginning.

        Raises Upstream if the source failed, UpstreamRejected if it refused us. It never
        retries: whoever called decides whether and when to come back.
        """
        ...
