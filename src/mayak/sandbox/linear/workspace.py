"""One workspace of Linear: its tables, its keys and its limits."""

from dataclasses import dataclass
from typing import Any, Self

from mayak.sandbox.linear.rows import (
    Attachment,
    Comment,
    Customer,
    CustomerNeed,
    Cycle,
    ExternalUser,
    Issue,
    IssueLabel,
    IssueRelation,
    Named,
    Project,
    ProjectMilestone,
    ProjectUpdate,
    Team,
    User,
    Webhook,
    WorkflowState,
    id_of,
)
from mayak.sandbox.linear.tables import Table

TABLES = {
    "Team": "teams", "User": "users", "ExternalUser": "external_users",
    "WorkflowState": "workflow_states", "IssueLabel": "issue_labels", "Project": "projects",
    "ProjectStatus": "project_statuses", "ProjectMilestone": "project_milestones",
    "Cycle": "cycles", "Issue": "issues", "IssueRelation": "issue_relations",
    "Comment": "comments", "Attachment": "attachments", "Customer": "customers",
    "CustomerStatus": "customer_statuses", "CustomerTier": "customer_tiers",
    "CustomerNeed": "customer_needs", "Webhook": "webhooks",
}  # fmt: skip
"""Type of the API to the table of its rows."""

REFERENCES = {
    "workflow_states": {"team": "teams"},
    "issue_labels": {"team": "teams", "parent": "issue_labels"},
    "projects": {"status": "project_statuses", "lead": "users", "creator": "users"},
    "project_milestones": {"project": "projects"},
    "cycles": {"team": "teams"},
    "issues": {
        "team": "teams", "state": "workflow_states", "assignee": "users", "creator": "users",
        "project": "projects", "cycle": "cycles", "parent": "issues",
        "projectMilestone": "project_milestones",
    },
    "issue_relations": {"issue": "issues", "relatedIssue": "issues"},
    "comments": {
        "issue": "issues", "project": "projects", "parent": "comments", "user": "users",
        "externalUser": "external_users", "projectUpdate": "project_updates",
    },
    "project_updates": {"project": "projects"},
    "attachments": {"issue": "issues"},
    "customers": {"status": "customer_statuses", "tier": "customer_tiers", "owner": "users"},
    "customer_needs": {"customer": "customers", "issue": "issues", "project": "projects"},
    "webhooks": {"team": "teams", "creator": "users"},
}  # fmt: skip
"""Table to its fields that are other rows: field of the API to the table it leads to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    id: str
    name: str
    url_key: str
    created_at: float
    updated_at: float


class Workspace:
    """What the workspace holds."""

    def __init__(self) -> None:
        self.organization = Organization(
            id=id_of("organization", 1), name="Sandbox", url_key="sandbox",
            created_at=0.0, updated_at=0.0,
        )  # fmt: skip
        self.teams: Table[Team] = Table()
        self.users: Table[User] = Table()
        self.external_users: Table[ExternalUser] = Table()
        self.workflow_states: Table[WorkflowState] = Table("team_id")
        self.issue_labels: Table[IssueLabel] = Table("team_id")
        self.project_statuses: Table[Named] = Table()
        self.projects: Table[Project] = Table()
        self.project_milestones: Table[ProjectMilestone] = Table("project_id")
        self.cycles: Table[Cycle] = Table("team_id")
        self.issues: Table[Issue] = Table("team_id", "project_id", "parent_id")
        self.issue_relations: Table[IssueRelation] = Table("issue_id", "related_issue_id")
        self.comments: Table[Comment] = Table("issue_id", "project_id")
        self.project_updates: Table[ProjectUpdate] = Table("project_id")
        self.attachments: Table[Attachment] = Table("issue_id")
        self.customer_statuses: Table[Named] = Table()
        self.customer_tiers: Table[Named] = Table()
        self.customers: Table[Customer] = Table()
        self.customer_needs: Table[CustomerNeed] = Table("issue_id", "customer_id")
        self.webhooks: Table[Webhook] = Table()
        self.identifiers: dict[str, str] = {}
        """Identifier, past ones included, to the id of its issue."""
        self.keys: dict[str, str] = {}
        """API key or OAuth token to the id of its user."""
        self.requests_per_period = 2_500
        self.complexity_per_period = 3_000_000
        self.period = 3600.0
        """Seconds in which an emptied budget is full again."""
        self.keep_timestamp = False
        """Whether a webhook that is sent again carries the time of its first attempt."""
        self.last_sync_id = 0
        """Grows with every change."""

    def table(self, name: str) -> Table[Any]:
        """A table by its name in `TABLES`."""
        found: Table[Any] = getattr(self, name)
        return found

    def copy(self) -> Self:
        """The rows as they are now; later changes do not reach the copy."""
        twin = type(self)()
        for name, value in vars(self).items():
            copied = value.copy() if isinstance(value, Table | dict) else value
            setattr(twin, name, copied)
        return twin
