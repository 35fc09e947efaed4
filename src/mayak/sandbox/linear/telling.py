"""Turning story files into the rows of Linear, or saying why one cannot."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from mayak.sandbox.linear.rows import (
    Comment,
    Customer,
    CustomerNeed,
    Cycle,
    Issue,
    IssueLabel,
    IssueRelation,
    Named,
    Project,
    Team,
    User,
    WorkflowState,
    id_of,
    whole_milliseconds,
)
from mayak.sandbox.linear.spelling import slug
from mayak.sandbox.linear.workspace import Organization
from mayak.sandbox.telling import StoryError, moment, parsed
from mayak.sandbox.world import World

LINEAR_KEY = "lin_api_sandbox"
"""Key of an administrator who is in every team."""
LINEAR_MEMBER_KEY = "lin_api_sandbox_member"
"""Key of a member who is not in the private team."""

WORKSPACE = "workspace.yaml"
TEAM_KEYS = {"team", "customer", "projects", "cycles", "labels", "issues"}
ISSUE_KEYS = {
    "title", "state", "at", "by", "to", "priority", "project", "labels", "estimate", "due", "text",
    "started", "done", "updated", "archived", "trashed", "blocked_by", "parent", "cycle", "need",
    "was", "comments",
}  # fmt: skip


def tell(world: World, texts: Mapping[str, str]) -> None:
    """Add the stories of stories/linear to a World. Raises StoryError."""
    if not texts:
        return
    if WORKSPACE not in texts:
        raise StoryError(f"linear/{WORKSPACE}: missing")
    name = f"linear/{WORKSPACE}"
    try:
        teller = Teller(world, parsed(name, texts[WORKSPACE]))
        for file in sorted(texts.keys() - {WORKSPACE}):
            name = f"linear/{file}"
            teller.tell(parsed(name, texts[file]))
    except KeyError as error:
        raise StoryError(f"{name}: {error} is missing or unknown") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise StoryError(f"{name}: {error}") from error


class Teller:
    """Builds the workspace: first what all teams share, then team after team."""

    def __init__(self, world: World, raw: Mapping[str, Any]) -> None:
        self._world = world
        self._rows = world.linear
        self._zone = ZoneInfo(raw["time_zone"])
        self._now = world.clock.now()
        self._begun = self._at(raw["organization"]["at"])
        self._states: Sequence[Mapping[str, Any]] = raw["states"]
        self._labels = {key: id_of("label", key) for key in raw["labels"]}
        self._users: dict[str, str] = {}
        began = {"created_at": self._begun, "updated_at": self._begun}
        self._rows.organization = Organization(
            id=id_of("organization", raw["organization"]["url_key"]),
            name=raw["organization"]["name"],
            url_key=raw["organization"]["url_key"],
            **began,
        )
        self._people(raw, began)
        for key, label in raw["labels"].items():
            row = IssueLabel(
                id=self._labels[key], name=label["name"], color=label["color"], **began
            )
            self._rows.issue_labels.put(row)
        for table in ("project_statuses", "customer_statuses", "customer_tiers"):
            for position, one in enumerate(raw[table]):
                named = Named(
                    id=id_of(table, one["name"]), position=float(position),
                    display_name=one["name"], **one, **began,
                )  # fmt: skip
                self._rows.table(table).put(named)

    def tell(self, raw: Mapping[str, Any]) -> None:
        """Add one team with everything in it."""
        if unknown := sorted(raw.keys() - TEAM_KEYS):
            raise ValueError(f"unknown: {', '.join(unknown)}")
        team = self._team(raw["team"])
        customer = self._customer(raw["customer"]) if "customer" in raw else None
        projects = {
            key: self._project(team, key, one) for key, one in (raw.get("projects") or {}).items()
        }
        cycles = [
            self._cycle(team, number, one)
            for number, one in enumerate(raw.get("cycles") or (), start=1)
        ]
        for number, one in enumerate(raw["issues"], start=1):
            try:
                self._issue(team, number, one, projects, cycles, customer)
            except (KeyError, ValueError, TypeError, AttributeError) as error:
                what = f"{error} is missing or unknown" if isinstance(error, KeyError) else error
                raise ValueError(f"{team.key}-{number}: {what}") from error
        self._world.reserve_id(f"linear:cycle:{team.id}", len(cycles))
        self._progress([*projects.values()], cycles)

    def _people(self, raw: Mapping[str, Any], began: Mapping[str, float]) -> None:
        """The agents of the studio, by the first part of their address, and former people."""
        emails = {agent.email: agent.name for agent in self._world.agents.values()}
        for key, about in raw["users"].items():
            email = about["email"]
            self._users[key] = id_of("user", key)
            user = User(
                id=self._users[key],
                name=about.get("name") or emails[email],
                display_name=key,
                email=email,
                admin=bool(about.get("admin")),
                active=not about.get("left"),
                timezone=self._zone.key,
                **{**began, "updated_at": self._at(about.get("left")) or self._begun},
            )
            self._rows.users.put(user)
        self._rows.keys[LINEAR_KEY] = self._users[raw["keys"]["everything"]]
        self._rows.keys[LINEAR_MEMBER_KEY] = self._users[raw["keys"]["member"]]

    def _team(self, raw: Mapping[str, Any]) -> Team:
        team = Team(
            id=id_of("team", raw["key"]),
            key=raw["key"],
            name=raw["name"],
            description=raw.get("text"),
            private=bool(raw.get("private")),
            member_ids=frozenset(self._users[key] for key in raw["members"]),
            created_at=self._begun,
            updated_at=self._begun,
        )
        self._rows.teams.put(team)
        for position, one in enumerate(self._states):
            state = WorkflowState(
                id=id_of("state", f"{team.key}/{one['name']}"), position=float(position),
                team_id=team.id, created_at=self._begun, updated_at=self._begun, **one,
            )  # fmt: skip
            self._rows.workflow_states.put(state)
        for number, project in enumerate(self._world.projects):
            if project.slug == raw.get("client"):
                known = (*project.linear_team_ids, team.id)
                self._world.projects[number] = replace(project, linear_team_ids=known)
        return team

    def _customer(self, raw: Mapping[str, Any]) -> Customer:
        row = Customer(
            id=id_of("customer", raw["name"]),
            name=raw["name"],
            slug_id=slug(raw["domains"][0]),
            domains=tuple(raw["domains"]),
            external_ids=tuple(raw.get("external_ids") or ()),
            revenue=raw.get("revenue"),
            size=raw.get("size"),
            status_id=id_of("customer_statuses", raw["status"]),
            tier_id=id_of("customer_tiers", raw["tier"]) if raw.get("tier") else None,
            owner_id=self._users[raw["owner"]],
            created_at=self._begun,
            updated_at=self._begun,
        )
        self._rows.customers.put(row)
        return row

    def _project(self, team: Team, key: str, raw: Mapping[str, Any]) -> Project:
        status = raw["status"]
        id_ = id_of("project", f"{team.key}/{key}")
        begun = self._at(raw["at"])
        touched = self._at(raw.get("updated")) or begun
        known = {row.name: row for row in self._rows.project_statuses}
        row = Project(
            id=id_,
            name=raw["name"],
            slug_id=id_.replace("-", "")[:12],
            description=raw.get("text") or "",
            priority=raw.get("priority", 0),
            health=raw.get("health"),
            status_id=known[status].id,
            lead_id=self._users[raw["lead"]],
            creator_id=self._users[raw["lead"]],
            team_ids=(team.id,),
            start_date=self._date(raw.get("start")),
            target_date=self._date(raw.get("target")),
            started_at=begun if known[status].type in {"started", "completed"} else None,
            completed_at=touched if known[status].type == "completed" else None,
            canceled_at=touched if known[status].type == "canceled" else None,
            archived_at=self._at(raw.get("trashed")),
            trashed=True if raw.get("trashed") else None,
            created_at=begun,
            updated_at=max(touched, self._at(raw.get("trashed")) or 0.0),
        )
        self._rows.projects.put(row)
        return row

    def _cycle(self, team: Team, number: int, raw: Mapping[str, Any]) -> Cycle:
        starts = self._at(f"{raw['starts']} 09:00")
        ends = self._at(f"{raw['ends']} 09:00")
        row = Cycle(
            id=id_of("cycle", f"{team.key}/{number}"),
            number=number,
            name=raw.get("name"),
            team_id=team.id,
            starts_at=starts,
            ends_at=ends,
            completed_at=ends if ends < self._now.timestamp() else None,
            created_at=min(starts, self._now.timestamp()),
            updated_at=min(max(starts, ends), self._now.timestamp()),
        )
        self._rows.cycles.put(row)
        return row

    def _issue(
        self,
        team: Team,
        number: int,
        raw: Mapping[str, Any],
        projects: Mapping[str, Project],
        cycles: Sequence[Cycle],
        customer: Customer | None,
    ) -> None:
        if unknown := sorted(raw.keys() - ISSUE_KEYS):
            raise ValueError(f"unknown: {', '.join(unknown)}")
        begun = self._at(raw["at"])
        key = f"{team.key}-{number}"
        times = {
            name: self._at(raw.get(name)) for name in ("started", "done", "archived", "trashed")
        }
        touched = max(
            begun, *(one or 0.0 for one in (*times.values(), self._at(raw.get("updated"))))
        )
        state = self._rows.workflow_states[id_of("state", f"{team.key}/{raw['state']}")]
        row = Issue(
            id=id_of("issue", key),
            number=number,
            identifier=key,
            previous_identifiers=tuple(raw.get("was") or ()),
            title=raw["title"],
            description=raw.get("text"),
            priority=raw.get("priority", 0),
            estimate=raw.get("estimate"),
            due_date=self._date(raw.get("due")),
            label_ids=tuple(self._labels[one] for one in raw.get("labels") or ()),
            team_id=team.id,
            state_id=state.id,
            assignee_id=self._users[raw["to"]] if raw.get("to") else None,
            creator_id=self._users[raw["by"]] if raw.get("by") else None,
            project_id=projects[raw["project"]].id if raw.get("project") else None,
            parent_id=id_of("issue", f"{team.key}-{raw['parent']}") if raw.get("parent") else None,
            cycle_id=cycles[raw["cycle"] - 1].id if raw.get("cycle") else None,
            branch_name=f"{key.lower()}-{slug(raw['title'])}".rstrip("-"),
            customer_ticket_count=1 if raw.get("need") else 0,
            **_reached(state, times, touched),
            created_at=begun,
            updated_at=touched,
        )
        self._rows.issues.put(row)
        for identifier in (row.identifier, *row.previous_identifiers):
            self._rows.identifiers[identifier] = row.id
            prefix, _, used = identifier.partition("-")
            self._world.reserve_id(f"linear:number:{id_of('team', prefix)}", int(used))
        self._beside(team, row, raw, customer)

    def _beside(
        self, team: Team, row: Issue, raw: Mapping[str, Any], customer: Customer | None
    ) -> None:
        """What hangs on an issue: what blocks it, what was said, who asked for it."""
        when: dict[str, Any] = {"created_at": row.created_at, "updated_at": row.created_at}
        for other in raw.get("blocked_by") or ():
            blocker = id_of("issue", f"{team.key}-{other}")
            relation = IssueRelation(
                id=id_of("relation", f"{blocker}/{row.id}"), type="blocks",
                issue_id=blocker, related_issue_id=row.id, **when,
            )  # fmt: skip
            self._rows.issue_relations.put(relation)
        for number, (at, who, text) in enumerate(raw.get("comments") or (), start=1):
            said = self._at(at)
            if said < row.created_at:
                raise ValueError(f"comment {number} is older than the issue")
            comment = Comment(
                id=id_of("comment", f"{row.identifier}/{number}"), issue_id=row.id, body=text,
                user_id=self._users[who], created_at=said, updated_at=said,
            )  # fmt: skip
            self._rows.comments.put(comment)
        if raw.get("need"):
            if customer is None:
                raise ValueError("need: this team has no customer")
            need = CustomerNeed(
                id=id_of("need", row.identifier), customer_id=customer.id, issue_id=row.id,
                body=raw["need"], **when,
            )  # fmt: skip
            self._rows.customer_needs.put(need)

    def _progress(self, projects: Sequence[Project], cycles: Sequence[Cycle]) -> None:
        """How much of each project and cycle is done, from 0 to 1."""
        done = {s.id for s in self._rows.workflow_states if s.type == "completed"}
        dropped = {s.id for s in self._rows.workflow_states if s.type in {"canceled", "duplicate"}}
        for project in projects:
            told = self._rows.issues.of("project_id", project.id)
            share = _share([row.state_id for row in told if row.state_id not in dropped], done)
            finished = project.completed_at is not None
            self._rows.projects.put(replace(project, progress=1.0 if finished else share))
        for cycle in cycles:
            told = [row for row in self._rows.issues if row.cycle_id == cycle.id]
            share = _share([row.state_id for row in told if row.state_id not in dropped], done)
            self._rows.cycles.put(replace(cycle, progress=share))

    def _at(self, text: Any) -> Any:
        """The time of "-12d 09:40", "-3h20m" or "+4d 09:00"; None for nothing."""
        if text is None:
            return None
        written = str(text)
        if written.startswith("+"):
            later = moment(f"-1d {written.split()[1]}", at=self._now, zone=self._zone)
            days = int(written[1:].split("d", maxsplit=1)[0]) + 1
            return whole_milliseconds((later + timedelta(days=days)).timestamp())
        return whole_milliseconds(moment(written, at=self._now, zone=self._zone).timestamp())

    def _date(self, text: Any) -> str | None:
        """The date of "+4d" or "-12d"."""
        if text is None:
            return None
        today = self._now.astimezone(self._zone).date()
        return (today + timedelta(days=int(str(text).removesuffix("d")))).isoformat()


def _reached(
    state: WorkflowState, times: Mapping[str, float | None], touched: float
) -> dict[str, Any]:
    """When an issue came to where it is; what the story leaves out follows from its state."""
    ended = times["done"] or touched
    return {
        "started_at": times["started"] or (touched if state.type == "started" else None),
        "completed_at": ended if state.type == "completed" else None,
        "canceled_at": ended if state.type in {"canceled", "duplicate"} else None,
        "archived_at": times["archived"] or times["trashed"],
        "trashed": True if times["trashed"] else None,
    }


def _share(states: Sequence[str], done: set[str]) -> float:
    return round(sum(one in done for one in states) / len(states), 4) if states else 0.0
