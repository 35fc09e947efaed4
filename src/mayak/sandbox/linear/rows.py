"""The rows of Linear. Immutable, so that an old copy of a workspace stays old.

Times are seconds since the epoch, whole milliseconds as Linear keeps them; None means never.
Dates are ISO strings.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

StateType = Literal[
    "triage", "backlog", "unstarted", "started", "completed", "canceled", "duplicate"
]
PRIORITIES = ("No priority", "Urgent", "High", "Medium", "Low")
"""Labels of the priorities 0 to 4."""

IDS = uuid.UUID("c1a7a7de-4a6e-5a0e-9a7c-2c7a0c0de11e")


def id_of(kind: str, key: object) -> str:
    """The id of a row, the same in every World that is told the same."""
    return str(uuid.uuid5(IDS, f"{kind}/{key}"))


def whole_milliseconds(seconds: float) -> float:
    """The time as Linear stores it, so that what it shows equals what it compares."""
    return int(seconds * 1000 + 1e-4) / 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    id: str
    created_at: float
    updated_at: float
    archived_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Team(Row):
    key: str
    name: str
    description: str | None = None
    timezone: str = "Europe/Moscow"
    private: bool = False
    """Seen by its members only, administrators not excepted."""
    member_ids: frozenset[str] = frozenset()
    retired_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class User(Row):
    name: str
    display_name: str
    email: str
    active: bool = True
    admin: bool = False
    guest: bool = False
    avatar_url: str | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalUser(Row):
    """Somebody who writes from outside, such as a customer in a synced thread."""

    name: str
    display_name: str
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowState(Row):
    name: str
    type: StateType
    color: str = "#95a2b3"
    position: float = 0.0
    description: str | None = None
    team_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueLabel(Row):
    name: str
    color: str = "#bec2c8"
    description: str | None = None
    is_group: bool = False
    team_id: str | None = None
    """None: of the whole workspace."""
    parent_id: str | None = None
    retired_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Named(Row):
    """A status or a tier."""

    name: str
    display_name: str = ""
    type: str | None = None
    color: str = "#bec2c8"
    position: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Project(Row):
    name: str
    slug_id: str
    description: str = ""
    content: str | None = None
    priority: int = 0
    health: str | None = None
    progress: float = 0.0
    status_id: str
    lead_id: str | None = None
    creator_id: str | None = None
    team_ids: tuple[str, ...] = ()
    start_date: str | None = None
    target_date: str | None = None
    started_at: float | None = None
    completed_at: float | None = None
    canceled_at: float | None = None
    trashed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectMilestone(Row):
    name: str
    target_date: str | None = None
    project_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle(Row):
    number: int
    name: str | None = None
    description: str | None = None
    team_id: str
    starts_at: float
    ends_at: float
    completed_at: float | None = None
    progress: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue(Row):
    number: int
    identifier: str
    previous_identifiers: tuple[str, ...] = ()
    title: str
    description: str | None = None
    priority: int = 0
    estimate: float | None = None
    due_date: str | None = None
    label_ids: tuple[str, ...] = ()
    team_id: str
    state_id: str
    assignee_id: str | None = None
    creator_id: str | None = None
    project_id: str | None = None
    project_milestone_id: str | None = None
    cycle_id: str | None = None
    parent_id: str | None = None
    branch_name: str = ""
    customer_ticket_count: int = 0
    integration_source_type: str | None = None
    trashed: bool | None = None
    """True or null, never false, as in the API."""
    started_at: float | None = None
    completed_at: float | None = None
    canceled_at: float | None = None
    auto_closed_at: float | None = None
    auto_archived_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueRelation(Row):
    """`issue` stands in relation `type` to `related_issue`: "blocks" means the first blocks."""

    type: str
    issue_id: str
    related_issue_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment(Row):
    body: str
    issue_id: str | None = None
    project_id: str | None = None
    project_update_id: str | None = None
    parent_id: str | None = None
    user_id: str | None = None
    external_user_id: str | None = None
    bot_actor: Mapping[str, str] | None = None
    edited_at: float | None = None
    resolved_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectUpdate(Row):
    """A report on a project, of which only the comments are served."""

    project_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment(Row):
    title: str
    url: str
    subtitle: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    source_type: str | None = None
    issue_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer(Row):
    name: str
    slug_id: str
    domains: tuple[str, ...] = ()
    external_ids: tuple[str, ...] = ()
    revenue: int | None = None
    size: float | None = None
    status_id: str
    tier_id: str | None = None
    owner_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerNeed(Row):
    """A wish of a customer, tied to the issue or the project that answers it."""

    body: str | None = None
    priority: int = 0
    url: str | None = None
    customer_id: str
    issue_id: str | None = None
    project_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook(Row):
    url: str
    label: str | None = None
    enabled: bool = True
    secret: str
    resource_types: tuple[str, ...]
    team_id: str | None = None
    all_public_teams: bool = False
    creator_id: str | None = None
