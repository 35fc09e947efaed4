"""Serving somebody's export."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from mayak.sandbox.app import create_app
from mayak.sandbox.jsonl import BadExport, load_world
from mayak.sandbox.stories import ADMIN_TOKEN
from mayak.sandbox.world import World

pytestmark = pytest.mark.anyio

TALK: dict[str, Any] = {
    "id": 41,
    "inbox_id": 3,
    "account_id": 5,
    "status": "resolved",
    "meta": {
        "sender": {"id": 77, "name": "Helen", "email": "helen@client.example"},
        "channel": "Channel::Whatsapp",
        "assignee": {"id": 9, "name": "Ada"},
    },
    "created_at": 1_700_000_000,
    "last_activity_at": "2023-11-14T23:13:20Z",
    "updated_at": 1_700_003_600.5,
    "applied_sla": {"hours": 4},
}
WORD: dict[str, Any] = {
    "id": 1001,
    "conversation_id": 41,
    "message_type": 0,
    "content": "Hello",
    "created_at": 1_700_000_000,
    "mood": "curious",
}


def export(folder: Path, **files: list[dict[str, Any]]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in files.items():
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    return folder


async def get(world: World, path: str) -> Any:
    transport = httpx.ASGITransport(app=create_app(world))
    base = f"http://sandbox/chatwoot/api/v1/accounts/{world.account_id}"
    headers = {"api_access_token": ADMIN_TOKEN}
    async with httpx.AsyncClient(transport=transport, base_url=base, headers=headers) as client:
        return (await client.get(path)).json()


async def test_conversations_and_messages_are_enough(tmp_path: Path) -> None:
    world = load_world(export(tmp_path, conversations=[TALK], messages=[WORD]))

    talk = await get(world, "/conversations/41")
    assert (world.account_id, talk["status"], talk["last_activity_at"]) == (
        5,
        "resolved",
        1_700_003_600,
    )
    assert talk["updated_at"] == 1_700_003_600.5
    assert (await get(world, "/contacts/77"))["payload"]["email"] == "helen@client.example"
    (inbox,) = (await get(world, "/inboxes"))["payload"]
    assert (inbox["id"], inbox["channel_type"]) == (3, "Channel::Whatsapp")


async def test_a_folder_named_chatwoot_is_looked_into(tmp_path: Path) -> None:
    export(tmp_path / "chatwoot", conversations=[TALK])

    assert load_world(tmp_path).conversation(41).contact_id == 77


async def test_fields_that_are_not_understood_are_served_back(tmp_path: Path) -> None:
    world = load_world(export(tmp_path, conversations=[TALK], messages=[WORD]))

    assert (await get(world, "/conversations/41"))["applied_sla"] == {"hours": 4}
    (row,) = (await get(world, "/conversations/41/messages"))["payload"]
    assert (row["mood"], row["sender"]["id"]) == ("curious", 77)


def test_times_and_types_come_in_both_spellings(tmp_path: Path) -> None:
    worded = WORD | {"message_type": "outgoing", "created_at": "2023-11-14T22:13:20.000Z"}
    world = load_world(export(tmp_path, conversations=[TALK], messages=[worded]))

    assert world.message(1001).message_type == 1
    assert world.message(1001).created_at == 1_700_000_000


def test_embedded_messages_count_until_the_file_says_more(tmp_path: Path) -> None:
    embedded = WORD | {"id": 1000, "content": "embedded", "conversation_id": 41}
    talk = TALK | {"messages": [embedded, WORD | {"content": "cut sh"}]}
    world = load_world(export(tmp_path, conversations=[talk], messages=[WORD]))

    assert [row.content for row in world.messages_of((5, 41))] == ["Hello", "embedded"][::-1]


async def test_explicit_files_win_over_what_would_be_inferred(tmp_path: Path) -> None:
    folder = export(
        tmp_path,
        conversations=[TALK],
        messages=[WORD | {"message_type": 1, "sender": {"id": 9, "type": "user", "name": "A."}}],
        contacts=[{"id": 77, "name": "Helen Marsh", "created_at": 1}],
        inboxes=[{"id": 3, "name": "WhatsApp", "channel_type": "Channel::Whatsapp"}],
        agents=[{"id": 9, "name": "Ada L.", "email": "a@s.example", "role": "administrator"}],
        labels=[{"id": 1, "title": "vip", "color": "#ffffff"}],
    )
    world = load_world(folder)

    assert world.contact(77).name == "Helen Marsh"
    assert world.agents[9].token == ADMIN_TOKEN
    assert (await get(world, "/labels"))["payload"][0]["color"] == "#ffffff"
    assert (await get(world, "/conversations/41/messages"))["payload"][0]["sender"]["id"] == 9


def test_new_rows_go_on_after_the_greatest_id(tmp_path: Path) -> None:
    world = load_world(export(tmp_path, conversations=[TALK], messages=[WORD]))

    assert world.add_message(41, "more").id == 1002
    assert world.add_conversation(inbox_id=3, contact_id=77).display_id == 42


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (WORD | {"conversation_id": 99}, "conversation_id 99 is not in conversations.jsonl"),
        (WORD | {"id": "x"}, "id must be a whole number"),
        (WORD | {"message_type": 9}, "message_type 9 is none of"),
        (WORD | {"created_at": "soon"}, "created_at is neither epoch seconds nor"),
        (WORD | {"content": {"text": "Hi"}}, "content must be a text or null"),
        ({"id": 5}, "'conversation_id' is missing"),
    ],
)
def test_a_bad_row_is_named_by_file_and_line(
    tmp_path: Path, row: dict[str, Any], complaint: str
) -> None:
    folder = export(tmp_path, conversations=[TALK], messages=[WORD, row])

    with pytest.raises(BadExport) as caught:
        load_world(folder)
    assert f"{folder / 'messages.jsonl'}:2: " in str(caught.value)
    assert complaint in str(caught.value)


@pytest.mark.parametrize("line", ["{nope", "[1, 2]"])
def test_a_line_that_is_no_object_is_named_too(tmp_path: Path, line: str) -> None:
    export(tmp_path)
    (tmp_path / "conversations.jsonl").write_text(f"\n{line}\n", encoding="utf-8")

    with pytest.raises(BadExport, match=r"conversations\.jsonl:2: "):
        load_world(tmp_path)


def test_a_folder_without_conversations_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadExport, match=r"no conversations\.jsonl"):
        load_world(tmp_path)
