"""mayak config, mayak openapi: what is in force, what can be called; and fresh keys."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from mayak.entry.cli.output import Json, emit, err, out
from mayak.entry.cli.running import settings
from mayak.platform.secrets import new_key

app = typer.Typer()
config_app = typer.Typer(invoke_without_command=True)


@config_app.callback()
def config(context: typer.Context, *, json: Json = False) -> None:
    """Print the settings in force; secrets are masked."""
    if context.invoked_subcommand is not None:
        return
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


@config_app.command("secret-key")
def secret_key(*, json: Json = False) -> None:
    """Print a fresh key for MAYAK_SECRET_KEY, which seals the credentials of projects."""
    key = new_key()
    if json:
        emit({"secret_key": key})
    else:
        typer.echo(key)


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
