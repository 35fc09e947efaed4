"""How a walk over a list goes on: what its checkpoints say after each page.

Times are kept as Linear wrote them, so that nothing of them is lost on the way back.
"""

from collections.abc import Mapping
from typing import Any

from mayak.connectors.base import Checkpoint
from mayak.connectors.linear import wire
from mayak.connectors.linear.endpoint import Listed
from mayak.connectors.linear.replies import SERVICE, TooComplex
from mayak.errors import Upstream, UpstreamRejected

STANDSTILLS = 5
"""How often one walk may be sent back to where it was, before something is wrong."""


def following(checkpoint: Checkpoint, listed: Listed, *, size: int) -> dict[str, Any]:
    """The checkpoint after a page. A length that had to be shorter stays for the walk.

    Raises Upstream for a list that goes in circles.
    """
    known = {name: value for name, value in checkpoint.items() if name != "cursor"}
    if listed.first < size:
        known["first"] = listed.first
    if listed.cursor is None:
        return known
    if listed.cursor == checkpoint.get("cursor"):
        known = _stood_still(known)
    return {**known, "cursor": listed.cursor}


def below(
    checkpoint: Checkpoint, listed: Listed, *, size: int, bound: str | None
) -> dict[str, Any]:
    """The same for a list that is read by time of change, newest first.

    `before` is the lowest time that was seen, `bound` the one that the cursor's filter has.
    """
    known = following(checkpoint, listed, size=size)
    known["before"] = _lowest(checkpoint.get("before"), listed.nodes)
    known["bound"] = bound
    return {name: value for name, value in known.items() if value is not None}


def without_cursor(
    checkpoint: Checkpoint, error: UpstreamRejected, *, windowed: bool
) -> dict[str, Any]:
    """The checkpoint of a walk whose cursor was refused: it goes on by what else it knows.

    Nothing says how long a cursor holds or how it is refused. The same question was good without
    it, so a refusal is taken for the cursor's. Raises the error when it must be something else,
    Upstream when going on would mean asking for the same rows for ever.
    """
    refused = error.kind in {"rejected", "not_found"} and not isinstance(error, TooComplex)
    if not refused or not checkpoint.get("cursor"):
        raise error
    known = {name: value for name, value in checkpoint.items() if name != "cursor"}
    came_down = windowed and known.get("before") != known.pop("bound", None)
    return known if came_down else _stood_still(known)


def versions(nodes: list[Any]) -> dict[str, str]:
    """By id the time of change; empty for one that is not readable, which equals no other.

    Raises UpstreamRejected of kind schema for a row without an id: it could not be missed.
    """
    found: dict[str, str] = {}
    for node in nodes:
        if (id_ := wire.id_of(node)) is None:
            raise UpstreamRejected(SERVICE, "the reply has a row without an id", kind="schema")
        at = wire.changed_at(node)
        if node.get("trashed") is not True:
            found[id_] = wire.version(at) if at else ""
    return found


def _stood_still(known: Mapping[str, Any]) -> dict[str, Any]:
    times = int(known.get("stood_still", 0)) + 1
    if times > STANDSTILLS:
        raise Upstream(SERVICE, "a list does not move on, whatever we ask", kind="server")
    return {**known, "stood_still": times}


def _lowest(before: str | None, nodes: list[Any]) -> str | None:
    """The lowest of the times of change, as it was written."""
    lowest, at = before, wire.changed_at({"updatedAt": before})
    for node in nodes:
        changed = wire.changed_at(node)
        if changed is not None and (at is None or changed < at):
            lowest, at = node["updatedAt"], changed
    return lowest
