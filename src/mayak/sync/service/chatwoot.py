"""What Chatwoot's streams have of their own."""

from collections.abc import Awaitable, Callable

from mayak.sync.service.listing import sync_contacts, sync_conversations, sync_inboxes
from mayak.sync.service.walking import sync_messages
from mayak.sync.service.work import Work


def steps() -> dict[str, Callable[[Work], Awaitable[bool]]]:
    """How each stream is read."""
    return {
        "inboxes": sync_inboxes,
        "contacts": sync_contacts,
        "conversations": sync_conversations,
        "messages": sync_messages,
    }
