"""mayak ask: ask a project's data something."""

from typing import Annotated, get_args
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from mayak.access.model import Actor
from mayak.entry.cli.data import ProjectOption, project_of
from mayak.entry.cli.output import Json, emit, err, out, plain
from mayak.entry.cli.running import settings, with_parts
from mayak.entry.postgres import Opened
from mayak.entry.wiring import Parts
from mayak.errors import InvalidInput
from mayak.kit import clock
from mayak.lightrag import service as lightrag
from mayak.lightrag.api import AnswerView
from mayak.lightrag.api.views import ExplainView, TableView
from mayak.lightrag.model.answer import Mode
from mayak.lightrag.model.asking import ChatModel
from mayak.lightrag.model.language import Locale, locale_of
from mayak.lightrag.model.narrowing import Narrowing, SourceName
from mayak.projects.model import Project

app = typer.Typer()


@app.command()
def ask(
    question: str,
    *,
    project: ProjectOption,
    mode: Annotated[str, typer.Option(help=f"One of {', '.join(get_args(Mode))}.")] = "mix",
    source: Annotated[
        list[str] | None, typer.Option(help="Only from chatwoot, linear or attio; repeatable.")
    ] = None,
    client: Annotated[
        list[str] | None, typer.Option(help="Only about this client: a name, or a key.")
    ] = None,
    locale: Annotated[
        str, typer.Option(help="Language of the frame of the answer: en, ru or auto.")
    ] = "auto",
    explain: Annotated[bool, typer.Option("--explain", help="Show the ranks behind it.")] = False,
    json: Json = False,
) -> None:
    """Ask a project's data. Every quote is checked against the stored record."""
    wanted_mode = _one_of("mode", mode, get_args(Mode))
    sources = [_one_of("source", one, get_args(SourceName)) for one in source or []]

    async def run(parts: Parts, _: Opened) -> AnswerView:
        found = await project_of(parts, project)
        # What a sync has just brought in is cut into chunks first; vectors may come later.
        await lightrag.catch_up(parts.database, found.id)
        clients = [await _client(parts, found, name) for name in client or []]
        answer = await lightrag.ask(
            parts.database,
            await parts.resources.get(lightrag.Embedders).for_questions(parts.database, found.id),
            found.id,
            question,
            locale=_locale(locale, question),
            mode=wanted_mode,  # type: ignore[arg-type]  # checked above
            narrowing=Narrowing(sources=tuple(sources), clients=tuple(clients)),  # type: ignore[arg-type]
            explain=explain,
            links=parts.resources.get(lightrag.SourceLinks),
            at=clock.now(),
            actor=Actor(name="cli"),
            zone=ZoneInfo(found.time_zone),
            chat=parts.resources.find(ChatModel),
        )
        return AnswerView.of(answer)

    answer = with_parts(settings(quiet=True), run)
    if json:
        emit(answer)
    else:
        _show(answer)


def _one_of(field: str, given: str, allowed: tuple[str, ...]) -> str:
    if given not in allowed:
        raise InvalidInput(field, f"use {', '.join(allowed)}")
    return given


async def _client(parts: Parts, project: Project, name: str) -> str:
    """The key of a client by its name or a part of it. Raises InvalidInput."""
    if name.startswith(("attio_company:", "chatwoot_contact:")):
        return name
    async with parts.database.transaction(project.id) as conn:
        found = await lightrag.narrowings(conn, project.id, wanted=name)
    exact = [one for one in found.clients if one.name.lower() == name.lower()]
    fitting = exact or found.clients
    if len(fitting) != 1:
        there = ", ".join(one.name for one in found.clients) or "none"
        raise InvalidInput("client", f"{name!r} fits {len(fitting)} clients: {there}")
    return fitting[0].key


def _locale(wanted: str, question: str) -> Locale:
    if wanted in ("en", "ru"):
        return wanted  # type: ignore[return-value]
    if wanted == "auto":
        return locale_of(question)
    raise InvalidInput("locale", "use en, ru or auto")


def _show(answer: AnswerView) -> None:
    if answer.status == "empty":
        out.print(answer.reason_text or "Not in the data.", markup=False)
    for sentence in answer.sentences:
        marks = "" if answer.table else "".join(f"[{index}]" for index in sentence.citations)
        out.print(plain(f"{sentence.text} {marks}".rstrip()), markup=False)
    if answer.table:
        _show_table(answer.table)
    elif answer.citations:
        out.print()
        _show_citations(answer)
    if answer.explain:
        _show_ranks(answer.explain)
    for note in answer.notes:
        err.print(f"[dim]note: {note}[/]")


def _show_table(table: TableView) -> None:
    if not table.rows:
        return
    drawn = Table(box=None, pad_edge=False)
    for column in table.columns:
        numeric = column.kind in ("number", "money")
        drawn.add_column(plain(column.label), justify="right" if numeric else "left")
    for row in table.rows:
        cells = [row.cells.get(column.key) for column in table.columns]
        drawn.add_row(*("" if one is None else plain(str(one)) for one in cells))
    out.print()
    out.print(drawn)
    if table.total > table.shown:
        out.print(f"({table.shown} of {table.total})", style="dim")


def _show_citations(answer: AnswerView) -> None:
    for citation in answer.citations:
        who = citation.label or citation.author or ""
        said = f"{who}, {citation.occurred_at:%d %b %Y %H:%M}"
        out.print(plain(f"[{citation.index}] {said}: “{citation.quote}”"), markup=False)
        if citation.url:
            out.print(f"    {citation.url}", markup=False, style="dim")


def _show_ranks(explain: ExplainView) -> None:
    drawn = Table(box=None, pad_edge=False)
    names = ("dense", "lexical", "cards", "pinned", "links")
    for name in ("score", *names, "document"):
        drawn.add_column(name, justify="left" if name == "document" else "right")
    for one in explain.fused:
        ranks = [getattr(one.ranks, name) for name in names]
        title = f"{one.document_type} {one.title or one.document_id}"
        shown = ("" if rank is None else str(rank) for rank in ranks)
        drawn.add_row(f"{one.score:.4f}", *shown, plain(title))
    out.print()
    out.print(drawn)
