"""mayak eval: how good the answers and the searches of this release are, in figures."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from mayak.entry.cli import evaluating_dataset
from mayak.entry.cli.output import Json, emit, err, out, plain
from mayak.entry.cli.running import settings
from mayak.errors import InvalidInput

app = typer.Typer()

SHARES = {
    "right": "right",
    "wrong_refusals": "wrongly refused",
    "refusals": "rightly refused",
    "hit@3": "hit@3",
    "hit@10": "hit@10",
    "quotes_exact": "quotes exact",
    "sentences_cited": "sentences cited",
}
"""Shares of the report and the headings of their columns."""
WIDEST = len("unanswerable")
SHOWN = 20
"""Cases that did not go right, as many as a terminal shows; JSON has all."""


@app.command("eval")
def evaluate(
    *,
    golden: Annotated[
        bool, typer.Option("--golden", help="Ask the golden set over the built-in studio.")
    ] = False,
    dataset: Annotated[
        Path | None,
        typer.Option("--dataset", help="Rank the texts of a folder in the format of BEIR."),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option("--cache", help="A file that keeps vectors between runs of --dataset."),
    ] = None,
    project: Annotated[
        list[str] | None,
        typer.Option("--project", "-p", help="Only this client of the studio; may be repeated."),
    ] = None,
    json: Json = False,
) -> None:
    """Examine this release. Touches no data of the installation."""
    if golden == (dataset is not None):
        raise InvalidInput("eval", "say what to examine: --golden or --dataset FOLDER")
    if dataset is not None:
        report = evaluating_dataset.run(settings(quiet=True), dataset, cache=cache)
        if json:
            emit(report)
        else:
            evaluating_dataset.show(report)
        return
    document = _golden(project or [])
    if json:
        emit(document)
    else:
        _show(document)


def _golden(projects: list[str]) -> dict[str, Any]:
    from mayak.entry.golden.cases import PROJECTS
    from mayak.entry.golden.examine import run_golden

    if unknown := sorted(set(projects) - set(PROJECTS)):
        known = ", ".join(PROJECTS)
        raise InvalidInput(
            "project", f"{unknown[0]!r} is no client of the studio; there is {known}"
        )
    return run_golden(settings(quiet=True), projects=projects)


def _show(document: dict[str, Any]) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("", no_wrap=True, min_width=WIDEST)
    for heading in ("cases", *SHARES.values()):
        table.add_column(heading, justify="right")
    for kind, figures in document["kinds"].items():
        for language, group in figures.items():
            table.add_row(kind if language == "all" else f"  {language}", *_figures(group))
    for language, group in document["languages"].items():
        table.add_row(language, *_figures(group))
    table.add_row("all", *_figures(document["total"]), style="bold")
    out.print(table)
    seconds = document["seconds"]
    out.print(
        f"{document['cases']} questions, {document['model']}; ready in {seconds['ready']} s,"
        f" asked in {seconds['asked']} s.",
        soft_wrap=True,
    )
    for one in document["not_right"][:SHOWN]:
        err.print(plain(f"{one['id']} {one['outcome']}: {one['question']}"), markup=False)
    if (more := len(document["not_right"]) - SHOWN) > 0:
        err.print(f"[dim]and {more} more, see --json[/]")


def _figures(group: dict[str, Any]) -> list[str]:
    shares = (group["shares"][name] for name in SHARES)
    return [str(group["cases"]), *("" if one is None else f"{100 * one:.1f} %" for one in shares)]
