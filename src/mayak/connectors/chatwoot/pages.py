"""Pages of each stream: what is asked, what comes of the rows, where the next one starts."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Any

from mayak.connectors.base import Checkpoint, Page, Record, Rejected
from mayak.connectors.chatwoot import wire
from mayak.connectors.chatwoot.calls import Calls
from mayak.connectors.chatwoot.replies import SERVICE
from mayak.errors import UpstreamRejected

CONTACTS_PER_PAGE = 15
MESSAGE_CAPS = frozenset({100, 1000})
"""Lengths at which a reply may have been cut: 1000 with both bounds, 100 in older versions."""
NO_MESSAGE_ABOVE = 10**18

Listing = Callable[[Calls, Checkpoint], Awaitable[Page]]


def listing(stream: str) -> Listing:
    """What reads a page of everything there is of a stream."""
    listings: Mapping[str, Listing] = {
        "inboxes": inboxes,
        "contacts": contacts,
        "conversations": conversations,
        "messages": messages,
    }
    if stream not in listings:
        raise ValueError(f"Chatwoot has no stream {stream}")
    return listings[stream]


async def inboxes(calls: Calls, _: Checkpoint) -> Page:
    """All of them at once."""
    body, observed_at = await calls.get("/inboxes")
    records, rejected = wire.parse(wire.inbox, "inbox", rows_of(body, "payload"))
    return Page(
        records=records, rejected=rejected, checkpoint={}, complete=True, observed_at=observed_at
    )


async def contacts(calls: Calls, checkpoint: Checkpoint) -> Page:
    """Oldest first: new contacts come at the end and move nobody to another page."""
    page = int(checkpoint.get("page", 1))
    asked = {"sort": "created_at", "page": page, "include_contact_inboxes": "true"}
    body, observed_at = await calls.get("/contacts", asked)
    rows = rows_of(body, "payload")
    records, rejected = wire.parse(wire.contact, "contact", rows)
    return Page(
        records=records,
        rejected=rejected,
        checkpoint={"page": page + 1},
        complete=len(rows) < CONTACTS_PER_PAGE,
        total=_count(body, "count"),
        observed_at=observed_at,
    )


async def conversations(calls: Calls, checkpoint: Checkpoint) -> Page:
    """Oldest first, of every status: the default is open ones alone.

    The length of a page is a setting of the server, so only an empty page ends the listing.
    """
    page = int(checkpoint.get("page", 1))
    asked = {"assignee_type": "all", "sort_by": "created_at_asc", "page": page}
    found = await _conversations(calls, checkpoint, asked)
    return replace(found, checkpoint={**checkpoint, "page": page + 1})


async def touched(calls: Calls, checkpoint: Checkpoint) -> Page:
    """All conversations updated within the last seconds of the server's clock, in one reply.

    The alternative that the documentation offers, reading by last_activity_at until it is
    old enough, cannot see an edited or deleted message: those move only updated_at.
    """
    asked = {"assignee_type": "all", "updated_within": checkpoint["updated_within"]}
    return replace(await _conversations(calls, checkpoint, asked), complete=True)


async def _conversations(calls: Calls, checkpoint: Checkpoint, asked: Mapping[str, Any]) -> Page:
    params = {"status": "all", **asked}
    if checkpoint.get("inbox_id") is not None:
        params["inbox_id"] = checkpoint["inbox_id"]
    body, observed_at = await calls.get("/conversations", params)
    # A filter's reply has no such envelope; a later version may drop it here too.
    data = body.get("data", body) if isinstance(body, dict) else None
    rows = rows_of(data, "payload")
    records, rejected = with_senders(rows)
    return Page(
        records=records,
        rejected=rejected,
        checkpoint=checkpoint,
        complete=not rows,
        total=_count(data, "all_count"),
        observed_at=observed_at,
    )


async def messages(calls: Calls, checkpoint: Checkpoint) -> Page:
    """One id window of a conversation: ids from `after`, included, up to `before`, excluded.

    Rows are chosen by id and cut after ordering by time, which disagree in imported
    histories. A reply shorter than the cap therefore proves its window complete; a full
    one proves nothing, brings no records, and its window is halved.
    """
    conversation_id = str(checkpoint["conversation_id"])
    windows = [(int(a), int(b)) for a, b in checkpoint.get("windows", [(0, NO_MESSAGE_ABOVE)])]
    (after, before), rest = windows[0], windows[1:]
    window = await message_window(calls, conversation_id, after, before)
    if window.middle is not None:
        rest = [(after, window.middle), (window.middle, before), *rest]
    return Page(
        records=window.records,
        rejected=window.rejected,
        checkpoint={"conversation_id": conversation_id, "windows": rest},
        complete=not rest,
        window=None if window.middle is not None else (after, before),
        observed_at=window.observed_at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What an id window of a conversation holds."""

    records: list[Record]
    rejected: list[Rejected]
    middle: int | None
    """Where to cut a window that held too much to be read; None when it was read."""
    observed_at: datetime | None


async def message_window(calls: Calls, conversation_id: str, after: int, before: int) -> Window:
    """Raises UpstreamRejected: not_found for no such conversation, schema for other windows."""
    body, observed_at = await calls.get(
        f"/conversations/{conversation_id}/messages", {"after": after, "before": before}
    )
    rows = rows_of(body, "payload")
    if len(rows) in MESSAGE_CAPS and before - after > 1:
        middle = _split(rows, after, before)
        return Window(records=[], rejected=[], middle=middle, observed_at=observed_at)
    records, rejected = wire.parse(wire.message, "message", rows, parent_id=conversation_id)
    if any(not after <= int(record.external_id) < before for record in records):
        raise _window_ignored()
    return Window(records=records, rejected=rejected, middle=None, observed_at=observed_at)


def _split(rows: list[Any], after: int, before: int) -> int:
    """Where to cut a window whose reply was full.

    When ids and times agree, cutting at the highest id makes the lower part provably complete
    with its next read. Otherwise the middle id halves the rows, whatever their order.
    """
    ids = [row["id"] for row in rows if isinstance(row, dict) and isinstance(row.get("id"), int)]
    if not ids or not all(after <= id_ < before for id_ in ids):
        raise _window_ignored()
    agree = all(earlier < later for earlier, later in pairwise(ids))
    ids.sort()
    middle: int = ids[-1] if agree else ids[len(ids) // 2]
    return middle if after < middle else after + 1


def _window_ignored() -> UpstreamRejected:
    reason = "it ignores the id window of a message list; a newer version of it is needed"
    return UpstreamRejected(SERVICE, reason, kind="schema")


def with_senders(rows: list[Any]) -> tuple[list[Record], list[Rejected]]:
    """Conversations, and before them the people who wrote.

    Anonymous visitors are in no list of contacts: they exist only as senders.
    """
    records, rejected = wire.parse(wire.conversation, "conversation", rows)
    metas = [record.payload.get("meta") for record in records]
    senders = [meta.get("sender") for meta in metas if isinstance(meta, dict)]
    # Empty once the contact is deleted.
    people, strange = wire.parse(wire.sender, "contact", [one for one in senders if one])
    return [*people, *records], [*strange, *rejected]


def rows_of(body: Any, name: str) -> list[Any]:
    """The list under a name. Raises UpstreamRejected of kind schema when there is none."""
    rows = body.get(name) if isinstance(body, dict) else None
    if not isinstance(rows, list):
        raise UpstreamRejected(SERVICE, f"the reply has no list called {name}", kind="schema")
    return rows


def _count(body: Any, name: str) -> int | None:
    meta = body.get("meta") if isinstance(body, dict) else None
    count = meta.get(name) if isinstance(meta, dict) else None
    return count if isinstance(count, int) else None
