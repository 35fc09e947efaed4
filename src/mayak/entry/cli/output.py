"""What a command says: one JSON document or text on stdout; everything else on stderr."""

import sys
import unicodedata
from typing import Annotated, Any

import orjson
import typer
from pydantic import BaseModel
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from mayak.errors import AppError, Misconfigured

Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON document; everything else goes to stderr.")
]
err = Console(stderr=True, highlight=False)
out = Console(highlight=False)


def emit(document: object) -> None:
    """Print a JSON document."""
    sys.stdout.buffer.write(
        orjson.dumps(
            document, default=_plain, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        )
    )
    sys.stdout.flush()


def _plain(value: object) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(type(value).__name__)


def plain(text: str) -> str:
    """Customers' text as a terminal may show it: what would steer the terminal is spelled out.

    Escape sequences could clear the screen or forge links; bidirectional marks could turn a
    sum around. Line breaks and tabs stay.
    """
    return "".join(
        letter
        if letter in "\n\t" or unicodedata.category(letter) not in {"Cc", "Cf"}
        else f"\\u{ord(letter):04x}"
        for letter in text
    )


def fail(error: AppError, *, as_json: bool) -> int:
    """Say what went wrong; the exit status."""
    if as_json:
        emit({"error": {"code": error.code, "detail": str(error)}})
    err.print(f"[bold red]mayak:[/] {escape(plain(str(error)))}", soft_wrap=True)
    return 2 if isinstance(error, Misconfigured) else 1


def progress_bar() -> Progress:
    """Bars on standard error that vanish when they are done."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
    )
