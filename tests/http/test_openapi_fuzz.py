"""Our OpenAPI document taken at its word: generated requests, answers held against it."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from mayak.entry.http import openapi_document
from mayak.entry.serving import bind, serving
from tests.conftest import fresh_database, new_project
from tests.house import opened_house

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
CHATWOOT = {
    "chatwoot_base_url": "http://127.0.0.1:1",
    "chatwoot_api_token": "not a token",
    "chatwoot_account_id": 1,
}
"""Nobody asks it: there is no worker."""
ENDS_THE_SESSION = "/auth/logout"

schema = schemathesis.openapi.from_dict(openapi_document()).exclude(path=ENDS_THE_SESSION)


@dataclass(frozen=True, slots=True)
class Served:
    """A server in a thread of this process, and the session of an owner on a project."""

    url: str
    cookies: dict[str, str]
    headers: dict[str, str]


@pytest.fixture(scope="module")
def served(server: str, template: str) -> Iterator[Served]:
    ready, over = threading.Event(), asyncio.Event()
    found: list[tuple[asyncio.AbstractEventLoop, Served]] = []

    async def serve(dsn: str) -> None:
        bound = bind("127.0.0.1", 0)
        async with opened_house(dsn, **CHATWOOT) as house, serving(house.app, bound):
            project = await new_project(house.parts.database, "Northwind")
            await house.add("root@studio.example", "owner")
            browser = await house.browser("root@studio.example", project)
            url = f"http://127.0.0.1:{bound.getsockname()[1]}"
            headers = {"x-csrf-token": browser.headers["x-csrf-token"]}
            session = Served(url, dict(browser.cookies), headers)
            found.append((asyncio.get_running_loop(), session))
            ready.set()
            await over.wait()

    with fresh_database(server, template) as dsn:
        thread = threading.Thread(target=lambda: asyncio.run(serve(dsn)))
        thread.start()
        assert ready.wait(60)
        loop, session = found[0]
        yield session
        loop.call_soon_threadsafe(over.set)
        thread.join(60)


@schema.parametrize()
@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_answers_are_what_the_document_says(case: schemathesis.Case[Any], served: Served) -> None:
    case.call_and_validate(
        base_url=served.url, cookies=served.cookies, headers=served.headers, checks=CHECKS
    )
