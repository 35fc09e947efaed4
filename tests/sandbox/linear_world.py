"""A small workspace of Linear, and what its answers hold."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from mayak.sandbox.linear import upkeep
from mayak.sandbox.linear.rows import Named, User
from mayak.sandbox.world import World

Ask = Callable[..., Awaitable[httpx.Response]]

ADMIN_KEY, MEMBER_KEY = "lin_api_ada", "lin_api_ben"


def furnish(world: World) -> None:
    """Teams NOR and BAL that everybody sees, SEC that only Ada sees; Ada administers."""
    for key, name, admin in ((ADMIN_KEY, "Ada", True), (MEMBER_KEY, "Ben", False)):
        user = User(
            id=f"user-{name.lower()}",
            name=name,
            display_name=name.lower(),
            email=f"{name.lower()}@studio.example",
            admin=admin,
            created_at=0.0,
            updated_at=0.0,
        )
        world.linear.users.put(user)
        world.linear.keys[key] = user.id
    for table, name in (("project_statuses", "planned"), ("customer_statuses", "Active")):
        status = Named(id=name, name=name, type=name, created_at=0.0, updated_at=0.0)
        world.linear.table(table).put(status)
    for key in ("NOR", "BAL"):
        upkeep.create_team(world, key, f"Team {key}")
    upkeep.create_team(world, "SEC", "Secret", private=True, member_ids=["user-ada"])


def nodes(response: httpx.Response, root: str = "issues") -> list[dict[str, Any]]:
    """The rows of a list. Raises KeyError for a refusal."""
    rows: list[dict[str, Any]] = response.json()["data"][root]["nodes"]
    return rows


def titles(response: httpx.Response) -> list[str]:
    return [row["title"] for row in nodes(response)]


def refusal(response: httpx.Response) -> tuple[int, str, str]:
    """Status, code and type of the first error."""
    extensions = response.json()["errors"][0]["extensions"]
    return response.status_code, extensions["code"], extensions["type"]
