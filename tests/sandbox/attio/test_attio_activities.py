"""Notes, tasks, lists and members."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from mayak.sandbox.attio.rows import Member
from mayak.sandbox.world import World

pytestmark = pytest.mark.anyio

Edit = Callable[..., dict[str, Any]]


@pytest.fixture
def maria(world: World) -> str:
    id_ = "5b7b6c9e-0000-4000-8000-000000000001"
    world.attio.members[id_] = Member(
        id=id_, first_name="Maria", last_name="S", email="maria@studio.example", created_at=0
    )
    return id_


async def listed(attio: httpx.AsyncClient, url: str, text: str) -> list[str]:
    answer = await attio.get(url)
    assert answer.status_code == 200, answer.text
    return [row[text] for row in answer.json()["data"]]


async def test_notes_come_in_tens_and_never_in_more_than_fifties(
    attio: httpx.AsyncClient, company: Callable[..., str], edit: Edit
) -> None:
    firm = company("Acme")
    for number in range(12):
        edit("add_note", record_id=firm, title=f"{number}", content="x")

    assert len(await listed(attio, "/notes", "title")) == 10
    assert await listed(attio, "/notes?limit=50&offset=10", "title") == ["1", "0"]
    assert (await attio.get("/notes?limit=51")).json()["code"] == "validation_type"


async def test_notes_are_filtered_by_what_they_are_about(
    attio: httpx.AsyncClient, company: Callable[..., str], edit: Edit
) -> None:
    firms = [company(name) for name in "ab"]
    for firm in firms:
        edit("add_note", record_id=firm, title=f"of {firm}", content="x")
    found = await listed(attio, f"/notes?parent_record_id={firms[0]}", "title")

    assert found == [f"of {firms[0]}"]
    assert await listed(attio, "/notes?parent_object=people", "title") == []
    assert (await attio.get("/notes?parent_object=nonsense")).status_code == 404


async def test_a_note_is_written_read_and_deleted(
    attio: httpx.AsyncClient, company: Callable[..., str]
) -> None:
    data = {"parent_object": "companies", "parent_record_id": company("Acme"), "title": "Call",
            "format": "plaintext", "content": "They agreed."}  # fmt: skip
    made = (await attio.post("/notes", json={"data": data})).json()["data"]
    url = f"/notes/{made['id']['note_id']}"

    assert made["content_plaintext"] == "They agreed."
    assert (await attio.get(url)).json()["data"] == made
    assert (await attio.delete(url)).status_code == 200
    assert (await attio.get(url)).status_code == 404


async def test_a_note_needs_a_record_that_is_there(attio: httpx.AsyncClient) -> None:
    data = {"parent_object": "companies", "parent_record_id": "nobody", "title": "Call",
            "format": "plaintext", "content": "x"}  # fmt: skip

    assert (await attio.post("/notes", json={"data": data})).status_code == 404


async def test_tasks_are_listed_oldest_first_unless_told_otherwise(
    attio: httpx.AsyncClient, edit: Edit
) -> None:
    for text in "abc":
        edit("add_task", content=text)

    assert await listed(attio, "/tasks?limit=2", "content_plaintext") == ["a", "b"]
    assert await listed(attio, "/tasks?sort=created_at:desc&limit=1", "content_plaintext") == ["c"]
    assert (await attio.get("/tasks?sort=content:asc")).status_code == 400
    assert (await attio.get("/tasks?limit=501")).status_code == 400


async def test_tasks_are_filtered(
    attio: httpx.AsyncClient, company: Callable[..., str], edit: Edit, maria: str
) -> None:
    firm = company("Acme")
    edit("add_task", content="a", record_ids=[firm])
    edit("add_task", content="b", assignees=["maria@studio.example"])
    done = edit("add_task", content="c")
    edit("complete_task", task_id=done["id"]["task_id"])
    found = {
        query: await listed(attio, f"/tasks?{query}", "content_plaintext")
        for query in (
            "linked_object=companies",
            f"linked_record_id={firm}",
            f"assignee={maria}",
            "assignee=null",
            "is_completed=true",
        )
    }

    assert list(found.values()) == [["a"], ["a"], ["b"], ["a", "c"], ["c"]]


async def test_a_task_knows_when_it_was_completed_only_then(
    attio: httpx.AsyncClient, world: World, maria: str, company: Callable[..., str]
) -> None:
    firm = company("Acme")
    data = {
        "content": "Call", "format": "plaintext", "deadline_at": "2026-03-02T18:00:00Z",
        "is_completed": False,
        "assignees": [{"workspace_member_email_address": "maria@studio.example"}],
        "linked_records": [{"target_object": "companies", "target_record_id": firm}],
    }  # fmt: skip
    made = (await attio.post("/tasks", json={"data": data})).json()["data"]
    world.clock.advance(60)
    url = f"/tasks/{made['id']['task_id']}"
    done = (await attio.patch(url, json={"data": {"is_completed": True}})).json()["data"]

    assert "completed_at" not in made
    assert made["assignees"][0]["referenced_actor_id"] == maria
    assert made["deadline_at"] == "2026-03-02T18:00:00.000000000Z"
    assert done["completed_at"].startswith("2026-03-01T12:01:00.")


@pytest.mark.parametrize(
    ("posted", "code"),
    [({"content": "other"}, "immutable_value"), ({"deadline_at": "tomorrow"}, "validation_type")],
)
async def test_what_a_task_cannot_become_is_refused(
    attio: httpx.AsyncClient, edit: Edit, posted: dict[str, str], code: str
) -> None:
    id_ = edit("add_task", content="a")["id"]["task_id"]
    answer = await attio.patch(f"/tasks/{id_}", json={"data": posted})

    assert (answer.status_code, answer.json()["code"]) == (400, code)


async def test_a_list_has_entries_until_it_is_archived(
    attio: httpx.AsyncClient, company: Callable[..., str], edit: Edit
) -> None:
    firms = [company(name) for name in "ab"]
    edit("add_list", name="Key accounts", slug="key")
    for firm in firms:
        edit("add_list_entry", list="key", record_id=firm)
    body = {"sorts": [{"attribute": "created_at", "direction": "asc"}]}
    found = (await attio.post("/lists/key/entries/query", json=body)).json()["data"]
    narrowed = (
        await attio.post(
            "/lists/key/entries/query", json={"filter": {"parent_record_id": firms[1]}}
        )
    ).json()["data"]
    edit("delete_list_entry", list="key", record_id=firms[0])
    edit("archive_list", list="key")

    assert [row["parent_record_id"] for row in found] == firms
    assert [row["parent_record_id"] for row in narrowed] == [firms[1]]
    assert (await attio.post("/lists/key/entries/query", json=body)).status_code == 404
    assert (await attio.get("/lists")).json()["data"] == []


async def test_members_are_listed_at_once(attio: httpx.AsyncClient, maria: str) -> None:
    assert await listed(attio, "/workspace_members", "email_address") == ["maria@studio.example"]
    assert (await attio.get(f"/workspace_members/{maria}")).status_code == 200
    assert (await attio.get("/workspace_members/nobody")).status_code == 404
