"""mayak config, mayak openapi: what is in force, what can be called."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from mayak.entry.cli.output import Json, emit, err, out
from mayak.entry.cli.running import settings

app = typer.Typer()


@app.command()
def config(*, json: Json = False) -> None:
    """Print the settings in force; secrets are masked."""
    shown = settings(quiet=True).shown()
    if json:
        emit({"settings": shown})
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("Setting", "Value", "Meaning"):
        table.add_column(heading, overflow="fold")
    for row in shown:
        table.add_row(row["name"], escape(row["value"] or "") or "[dim]not set[/]", row["says"])
    out.print(table)


@app.command()
def openapi(
    *,
    output: Annotated[Path | None, typer.Option(help="Write to this file instead.")] = None,
    json: Json = False,
) -> None:
    """Print the OpenAPI document (it is JSON with and without --json)."""
    from mayak.entry.http import openapi_text

    text = openapi_text()
    if output is None:
        typer.echo(text, nl=False)
        return
    output.write_text(text, encoding="utf-8")
    err.print(f"wrote {output}")
    if json:
        emit({"written": str(output)})
