"""What one key sees: rows of private teams and of lost ones are silently not there."""

from dataclasses import dataclass
from typing import Any

from mayak.sandbox.linear.rows import User
from mayak.sandbox.linear.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """The rows that a user is shown."""

    workspace: Workspace
    user: User
    lost: frozenset[str] = frozenset()
    """Ids of teams that the user was taken out of."""

    def narrows(self) -> bool:
        """Whether anything at all is hidden."""
        return any(not self.team(team.id) for team in self.workspace.teams)

    def team(self, team_id: str | None) -> bool:
        """True for None: what belongs to no team belongs to the whole workspace."""
        team = self.workspace.teams.get(team_id)
        if team is None:
            return team_id is None
        if team.id in self.lost:
            return False
        return not team.private or self.user.id in team.member_ids

    def sees(self, table: str, row: Any) -> bool:
        if table == "teams":
            return self.team(row.id)
        if table == "projects":
            return not row.team_ids or any(self.team(id_) for id_ in row.team_ids)
        if table in {"workflow_states", "issue_labels", "cycles", "issues"}:
            return self.team(row.team_id)
        return (
            self._issue(getattr(row, "issue_id", None))
            and self._issue(getattr(row, "related_issue_id", None))
            and self._project(getattr(row, "project_id", None))
        )

    def _issue(self, issue_id: str | None) -> bool:
        issue = self.workspace.issues.get(issue_id)
        return issue is None or self.team(issue.team_id)

    def _project(self, project_id: str | None) -> bool:
        project = self.workspace.projects.get(project_id)
        return project is None or self.sees("projects", project)
