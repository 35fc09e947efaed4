"""The built-in World: a studio and its clients, told in YAML, with times relative to now."""

from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files

from mayak.sandbox.attio import telling as attio
from mayak.sandbox.clock import Clock
from mayak.sandbox.linear import telling as linear
from mayak.sandbox.long_thread import add_long_thread
from mayak.sandbox.rows import ClientProject
from mayak.sandbox.telling import ADMIN_TOKEN, AGENT_TOKEN, StoryError, Teller, parsed
from mayak.sandbox.world import World

__all__ = ["ADMIN_TOKEN", "AGENT_TOKEN", "StoryError", "build_world", "projects", "tell"]

STUDIO = "studio.yaml"


def build_world(
    now: datetime | None = None, *, long_conversation: bool = False, frozen: bool = False
) -> World:
    """The packaged stories as a World whose clock starts at `now` (default: the real now).

    Ids follow from the order of the stories, so they are the same whenever it is built.
    `long_conversation` adds one of 2,500 messages; `frozen` keeps the clock from flowing.
    Raises StoryError.
    """
    folder = files("mayak.sandbox").joinpath("stories")
    texts = {
        entry.name: entry.read_text(encoding="utf-8")
        for entry in folder.iterdir()
        if entry.name.endswith(".yaml")
    }
    world = tell(texts, Clock(now, frozen=frozen))
    for name, other in (("linear", linear), ("attio", attio)):
        stories = folder.joinpath(name)
        other.tell(
            world,
            {
                entry.name: entry.read_text(encoding="utf-8")
                for entry in stories.iterdir()
                if entry.name.endswith(".yaml")
            },
        )
    if long_conversation:
        add_long_thread(world)
    return world


def tell(texts: Mapping[str, str], clock: Clock) -> World:
    """A World out of story files by name: `studio.yaml` and storylines. Raises StoryError."""
    if STUDIO not in texts:
        raise StoryError(f"{STUDIO}: missing")
    teller = Teller(parsed(STUDIO, texts[STUDIO]), clock)
    for name in sorted(texts.keys() - {STUDIO}):
        teller.tell(name, parsed(name, texts[name]))
    return teller.finish()


def projects(world: World) -> list[ClientProject]:
    """The clients of the studio, each with the inboxes that are theirs."""
    return list(world.projects)
