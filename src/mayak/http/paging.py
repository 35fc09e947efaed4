"""Lists in pages, {items, next_cursor}. A cursor stays good while rows come and go."""

import base64
import binascii
from datetime import UTC, datetime
from typing import Generic, TypeVar
from uuid import UUID

import orjson
from pydantic import BaseModel

from mayak.errors import InvalidInput

Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    items: list[Item]
    next_cursor: str | None


def encode_cursor(*parts: str) -> str:
    """A cursor that holds these parts of the last row's key."""
    return base64.urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")


def decode_cursor(text: str) -> list[str]:
    """The parts of a cursor. Raises InvalidInput for one that we did not make."""
    try:
        parts = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError) as error:
        raise InvalidInput("cursor", "this is not a cursor of ours") from error
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise InvalidInput("cursor", "this is not a cursor of ours")
    return parts


def encode_moment(at: datetime, row_id: UUID) -> str:
    """The cursor of a list that is ordered by an instant and an id."""
    return encode_cursor(at.isoformat(), str(row_id))


def decode_moment(text: str | None) -> tuple[datetime, UUID] | None:
    """The instant and id of such a cursor; None without one. Raises InvalidInput."""
    if not text:
        return None
    try:
        at, row_id = decode_cursor(text)
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError("no zone")  # noqa: TRY301
        # In UTC, because PostgreSQL knows fewer offsets than Python.
        return moment.astimezone(UTC), UUID(row_id)
    except (ValueError, OverflowError) as error:
        raise InvalidInput("cursor", "this is not a cursor of ours") from error
