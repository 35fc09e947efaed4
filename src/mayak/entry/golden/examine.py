"""The examination: the built-in World in a database of its own, and every question put to it.

The data comes the way it comes in production: the sandbox's servers, the real sync of all three
services, the job that embeds.
"""

import tempfile
import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import uvloop

from mayak import config
from mayak.automation.model import SUCCESS
from mayak.config import Settings
from mayak.entry import postgres, studio, tracking
from mayak.entry.cli.output import progress_bar
from mayak.entry.golden.cases import Case, load
from mayak.entry.golden.judging import Heard, Retrieved, wanted
from mayak.entry.golden.rules import evaluate
from mayak.entry.golden.scores import Marked, marked, report
from mayak.entry.sandbox import environment
from mayak.entry.serving import bind, serving, working
from mayak.entry.wiring import Parts, assembled
from mayak.errors import AppError
from mayak.kit import clock
from mayak.lightrag import service as lightrag
from mayak.lightrag.model.answer import Answer
from mayak.lightrag.model.questions import QuestionTooHeavy
from mayak.lightrag.queries import records
from mayak.platform.schema import migrate
from mayak.projects.model import Project
from mayak.sandbox.app import create_app
from mayak.sandbox.rows import ClientProject
from mayak.sandbox.stories import build_world
from mayak.sandbox.world import World

OWN = {"database_url", "mayak_data_dir", "chatwoot_base_url", "chatwoot_api_token",
       "chatwoot_account_id", "linear_base_url", "linear_api_key", "attio_base_url",
       "attio_api_key"}  # fmt: skip
"""Settings that are never those of the installation."""


@dataclass(eq=False)
class StudioFailed(AppError):
    code = "studio_failed"
    message = "The built-in studio could not be brought in: {reason}."

    reason: str


def run_golden(asked: Settings, *, projects: Sequence[str] = ()) -> dict[str, Any]:
    """Examine this release and say how it went; embeddings are those of `asked`.

    Everything happens in a temporary folder. Raises StudioFailed when the data did not come in.
    """
    cases = load(projects=tuple(projects))
    with tempfile.TemporaryDirectory(prefix="mayak-golden-") as folder:
        settings = _settings(asked, {"mayak_data_dir": Path(folder)})
        with postgres.opened(settings) as opened:
            return uvloop.run(_examined(settings, opened.dsn, cases))


def _settings(asked: Settings, own: dict[str, Any]) -> Settings:
    kept = asked.model_dump(exclude=OWN | own.keys(), exclude_unset=True)
    return config.load(**kept | {"database_url": None} | own)


async def _examined(settings: Settings, dsn: str, cases: Sequence[Case]) -> dict[str, Any]:
    began = time.monotonic()
    world = build_world()
    slugs = {case.project for case in cases}
    async with studied(settings, dsn, world, slugs) as (parts, clients):
        ready = time.monotonic()
        done = await _all_asked(parts, world, clients, cases)
        asked = time.monotonic()
        model = parts.resources.get(lightrag.Embedders).wanted.space
    return {
        "cases": len(cases),
        "model": model,
        "seconds": {"ready": round(ready - began, 1), "asked": round(asked - ready, 1)},
        **report(done),
    }


@asynccontextmanager
async def studied(
    settings: Settings, dsn: str, world: World, slugs: Collection[str]
) -> AsyncIterator[tuple[Parts, dict[str, Project]]]:
    """The clients of these slugs, synced and embedded; nothing runs any more but the servers."""
    await migrate(dsn)
    bound = bind("127.0.0.1", 0)
    address = f"http://127.0.0.1:{bound.getsockname()[1]}"
    async with serving(create_app(world), bound, dated=False):
        own = {name.lower(): value for name, value in environment(world, address).items()}
        served = _settings(settings, own | {"mayak_data_dir": settings.mayak_data_dir})
        async with assembled(served, dsn) as parts:
            every = await studio.bound_projects(parts, world)
            clients = {slug: project for slug, project in every.items() if slug in slugs}
            async with working(parts):
                failed = await studio.synced(parts, clients, because="mayak eval")
                failed = failed or await _embedded(parts, clients)
            if failed:
                raise StudioFailed(failed)
            yield parts, clients


async def _embedded(parts: Parts, clients: dict[str, Project]) -> str | None:
    """Embed every chunk there is; what failed, or None."""
    for project in clients.values():
        run = await tracking.ask_for(parts, project.id, "embeddings_run", "mayak eval")
        ended = await tracking.follow(parts, project.id, run.id, lambda _: None)
        if ended.status not in SUCCESS:
            return f"embedding of {project.slug}: {ended.error_message or ended.status}"
    return None


async def _all_asked(
    parts: Parts, world: World, clients: dict[str, Project], cases: Sequence[Case]
) -> list[Marked]:
    slugs = {client.slug: client for client in world.projects}
    with progress_bar() as bar:
        return [
            await put(parts, world, slugs[case.project], clients[case.project], case)
            for case in bar.track(cases, description="ask")
        ]


async def put(
    parts: Parts, world: World, client: ClientProject, project: Project, case: Case
) -> Marked:
    """Put one question to a client's project, and mark what comes."""
    at = clock.now()
    expected = None if case.rule is None else evaluate(case.rule, world, client, at=at)
    embedders = parts.resources.get(lightrag.Embedders)
    try:
        answer = await lightrag.ask(
            parts.database,
            await embedders.for_questions(parts.database, project.id),
            project.id,
            case.question,
            locale=case.locale,
            history=case.history,
            explain=True,
            links=parts.resources.get(lightrag.SourceLinks),
            at=at,
            zone=ZoneInfo(client.time_zone),
        )
    except QuestionTooHeavy:
        heard = Heard(answer=None)
    else:
        heard = Heard(
            answer=answer,
            ranking=_ranking(answer),
            exact_quotes=await _exact_quotes(parts, project, answer),
        )
    return marked(case, wanted(case, world, client, expected), heard)


def _ranking(answer: Answer) -> list[Retrieved]:
    """The places of the search behind an answer; none when it is counted."""
    found = (answer.explain or {}).get("fused", [])
    return [
        Retrieved(document=(one["document_type"], one["document_id"]), text=one["text"])
        for one in found
    ]


async def _exact_quotes(parts: Parts, project: Project, answer: Answer) -> int:
    """How many quotes stand, read once more, in a record that may be shown."""
    async with parts.database.transaction(project.id) as conn:
        keys = [citation.key for citation in answer.citations]
        stored = await records.records(conn, project.id, keys)
    return sum(
        (record := stored.get(one.key)) is not None
        and record.public
        and bool(one.quote)
        and record.fields.get(one.field, "")[one.start : one.end] == one.quote
        for one in answer.citations
    )
