"""A person looks after the jobs: runs one, follows what it causes, pauses and undoes."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_ask import Locale, entered

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("demo")]

SYNC = {"en": "Sync of all sources", "ru": "Синхронизация источников"}
EMBEDDINGS = {"en": "Preparing for search", "ru": "Подготовка к поиску"}
A_RUN = re.compile(r"/app/automation/runs/[0-9a-f-]{36}$")
SOON = 30_000
"""The demo's worker needs a moment for a sync; the page asks again every 4 s while one goes on."""


def automation(
    browser: Browser, dashboard: dict[str, Any], locale: Locale = "en", **look: Any
) -> Page:
    """The Automation page of somebody who just logged in, its jobs on screen."""
    look.setdefault("viewport", {"width": 1440, "height": 900})
    page = entered(browser, dashboard, locale, **look)
    page.goto(dashboard["url"] + "automation")
    expect(row(page, "connectors_sync_cycle")).to_be_visible()
    return page


def row(page: Page, job_type: str) -> Any:
    exact = page.get_by_text(job_type, exact=True)
    return page.locator("tbody tr").filter(has=exact)


def test_a_job_run_now_is_followed_to_what_it_causes(
    browser: Browser, dashboard: dict[str, Any]
) -> None:
    page = automation(browser, dashboard)
    row(page, "connectors_sync_cycle").get_by_role("button", name="Run now").click()
    page.get_by_role("button", name="Open the run").click()

    page.wait_for_url(A_RUN)
    expect(page.get_by_role("heading", level=1)).to_have_text(SYNC["en"])
    expect(page.get_by_role("main").get_by_text("By hand")).to_be_visible()
    state = page.get_by_role("main").get_by_role("status").last
    expect(state).to_have_text("done", timeout=SOON)

    causes = page.get_by_role("region", name="Causes")
    causes.get_by_role("link", name=EMBEDDINGS["en"]).click(timeout=SOON)
    expect(page.get_by_role("heading", level=1)).to_have_text(EMBEDDINGS["en"])
    expect(page.get_by_role("region", name="Caused by")).to_contain_text(SYNC["en"])
    expect(state).to_have_text("done", timeout=SOON)
    page.context.close()


def test_a_paused_job_is_woken_by_undo(browser: Browser, dashboard: dict[str, Any]) -> None:
    page = automation(browser, dashboard)
    job = row(page, "embeddings_run")
    job.get_by_role("button", name="Pause").click()
    expect(job).to_contain_text(f"by {dashboard['login']['email']}")

    page.get_by_role("button", name="Undo").click()
    expect(job.get_by_role("button", name="Pause")).to_be_visible()
    expect(job).to_contain_text("every 20 min")
    page.context.close()


def test_a_cadence_is_changed_and_set_back(browser: Browser, dashboard: dict[str, Any]) -> None:
    page = automation(browser, dashboard)
    job = row(page, "connectors_sync_cycle")

    def dialog() -> Any:
        job.get_by_role("button", name="More about").click()
        page.get_by_role("menuitem", name="Change when it runs").click()
        return page.get_by_role("dialog")

    opened = dialog()
    opened.get_by_text("At a time of day").click()
    opened.get_by_label("Cron expression").fill("99 8 * * *")
    opened.get_by_role("button", name="Save").click()
    expect(opened.get_by_role("alert")).to_contain_text("cannot be read")
    opened.get_by_label("Cron expression").fill("30 9 * * 1-5")
    opened.get_by_role("button", name="Save").click()
    expect(job).to_contain_text("Mon–Fri 09:30")

    dialog().get_by_role("button", name="Reset to default").click()
    expect(job).to_contain_text("every 15 min")
    page.context.close()


def test_the_cascade_leads_to_the_runs_of_a_job(
    browser: Browser, dashboard: dict[str, Any]
) -> None:
    page = automation(browser, dashboard)
    cascade = page.get_by_role("region", name="Which job starts which")
    cascade.get_by_role("link", name=EMBEDDINGS["en"]).click()

    page.wait_for_url("**/automation?tab=runs&job=embeddings_run")
    runs = page.locator("tbody tr")
    expect(runs.first).to_contain_text(EMBEDDINGS["en"])
    assert set(runs.locator("td:nth-child(2)").all_inner_texts()) == {EMBEDDINGS["en"]}
    page.context.close()


def test_a_phone_shows_every_part_and_nothing_runs_off_the_screen(
    browser: Browser, dashboard: dict[str, Any]
) -> None:
    look: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
    page = automation(browser, dashboard, "ru", **look)
    fits = "document.documentElement.scrollWidth <= window.innerWidth"
    expect(row(page, "connectors_sync_cycle")).to_contain_text(SYNC["ru"])
    assert page.evaluate(fits)

    page.get_by_role("link", name="Запуски", exact=True).click()
    expect(page.locator("tbody tr").first).to_be_visible()
    assert page.evaluate(fits)

    page.get_by_role("link", name="Недоделанное").last.click()
    expect(page.get_by_text("Недоделанной работы нет")).to_be_visible()
    assert page.evaluate(fits)
    page.context.close()
