"""The built-in studio in a database: a project of each client, bound, synced and embedded.

Everything goes the way of the product: projects, bindings, jobs on the queue.
"""

import asyncio
from typing import Any
from uuid import UUID

from rich.progress import Progress

from mayak.automation.model import FINAL, SUCCESS
from mayak.entry import tracking
from mayak.entry.cli.output import progress_bar
from mayak.entry.wiring import Parts
from mayak.lightrag.queries import chunks_by_status
from mayak.projects import service as projects
from mayak.projects.model import Project, ProjectNotFound
from mayak.sandbox.world import World
from mayak.sync import service as sync
from mayak.sync.model import Binding, BindingKind, Connector

LOOK_AGAIN = 0.25
"""Seconds between two looks for chunks that wait."""
LOOKS = 240


async def bound_projects(parts: Parts, world: World) -> dict[str, Project]:
    """A project of each client of the studio, bound to what is the client's, by slug."""
    reference = parts.resources.get(sync.Sources).default_ref("chatwoot")
    assert reference is not None
    clients: dict[str, Project] = {}
    for client in world.projects:
        async with parts.database.system_transaction() as conn:
            try:
                project = await projects.find(conn, client.slug)
            except ProjectNotFound:
                project = await projects.create(
                    conn, client.name, slug=client.slug, time_zone=client.time_zone
                )
        clients[client.slug] = project
        await sync.move_account(parts.database, project.id, reference)
        await sync.replace_bindings(
            parts.database,
            project.id,
            reference,
            scope="inboxes",
            inboxes=[str(inbox) for inbox in client.inbox_ids],
        )
        await _bind(parts, project, "linear", "team", client.linear_team_ids)
        await _bind(parts, project, "attio", "company", client.attio_company_ids)
    return clients


async def _bind(
    parts: Parts, project: Project, connector: Connector, kind: BindingKind, ids: tuple[str, ...]
) -> None:
    """Give the project its client's part of a workspace."""
    sources = parts.resources.get(sync.Sources)
    reference = await sync.ask_account(parts.database, sources, project.id, connector)
    bound = [Binding(kind=kind, external_id=id_) for id_ in ids]
    await sync.replace_parts(
        parts.database, project.id, connector, reference, whole=False, parts=bound
    )


async def synced(parts: Parts, clients: dict[str, Project], *, because: str) -> str | None:
    """Sync every client by a worker that is there; what failed, or None."""
    with progress_bar() as bar:
        asked: dict[UUID, Any] = {}
        for project in clients.values():
            run = await tracking.ask_for(parts, project.id, "connectors_sync_cycle", because)
            asked[run.id] = (project, bar.add_task(f"sync {project.slug}", total=None))
        for run_id, (project, task) in asked.items():

            def look(seen: Any, task: Any = task) -> None:
                bar.update(task, completed=seen.progress_done or 0, total=seen.progress_total)

            ended = await tracking.follow(parts, project.id, run_id, look)
            if ended.status not in SUCCESS:
                return f"sync of {project.slug}: {ended.error_message or ended.status}"
    return None


async def embedded(parts: Parts, clients: dict[str, Project]) -> None:
    """Wait until every client's chunks have their vectors, with a bar that says how far it is."""
    with progress_bar() as bar:
        for project in clients.values():
            await _follow_embedding(parts, project, bar)


async def _follow_embedding(parts: Parts, project: Project, bar: Progress) -> None:
    run = await tracking.latest(parts, project.id, "embeddings_run")
    if run is None:
        return
    task = bar.add_task(f"embed {project.slug}", total=None)

    def look(seen: Any) -> None:
        bar.update(task, completed=seen.progress_done or 0, total=seen.progress_total)

    # A run that ended may have left chunks to the next one, which need not be in line yet.
    for _ in range(LOOKS):
        if run is not None and run.status not in FINAL:
            await tracking.follow(parts, project.id, run.id, look)
        async with parts.database.transaction(project.id) as conn:
            states = await chunks_by_status(conn)
        if not states.get("pending") and not states.get("processing"):
            break
        await asyncio.sleep(LOOK_AGAIN)
        run = await tracking.latest(parts, project.id, "embeddings_run")
