"""Reading what the attributes of an object are, and noticing when that has changed."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from mayak.connectors.attio import mapping, permissions, replies, wire
from mayak.connectors.attio.calls import Calls
from mayak.connectors.attio.mapping import Attribute, Catalog
from mayak.connectors.attio.replies import Asked

ROUND = 10
"""Pages of an undocumented default length are a multiple of this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    catalog: Catalog
    rows: list[Any]
    observed_at: datetime | None


class Catalogs:
    """The catalogs that one connector has read.

    `chosen` and `mapped` have attribute ids by object and by our field: what somebody decided,
    and what was found before.
    """

    def __init__(
        self,
        calls: Calls,
        *,
        chosen: Mapping[str, Mapping[str, str]],
        mapped: Mapping[str, Mapping[str, str]],
    ) -> None:
        self._calls = calls
        self._chosen = chosen
        self._mapped = {name: dict(ids) for name, ids in mapped.items()}
        self._known: dict[str, Catalog] = {}
        self._accepted: dict[str, frozenset[str]] = {}
        self._lock = asyncio.Lock()

    async def of(self, object_: str) -> Catalog:
        """What is known of an object; asks for it once."""
        async with self._lock:
            known = self._known.get(object_)
            return known or (await self.read(object_)).catalog

    async def fitting(self, object_: str, rows: list[Any]) -> Catalog:
        """A catalog for these records: read again when they name other attributes than it does.

        Otherwise a renamed attribute would leave its field empty, and nobody would know. What
        still does not agree is accepted, so that it is not asked about again.
        """
        found = wire.values_of(rows)
        async with self._lock:
            known = self._known.get(object_) or (await self.read(object_)).catalog
            accepted = self._accepted.get(object_, frozenset())
            if known.strange(found) <= accepted:
                return known
            known = (await self.read(object_)).catalog
            self._accepted[object_] = accepted | known.strange(found)
            return known

    async def read(self, object_: str) -> Reading:
        """Ask, whatever is known. Raises UpstreamRejected of kind not_found without the object."""
        rows: dict[str, Any] = {}
        unreadable: list[Any] = []
        while True:
            body, observed_at = await self._calls.get(
                f"/v2/objects/{object_}/attributes",
                asked_of(object_),
                {"show_archived": "true"} | ({"offset": str(len(rows))} if rows else {}),
            )
            page = replies.rows(body)
            new = {id_: row for row in page if (id_ := wire.id_of("attribute", row))}
            unreadable += [row for row in page if wire.id_of("attribute", row) is None]
            if new.keys() <= rows.keys():
                break
            rows |= new
            if len(page) % ROUND:
                # Not the length of any page, so it was not cut.
                break
        every = [*rows.values(), *unreadable]
        catalog = mapping.catalog(
            object_,
            _attributes(every),
            chosen=self._chosen.get(object_),
            known=self._mapped.get(object_),
        )
        self._known[object_] = catalog
        self._mapped[object_] = {name: one.id for name, one in catalog.fields.items()}
        return Reading(catalog=catalog, rows=every, observed_at=observed_at)


def asked_of(stream: str) -> Asked:
    """What has to be known of requests for a stream."""
    absent = f"the workspace has no object {stream}, or it is disabled"
    return Asked(
        scopes=permissions.NEEDS[stream], absent=absent if stream in mapping.OBJECTS else ""
    )


def _attributes(rows: list[Any]) -> list[Attribute]:
    """Those that can be read; the others are rejected where they are pulled."""
    found: list[Attribute] = []
    for row in rows:
        try:
            found.append(wire.attribute(row))
        except ValidationError:
            continue
    return found
