"""A person narrows questions, counts, judges answers, and looks at what is behind them."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.browser.test_ask import FIRST_SOURCE, NOT_THERE, QUESTION, QUOTE, Locale, ask, entered

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("demo")]

WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
AN_ANSWER = re.compile(r"/app/ask/[0-9a-f-]{36}")
COUNTED = {"en": "How many issues are open?", "ru": "Сколько задач открыто?"}
OPEN_IN = re.compile(r"^(Open|Открыть) .*Linear")
SOON = 20_000


def answered(page: Page, question: str) -> None:
    ask(page, question)
    page.wait_for_url(AN_ANSWER, timeout=SOON)
    expect(page.get_by_role("article")).to_contain_text(question)


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_an_answer_comes_as_a_stream_and_is_asked_for_once(
    browser: Browser, dashboard: dict[str, Any]
) -> None:
    page = entered(browser, dashboard, "en", viewport=WIDE)
    sent: list[Request] = []
    # Playwright keeps a mark on its listeners, which a built-in method has no place for.
    page.on("request", lambda request: sent.append(request))  # noqa: PLW0108
    answered(page, QUESTION)

    expect(page.get_by_role("article")).to_contain_text(QUOTE)
    asked = [one.url for one in sent if one.method == "POST" and "/lightrag/" in one.url]
    assert [url.rpartition("/lightrag/")[2] for url in asked] == ["query/stream"]
    page.context.close()


def test_a_source_filter_stands_in_the_address_and_narrows_the_answer(
    browser: Browser, dashboard: dict[str, Any]
) -> None:
    page = entered(browser, dashboard, "en", viewport=WIDE)
    filters = page.get_by_role("group", name="Filters")
    filters.get_by_role("button", name="Source").click()
    page.get_by_role("checkbox", name="Linear").check()
    page.keyboard.press("Escape")
    page.wait_for_url("**/ask?sources=linear")

    answered(page, QUESTION)
    assert "sources=linear" in page.url
    expect(page.get_by_text(QUOTE)).to_have_count(0)
    expect(page.get_by_role("article")).to_contain_text("Linear")
    page.context.close()


@pytest.mark.parametrize("locale", ["en", "ru"])
def test_a_counted_answer_shows_its_rows_and_a_row_opens_its_record(
    browser: Browser, dashboard: dict[str, Any], locale: Locale
) -> None:
    page = entered(browser, dashboard, locale, viewport=WIDE)
    answered(page, COUNTED[locale])
    rows = page.get_by_role("article").get_by_role("table").first.locator("tbody tr")
    expect(rows.first).to_be_visible()

    rows.first.locator("[data-record]").click()
    source = page.get_by_role("complementary")
    expect(source.get_by_role("link", name=OPEN_IN).first).to_have_attribute(
        "href", re.compile("^https?://")
    )
    page.context.close()


def test_an_answer_found_wrong_becomes_a_case_that_a_manager_dismisses(
    browser: Browser, dashboard: dict[str, Any]
) -> None:
    page = entered(browser, dashboard, "en", viewport=WIDE)
    answered(page, NOT_THERE)
    page.get_by_role("button", name="No, something is wrong").click()
    page.get_by_text("Out of date", exact=True).click()
    page.get_by_role("textbox", name="What was wrong?").fill("It was said in May")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("It is saved")).to_be_visible()

    page.get_by_role("link", name="Cases").click()
    case = page.get_by_role("article", name=NOT_THERE).filter(has_text="It was said in May")
    case.get_by_role("button", name="Dismiss").click()
    expect(case).to_have_count(0)
    page.context.close()


def test_what_is_missing_shows_what_there_is_to_answer_from(
    browser: Browser, dashboard: dict[str, Any]
) -> None:
    page = entered(browser, dashboard, "ru", viewport=WIDE)
    answered(page, NOT_THERE)

    exists = page.get_by_role("region", name="Из чего можно отвечать")
    expect(exists.get_by_role("row", name=re.compile("Переписка Chatwoot"))).to_be_visible()
    expect(exists.get_by_role("button", name="Обновить данные")).to_be_enabled()
    page.context.close()


def test_a_follow_up_says_what_it_follows(browser: Browser, dashboard: dict[str, Any]) -> None:
    page = entered(browser, dashboard, "en", viewport=WIDE)
    answered(page, QUESTION)
    page.get_by_role("button", name="Ask a follow-up").click()
    answered(page, "А резервные копии?")

    expect(page.get_by_role("article").get_by_text("Followed:")).to_contain_text(QUESTION)
    page.context.close()


def test_a_phone_has_the_filters_the_history_and_the_source(
    browser: Browser, dashboard: dict[str, Any]
) -> None:
    page = entered(
        browser, dashboard, "ru", viewport=PHONE, color_scheme="dark", reduced_motion="reduce"
    )
    page.get_by_role("group", name="Фильтры").get_by_role("button", name="Период").click()
    page.get_by_role("radio", name="последний год").click()
    answered(page, QUESTION)
    assert fits(page)
    page.get_by_role("button", name=FIRST_SOURCE).first.click()
    expect(page.locator("mark").first).to_be_visible()
    assert fits(page)

    page.keyboard.press("Escape")
    answered(page, COUNTED["ru"])
    assert fits(page)
    page.get_by_role("button", name="История").click()
    expect(page.get_by_role("dialog").get_by_role("link", name=QUESTION).first).to_be_visible()
    page.context.close()
