"""What of an account a project could have, and which attribute of Attio is which field."""

from typing import Annotated

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel

from mayak.access.deps import CurrentProject, Tx, allow
from mayak.automation.model import Registry
from mayak.http.paging import Page
from mayak.http.services import Services
from mayak.platform.db import Conn, Database
from mayak.sync.model import BindingKind, BoundTo, Connector
from mayak.sync.service import Sources, choosing
from mayak.sync.service.choosing import ChosenBy, MappedField

router = APIRouter()


class PartView(BaseModel):
    """A part of an account, and whether it can be had."""

    kind: BindingKind
    """The first one is the whole account."""
    external_id: str
    name: str
    bound: BoundTo | None
    """here: to this project; elsewhere: to another, so that it cannot be bound; null: free."""


class AttributeView(BaseModel):
    id: str
    slug: str
    title: str
    type: str


class FieldMappingView(BaseModel):
    """One field of ours, and the attribute that it is read from."""

    field: str
    attribute: AttributeView | None
    """Null when nothing fits, or when what a person chose is not there any more."""
    chosen_by: ChosenBy
    candidates: list[AttributeView]
    """Attributes of a type that would do."""

    @classmethod
    def of(cls, field: MappedField) -> "FieldMappingView":
        return cls.model_validate(field, from_attributes=True)


class ObjectMappingView(BaseModel):
    object: str
    """companies, deals or people."""
    fields: list[FieldMappingView]


class MappingView(BaseModel):
    objects: list[ObjectMappingView]


@router.get("/connectors/{connector}/parts", dependencies=[allow("connectors.manage")])
async def list_parts(
    connector: Connector,
    project: CurrentProject,
    services: Services,
    q: Annotated[str | None, Query(max_length=200)] = None,
) -> Page[PartView]:
    """The parts of the account, asked of the service now; with `q` also companies of Attio."""
    found = await choosing.parts(
        services.get(Database), services.get(Sources), project.id, connector, q
    )
    items = [PartView.model_validate(one, from_attributes=True) for one in found]
    return Page(items=items, next_cursor=None)


@router.get("/connectors/attio/mapping", dependencies=[allow("connectors.read")])
async def read_mapping(project: CurrentProject, tx: Tx) -> MappingView:
    """What each field of companies, deals and people is read from, and what else there is."""
    return await _view(tx, project)


@router.put("/connectors/attio/mapping", dependencies=[allow("connectors.manage")])
async def write_mapping(
    wanted: Annotated[dict[str, dict[str, str]], Body()],
    project: CurrentProject,
    tx: Tx,
    services: Services,
) -> MappingView:
    """Say which attribute is which field, by object; the rest is found by name. Reads all again."""
    await choosing.choose(tx, services.get(Registry), project.id, wanted)
    return await _view(tx, project)


async def _view(conn: Conn, project: CurrentProject) -> MappingView:
    found = await choosing.mapping(conn, project.id)
    return MappingView(
        objects=[
            ObjectMappingView(object=name, fields=[FieldMappingView.of(one) for one in fields])
            for name, fields in found.items()
        ]
    )
