"""What may go wrong between a model and its client."""

import json
from typing import Any

import httpx
import pytest

from mayak.sandbox.faults import BadFault
from mayak.sandbox.world import World
from tests.sandbox.openai.conftest import Connect, Embed, Say, chunks

pytestmark = pytest.mark.anyio

PROMPT = "[1] The goods left Riga on Monday.\n\nWhen did the goods leave Riga?"


@pytest.fixture
def plan(world: World) -> Any:
    """Plan a fault of the models."""

    def plan(kind: str, **args: Any) -> None:
        world.faults.add(kind, service="openai", **args)

    return plan


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("ratelimit", 429, "rate_limit_exceeded"),
        ("out_of_quota", 429, "insufficient_quota"),
        ("token_expired", 401, "invalid_api_key"),
    ],
)
async def test_a_refusal_has_the_code_of_the_real_one(
    embed: Embed, plan: Any, kind: str, status: int, code: str
) -> None:
    plan(kind)
    answer = await embed("a")

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert ("retry-after" in answer.headers) == (kind == "ratelimit")
    assert (await embed("a")).status_code == 200


async def test_a_poisoned_text_spoils_its_whole_request_and_no_other(
    embed: Embed, plan: Any
) -> None:
    plan("poisoned_text", text="bad", times=None)
    statuses = [(await embed(*texts)).status_code for texts in (["a", "b"], ["a", "bad one"], "a")]

    assert statuses == [200, 400, 200]


@pytest.mark.parametrize(("by", "indexes"), [(-1, [0, 1]), (-3, []), (2, [0, 1, 2, 3, 4])])
async def test_vectors_may_be_too_few_or_too_many(
    embed: Embed, plan: Any, by: int, indexes: list[int]
) -> None:
    plan("wrong_count", by=by)
    rows = (await embed("a", "b", "c")).json()["data"]

    assert [row["index"] for row in rows] == indexes


@pytest.mark.parametrize(("how", "last"), [("zero", [0, 0]), ("short", [None]), ("nan", ["nan"])])
async def test_a_vector_may_be_broken(embed: Embed, plan: Any, how: str, last: list[Any]) -> None:
    plan("bad_vector", how=how)
    answer = await embed("a", "b", dimensions=2)
    first, second = [row["embedding"] for row in answer.json()["data"]]

    assert len(first) == 2
    assert len(second) == (1 if how == "short" else 2)
    assert (str(second[0]) == "nan") == (last == ["nan"])
    assert (second == [0, 0]) == (how == "zero")


async def test_rows_may_come_in_another_order(embed: Embed, plan: Any) -> None:
    plan("reorder_page")
    rows = (await embed("a", "b", "c")).json()["data"]

    assert sorted(row["index"] for row in rows) == [0, 1, 2]
    assert [row["index"] for row in rows] != [0, 1, 2]


async def test_json_may_be_cut(embed: Embed, plan: Any) -> None:
    plan("truncate_json")
    answer = await embed("a")

    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize(
    ("ends", "finish", "content", "refused"),
    [
        ("length", "length", "The goods left", False),
        ("content_filter", "content_filter", "The goods left", False),
        ("refusal", "stop", None, True),
        ("null", "stop", None, False),
    ],
)
async def test_an_answer_may_end_otherwise(
    say: Say,
    plan: Any,
    ends: str,
    finish: str,
    content: str | None,
    refused: bool,  # noqa: FBT001
) -> None:
    plan("completion", ends=ends)
    choice = (await say(PROMPT)).json()["choices"][0]

    assert choice["finish_reason"] == finish
    assert choice["message"]["content"] == content
    assert bool(choice["message"]["refusal"]) == refused


async def test_choices_and_usage_may_be_missing(say: Say, plan: Any) -> None:
    plan("completion", ends="no_choices")
    assert (await say(PROMPT)).json()["choices"] == []
    plan("completion", ends="no_usage")
    assert "usage" not in (await say(PROMPT)).json()


async def received(client: httpx.AsyncClient) -> tuple[str, httpx.HTTPError | None]:
    """What arrives of a streamed answer, and how it ends."""
    messages = [{"role": "user", "content": PROMPT}]
    asked = {"model": "sandbox-chat", "messages": messages, "stream": True}
    text = ""
    try:
        async with client.stream("POST", "/chat/completions", json=asked) as response:
            assert response.status_code == 200
            async for part in response.aiter_text():
                text += part
    except httpx.HTTPError as error:
        return text, error
    return text, None


@pytest.mark.parametrize(
    ("kind", "error"), [("drop", httpx.RemoteProtocolError), ("timeout", httpx.ReadTimeout)]
)
async def test_a_stream_may_be_cut_or_hang_after_what_was_said(
    connect: Connect, plan: Any, kind: str, error: type[httpx.HTTPError]
) -> None:
    plan(kind, events=3)
    text, ended = await received(connect())

    assert isinstance(ended, error)
    assert [one["choices"][0]["delta"]["content"] for one in chunks(text)] == ["", "The", " goods"]


async def test_a_stream_may_be_cut_inside_an_event(connect: Connect, plan: Any) -> None:
    plan("truncate_json", bytes=400)
    text, ended = await received(connect())

    assert ended is None
    assert len(text) == 400
    assert "[DONE]" not in text


async def test_an_error_may_come_inside_a_stream(connect: Connect, plan: Any) -> None:
    plan("stream_error", events=2)
    text, ended = await received(connect())
    events = chunks(text)

    assert ended is None
    assert len(events) == 3
    assert events[-1]["error"]["type"] == "server_error"


async def test_a_client_may_leave_a_stream(connect: Connect, world: World) -> None:
    world.openai.token_delay = 1.0
    messages = [{"role": "user", "content": PROMPT}]
    asked = {"model": "sandbox-chat-slow", "messages": messages, "stream": True}
    async with connect().stream("POST", "/chat/completions", json=asked) as response:
        first = await anext(response.aiter_text())

    assert [one["choices"][0]["delta"]["role"] for one in chunks(first)] == ["assistant"]


@pytest.mark.parametrize(
    ("kind", "args"),
    [
        ("completion", {}),
        ("completion", {"ends": "badly"}),
        ("bad_vector", {"how": "odd"}),
        ("poisoned_text", {}),
    ],
)
def test_a_fault_that_means_nothing_is_refused(plan: Any, kind: str, args: dict[str, Any]) -> None:
    with pytest.raises(BadFault):
        plan(kind, **args)
