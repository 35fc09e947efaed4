"""What can be done with projects."""

from datetime import datetime
from uuid import UUID

from mayak.platform.db import Conn
from mayak.projects import queries
from mayak.projects.model import Project, ProjectNotFound, SlugTaken, draft


async def create(
    conn: Conn, name: str, *, slug: str | None = None, time_zone: str = "UTC"
) -> Project:
    """A new project. Raises InvalidInput or SlugTaken."""
    wanted = draft(name, wanted_slug=slug, time_zone=time_zone)
    project = await queries.add(conn, wanted)
    if project is None:
        raise SlugTaken(wanted.slug)
    return project


async def find(conn: Conn, name: str) -> Project:
    """The project of this id, slug or name. Raises ProjectNotFound."""
    project = await queries.find(conn, name.strip())
    if project is None:
        raise ProjectNotFound(name)
    return project


async def visible(
    conn: Conn, *, user_id: UUID | None, after: tuple[datetime, UUID] | None, limit: int
) -> list[Project]:
    """Projects that a member may see, oldest first; all of them when `user_id` is None."""
    return await queries.page(conn, user_id=user_id, after=after, limit=limit)


async def remove(conn: Conn, project_id: UUID) -> None:
    """Take back a project that could not be set up; everything in it goes with it."""
    await queries.remove(conn, project_id)
