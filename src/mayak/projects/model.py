"""Projects: the scopes that client work, people and data belong to."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mayak.errors import Conflict, InvalidInput, NotFound
from mayak.kit.text import slug

LONGEST_NAME = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    id: UUID
    slug: str
    """Unique in the installation; may stand for the project in addresses and commands."""
    name: str
    time_zone: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A project that may be created."""

    name: str
    slug: str
    time_zone: str


def draft(name: str, *, wanted_slug: str | None, time_zone: str) -> Draft:
    """A project of this name. Raises InvalidInput for what cannot be one."""
    name = " ".join(name.replace("\x00", "").split())
    if not name or len(name) > LONGEST_NAME:
        raise InvalidInput("name", f"give it 1 to {LONGEST_NAME} characters")
    short = slug(wanted_slug or name)
    if not short:
        raise InvalidInput("slug", "use letters or digits")
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: a folder of zones
        reason = f"there is no time zone {time_zone!r}; try Europe/Berlin"
        raise InvalidInput("time_zone", reason) from error
    return Draft(name=name, slug=short, time_zone=time_zone)


@dataclass(eq=False)
class ProjectNotFound(NotFound):
    code = "project_not_found"
    message = "There is no project {project}."

    project: str


@dataclass(eq=False)
class SlugTaken(Conflict):
    code = "slug_taken"
    message = "A project named {slug} exists already."

    slug: str
