"""The command line. Every verb is one function; --json makes any of them speak to programs."""

import signal
import sys

import typer
from typer._click.exceptions import ClickException  # Typer gives it no public name
from typer.main import get_command

from mayak.entry.cli import (
    about,
    asking,
    connectors,
    data,
    evaluating,
    jobs,
    lightrag,
    people,
    processes,
)
from mayak.entry.cli.output import emit, err, fail
from mayak.errors import AppError, Upstream
from mayak.platform.db import OperationalError

app = typer.Typer(
    name="mayak",
    help="A control tower for client work.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for group in (processes.app, data.app, asking.app, evaluating.app, about.app):
    app.registered_commands += group.registered_commands
app.add_typer(people.users, name="user")
app.add_typer(people.projects, name="project")
app.add_typer(jobs.app, name="jobs")
app.add_typer(connectors.app, name="connectors")
app.add_typer(lightrag.app, name="lightrag")
app.add_typer(about.config_app, name="config")


def main() -> None:
    """Run a command; an error is one line (and one JSON document if asked), never a traceback."""
    as_json = "--json" in sys.argv
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        status = get_command(app)(standalone_mode=False, prog_name="mayak")
    except ClickException as error:
        error.show(file=sys.stderr)
        if as_json:
            emit({"error": {"code": "usage", "detail": error.format_message()}})
        status = error.exit_code
    except AppError as error:
        status = fail(error, as_json=as_json)
    except OperationalError as error:
        reason = " ".join(str(error).split())
        status = fail(Upstream("PostgreSQL", reason, kind="network"), as_json=as_json)
    except (KeyboardInterrupt, typer.Abort):
        err.print("mayak: interrupted")
        status = 130
    sys.exit(status if isinstance(status, int) else 0)
