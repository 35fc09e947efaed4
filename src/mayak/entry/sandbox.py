"""The sandbox as a process of its own."""

from collections.abc import Callable
from pathlib import Path

from mayak.entry.serving import bind, first_of, serving, stop_signal
from mayak.errors import InvalidInput
from mayak.sandbox.app import create_app, describe
from mayak.sandbox.attio.telling import ATTIO_KEY
from mayak.sandbox.jsonl import load_world
from mayak.sandbox.linear.telling import LINEAR_KEY
from mayak.sandbox.stories import ADMIN_TOKEN, build_world
from mayak.sandbox.world import World


def open_world(folder: Path | None, *, long_conversation: bool) -> World:
    """The built-in World, or the one in `folder`. Raises InvalidInput naming file and line."""
    if folder is None:
        return build_world(long_conversation=long_conversation)
    try:
        return load_world(folder)
    except (ValueError, OSError) as error:
        raise InvalidInput("world", str(error)) from error


def environment(world: World, address: str) -> dict[str, str]:
    """The settings that point Mayak at this sandbox, for the services that its World has."""
    told = {
        "CHATWOOT_BASE_URL": f"{address}/chatwoot",
        "CHATWOOT_API_TOKEN": ADMIN_TOKEN,
        "CHATWOOT_ACCOUNT_ID": str(world.account_id),
    }
    if LINEAR_KEY in world.linear.keys:
        told |= {"LINEAR_BASE_URL": f"{address}/linear", "LINEAR_API_KEY": LINEAR_KEY}
    if ATTIO_KEY in world.attio.tokens:
        told |= {"ATTIO_BASE_URL": f"{address}/attio", "ATTIO_API_KEY": ATTIO_KEY}
    return told


async def run_sandbox(
    world: World, *, port: int, announce: Callable[[dict[str, object], list[str]], None]
) -> None:
    """Serve on loopback until a signal."""
    stopping = stop_signal()
    bound = bind("127.0.0.1", port)
    async with serving(create_app(world), bound, dated=False) as server:
        address = f"http://127.0.0.1:{bound.getsockname()[1]}"
        variables = environment(world, address)
        announce(
            describe(world, address) | {"environment": variables},
            [f"{name}={value}" for name, value in variables.items()],
        )
        await first_of(stopping, server)
