"""What a project's people wrote in the World and may be read: no notes, nothing deleted."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from mayak.lightrag.model.records import DocumentKey, RecordKey
from mayak.sandbox.attio.rows import Record
from mayak.sandbox.rows import INCOMING, OUTGOING, ClientProject
from mayak.sandbox.world import World

CrmType = Literal["attio_company", "attio_person", "attio_deal"]
KINDS: dict[str, CrmType] = {
    "companies": "attio_company",
    "people": "attio_person",
    "deals": "attio_deal",
}
"""Objects of Attio, and what their records are called here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text of one record."""

    key: RecordKey
    document: DocumentKey
    text: str


def texts(world: World, client: ClientProject) -> list[Text]:
    """Every text that an answer about this client may quote."""
    return [*_said(world, client), *_issues(world, client), *_crm(world, client)]


def targets(world: World, client: ClientProject, quote: str) -> set[RecordKey]:
    """The records that hold this fragment; of a comment or a CRM note also what it is about.

    A conversation as a whole is no target: it holds too much for a hit to mean anything.
    """
    found: set[RecordKey] = set()
    for one in texts(world, client):
        if quote in one.text:
            found.add(one.key)
            if one.document[0] != "chatwoot_conversation":
                found.add(one.document)
    return found


def named(world: World, client: ClientProject, name: str) -> RecordKey | None:
    """The record called `type:key`, if this client has it. E-mails in any letter case."""
    kind, _, key = name.partition(":")
    wanted = key.casefold()
    for record, keys in _keys(world, client):
        if record[0] == kind and wanted in keys:
            return record
    return None


def records_of(world: World, client: ClientProject, kind: str) -> list[Record]:
    """The client's companies, people or deals."""
    rows = world.attio
    object_type = rows.object(kind)
    assert object_type is not None
    mine = set(client.attio_company_ids)
    about = {"people": "company", "deals": "associated_company"}.get(kind)
    return [
        record
        for record in rows.records[object_type.id].in_order()
        if (record.id in mine if about is None else mine & _referred(world, record, about))
    ]


def values(world: World, record: Record, slug: str) -> list[Any]:
    """The cores of an attribute, see `sandbox.attio.values`."""
    attribute = world.attio.attribute(record.object_id, slug)
    assert attribute is not None, slug
    return [value.core for value in record.values.get(attribute.id, ())]


def _referred(world: World, record: Record, slug: str) -> set[str]:
    return {core[1] for core in values(world, record, slug)}


def _said(world: World, client: ClientProject) -> Iterator[Text]:
    for row in world.conversations.values():
        if row.inbox_id not in client.inbox_ids:
            continue
        for message in world.messages_of(row.key):
            readable = message.message_type in (INCOMING, OUTGOING)
            if readable and not message.private and not message.deleted and message.content:
                yield Text(
                    key=("chatwoot_message", str(message.id)),
                    document=("chatwoot_conversation", str(row.display_id)),
                    text=message.content,
                )


def _issues(world: World, client: ClientProject) -> Iterator[Text]:
    for issue in world.linear.issues:
        if issue.team_id not in client.linear_team_ids or issue.trashed:
            continue
        for text in (issue.title, issue.description):
            if text:
                yield Text(
                    key=("linear_issue", issue.id), document=("linear_issue", issue.id), text=text
                )
        for comment in world.linear.comments.of("issue_id", issue.id):
            yield Text(
                key=("linear_comment", comment.id),
                document=("linear_issue", issue.id),
                text=comment.body,
            )
    for project in world.linear.projects:
        if set(project.team_ids) & set(client.linear_team_ids) and not project.trashed:
            for text in filter(None, (project.name, project.description)):
                key: RecordKey = ("linear_project", project.id)
                yield Text(key=key, document=("linear_project", project.id), text=text)


def _crm(world: World, client: ClientProject) -> Iterator[Text]:
    rows = world.attio
    owners: dict[str, DocumentKey] = {}
    for plural, kind in KINDS.items():
        for record in records_of(world, client, plural):
            document = owners[record.id] = (kind, record.id)
            for attribute_id, held in record.values.items():
                if rows.attributes[attribute_id].type == "text":
                    yield from (
                        Text(key=document, document=document, text=value.core) for value in held
                    )
    for note in rows.notes.in_order():
        if owner := owners.get(note.parent_record_id):
            for text in (note.title, note.content):
                yield Text(key=("attio_note", note.id), document=owner, text=text)
    for task in rows.tasks.in_order():
        if about := next((owners[id_] for _, id_ in task.linked if id_ in owners), None):
            yield Text(key=("attio_task", task.id), document=about, text=task.content)


def _keys(world: World, client: ClientProject) -> Iterator[tuple[RecordKey, set[str]]]:
    """Records with the keys that a case may name them by, folded."""
    for issue in world.linear.issues:
        if issue.team_id in client.linear_team_ids and not issue.trashed:
            yield ("linear_issue", issue.id), {issue.identifier.casefold()}
    for project in world.linear.projects:
        if set(project.team_ids) & set(client.linear_team_ids):
            yield ("linear_project", project.id), {project.name.casefold()}
    for plural, kind in KINDS.items():
        for record in records_of(world, client, plural):
            if plural == "people":
                keys = {email.casefold() for email in values(world, record, "email_addresses")}
            else:
                keys = {name.casefold() for name in values(world, record, "name")}
            yield (kind, record.id), keys
    mine = {
        row.contact_id for row in world.conversations.values() if row.inbox_id in client.inbox_ids
    }
    for id_ in mine:
        yield ("chatwoot_contact", str(id_)), {(world.contacts[id_].email or "").casefold()} - {""}
