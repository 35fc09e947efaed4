"""What may happen to everything around issues: projects, customers, people, states."""

from typing import Any

from mayak.sandbox.linear.changes import change, clock, erase, fresh, known, store
from mayak.sandbox.linear.rows import (
    Customer,
    CustomerNeed,
    Cycle,
    IssueLabel,
    Project,
    Team,
    User,
    Webhook,
    WorkflowState,
)
from mayak.sandbox.linear.spelling import slug
from mayak.sandbox.world import World


def create_project(
    world: World, name: str, teams: list[str], *, status: str = "planned", **fields: Any
) -> Project:
    """A new project of teams (ids or keys) in a status, by type or name."""
    at = clock(world)
    id_ = fresh(world, "projects", fields.pop("id", None))
    row = Project(
        id=id_,
        name=name,
        slug_id=id_[:12].replace("-", ""),
        status_id=_status(world, "project_statuses", status),
        team_ids=tuple(known(world, "teams", team).id for team in teams),
        created_at=at,
        updated_at=at,
        **fields,
    )
    store(world, "projects", row)
    return row


def update_project(world: World, project: str, **changes: Any) -> Project:
    """Change fields; `status` by type or name sets the time it was reached."""
    row = known(world, "projects", project)
    if "status" in changes:
        changes["status_id"] = _status(world, "project_statuses", changes.pop("status"))
        type_ = world.linear.project_statuses[changes["status_id"]].type
        if type_ in {"started", "completed", "canceled"}:
            changes.setdefault(f"{type_}_at", clock(world))
    changed: Project = change(world, "projects", row, changes)
    return changed


def trash_project(world: World, project: str) -> Project:
    """Deleted, as people delete: archived and trashed, told as a removal."""
    gone = {"archived_at": clock(world), "trashed": True}
    row = known(world, "projects", project)
    trashed: Project = change(world, "projects", row, gone, action="remove")
    return trashed


def delete_project(world: World, project: str) -> None:
    """Gone for good; its issues stay, without a project."""
    row = known(world, "projects", project)
    for issue in world.linear.issues.of("project_id", row.id):
        change(world, "issues", issue, {"project_id": None})
    erase(world, "projects", row)


def create_customer(world: World, name: str, domains: list[str], **fields: Any) -> Customer:
    at = fields.pop("created_at", clock(world))
    id_ = fresh(world, "customers", fields.pop("id", None))
    row = Customer(
        id=id_,
        name=name,
        slug_id=slug(name) or id_[:8],
        domains=tuple(domains),
        status_id=_status(world, "customer_statuses", fields.pop("status", "Active")),
        created_at=at,
        updated_at=fields.pop("updated_at", at),
        **fields,
    )
    store(world, "customers", row)
    return row


def update_customer(world: World, customer: str, **changes: Any) -> Customer:
    row = known(world, "customers", customer)
    changed: Customer = change(world, "customers", row, changes)
    return changed


def delete_customer(world: World, customer: str) -> None:
    """Gone for good, with its requests; there is no tombstone."""
    row = known(world, "customers", customer)
    for need in world.linear.customer_needs.of("customer_id", row.id):
        erase(world, "customer_needs", need)
    erase(world, "customers", row)


def add_need(
    world: World, customer: str, issue: str, body: str | None = None, **fields: Any
) -> CustomerNeed:
    """A request of a customer on an issue, which counts one more."""
    at = fields.pop("created_at", clock(world))
    asked = known(world, "issues", issue)
    row = CustomerNeed(
        id=fresh(world, "customer_needs"),
        customer_id=known(world, "customers", customer).id,
        issue_id=asked.id,
        body=body,
        created_at=at,
        updated_at=at,
        **fields,
    )
    store(world, "customer_needs", row)
    change(world, "issues", asked, {"customer_ticket_count": asked.customer_ticket_count + 1})
    return row


def delete_need(world: World, need: str) -> None:
    erase(world, "customer_needs", known(world, "customer_needs", need))


def create_team(world: World, key: str, name: str, **fields: Any) -> Team:
    """A new team with the usual states; `member_ids` matter when it is private."""
    at = clock(world)
    fields["member_ids"] = frozenset(fields.get("member_ids", ()))
    row = Team(
        id=fresh(world, "teams", fields.pop("id", None)), key=key, name=name,
        created_at=at, updated_at=at, **fields,
    )  # fmt: skip
    store(world, "teams", row)
    for position, (title, type_) in enumerate(STATES):
        state = WorkflowState(
            id=fresh(world, "workflow_states"), name=title, type=type_, position=float(position),
            team_id=row.id, created_at=at, updated_at=at,
        )  # fmt: skip
        store(world, "workflow_states", state, quiet=True)
    return row


STATES: tuple[tuple[str, Any], ...] = (
    ("Backlog", "backlog"),
    ("Todo", "unstarted"),
    ("In Progress", "started"),
    ("Done", "completed"),
    ("Canceled", "canceled"),
)
"""The states that a new team begins with."""


def rename_team(world: World, team: str, name: str) -> Team:
    renamed: Team = change(world, "teams", known(world, "teams", team), {"name": name})
    return renamed


def rename_state(world: World, state: str, name: str) -> WorkflowState:
    """Another name for a state; no issue is touched by it."""
    row = known(world, "workflow_states", state)
    renamed: WorkflowState = change(world, "workflow_states", row, {"name": name})
    return renamed


def create_label(world: World, name: str, team: str | None = None, **fields: Any) -> IssueLabel:
    at = clock(world)
    team_id = known(world, "teams", team).id if team else None
    row = IssueLabel(
        id=fresh(world, "issue_labels"), name=name, team_id=team_id,
        created_at=at, updated_at=at, **fields,
    )  # fmt: skip
    store(world, "issue_labels", row)
    return row


def delete_label(world: World, label: str) -> None:
    """Gone for good, also from the issues that had it."""
    row = known(world, "issue_labels", label)
    for issue in world.linear.issues:
        if row.id in issue.label_ids:
            left = tuple(id_ for id_ in issue.label_ids if id_ != row.id)
            change(world, "issues", issue, {"label_ids": left})
    erase(world, "issue_labels", row)


def create_cycle(world: World, team: str, starts_at: float, ends_at: float, **fields: Any) -> Cycle:
    at = clock(world)
    owner = known(world, "teams", team)
    row = Cycle(
        id=fresh(world, "cycles", fields.pop("id", None)),
        number=world.next_id(f"linear:cycle:{owner.id}"),
        team_id=owner.id,
        starts_at=starts_at,
        ends_at=ends_at,
        created_at=at,
        updated_at=at,
        **fields,
    )
    store(world, "cycles", row)
    return row


def update_cycle(world: World, cycle: str, **changes: Any) -> Cycle:
    changed: Cycle = change(world, "cycles", known(world, "cycles", cycle), changes)
    return changed


def disable_user(world: World, user: str) -> User:
    """People are never deleted, only disabled."""
    row = known(world, "users", user)
    disabled: User = change(world, "users", row, {"active": False})
    return disabled


def update_user(world: World, user: str, **changes: Any) -> User:
    changed: User = change(world, "users", known(world, "users", user), changes)
    return changed


def create_webhook(
    world: World,
    url: str,
    resource_types: list[str],
    *,
    secret: str | None = None,
    team: str | None = None,
    **fields: Any,
) -> Webhook:
    """A subscription; the secret is ours when none is given."""
    at = clock(world)
    id_ = fresh(world, "webhooks", fields.pop("id", None))
    row = Webhook(
        id=id_,
        url=url,
        secret=secret or f"lin_wh_{id_.replace('-', '')}",
        resource_types=tuple(resource_types),
        team_id=known(world, "teams", team).id if team else None,
        created_at=at,
        updated_at=at,
        **fields,
    )
    world.linear.webhooks.put(row)
    return row


def update_webhook(world: World, webhook: str, **changes: Any) -> Webhook:
    changed: Webhook = change(world, "webhooks", known(world, "webhooks", webhook), changes)
    return changed


def delete_webhook(world: World, webhook: str) -> None:
    world.linear.webhooks.remove(known(world, "webhooks", webhook).id)


def _status(world: World, table: str, wanted: str) -> str:
    """The id of a status by id, name or type. Raises LookupError."""
    for row in world.linear.table(table):
        if wanted in {row.id, row.name, row.type}:
            found: str = row.id
            return found
    raise LookupError(f"there is no status {wanted!r} in {table}")
