"""The World's rows that can be counted, listed and added up, by plain words.

Read straight from the sandbox and never from the product's tables, so that a mistake of the
product cannot hide in what is expected of it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from mayak.entry.golden.cases import Collection
from mayak.entry.golden.texts import records_of, values
from mayak.sandbox.attio.rows import SECOND, Record
from mayak.sandbox.linear.rows import PRIORITIES, Issue
from mayak.sandbox.rows import INCOMING, OUTGOING, ClientProject, Conversation
from mayak.sandbox.world import World

Row = Mapping[str, Any]
"""`key` is what people call it: an identifier, a name, the words of a task."""

ENDED = frozenset({"completed", "canceled", "duplicate"})
"""Types of the states in which an issue is not open."""
CLOSED_STAGES = frozenset({"Won 🎉", "Lost"})


def rows(world: World, client: ClientProject, of: Collection, *, at: datetime) -> list[Row]:
    """The client's rows of one collection as they are at `at`, in no particular order."""
    return _COLLECTIONS[of](world, client, at)


def _issues(world: World, client: ClientProject, at: datetime) -> list[Row]:
    """Trashed ones are gone; archived ones are there. Due dates are days of the client's zone."""
    today = at.astimezone(ZoneInfo(client.time_zone)).date().isoformat()
    mine = [
        row
        for row in world.linear.issues
        if row.team_id in client.linear_team_ids and not row.trashed
    ]
    return [_issue(world, row, today) for row in mine]


def _issue(world: World, row: Issue, today: str) -> Row:
    linear = world.linear
    state = linear.workflow_states[row.state_id]
    assignee, project = linear.users.get(row.assignee_id), linear.projects.get(row.project_id)
    is_open = _is_open(world, row)
    return {
        "key": row.identifier,
        "open": is_open,
        "state": state.name,
        "assignee": assignee.name if assignee else None,
        "priority": PRIORITIES[row.priority],
        "labels": [linear.issue_labels[id_].name for id_ in row.label_ids],
        "project": project.name if project else None,
        "estimate": row.estimate,
        "due": row.due_date,
        "overdue": is_open and row.due_date is not None and row.due_date < today,
        "blocked": any(
            relation.type == "blocks"
            and relation.related_issue_id == row.id
            and _is_open(world, linear.issues[relation.issue_id])
            for relation in linear.issue_relations
        ),
    }


def _is_open(world: World, row: Issue) -> bool:
    gone = row.trashed or row.archived_at is not None
    return not gone and world.linear.workflow_states[row.state_id].type not in ENDED


def _conversations(world: World, client: ClientProject, _at: datetime) -> list[Row]:
    mine = [row for row in world.conversations.values() if row.inbox_id in client.inbox_ids]
    return [_conversation(world, row) for row in mine]


def _conversation(world: World, row: Conversation) -> Row:
    """It waits for us while it is not resolved and its last word is the client's."""
    heard = [
        message.message_type
        for message in world.messages_of(row.key)
        if message.message_type in (INCOMING, OUTGOING)
        and not message.private
        and not message.deleted
    ]
    assignee = world.agents.get(row.assignee_id or 0)
    return {
        "key": str(row.display_id),
        "status": row.status,
        "waiting": row.status != "resolved" and heard[-1:] == [INCOMING],
        "contact": world.contacts[row.contact_id].name,
        "assignee": assignee.name if assignee else None,
        "priority": row.priority,
        "labels": list(row.labels),
    }


def _deals(world: World, client: ClientProject, _at: datetime) -> list[Row]:
    return [_deal(world, record) for record in records_of(world, client, "deals")]


def _deal(world: World, record: Record) -> Row:
    [stage_id] = values(world, record, "stage")
    stage = next(
        option.title
        for attribute in world.attio.attributes.values()
        for option in attribute.options
        if option.id == stage_id
    )
    amount, currency = next(iter(values(world, record, "value")), (None, None))
    [(_, owner_id)] = values(world, record, "owner")
    owner = world.attio.members[owner_id]
    return {
        "key": values(world, record, "name")[0],
        "stage": stage,
        "open": stage not in CLOSED_STAGES,
        "value": amount,
        "unit": currency,
        "owner": f"{owner.first_name} {owner.last_name}",
    }


def _people(world: World, client: ClientProject, _at: datetime) -> list[Row]:
    return [
        {
            "key": values(world, record, "name")[0][2],
            "title": next(iter(values(world, record, "job_title")), None),
        }
        for record in records_of(world, client, "people")
    ]


def _tasks(world: World, client: ClientProject, at: datetime) -> list[Row]:
    mine = {
        record.id
        for kind in ("companies", "people", "deals")
        for record in records_of(world, client, kind)
    }
    now = int(at.timestamp()) * SECOND
    return [
        {
            "key": row.content,
            "open": row.completed_at is None,
            "overdue": row.completed_at is None
            and row.deadline_at is not None
            and row.deadline_at < now,
        }
        for row in world.attio.tasks.in_order()
        if any(record_id in mine for _, record_id in row.linked)
    ]


_COLLECTIONS: dict[Collection, Callable[[World, ClientProject, datetime], list[Row]]] = {
    "issues": _issues,
    "conversations": _conversations,
    "deals": _deals,
    "people": _people,
    "tasks": _tasks,
}
