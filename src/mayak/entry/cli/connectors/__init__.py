"""mayak connectors ...: the services of a project, what of them belongs to it, what went wrong."""

import typer

from mayak.entry.cli.connectors import connections, parts, upkeep, webhooks

app = typer.Typer(no_args_is_help=True, help="Services that a project is connected to.")
for group in (connections.app, parts.app, upkeep.app):
    app.registered_commands += group.registered_commands
app.add_typer(webhooks.app, name="webhooks")
