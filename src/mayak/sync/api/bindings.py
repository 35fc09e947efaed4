"""What of an account belongs to the project."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from mayak.access.deps import CurrentProject, Tx, allow
from mayak.errors import InvalidInput
from mayak.http.services import Services
from mayak.platform.db import Conn, Database
from mayak.sync import service
from mayak.sync.model import TITLES, Binding, BindingKind, BindingScope, Connector
from mayak.sync.service import Bindings, Sources

router = APIRouter()


class BoundInboxView(BaseModel):
    external_id: str
    name: str | None


class BoundPartView(BaseModel):
    kind: BindingKind
    external_id: str
    name: str | None


class BindingsView(BaseModel):
    """What of the account belongs to the project."""

    scope: BindingScope
    """none, account (all of it), inboxes (Chatwoot) or parts (the others)."""
    inboxes: list[BoundInboxView]
    parts: list[BoundPartView]

    @classmethod
    def of(cls, bound: Bindings) -> "BindingsView":
        inboxes = [
            BoundInboxView(external_id=one.external_id, name=one.name) for one in bound.inboxes
        ]
        parts = [
            BoundPartView(kind=one.kind, external_id=one.external_id, name=one.name)
            for one in bound.parts
        ]
        return cls(scope=bound.scope, inboxes=inboxes, parts=parts)


class PartWanted(BaseModel):
    kind: BindingKind
    external_id: Annotated[str, Field(min_length=1, max_length=4000)]
    name: Annotated[str, Field(max_length=200)] | None = None


class BindingsWanted(BaseModel):
    scope: BindingScope
    inboxes: list[Annotated[str, Field(pattern=r"^[0-9]{1,18}$")]] = Field(
        default_factory=list, max_length=1000
    )
    """Of Chatwoot, with the scope inboxes."""
    parts: list[PartWanted] = Field(default_factory=list, max_length=1000)
    """Teams, projects, companies, lists, filters; with the scope parts."""


@router.get("/connectors/{connector}/bindings", dependencies=[allow("connectors.read")])
async def read_bindings(
    connector: Connector, project: CurrentProject, tx: Tx, services: Services
) -> BindingsView:
    """What of the account belongs to the project; nothing when no account is known yet."""
    account_ref = await _account_ref(tx, services, project.id, connector)
    if account_ref is None:
        return BindingsView(scope="none", inboxes=[], parts=[])
    bound = await service.bindings(tx, project.id, account_ref, connector)
    return BindingsView.of(service.described(bound))


@router.put("/connectors/{connector}/bindings", dependencies=[allow("connectors.manage")])
async def write_bindings(
    connector: Connector,
    wanted: BindingsWanted,
    project: CurrentProject,
    services: Services,
) -> BindingsView:
    """Make the bindings exactly these. What was copied of an unbound part becomes tombstones."""
    database = services.get(Database)
    async with database.transaction(project.id) as conn:
        account_ref = await _account_ref(conn, services, project.id, connector)
    if account_ref is None:
        account_ref = await service.ask_account(
            database, services.get(Sources), project.id, connector
        )
    if (wanted.scope in {"inboxes", "parts"}) != bool(wanted.inboxes or wanted.parts):
        raise InvalidInput("parts", "name parts with the scope parts or inboxes, only with it")
    if wanted.inboxes and connector != "chatwoot":
        raise InvalidInput("inboxes", f"{TITLES[connector]} has none")
    parts = [Binding(kind="inbox", external_id=id_) for id_ in wanted.inboxes]
    parts += [
        Binding(kind=one.kind, external_id=one.external_id, name=one.name) for one in wanted.parts
    ]
    bound = await service.replace_parts(
        database, project.id, connector, account_ref, whole=wanted.scope == "account", parts=parts
    )
    return BindingsView.of(bound)


async def _account_ref(
    conn: Conn, services: Services, project_id: UUID, connector: Connector
) -> str | None:
    source = await services.get(Sources).open(conn, project_id, connector)
    return None if source is None else source.account_ref
