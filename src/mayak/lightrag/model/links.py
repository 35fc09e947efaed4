"""Where a source can be opened in its own system."""

from urllib.parse import quote, urlsplit

from mayak.lightrag.model.records import Record


class SourceLinks:
    """Deep links into one Chatwoot. Without a base URL there are none."""

    def __init__(self, base_url: str | None, account_id: str | int | None) -> None:
        self._base = _web_address(base_url) if account_id is not None else None
        self._account = quote(str(account_id), safe="")

    def conversation(self, display_id: str) -> str | None:
        """The page of a conversation, by the number people know it by; None without a base URL."""
        if self._base is None:
            return None
        number = quote(display_id, safe="")
        return f"{self._base}/app/accounts/{self._account}/conversations/{number}"

    def contact(self, external_id: str) -> str | None:
        """The page of a contact; None without a base URL."""
        if self._base is None:
            return None
        return f"{self._base}/app/accounts/{self._account}/contacts/{quote(external_id, safe='')}"

    def page(self, record: Record) -> str | None:
        """Where to read a record in its own system; None when that is not known."""
        if record.document[0] == "chatwoot_conversation":
            return self.conversation(record.document[1])
        if record.document[0] == "chatwoot_contact":
            return self.contact(record.document[1])
        return _web_address(record.url)


def _web_address(url: str | None) -> str | None:
    """`url` without its last slash; None unless it is http or https."""
    parts = urlsplit(url or "")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return None
    return (url or "").rstrip("/")
