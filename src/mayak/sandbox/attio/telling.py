"""Turning story files into the rows of Attio, or saying why one cannot be told.

`workspace.yaml` holds the members, custom attributes and lists; every other file the companies,
people, deals, notes and tasks of a client or of several. A row is named by its key in all files.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from mayak.sandbox.attio import activities, changes
from mayak.sandbox.attio.edits import add_attribute, add_list
from mayak.sandbox.attio.rows import SECOND, Actor, AttioRows, Member, Record, made_id
from mayak.sandbox.attio.workspace import ATTIO_KEY, ATTIO_NARROW_KEY, furnished
from mayak.sandbox.telling import StoryError, moment, parsed
from mayak.sandbox.world import World

__all__ = ["ATTIO_KEY", "ATTIO_NARROW_KEY", "record_id", "tell"]

WORKSPACE = "workspace.yaml"
WORKSPACE_KEYS = {"workspace", "time_zone", "members", "attributes", "lists"}
STORY_KEYS = {"project", "companies", "people", "deals", "notes", "tasks", "merges"}
RECORD_KEYS = {"at", "by", "values"}
NOTE_KEYS = {"at", "by", "about", "title", "text"}
TASK_KEYS = {"at", "by", "about", "text", "for", "due", "done"}
MERGE_KEYS = {"at", "by", "of", "as"}
DAYS = re.compile(r"([+-])(\d+)d")
KINDS = ("companies", "people", "deals")


def record_id(key: str) -> str:
    """The id of a record of the stories, by its key there."""
    return made_id("story", key)


def tell(world: World, texts: Mapping[str, str]) -> None:
    """Add the stories of stories/attio to a World. Raises StoryError."""
    rows = furnished(world)
    if not texts:
        return
    if WORKSPACE not in texts:
        raise StoryError(f"attio/{WORKSPACE}: missing")
    stories = {name: parsed(f"attio/{name}", text) for name, text in sorted(texts.items())}
    teller = _Teller(world, rows, stories.pop(WORKSPACE))
    for step in (teller.meet, teller.write_down, teller.merge):
        for name, story in stories.items():
            try:
                step(name, story)
            except (KeyError, ValueError, TypeError, AttributeError, LookupError) as error:
                raise StoryError(f"attio/{name}: {teller.place}: {_reason(error)}") from error
    teller.finish()


class _Teller:
    """Builds one workspace: first everybody, then what was written about them, then merges."""

    def __init__(self, world: World, rows: AttioRows, workspace: Mapping[str, Any]) -> None:
        self._world = world
        self._rows = rows
        self._now = world.clock.now()
        self._records: dict[str, str] = {}
        self.place = ""
        """What is being told, for complaints."""
        try:
            _only(workspace, WORKSPACE_KEYS)
            rows.workspace_name = workspace["workspace"]["name"]
            rows.workspace_slug = workspace["workspace"]["slug"]
            self._zone = ZoneInfo(workspace["time_zone"])
            self._lists = workspace["lists"]
            self._members = {key: self._hire(**raw) for key, raw in workspace["members"].items()}
            for kind, attributes in workspace["attributes"].items():
                for slug, raw in attributes.items():
                    add_attribute(world, kind, slug, **raw)
        except (KeyError, ValueError, TypeError, AttributeError, LookupError) as error:
            raise StoryError(f"attio/{WORKSPACE}: {_reason(error)}") from error

    def meet(self, _name: str, story: Mapping[str, Any]) -> None:
        """The records of one file; companies before those who refer to them."""
        _only(story, STORY_KEYS)
        for kind in KINDS:
            for key, raw in (story.get(kind) or {}).items():
                self.place = key
                _only(raw, RECORD_KEYS)
                self._records[key] = self._create(kind, key, raw).id
        slug = story.get("project")
        if slug is not None:
            self.place = f"project {slug}"
            ids = tuple(self._records[key] for key in story["companies"])
            self._bind(slug, ids)

    def write_down(self, name: str, story: Mapping[str, Any]) -> None:
        """The notes and tasks of one file."""
        for number, raw in enumerate(story.get("notes") or (), start=1):
            self.place = f"note {number}"
            _only(raw, NOTE_KEYS)
            id_ = made_id("story", name, "note", number)
            activities.add_note(
                self._world,
                self._record(raw["about"]),
                title=raw["title"],
                content=raw["text"],
                actor=self._actor(raw["by"]),
                note_id=id_,
                created_at=self._moment(raw["at"], id_),
            )
        for number, raw in enumerate(story.get("tasks") or (), start=1):
            self.place = f"task {number}"
            self._assign(made_id("story", name, "task", number), raw)

    def merge(self, _name: str, story: Mapping[str, Any]) -> None:
        """The third record is named like a story's own, so that its id never changes."""
        for raw in story.get("merges") or ():
            self.place = f"merge {raw.get('as')}"
            _only(raw, MERGE_KEYS)
            primary, secondary = (self._record(key) for key in raw["of"])
            made = record_id(raw["as"])
            changes.merge_records(
                self._world,
                primary,
                secondary,
                actor=self._actor(raw["by"]),
                record_id=made,
                created_at=self._moment(raw["at"], made),
            )
            self._records[raw["as"]] = made

    def finish(self) -> None:
        """The lists, whose records may come from any file."""
        try:
            for slug, raw in self._lists.items():
                shown = add_list(self._world, raw["name"], slug, raw["object"])
                place = self._rows.lists[shown["id"]["list_id"]]
                for key in raw["records"]:
                    activities.add_entry(
                        self._world, self._record(key), place, actor=self._actor(raw["by"])
                    )
        except (KeyError, ValueError, TypeError, LookupError) as error:
            raise StoryError(f"attio/{WORKSPACE}: {_reason(error)}") from error

    def _hire(self, *, first: str, last: str, email: str, level: Any) -> Member:
        id_ = made_id("member", email)
        member = Member(
            id=id_,
            first_name=first,
            last_name=last,
            email=email,
            access_level=level,
            created_at=self._rows.stamp(self._world.clock.timestamp() - 390 * 86_400),
        )
        self._rows.members[id_] = member
        return member

    def _create(self, kind: str, key: str, raw: Mapping[str, Any]) -> Record:
        if key in self._records:
            raise ValueError("this key is used twice")
        object_type = self._rows.object(kind)
        assert object_type is not None
        values = {slug: self._value(value) for slug, value in raw["values"].items()}
        id_ = record_id(key)
        return changes.create_record(
            self._world,
            object_type,
            changes.parsed(self._rows, object_type, values),
            actor=self._actor(raw["by"]),
            record_id=id_,
            created_at=self._moment(raw["at"], id_),
        )

    def _value(self, raw: Any) -> Any:
        """`@key` is a member or a record, `+12d` a day; lists of them are lists of that."""
        if isinstance(raw, list):
            return [self._value(one) for one in raw]
        if isinstance(raw, str) and raw.startswith("@"):
            member = self._members.get(raw[1:])
            return member.id if member else self._records[raw[1:]]
        if isinstance(raw, str) and DAYS.fullmatch(raw):
            return self._day(raw).date().isoformat()
        return raw

    def _assign(self, id_: str, raw: Mapping[str, Any]) -> None:
        _only(raw, TASK_KEYS)
        linked = [self._record(key) for key in raw.get("about") or ()]
        due, done = raw.get("due"), raw.get("done")
        activities.add_task(
            self._world,
            content=raw["text"],
            actor=self._actor(raw["by"]),
            linked=tuple((record.object_id, record.id) for record in linked),
            assignee_ids=tuple(self._members[key].id for key in raw.get("for") or ()),
            deadline_at=int(self._day(due).timestamp()) * SECOND if due else None,
            completed_at=self._moment(done, id_) if done else None,
            task_id=id_,
            created_at=self._moment(raw["at"], id_),
        )

    def _bind(self, slug: str, ids: tuple[str, ...]) -> None:
        projects = self._world.projects
        for position, project in enumerate(projects):
            if project.slug == slug:
                projects[position] = replace(project, attio_company_ids=ids)
                return
        raise LookupError("is not in studio.yaml")

    def _record(self, key: str) -> Record:
        record = self._rows.record(self._records[key])
        if record is None:
            raise LookupError(f"{key} was merged away")
        return record

    def _actor(self, key: str) -> Actor:
        return Actor("workspace-member", self._members[key].id)

    def _moment(self, text: Any, id_: str) -> int:
        """With a fraction of a second that follows from the id, to the nanosecond."""
        at = int(moment(text, at=self._now, zone=self._zone).timestamp())
        return at * SECOND + UUID(id_).int % SECOND

    def _day(self, text: Any) -> datetime:
        """The end of the working day so many days from now. Raises ValueError."""
        found = DAYS.fullmatch(str(text))
        if found is None:
            raise ValueError(f"{text!r} is not like +12d")
        days = int(found[2]) if found[1] == "+" else -int(found[2])
        today = self._now.astimezone(self._zone)
        return today.replace(hour=18, minute=0, second=0, microsecond=0) + timedelta(days=days)


def _only(raw: Mapping[str, Any], known: set[str]) -> None:
    if not isinstance(raw, Mapping):
        raise TypeError(f"expected a mapping, found {raw!r}")
    if unknown := sorted(str(name) for name in raw.keys() - known):
        raise ValueError(f"unknown: {', '.join(unknown)}")


def _reason(error: Exception) -> str:
    return f"{error} is missing or unknown" if isinstance(error, KeyError) else str(error)
