"""Running a command's work: settings, logging, a database, the built process around it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import uvloop

from mayak import config
from mayak.config import Settings
from mayak.entry import postgres
from mayak.entry.postgres import Opened
from mayak.entry.wiring import Parts, assembled
from mayak.platform.schema import migrate
from mayak.platform.telemetry import set_up_logging

Value = TypeVar("Value")


def settings(*, quiet: bool = False, **overrides: object) -> Settings:
    """The settings in force, with logging set up by them. `quiet` keeps messages below warning."""
    loaded = config.load(**overrides)
    level = loaded.mayak_log_level
    if quiet and level == "info":
        level = "warning"
    set_up_logging(level, loaded.mayak_log_format)
    return loaded


def with_parts(loaded: Settings, action: Callable[[Parts, Opened], Awaitable[Value]]) -> Value:
    """Open the database, migrate it, build the process and run `action` in it."""
    with postgres.opened(loaded) as opened:
        return uvloop.run(_inside(loaded, opened, action))


async def _inside(
    loaded: Settings, opened: Opened, action: Callable[[Parts, Opened], Awaitable[Value]]
) -> Value:
    async with prepared(loaded, opened) as parts:
        return await action(parts, opened)


@asynccontextmanager
async def prepared(loaded: Settings, opened: Opened) -> AsyncIterator[Parts]:
    """A migrated database and the process built on it."""
    await migrate(opened.dsn)
    async with assembled(loaded, opened.dsn) as parts:
        yield parts
