"""Make the picture of the README: the Ask page of the demo, with a citation open.

Needs Chromium. Writes docs/images/ask.png, and with --all every page in both languages, both
themes and both widths into the given folder, for people to look at.
"""

import argparse
import shutil
import sys
import tempfile
from itertools import product
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.demo import process, run_json  # noqa: E402

QUESTIONS = {
    "en": ("Northwind Coffee", "How did conversion change with the new checkout?"),
    "ru": ("Клиника «Вега»", "Где физически хранятся данные пациентов и резервные копии?"),
}
NOT_THERE = {
    "en": "How many shops does Northwind Coffee plan to open in Manchester?",
    "ru": "Сколько рентген-аппаратов будет во втором филиале?",
}
SIZES = {"wide": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


def enter(browser: Browser, demo: dict[str, Any], locale: str, **look: Any) -> Page:
    page = browser.new_context(locale={"en": "en-GB", "ru": "ru-RU"}[locale], **look).new_page()
    page.goto(demo["url"])
    page.locator("input[type=password]").wait_for()
    page.locator("input").first.fill(demo["login"]["email"])
    page.locator("input[type=password]").fill(demo["login"]["password"])
    return page


def ask(page: Page, demo: dict[str, Any], project: str, question: str) -> None:
    page.goto(demo["url"] + "projects")
    page.get_by_role("main").get_by_text(project).first.click()
    page.wait_for_url("**/app/ask**")
    page.locator("textarea").first.fill(question)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=question).wait_for()
    page.wait_for_timeout(1500)


def automation(page: Page, demo: dict[str, Any], folder: Path, name: str) -> None:
    """The Automation page, part by part, and the newest run of a job."""
    for number, tab in ((6, "jobs"), (7, "runs"), (8, "letters")):
        page.goto(f"{demo['url']}automation?tab={tab}")
        page.get_by_role("heading", level=1).wait_for()
        page.wait_for_timeout(1000)
        page.screenshot(path=folder / f"{number}-{tab}-{name}.png")
    page.goto(demo["url"] + "automation?tab=runs&job=embeddings_run")
    page.locator("tbody a").first.click()
    page.locator("dl").first.wait_for()
    page.screenshot(path=folder / f"9-run-{name}.png", full_page=True)


def connectors(page: Page, demo: dict[str, Any], folder: Path, name: str) -> None:
    """The Connectors page, then a connector part by part."""
    parts = ("setup", "errors", "reconciliation", "webhooks", "drift", "records")
    paths = ["", "/linear", "/attio?tab=fields", *(f"/linear?tab={part}" for part in parts)]
    for number, path in enumerate(paths, start=10):
        page.goto(f"{demo['url']}connectors{path}")
        page.get_by_role("heading", level=1).wait_for()
        page.wait_for_timeout(1500)
        part = path.rpartition("=")[2].strip("/") or "connectors"
        page.screenshot(path=folder / f"{number}-{part}-{name}.png", full_page=True)


def shoot(browser: Browser, demo: dict[str, Any], folder: Path) -> None:
    """Every page, in every language, theme and width."""
    for locale, theme, size in product(QUESTIONS, ("light", "dark"), SIZES):
        page = enter(browser, demo, locale, viewport=SIZES[size], color_scheme=theme)
        name = f"{locale}-{theme}-{size}"
        page.screenshot(path=folder / f"1-login-{name}.png")
        page.keyboard.press("Enter")
        page.wait_for_timeout(1500)
        page.goto(demo["url"] + "projects")
        page.wait_for_timeout(1000)
        page.screenshot(path=folder / f"2-projects-{name}.png")
        project, question = QUESTIONS[locale]
        ask(page, demo, project, NOT_THERE[locale])
        page.screenshot(path=folder / f"3-refused-{name}.png")
        ask(page, demo, project, question)
        page.screenshot(path=folder / f"4-answer-{name}.png")
        page.locator(
            "button[aria-label^='Source 1'], button[aria-label^='Источник 1']"
        ).first.click()
        page.locator("mark").first.wait_for()
        page.wait_for_timeout(500)
        page.screenshot(path=folder / f"5-source-{name}.png")
        automation(page, demo, folder, name)
        connectors(page, demo, folder, name)
        page.context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", type=Path, help="a folder for every page")
    given = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as home:
        run_json(Path(home), "demo", "--once")
        with process(Path(home), "demo", "--port", "0") as demo, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            page = enter(browser, demo, "en", viewport=SIZES["wide"])
            page.keyboard.press("Enter")
            page.wait_for_timeout(1500)
            ask(page, demo, *QUESTIONS["en"])
            page.locator("button[aria-label^='Source 1']").first.click()
            page.locator("mark").first.wait_for()
            page.wait_for_timeout(500)
            page.screenshot(path=ROOT / "docs" / "images" / "ask.png")
            page.context.close()
            if given.all:
                given.all.mkdir(parents=True, exist_ok=True)
                shoot(browser, demo, given.all)
            browser.close()


if __name__ == "__main__":
    main()
