"""The built-in stories as rows of the mirror, without the sandbox servers and a sync between."""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import yaml
from psycopg.types.json import Jsonb

from mayak.platform.db import Conn

FOLDER = Path(__file__).parents[2] / "src/mayak/sandbox/stories"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TEN_MINUTES = timedelta(minutes=10)

INSERT_INBOX = """
INSERT INTO cw_inboxes_raw (project_id, external_id, name, payload, content_hash)
VALUES (%(project_id)s, %(external_id)s, %(name)s, '{}', '')
    ON CONFLICT DO NOTHING
"""
INSERT_CONTACT = """
INSERT INTO cw_contacts (project_id, external_id, name, email, payload, content_hash)
VALUES (%(project_id)s, %(external_id)s, %(name)s, %(email)s, '{}', '')
    ON CONFLICT DO NOTHING
"""
INSERT_CONVERSATION = """
INSERT INTO cw_conversations
       (project_id, external_id, inbox_id, contact_id, status, subject, last_activity_at,
        payload, content_hash)
VALUES (%(project_id)s, %(external_id)s, %(inbox_id)s, %(contact_id)s, %(status)s, %(subject)s,
        %(last_activity_at)s, '{}', '')
"""
INSERT_MESSAGE = """
INSERT INTO cw_messages
       (project_id, external_id, conversation_id, message_type, content_type, content, private,
        sender_kind, sender_name, source_created_at, deleted_at, payload, content_hash)
VALUES (%(project_id)s, %(external_id)s, %(conversation_id)s, %(message_type)s, 'text',
        %(content)s, %(private)s, %(sender_kind)s, %(sender_name)s, %(at)s, %(deleted_at)s,
        %(payload)s, %(content_hash)s)
"""


def when(text: str, now: datetime = NOW, zone: str = "Europe/Moscow") -> datetime:
    """The instant that a story means by `-12d 09:40` or `-3h20m`."""
    day = re.fullmatch(r"-(\d+)d (\d\d):(\d\d)", text)
    if day:
        local = now.astimezone(ZoneInfo(zone)) - timedelta(days=int(day[1]))
        return local.replace(hour=int(day[2]), minute=int(day[3]), second=0).astimezone(UTC)
    ago = re.fullmatch(r"-(?:(\d+)h)?(?:(\d+)m)?", text)
    assert ago, text
    return now - timedelta(hours=int(ago[1] or 0), minutes=int(ago[2] or 0))


@cache
def told() -> tuple[dict[str, Any], ...]:
    """Every storyline, read once: YAML is slow."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return tuple(
        yaml.load(path.read_text(), loader)  # noqa: S506  # a safe loader, the fast one if it is there
        for path in sorted(FOLDER.glob("*.yaml"))
    )


def studio() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((FOLDER / "studio.yaml").read_text())
    return loaded


async def add_conversation(
    conn: Conn, project: UUID, external_id: str = "1", **columns: object
) -> str:
    row = {
        "project_id": project,
        "external_id": external_id,
        "inbox_id": None,
        "contact_id": None,
        "status": "open",
        "subject": None,
        "last_activity_at": NOW,
    } | columns
    await conn.execute(INSERT_CONVERSATION, row)
    return external_id


async def add_message(
    conn: Conn, project: UUID, external_id: str, content: str | None, **columns: object
) -> str:
    """A message from Helen Marsh in conversation 1, unless `columns` say otherwise."""
    row = {
        "project_id": project,
        "external_id": external_id,
        "conversation_id": "1",
        "message_type": "incoming",
        "content": content,
        "private": False,
        "sender_kind": "contact",
        "sender_name": "Helen Marsh",
        "at": NOW,
        "deleted_at": None,
        "payload": Jsonb({}),
        "content_hash": hashlib.sha256((content or "").encode()).digest(),
    } | columns
    await conn.execute(INSERT_MESSAGE, row)
    return external_id


async def add_stories(conn: Conn, project: UUID, name: str) -> int:
    """Every conversation of one client of the studio. How many messages were added."""
    known = studio()
    added = 0
    for key in known["projects"][name]["inboxes"]:
        inbox = {"project_id": project, "external_id": key, "name": known["inboxes"][key]["name"]}
        await conn.execute(INSERT_INBOX, inbox)
    for story in told():
        if story.get("project") == name:
            for talk in story["conversations"]:
                added += await _add_talk(conn, project, talk, known)
    return added


async def _add_talk(
    conn: Conn, project: UUID, talk: Mapping[str, Any], known: Mapping[str, Any]
) -> int:
    contact = known["people"][talk["contact"]]
    row = {"project_id": project, "external_id": talk["contact"], "name": contact["name"]}
    await conn.execute(INSERT_CONTACT, row | {"email": contact.get("email")})
    await add_conversation(
        conn,
        project,
        talk["key"],
        inbox_id=talk["inbox"],
        contact_id=talk["contact"],
        status=talk["status"],
        subject=talk.get("subject"),
        last_activity_at=when(talk["messages"][-1]["at"]),
    )
    for number, message in enumerate(talk["messages"]):
        await add_message(
            conn,
            project,
            f"{talk['key']}:{number:03}",
            None if message.get("deleted") else message.get("text") or message.get("activity"),
            conversation_id=talk["key"],
            at=when(message["at"]),
            private=bool(message.get("private")),
            deleted_at=NOW if message.get("deleted") else None,
            **_sender(message, known),
        )
    return len(talk["messages"])


def _sender(message: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, object]:
    if "activity" in message:
        return {"message_type": "activity", "sender_kind": None, "sender_name": None}
    name = message["from"]
    if name in known["agents"]:
        agent = known["agents"][name]["name"]
        return {"message_type": "outgoing", "sender_kind": "agent", "sender_name": agent}
    return {"sender_name": known["people"][name]["name"]}


def public_texts(name: str) -> list[str]:
    """What everybody could read in the stories of one client."""
    return [
        message["text"]
        for story in told()
        if story.get("project") == name
        for talk in story["conversations"]
        for message in talk["messages"]
        if "text" in message and not message.get("private") and not message.get("deleted")
    ]
