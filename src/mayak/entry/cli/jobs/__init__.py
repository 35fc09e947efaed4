"""mayak jobs ...: what runs by itself, what ran, and what to do about it."""

import typer

from mayak.entry.cli.jobs import letters, runs, schedules

app = typer.Typer(no_args_is_help=True, help="Scheduled jobs, their runs, dead letters.")
for group in (schedules.app, runs.app):
    app.registered_commands += group.registered_commands
app.add_typer(letters.app, name="dead-letters")
