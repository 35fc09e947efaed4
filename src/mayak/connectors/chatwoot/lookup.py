"""Records that are asked for by id, and what there is of a stream."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from mayak.connectors.base import Checkpoint, Fetched, Ids, Page, Record, Rejected
from mayak.connectors.chatwoot import pages, wire
from mayak.connectors.chatwoot.calls import Calls
from mayak.errors import UpstreamRejected

ID = re.compile(r"[1-9][0-9]{0,17}")
"""Chatwoot's ids are counted up from 1; nothing else is worth asking for, or safe in a path."""
UNKNOWN_TIME = "1970-01-01T00:00:00.000000+00:00"
UNKNOWN_HASH = "0" * 64
"""Versions of a record that does not fit: nothing that we have is of this version."""

KINDS = {
    "inboxes": "inbox",
    "contacts": "contact",
    "conversations": "conversation",
    "messages": "message",
}
"""The kind of record that each stream lists."""


async def fetch(calls: Calls, stream: str, external_ids: Sequence[str]) -> Fetched:
    """What became of these records; messages are asked for as CONVERSATION/MESSAGE.

    What cannot be an id of Chatwoot's is missing without a request. An id that is in none of
    the three lists could not be settled. Raises Upstream as soon as one request fails.
    """
    if stream not in KINDS:
        raise ValueError(f"Chatwoot has no stream {stream}")
    asked = list(dict.fromkeys(external_ids))
    good = [one for one in asked if _is_id(stream, one)]
    fetch_one = {"conversations": _conversation, "contacts": _contact, "messages": _message}
    if stream == "inboxes":
        found = await _inboxes(calls, good)
    else:
        found = await _each(calls, fetch_one[stream], good)
    return replace(found, missing=found.missing | (set(asked) - set(good)))


def _is_id(stream: str, asked: str) -> bool:
    ids = asked.split("/")
    length = 2 if stream == "messages" else 1
    return len(ids) == length and all(map(ID.fullmatch, ids))


async def _each(
    calls: Calls, fetch_one: Callable[[Calls, str], Awaitable[Fetched]], asked: list[str]
) -> Fetched:
    records: list[Record] = []
    rejected: list[Rejected] = []
    missing: set[str] = set()
    for one in asked:
        try:
            found = await fetch_one(calls, one)
        except UpstreamRejected as error:
            if error.kind != "not_found":
                raise
            missing.add(one)
            continue
        records += found.records
        rejected += found.rejected
        missing |= found.missing
    return Fetched(records=records, rejected=rejected, missing=frozenset(missing))


async def _conversation(calls: Calls, asked: str) -> Fetched:
    """The record itself, bare, or in one of the envelopes that lists have."""
    body, _ = await calls.get(f"/conversations/{asked}")
    records, rejected = pages.with_senders([_unwrapped(_unwrapped(body, "data"), "payload")])
    return _about(asked, "conversation", records, rejected)


async def _contact(calls: Calls, asked: str) -> Fetched:
    body, _ = await calls.get(f"/contacts/{asked}", {"include_contact_inboxes": "true"})
    row = _unwrapped(_unwrapped(body, "payload"), "contact")
    return _about(asked, "contact", *wire.parse(wire.contact, "contact", [row]))


async def _message(calls: Calls, asked: str) -> Fetched:
    conversation_id, _, message_id = asked.partition("/")
    first = int(message_id)
    window = await pages.message_window(calls, conversation_id, first, first + 1)
    if not window.records and not window.rejected:
        return Fetched(records=[], missing=frozenset({asked}))
    return _about(message_id, "message", window.records, window.rejected)


async def _inboxes(calls: Calls, asked: list[str]) -> Fetched:
    """From the list, which has all of them."""
    if not asked:
        return Fetched(records=[])
    page = await pages.inboxes(calls, {})
    wanted = set(asked)
    refused = {one.external_id for one in page.rejected}
    listed = refused.union(one.external_id for one in page.records)
    return Fetched(
        records=[one for one in page.records if one.external_id in wanted],
        rejected=[one for one in page.rejected if one.external_id in {*wanted, None}],
        # A row without a readable id may be any of those that are not in the list.
        missing=frozenset() if None in listed else frozenset(wanted - listed),
    )


def _about(asked: str, kind: str, records: list[Record], rejected: list[Rejected]) -> Fetched:
    """What a reply about one record brings; a record of another id is none of our business."""
    ids = {one.external_id for one in records if one.kind == kind}
    ids |= {one.external_id for one in rejected if one.kind == kind and one.external_id}
    if ids <= {asked}:
        named = [replace(one, external_id=asked) if one.kind == kind else one for one in rejected]
        return Fetched(records=records, rejected=named)
    reason = "the reply is about another record than the one that was asked for"
    stray = Rejected(kind=kind, external_id=asked, reason=reason, payload={"ids": sorted(ids)})
    return Fetched(records=[], rejected=[stray])


def _unwrapped(body: Any, name: str) -> Any:
    """What is under a name, or the body itself when nothing is."""
    inner = body.get(name) if isinstance(body, dict) else None
    return inner if isinstance(inner, dict) else body


async def ids(calls: Calls, stream: str, checkpoint: Checkpoint) -> Ids:
    """One page of what there is, from the same listings that pull reads.

    Conversations are versioned by time, everything else by content hash. A record that does
    not fit is there all the same; one whose id cannot be read is in `total` alone.
    """
    page = await pages.listing(stream)(calls, checkpoint)
    return Ids(
        versions=_versions(page, KINDS[stream]),
        checkpoint=page.checkpoint,
        complete=page.complete,
        total=page.total,
    )


def _versions(page: Page, kind: str) -> Mapping[str, str]:
    """By id; without tombstones, which say that there is no such message any more."""
    unknown = UNKNOWN_TIME if kind == "conversation" else UNKNOWN_HASH
    found = {one.external_id: unknown for one in page.rejected if one.kind == kind}
    versions = {id_: version for id_, version in found.items() if id_ is not None}
    for one in page.records:
        if one.kind == kind and not one.deleted:
            versions[one.external_id] = _version(one)
    return versions


def _version(record: Record) -> str:
    at = record.fields.get("source_updated_at")
    if isinstance(at, datetime):
        return at.astimezone(UTC).isoformat(timespec="microseconds")
    return record.content_hash.hex()
