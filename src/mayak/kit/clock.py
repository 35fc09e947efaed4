"""Time, read in one place. Rules take `at=`; only edges ask the clock."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)
