"""The one Chatwoot account that a process can reach, if it has credentials at all."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

import httpx

from mayak.connectors.chatwoot import Chatwoot

DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatwootAccess:
    connector: Chatwoot | None
    """None when no credentials are configured."""
    account_ref: str | None
    """Names the account in bindings, such as `chat.example.com/1`; never a secret."""

    @classmethod
    def connect(
        cls, http: httpx.AsyncClient, *, base_url: str, token: str, account_id: int
    ) -> Self:
        return cls(
            connector=Chatwoot(http, base_url=base_url, token=token, account_id=account_id),
            account_ref=account_ref(base_url, account_id),
        )

    @classmethod
    def off(cls) -> Self:
        return cls(connector=None, account_ref=None)


def account_ref(base_url: str, account_id: int) -> str:
    """The account's name in bindings: host, port and path of the server, and the account id.

    A port that the scheme implies is left out, so that saying it changes nothing.
    """
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    implied = parts.port in (None, DEFAULT_PORTS.get(parts.scheme))
    port = "" if implied else f":{parts.port}"
    return f"{host}{port}{parts.path.rstrip('/')}/{account_id}"
