"""mayak up, demo, serve, worker, migrate, sandbox: the processes."""

import asyncio
import secrets
from pathlib import Path
from typing import Annotated

import typer

from mayak.access import queries as access_queries
from mayak.access import service as access
from mayak.entry.cli.output import Json, emit, err, out
from mayak.entry.cli.running import settings, with_parts
from mayak.entry.postgres import Opened
from mayak.entry.wiring import Parts

app = typer.Typer()

FIRST_OWNER = "owner@mayak.local"


@app.command()
def up(*, json: Json = False) -> None:
    """Run everything in one process: database (embedded unless DATABASE_URL), server, worker."""

    async def run(parts: Parts, opened: Opened) -> None:
        from mayak.entry.serving import serve

        login = await _first_owner(parts)

        def announce(address: str) -> None:
            if json:
                emit({"url": f"{address}/app/", "login": login})
                return
            out.print(f"Mayak is at [bold]{address}/app/[/]  (Ctrl-C stops it)")
            if login:
                out.print(f"First login: {login['email']}  {login['password']}")
                out.print("[dim]Shown this once. `mayak user password` changes it.[/]")

        await serve(parts, with_worker=True, announce=announce, embedded=opened.embedded)

    with_parts(settings(), run)


async def _first_owner(parts: Parts) -> dict[str, str] | None:
    """The login of a new owner when there is no user at all, else None."""
    async with parts.database.system_transaction() as conn:
        if await access_queries.any_user(conn):
            return None
        password = secrets.token_urlsafe(12)
        await access.create_user(
            conn, email=FIRST_OWNER, name="Owner", password=password, role="owner"
        )
    return {"email": FIRST_OWNER, "password": password}


@app.command()
def serve(*, json: Json = False) -> None:
    """Run the web server alone; jobs need a `mayak worker` beside it."""

    async def run(parts: Parts, opened: Opened) -> None:
        from mayak.entry.serving import serve as serve_until_stopped

        def announce(address: str) -> None:
            if json:
                emit({"url": f"{address}/app/"})
            else:
                out.print(f"Mayak is at [bold]{address}/app/[/]  (Ctrl-C stops it)")

        await serve_until_stopped(
            parts, with_worker=False, announce=announce, embedded=opened.embedded
        )

    with_parts(settings(), run)


@app.command()
def worker(*, json: Json = False) -> None:
    """Run a worker alone. Any number of them may share one database."""

    async def run(parts: Parts, opened: Opened) -> None:
        from mayak.entry.serving import work

        if json:
            emit({"working": True, "job_types": list(parts.registry)})
        else:
            out.print("Working. Ctrl-C hands running jobs back and stops.")
        await work(parts, embedded=opened.embedded)

    with_parts(settings(), run)


@app.command()
def migrate(*, json: Json = False) -> None:
    """Bring the database to this release. Every other command does so by itself."""
    from mayak.entry import postgres
    from mayak.platform.schema import migrate as bring_up

    with postgres.opened(settings(quiet=True)) as opened:
        applied = asyncio.run(bring_up(opened.dsn))
    if json:
        emit({"applied": applied})
    else:
        out.print(f"{applied} migrations applied." if applied else "Nothing to do.")


@app.command()
def sandbox(
    *,
    world: Annotated[
        Path | None,
        typer.Option(help="A folder of JSON Lines (docs/reference/sandbox-world.md)."),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free port.")] = 8123,
    long_conversation: Annotated[
        bool, typer.Option("--long-conversation", help="Add a conversation of 2,500 messages.")
    ] = False,
    json: Json = False,
) -> None:
    """Serve Chatwoot, Linear, Attio and OpenAI as they really behave, on this machine only."""
    from mayak.entry.sandbox import open_world, run_sandbox

    settings(quiet=True)
    opened = open_world(world, long_conversation=long_conversation)

    def announce(described: dict[str, object], lines: list[str]) -> None:
        if json:
            emit(described)
        else:
            out.print("The sandbox answers. Point Mayak at it with:")
            for line in lines:
                out.print(f"  export {line}", soft_wrap=True)

    asyncio.run(run_sandbox(opened, port=port, announce=announce))


@app.command()
def demo(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Do the main job, print its outcome, and end.")
    ] = False,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Of the dashboard.")] = None,
    json: Json = False,
) -> None:
    """Show Mayak on a made-up studio: sandbox, sync, answers, dashboard. Touches no real data."""
    from mayak.entry.demo import run_demo

    outcome = run_demo(once=once, port=port, as_json=json)
    if once and json:
        emit(outcome)
    if outcome.get("failed"):
        err.print(f"mayak: the demo did not do its job: {outcome['failed']}")
        raise typer.Exit(1)
