"""What of an account belongs to the project."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from mayak.access.deps import CurrentProject, Tx, allow
from mayak.automation.model import Registry
from mayak.errors import InvalidInput
from mayak.http.services import Services
from mayak.platform.db import Database
from mayak.sync import service
from mayak.sync.model import TITLES, Binding, BindingKind, BindingScope, Connector
from mayak.sync.service import Bindings, Sources

router = APIRouter()

BECAUSE = "other parts were bound"


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
    account_ref = await service.account_of(tx, services.get(Sources), project.id, connector)
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
    """Make the bindings exactly these, and sync. What an unbound part left becomes tombstones."""
    parts = _parts(connector, wanted)
    database, sources = services.get(Database), services.get(Sources)
    if wanted.scope == "none":
        # Also what is of an account that nobody can reach any more.
        await service.unbind_everything(database, project.id, connector)
        bound = service.described([])
    else:
        async with database.transaction(project.id) as conn:
            account_ref = await service.account_of(conn, sources, project.id, connector)
        if account_ref is None:
            account_ref = await service.ask_account(database, sources, project.id, connector)
        whole = wanted.scope == "account"
        bound = await service.replace_parts(
            database, project.id, connector, account_ref, whole=whole, parts=parts
        )
    async with database.transaction(project.id) as conn:
        registry = services.get(Registry)
        await service.read_soon(
            conn, registry, project.id, connector, because=BECAUSE, even_unbound=True
        )
    return BindingsView.of(bound)


def _parts(connector: Connector, wanted: BindingsWanted) -> list[Binding]:
    """The parts that are asked for. Raises InvalidInput when they contradict the scope."""
    if (wanted.scope in {"inboxes", "parts"}) != bool(wanted.inboxes or wanted.parts):
        raise InvalidInput("parts", "name parts with the scope parts or inboxes, only with it")
    if wanted.inboxes and connector != "chatwoot":
        raise InvalidInput("inboxes", f"{TITLES[connector]} has none")
    if any(one.kind == "account" for one in wanted.parts):
        raise InvalidInput("parts", "the whole account is the scope account, not a part")
    parts = [Binding(kind="inbox", external_id=id_) for id_ in wanted.inboxes]
    return parts + [
        Binding(kind=one.kind, external_id=one.external_id, name=one.name) for one in wanted.parts
    ]
