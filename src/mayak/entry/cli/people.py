"""mayak user ..., mayak project ...: who may log in, and what belongs to whom."""

import sys
from typing import Annotated, Literal

import typer
from rich.markup import escape
from rich.table import Table

from mayak.access import queries as access_queries
from mayak.access import service as access
from mayak.access.model import Role, User
from mayak.entry.cli.output import Json, emit, err, out, plain
from mayak.entry.cli.running import settings, with_parts
from mayak.entry.postgres import Opened
from mayak.entry.wiring import Parts
from mayak.errors import AppError, InvalidInput, Misconfigured, Upstream
from mayak.projects import service
from mayak.projects.model import Project
from mayak.sync import service as sync
from mayak.sync.model import TITLES, Connector

users = typer.Typer(no_args_is_help=True, help="People who may log in.")
projects = typer.Typer(no_args_is_help=True, help="Projects and what belongs to them.")

OF_A_WORKSPACE: tuple[Connector, ...] = ("linear", "attio")
"""Services whose account is known by the key alone."""

ProjectName = Annotated[str, typer.Argument(help="Slug, name or id.")]


def _password(given: str | None) -> str:
    if given is not None:
        return given
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


@users.command("create")
def create_user(
    email: str,
    *,
    name: Annotated[str, typer.Option(help="As others see it.")] = "",
    password: Annotated[
        str | None, typer.Option(help="Better left out: then it is asked, or read from stdin.")
    ] = None,
    owner: Annotated[bool, typer.Option("--owner", help="May do everything, everywhere.")] = False,
    json: Json = False,
) -> None:
    """Create a user."""
    secret = _password(password)

    async def create(parts: Parts, _: Opened) -> User:
        async with parts.database.system_transaction() as conn:
            return await access.create_user(
                conn, email=email, name=name, password=secret, role="owner" if owner else "member"
            )

    user = with_parts(settings(quiet=True), create)
    if json:
        emit({"user": user})
    else:
        out.print(f"{user.email} may log in now, as {user.role}.", markup=False)


@users.command("list")
def list_users(*, json: Json = False) -> None:
    """List the users."""

    async def read(parts: Parts, _: Opened) -> list[User]:
        async with parts.database.system_transaction() as conn:
            return await access_queries.users(conn)

    found = with_parts(settings(quiet=True), read)
    if json:
        emit({"users": found})
        return
    for user in found:
        out.print(f"{user.email}  {user.name}  {user.role}", markup=False)


@users.command("password")
def change_password(
    email: str,
    *,
    password: Annotated[str | None, typer.Option(help="Better left out.")] = None,
    json: Json = False,
) -> None:
    """Set a user's password and end their sessions."""
    secret = _password(password)

    async def change(parts: Parts, _: Opened) -> None:
        async with parts.database.system_transaction() as conn:
            await access.set_password(conn, email, secret)

    with_parts(settings(quiet=True), change)
    if json:
        emit({"changed": email})
    else:
        out.print(f"The password of {email} is changed; all their sessions ended.", markup=False)


@projects.command("create")
def create_project(
    name: str,
    *,
    slug: Annotated[str | None, typer.Option(help="Its short name; made of the name.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="Such as Europe/Berlin.")] = None,
    inbox: Annotated[
        list[str] | None, typer.Option(help="Chatwoot inbox id that belongs to it; repeatable.")
    ] = None,
    json: Json = False,
) -> None:
    """Create a project.

    The first project of an installation gets the whole Chatwoot account unless inboxes are
    named, and the whole of Linear and Attio if they are set: with one project nobody can be
    confused. Later ones start with nothing bound.
    """
    loaded = settings(quiet=True)

    async def create(parts: Parts, _: Opened) -> tuple[Project, dict[Connector, str]]:
        async with parts.database.system_transaction() as conn:
            first = not await service.visible(conn, user_id=None, after=None, limit=1)
            project = await service.create(
                conn, name, slug=slug, time_zone=time_zone or loaded.mayak_time_zone
            )
        try:
            bound = await _bind_new(parts, project, inbox or [], first=first)
        except AppError:
            async with parts.database.system_transaction() as conn:
                await service.remove(conn, project.id)
            raise
        others = {
            one: await _bind_whole(parts, project, one, first=first) for one in OF_A_WORKSPACE
        }
        return project, {"chatwoot": bound, **others}

    project, bound = with_parts(loaded, create)
    if json:
        emit({"project": project, "bound": bound["chatwoot"], "connectors": bound})
        return
    out.print(f"Created {project.name} ({project.slug}).", markup=False)
    for connector, said in bound.items():
        out.print(plain(f"  {TITLES[connector]}: {said}."), markup=False, soft_wrap=True)


async def _bind_new(parts: Parts, project: Project, inboxes: list[str], *, first: bool) -> str:
    reference = parts.resources.get(sync.Sources).default_ref("chatwoot")
    if reference is None:
        if inboxes:
            raise Misconfigured("CHATWOOT_BASE_URL", "is not set, so no inbox can be bound")
        return "not configured"
    if not inboxes and not first:
        return f"nothing bound yet; see `mayak project bind {project.slug}`"
    await sync.replace_bindings(
        parts.database,
        project.id,
        reference,
        scope="inboxes" if inboxes else "account",
        inboxes=inboxes,
    )
    return f"inboxes {', '.join(inboxes)}" if inboxes else "the whole account"


async def _bind_whole(parts: Parts, project: Project, connector: Connector, *, first: bool) -> str:
    """Give the first project the whole workspace; what became of it, in words.

    Only the service knows whose its key is. One that cannot be asked is no reason to have no
    project.
    """
    sources = parts.resources.get(sync.Sources)
    if not sources.configured(connector):
        return "not configured"
    later = f"nothing bound yet; see `mayak connectors bind {connector} -p {project.slug}`"
    if not first:
        return later
    try:
        reference = await sync.ask_account(parts.database, sources, project.id, connector)
    except Upstream as error:
        return f"{str(error).rstrip('.')}; {later}"
    await sync.replace_parts(parts.database, project.id, connector, reference, whole=True, parts=[])
    return "the whole account"


@projects.command("bind")
def bind(
    project: ProjectName,
    *,
    inbox: Annotated[
        list[str] | None, typer.Option(help="Chatwoot inbox id that belongs to it; repeatable.")
    ] = None,
    account: Annotated[
        bool, typer.Option("--account", help="The whole Chatwoot account belongs to it.")
    ] = False,
    nothing: Annotated[bool, typer.Option("--nothing", help="Take everything away again.")] = False,
    json: Json = False,
) -> None:
    """Say which part of the Chatwoot account belongs to a project; without options, show it."""
    if [bool(inbox), account, nothing].count(True) > 1:
        raise InvalidInput("options", "use one of --inbox, --account and --nothing")

    async def change(parts: Parts, _: Opened) -> sync.Bindings:
        reference = parts.resources.get(sync.Sources).default_ref("chatwoot")
        if reference is None:
            raise Misconfigured("CHATWOOT_BASE_URL", "is not set, so nothing can be bound")
        async with parts.database.system_transaction() as conn:
            found = await service.find(conn, project)
        if not (inbox or account or nothing):
            async with parts.database.transaction(found.id) as conn:
                bindings = await sync.bindings(conn, found.id, reference)
            return sync.described(bindings)
        scope: Literal["none", "account", "inboxes"] = "inboxes" if inbox else "account"
        return await sync.replace_bindings(
            parts.database,
            found.id,
            reference,
            scope="none" if nothing else scope,
            inboxes=inbox or [],
        )

    bound = with_parts(settings(quiet=True), change)
    if json:
        emit({"scope": bound.scope, "inboxes": bound.inboxes})
        return
    out.print(f"Chatwoot: {bound.scope}")
    for one in bound.inboxes:
        out.print(f"  inbox {one.external_id}  {one.name or ''}", markup=False)


@projects.command("list")
def list_projects(*, json: Json = False) -> None:
    """List the projects."""

    async def read(parts: Parts, _: Opened) -> list[Project]:
        async with parts.database.system_transaction() as conn:
            return await service.visible(conn, user_id=None, after=None, limit=1000)

    found = with_parts(settings(quiet=True), read)
    if json:
        emit({"projects": found})
        return
    if not found:
        err.print("No project yet. Create one with `mayak project create NAME`.")
    table = Table(box=None, pad_edge=False)
    for heading in ("Project", "Name", "Time zone", "Id"):
        table.add_column(heading)
    for one in found:
        table.add_row(one.slug, escape(one.name), one.time_zone, str(one.id))
    out.print(table)


@projects.command("admit")
def admit(
    project: ProjectName,
    email: str,
    *,
    role: Annotated[str, typer.Option(help="owner, manager, operator or viewer.")] = "viewer",
    json: Json = False,
) -> None:
    """Give a user a role in a project, or change it."""
    if role not in {"owner", "manager", "operator", "viewer"}:
        raise InvalidInput("role", "use owner, manager, operator or viewer")

    async def give(parts: Parts, _: Opened) -> None:
        async with parts.database.system_transaction() as conn:
            found = await service.find(conn, project)
            known = {user.email: user for user in await access_queries.users(conn)}
            if email.lower() not in known:
                raise InvalidInput("email", f"there is no user {email}; see `mayak user list`")
            given: Role = role  # type: ignore[assignment]  # checked above
            await access.admit(conn, found.id, known[email.lower()].id, given)

    with_parts(settings(quiet=True), give)
    if json:
        emit({"project": project, "email": email, "role": role})
    else:
        out.print(f"{email} is {role} in {project} now.", markup=False)
