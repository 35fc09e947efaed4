"""What the commands of connectors are given: a project, a service, a secret that nobody sees."""

import os
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from mayak.entry.cli.jobs.scope import Done, project_of, workers_of
from mayak.entry.cli.running import settings, with_parts
from mayak.entry.postgres import Opened
from mayak.entry.wiring import Parts
from mayak.errors import InvalidInput
from mayak.projects.model import Project
from mayak.sync.model import CONNECTORS, Connector
from mayak.sync.service import Sources

Value = TypeVar("Value")

HERE = "the command line"

ConnectorArgument = Annotated[Connector, typer.Argument(help=", ".join(CONNECTORS))]
MaybeConnector = Annotated[
    Connector | None, typer.Argument(help=", ".join(CONNECTORS), show_default=False)
]
BaseUrl = Annotated[str | None, typer.Option(help="Where it is reached; as it was when left out.")]
Account = Annotated[str | None, typer.Option(help="The number of a Chatwoot account.")]
SecretEnv = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The environment variable that holds the secret."),
]


def beside_project(name: str, act: Callable[[Parts, Project], Awaitable[Value]]) -> Done[Value]:
    """Run `act` on the project of this name, outside of any transaction: it may ask a service."""

    async def run(parts: Parts, _: Opened) -> Done[Value]:
        project = await project_of(parts, name)
        value = await act(parts, project)
        return Done(value=value, project=project, workers=await workers_of(parts))

    return with_parts(settings(quiet=True), run)


def sources_of(parts: Parts) -> Sources:
    return parts.resources.get(Sources)


def secret_from(variable: str | None) -> str:
    """A secret from the environment, from one line of standard input, or typed unseen.

    Never from the command line: that is in the history of the shell and in every list of
    processes. Raises InvalidInput.
    """
    if variable is not None:
        if not (found := os.environ.get(variable)):
            raise InvalidInput("secret-env", f"there is no environment variable {variable}")
        return found
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    return str(typer.prompt("Secret", hide_input=True, err=True))
