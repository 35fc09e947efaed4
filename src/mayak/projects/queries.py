"""All SQL of projects. These run in a system transaction: a project is what scopes are made of."""

from datetime import datetime
from typing import LiteralString
from uuid import UUID

from mayak.platform.db import Conn, execute, fetch_all, fetch_one, fetch_value
from mayak.projects.model import Draft, Project

TAKE_TURN: LiteralString = "SELECT pg_advisory_xact_lock(6_243_118)"
"""Two first projects at once would make two workspaces."""
HOME: LiteralString = """
WITH found AS (SELECT id FROM workspaces ORDER BY created_at LIMIT 1),
     made AS (INSERT INTO workspaces (name) SELECT 'Mayak' WHERE NOT EXISTS (SELECT FROM found)
              RETURNING id)
SELECT id FROM found UNION ALL SELECT id FROM made
"""
ADD: LiteralString = """
INSERT INTO projects (workspace_id, slug, name, time_zone)
VALUES (%(home)s, %(slug)s, %(name)s, %(time_zone)s)
    ON CONFLICT (slug) DO NOTHING
RETURNING id, slug, name, time_zone, created_at
"""


async def add(conn: Conn, project: Draft) -> Project | None:
    """The new project, in the installation's workspace; None when the slug is taken."""
    await execute(conn, TAKE_TURN)
    home = await fetch_value(conn, HOME)
    return await fetch_one(
        conn,
        Project,
        ADD,
        home=home,
        slug=project.slug,
        name=project.name,
        time_zone=project.time_zone,
    )


FIND: LiteralString = """
SELECT id, slug, name, time_zone, created_at FROM projects
 WHERE id::text = %(name)s OR slug = %(name)s OR lower(name) = lower(%(name)s)
 ORDER BY (id::text = %(name)s) DESC, (slug = %(name)s) DESC, created_at
 LIMIT 1
"""


async def find(conn: Conn, name: str) -> Project | None:
    """The project of this id, slug or name, looked for in that order."""
    return await fetch_one(conn, Project, FIND, name=name)


PAGE: LiteralString = """
SELECT id, slug, name, time_zone, created_at FROM projects
 WHERE (%(user_id)s::uuid IS NULL
        OR id IN (SELECT project_id FROM memberships WHERE user_id = %(user_id)s))
   AND (%(after_at)s::timestamptz IS NULL
        OR (created_at, id) > (%(after_at)s, %(after_id)s::uuid))
 ORDER BY created_at, id
 LIMIT %(limit)s
"""


async def page(
    conn: Conn, *, user_id: UUID | None, after: tuple[datetime, UUID] | None, limit: int
) -> list[Project]:
    """Projects, oldest first; of one member, or all when `user_id` is None."""
    return await fetch_all(
        conn,
        Project,
        PAGE,
        user_id=user_id,
        after_at=after and after[0],
        after_id=after and after[1],
        limit=limit,
    )


REMOVE: LiteralString = "DELETE FROM projects WHERE id = %(project_id)s"


async def remove(conn: Conn, project_id: UUID) -> bool:
    """Delete a project and everything in it. False when there was none."""
    return await execute(conn, REMOVE, project_id=project_id) == 1
