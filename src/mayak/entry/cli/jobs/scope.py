"""The project that a command of jobs is about, and what its functions are given."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

import typer

from mayak.automation.queries import workers_alive
from mayak.entry.cli.output import err
from mayak.entry.cli.running import settings, with_parts
from mayak.entry.postgres import Opened
from mayak.entry.wiring import Parts
from mayak.errors import InvalidInput
from mayak.platform.db import Conn
from mayak.projects import service as projects
from mayak.projects.model import Project

Value = TypeVar("Value")

ProjectOption = Annotated[str, typer.Option("--project", "-p", help="Slug, name or id.")]
TypeArgument = Annotated[str, typer.Argument(help="See `mayak jobs types`.", metavar="TYPE")]
MaybeType = Annotated[
    str | None, typer.Argument(help="See `mayak jobs types`.", metavar="[TYPE]", show_default=False)
]
EveryJob = Annotated[bool, typer.Option("--all", help="Every job of the project.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One transaction in one project, and the process around it."""

    conn: Conn
    project: Project
    parts: Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(Generic[Value]):
    """What an action gave, and where."""

    value: Value
    project: Project
    workers: int
    """Alive once it was done."""


def in_project(name: str, act: Callable[[Scope], Awaitable[Value]]) -> Done[Value]:
    """Run `act` in a transaction of the project of this name. Raises ProjectNotFound."""

    async def run(parts: Parts, _: Opened) -> Done[Value]:
        project = await project_of(parts, name)
        async with parts.database.transaction(project.id) as conn:
            value = await act(Scope(conn=conn, project=project, parts=parts))
        return Done(value=value, project=project, workers=await workers_of(parts))

    return with_parts(settings(quiet=True), run)


async def project_of(parts: Parts, name: str) -> Project:
    """The project of this id, slug or name. Raises ProjectNotFound."""
    async with parts.database.system_transaction() as conn:
        return await projects.find(conn, name)


async def workers_of(parts: Parts) -> int:
    """How many workers of all job types live."""
    async with parts.database.system_transaction() as conn:
        return await workers_alive(conn)


def one_or_all(job_type: str | None, *, everything: bool) -> None:
    """Raises InvalidInput unless exactly one of them is given."""
    if (job_type is None) != everything:
        raise InvalidInput("type", "name one job type (`mayak jobs types`), or say --all")


def tell_if_idle(workers: int) -> None:
    """Nothing that waits will start: say what to do about it."""
    if not workers:
        err.print("[dim]No worker is running: start `mayak worker` or `mayak up`.[/]")
