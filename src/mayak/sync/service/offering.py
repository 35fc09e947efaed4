"""What somebody offers to reach a service with, made sure of before anything is sent anywhere."""

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from mayak.errors import InvalidInput
from mayak.sync.model import TITLES, Connector, NotConnected
from mayak.sync.queries.connections import Connection
from mayak.sync.service.sources import ADDRESSES, Credentials, Sources

LONGEST_ADDRESS = 500
LONGEST_SECRET = 1000
LONGEST_NUMBER = 18
LONGEST_HOST = 253
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Parts of a credential; what is left out is as it was."""

    secret: str | None = field(default=None, repr=False)
    base_url: str | None = None
    account: str | None = None


def completed(
    offer: Offer, connector: Connector, connection: Connection, sources: Sources
) -> Credentials | None:
    """The credentials that an offer comes to; None when it offers nothing of its own.

    A secret that is stored already is sent to no address but the one it was given for. Raises
    InvalidInput for an address, a number or a secret that is none.
    """
    own = connection.credential is not None
    base = _address(offer.base_url) if offer.base_url else None
    number = _number(offer.account, connector) if offer.account else None
    if offer.secret is None:
        if base is None and number is None:
            return None
        reason = "is needed with another address or account: a stored one is not sent there"
        raise InvalidInput("secret", reason)
    known = (connection.base_url if own else None) or sources.base_url(connector)
    base = base or known or ADDRESSES.get(connector)
    if base is None:
        raise InvalidInput("base_url", f"say where {TITLES[connector]} is reached")
    if connector == "chatwoot":
        number = number or (connection.account if own else sources.account(connector))
        if number is None:
            raise InvalidInput("account", "say the number of the account of Chatwoot")
    return Credentials(secret=_secret(offer.secret), base_url=base.rstrip("/"), account=number)


def _address(text: str) -> str:
    """An address as it is stored. Private ones are fine: a Chatwoot of one's own lives there."""
    text = text.strip()
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise InvalidInput("base_url", "is no address; write it as https://name") from None
    if parts.scheme not in {"http", "https"} or not host or port == 0 or not _is_host(host):
        raise InvalidInput("base_url", "is no address; write it as https://name")
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise InvalidInput("base_url", "has a name or password in it; give the address alone")
    if parts.query or parts.fragment or "/app/" in parts.path or "/api/" in parts.path:
        raise InvalidInput("base_url", "give the address alone, as https://chat.example.com")
    if len(text) > LONGEST_ADDRESS or not (text.isascii() and text.isprintable()) or " " in text:
        raise InvalidInput("base_url", "has letters that no address has; write it as https://name")
    if _is_link_local(host):
        raise InvalidInput("base_url", "is an address of this machine's own network card")
    return text.rstrip("/")


def _is_host(host: str) -> bool:
    """Whether it is the name or the number of a machine."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return len(host) <= LONGEST_HOST and all(map(LABEL.fullmatch, host.split(".")))
    return True


def _is_link_local(host: str) -> bool:
    """Where clouds tell a machine its secrets; never where a service is."""
    try:
        return ipaddress.ip_address(host).is_link_local
    except ValueError:
        return False


def _number(text: str, connector: Connector) -> str:
    text = text.strip()
    if connector != "chatwoot":
        raise InvalidInput("account", f"{TITLES[connector]} knows the account by the token")
    if not (text.isascii() and text.isdigit()) or len(text) > LONGEST_NUMBER or not int(text):
        raise InvalidInput("account", "is not the number of an account")
    return str(int(text))


def _secret(text: str) -> str:
    """A token that fits into a header. What is wrong with it is said without repeating it."""
    text = text.strip()
    if not text or len(text) > LONGEST_SECRET:
        raise InvalidInput("secret", f"is empty, or longer than {LONGEST_SECRET} letters")
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise InvalidInput("secret", "has letters that no token has; copy it once more")
    return text


def not_connected(connector: Connector) -> NotConnected:
    """What there is to say when nobody gave a credential."""
    setting = "CHATWOOT_BASE_URL" if connector == "chatwoot" else f"{connector.upper()}_API_KEY"
    return NotConnected(setting, f"{TITLES[connector]} is not connected")
