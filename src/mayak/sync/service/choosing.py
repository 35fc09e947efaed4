"""What of an account a project could have, and which attribute of Attio is which field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from pydantic import ValidationError

from mayak.automation.model import Registry
from mayak.connectors.attio import Attio
from mayak.connectors.attio.mapping import FIELDS, OBJECTS, Attribute, catalog
from mayak.connectors.attio.wire import attribute as read_attribute
from mayak.connectors.base import Part
from mayak.errors import InvalidInput
from mayak.platform.db import Conn, Database
from mayak.sync.model import Binding, BoundTo, Connector, NothingMapped
from mayak.sync.queries import bindings as binding_queries
from mayak.sync.queries import connections as queries
from mayak.sync.service.bindings import taken_elsewhere
from mayak.sync.service.connecting import ask_again, opened, read_soon
from mayak.sync.service.sources import Sources

ChosenBy = Literal["name", "person", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A part of an account, and whether it can be had."""

    kind: str
    external_id: str
    name: str
    bound: BoundTo | None
    """None while it is free."""


async def parts(
    database: Database, sources: Sources, project_id: UUID, connector: Connector, words: str | None
) -> list[Choice]:
    """The parts of the account, asked of the service now; first of all the whole account.

    With `words` only those whose name has them, and of Attio the companies that it finds.
    What is bound here comes too, also if the service does not list it any more. Raises
    NotConnected without a credential, Upstream when the service cannot be asked.
    """
    source = await opened(database, sources, project_id, connector)
    account_ref = source.account_ref or await ask_again(database, project_id, source)
    found = await source.reader.parts()
    words = (words or "").strip()
    if words:
        found = [one for one in found if words.casefold() in one.name.casefold()]
        if isinstance(source.reader, Attio):
            found = [*await source.reader.search_companies(words), *found]
    async with database.transaction(project_id) as conn:
        ours = await binding_queries.bindings(conn, project_id, connector, account_ref)
        named = await queries.connection(conn, project_id, connector)
    if not words:
        listed = {(one.kind, one.external_id) for one in found}
        found += [_as_part(one) for one in ours if (one.kind, one.external_id) not in listed]
        name = (named.identity or {}).get("account_name")
        found = _with_account(found, account_ref, str(name or "The whole account"))
    taken = await taken_elsewhere(
        database, project_id, connector, account_ref, [one.external_id for one in found]
    )
    here = {(one.kind, one.external_id) for one in ours}

    def bound(one: Part) -> BoundTo | None:
        if (one.kind, one.external_id) in here:
            return "here"
        return "elsewhere" if taken.holds(one.kind, one.external_id) else None

    return [
        Choice(kind=one.kind, external_id=one.external_id, name=one.name, bound=bound(one))
        for one in found
    ]


def _as_part(binding: Binding) -> Part:
    name = binding.name or f"{binding.kind} {binding.external_id}"
    return Part(kind=binding.kind, external_id=binding.external_id, name=name)


def _with_account(found: Sequence[Part], account_ref: str, name: str) -> list[Part]:
    """The whole account first, once."""
    id_ = account_ref.rpartition("/")[2]
    account = Part(kind="account", external_id=id_, name=name)
    return [account, *(one for one in found if one.kind != "account")]


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedField:
    """One field of ours, and the attribute that it is read from."""

    field: str
    attribute: Attribute | None
    """None when nothing fits, or when what a person chose is not there any more."""
    chosen_by: ChosenBy
    chosen_id: str | None
    """The attribute that a person chose, there or not."""
    candidates: list[Attribute]
    """Attributes of a type that would do."""


async def mapping(conn: Conn, project_id: UUID) -> dict[str, list[MappedField]]:
    """What each field of companies, deals and people is read from, by object."""
    connection = await queries.connection(conn, project_id, "attio")
    known = await _attributes(conn, project_id)
    return {
        object_: _mapped(object_, known.get(object_, []), connection.mapping.get(object_, {}))
        for object_ in OBJECTS
    }


def _mapped(
    object_: str, attributes: Sequence[Attribute], chosen: Mapping[str, str]
) -> list[MappedField]:
    found = catalog(object_, attributes, chosen=chosen).fields
    fields = []
    for name, wanted in FIELDS[object_].items():
        by: ChosenBy = "person" if name in chosen else "name" if name in found else "none"
        fits = [one for one in attributes if one.type in wanted.types and not one.archived]
        fields.append(
            MappedField(
                field=name,
                attribute=found.get(name),
                chosen_by=by,
                chosen_id=chosen.get(name),
                candidates=sorted(fits, key=lambda one: (one.title.casefold(), one.slug)),
            )
        )
    return fields


async def choose(
    conn: Conn, registry: Registry, project_id: UUID, chosen: Mapping[str, Mapping[str, str]]
) -> None:
    """Say which attribute is which field; what is left out is found by its name again.

    Everything is read again for it. Raises NothingMapped before the first sync, InvalidInput for
    what Attio does not have, or an attribute that is not of a type that would do.
    """
    known = await _attributes(conn, project_id)
    if not known:
        raise NothingMapped
    for object_, fields in chosen.items():
        if object_ not in FIELDS:
            raise InvalidInput(object_[:50], f"is no object; use {', '.join(OBJECTS)}")
        _check(object_, fields, {one.id: one for one in known.get(object_, [])})
    kept = {object_: dict(fields) for object_, fields in chosen.items() if fields}
    before = await queries.connection(conn, project_id, "attio")
    if kept == before.mapping:
        return
    await queries.map_fields(conn, project_id, "attio", kept)
    await read_soon(
        conn, registry, project_id, "attio", because="its fields were mapped anew", full=True
    )


def _check(object_: str, fields: Mapping[str, str], known: Mapping[str, Attribute]) -> None:
    for name, attribute_id in fields.items():
        where = f"{object_}.{name}"[:100]
        if name not in FIELDS[object_]:
            raise InvalidInput(where, f"is no field; use {', '.join(FIELDS[object_])}")
        attribute = known.get(attribute_id)
        if attribute is None or attribute.archived:
            raise InvalidInput(where, "names no attribute that Attio has")
        if attribute.type not in FIELDS[object_][name].types:
            types = " or ".join(FIELDS[object_][name].types)
            raise InvalidInput(where, f"needs an attribute of type {types}, not {attribute.type}")
    if len(set(fields.values())) < len(fields):
        raise InvalidInput(object_, "names one attribute for two fields")


async def _attributes(conn: Conn, project_id: UUID) -> dict[str, list[Attribute]]:
    """What the last sync read, by object; what cannot be read of it is nothing to choose."""
    rows = await queries.attributes(conn, project_id)
    found: dict[str, list[Attribute]] = {}
    for object_, payloads in rows.items():
        found[object_] = [one for one in map(_read, payloads) if one is not None]
    return found


def _read(payload: dict[str, Any]) -> Attribute | None:
    try:
        return read_attribute(payload)
    except ValidationError:
        return None
