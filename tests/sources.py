"""The services as tests reach them."""

import httpx

from mayak.sync.model import Connector
from mayak.sync.service import Credentials, Sources


def chatwoot(http: httpx.AsyncClient, *, base_url: str, token: str, account_id: int) -> Sources:
    """An installation that knows one account of Chatwoot and nothing else."""
    account = Credentials(secret=token, base_url=base_url, account=str(account_id))
    return Sources(http, defaults={"chatwoot": account})


def nothing() -> Sources:
    """An installation without credentials."""
    return Sources(httpx.AsyncClient(), defaults={})


def usual(base: str, **tokens: str) -> dict[Connector, Credentials]:
    """Credentials of the services at one address; `tokens` by connector, else the usual ones."""
    from mayak.sandbox.attio.telling import ATTIO_KEY
    from mayak.sandbox.linear.telling import LINEAR_KEY

    known: dict[Connector, str] = {"chatwoot": "admin", "linear": LINEAR_KEY, "attio": ATTIO_KEY}
    return {
        name: Credentials(
            secret=tokens.get(name, token),
            base_url=f"{base}/{name}",
            account="1" if name == "chatwoot" else None,
        )
        for name, token in known.items()
    }


def all_three(http: httpx.AsyncClient, base: str, **tokens: str) -> Sources:
    """An installation of the services at one address; `tokens` by connector, else the usual."""
    return Sources(http, defaults=usual(base, **tokens))
