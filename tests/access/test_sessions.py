"""Logging in, staying in, and being out again."""

import asyncio
from datetime import timedelta
from http.cookies import Morsel, SimpleCookie
from uuid import UUID

import httpx
import pytest

from mayak.access.model import csrf_token, login_locks, login_wait, token_hash
from mayak.platform.db import execute, fetch_value, fetch_values
from tests.house import PASSWORD, House, opened_house

pytestmark = pytest.mark.anyio

ANN = "ann@studio.example"


async def attempt(house: House, email: str, password: str) -> httpx.Response:
    client = await house.stranger()
    return await client.post("/auth/login", json={"email": email, "password": password})


def cookies(answer: httpx.Response) -> dict[str, Morsel[str]]:
    jar = SimpleCookie()
    for line in answer.headers.get_list("set-cookie"):
        jar.load(line)
    return dict(jar)


async def change(house: House, statement: str) -> None:
    async with house.parts.database.system_transaction() as conn:
        await execute(conn, statement)


async def test_the_right_password_opens_a_session(house: House) -> None:
    user = await house.add(ANN)

    answer = await attempt(house, f"  {ANN.upper()} ", PASSWORD)

    view = answer.json()
    assert answer.status_code == 200
    assert (view["user"]["id"], view["user"]["email"]) == (str(user.id), ANN)
    assert view["project"] is None
    assert "password" not in answer.text


async def test_a_wrong_password_and_an_unknown_user_get_the_same_answer(house: House) -> None:
    await house.add(ANN)

    wrong = await attempt(house, ANN, "not her password")
    unknown = await attempt(house, "bob@studio.example", PASSWORD)

    assert wrong.status_code == unknown.status_code == 401
    same = [answer.json() | {"request_id": ""} for answer in (wrong, unknown)]
    assert same[0] == same[1]
    assert same[0]["code"] == "invalid_credentials"
    assert not wrong.cookies
    assert not unknown.cookies


@pytest.mark.parametrize("email", [ANN, "nobody@studio.example"])
async def test_after_five_failures_a_name_is_locked_whoever_it_is(house: House, email: str) -> None:
    await house.add(ANN)
    for _ in range(5):
        assert (await attempt(house, email, "wrong")).status_code == 401

    locked = await attempt(house, email, PASSWORD)

    assert (locked.status_code, locked.json()["code"]) == (429, "too_many_attempts")
    assert int(locked.headers["retry-after"]) >= 1
    assert not locked.cookies


async def test_the_lock_opens_with_time_and_a_success_forgives(house: House) -> None:
    await house.add(ANN)
    for _ in range(5):
        await attempt(house, ANN, "wrong")
    await change(house, "UPDATE login_failures SET last_failed_at = now() - interval '2 s'")

    assert (await attempt(house, ANN, PASSWORD)).status_code == 200
    async with house.parts.database.system_transaction() as conn:
        left = "SELECT count(*) FROM login_failures WHERE key NOT LIKE 'from:%%'"
        assert await fetch_value(conn, left) == 0


def test_nobody_can_lock_an_owner_out_from_another_address() -> None:
    pair, address, name = login_locks(ANN, "203.0.113.7")

    assert ANN in pair.key
    assert "203.0.113.7" in pair.key
    assert ANN not in address.key
    assert "203.0.113.7" not in name.key
    assert login_wait(10_000, free=name.free, longest=name.longest) <= timedelta(seconds=4)
    assert login_wait(10_000, free=pair.free, longest=pair.longest) == timedelta(minutes=15)


async def test_failures_lock_one_name_not_the_others(house: House) -> None:
    await house.add(ANN)
    for _ in range(6):
        await attempt(house, "bob@studio.example", "wrong")

    assert (await attempt(house, ANN, PASSWORD)).status_code == 200


@pytest.mark.parametrize("secure", [False, True])
async def test_the_cookies_are_kept_from_scripts_and_other_sites(dsn: str, secure: bool) -> None:  # noqa: FBT001
    async with opened_house(dsn, cookie_secure=secure, session_days=2) as house:
        await house.add(ANN)
        set_by = cookies(await attempt(house, ANN, PASSWORD))

    session, csrf = set_by["mayak_session"], set_by["mayak_csrf"]
    assert session["httponly"] is True
    assert not csrf["httponly"]
    assert csrf.value == csrf_token(session.value)
    for cookie in (session, csrf):
        assert (cookie["samesite"], cookie["path"], cookie["max-age"]) == ("lax", "/", "172800")
        assert bool(cookie["secure"]) is secure
        assert not cookie["domain"]


async def test_neither_passwords_nor_sessions_stand_in_the_database_as_they_are(
    house: House,
) -> None:
    await house.add(ANN)
    client = await house.browser(ANN)
    token = client.cookies["mayak_session"]

    async with house.parts.database.system_transaction() as conn:
        hashed = await fetch_value(conn, "SELECT password_hash FROM users")
        kept = await fetch_values(conn, "SELECT sessions::text FROM sessions")
        assert await fetch_values(conn, "SELECT token_hash FROM sessions") == [token_hash(token)]

    assert hashed.startswith("$argon2id$")
    assert PASSWORD not in hashed
    assert token not in "".join(kept)


async def test_each_login_opens_a_new_session(house: House) -> None:
    await house.add(ANN)
    first, second = await house.browser(ANN), await house.browser(ANN)

    assert first.cookies["mayak_session"] != second.cookies["mayak_session"]
    await first.post("/auth/logout")
    assert (await second.get("/auth/session")).status_code == 200


@pytest.mark.parametrize(
    "aged",
    [
        pytest.param("last_seen_at = now() - interval '3 days 1 s'", id="nobody came for too long"),
        pytest.param("expires_at = now() - interval '1 s'", id="it lived as long as it may"),
    ],
)
async def test_a_session_ends_by_itself(dsn: str, aged: str) -> None:
    async with opened_house(dsn, session_idle_days=3, session_days=5) as house:
        await house.add(ANN)
        client = await house.browser(ANN)
        await change(house, f"UPDATE sessions SET {aged}")

        assert (await client.get("/auth/session")).status_code == 401


async def test_a_visit_keeps_an_idle_session_but_not_beyond_its_absolute_end(dsn: str) -> None:
    async with opened_house(dsn, session_idle_days=3, session_days=5) as house:
        await house.add(ANN)
        client = await house.browser(ANN)
        ends = (await client.get("/auth/session")).json()["expires_at"]
        await change(house, "UPDATE sessions SET last_seen_at = now() - interval '2 days'")

        assert (await client.get("/auth/session")).json()["expires_at"] == ends
        async with house.parts.database.system_transaction() as conn:
            fresh = "SELECT last_seen_at > now() - interval '1 minute' FROM sessions"
            assert await fetch_value(conn, fresh) is True


async def test_the_next_login_sweeps_sessions_that_are_over(house: House) -> None:
    await house.add(ANN)
    await house.browser(ANN)
    await change(house, "UPDATE sessions SET expires_at = now() - interval '1 s'")

    await house.browser(ANN)

    async with house.parts.database.system_transaction() as conn:
        assert await fetch_value(conn, "SELECT count(*) FROM sessions") == 1


async def test_logging_out_ends_the_session_and_takes_the_cookies(house: House) -> None:
    await house.add(ANN)
    client = await house.browser(ANN)
    token = client.cookies["mayak_session"]

    answer = await client.post("/auth/logout")

    assert answer.status_code == 204
    assert {name: cookie["max-age"] for name, cookie in cookies(answer).items()} == {
        "mayak_session": "0",
        "mayak_csrf": "0",
    }
    stolen = await house.stranger(cookie=f"mayak_session={token}")
    assert (await stolen.get("/auth/session")).status_code == 401


async def test_logging_out_without_a_session_is_no_error(house: House) -> None:
    assert (await (await house.stranger()).post("/auth/logout")).status_code == 204


@pytest.mark.parametrize("token", ["", "x", "x" * 5000, "é", '"quoted"', "a=b"])
async def test_a_made_up_session_is_nobodys(house: House, token: str) -> None:
    client = await house.stranger()
    headers = {"cookie": f"mayak_session={token}".encode("latin-1")}

    answer = await client.get("/auth/session", headers=headers)  # type: ignore[arg-type]

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_the_chosen_project_and_language_are_there_after_the_next_login(
    house: House, project: UUID
) -> None:
    await house.add(ANN, projects={project: "viewer"})
    client = await house.browser(ANN, project)
    assert (await client.patch("/auth/me", json={"locale": "ru"})).json()["locale"] == "ru"

    view = (await (await house.browser(ANN)).get("/auth/session")).json()

    assert view["project"]["id"] == str(project)
    assert view["project"]["role"] == "viewer"
    assert view["user"]["locale"] == "ru"


async def test_a_wave_of_guesses_is_not_faster_than_one_after_the_other(house: House) -> None:
    await house.add(ANN)

    wave = [attempt(house, ANN, f"guess number {number}") for number in range(20)]
    answers = [answer.status_code for answer in await asyncio.gather(*wave)]

    assert set(answers) <= {401, 429}
    assert answers.count(401) <= 5
