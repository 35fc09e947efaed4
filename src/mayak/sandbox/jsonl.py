"""A World from JSON Lines: rows exported from any Chatwoot, in its own REST shapes.

Only conversations and messages are needed; what they mention and nobody exported (contacts,
inboxes, agents) is inferred. Fields that are not understood are kept and served back.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mayak.sandbox.clock import Clock
from mayak.sandbox.importing import Importer
from mayak.sandbox.world import World

Row = dict[str, Any]
FILES = ("agents", "inboxes", "labels", "contacts", "conversations", "messages")
"""In the order in which they are read: a row may mention those of the files before it."""


ACCOUNTED = ("conversations", "messages", "agents")
"""Whose rows name their account; where none does, it is 1."""


class BadExport(ValueError):
    """An export cannot be served; the message names the file, the line and the reason."""


def load_world(directory: Path | str, *, clock: Clock | None = None) -> World:
    """The World in `directory`, or in its subfolder `chatwoot`.

    The account is that of the first row that names one, or 1. Its administrator is served
    under ADMIN_TOKEN. Raises BadExport before anything is served.
    """
    folder = _folder(Path(directory))
    paths = {kind: folder / f"{kind}.jsonl" for kind in FILES}
    rows = {kind: list(_lines(path)) for kind, path in paths.items()}
    named = (row.get("account_id") for kind in ACCOUNTED for _, row in rows[kind])
    account_id = next((int(str(one)) for one in named if str(one).isdecimal()), 1)
    importer = Importer(clock or Clock(), account_id=account_id)
    for kind, path in paths.items():
        for number, row in rows[kind]:
            try:
                importer.take(kind, row)
            except (KeyError, ValueError, TypeError, AttributeError) as error:
                reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
                raise BadExport(f"{path}:{number}: {reason}") from error
    return importer.finish()


def _folder(directory: Path) -> Path:
    for folder in (directory, directory / "chatwoot"):
        if (folder / "conversations.jsonl").is_file():
            return folder
    raise BadExport(f"{directory}: no conversations.jsonl here or in its folder chatwoot")


def _lines(path: Path) -> Iterator[tuple[int, Row]]:
    """The objects of a file with their line numbers; blank lines and absent files are skipped."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
                json.dumps(row, ensure_ascii=False).encode()
            except UnicodeEncodeError as error:
                reason = "half of a character pair, which no server can send"
                raise BadExport(f"{path}:{number}: {reason}") from error
            except ValueError as error:
                raise BadExport(f"{path}:{number}: not JSON: {error}") from error
            if not isinstance(row, dict):
                raise BadExport(f"{path}:{number}: expected an object, found {type(row).__name__}")
            yield number, row
