"""What each of Chatwoot's failures means to the one who called."""

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from mayak.connectors.chatwoot import Chatwoot
from mayak.connectors.replies import json_of
from mayak.errors import Upstream, UpstreamRejected

pytestmark = pytest.mark.anyio

SECRET = "s3cr3t-token"
DATE = {"date": "Sun, 01 Mar 2026 12:00:18 GMT"}
Answer = Callable[[httpx.Request], httpx.Response]


def chatwoot(answer: Answer) -> Chatwoot:
    """A connector whose server answers so, and whose jitter is one second."""
    http = httpx.AsyncClient(transport=httpx.MockTransport(answer), follow_redirects=True)
    return Chatwoot(
        http, base_url="https://chat.test", token=SECRET, account_id=1, jitter=lambda: 1.0
    )


async def failure(answer: Answer) -> Upstream:
    with pytest.raises(Upstream) as caught:
        await chatwoot(answer).pull("inboxes", {})
    assert SECRET not in str(caught.value)
    return caught.value


def always(status: int, **reply: object) -> Answer:
    return lambda _: httpx.Response(status, **reply)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        pytest.param(401, {"error": "Invalid Access Token"}, "auth", id="a wrong token"),
        pytest.param(404, {"error": "Resource could not be found"}, "not_found", id="gone"),
        pytest.param(422, {"error": "bad filter"}, "rejected", id="a filter it does not know"),
        pytest.param(422, {"message": "invalid", "attributes": []}, "rejected", id="invalid"),
        pytest.param(400, {"error": "Bad Request"}, "rejected", id="a bad request"),
        pytest.param(402, {"error": "Upgrade"}, "rejected", id="not in the plan"),
        pytest.param(403, {"error": "Forbidden"}, "rejected", id="forbidden"),
    ],
)
async def test_a_refusal_is_not_worth_retrying(
    status: int, body: dict[str, object], kind: str
) -> None:
    error = await failure(always(status, json=body))

    assert isinstance(error, UpstreamRejected)
    assert (error.kind, error.retryable) == (kind, False)
    assert str(body.get("error") or body["message"]) in str(error)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        pytest.param(always(500, json={"error": "oops"}), "server", id="500 as JSON"),
        pytest.param(always(502, html="<h1>Bad gateway</h1>"), "server", id="502 of a proxy"),
        pytest.param(always(403, html="<h1>Attention</h1>"), "server", id="403 of a CDN"),
        pytest.param(always(404, html="<h1>Not here</h1>"), "server", id="404 of a proxy"),
        pytest.param(always(404, text="404 page not found"), "server", id="404 in plain text"),
        pytest.param(always(404, json={"message": "no route"}), "server", id="404 of a gateway"),
        pytest.param(always(404), "server", id="404 without a word"),
        pytest.param(always(200, html="<h1>Welcome</h1>"), "server", id="200 of a portal"),
        pytest.param(always(200, content=b'{"payload": [{"id"'), "network", id="cut JSON"),
        pytest.param(always(200, content=b""), "network", id="an empty reply"),
    ],
)
async def test_an_outage_is_retried(answer: Answer, kind: str) -> None:
    error = await failure(answer)

    assert (error.kind, error.retryable) == (kind, True)


@pytest.mark.parametrize(
    "broken", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.PoolTimeout]
)
async def test_a_lost_connection_is_retried(broken: type[httpx.TransportError]) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise broken(f"no way to {request.url} with {SECRET}")

    error = await failure(answer)

    assert (error.kind, error.retryable) == ("network", True)
    assert broken.__name__ in str(error)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param(DATE, 43, id="until the server's next full minute, and a little"),
        pytest.param({**DATE, "retry-after": "7"}, 7, id="as many seconds as it says"),
        pytest.param(
            {**DATE, "retry-after": "Sun, 01 Mar 2026 12:00:30 GMT"}, 12, id="until when it says"
        ),
        pytest.param(
            {**DATE, "retry-after": "Sun, 01 Mar 2026 11:00:00 GMT"}, 1, id="never into the past"
        ),
        pytest.param({**DATE, "retry-after": "0"}, 1, id="not at once"),
        pytest.param({**DATE, "retry-after": "86400"}, 6 * 3600, id="not for ever"),
        pytest.param({**DATE, "retry-after": "9" * 5000}, 6 * 3600, id="not beyond all numbers"),
        pytest.param(
            {**DATE, "retry-after": "Sun, 01 Mar 9999 12:00:00 GMT"}, 6 * 3600, id="not for an age"
        ),
        pytest.param(
            {**DATE, "retry-after": f"Sun, 01 Mar {10**30} 12:00:00 GMT"}, 43, id="no date at all"
        ),
    ],
)
async def test_a_rate_limit_says_when_to_come_back(headers: dict[str, str], seconds: int) -> None:
    error = await failure(always(429, text="Retry later\n", headers=headers))

    assert (error.kind, error.retryable) == ("rate_limit", True)
    assert error.retry_after == timedelta(seconds=seconds)


async def test_a_rate_limit_without_any_clock_ends_within_a_minute() -> None:
    error = await failure(always(429, text="Retry later\n"))

    assert error.retry_after is not None
    assert timedelta(0) < error.retry_after <= timedelta(seconds=61)


async def test_the_token_does_not_follow_a_redirect_to_another_host() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(302, headers={"location": "https://elsewhere.test/"})

    error = await failure(answer)

    assert asked == ["chat.test"]
    assert not error.retryable


async def test_a_token_that_the_server_repeats_is_not_repeated_by_us() -> None:
    error = await failure(always(401, json={"error": f"Bad token {SECRET}"}))

    assert "Bad token ***" in str(error)


async def test_an_envelope_of_another_form_is_named() -> None:
    error = await failure(always(200, json={"data": []}))

    assert (error.kind, error.retryable) == ("schema", False)


def profile(role: str, account_id: int = 1) -> Answer:
    accounts = [
        {"id": 9, "name": "Another", "role": "administrator"},
        {"id": account_id, "name": "Studio", "role": role},
    ]
    return always(200, json={"name": "Ada", "accounts": accounts}, headers=DATE)


async def test_an_administrator_is_who_they_are() -> None:
    found = await chatwoot(profile("administrator")).who_am_i()

    assert (found.user, found.role) == ("Ada", "administrator")
    assert (found.account_id, found.account_name, found.missing) == ("1", "Studio", {})
    assert found.observed_at is not None


@pytest.mark.parametrize("answer", [profile("agent"), profile("administrator", account_id=2)])
async def test_a_token_that_sees_only_a_part_is_refused(answer: Answer) -> None:
    with pytest.raises(UpstreamRejected) as caught:
        await chatwoot(answer).who_am_i()

    assert caught.value.kind == "auth"


async def test_at_most_two_requests_are_under_way() -> None:
    import asyncio

    under_way, most = 0, 0

    async def answer(_: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return httpx.Response(200, json={"payload": []})

    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    source = Chatwoot(http, base_url="https://chat.test", token=SECRET, account_id=1)
    await asyncio.gather(*(source.pull("inboxes", {}) for _ in range(8)))

    assert most == 2


async def test_what_no_database_takes_is_left_out_of_a_refusal() -> None:
    refused = await failure(always(401, json={"error": "bad\x00token"}))

    assert (refused.kind, refused.reason) == ("auth", "HTTP 401, badtoken")


async def test_a_token_that_no_header_takes_is_not_sent_and_not_repeated() -> None:
    http = httpx.AsyncClient(transport=httpx.MockTransport(always(200, json={"payload": []})))
    source = Chatwoot(http, base_url="https://chat.test", token="пароль", account_id=1)

    with pytest.raises(UpstreamRejected) as caught:
        await source.pull("inboxes", {})

    assert caught.value.kind == "auth"
    assert "пароль" not in str(caught.value)


def test_half_a_character_does_not_keep_its_page_away() -> None:
    response = httpx.Response(200, content=b'{"payload": [{"content": "cut \\ud83d"}]}')

    assert json_of(response, service="Chatwoot") == {"payload": [{"content": "cut \\ud83d"}]}
