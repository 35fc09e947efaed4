"""A person logs in, asks, and opens a citation; in both languages, both themes, both widths."""

import re
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("demo")]

Locale = Literal["en", "ru"]
PROJECT = "Клиника «Вега»"
QUESTION = "Где физически хранятся данные пациентов и резервные копии?"
QUOTE = "Два сервера в дата-центре в Казани"
NOT_THERE = "Сколько рентген-аппаратов будет во втором филиале?"
FIRST_SOURCE = re.compile("^(Source|Источник) 1")
_CHATWOOT = re.compile(r"^http://127\.0\.0\.1:\d+/chatwoot/app/accounts/1/conversations/\d+$")


def entered(browser: Browser, dashboard: dict[str, Any], locale: Locale, **look: Any) -> Page:
    """A page of somebody who just logged in and chose the project."""
    context = browser.new_context(locale={"en": "en-GB", "ru": "ru-RU"}[locale], **look)
    page = context.new_page()
    page.goto(dashboard["url"])
    page.locator("input[autocomplete=username], input[type=email]").fill(
        dashboard["login"]["email"]
    )
    page.locator("input[type=password]").fill(dashboard["login"]["password"])
    page.keyboard.press("Enter")
    expect(page.locator("input[type=password]")).to_have_count(0)
    page.goto(dashboard["url"] + "projects")  # who was here before comes back to their project
    page.get_by_role("main").get_by_text(PROJECT).first.click()
    page.wait_for_url("**/app/ask**")
    return page


def ask(page: Page, question: str) -> None:
    page.locator("textarea").first.fill(question)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=question)).to_be_visible()


@pytest.mark.parametrize("locale", ["en", "ru"])
def test_a_citation_opens_the_quoted_message(
    browser: Browser, dashboard: dict[str, Any], locale: Locale, tmp_path: Path
) -> None:
    page = entered(browser, dashboard, locale, viewport={"width": 1440, "height": 900})
    ask(page, QUESTION)
    page.get_by_role("button", name=FIRST_SOURCE).first.click()

    quoted = page.locator("mark").first
    expect(quoted).to_contain_text(QUOTE)
    expect(page.get_by_role("link", name="Chatwoot").first).to_have_attribute("href", _CHATWOOT)
    page.screenshot(path=str(tmp_path / f"ask-{locale}.png"))
    page.context.close()


def test_what_is_not_in_the_data_is_said_to_be_missing(
    browser: Browser, dashboard: dict[str, Any]
) -> None:
    page = entered(browser, dashboard, "ru")
    ask(page, NOT_THERE)

    expect(page.get_by_text("В данных этого нет").first).to_be_visible()
    assert page.locator("mark").count() == 0
    page.context.close()


def test_a_phone_shows_the_same_and_nothing_runs_off_the_screen(
    browser: Browser, dashboard: dict[str, Any]
) -> None:
    page = entered(
        browser, dashboard, "ru", viewport={"width": 390, "height": 844}, color_scheme="dark"
    )
    ask(page, QUESTION)
    page.get_by_role("button", name=FIRST_SOURCE).first.click()

    expect(page.locator("mark").first).to_contain_text(QUOTE)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.context.close()


def test_a_shared_link_opens_the_stored_answer(browser: Browser, dashboard: dict[str, Any]) -> None:
    page = entered(browser, dashboard, "en")
    ask(page, QUESTION)
    page.wait_for_url("**/app/ask/*")
    link = page.url
    page.goto("about:blank")
    page.goto(link)

    expect(page.get_by_role("heading", name=QUESTION)).to_be_visible()
    expect(page.get_by_text(QUOTE).first).to_be_visible()
    page.context.close()


def test_leaving_ends_the_session(browser: Browser, dashboard: dict[str, Any]) -> None:
    page = entered(browser, dashboard, "en")
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("button", name="Log out").click()

    expect(page.locator("input[type=password]")).to_be_visible()
    page.goto(dashboard["url"])
    expect(page.locator("input[type=password]")).to_be_visible()
    page.context.close()
