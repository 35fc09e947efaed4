"""The dashboard's files: pages, assets, and nothing else of this machine."""

from pathlib import Path

import httpx
import pytest

from mayak.entry import http
from mayak.kit.resources import Resources
from mayak.platform.telemetry import RequestMeasures

pytestmark = pytest.mark.anyio

PAGE = "<!doctype html><title>Mayak</title>"


def client_of(folder: Path | None, monkeypatch: pytest.MonkeyPatch) -> httpx.AsyncClient:
    monkeypatch.setattr(http, "web_folder", lambda: folder)
    app = http.build_app(Resources({RequestMeasures: RequestMeasures()}), cors_origins=[])
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://mayak.test")


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> httpx.AsyncClient:
    """A dashboard of two files, beside a file that is nobody's business."""
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text(PAGE)
    (dist / "assets" / "app-1a2b.js").write_text("run()")
    (tmp_path / "secret.txt").write_text("hunter2")
    (dist / "assets" / "link.txt").symlink_to(tmp_path / "secret.txt")
    return client_of(dist, monkeypatch)


@pytest.mark.parametrize("path", ["/app/", "/app/ask", "/app/jobs/7", "/app/index.html"])
async def test_every_page_is_the_one_page(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)

    assert (answer.status_code, answer.text) == (200, PAGE)
    assert answer.headers["cache-control"] == "no-cache"


async def test_a_page_may_load_only_what_is_ours_and_stand_in_no_frame(
    client: httpx.AsyncClient,
) -> None:
    headers = (await client.get("/app/")).headers

    rules = dict(
        part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";")
    )
    assert rules["default-src"] == "'self'"
    assert rules["object-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"
    assert "script-src" not in rules or "unsafe" not in rules["script-src"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


async def test_an_asset_is_kept_for_ever_and_a_missing_one_is_no_page(
    client: httpx.AsyncClient,
) -> None:
    found = await client.get("/app/assets/app-1a2b.js")
    missing = await client.get("/app/assets/app-old.js")

    assert (found.status_code, found.text) == (200, "run()")
    assert "immutable" in found.headers["cache-control"]
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "path",
    [
        "/app/../secret.txt",
        "/app/..%2fsecret.txt",
        "/app/%2e%2e/secret.txt",
        "/app/assets/..%2f..%2f..%2fsecret.txt",
        "/app/..%5csecret.txt",
        "/app//etc/passwd",
        "/app/%2fetc%2fpasswd",
        "/app/assets//etc/passwd",
        "/app/assets/link.txt",
        "/app/....//secret.txt",
    ],
)
async def test_nothing_outside_of_the_dashboard_is_served(
    client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.get(httpx.URL("http://mayak.test", raw_path=path.encode()))

    assert answer.status_code in {200, 404}
    assert "hunter2" not in answer.text
    assert "root:" not in answer.text


async def test_an_address_longer_than_a_file_name_may_be_is_a_page(
    client: httpx.AsyncClient,
) -> None:
    assert (await client.get("/app/" + "x" * 300)).text == PAGE
    assert (await client.get("/app/assets/" + "x" * 300)).status_code == 404


@pytest.mark.parametrize("path", ["/", "/app"])
async def test_the_short_addresses_lead_to_the_dashboard(
    client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.get(path)

    assert (answer.status_code, answer.headers["location"]) == (307, "/app/")


async def test_without_a_built_dashboard_it_says_how_to_build_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = await client_of(None, monkeypatch).get("/app/")

    assert (answer.status_code, answer.json()["code"]) == (404, "dashboard_not_built")
