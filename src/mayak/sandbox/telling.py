"""Turning one studio and its storylines into the rows of a World, or saying why one cannot."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Any, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from mayak.sandbox.clock import Clock
from mayak.sandbox.rows import (
    Account,
    ClientProject,
    Contact,
    Conversation,
    Inbox,
    Label,
    Message,
    Priority,
    Role,
    Status,
)
from mayak.sandbox.world import DELETED_TEXT, World

ADMIN_TOKEN = "sandbox-admin-token"  # noqa: S105 - public by design
AGENT_TOKEN = "sandbox-agent-token"  # noqa: S105 - public by design
OBSERVER = "One Inbox Only"
"""The user of AGENT_TOKEN: an agent who is a member of the first inbox and of no other."""

CHANNELS = {
    "email": "Channel::Email",
    "web": "Channel::WebWidget",
    "telegram": "Channel::Telegram",
    "whatsapp": "Channel::Whatsapp",
    "api": "Channel::Api",
}
STUDIO_KEYS = {"account", "time_zone", "agents", "projects", "inboxes", "people", "labels"}
STORY_KEYS = {"title", "storyline", "project", "conversations"}
CONVERSATION_KEYS = {
    "key", "inbox", "contact", "assignee", "status", "priority", "labels", "subject", "messages",
}  # fmt: skip
MESSAGE_KEYS = {"at", "from", "text", "private", "deleted", "activity"}
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DAYS_AGO = re.compile(r"-(\d+)d (\d{2}):(\d{2})")
AGO = re.compile(r"-(?:(\d+)h)?(?:(\d+)m)?")
UNSAID = timedelta(minutes=5)
"""How long after it was sent a deleted message was deleted."""


class StoryError(ValueError):
    """A story cannot be told; the message names the file, the conversation and the reason."""


def parsed(name: str, text: str) -> dict[str, Any]:
    """The mapping in a story file. Raises StoryError."""
    try:
        raw = yaml.load(text, Loader=LOADER)  # noqa: S506 - a safe loader, the faster one if there
    except yaml.YAMLError as error:
        raise StoryError(f"{name}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(raw, dict):
        raise StoryError(f"{name}: the top level must be a mapping")
    return raw


def moment(text: Any, *, at: datetime, zone: ZoneInfo) -> datetime:
    """When "-12d 09:40" (wall clock of `zone`) or "-3h20m" (ago) was. Raises ValueError."""
    if found := DAYS_AGO.fullmatch(str(text)):
        days, hour, minute = (int(part) for part in found.groups())
        if days >= 1:
            day = at.astimezone(zone).date() - timedelta(days=days)
            return datetime.combine(day, time(hour, minute), zone)
    elif (found := AGO.fullmatch(str(text))) and any(found.groups()):
        hours, minutes = (int(part or 0) for part in found.groups())
        return at - timedelta(hours=hours, minutes=minutes)
    raise ValueError(f"at: {text!r} is neither like '-12d 09:40' nor like '-3h20m'")


class Teller:
    """Builds one World: first the studio, then story after story."""

    def __init__(self, studio: Mapping[str, Any], clock: Clock) -> None:
        try:
            _only(studio, STUDIO_KEYS)
            account = studio["account"]
            self._zone = ZoneInfo(studio["time_zone"])
            self._world = World(clock, account_id=account["id"], account_name=account["name"])
            self._world.accounts[account["id"]] = Account(id=account["id"], name=account["name"])
            self._now = clock.now()
            self._agents: dict[str, int] = {}
            self._inboxes: dict[str, int] = {}
            self._people: dict[str, int] = {}
            self._subjects: dict[str, str] = {}
            self._keys: set[str] = set()
            self._settle(studio)
        except KeyError as error:
            raise StoryError(f"studio.yaml: {error} is missing or unknown") from error
        except StopIteration as error:
            raise StoryError("studio.yaml: one agent must be an administrator") from error
        except (ValueError, TypeError, AttributeError, ZoneInfoNotFoundError) as error:
            raise StoryError(f"studio.yaml: {error}") from error

    def tell(self, name: str, story: Mapping[str, Any]) -> None:
        """Add the conversations of one storyline. Raises StoryError."""
        try:
            _only(story, STORY_KEYS)
            conversations = story["conversations"]
        except (KeyError, ValueError) as error:
            raise StoryError(f"{name}: {_reason(error)}") from error
        project = story.get("project")
        if project is not None and all(project != known.slug for known in self._world.projects):
            raise StoryError(f"{name}: project {project!r} is not in studio.yaml")
        for number, raw in enumerate(conversations, start=1):
            key = raw.get("key") if isinstance(raw, Mapping) else None
            try:
                self._converse(raw)
            except (KeyError, ValueError, TypeError, AttributeError) as error:
                where = key or f"conversation {number}"
                raise StoryError(f"{name}: {where}: {_reason(error)}") from error

    def finish(self) -> World:
        """The World; contacts are as old as the first word they exchanged."""
        for contact in tuple(self._world.contacts.values()):
            begun = [row.created_at for row in self._world.conversations_of(contact.id)]
            if begun:
                self._world.put_contact(replace(contact, created_at=min(begun)))
        return self._world

    def _settle(self, studio: Mapping[str, Any]) -> None:
        world = self._world
        for key, raw in studio["inboxes"].items():
            self._inboxes[key] = self._open_inbox(key, raw)
        members = {key: set(raw["members"]) for key, raw in studio["inboxes"].items()}
        if strangers := sorted(set().union(*members.values()) - studio["agents"].keys()):
            raise ValueError(f"members: {', '.join(strangers)} are no agents")
        admin = next(k for k, v in studio["agents"].items() if v["role"] == "administrator")
        for key, raw in studio["agents"].items():
            self._agents[key] = world.add_agent(
                name=raw["name"],
                email=raw["email"],
                token=ADMIN_TOKEN if key == admin else f"sandbox-token-{key}",
                role=_one_of(raw["role"], get_args(Role), f"agent {key}: role"),
                inbox_ids=[id_ for inbox, id_ in self._inboxes.items() if key in members[inbox]],
            ).id
        world.add_agent(
            name=OBSERVER,
            email="one-inbox-only@sandbox.example",
            token=AGENT_TOKEN,
            inbox_ids=list(self._inboxes.values())[:1],
        )
        for slug, raw in studio["projects"].items():
            ids = tuple(self._inboxes[key] for key in raw["inboxes"])
            zone = ZoneInfo(raw["time_zone"])
            world.projects.append(
                ClientProject(slug=slug, name=raw["name"], time_zone=zone.key, inbox_ids=ids)
            )
        for title in studio.get("labels") or []:
            id_ = world.next_id("label")
            world.labels[id_] = Label(id=id_, account_id=world.account_id, title=str(title))
        for key, raw in studio["people"].items():
            self._people[key] = self._meet(raw).id

    def _open_inbox(self, key: str, raw: Mapping[str, Any]) -> int:
        channel = _one_of(raw["channel"], tuple(CHANNELS), f"inbox {key}: channel")
        return self._world.add_inbox(
            name=raw["name"], channel_type=CHANNELS[channel], email=raw.get("email")
        ).id

    def _meet(self, raw: Mapping[str, Any]) -> Contact:
        country = str(raw.get("country") or "")
        about = {
            "company_name": raw.get("company"),
            "city": raw.get("city"),
            "country_code": country or None,
        }
        return self._world.add_contact(
            name=raw["name"],
            email=raw.get("email"),
            phone_number=raw.get("phone"),
            additional_attributes={name: value for name, value in about.items() if value},
        )

    def _converse(self, raw: Mapping[str, Any]) -> None:
        _only(raw, CONVERSATION_KEYS)
        if raw["key"] in self._keys:
            raise ValueError("this key is used twice")
        self._keys.add(raw["key"])
        inbox_id = _known(self._inboxes, raw["inbox"], "inbox")
        contact_id = _known(self._people, raw["contact"], "contact")
        said = self._timed(raw["messages"])
        subject = raw.get("subject")
        row = self._world.add_conversation(
            inbox_id=inbox_id,
            contact_id=contact_id,
            created_at=said[0][0],
            assignee_id=_known(self._agents, raw["assignee"], "assignee")
            if raw.get("assignee")
            else None,
            priority=_one_of(raw.get("priority"), get_args(Priority), "priority"),
            labels=self._labels(raw.get("labels") or ()),
            additional_attributes={"mail_subject": subject} if subject else {},
        )
        for at, message in said:
            self._say(row, subject, at, message)
        self._end(row, raw)

    def _end(self, row: Conversation, raw: Mapping[str, Any]) -> None:
        """Leave the conversation in the state the story wants, touched by its last change."""
        row = self._world.conversations[row.key]
        status = _one_of(raw["status"], get_args(Status), "status")
        snoozed = (self._now + timedelta(days=2)).timestamp() if status == "snoozed" else 0.0
        touched = max(message.updated_at for message in self._world.messages_of(row.key))
        self._world.put_conversation(
            replace(row, status=status, snoozed_until=snoozed, updated_at=touched)
        )

    def _timed(self, messages: Any) -> list[tuple[float, Mapping[str, Any]]]:
        if not isinstance(messages, list) or not messages:
            raise ValueError("messages: a conversation needs at least one")
        said = []
        for number, message in enumerate(messages, start=1):
            try:
                _only(message, MESSAGE_KEYS)
                said.append((moment(message["at"], at=self._now, zone=self._zone), message))
            except (KeyError, ValueError, TypeError, AttributeError) as error:
                raise ValueError(f"message {number}: {_reason(error)}") from error
        for number, ((earlier, _), (later, _)) in enumerate(pairwise(said), 2):
            if later < earlier:
                raise ValueError(f"message {number}: its time is before that of the one above")
        return [(at.timestamp(), message) for at, message in said]

    def _say(
        self, row: Conversation, subject: str | None, at: float, raw: Mapping[str, Any]
    ) -> None:
        world = self._world
        if "activity" in raw:
            world.add_message(row.display_id, raw["activity"], message_type="activity",
                              created_at=at)  # fmt: skip
            return
        who, text = raw["from"], raw["text"]
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"the text said by {who} is empty")
        incoming = who in self._people
        if not incoming and who not in self._agents:
            raise ValueError(f"from: nobody is called {who!r}")
        message = world.add_message(
            row.display_id,
            text,
            message_type="incoming" if incoming else "outgoing",
            sender_id=self._people[who] if incoming else self._agents[who],
            created_at=at,
            private=bool(raw.get("private")),
        )
        inbox = world.inboxes[row.inbox_id]
        if inbox.channel_type == CHANNELS["email"] and not message.private:
            message = _as_mail(world, message, inbox, subject)
        if raw.get("deleted"):
            message = replace(
                message,
                content=DELETED_TEXT,
                content_type="text",
                content_attributes={"deleted": True},
                updated_at=min(at + UNSAID.total_seconds(), self._now.timestamp()),
            )
        world.put_message(message)

    def _labels(self, titles: Any) -> tuple[str, ...]:
        known = {label.title for label in self._world.labels.values()}
        if unknown := sorted(set(titles) - known):
            raise ValueError(f"labels: {', '.join(unknown)} not in studio.yaml")
        return tuple(titles)


def _as_mail(world: World, message: Message, inbox: Inbox, subject: str | None) -> Message:
    """The same message as an e-mail: with a message id, a subject and addresses."""
    sender = world.contacts.get(message.sender_id or 0)
    mail_id = f"{message.id}.{message.conversation_id}@mail.sandbox.example"
    if message.message_type != 0 or sender is None:
        return replace(message, source_id=f"<{mail_id}>")
    email = {
        "subject": subject,
        "from": [sender.email],
        "to": [inbox.email],
        "message_id": mail_id,
    }
    return replace(
        message,
        content_type="incoming_email",
        content_attributes={"email": email},
        source_id=mail_id,
    )


def _only(raw: Mapping[str, Any], known: set[str]) -> None:
    if not isinstance(raw, Mapping):
        raise TypeError(f"expected a mapping, found {raw!r}")
    if unknown := sorted(str(name) for name in raw.keys() - known):
        raise ValueError(f"unknown: {', '.join(unknown)}")


def _known(ids: Mapping[str, int], key: str, what: str) -> int:
    if key not in ids:
        raise ValueError(f"{what}: {key!r} is not in studio.yaml")
    return ids[key]


def _one_of(value: Any, allowed: tuple[str, ...], what: str) -> Any:
    if value is not None and value not in allowed:
        raise ValueError(f"{what}: {value!r} is not one of {', '.join(allowed)}")
    return value


def _reason(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)
