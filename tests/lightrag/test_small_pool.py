"""With one connection for everybody, no request waits for a second one."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from mayak.platform.db import Database
from tests.lightrag.test_api import ask, client, role

pytestmark = [pytest.mark.anyio, pytest.mark.database]
__all__ = ["client", "role"]


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    async with Database(dsn, size=1, patience=timedelta(seconds=2)) as opened:
        yield opened


async def test_runs_are_listed_with_the_names_of_their_askers(client: httpx.AsyncClient) -> None:
    asked = await ask(client)

    listed = await client.get("/lightrag/runs")

    assert listed.status_code == 200, listed.text
    [run] = listed.json()["items"]
    assert (run["id"], run["user"]) == (asked["id"], None)
    assert run["user_id"] is not None
