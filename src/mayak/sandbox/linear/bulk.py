"""A crowded workspace: as many issues as a large customer has, made at once."""

from random import Random
from typing import TYPE_CHECKING

from mayak.sandbox.linear.rows import Comment, Issue, Team, id_of, whole_milliseconds

if TYPE_CHECKING:  # The World imports our rows.
    from mayak.sandbox.world import World

SPREAD = 400 * 86_400
"""Seconds over which the rows were created, up to now."""
TITLES = (
    "Import of orders stops at row", "Оплата не проходит на шаге", "Slow report number",
    "Не открывается карточка", "New field on form", "Письмо уходит дважды, случай",
)  # fmt: skip


def add_many(world: "World", *, issues: int, comments: int = 0, seed: int = 0) -> list[str]:
    """Add issues, and comments spread over them, to the teams that there are.

    Nothing is announced: they were always there. The same seed gives the same rows. Gives the
    ids of the issues, oldest first. Raises ValueError for a workspace without teams.
    """
    workspace = world.linear
    teams = sorted((team for team in workspace.teams if not team.private), key=lambda t: t.key)
    if not teams:
        raise ValueError("issues need a team")
    random = Random(seed)
    moments = sorted(_moments(world, random, issues))
    states = {
        team.id: sorted(state.id for state in workspace.workflow_states.of("team_id", team.id))
        for team in teams
    }
    people = sorted(user.id for user in workspace.users)
    made = []
    for number, at in enumerate(moments):
        team = teams[number % len(teams)]
        state_id = random.choice(states[team.id])
        assignee_id = random.choice(people) if people else None
        made.append(_issue(world, team, at, random, state_id=state_id, assignee_id=assignee_id))
    workspace.issues.extend(made)
    workspace.identifiers.update({row.identifier: row.id for row in made})
    workspace.comments.extend(_comments(world, made, comments, random, people))
    return [row.id for row in made]


def _moments(world: "World", random: Random, count: int) -> list[float]:
    now = world.clock.timestamp()
    return [whole_milliseconds(now - random.uniform(1, SPREAD)) for _ in range(count)]


def _issue(
    world: "World",
    team: Team,
    at: float,
    random: Random,
    *,
    state_id: str,
    assignee_id: str | None,
) -> Issue:
    number = world.next_id(f"linear:number:{team.id}")
    identifier = f"{team.key}-{number}"
    touched = whole_milliseconds(random.uniform(at, world.clock.timestamp()))
    return Issue(
        id=id_of("many", identifier),
        number=number,
        identifier=identifier,
        title=f"{random.choice(TITLES)} {number}",
        description=f"Ticket {random.randrange(10_000)} of the crowd.",
        priority=random.randrange(5),
        team_id=team.id,
        state_id=state_id,
        assignee_id=assignee_id,
        branch_name=identifier.lower(),
        created_at=at,
        updated_at=max(at, touched),
    )


def _comments(
    world: "World", issues: list[Issue], count: int, random: Random, people: list[str]
) -> list[Comment]:
    if not issues:
        return []
    made = []
    for number in range(count):
        issue = issues[number % len(issues)]
        at = whole_milliseconds(random.uniform(issue.created_at, world.clock.timestamp()))
        made.append(
            Comment(
                id=id_of("many", f"comment/{issue.id}/{number}"),
                body=f"Looked at it, remark {number}.",
                issue_id=issue.id,
                user_id=random.choice(people) if people else None,
                created_at=max(at, issue.created_at),
                updated_at=max(at, issue.created_at),
            )
        )
    return made
