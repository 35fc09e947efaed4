"""What another site's page could make a browser send is refused."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.house import ADDRESS, PASSWORD, House, opened_house

pytestmark = pytest.mark.anyio

ANN = "ann@studio.example"
FRIEND = "https://friend.example"


@pytest.fixture
async def ann(dsn: str) -> AsyncIterator[httpx.AsyncClient]:
    """Ann's browser, in a house that lets pages of a friend call."""
    async with opened_house(dsn, cors_origin=FRIEND) as house:
        await house.add(ANN)
        yield await house.browser(ANN)


async def ask(client: httpx.AsyncClient, **headers: str) -> tuple[int, str | None]:
    answer = await client.patch("/auth/me", json={"locale": "en"}, headers=headers)
    return answer.status_code, answer.json().get("code")


async def test_the_header_that_our_page_sends_passes(ann: httpx.AsyncClient) -> None:
    assert await ask(ann) == (200, None)
    assert await ask(ann, origin=ADDRESS) == (200, None)


@pytest.mark.parametrize("token", ["", "x", "x" * 32, "é"])
async def test_a_missing_or_made_up_token_is_refused(ann: httpx.AsyncClient, token: str) -> None:
    given = {"x-csrf-token": token.encode()}
    answer = await ann.patch("/auth/me", json={"locale": "en"}, headers=given)  # type: ignore[arg-type]

    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_mismatch")


async def test_the_token_of_another_session_is_refused(house: House) -> None:
    await house.add(ANN)
    one, other = await house.browser(ANN), await house.browser(ANN)

    stolen = other.headers["x-csrf-token"]

    assert await ask(one, **{"x-csrf-token": stolen}) == (403, "csrf_mismatch")


async def test_the_prefix_for_browsers_opens_no_back_door(ann: httpx.AsyncClient) -> None:
    answer = await ann.patch("/api/auth/me", json={"locale": "en"}, headers={"x-csrf-token": "x"})

    assert answer.status_code == 403


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://mayak.test.evil.example",
        "http://mayak.test:81",
        "http://[::1",
        "mayak.test",
    ],
)
async def test_a_page_of_another_origin_is_refused_even_with_the_token(
    ann: httpx.AsyncClient, origin: str
) -> None:
    assert await ask(ann, origin=origin) == (403, "foreign_origin")


async def test_a_page_of_another_origin_cannot_log_anybody_in(house: House) -> None:
    await house.add(ANN)
    client = await house.stranger(origin="https://evil.example")

    answer = await client.post("/auth/login", json={"email": ANN, "password": PASSWORD})

    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")
    assert not answer.cookies


async def test_a_listed_origin_may_call_and_read(ann: httpx.AsyncClient) -> None:
    assert await ask(ann, origin=FRIEND) == (200, None)

    answer = await ann.get("/auth/session", headers={"origin": FRIEND})
    assert answer.headers["access-control-allow-origin"] == FRIEND
    assert answer.headers["access-control-allow-credentials"] == "true"


async def test_a_browser_asks_first_and_only_a_listed_origin_hears_yes(
    ann: httpx.AsyncClient,
) -> None:
    asks = {
        "access-control-request-method": "PATCH",
        "access-control-request-headers": "x-csrf-token",
    }

    friend = await ann.options("/auth/me", headers=asks | {"origin": FRIEND})
    foe = await ann.options("/auth/me", headers=asks | {"origin": "https://evil.example"})

    assert friend.status_code == 200
    assert friend.headers["access-control-allow-origin"] == FRIEND
    assert "access-control-allow-origin" not in foe.headers


async def test_reading_needs_no_token(ann: httpx.AsyncClient) -> None:
    ann.headers.pop("x-csrf-token")

    assert (await ann.get("/auth/session")).status_code == 200
