"""What a service tells us by itself: that something changed, and what to read again.

Deliveries may come late, twice, in any order or never. They are hints: nothing of their content
is kept, the record is read again by its id.
"""

from dataclasses import dataclass

from mayak.errors import AppError


class BadSignature(AppError):
    """The body was not signed with our secret: whoever sent it, it says nothing."""

    status = 401
    code = "bad_signature"
    message = "The signature does not fit the body."


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    stream: str
    external_id: str
    deleted: bool = False
    """The source says that the record is gone; reading it again is still the proof."""
    replaces: str | None = None
    """The id under which the same thing was known until now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    id: str
    """The same for every attempt to deliver the same thing."""
    changes: tuple[Change, ...] = ()
    """Empty for what we do not mirror."""
    stale: bool = False
    """Signed well but long ago, so that it may be a replay: good enough for reading again."""
