"""What may happen to issues, their comments and their relations."""

from dataclasses import replace
from typing import Any

from mayak.sandbox.linear.changes import change, clock, erase, fresh, known, store
from mayak.sandbox.linear.rows import (
    Attachment,
    Comment,
    Issue,
    IssueRelation,
    StateType,
    WorkflowState,
)
from mayak.sandbox.linear.spelling import slug
from mayak.sandbox.world import World

REACHED: dict[str, str] = {
    "started": "started_at",
    "completed": "completed_at",
    "canceled": "canceled_at",
    "duplicate": "canceled_at",
}
"""The time that is set when an issue comes to a state of this type."""

BEGINNINGS: tuple[StateType, ...] = ("unstarted", "backlog", "triage", "started")
"""Types of states in which a new issue may begin, the usual one first."""


def create_issue(
    world: World,
    team: str,
    title: str,
    *,
    id: str | None = None,  # noqa: A002 - named as in the API
    state: str | None = None,
    actor: str | None = None,
    **fields: Any,
) -> Issue:
    """A new issue of a team (id or key); `fields` are those of `Issue`. Raises TypeError."""
    owner = known(world, "teams", team)
    begun = known(world, "workflow_states", state) if state else first_state(world, owner.id)
    at = fields.pop("created_at", clock(world))
    number = world.next_id(f"linear:number:{owner.id}")
    identifier = f"{owner.key}-{number}"
    row = Issue(
        id=fresh(world, "issues", id),
        number=number,
        identifier=identifier,
        title=title,
        team_id=owner.id,
        state_id=begun.id,
        branch_name=f"{identifier.lower()}-{slug(title)}".rstrip("-"),
        created_at=at,
        updated_at=fields.pop("updated_at", at),
        **_tuples(fields),
    )
    if begun.type in REACHED and getattr(row, REACHED[begun.type]) is None:
        row = replace(row, **{REACHED[begun.type]: at})
    world.linear.identifiers[identifier] = row.id
    store(world, "issues", row, actor=actor)
    return row


def update_issue(world: World, issue: str, *, actor: str | None = None, **changes: Any) -> Issue:
    """Change fields of an issue (id or identifier); `state` may be the name of a state."""
    row: Issue = known(world, "issues", issue)
    if "state" in changes:
        changes["state_id"] = state_named(world, row.team_id, changes.pop("state")).id
    if changes.get("team_id", row.team_id) != row.team_id:
        row = move_issue(world, row.id, changes.pop("team_id"), actor=actor)
    if (state_id := changes.get("state_id")) and state_id != row.state_id:
        changes |= _reached(world, row, known(world, "workflow_states", state_id))
    changed: Issue = change(world, "issues", row, changes, actor=actor)
    return changed


def move_issue(world: World, issue: str, team: str, *, actor: str | None = None) -> Issue:
    """To another team: a new identifier, the old one kept; a state of the same type there."""
    row: Issue = known(world, "issues", issue)
    target = known(world, "teams", team)
    if target.id == row.team_id:
        return row
    type_ = known(world, "workflow_states", row.state_id).type
    there = world.linear.workflow_states.of("team_id", target.id)
    same = [state for state in there if state.type == type_]
    state = min(same, key=lambda one: one.position) if same else first_state(world, target.id)
    number = world.next_id(f"linear:number:{target.id}")
    identifier = f"{target.key}-{number}"
    world.linear.identifiers[identifier] = row.id
    moved = {
        "team_id": target.id,
        "state_id": state.id,
        "number": number,
        "identifier": identifier,
        "previous_identifiers": (*row.previous_identifiers, row.identifier),
        "cycle_id": None,
    }
    changed: Issue = change(world, "issues", row, moved, actor=actor)
    return changed


def archive_issue(world: World, issue: str, *, actor: str | None = None) -> Issue:
    """Out of the usual lists; everything about it stays."""
    row = known(world, "issues", issue)
    archived: Issue = change(world, "issues", row, {"archived_at": clock(world)}, actor=actor)
    return archived


def trash_issue(world: World, issue: str, *, actor: str | None = None) -> Issue:
    """Deleted, as people delete: archived and trashed, told as a removal."""
    row = known(world, "issues", issue)
    gone = {"archived_at": clock(world), "trashed": True}
    trashed: Issue = change(world, "issues", row, gone, actor=actor, action="remove")
    return trashed


def restore_issue(world: World, issue: str, *, actor: str | None = None) -> Issue:
    """Back out of the archive or the trash."""
    row = known(world, "issues", issue)
    back = {"archived_at": None, "trashed": None}
    restored: Issue = change(world, "issues", row, back, actor=actor)
    return restored


def delete_issue(world: World, issue: str, *, actor: str | None = None) -> None:
    """Gone for good, with what hangs on it; only the issue itself is told."""
    row: Issue = known(world, "issues", issue)
    workspace = world.linear
    for table, group in (
        ("comments", "issue_id"),
        ("attachments", "issue_id"),
        ("customer_needs", "issue_id"),
        ("issue_relations", "issue_id"),
        ("issue_relations", "related_issue_id"),
    ):
        for hanging in workspace.table(table).of(group, row.id):
            workspace.table(table).remove(hanging.id)
    for child in workspace.issues.of("parent_id", row.id):
        workspace.issues.put(replace(child, parent_id=None))
    erase(world, "issues", row, actor=actor)
    for identifier in (row.identifier, *row.previous_identifiers):
        workspace.identifiers.pop(identifier, None)


def add_comment(
    world: World,
    issue: str | None,
    body: str,
    *,
    id: str | None = None,  # noqa: A002 - named as in the API
    user: str | None = None,
    actor: str | None = None,
    **fields: Any,
) -> Comment:
    """Say something about an issue, or with `project_id` about a project.

    The issue itself is not touched: nothing promises that it is.
    """
    at = fields.pop("created_at", clock(world))
    row = Comment(
        id=fresh(world, "comments", id),
        issue_id=known(world, "issues", issue).id if issue else None,
        body=body,
        user_id=user,
        created_at=at,
        updated_at=fields.pop("updated_at", at),
        **fields,
    )
    if row.issue_id is None and row.project_id is None:
        raise ValueError("a comment belongs to an issue or to a project")
    store(world, "comments", row, actor=actor or user)
    return row


def edit_comment(
    world: World, comment: str, body: str | None = None, *, actor: str | None = None, **more: Any
) -> Comment:
    row = known(world, "comments", comment)
    said = {} if body is None else {"body": body, "edited_at": clock(world)}
    changed: Comment = change(world, "comments", row, said | more, actor=actor)
    return changed


def resolve_comment(world: World, comment: str, *, actor: str | None = None) -> Comment:
    return edit_comment(world, comment, actor=actor, resolved_at=clock(world))


def delete_comment(world: World, comment: str, *, actor: str | None = None) -> None:
    """Gone for good, with its answers; there is no tombstone."""
    row = known(world, "comments", comment)
    for answer in world.linear.comments:
        if answer.parent_id == row.id:
            erase(world, "comments", answer, actor=actor)
    erase(world, "comments", row, actor=actor)


def relate_issues(
    world: World,
    issue: str,
    related: str,
    type: str = "blocks",  # noqa: A002 - named as in the API
    *,
    actor: str | None = None,
) -> IssueRelation:
    """The first blocks (duplicates, is related to) the second; neither is touched by it."""
    at = clock(world)
    row = IssueRelation(
        id=fresh(world, "issue_relations"),
        type=type,
        issue_id=known(world, "issues", issue).id,
        related_issue_id=known(world, "issues", related).id,
        created_at=at,
        updated_at=at,
    )
    store(world, "issue_relations", row, actor=actor)
    return row


def unrelate_issues(world: World, issue: str, related: str, *, actor: str | None = None) -> None:
    """Take back every relation from the first to the second. Raises LookupError."""
    first, second = known(world, "issues", issue), known(world, "issues", related)
    relations = world.linear.issue_relations.of("issue_id", first.id)
    found = [row for row in relations if row.related_issue_id == second.id]
    if not found:
        raise LookupError(f"{first.identifier} stands in no relation to {second.identifier}")
    for row in found:
        erase(world, "issue_relations", row, actor=actor)


def attach(
    world: World, issue: str, url: str, title: str, *, actor: str | None = None, **fields: Any
) -> Attachment:
    """A link on an issue; the same address again changes the one that is there."""
    owner = known(world, "issues", issue)
    for there in world.linear.attachments.of("issue_id", owner.id):
        if there.url == url:
            changes = {"title": title, **fields}
            again: Attachment = change(world, "attachments", there, changes, actor=actor)
            return again
    at = fields.pop("created_at", clock(world))
    row = Attachment(
        id=fresh(world, "attachments"), issue_id=owner.id, url=url, title=title,
        created_at=at, updated_at=at, **fields,
    )  # fmt: skip
    store(world, "attachments", row, actor=actor)
    return row


def detach(world: World, attachment: str, *, actor: str | None = None) -> None:
    erase(world, "attachments", known(world, "attachments", attachment), actor=actor)


def first_state(world: World, team_id: str) -> WorkflowState:
    """Where new issues of a team begin. Raises ValueError for a team without states."""
    states = sorted(world.linear.workflow_states.of("team_id", team_id), key=lambda s: s.position)
    for type_ in BEGINNINGS:
        for state in states:
            if state.type == type_:
                return state
    raise ValueError(f"team {team_id} has no state to begin in")


def state_named(world: World, team_id: str, name: str) -> WorkflowState:
    """A state of a team by name, type or id. Raises LookupError."""
    states = sorted(world.linear.workflow_states.of("team_id", team_id), key=lambda s: s.position)
    for state in states:
        if name in {state.id, state.name}:
            return state
    for state in states:
        if name == state.type:
            return state
    raise LookupError(f"team {team_id} has no state {name}")


def _reached(world: World, row: Issue, state: WorkflowState) -> dict[str, Any]:
    """The times that come and go with a state."""
    now = clock(world)
    times: dict[str, Any] = {"completed_at": None, "canceled_at": None}
    if state.type in REACHED:
        times[REACHED[state.type]] = now
    if state.type == "started" and row.started_at is not None:
        times["started_at"] = row.started_at
    if state.type in {"backlog", "unstarted", "triage"}:
        times["started_at"] = None
    return times


def _tuples(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(one) if isinstance(one, list) else one for key, one in fields.items()}
