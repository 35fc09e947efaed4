"""LightRAG over HTTP: ask, read again, rate, open a source."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from mayak.access.deps import current_project, current_user
from mayak.access.model import ProjectScope, Role, User
from mayak.automation.model import Registry
from mayak.entry.http import build_app
from mayak.kit.resources import Resources
from mayak.lightrag import jobs
from mayak.lightrag.model.embedder import Embedder
from mayak.lightrag.service import Embedders, ExampleQuestions, OpenAIEmbeddings, SourceLinks
from mayak.platform.db import Database
from mayak.platform.telemetry import RequestMeasures
from tests.lightrag.conftest import Desk

pytestmark = pytest.mark.anyio

LAUNCH = "The launch date of the widget is the 28th."
ASKED = {"question": "What is the launch date of the widget?"}


@pytest.fixture
def role() -> Role:
    return "operator"


@pytest.fixture
async def client(
    database: Database, project: UUID, embedder: OpenAIEmbeddings, role: Role
) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose user has `role` in the project; logging in is tested where it lives."""
    app = build_app(
        Resources(
            {
                Database: database,
                Registry: Registry.of([jobs]),
                Embedder: embedder,
                Embedders: Embedders(embedder),
                SourceLinks: SourceLinks("https://desk.test", 7),
                ExampleQuestions: ExampleQuestions({"northwind": ["When is the launch?"]}),
                RequestMeasures: RequestMeasures(),
            }
        ),
        cors_origins=[],
    )
    scope = ProjectScope(
        id=project,
        slug="northwind",
        name="Northwind",
        time_zone="Europe/London",
        role=role,
        created_at=datetime.now(UTC),
    )
    user = User(id=uuid4(), email="a@b.example", name="Ada", role="member", locale=None)
    app.dependency_overrides[current_project] = lambda: scope
    app.dependency_overrides[current_user] = lambda: user
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://mayak.test") as http:
        yield http


async def ask(client: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    response = await client.post("/lightrag/query", json=ASKED | more)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def test_a_question_is_answered_with_its_citation(
    client: httpx.AsyncClient, desk: Desk
) -> None:
    await desk.hear(LAUNCH)
    await desk.embed()

    answer = await ask(client)

    assert answer["status"] == "answered"
    [citation] = answer["citations"]
    assert citation["quote"] == LAUNCH
    assert (citation["source_type"], citation["field"]) == ("chatwoot_message", "content")
    assert answer["sentences"][0]["citations"] == [citation["index"]]
    assert set(answer["timings"]) == {"embed_ms", "search_ms", "answer_ms", "total_ms"}


async def test_an_answer_is_served_again_by_its_id(client: httpx.AsyncClient, desk: Desk) -> None:
    await desk.hear(LAUNCH)
    await desk.embed()
    answer = await ask(client)

    again = await client.get(f"/lightrag/queries/{answer['id']}")
    listed = await client.get("/lightrag/queries?limit=1")

    assert again.json() == answer
    assert [one["id"] for one in listed.json()["items"]] == [answer["id"]]


async def test_the_history_goes_on_behind_its_cursor(client: httpx.AsyncClient) -> None:
    asked = [(await ask(client))["id"] for _ in range(3)]

    first = (await client.get("/lightrag/queries?limit=2")).json()
    rest = (await client.get(f"/lightrag/queries?limit=2&cursor={first['next_cursor']}")).json()

    assert [one["id"] for one in first["items"] + rest["items"]] == asked[::-1]
    assert rest["next_cursor"] is None


async def test_feedback_comes_back_with_the_answer(client: httpx.AsyncClient) -> None:
    answer = await ask(client)

    rated = await client.post(
        f"/lightrag/queries/{answer['id']}/feedback", json={"value": "down", "comment": "no\x00"}
    )

    assert rated.json() == answer | {"feedback": "down", "feedback_comment": "no"}


async def test_an_unknown_answer_is_not_found(client: httpx.AsyncClient) -> None:
    response = await client.get(f"/lightrag/queries/{uuid4()}")

    assert (response.status_code, response.json()["code"]) == (404, "answer_not_found")


@pytest.mark.parametrize("bad", ["", "   ", "?!?", "x" * 2001])
async def test_what_is_no_question_is_a_clear_error(client: httpx.AsyncClient, bad: str) -> None:
    response = await client.post("/lightrag/query", json={"question": bad})

    assert (response.status_code, response.json()["code"]) == (422, "invalid_input")
    assert "question" in response.json()["detail"]


async def test_a_source_shows_the_talk_around_it_without_notes(
    client: httpx.AsyncClient, desk: Desk
) -> None:
    await desk.hear("Hello.", LAUNCH, "Thank you.")
    await desk.do("UPDATE cw_messages SET private = true WHERE external_id = '102'")
    await desk.do("UPDATE cw_messages SET deleted_at = now() WHERE external_id = '100'")

    source = (await client.get("/lightrag/sources/chatwoot_message/101")).json()

    assert [(one["content"], one["deleted"], one["focus"]) for one in source["records"]] == [
        (None, True, False),
        (LAUNCH, False, True),
    ]
    assert source["document"]["url"].endswith("/conversations/1")
    assert (source["has_before"], source["has_after"]) == (False, False)


async def test_a_source_is_a_window_of_a_long_talk(client: httpx.AsyncClient, desk: Desk) -> None:
    await desk.hear(*(f"Message {number}." for number in range(60)))

    source = (await client.get("/lightrag/sources/chatwoot_message/130")).json()

    assert [one["external_id"] for one in source["records"]] == [str(n) for n in range(115, 146)]
    assert (source["has_before"], source["has_after"]) == (True, True)


@pytest.mark.parametrize("why", ["private = true", "message_type = 'activity'"])
async def test_what_clients_cannot_read_is_no_source(
    client: httpx.AsyncClient, desk: Desk, why: str
) -> None:
    await desk.hear(LAUNCH)
    await desk.do(f"UPDATE cw_messages SET {why}")

    response = await client.get("/lightrag/sources/chatwoot_message/100")

    assert (response.status_code, response.json()["code"]) == (404, "source_not_found")


async def test_a_source_of_another_project_does_not_exist(
    client: httpx.AsyncClient, database: Database, other_project: UUID, embedder: OpenAIEmbeddings
) -> None:
    await Desk(database, other_project, embedder).hear(LAUNCH)

    assert (await client.get("/lightrag/sources/chatwoot_message/100")).status_code == 404


async def test_the_status_counts_what_there_is_and_suggests(
    client: httpx.AsyncClient, desk: Desk
) -> None:
    await desk.hear(LAUNCH)
    await desk.embed()
    await desk.hear("Fresh news.", talk="2", at=datetime.now(UTC) + timedelta(hours=1))

    status = (await client.get("/lightrag/status")).json()

    assert status["sources"]["chatwoot"]["messages"] == 2
    assert status["chunks"] == {
        "total": 1,
        "pending": 0,
        "processing": 0,
        "ready": 1,
        "failed": 0,
    }
    assert status["embedding"]["provider"] == "openai"
    assert status["suggestions"] == ["When is the launch?"]
    assert status["lag"]["stale_documents"] == 0
    assert status["lag"]["checked_at"] is not None


async def test_a_refresh_without_a_bound_source_renews_the_chunks(
    client: httpx.AsyncClient,
) -> None:
    response = await client.post("/lightrag/refresh")

    assert response.status_code == 202
    assert [run["job_type"] for run in response.json()["runs"]] == ["embeddings_run"]


async def test_embedding_can_be_started_by_hand_and_joins_what_waits(
    client: httpx.AsyncClient,
) -> None:
    first = (await client.post("/jobs/embeddings/run")).json()
    again = (await client.post("/jobs/embeddings/run")).json()

    assert first["job_type"] == "embeddings_run"
    assert again["id"] == first["id"]


@pytest.mark.parametrize("role", ["viewer"])
@pytest.mark.parametrize("path", ["/lightrag/refresh", "/jobs/embeddings/run"])
async def test_a_viewer_starts_no_jobs(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.post(path)).status_code == 403


@pytest.mark.parametrize("role", ["manager"])
async def test_a_manager_asks_for_new_vectors_and_goes_back(
    client: httpx.AsyncClient, desk: Desk
) -> None:
    await desk.hear("When do we launch?")
    await desk.embed()

    asked = await client.post("/lightrag/reembed", json={})
    back = await client.post("/lightrag/reembed", json={"rollback": True})

    assert asked.status_code == 202
    assert [one["status"] for one in asked.json()["sets"]] == ["active"]
    assert asked.json()["run"]["job_type"] == "embeddings_run"
    assert (back.status_code, back.json()["code"]) == (409, "no_previous_embedding_set")
