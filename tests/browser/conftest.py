"""A real Chromium on the demo's dashboard."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.demo import process

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]


@pytest.fixture(scope="session")
def chromium() -> str:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing; CI does not skip browser tests")
        pytest.skip("no Chromium here: install it to run the browser tests")
    return found


@pytest.fixture(scope="module")
def dashboard(demo_folder: Path, outcome: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The demo as `mayak demo` serves it, its data in place: {url, login}."""
    assert outcome
    with process(demo_folder, "demo", "--port", "0") as announced:
        yield announced


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Closed with its module: Playwright holds the thread's event loop while it is open."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield opened
        opened.close()
