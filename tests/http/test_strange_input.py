"""Input that nobody means well is refused or stored, and never breaks the server."""

import base64
import json
from uuid import UUID, uuid4

import httpx
import pytest

from mayak.http.paging import decode_moment, encode_cursor, encode_moment
from mayak.kit.clock import now
from tests.house import House

pytestmark = pytest.mark.anyio

NAMES = [
    pytest.param("Маяк и партнёры", id="Cyrillic"),
    pytest.param("🗼 lighthouse 🚢", id="emoji"),
    pytest.param("שלום a مرحبا", id="right to left"),
    pytest.param("e\u0301clair a\u200bb", id="combining and invisible"),
    pytest.param("Robert'); DROP TABLE projects;-- a", id="SQL"),
    pytest.param("<img src=x onerror=alert(1)> {project} %s", id="markup and templates"),
]


@pytest.mark.parametrize("name", NAMES)
async def test_a_name_comes_back_as_it_was_given(owner: httpx.AsyncClient, name: str) -> None:
    made = await owner.post("/projects", json={"name": name})

    assert made.status_code == 201, made.text
    assert made.json()["name"] == name
    assert (await owner.get("/projects")).json()["items"][-1]["name"] == name


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"name": ""}, id="nothing"),
        pytest.param({"name": " \u0000 \n"}, id="only what is dropped"),
        pytest.param({"name": "x" * 121}, id="too long"),
        pytest.param({"name": "🗼🚢"}, id="no letter for its address"),
        pytest.param({"name": "x", "slug": "!!!"}, id="an address of signs"),
        pytest.param({"name": "x", "time_zone": "Mars/Olympus"}, id="no such zone"),
        pytest.param({"name": "x", "time_zone": "Europe"}, id="a folder of zones"),
        pytest.param({"name": "x", "time_zone": "\u0000"}, id="a zone of NUL"),
        pytest.param({"name": ["x"]}, id="a list"),
        pytest.param([], id="no object"),
    ],
)
async def test_what_cannot_be_a_project_is_refused(owner: httpx.AsyncClient, wrong: object) -> None:
    answer = await owner.post("/projects", json=wrong)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


async def test_a_name_that_is_taken_is_a_conflict(owner: httpx.AsyncClient) -> None:
    await owner.post("/projects", json={"name": "Vega"})

    answer = await owner.post("/projects", json={"name": "VEGA!"})

    assert (answer.status_code, answer.json()["code"]) == (409, "slug_taken")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(b"{", "application/json", id="half a JSON"),
        pytest.param(b"\xff\xfe", "application/json", id="no text"),
        pytest.param(b'{"email":"\\ud800","password":"x"}', "application/json", id="half a letter"),
        pytest.param(b"email=a&password=b", "application/x-www-form-urlencoded", id="a form"),
        pytest.param(b'{"email":"a","password":"b"}', "text/plain", id="plain text"),
        pytest.param(b"<login/>", "application/xml", id="XML"),
        pytest.param(b"", "application/json", id="nothing"),
        pytest.param(b"[" * 100_000, "application/json", id="deep"),
        pytest.param(b'{"email":' + b"9" * 5000 + b"}", "application/json", id="a huge number"),
    ],
)
async def test_a_body_that_is_not_ours_is_refused(hall: House, body: bytes, kind: str) -> None:
    client = await hall.stranger()
    answer = await client.post("/auth/login", content=body, headers={"content-type": kind})

    assert answer.status_code in {400, 415, 422}, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("field", ["email", "password"])
async def test_a_megabyte_where_a_word_belongs_is_refused(hall: House, field: str) -> None:
    login = {"email": "a@b.example", "password": "x"} | {field: "x" * 1_000_000}

    answer = await (await hall.stranger()).post("/auth/login", json=login)

    assert answer.status_code in {413, 422}
    assert len(answer.content) < 2000


async def test_nul_in_a_login_is_a_wrong_login(hall: House) -> None:
    login = {"email": "a\u0000@b.example", "password": "\u0000"}

    answer = await (await hall.stranger()).post("/auth/login", json=login)

    assert answer.status_code == 401


@pytest.mark.parametrize(
    "path",
    ["/jobs/runs?job_type=%00", "/jobs/runs?cursor=%00", "/app/%00", "/lightrag/sources/%00/1"],
)
async def test_nul_in_an_address_is_refused(owner: httpx.AsyncClient, path: str) -> None:
    answer = await owner.get(path)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


ROW = str(UUID(int=7))
CURSORS = [
    "x",
    "!!!",
    "é",
    "AAAA",
    "=" * 9,
    base64.urlsafe_b64encode(b"null").decode(),
    base64.urlsafe_b64encode(json.dumps({"a": 1}).encode()).decode(),
    encode_cursor("2026-01-01T00:00:00+00:00"),
    encode_cursor("yesterday", ROW),
    encode_cursor("2026-01-01T00:00:00", ROW),
    encode_cursor("2026-01-01T00:00:00+00:00", "1 OR 1=1"),
    encode_cursor("0001-01-01T00:00:00+23:00", ROW),
    encode_cursor("9999-12-31T23:59:59-23:00", ROW),
    "x" * 60_000,
]


@pytest.mark.parametrize("cursor", CURSORS, ids=range(len(CURSORS)))
async def test_a_cursor_that_we_did_not_make_is_refused(
    owner: httpx.AsyncClient, cursor: str
) -> None:
    for path in ("/projects", "/jobs/runs", "/connectors/errors", "/lightrag/queries"):
        answer = await owner.get(path, params={"cursor": cursor})

        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input"), path


async def test_a_cursor_of_another_offset_is_the_same_moment() -> None:
    row, at = uuid4(), now()

    assert decode_moment(encode_moment(at, row)) == (at, row)
    assert decode_moment(encode_cursor("2026-01-01T20:00:00+20:00", ROW)) == (
        decode_moment(encode_cursor("2026-01-01T00:00:00+00:00", ROW))
    )


async def test_pages_meet_without_gap_or_overlap(house: House) -> None:
    await house.add("root@studio.example", "owner")
    owner = await house.browser("root@studio.example")
    for number in range(5):
        await owner.post("/projects", json={"name": f"Client {number}"})

    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = (
            await owner.get(
                "/projects", params={"limit": 2} | ({"cursor": cursor} if cursor else {})
            )
        ).json()
        seen += [item["slug"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert seen == [f"client-{number}" for number in range(5)]


@pytest.mark.parametrize("limit", ["0", "-1", "201", "many", "1e3", ""])
async def test_a_page_of_a_senseless_size_is_refused(owner: httpx.AsyncClient, limit: str) -> None:
    assert (await owner.get("/projects", params={"limit": limit})).status_code == 422


async def test_a_body_larger_than_any_request_is_refused_unread(owner: httpx.AsyncClient) -> None:
    refused = await owner.post("/lightrag/query", content=b"x" * (3 * 1024 * 1024))

    assert refused.status_code == 413
    assert refused.json()["code"] == "content_too_large"
