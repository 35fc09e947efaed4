"""Where services call, and how they come to know where."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel
from starlette.requests import ClientDisconnect, Request

from mayak.access.deps import CurrentProject, allow
from mayak.automation.model import Registry
from mayak.errors import AppError
from mayak.http.paging import Page
from mayak.http.services import Services
from mayak.platform.db import Database
from mayak.sync.model import Connector
from mayak.sync.queries.webhooks import DeliveryStatus, EndpointMode, EndpointStatus
from mayak.sync.service import Sources, subscribing, webhooks
from mayak.sync.service.subscribing import AtService, Installed, PublicAddress
from mayak.sync.service.webhooks import Posted, UnknownEndpoint

router = APIRouter()


class CutShort(AppError):
    """The rest of the body was not read: it is longer than any event, or the sender went away."""

    status = 413
    code = "body_cut_short"
    message = "The body did not arrive whole."


class Received(BaseModel):
    received: bool = True


class WebhookWanted(BaseModel):
    unsigned: bool = False
    """Of Chatwoot up to 4.11.1, which signs nothing: believe whoever knows a secret address."""


class WebhookView(BaseModel):
    """Where one service calls us, and how it is going."""

    id: UUID
    connector: Connector
    url: str
    """Without the secret that may be in it."""
    mode: EndpointMode
    """signed, or path: only a secret in the address says who is speaking."""
    status: EndpointStatus
    at_service: AtService
    """on, off, gone, or unknown when the service cannot be asked."""
    created_at: datetime
    last_delivery_at: datetime | None
    last_error: str | None
    deliveries: dict[DeliveryStatus, int]
    """Of the last 24 hours; received means that nobody has looked into them yet."""

    @classmethod
    def of(cls, one: Installed) -> "WebhookView":
        endpoint = one.endpoint
        return cls(
            id=endpoint.id,
            connector=endpoint.connector,
            url=endpoint.url,
            mode=endpoint.mode,
            status=endpoint.status,
            at_service=one.at_service,
            created_at=endpoint.created_at,
            last_delivery_at=endpoint.last_delivery_at,
            last_error=endpoint.last_error or one.last_failure,
            deliveries=dict(one.counts),
        )


@router.post("/webhooks/{connector}/{binding}", tags=["webhooks"])
async def receive_webhook(
    connector: Connector,
    binding: str,
    request: Request,
    services: Services,
    key: Annotated[str | None, Query(max_length=200)] = None,
) -> Received:
    """For services alone: what changed, signed. Kept and answered; looked into right after."""
    try:
        endpoint_id = UUID(binding)
    except ValueError:
        raise UnknownEndpoint from None
    try:
        body = await request.body()
    except ClientDisconnect:
        raise CutShort from None
    await webhooks.receive(
        services.get(Database),
        services.get(Sources),
        services.get(Registry),
        connector,
        endpoint_id,
        Posted(body=body, headers=dict(request.headers), key=key),
    )
    return Received()


@router.get("/connectors/{connector}/webhooks", dependencies=[allow("connectors.read")])
async def list_webhooks(
    connector: Connector, project: CurrentProject, services: Services
) -> Page[WebhookView]:
    """Where the service calls us for this project; one or none. The service is asked, too."""
    found = await subscribing.installed(
        services.get(Database), services.get(Sources), project.id, connector
    )
    return Page(items=[WebhookView.of(found)] if found else [], next_cursor=None)


@router.post("/connectors/{connector}/webhooks", dependencies=[allow("connectors.manage")])
async def install_webhook(
    connector: Connector,
    project: CurrentProject,
    services: Services,
    wanted: Annotated[WebhookWanted | None, Body()] = None,
) -> WebhookView:
    """Have the service call us. One that does so already stays, and one that is lost is mended."""
    # Only to this installation: whoever chose the address would be told of every client's affairs.
    address = services.get(PublicAddress).need()
    return WebhookView.of(
        await subscribing.install(
            services.get(Database),
            services.get(Sources),
            project.id,
            connector,
            address=address,
            unsigned=wanted is not None and wanted.unsigned,
        )
    )


@router.delete(
    "/connectors/{connector}/webhooks/{endpoint_id}",
    status_code=204,
    dependencies=[allow("connectors.manage")],
)
async def remove_webhook(
    connector: Connector,
    endpoint_id: UUID,
    project: CurrentProject,
    services: Services,
    *,
    here_only: bool = False,
) -> None:
    """Have the service call us no more; `here_only` when it cannot be reached."""
    await subscribing.uninstall(
        services.get(Database),
        services.get(Sources),
        project.id,
        connector,
        endpoint_id=endpoint_id,
        here_only=here_only,
    )
