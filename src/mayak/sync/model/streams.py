"""Which streams there are, and which table each kind of record has."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, get_args

Connector = Literal["chatwoot", "linear", "attio"]
Stream = Literal[
    "inboxes",
    "contacts",
    "conversations",
    "messages",
    "teams",
    "users",
    "states",
    "labels",
    "projects",
    "cycles",
    "customers",
    "issues",
    "comments",
    "attributes",
    "members",
    "companies",
    "deals",
    "people",
    "notes",
    "tasks",
]
Version = Literal["time", "hash"]
Reading = Literal["own", "window", "scan"]
ColumnType = Literal[
    "text", "text[]", "integer", "bigint", "double precision", "numeric", "boolean", "date",
    "timestamptz",
]  # fmt: skip

CONNECTORS: tuple[Connector, ...] = get_args(Connector)
TITLES: Mapping[Connector, str] = {"chatwoot": "Chatwoot", "linear": "Linear", "attio": "Attio"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """The table of a kind of record, with its typed columns."""

    kind: str
    table: str
    columns: Mapping[str, ColumnType]
    closed: frozenset[str] = frozenset()
    """Columns whose values are a closed set at the source: one that was never seen is drift."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamType:
    """One listing of a source."""

    connector: Connector
    name: Stream
    mirror: Mirror
    reading: Reading
    """own: has rules of its own; window: what changed in a span of time; scan: all of it."""
    version: Version
    """What tells a newer state of a record: its time of change, or its content."""
    natural_key: tuple[str, ...] = ()
    """Columns that no two records of the source share; rows here that do are duplicates."""


def _mirror(kind: str, table: str, closed: str = "", /, **columns: str) -> Mirror:
    """A mirror whose columns are given by type, names separated by blanks."""
    types: dict[str, ColumnType] = {}
    for type_, names in columns.items():
        for name in names.split():
            types[name] = _TYPES[type_]
    return Mirror(kind=kind, table=table, columns=types, closed=frozenset(closed.split()))


_TYPES: Mapping[str, ColumnType] = {
    "text": "text",
    "texts": "text[]",
    "integer": "integer",
    "bigint": "bigint",
    "number": "double precision",
    "decimal": "numeric",
    "flag": "boolean",
    "day": "date",
    "time": "timestamptz",
}

MIRRORS: Mapping[str, Mirror] = {
    one.kind: one
    for one in (
        _mirror("inbox", "cw_inboxes_raw", "channel_type", text="name channel_type"),
        _mirror(
            "contact",
            "cw_contacts",
            text="name email phone_number identifier company_name",
            time="source_created_at",
        ),
        _mirror(
            "conversation",
            "cw_conversations",
            "status priority",
            text="uuid inbox_id contact_id assignee_name status priority subject",
            texts="labels",
            time="waiting_since first_reply_at last_activity_at source_created_at "
            "source_updated_at",
        ),
        _mirror(
            "message",
            "cw_messages",
            "message_type content_type",
            text="conversation_id message_type content_type content sender_kind sender_id "
            "sender_name",
            flag="private",
            time="source_created_at",
        ),
        _mirror(
            "attachment",
            "cw_attachments_raw",
            text="message_id file_type extension data_url",
            bigint="file_size",
        ),
        _mirror(
            "team",
            "linear_teams_raw",
            text="key name time_zone",
            time="retired_at archived_at source_created_at source_updated_at",
        ),
        _mirror(
            "user",
            "linear_users_raw",
            text="name display_name email",
            flag="active admin guest",
            time="source_created_at source_updated_at",
        ),
        _mirror(
            "state",
            "linear_states_raw",
            "type",
            text="name type color team_id",
            number="position",
            time="archived_at source_updated_at",
        ),
        _mirror(
            "label",
            "linear_labels_raw",
            text="name color team_id parent_id",
            time="retired_at archived_at source_updated_at",
        ),
        _mirror(
            "project",
            "linear_projects_raw",
            "status_type health",
            text="name slug url description status_name status_type health lead_id",
            texts="team_ids",
            integer="priority",
            number="progress",
            day="start_date target_date",
            time="completed_at canceled_at archived_at source_created_at source_updated_at",
        ),
        _mirror(
            "cycle",
            "linear_cycles_raw",
            integer="number",
            text="name team_id",
            number="progress",
            time="starts_at ends_at completed_at archived_at source_created_at source_updated_at",
        ),
        _mirror(
            "customer",
            "linear_customers_raw",
            text="name slug url status_id tier_id owner_id",
            texts="domains external_ids",
            bigint="revenue",
            number="size",
            time="archived_at source_created_at source_updated_at",
        ),
        _mirror(
            "issue",
            "linear_issues_raw",
            "priority_label",
            text="identifier title description priority_label url branch_name team_id state_id "
            "assignee_id creator_id linear_project_id cycle_id parent_id milestone_id",
            texts="previous_identifiers label_ids blocked_by",
            integer="number priority customer_ticket_count",
            number="estimate",
            day="due_date",
            time="archived_at started_at completed_at canceled_at source_created_at "
            "source_updated_at",
        ),
        _mirror(
            "comment",
            "linear_comments_raw",
            "author_kind",
            text="body url issue_id linear_project_id project_update_id parent_id author_id "
            "author_kind author_name",
            time="edited_at resolved_at archived_at source_created_at source_updated_at",
        ),
        _mirror(
            "attribute",
            "attio_attributes_raw",
            "type",
            text="object slug title type mapped_to",
            flag="is_multiselect is_unique is_archived",
        ),
        _mirror("member", "attio_members_raw", "access_level", text="name email access_level"),
        _mirror(
            "company",
            "attio_accounts_raw",
            "stage",
            text="name stage owner_id web_url",
            texts="domains person_ids",
            time="source_created_at",
        ),
        _mirror(
            "deal",
            "attio_opportunities_raw",
            "stage currency",
            text="name stage currency company_id owner_id next_step web_url",
            texts="person_ids",
            decimal="amount",
            day="close_date",
            time="source_created_at",
        ),
        _mirror(
            "person",
            "attio_people_raw",
            text="name job_title company_id web_url",
            texts="emails phones",
            time="source_created_at",
        ),
        _mirror(
            "note",
            "attio_notes_raw",
            "parent_object author_kind",
            text="parent_object parent_id title content author_kind author_id meeting_id",
            time="source_created_at",
        ),
        _mirror(
            "task",
            "attio_tasks_raw",
            text="content author_id",
            texts="linked_ids assignee_ids",
            flag="completed",
            time="deadline_at completed_at source_created_at",
        ),
    )
}

LISTING_EVERY = timedelta(days=1)
"""No poll shows a hard deletion; a whole listing does."""


def _streams(
    connector: Connector, *kinds: tuple[Stream, str, Reading, Version, tuple[str, ...]]
) -> tuple[StreamType, ...]:
    return tuple(
        StreamType(
            connector=connector,
            name=name,
            mirror=MIRRORS[kind],
            reading=reading,
            version=version,
            natural_key=key,
        )
        for name, kind, reading, version, key in kinds
    )


STREAMS: Mapping[Connector, tuple[StreamType, ...]] = {
    "chatwoot": _streams(
        "chatwoot",
        ("inboxes", "inbox", "own", "hash", ()),
        ("contacts", "contact", "own", "hash", ("identifier",)),
        ("conversations", "conversation", "own", "time", ("uuid",)),
        ("messages", "message", "own", "hash", ()),
    ),
    "linear": _streams(
        "linear",
        # First, because a bound project tells which teams' states and cycles are needed.
        ("projects", "project", "window", "time", ("url",)),
        ("teams", "team", "scan", "time", ("key",)),
        ("users", "user", "scan", "time", ()),
        ("states", "state", "scan", "time", ()),
        ("labels", "label", "scan", "time", ()),
        ("cycles", "cycle", "scan", "time", ("team_id", "number")),
        ("customers", "customer", "window", "time", ("url",)),
        ("issues", "issue", "window", "time", ("identifier",)),
        ("comments", "comment", "window", "time", ("url",)),
    ),
    "attio": _streams(
        "attio",
        ("attributes", "attribute", "scan", "hash", ("object", "slug")),
        ("members", "member", "scan", "hash", ()),
        ("companies", "company", "scan", "hash", ("domains",)),
        ("deals", "deal", "scan", "hash", ("name", "company_id", "amount", "close_date")),
        ("people", "person", "scan", "hash", ("emails",)),
        ("notes", "note", "scan", "hash", ()),
        ("tasks", "task", "scan", "hash", ()),
    ),
}
"""In the order in which they are read: each needs what the ones before it wrote."""

ALL_STREAMS: Mapping[tuple[str, str], StreamType] = {
    (one.connector, one.name): one for streams in STREAMS.values() for one in streams
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked of a sync beyond the next poll."""

    full: bool = False
    """Read everything again, with what was deleted."""
    accept_deletions: bool = False
    """A person saw that a listing lacks many rows, and says that they are gone."""
    streams: frozenset[str] = field(default_factory=frozenset)
    """Only these; none means all."""

    @property
    def thorough(self) -> bool:
        """Whether what was read a while ago is read again."""
        return self.full or self.accept_deletions

    @classmethod
    def of(cls, payload: Mapping[str, object]) -> "Wish":
        asked = payload.get("streams")
        return cls(
            full=payload.get("full") is True,
            accept_deletions=payload.get("accept_deletions") is True,
            streams=frozenset(map(str, asked)) if isinstance(asked, list) else frozenset(),
        )
