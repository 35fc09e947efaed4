"""The house that these tests visit."""

from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest

from tests.conftest import fresh_database, new_project
from tests.house import House, opened_house


@pytest.fixture
async def house(dsn: str) -> AsyncIterator[House]:
    async with opened_house(dsn) as opened:
        yield opened


@pytest.fixture(scope="module")
async def hall(server: str, template: str) -> AsyncIterator[House]:
    """A house that all tests of a file share, for tests that leave nothing behind."""
    with fresh_database(server, template) as dsn:
        async with opened_house(dsn) as opened:
            yield opened


@pytest.fixture(scope="module")
async def owner(hall: House) -> httpx.AsyncClient:
    """An owner of the hall, on a project."""
    project: UUID = await new_project(hall.parts.database, "Northwind")
    await hall.add("root@studio.example", "owner")
    return await hall.browser("root@studio.example", project)
