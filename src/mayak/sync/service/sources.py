"""The way to each service: a project's own credentials, else those of the installation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx

from mayak.connectors.attio import Attio
from mayak.connectors.base import Connector as Reader
from mayak.connectors.base import Gate, Identity, OpenGate
from mayak.connectors.chatwoot import Chatwoot
from mayak.connectors.linear import Linear
from mayak.errors import Misconfigured
from mayak.platform.db import Conn
from mayak.platform.secrets import Vault
from mayak.sync.model import TITLES, Connector
from mayak.sync.queries import connections as queries
from mayak.sync.service.governor import Budget, Credential, Governor, for_fixed_windows

DEFAULT_PORTS = {"http": 80, "https": 443}
ADDRESSES: Mapping[Connector, str] = {
    "linear": "https://api.linear.app",
    "attio": "https://api.attio.com",
}
PATIENCE = timedelta(minutes=5)
"""How long background work waits for its turn before the run is put back in line."""
SHORT_PATIENCE = timedelta(seconds=20)
"""The same for somebody who looks at a page meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What one account is reached with."""

    secret: str = field(repr=False)
    base_url: str
    account: str | None = None
    """The number of a Chatwoot account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may be asked of the services that do not say it themselves."""

    chatwoot_per_minute: float = 3000
    attio_reads_per_second: float = 100
    attio_writes_per_second: float = 25

    def budgets(self, connector: Connector) -> Mapping[str, Budget]:
        """The budgets that count before the service has said anything."""
        second, minute, hour = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
        match connector:
            case "chatwoot":
                return {"requests": for_fixed_windows(self.chatwoot_per_minute, minute)}
            case "attio":
                return {
                    "reads": for_fixed_windows(self.attio_reads_per_second, second),
                    "writes": for_fixed_windows(self.attio_writes_per_second, second),
                }
            case "linear":
                # What the oldest pages of its documentation promise; every reply says more.
                return {
                    "requests": Budget(limit=1500, period=hour),
                    "complexity": Budget(limit=250_000, period=hour),
                }


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One account, as a project may read it."""

    connector: Connector
    reader: Reader
    account_ref: str | None
    """Names the account in bindings, never a secret; None until the service was asked."""
    paused_by: str | None = None
    """Who paused it; None while it is enabled."""
    own: bool = False
    """Reached with credentials of the project itself."""


class Sources:
    """Opens the services for any project."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        defaults: Mapping[Connector, Credentials],
        vault: Callable[[], Vault] | None = None,
        governor: Governor | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._http = http
        self._defaults = dict(defaults)
        self._vault = vault
        self._governor = governor
        self._limits = limits or Limits()

    def configured(self, connector: Connector) -> bool:
        """Whether the installation itself has credentials."""
        return connector in self._defaults

    def default_ref(self, connector: Connector) -> str | None:
        """The account that the installation's credentials name, if they do."""
        found = self._defaults.get(connector)
        return None if found is None else _known_ref(connector, found)

    def ref(self, connector: Connector, credentials: Credentials) -> str | None:
        """The account that these credentials name; None while only the service knows it."""
        return _known_ref(connector, credentials)

    def base_url(self, connector: Connector) -> str | None:
        """Where the installation reaches the service."""
        found = self._defaults.get(connector)
        return None if found is None else found.base_url

    def account(self, connector: Connector) -> str | None:
        """The number of the Chatwoot account that the installation is connected to."""
        found = self._defaults.get(connector)
        return None if found is None else found.account

    def seal(self, secret: str) -> bytes:
        """A credential as it may be stored. Raises Misconfigured without a key."""
        return self._need_vault().seal(secret)

    def open_sealed(self, sealed: bytes) -> str:
        """The credential back. Raises Misconfigured when the key is another one."""
        return self._need_vault().open(sealed)

    async def open(
        self, conn: Conn, project_id: UUID, connector: Connector, *, interactive: bool = False
    ) -> Source | None:
        """The service as this project reaches it; None when nobody gave credentials.

        Raises Misconfigured when a stored credential cannot be read.
        """
        connection = await queries.connection(conn, project_id, connector)
        default = self._defaults.get(connector)
        if connection.credential is None:
            credentials = default
        else:
            credentials = Credentials(
                secret=self.open_sealed(connection.credential),
                base_url=connection.base_url
                or (default.base_url if default else ADDRESSES.get(connector, "")),
                account=connection.account,
            )
        if credentials is None:
            return None
        reader = self.reader(
            connector, credentials, mapping=connection.mapping, interactive=interactive
        )
        known = (connection.identity or {}).get("account_ref")
        return Source(
            connector=connector,
            reader=reader,
            account_ref=_known_ref(connector, credentials) or known,
            paused_by=(connection.paused_by or "somebody")
            if connection.status == "paused"
            else None,
            own=connection.credential is not None,
        )

    def reader(
        self,
        connector: Connector,
        credentials: Credentials,
        *,
        mapping: Mapping[str, Mapping[str, str]] | None = None,
        interactive: bool = False,
    ) -> Reader:
        """A connector with these credentials. Raises Misconfigured when something is missing."""
        gate = self._gate(connector, credentials, interactive=interactive)
        base_url, secret = credentials.base_url, credentials.secret
        match connector:
            case "chatwoot":
                account = credentials.account or ""
                if not (account.isascii() and account.isdigit() and base_url):
                    raise Misconfigured("chatwoot", "needs an address and the number of an account")
                return Chatwoot(
                    self._http, base_url=base_url, token=secret, account_id=int(account), gate=gate
                )
            case "linear":
                return Linear(self._http, api_key=secret, base_url=base_url, gate=gate)
            case "attio":
                return Attio(
                    self._http, token=secret, base_url=base_url, gate=gate, overrides=mapping
                )

    def _gate(self, connector: Connector, credentials: Credentials, *, interactive: bool) -> Gate:
        if self._governor is None:
            return OpenGate()
        # Chatwoot counts by the address that we come from, whoever's token it is.
        counted = credentials.base_url if connector == "chatwoot" else credentials.secret
        return self._governor.gate(
            Credential.of(TITLES[connector], counted),
            budgets=self._limits.budgets(connector),
            patience=SHORT_PATIENCE if interactive else PATIENCE,
            interactive=interactive,
        )

    def _need_vault(self) -> Vault:
        if self._vault is None:
            raise Misconfigured("MAYAK_SECRET_KEY", "is needed for credentials of a project")
        return self._vault()


def ref_of(connector: Connector, identity: Identity, source: Source) -> str:
    """The name of the account in bindings, once the service has said which it is."""
    return (
        source.account_ref
        if connector == "chatwoot" and source.account_ref
        else (f"{connector}/{identity.account_id}")
    )


def as_row(identity: Identity, account_ref: str) -> dict[str, Any]:
    """An identity as a connection keeps it."""
    return {
        "account_ref": account_ref,
        "account_name": identity.account_name,
        "user": identity.user,
        "role": identity.role,
        "missing": dict(identity.missing),
    }


def _known_ref(connector: Connector, credentials: Credentials) -> str | None:
    if connector == "chatwoot" and credentials.account:
        return account_ref(credentials.base_url, int(credentials.account))
    return None


def account_ref(base_url: str, account_id: int) -> str:
    """The name of a Chatwoot account: host, port and path of the server, and the account id.

    A port that the scheme implies is left out, so that saying it changes nothing.
    """
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    implied = parts.port in (None, DEFAULT_PORTS.get(parts.scheme))
    port = "" if implied else f":{parts.port}"
    return f"{host}{port}{parts.path.rstrip('/')}/{account_id}"
