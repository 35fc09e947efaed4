"""What each of Attio's failures means to the one who called."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import httpx
import pytest

from mayak.connectors.attio import Attio
from mayak.connectors.base import Allowance
from mayak.errors import Upstream, UpstreamRejected
from tests.connectors.attio_workspace import TOKEN, Answer, Workspace, attio, refused

pytestmark = pytest.mark.anyio

DATE = {"date": "Tue, 23 May 2023 14:42:00 GMT"}
NEXT_SECOND = {**DATE, "retry-after": "Tue, 23 May 2023 14:42:01 GMT"}
TOO_MANY = refused(429, "rate_limit_exceeded", "Rate limit exceeded, please try again later")


def always(reply: httpx.Response) -> Answer:
    return lambda _: reply


async def failure(answer: Answer, stream: str = "notes") -> Upstream:
    with pytest.raises(Upstream) as caught:
        await attio(answer).pull(stream, {})
    assert TOKEN not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        pytest.param(401, "unauthorized", "auth", id="a wrong token"),
        pytest.param(403, "missing_scope", "auth", id="a permission it lacks"),
        pytest.param(403, "billing_error", "rejected", id="not in the plan"),
        pytest.param(404, "not_found", "not_found", id="gone"),
        pytest.param(400, "filter_error", "rejected", id="a filter it does not know"),
        pytest.param(409, "uniqueness_conflict", "rejected", id="there already"),
        pytest.param(418, "", "rejected", id="anything else"),
    ],
)
async def test_a_refusal_is_not_worth_retrying(status: int, code: str, kind: str) -> None:
    error = await failure(always(refused(status, code, "Because")))

    assert isinstance(error, UpstreamRejected)
    assert (error.kind, error.retryable) == (kind, False)
    assert f"HTTP {status}, Because" in error.reason


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        pytest.param(refused(500, "api_error"), "server", id="500 as JSON"),
        pytest.param(httpx.Response(502, html="<h1>Bad"), "server", id="502 of a proxy"),
        pytest.param(httpx.Response(403, html="<h1>Attention"), "server", id="403 of a CDN"),
        pytest.param(httpx.Response(404, html="<h1>Nothing"), "server", id="404 of a proxy"),
        pytest.param(httpx.Response(200, html="<h1>Welcome"), "server", id="200 of a portal"),
        pytest.param(httpx.Response(408), "server", id="a request timeout"),
        pytest.param(httpx.Response(200, content=b'{"data": [{"id'), "network", id="cut JSON"),
        pytest.param(httpx.Response(200, content=b""), "network", id="an empty reply"),
    ],
)
async def test_an_outage_is_retried(reply: httpx.Response, kind: str) -> None:
    error = await failure(always(reply))

    assert (error.kind, error.retryable) == (kind, True)


@pytest.mark.parametrize(
    "broken", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.PoolTimeout]
)
async def test_a_lost_connection_is_retried(broken: type[httpx.TransportError]) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise broken(f"no way to {request.url} with {TOKEN}")

    error = await failure(answer)

    assert (error.kind, error.retryable) == ("network", True)
    assert broken.__name__ in str(error)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param(NEXT_SECOND, 1, id="a date, by the server's own clock"),
        pytest.param({**DATE, "retry-after": DATE["date"]}, 0.1, id="never at once"),
        pytest.param(
            {**DATE, "retry-after": "Tue, 23 May 2023 14:41:00 GMT"}, 0.1, id="not into the past"
        ),
        pytest.param({**DATE, "retry-after": "3"}, 3, id="seconds, should they come back"),
        pytest.param(DATE, 1, id="a second, when it does not say"),
        pytest.param({**DATE, "retry-after": "soon"}, 1, id="a second, when it says nothing clear"),
        pytest.param(
            {**DATE, "retry-after": "Tue, 23 May 9999 14:42:01 GMT"}, 6 * 3600, id="not for an age"
        ),
    ],
)
async def test_a_rate_limit_says_when_to_come_back(
    headers: Mapping[str, str], seconds: float
) -> None:
    error = await failure(always(httpx.Response(429, content=TOO_MANY.content, headers=headers)))

    assert (error.kind, error.retryable) == ("rate_limit", True)
    assert error.retry_after == timedelta(seconds=seconds)


async def test_the_wait_is_jittered() -> None:
    http = httpx.AsyncClient(transport=httpx.MockTransport(always(TOO_MANY)))
    with pytest.raises(Upstream) as caught:
        await Attio(http, token=TOKEN, jitter=lambda: 0.25).pull("notes", {})

    assert caught.value.retry_after == timedelta(seconds=1.25)


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        pytest.param(429, "rate_limit_exceeded", "The query is too complex", id="429"),
        pytest.param(429, "query_score_exceeded", "Score 900 is over 500", id="429 by its code"),
        pytest.param(400, "validation_type", "Please simplify your query", id="400"),
    ],
)
async def test_a_query_that_is_too_heavy_by_itself_is_not_repeated(
    status: int, code: str, words: str
) -> None:
    error = await failure(always(refused(status, code, words)), "companies")

    assert (error.kind, error.retryable) == ("rejected", False)
    assert "simplify it" in error.reason


@pytest.mark.parametrize(
    ("status", "code", "words", "kind"),
    [
        pytest.param(
            429, "rate_limit_exceeded", "Summed score over the 10 second window",
            "rate_limit", id="others' queries pass",
        ),
        pytest.param(
            400, "filter_error", "No attribute called score", "rejected",
            id="an attribute may be called score",
        ),
    ],
)  # fmt: skip
async def test_not_every_mention_of_a_score_means_too_heavy(
    status: int, code: str, words: str, kind: str
) -> None:
    error = await failure(always(refused(status, code, words)))

    assert error.kind == kind
    assert "simplify it" not in error.reason


class Recorder:
    """A gate that lets everything through and writes down what passes."""

    def __init__(self) -> None:
        self.entered: list[Mapping[str, float]] = []
        self.closed: list[tuple[timedelta, str]] = []

    async def enter(self, costs: Mapping[str, float]) -> None:
        self.entered.append(costs)

    async def learn(self, allowances: Sequence[Allowance]) -> None:
        raise AssertionError(f"Attio says nothing of its budgets: {allowances}")

    async def close(self, wait: timedelta, *, reason: str) -> None:
        self.closed.append((wait, reason))


async def test_a_rate_limit_closes_the_gate_for_everybody() -> None:
    gate = Recorder()
    limited = httpx.Response(429, content=TOO_MANY.content, headers=NEXT_SECOND)

    with pytest.raises(Upstream):
        await attio(always(limited), gate=gate).pull("notes", {})

    assert gate.closed == [
        (timedelta(seconds=1), "HTTP 429, Rate limit exceeded, please try again later")
    ]


async def test_other_failures_leave_the_gate_open() -> None:
    gate = Recorder()

    with pytest.raises(Upstream):
        await attio(always(httpx.Response(503)), gate=gate).pull("notes", {})

    assert gate.closed == []


async def test_queries_are_paid_as_reads_and_webhooks_as_writes() -> None:
    gate = Recorder()
    made = {"data": {"id": {"webhook_id": "w"}, "secret": "s"}}
    answers: dict[str, Any] = {
        "POST /v2/objects/companies/records/query": {"data": []},
        "POST /v2/webhooks": made,
        "DELETE /v2/webhooks/w": {},
    }
    source = Workspace(answers, gate=gate).attio

    await source.pull("companies", {})
    await source.install_webhook("https://mayak.example/hooks")
    await source.remove_webhook("w")

    assert gate.entered == [{"reads": 1}, {"writes": 1}, {"writes": 1}]


async def test_a_refusal_for_lack_of_permission_names_it() -> None:
    error = await failure(always(refused(403, "missing_scope")), "tasks")

    assert "task:read" in error.reason


async def test_an_object_that_is_switched_off_is_named() -> None:
    error = await failure(always(refused(404, "not_found")), "deals")

    assert error.kind == "not_found"
    assert "no object deals" in error.reason


async def test_the_token_does_not_follow_a_redirect_to_another_host() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(302, headers={"location": "https://elsewhere.test/"})

    error = await failure(answer)

    assert asked == ["api.attio.com"]
    assert not error.retryable


async def test_a_token_that_the_server_repeats_is_not_repeated_by_us() -> None:
    error = await failure(always(refused(401, "unauthorized", f"Bad token {TOKEN}")))

    assert "Bad token ***" in error.reason


async def test_a_token_that_cannot_be_sent_is_refused_without_being_told() -> None:
    source = Attio(httpx.AsyncClient(), token="пароль")
    with pytest.raises(UpstreamRejected) as caught:
        await source.pull("notes", {})

    assert (caught.value.kind, "пароль" in str(caught.value)) == ("auth", False)


@pytest.mark.parametrize("body", [[], {"records": []}, {"data": {}}, {"data": None}, "text"])
async def test_an_envelope_of_another_form_is_no_empty_page(body: Any) -> None:
    error = await failure(always(httpx.Response(200, json=body)))

    assert (error.kind, error.retryable) == ("schema", False)


async def test_what_no_database_takes_is_left_out_of_a_refusal() -> None:
    error = await failure(always(refused(401, "unauthorized", "bad\x00token")))

    assert error.reason == "HTTP 401, badtoken"


async def test_at_most_four_requests_are_under_way() -> None:
    under_way, most = 0, 0

    async def answer(_: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.001)
        under_way -= 1
        return refused(404, "not_found")

    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    await Attio(http, token=TOKEN).fetch("notes", [str(n) for n in range(12)])

    assert most == 4
