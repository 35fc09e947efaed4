"""Streams, runs, feedback and cases over HTTP."""

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from mayak.access.service import verify_audit
from mayak.platform.telemetry import RequestMeasures
from tests.lightrag.conftest import Desk
from tests.lightrag.test_api import ASKED, LAUNCH, ask, client, role

pytestmark = pytest.mark.anyio
__all__ = ["client", "role"]


async def events(client: httpx.AsyncClient, **body: Any) -> list[tuple[str, Any]]:
    answer = await client.post("/lightrag/query/stream", json=ASKED | body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    blocks = [block for block in answer.text.split("\n\n") if block.startswith("event:")]
    lines = [block.split("\n", 1) for block in blocks]
    return [
        (name.removeprefix("event: "), json.loads(data.removeprefix("data: ")))
        for name, data in lines
    ]


async def test_a_stream_tells_its_citations_before_its_sentences_and_ends_with_the_whole(
    client: httpx.AsyncClient, desk: Desk
) -> None:
    await desk.hear(LAUNCH)
    await desk.embed()

    heard = await events(client)

    assert [name for name, _ in heard] == ["started", "citations", "sentence", "done"]
    answer = heard[-1][1]
    assert heard[0][1] == {"id": answer["id"]}
    assert (heard[1][1], heard[2][1]) == (answer["citations"], answer["sentences"][0])
    assert (await client.get(f"/lightrag/queries/{answer['id']}")).json() == answer


async def test_what_is_no_question_is_refused_before_a_stream_begins(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post("/lightrag/query/stream", json={"question": "?!"})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


async def test_every_question_leaves_a_row_in_the_audit(
    client: httpx.AsyncClient, desk: Desk
) -> None:
    await ask(client)
    await events(client)

    rows = await desk.rows("SELECT action, status, actor FROM audit_events ORDER BY ordinal")
    assert [(row["action"], row["status"]) for row in rows] == [("lightrag.query", "empty")] * 2
    assert rows[0]["actor"].startswith("user:")
    async with desk.database.transaction(desk.project) as conn:
        assert await verify_audit(conn, desk.project) is None


async def test_a_bad_answer_becomes_a_case_that_is_reviewed_once(
    client: httpx.AsyncClient,
) -> None:
    answer = await ask(client)
    down = {"query_id": answer["id"], "value": "down", "reason": "not_found", "comment": "it is"}
    await client.post("/lightrag/feedback", json=down)
    [case] = (await client.get("/lightrag/cases?status=open")).json()["items"]

    done = await client.post(
        f"/lightrag/cases/{case['id']}", json={"status": "accepted", "expected": "The 28th."}
    )

    assert (case["question"], case["reason"]) == (answer["question"], "not_found")
    assert (done.json()["status"], done.json()["expected"]) == ("accepted", "The 28th.")
    assert (await client.get("/lightrag/cases?status=open")).json()["items"] == []
    runs = (await client.get("/lightrag/runs?feedback=down")).json()["items"]
    assert [(run["id"], run["feedback_reason"]) for run in runs] == [(answer["id"], "not_found")]


async def test_feedback_that_is_taken_back_takes_its_case_along(client: httpx.AsyncClient) -> None:
    answer = await ask(client)
    where = f"/lightrag/queries/{answer['id']}/feedback"
    await client.post(where, json={"value": "down"})
    await client.post(where, json={"value": None})

    assert (await client.get("/lightrag/cases")).json()["items"] == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE cw_messages SET deleted_at = now()",
        "UPDATE cw_messages SET private = true",
        "UPDATE cw_messages SET content = 'That is secret.'",
    ],
)
async def test_a_case_does_not_show_what_its_records_no_longer_say(
    client: httpx.AsyncClient, desk: Desk, change: str
) -> None:
    await desk.hear(LAUNCH)
    await desk.embed()
    answer = await ask(client)
    await client.post(f"/lightrag/queries/{answer['id']}/feedback", json={"value": "down"})
    [before] = (await client.get("/lightrag/cases")).json()["items"]

    await desk.do(change)
    [listed] = (await client.get("/lightrag/cases")).json()["items"]
    reviewed = await client.post(f"/lightrag/cases/{before['id']}", json={"status": "accepted"})

    assert LAUNCH in json.dumps(before)
    assert (listed["answer"]["reason"], reviewed.json()["answer"]) == ("gone", listed["answer"])
    assert LAUNCH not in json.dumps([listed, reviewed.json()])


async def test_an_unknown_case_is_not_found(client: httpx.AsyncClient) -> None:
    answer = await client.post(f"/lightrag/cases/{uuid4()}", json={"status": "dismissed"})

    assert (answer.status_code, answer.json()["code"]) == (404, "case_not_found")


async def test_an_explanation_shows_the_ranks_of_what_was_found(
    client: httpx.AsyncClient, desk: Desk
) -> None:
    await desk.hear(LAUNCH)
    await desk.embed()

    answer = await ask(client, explain=True)

    [found] = answer["explain"]["fused"]
    assert found["ranks"]["dense"] == 1
    assert answer["explain"]["lists"]["dense"][0]["chunk_id"] == found["chunk_id"]
    assert (await client.get(f"/lightrag/queries/{answer['id']}")).json()["explain"] is None


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE cw_messages SET private = true WHERE external_id = '100'",
        "UPDATE cw_messages SET content = 'That is secret.' WHERE external_id = '100'",
        "DELETE FROM cw_messages WHERE external_id = '100'",
    ],
)
async def test_an_explanation_shows_no_words_of_a_chunk_that_is_out_of_date(
    client: httpx.AsyncClient, desk: Desk, change: str
) -> None:
    await desk.hear(LAUNCH, talk="1")
    await desk.hear("The launch date of the loyalty app is open.", talk="2")
    await desk.embed()

    await desk.do(change)
    explain = (await ask(client, explain=True))["explain"]

    texts = {one["document_id"]: (one["title"], one["text"]) for one in explain["fused"]}
    assert texts["1"] == (None, "")
    assert "loyalty app" in texts["2"][1]
    assert {bool(one["text"]) for one in explain["lists"]["dense"]} == {True, False}
    assert LAUNCH not in json.dumps(explain)


async def test_the_share_of_errors_can_be_watched(client: httpx.AsyncClient) -> None:
    await ask(client)

    transport = client._transport  # noqa: SLF001  # the app of the fixture
    assert isinstance(transport, httpx.ASGITransport)
    app: Any = transport.app
    measures = app.state.resources.get(RequestMeasures).text().decode()
    assert 'app_rag_queries_total{status="empty"} 1.0' in measures
    assert 'app_rag_queries_total{status="error"} 0.0' in measures
    assert "app_rag_query_duration_seconds_count 1.0" in measures
