"""What queries cost, and what happens when a budget is used up."""

from typing import Any

import pytest

from mayak.sandbox.linear.limits import cost, points
from mayak.sandbox.linear.schema import document_of
from mayak.sandbox.world import World
from tests.sandbox.linear_world import MEMBER_KEY, Ask, refusal

pytestmark = pytest.mark.anyio

VIEWER = "{ viewer { id } }"


@pytest.mark.parametrize(
    ("query", "variables", "charged"),
    [
        (VIEWER, {}, 2),
        ("{ viewer { id name email } }", {}, 2),
        ("{ issues(first: 10) { nodes { id } } }", {}, 12),
        ("{ issues { nodes { id } } }", {}, 56),
        ("query($n: Int) { issues(first: $n) { nodes { id } } }", {"n": 20}, 23),
        ("query($n: Int) { issues(first: $n) { nodes { id } } }", {}, 56),
        ("query($n: Int = 20) { issues(first: $n) { nodes { id } } }", {}, 23),
        ("{ issues(first: 10) { nodes { team { id } } pageInfo { endCursor } } }", {}, 24),
        ("{ issues(first: 2) { nodes { comments(first: 5) { nodes { id } } } } }", {}, 16),
        ("{ issues(first: 10) { ...page } } fragment page on IssueConnection { nodes { id } }",
         {}, 12),
    ],
)  # fmt: skip
def test_a_query_costs_what_is_documented(
    query: str, variables: dict[str, Any], charged: int
) -> None:
    document, wrong = document_of(query)
    assert document is not None, wrong

    exact = cost(document, None, variables)
    assert exact is not None
    assert points(exact) == charged


async def test_a_query_above_10000_points_is_refused_and_costs_nothing(ask: Ask) -> None:
    query = "{ issues(first: 250) { nodes { comments { nodes { id } } } } }"
    response = await ask(query)

    (error,) = response.json()["errors"]
    assert refusal(response) == (400, "INPUT_ERROR", "invalid input")
    assert error["message"] == "Query too complex"
    assert error["extensions"]["userPresentableMessage"] == (
        "Complexity: 14251.00. Maximum allowed complexity: 10000."
    )
    assert response.headers["X-RateLimit-Complexity-Remaining"] == "3000000"


async def test_every_answer_tells_what_is_left(ask: Ask, studio: World) -> None:
    response = await ask(VIEWER)

    told = {
        name: value
        for name, value in response.headers.items()
        if name.startswith(("x-ratelimit", "x-complexity"))
    }
    second = int(studio.clock.timestamp() * 1000)
    assert told == {
        "x-complexity": "2",
        "x-ratelimit-requests-limit": "2500",
        "x-ratelimit-requests-remaining": "2499",
        "x-ratelimit-requests-reset": str(second + 1440),
        "x-ratelimit-complexity-limit": "3000000",
        "x-ratelimit-complexity-remaining": "2999998",
        "x-ratelimit-complexity-reset": str(second + 3),
    }


async def test_a_refused_call_tells_the_budget_too(ask: Ask) -> None:
    assert (await ask("{ nope }")).headers["X-RateLimit-Requests-Limit"] == "2500"
    assert (await ask(VIEWER, headers={})).headers["X-RateLimit-Requests-Limit"] == "2500"


async def test_too_many_requests_are_a_400_until_the_bucket_drips(ask: Ask, studio: World) -> None:
    studio.linear.requests_per_period, studio.linear.period = 2, 60.0
    served = [(await ask(VIEWER)).status_code for _ in range(3)]
    refused = await ask(VIEWER)
    studio.clock.advance(30)

    assert served == [200, 200, 400]
    assert refusal(refused) == (400, "RATELIMITED", "ratelimited")
    assert refused.json()["errors"][0]["extensions"]["statusCode"] == 429
    assert refused.headers["X-RateLimit-Requests-Remaining"] == "0"
    assert [(await ask(VIEWER)).status_code for _ in range(2)] == [200, 400]


async def test_too_many_points_are_refused_in_the_same_words(ask: Ask, studio: World) -> None:
    studio.linear.complexity_per_period = 60
    query = "{ issues { nodes { id } } }"
    answers = [await ask(query), await ask(query), await ask(VIEWER)]

    assert [one.status_code for one in answers] == [200, 400, 200]
    assert refusal(answers[1]) == (400, "RATELIMITED", "ratelimited")


async def test_the_budget_is_that_of_the_user(ask: Ask, studio: World) -> None:
    studio.linear.requests_per_period = 1
    studio.linear.keys["lin_api_second"] = "user-ada"
    answers = [await ask(VIEWER), await ask(VIEWER, key="lin_api_second")]
    other = await ask(VIEWER, key=MEMBER_KEY)

    assert [one.status_code for one in (*answers, other)] == [200, 400, 200]


async def test_the_budget_can_be_asked_for(ask: Ask, studio: World) -> None:
    query = (
        "{ rateLimitStatus { kind limits { type allowedAmount remainingAmount period reset } } }"
    )
    status = (await ask(query)).json()["data"]["rateLimitStatus"]

    requests, complexity = status["limits"]
    assert status["kind"] == "apiKey"
    assert (requests["type"], requests["allowedAmount"], requests["remainingAmount"]) == (
        "requests", 2500, 2499,
    )  # fmt: skip
    assert (requests["period"], complexity["type"]) == (3_600_000, "complexity")
    assert requests["reset"] == studio.clock.timestamp() * 1000 + 1440
