"""What each of Linear's failures means to the one who called."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from mayak.errors import Upstream, UpstreamRejected
from tests.connectors.linear_server import KEY, Server, Watch, error, issue, issues

pytestmark = [pytest.mark.anyio]

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DATE = {"date": "Sun, 01 Mar 2026 12:00:00 GMT"}
LIMITED = {"errors": [{"message": "Slow", "extensions": {"code": "RATELIMITED"}}]}


def milliseconds(seconds: float) -> str:
    """Of the epoch, so long after noon."""
    return str(int((NOON.timestamp() + seconds) * 1000))


async def failure(reply: httpx.Response, gate: Watch | None = None) -> Upstream:
    with pytest.raises(Upstream) as caught:
        await Server(reply).linear(gate=gate).pull("issues", {})
    assert KEY not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        pytest.param(error(status=401, type="authentication error"), "auth", id="a wrong key"),
        pytest.param(error(status=200, type="authentication error"), "auth", id="and with 200"),
        pytest.param(error(status=400, code="AUTHENTICATION_ERROR"), "auth", id="by its code"),
        pytest.param(httpx.Response(401), "auth", id="without words"),
        pytest.param(httpx.Response(403, text="no"), "auth", id="forbidden without words"),
        pytest.param(error(status=403, type="forbidden"), "auth", id="forbidden"),
        pytest.param(error(type="feature not accessible"), "rejected", id="not in the plan"),
        pytest.param(error(type="usage limit exceeded"), "quota", id="the plan is used up"),
        pytest.param(error(type="invalid input"), "rejected", id="a filter it does not know"),
        pytest.param(error(type="graphql error"), "rejected", id="bad GraphQL"),
        pytest.param(error(code="GRAPHQL_VALIDATION_FAILED"), "schema", id="a field it lacks"),
        pytest.param(error("Entity not found: Webhook"), "not_found", id="gone"),
        pytest.param(httpx.Response(404, text="?"), "rejected", id="another address"),
        pytest.param(httpx.Response(200, json={"data": None}), "schema", id="no data"),
        pytest.param(httpx.Response(200, json=[]), "schema", id="a list"),
        pytest.param(httpx.Response(200, json={"data": {}}), "schema", id="no such list"),
        pytest.param(
            httpx.Response(200, json={"data": {"issues": {}}}), "schema", id="a list without rows"
        ),
    ],
)
async def test_a_refusal_is_not_worth_retrying(reply: httpx.Response, kind: str) -> None:
    failed = await failure(reply)

    assert isinstance(failed, UpstreamRejected)
    assert failed.kind == kind


PART = {"issues": {"nodes": [None], "pageInfo": {"hasNextPage": False}}}


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        pytest.param(error(status=200, data=PART), "server", id="a part of the data"),
        pytest.param(
            error(status=200, data=PART, type="invalid input"), "server", id="a part, blaming us"
        ),
        pytest.param(error(status=200, type="internal error"), "server", id="internal"),
        pytest.param(error(status=400, type="lock timeout"), "server", id="a lock"),
        pytest.param(error(status=400, type="network error"), "server", id="its network"),
        pytest.param(error(status=200, code="INTERNAL_SERVER_ERROR"), "server", id="by its code"),
        pytest.param(error(status=503, type="other"), "server", id="503 with words"),
        pytest.param(httpx.Response(500), "server", id="500 without words"),
        pytest.param(httpx.Response(502, html="<h1>Bad gateway</h1>"), "server", id="502"),
        pytest.param(httpx.Response(403, html="<h1>Attention</h1>"), "server", id="a CDN's 403"),
        pytest.param(httpx.Response(404, html="<h1>Not here</h1>"), "server", id="a proxy's 404"),
        pytest.param(httpx.Response(200, html="<h1>Welcome</h1>"), "server", id="a portal"),
        pytest.param(httpx.Response(200, content=b'{"data": {"iss'), "network", id="cut"),
        pytest.param(httpx.Response(200, content=b""), "network", id="empty"),
    ],
)
async def test_an_outage_is_retried(reply: httpx.Response, kind: str) -> None:
    failed = await failure(reply)

    assert (failed.kind, failed.retryable) == (kind, True)


async def test_a_part_of_the_data_is_never_a_page() -> None:
    reply = httpx.Response(200, json={**issues(issue("i1")).json(), "errors": [{"message": "Oh"}]})

    assert "only a part of the data came: Oh" in str(await failure(reply))


async def test_forbidden_says_that_it_is_the_key() -> None:
    assert "the key may not do this" in str(await failure(error(status=403, type="forbidden")))


@pytest.mark.parametrize("broken", [httpx.ConnectError, httpx.ReadTimeout, httpx.PoolTimeout])
async def test_a_lost_connection_is_retried(broken: type[httpx.TransportError]) -> None:
    class Down(Server):
        def __call__(self, request: httpx.Request) -> httpx.Response:
            raise broken(f"no way to {request.url} with {KEY}")

    with pytest.raises(Upstream) as caught:
        await Down().linear().pull("issues", {})

    assert (caught.value.kind, caught.value.retryable) == ("network", True)
    assert KEY not in str(caught.value)


async def test_the_key_does_not_follow_a_redirect_to_another_host() -> None:
    server = Server(httpx.Response(307, headers={"location": "https://elsewhere.test/"}))

    with pytest.raises(UpstreamRejected, match="points to another address"):
        await server.linear().pull("issues", {})

    assert [request.url.host for request in server.requests] == ["linear.test"]


async def test_a_key_that_the_server_repeats_is_not_repeated_by_us() -> None:
    assert "Bad key ***" in str(await failure(error(f"Bad key {KEY}", type="invalid input")))


def budgets(**named: tuple[str, str, str]) -> dict[str, str]:
    """Headers of budgets: limit, remaining, reset."""
    return {
        f"x-ratelimit-{name}-{part}": value
        for name, parts in named.items()
        for part, value in zip(("limit", "remaining", "reset"), parts, strict=True)
    }


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param(
            budgets(
                requests=("2500", "0", milliseconds(90)),
                complexity=("3000000", "12", milliseconds(900)),
            ),
            90,
            id="until the empty budget is full",
        ),
        pytest.param(
            budgets(
                requests=("2500", "0", milliseconds(90)),
                complexity=("3000000", "0", milliseconds(30)),
            ),
            90,
            id="until the last of two",
        ),
        pytest.param(
            {**budgets(requests=("2500", "7", milliseconds(90))), "retry-after": "7"},
            7,
            id="as long as it says",
        ),
        pytest.param({}, 60, id="a minute if it does not say"),
        pytest.param(budgets(requests=("9", "0", milliseconds(-5))), 1, id="never into the past"),
        pytest.param(budgets(requests=("9", "0", "9" * 40)), 60, id="no such time"),
        pytest.param(budgets(requests=("9", "0", milliseconds(10**8))), 6 * 3600, id="not an age"),
    ],
)
@pytest.mark.parametrize("status", [400, 429, 200])
async def test_a_rate_limit_says_when_to_come_back(
    headers: dict[str, str], seconds: int, status: int
) -> None:
    gate = Watch()

    failed = await failure(httpx.Response(status, json=LIMITED, headers={**DATE, **headers}), gate)

    assert (failed.kind, failed.retryable) == ("rate_limit", True)
    assert failed.retry_after == timedelta(seconds=seconds)
    assert gate.closed == [failed.retry_after]


async def test_a_429_without_words_is_a_rate_limit() -> None:
    assert (await failure(httpx.Response(429, html="<h1>Slow</h1>"))).kind == "rate_limit"


async def test_other_failures_close_nothing() -> None:
    gate = Watch()

    await failure(httpx.Response(500), gate)

    assert gate.closed == []


async def test_every_reply_tells_the_gate_about_its_budgets() -> None:
    gate, reset = Watch(), datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    headers = {
        **budgets(
            requests=("2500", "2400", milliseconds(1800)),
            complexity=("3000000", "2990000.5", milliseconds(1800)),
        ),
        **budgets(**{"endpoint-requests": ("60", "59", milliseconds(1800))}),
        "x-ratelimit-endpoint-name": "issues",
    }

    await Server(issues(headers=headers)).linear(gate=gate).pull("issues", {})

    learnt = {one.budget: (one.limit, one.remaining, one.resets_at) for one in gate.learnt}
    assert learnt == {
        "requests": (2500, 2400, reset),
        "complexity": (3_000_000, 2_990_000.5, reset),
        "endpoint:issues": (60, 59, reset),
    }


async def test_a_failure_tells_about_the_budgets_too() -> None:
    gate = Watch()

    await failure(httpx.Response(500, headers=budgets(requests=("9", "8", "x"))), gate)

    assert [(one.remaining, one.resets_at) for one in gate.learnt] == [(8, None)]


async def test_each_question_takes_its_cost_from_both_budgets() -> None:
    gate = Watch()

    await Server(issues()).linear(gate=gate).pull("issues", {})

    assert gate.entered[0]["requests"] == 1
    assert 500 < gate.entered[0]["complexity"] < 5_000


@pytest.mark.parametrize(
    ("key", "header"),
    [
        ("lin_api_abc", "lin_api_abc"),
        (" lin_api_abc\n", "lin_api_abc"),
        ("Bearer token", "Bearer token"),
        ("lin_oauth_abc", "Bearer lin_oauth_abc"),
    ],
)
async def test_personal_keys_go_bare_and_tokens_as_bearer(key: str, header: str) -> None:
    server = Server(issues())

    await server.linear(key=key).pull("issues", {})

    assert server.requests[0].headers["authorization"] == header
    assert str(server.requests[0].url) == "https://linear.test/graphql"


@pytest.mark.parametrize("key", ["lin_api_\u043a\u043b\u044e\u0447", "lin_api_a\nb"])
async def test_a_key_that_cannot_be_one_is_refused_here(key: str) -> None:
    server = Server(issues())

    with pytest.raises(UpstreamRejected) as caught:
        await server.linear(key=key).pull("issues", {})

    assert (caught.value.kind, server.requests) == ("auth", [])


async def test_nul_characters_are_dropped_from_what_is_read() -> None:
    reply: Any = issues(issue("i1", title="a\u0000b"))

    page = await Server(reply).linear().pull("issues", {})

    assert page.records[0].fields["title"] == "ab"
