"""Having services call us: where, with which secret, and whether they still know."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from secrets import token_hex, token_urlsafe
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from mayak.connectors.attio import Attio
from mayak.connectors.base import Connector as Reader
from mayak.connectors.chatwoot import Chatwoot
from mayak.connectors.linear import Linear
from mayak.errors import (
    AppError,
    Conflict,
    InvalidInput,
    Misconfigured,
    NotFound,
    Upstream,
    UpstreamRejected,
)
from mayak.platform.db import Database
from mayak.sync.model import TITLES, Connector
from mayak.sync.queries import webhooks as queries
from mayak.sync.queries.webhooks import DeliveryStatus, Endpoint
from mayak.sync.service.connecting import ask_account, opened
from mayak.sync.service.sources import Sources
from mayak.sync.service.webhooks import hash_of

AtService = Literal["on", "off", "gone", "unknown"]
"""What the service says of it: calls us, calls us no more, knows nothing of it; unknown when it
cannot be asked.
"""
LABEL = "Mayak"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicAddress:
    """Where other services reach this installation."""

    url: str | None

    def need(self, given: str | None = None) -> str:
        """The address, without a slash at its end. Raises Misconfigured when there is none."""
        url = (given or self.url or "").rstrip("/")
        if not url:
            reason = "is not set: services need an address at which they reach this server"
            raise Misconfigured("MAYAK_PUBLIC_URL", reason)
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
            raise InvalidInput("url", "give an address such as https://mayak.example.com")
        return url


class NotSigned(Conflict):
    code = "webhooks_not_signed"
    message = (
        "This Chatwoot does not sign what it sends (versions up to 4.11.1 do not). Update it, or "
        "install with the option unsigned: then only a secret in the address says who is speaking, "
        "and whoever reads the address, in a proxy's log or in Chatwoot's settings, can make Mayak "
        "look again, though never tell it lies."
    )


@dataclass(eq=False)
class NotInstalled(NotFound):
    code = "webhook_not_installed"
    message = "{service} calls nobody for this project."

    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """An endpoint, with what was heard there."""

    endpoint: Endpoint
    at_service: AtService
    counts: Mapping[DeliveryStatus, int] = field(default_factory=dict)
    """Deliveries of the last 24 hours."""
    last_failure: str | None = None
    """Of a delivery of the last 24 hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """What a service answered when it was asked to call us."""

    remote_id: str
    secret: str | None
    url: str
    key: str | None = None
    objects: Mapping[str, str] = field(default_factory=dict)


async def install(
    database: Database,
    sources: Sources,
    project_id: UUID,
    connector: Connector,
    *,
    address: str,
    unsigned: bool = False,
) -> Installed:
    """Have the service tell us what changes; one that does so already stays, a lost one is mended.

    `address` is where this installation is reached. Raises Misconfigured without a credential,
    NotSigned unless `unsigned` is allowed, Upstream when the service fails or refuses.
    """
    reader = (await opened(database, sources, project_id, connector)).reader
    await ask_account(database, sources, project_id, connector)
    async with database.transaction(project_id) as conn:
        before = await queries.live(conn, project_id, connector)
        id_ = before.id if before else uuid4()
        url = f"{address}/webhooks/{connector}/{id_}"
        await queries.add(conn, project_id, id_, connector, url)
        endpoint = await queries.live(conn, project_id, connector)
    assert endpoint is not None
    known = await _known(reader)
    if endpoint.status == "active" and endpoint.url == url and _at(endpoint, known) == "on":
        return Installed(endpoint=endpoint, at_service="on")
    try:
        await _clear_away(reader, endpoint, known)
        made = await _make(reader, url, unsigned=unsigned)
    except AppError as error:
        async with database.transaction(project_id) as conn:
            if before is None and not (isinstance(error, Upstream) and error.retryable):
                await queries.forget(conn, endpoint)
            else:  # perhaps it was made all the same: the next time finds it by its address
                await queries.failing(conn, project_id, connector, str(error))
        raise
    return await _remember(database, sources, endpoint, made)


async def _remember(
    database: Database, sources: Sources, endpoint: Endpoint, made: _Made
) -> Installed:
    async with database.transaction(endpoint.project_id) as conn:
        await queries.installed(
            conn,
            endpoint,
            mode="signed" if made.secret else "path",
            secret=sources.seal(made.secret) if made.secret else None,
            path_secret_hash=hash_of(made.key) if made.key and not made.secret else None,
            url=made.url,
            remote_id=made.remote_id,
            objects=made.objects,
        )
        kept = await queries.live(conn, endpoint.project_id, endpoint.connector)
    assert kept is not None
    return Installed(endpoint=kept, at_service="on")


async def _known(reader: Reader) -> dict[str, tuple[str, bool]]:
    """The webhooks of the account: address, without its query, and whether it is on; by id."""
    if isinstance(reader, Chatwoot):
        return {id_: (_bare(url), True) for id_, url in await reader.webhooks()}
    if isinstance(reader, Linear):
        return {id_: (_bare(url), on) for id_, url, on in await reader.webhooks()}
    assert isinstance(reader, Attio)
    return {one.id: (_bare(one.url), one.status != "inactive") for one in await reader.webhooks()}


def _bare(url: str) -> str:
    """An address without the secret that may be in it."""
    return url.partition("?")[0]


def _at(endpoint: Endpoint, known: Mapping[str, tuple[str, bool]]) -> AtService:
    found = known.get(endpoint.remote_id or "")
    if found is None or found[0] != endpoint.url:
        return "gone"
    return "on" if found[1] else "off"


async def _clear_away(
    reader: Reader, endpoint: Endpoint, known: Mapping[str, tuple[str, bool]]
) -> None:
    """Remove what the service has of the endpoint: its secret cannot be learned again.

    An address has the endpoint's own id in it, so it is nobody else's.
    """
    mine = f"/webhooks/{endpoint.connector}/{endpoint.id}"
    for id_, (url, _) in known.items():
        if id_ == endpoint.remote_id or url.endswith(mine):
            await _remove_there(reader, id_)


async def _remove_there(reader: Reader, remote_id: str) -> None:
    """Also done when there is none any more."""
    assert isinstance(reader, Chatwoot | Linear | Attio)
    try:
        await reader.remove_webhook(remote_id)
    except UpstreamRejected as error:
        if error.kind != "not_found":
            raise


async def _make(reader: Reader, url: str, *, unsigned: bool) -> _Made:
    if isinstance(reader, Linear):
        secret = token_hex(32)
        return _Made(
            remote_id=await reader.install_webhook(url, secret, LABEL), secret=secret, url=url
        )
    if isinstance(reader, Attio):
        objects = await reader.objects()
        remote_id, told = await reader.install_webhook(url)
        return _Made(remote_id=remote_id, secret=told, url=url, objects=objects)
    assert isinstance(reader, Chatwoot)
    key = token_urlsafe(32) if unsigned else None
    remote_id, maybe = await reader.install_webhook(f"{url}?key={key}" if key else url)
    if maybe is None and not unsigned:
        await reader.remove_webhook(remote_id)
        raise NotSigned
    return _Made(remote_id=remote_id, secret=maybe, url=url, key=key)


async def installed(
    database: Database, sources: Sources, project_id: UUID, connector: Connector
) -> Installed | None:
    """The project's endpoint with what was heard there; None when there is none."""
    async with database.transaction(project_id) as conn:
        endpoint = await queries.live(conn, project_id, connector)
        if endpoint is None:
            return None
        heard = await queries.heard(conn, project_id, endpoint.id)
    try:
        reader = (await opened(database, sources, project_id, connector)).reader
        at_service = _at(endpoint, await _known(reader))
    except (Misconfigured, Upstream):
        at_service = "unknown"
    return Installed(
        endpoint=endpoint,
        at_service=at_service,
        counts={one.status: one.deliveries for one in heard},
        last_failure=next((one.error for one in heard if one.status == "failed"), None),
    )


async def uninstall(
    database: Database,
    sources: Sources,
    project_id: UUID,
    connector: Connector,
    *,
    endpoint_id: UUID | None = None,
    here_only: bool = False,
) -> Endpoint:
    """Have the service call us no more; nobody is heard at the address from now on.

    `here_only` does not tell the service, for one that cannot be reached any more. Raises
    NotInstalled when the project has none, Misconfigured and Upstream when it cannot be told.
    """
    async with database.transaction(project_id) as conn:
        endpoint = await queries.live(conn, project_id, connector)
    if endpoint is None or endpoint_id not in {None, endpoint.id}:
        raise NotInstalled(TITLES[connector])
    if not here_only:
        reader = (await opened(database, sources, project_id, connector)).reader
        await _clear_away(reader, endpoint, await _known(reader))
    async with database.transaction(project_id) as conn:
        await queries.removed(conn, endpoint)
    return endpoint
