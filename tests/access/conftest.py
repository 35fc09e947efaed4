"""The house that these tests visit."""

from collections.abc import AsyncIterator

import pytest

from tests.house import House, opened_house


@pytest.fixture
async def house(dsn: str) -> AsyncIterator[House]:
    async with opened_house(dsn) as opened:
        yield opened
