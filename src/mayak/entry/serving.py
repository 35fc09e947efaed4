"""Processes that stay: a web server, a worker, or both, until a signal ends them cleanly."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from typing import Any

import structlog
import uvicorn
from starlette.types import ASGIApp

from mayak.automation.service import Worker
from mayak.entry.http import build_app
from mayak.entry.wiring import Parts, worker_slots
from mayak.errors import AppError, Misconfigured
from mayak.platform.embedded import EmbeddedPostgres
from mayak.platform.watchdog import Watchdog, limit_memory

log = structlog.get_logger(__name__)

PORTS_TRIED = 50
WATCH_EVERY = 2.0


class Server(uvicorn.Server):
    """A server that leaves signals to us, and whose address is known before it starts."""

    def __init__(self, app: ASGIApp, bound: socket.socket, *, dated: bool) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,
                lifespan="auto",
                timeout_graceful_shutdown=5,
                date_header=dated,
                server_header=False,
                log_config=None,
            )
        )
        self._bound = bound

    @contextmanager
    def capture_signals(self) -> Any:
        yield

    async def run_until_stopped(self) -> None:
        await self.serve(sockets=[self._bound])


def bind(host: str, port: int) -> socket.socket:
    """A listening socket at `port`, or at the next free one above it.

    Raises Misconfigured when the host is not ours or fifty ports in a row are taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    error: OSError | None = None
    for candidate in range(port, min(port + PORTS_TRIED, 65_536)) if port else (0,):
        # Named TCP: without it asyncio leaves Nagle's algorithm on, and every answer that is
        # written in two parts waits 40 ms for an acknowledgement.
        bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            bound.bind((host, candidate))
            bound.listen(1024)
        except OSError as refused:
            bound.close()
            error = refused
            continue
        if candidate != port:
            log.warning("the port is taken, using another", wanted=port, used=candidate)
        return bound
    raise Misconfigured("MAYAK_HOST or MAYAK_PORT", f"cannot listen on {host}:{port}: {error}")


def address_of(bound: socket.socket) -> str:
    """Where a browser on this machine finds what listens at this socket."""
    host, port = bound.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104  # everywhere, so also here
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def stop_signal() -> asyncio.Event:
    """Set at Ctrl-C or SIGTERM. A second one ends the process at once."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal(number: int) -> None:
        if stopping.is_set():
            os._exit(128 + number)  # asked twice: at once, without a word
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal, number)
    return stopping


async def first_of(stopping: asyncio.Event, *running: asyncio.Task[Any]) -> None:
    """Wait for the signal, or for something that should have gone on to end (and raise why)."""
    waiting = asyncio.create_task(stopping.wait())
    done, _ = await asyncio.wait({waiting, *running}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    for task in done - {waiting}:
        task.result()


@asynccontextmanager
async def serving(
    app: ASGIApp, bound: socket.socket, *, dated: bool = True
) -> AsyncIterator[asyncio.Task[None]]:
    """A web server for as long as the block lasts; yields its task once it answers.

    `dated` adds the Date header; an app with a clock of its own writes it itself.
    """
    server = Server(app, bound, dated=dated)
    task = asyncio.create_task(server.run_until_stopped())
    while not server.started and not task.done():  # noqa: ASYNC110  # uvicorn offers no event
        await asyncio.sleep(0.01)
    try:
        yield task
    finally:
        server.should_exit = True
        with suppress(asyncio.CancelledError):
            await task
        bound.close()


@asynccontextmanager
async def working(
    parts: Parts, *, only: set[str] | None = None, patience: timedelta | None = None
) -> AsyncIterator[asyncio.Task[None]]:
    """A worker for as long as the block lasts; `only` restricts it to these job types.

    `patience` is how long its stop waits for what runs; that of the settings when left out.
    """
    worker = Worker(
        parts.database,
        parts.registry,
        parts.resources,
        only=only,
        slots=worker_slots(parts.settings),
    )
    task = asyncio.create_task(worker.run())
    try:
        yield task
    finally:
        await worker.stop(parts.settings.shutdown_patience if patience is None else patience)
        await task


@asynccontextmanager
async def watching(embedded: EmbeddedPostgres | None) -> AsyncIterator[None]:
    """Start the embedded database again when it dies under us."""

    async def watch(postgres: EmbeddedPostgres) -> None:
        while True:
            await asyncio.sleep(WATCH_EVERY)
            try:
                await asyncio.to_thread(postgres.ensure_running)
            except (AppError, OSError) as error:
                log.warning("embedded PostgreSQL cannot be started", error=str(error))

    task = asyncio.create_task(watch(embedded)) if embedded else None
    try:
        yield
    finally:
        if task is not None:
            task.cancel()


async def serve(
    parts: Parts,
    *,
    with_worker: bool,
    announce: Callable[[str], None],
    embedded: EmbeddedPostgres | None = None,
) -> None:
    """The web server, and a worker if wanted, until a signal. `announce` gets the address."""
    stopping = stop_signal()
    bound = bind(parts.settings.mayak_host, parts.settings.mayak_port)
    app = build_app(parts.resources, cors_origins=parts.settings.cors_origin)
    async with watching(embedded), serving(app, bound) as web:
        announce(address_of(bound))
        if not with_worker:
            await first_of(stopping, web)
            return
        async with Watchdog().guarding(), working(parts) as work:
            await first_of(stopping, web, work)


async def work(parts: Parts, *, embedded: EmbeddedPostgres | None = None) -> None:
    """A worker until a signal."""
    stopping = stop_signal()
    limit_memory(parts.settings.worker_memory_mb)
    async with watching(embedded), Watchdog().guarding(), working(parts) as task:
        await first_of(stopping, task)
