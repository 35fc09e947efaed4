"""Edits of a World by name, with arguments from JSON: for control calls and planned faults."""

from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from typing import Any

from mayak.sandbox.attio.edits import EDITS as ATTIO_EDITS
from mayak.sandbox.linear.edits import EDITS as LINEAR_EDITS
from mayak.sandbox.rows import Contact, Conversation, Message
from mayak.sandbox.world import UnknownRow, World

EDITS = (
    "add_contact",
    "update_contact",
    "delete_contact",
    "merge_contacts",
    "add_conversation",
    "set_status",
    "delete_conversation",
    "add_message",
    "edit_message",
    "delete_message",
)
TUPLES = {
    field.name
    for row in (Contact, Conversation, Message)
    for field in fields(row)
    if str(field.type).startswith("tuple")
}


class BadEdit(ValueError):
    """An edit that does not exist or does not fit the World."""


def apply_edit(world: World, op: str, args: Mapping[str, Any]) -> dict[str, Any] | None:
    """Run one edit, such as `add_message`, `linear.update_issue` or `attio.delete_record`.

    Gives the row it made, None for a deletion. Raises BadEdit.
    """
    service, _, name = op.partition(".")
    elsewhere = {"linear": LINEAR_EDITS, "attio": ATTIO_EDITS}.get(service, {}).get(name)
    if elsewhere is not None:
        try:
            return elsewhere(world, **args)
        except (UnknownRow, LookupError, TypeError, ValueError) as error:
            raise BadEdit(f"{op}: {error}") from error
    if op not in EDITS:
        raise BadEdit(f"there is no edit {op!r}; there are {', '.join(EDITS)}")
    fitting = {name: tuple(value) if name in TUPLES else value for name, value in args.items()}
    try:
        row = getattr(world, op)(**fitting)
    except (UnknownRow, TypeError, ValueError) as error:
        raise BadEdit(f"{op}: {error}") from error
    return asdict(row) if is_dataclass(row) and not isinstance(row, type) else None
