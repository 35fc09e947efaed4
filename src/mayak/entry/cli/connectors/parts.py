"""mayak connectors parts, bind, mapping: what of a service belongs to a project."""

from collections.abc import Sequence
from typing import Annotated

import typer

from mayak.entry.cli.connectors import tables
from mayak.entry.cli.connectors.scope import ConnectorArgument, beside_project, sources_of
from mayak.entry.cli.jobs.scope import ProjectOption, Scope, in_project, tell_if_idle
from mayak.entry.cli.output import Json, emit, err, out, plain
from mayak.entry.wiring import Parts
from mayak.errors import InvalidInput
from mayak.http.paging import Page
from mayak.projects.model import Project
from mayak.sync import service
from mayak.sync.api.bindings import BindingsView
from mayak.sync.api.parts import FieldMappingView, MappingView, ObjectMappingView, PartView
from mayak.sync.model import TITLES, Binding, BindingKind, Connector
from mayak.sync.service import Bindings, choosing
from mayak.sync.service.choosing import Choice

app = typer.Typer()

BECAUSE = "mayak connectors bind"


@app.command("parts")
def list_parts(
    connector: ConnectorArgument,
    *,
    project: ProjectOption,
    q: Annotated[
        str | None, typer.Option("--q", help="Part of a name; also finds companies of Attio.")
    ] = None,
    json: Json = False,
) -> None:
    """List what the account has, and what of it is bound here or elsewhere."""

    async def read(parts: Parts, found: Project) -> Page[PartView]:
        choices = await choosing.parts(parts.database, sources_of(parts), found.id, connector, q)
        items = [PartView.model_validate(one, from_attributes=True) for one in choices]
        return Page(items=items, next_cursor=None)

    done = beside_project(project, read)
    if json:
        emit(done.value)
    elif not done.value.items:
        err.print("No part has these words in its name.")
    else:
        tables.tell_parts(done.value.items)


Ids = list[str] | None


@app.command("bind")
def bind(  # one option for each kind of part
    connector: ConnectorArgument,
    *,
    project: ProjectOption,
    team: Annotated[Ids, typer.Option(help="A team of Linear; repeatable.")] = None,
    project_id: Annotated[Ids, typer.Option(help="A project of Linear; repeatable.")] = None,
    inbox: Annotated[Ids, typer.Option(help="An inbox of Chatwoot; repeatable.")] = None,
    company: Annotated[Ids, typer.Option(help="The id of a company; repeatable.")] = None,
    list_: Annotated[Ids, typer.Option("--list", help="A list of Attio; repeatable.")] = None,
    filter_: Annotated[
        Ids, typer.Option("--filter", help="A filter of companies, as JSON; repeatable.")
    ] = None,
    account: Annotated[
        bool, typer.Option("--account", help="All of the account belongs to it.")
    ] = False,
    nothing: Annotated[bool, typer.Option("--nothing", help="Take everything away.")] = False,
    json: Json = False,
) -> None:
    """Say what of a service belongs to a project; without options, show it.

    What is named replaces what was bound. Parts are named by their id, name or key.
    """
    given: list[tuple[BindingKind, Ids]] = [
        ("team", team), ("project", project_id), ("inbox", inbox), ("company", company),
        ("list", list_), ("filter", filter_),
    ]  # fmt: skip
    wanted = [(kind, id_) for kind, ids in given for id_ in ids or ()]
    if [bool(wanted), account, nothing].count(True) > 1:
        raise InvalidInput("options", "name parts, or use one of --account and --nothing")

    async def change(parts: Parts, found: Project) -> BindingsView:
        if not (wanted or account or nothing):
            return BindingsView.of(await _bound(parts, found, connector))
        bound = await _rebind(parts, found, connector, wanted, whole=account)
        async with parts.database.transaction(found.id) as conn:
            await service.read_soon(
                conn, parts.registry, found.id, connector, because=BECAUSE, even_unbound=True
            )
        return BindingsView.of(bound)

    done = beside_project(project, change)
    if json:
        emit(done.value)
    else:
        _tell(connector, done.value)
    if wanted or account or nothing:
        tell_if_idle(done.workers)


async def _bound(parts: Parts, project: Project, connector: Connector) -> Bindings:
    sources = sources_of(parts)
    async with parts.database.transaction(project.id) as conn:
        account_ref = await service.account_of(conn, sources, project.id, connector)
        if account_ref is None:
            return service.described([])
        found = await service.bindings(conn, project.id, account_ref, connector)
    return service.described(found)


async def _rebind(
    parts: Parts,
    project: Project,
    connector: Connector,
    wanted: Sequence[tuple[BindingKind, str]],
    *,
    whole: bool,
) -> Bindings:
    database, sources = parts.database, sources_of(parts)
    if not wanted and not whole:
        await service.unbind_everything(database, project.id, connector)
        return service.described([])
    named: list[Binding] = []
    if wanted:
        choices = await choosing.parts(database, sources, project.id, connector, None)
        named = [_found(connector, kind, text, choices) for kind, text in wanted]
    async with database.transaction(project.id) as conn:
        account_ref = await service.account_of(conn, sources, project.id, connector)
    if account_ref is None:
        account_ref = await service.ask_account(database, sources, project.id, connector)
    return await service.replace_parts(
        database, project.id, connector, account_ref, whole=whole, parts=named
    )


def _found(
    connector: Connector, kind: BindingKind, text: str, choices: Sequence[Choice]
) -> Binding:
    """The part of this id, name or key. Raises InvalidInput when there is none, or several."""
    if kind in {"company", "filter"}:
        return Binding(kind=kind, external_id=text)
    of_kind = [one for one in choices if one.kind == kind]
    found = [one for one in of_kind if one.external_id == text]
    found = found or [one for one in of_kind if text.casefold() in _names(one)]
    if len(found) != 1:
        reason = f"{len(found)} have" if found else "none has"
        step = f"`mayak connectors parts {connector}` lists them"
        raise InvalidInput(kind, f"{reason} the id, name or key {text!r}; {step}")
    return Binding(kind=kind, external_id=found[0].external_id, name=found[0].name)


def _names(choice: Choice) -> set[str]:
    """What a part is called: the whole name, its key, and the name without the key."""
    key, separator, name = choice.name.casefold().partition(" · ")
    return {choice.name.casefold(), key, name} if separator else {key}


def _tell(connector: Connector, bound: BindingsView) -> None:
    out.print(f"{TITLES[connector]}: {bound.scope}")
    for one in bound.parts:
        line = f"  {one.kind} {one.external_id}  {one.name or ''}"
        out.print(plain(line), markup=False, soft_wrap=True)


@app.command("mapping")
def mapping(
    *,
    project: ProjectOption,
    choose: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="OBJECT.FIELD=ATTRIBUTE",
            help="Read a field from this attribute, by slug or id; repeatable.",
        ),
    ] = None,
    by_name: Annotated[
        list[str] | None,
        typer.Option(metavar="OBJECT.FIELD", help="Find it by its name again; repeatable."),
    ] = None,
    json: Json = False,
) -> None:
    """Show which attribute of Attio is which field, or choose it. A choice reads all again."""

    async def change(scope: Scope) -> MappingView:
        home = scope.project.id
        if choose or by_name:
            before = await choosing.mapping(scope.conn, home)
            wanted = _chosen(before, choose or [], by_name or [])
            await choosing.choose(scope.conn, scope.parts.registry, home, wanted)
        found = await choosing.mapping(scope.conn, home)
        return MappingView(
            objects=[
                ObjectMappingView(object=name, fields=[FieldMappingView.of(one) for one in fields])
                for name, fields in found.items()
            ]
        )

    done = in_project(project, change)
    if json:
        emit(done.value)
    else:
        tables.tell_mapping(done.value)
    if choose or by_name:
        tell_if_idle(done.workers)


def _chosen(
    before: dict[str, list[choosing.MappedField]], choose: list[str], by_name: list[str]
) -> dict[str, dict[str, str]]:
    """All choices of people after these ones. Raises InvalidInput for what is not there."""
    chosen = {
        object_: {one.field: one.chosen_id for one in fields if one.chosen_id is not None}
        for object_, fields in before.items()
    }
    for text in choose:
        where, separator, attribute = text.partition("=")
        object_, _, name = where.strip().partition(".")
        if not (separator and name):
            raise InvalidInput("set", "write OBJECT.FIELD=ATTRIBUTE, as deals.stage=pipeline")
        slugs = {
            other.slug: other.id
            for one in before.get(object_, [])
            if one.field == name
            for other in one.candidates
        }
        attribute = attribute.strip()
        chosen.setdefault(object_, {})[name] = slugs.get(attribute, attribute)
    for where in by_name:
        object_, _, name = where.strip().partition(".")
        chosen.get(object_, {}).pop(name, None)
    return chosen
