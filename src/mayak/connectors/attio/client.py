"""The calls that the sync makes of Attio, one page each."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from mayak.connectors.attio import paging, permissions, replies, subscriptions, wire
from mayak.connectors.attio.calls import Calls
from mayak.connectors.attio.catalogs import Catalogs, Reading, asked_of
from mayak.connectors.attio.mapping import OBJECTS
from mayak.connectors.attio.replies import Asked
from mayak.connectors.attio.subscriptions import Webhook
from mayak.connectors.base import (
    Checkpoint,
    Fetched,
    Gate,
    Identity,
    Ids,
    OpenGate,
    Page,
    Part,
    Record,
    Rejected,
)
from mayak.errors import UpstreamRejected
from mayak.kit.text import content_hash

BASE_URL = "https://api.attio.com"
NOTES_PER_PAGE = 50
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

Json = dict[str, Any]
T = TypeVar("T")


class Attio:
    """A reader of one workspace.

    Attributes of an object are read once and kept; they are read again when `attributes` are
    pulled, and whenever records name others than are known.
    """

    name = "attio"

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        token: str,
        gate: Gate | None = None,
        base_url: str = BASE_URL,
        overrides: Mapping[str, Mapping[str, str]] | None = None,
        mapped: Mapping[str, Mapping[str, str]] | None = None,
        jitter: replies.Jitter = replies.seconds_of_jitter,
    ) -> None:
        """`overrides` has attribute ids by object and by our field (see `mapping.FIELDS`).

        `mapped` has them as well, from `mapped_to` of attributes that were read before: with it
        an attribute stays what it is to us even if slug and title are renamed at once.
        """
        self._calls = Calls(
            http, token=token, gate=gate or OpenGate(), base_url=base_url, jitter=jitter
        )
        self._base = base_url
        self._catalogs = Catalogs(self._calls, chosen=overrides or {}, mapped=mapped or {})

    def __repr__(self) -> str:
        return f"Attio({self._base})"

    async def who_am_i(self) -> Identity:
        """The workspace of the token, and the streams that its permissions do not open."""
        body, observed_at = await self._calls.get("/v2/self", Asked())
        return permissions.identity(body, observed_at=observed_at)

    async def objects(self) -> dict[str, str]:
        """Streams of records by object id: what `webhooks.verify` has to be told."""
        body, _ = await self._calls.get("/v2/objects", asked_of("attributes"))
        slugs = {_own_id(row, "object_id"): row.get("api_slug") for row in _objects(body)}
        return {id_: slug for id_, slug in slugs.items() if id_ and slug in OBJECTS}

    async def parts(self) -> list[Part]:
        """The lists of companies. Companies themselves are too many: `search_companies`."""
        body, _ = await self._calls.get("/v2/lists", Asked(scopes=permissions.LISTS))
        found = [(_own_id(row, "list_id"), row) for row in _objects(body)]
        return [
            Part(kind="list", external_id=id_, name=str(row.get("name") or id_))
            for id_, row in found
            if id_ and "companies" in (row.get("parent_object") or ["companies"])
        ]

    async def search_companies(self, words: str, limit: int = 20) -> list[Part]:
        """Companies whose name or domain contains the words, or of the id that is among them.

        The name of a part ends with the domain where another of the same name was found.
        """
        if found := UUID.search(words):
            fetched = await self.fetch("companies", [found.group().lower()])
            return _parts(fetched.records)
        words = words.strip()
        if not words:
            return []
        fields = (await self._catalogs.of("companies")).fields
        ways = {"name": {"value": words}, "domains": {"domain": words.lower()}}
        matches = [
            {fields[name].slug: {member: {"$contains": part}}}
            for name, way in ways.items()
            if name in fields
            for member, part in way.items()
        ]
        if not matches:
            return []
        body = {**paging.query({}, narrowed={"$or": matches}), "limit": min(limit, paging.PAGE)}
        rows, _ = await self._query(_records("companies"), asked_of("companies"), body)
        return _parts((await self._parsed("companies", rows))[0])

    async def pull(self, stream: str, checkpoint: Checkpoint) -> Page:
        """One page of a stream.

        Checkpoints: companies, deals and people {since, offset, created_after?}, where
        `created_after` is the `created_at` of a payload and leaves older records out; notes and
        tasks {offset}; attributes and members come in one page. An object that the workspace
        does not have is refused as not_found.
        """
        match stream:
            case "companies" | "deals" | "people":
                return await self._record_page(stream, checkpoint)
            case "notes":
                return await self._offset_page("notes", checkpoint, NOTES_PER_PAGE, {})
            case "tasks":
                # The default order, asked for all the same: pages rest on it.
                order = {"sort": "created_at:asc"}
                return await self._offset_page("tasks", checkpoint, paging.PAGE, order)
            case "members":
                return await self._members()
            case "attributes":
                return await self._attributes()
            case _:
                raise ValueError(f"Attio has no stream {stream}")

    async def ids(self, stream: str, checkpoint: Checkpoint) -> Ids:
        """What there is of a stream, with content hashes as versions.

        There is nothing cheaper than the records themselves. One that could not be read is
        there all the same, under a version that fits nothing we keep.
        """
        page = await self.pull(stream, checkpoint)
        unread = {
            one.external_id: content_hash({"unread": one.payload}).hex()
            for one in page.rejected
            if one.external_id
        }
        read = {one.external_id: one.content_hash.hex() for one in page.records}
        return Ids(versions=unread | read, checkpoint=page.checkpoint, complete=page.complete)

    async def fetch(self, stream: str, external_ids: Sequence[str]) -> Fetched:
        """These records, one request each, four at a time.

        That an object is switched off looks like the end of each of its records; so before any
        is called missing, the object itself has to answer.
        """
        wanted = list(dict.fromkeys(external_ids))
        if stream in {"attributes", "members"}:
            return _only(wanted, await self.pull(stream, {}))
        kind = wire.KINDS[stream]
        found = await _all_of([self._row(stream, id_) for id_ in wanted])
        # After a merge an old id may lead to the new record, which is not what was asked for.
        rows = {
            id_: row
            for id_, row in zip(wanted, found, strict=True)
            if row is not None and wire.id_of(kind, row) in {id_, None}
        }
        missing = frozenset(wanted) - rows.keys()
        if missing and stream in OBJECTS:
            await self._catalogs.read(stream)
        records, rejected = await self._parsed(stream, list(rows.values()))
        return Fetched(records=records, rejected=rejected, missing=missing)

    async def list_members(self, list_id: str) -> AsyncIterator[list[str]]:
        """Ids of the records in a list, page by page; the same one may come again.

        Raises UpstreamRejected of kind not_found once the list is deleted or archived.
        """
        asked = Asked(scopes=permissions.ENTRIES, absent="the list is deleted or archived")
        path = f"/v2/lists/{quote(list_id, safe='')}/entries/query"
        async for rows in self._pages(path, asked, id_name="entry_id"):
            found = [row.get("parent_record_id") for row in rows if isinstance(row, dict)]
            yield list(dict.fromkeys(id_ for id_ in found if isinstance(id_, str)))

    async def company_ids_of_filter(self, narrowed: Mapping[str, Any]) -> AsyncIterator[list[str]]:
        """Ids of the companies that a filter lets through, page by page, as `list_members`."""
        path, asked = _records("companies"), asked_of("companies")
        async for rows in self._pages(path, asked, id_name="record_id", narrowed=narrowed):
            found = [wire.id_of("company", row) for row in rows]
            yield list(dict.fromkeys(id_ for id_ in found if id_))

    async def install_webhook(self, url: str) -> tuple[str, str]:
        """Have every change told to an address; gives the id and the secret.

        The secret is told this once. Raises InvalidInput for an address that Attio does not
        deliver to, UpstreamRejected when it is subscribed already: remove that webhook first,
        its secret cannot be learned again.
        """
        return await subscriptions.install(self._calls, url)

    async def webhooks(self) -> list[Webhook]:
        """All of the workspace, other applications' too."""
        return await subscriptions.installed(self._calls)

    async def remove_webhook(self, webhook_id: str) -> None:
        """Raises UpstreamRejected of kind not_found for one that is not there."""
        await subscriptions.remove(self._calls, webhook_id)

    async def _record_page(self, object_: str, checkpoint: Checkpoint) -> Page:
        body = paging.query(checkpoint)
        rows, observed_at = await self._query(_records(object_), asked_of(object_), body)
        records, rejected = await self._parsed(object_, rows)
        following = paging.following(checkpoint, rows, id_name="record_id")
        return _page(records, rejected, following, observed_at)

    async def _offset_page(
        self, stream: str, checkpoint: Checkpoint, limit: int, order: Mapping[str, str]
    ) -> Page:
        offset = int(checkpoint.get("offset", 0))
        params: dict[str, str | int] = {"limit": limit, "offset": offset, **order}
        body, observed_at = await self._calls.get(f"/v2/{stream}", asked_of(stream), params)
        rows = replies.rows(body)
        records, rejected = await self._parsed(stream, rows)
        following = paging.shifted(checkpoint, rows, limit=limit)
        return _page(records, rejected, following, observed_at)

    async def _members(self) -> Page:
        body, observed_at = await self._calls.get("/v2/workspace_members", asked_of("members"))
        records, rejected = await self._parsed("members", replies.rows(body))
        return _page(records, rejected, None, observed_at)

    async def _attributes(self) -> Page:
        """Of every object that the workspace has; deals may be switched off."""
        records: list[Record] = []
        rejected: list[Rejected] = []
        readings: list[Reading] = []
        absent: UpstreamRejected | None = None
        for object_ in OBJECTS:
            try:
                reading = await self._catalogs.read(object_)
            except UpstreamRejected as refusal:
                if refusal.kind != "not_found":
                    raise
                absent = refusal
                continue
            readings.append(reading)
            make = partial(wire.attribute_record, catalog=reading.catalog)
            made, unfit = wire.parse(make, "attribute", reading.rows)
            records += made
            rejected += unfit
        if absent is not None and not readings:
            # Not one object: that is not an empty workspace, it is the wrong address.
            raise absent
        return _page(records, rejected, None, readings[0].observed_at)

    async def _parsed(self, stream: str, rows: list[Any]) -> tuple[list[Record], list[Rejected]]:
        if not rows:
            return [], []
        make = MAKERS.get(stream)
        if make is None:
            catalog = await self._catalogs.fitting(stream, rows)
            make = partial(wire.record, catalog=catalog)
        return wire.parse(make, wire.KINDS[stream], rows)

    async def _query(
        self, path: str, asked: Asked, body: Mapping[str, Any]
    ) -> tuple[list[Any], datetime | None]:
        value, observed_at = await self._calls.query(path, asked, body)
        return replies.rows(value), observed_at

    async def _pages(
        self, path: str, asked: Asked, *, id_name: str, narrowed: Mapping[str, Any] | None = None
    ) -> AsyncIterator[list[Any]]:
        checkpoint: Json | None = {}
        while checkpoint is not None:
            body = paging.query(checkpoint, narrowed=narrowed)
            rows, _ = await self._query(path, asked, body)
            yield rows
            checkpoint = paging.following(checkpoint, rows, id_name=id_name)

    async def _row(self, stream: str, id_: str) -> Json | None:
        """One thing by its id; None when there is no such thing."""
        folder = f"/v2/objects/{stream}/records" if stream in OBJECTS else f"/v2/{stream}"
        try:
            body, _ = await self._calls.get(f"{folder}/{quote(id_, safe='')}", asked_of(stream))
        except UpstreamRejected as refusal:
            if refusal.kind != "not_found":
                raise
            return None
        return replies.row(body)


MAKERS: Mapping[str, Callable[[Json], Record]] = {
    "members": wire.member, "notes": wire.note, "tasks": wire.task,
}  # fmt: skip
"""What needs no catalog to be read."""


async def _all_of(calls: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """The results in order; once one fails, the others are not waited for."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


def _page(
    records: list[Record],
    rejected: list[Rejected],
    following: Json | None,
    observed_at: datetime | None,
) -> Page:
    return Page(
        records=records,
        rejected=rejected,
        checkpoint=following or {},
        complete=following is None,
        observed_at=observed_at,
    )


def _only(wanted: Sequence[str], page: Page) -> Fetched:
    """Of a whole listing, what was asked for."""
    rejected = [one for one in page.rejected if one.external_id in {*wanted, None}]
    records = [one for one in page.records if one.external_id in set(wanted)]
    found = {one.external_id for one in records} | {one.external_id for one in rejected}
    return Fetched(records=records, rejected=rejected, missing=frozenset(wanted) - found)


def _parts(companies: Sequence[Record]) -> list[Part]:
    names = Counter(one.fields["name"] for one in companies)
    return [
        Part(kind="company", external_id=one.external_id, name=_called(one, names))
        for one in companies
    ]


def _called(company: Record, names: Mapping[object, int]) -> str:
    """A name that tells one company from another; two may well share theirs."""
    name, domains = company.fields["name"], company.fields["domains"]
    domain = domains[0] if isinstance(domains, list) and domains else None
    if name is None:
        return str(domain or company.external_id)
    return f"{name} · {domain or company.external_id}" if names[name] > 1 else str(name)


def _records(object_: str) -> str:
    return f"/v2/objects/{object_}/records/query"


def _objects(body: Any) -> list[Json]:
    return [row for row in replies.rows(body) if isinstance(row, dict)]


def _own_id(row: Json, name: str) -> str | None:
    ids = row.get("id")
    found = ids.get(name) if isinstance(ids, dict) else None
    return found if isinstance(found, str) and found else None
