"""Chatwoot: inboxes, contacts, conversations and messages, over its application API.

The documentation is silent or wrong about most of what matters here; each call says what it
relies on.
"""

from mayak.connectors.chatwoot.client import CONCURRENCY, Chatwoot, Profile
from mayak.connectors.chatwoot.wire import contact, inbox_ids

__all__ = ["CONCURRENCY", "Chatwoot", "Profile", "contact", "inbox_ids"]
