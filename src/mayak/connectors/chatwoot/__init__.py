"""Chatwoot: inboxes, contacts, conversations and messages, over its application API.

The documentation is silent or wrong about most of what matters here; each call says what it
relies on.
"""

from mayak.connectors.chatwoot.calls import CONCURRENCY
from mayak.connectors.chatwoot.client import Chatwoot
from mayak.connectors.chatwoot.webhooks import read, verify
from mayak.connectors.chatwoot.wire import contact, inbox_ids

__all__ = ["CONCURRENCY", "Chatwoot", "contact", "inbox_ids", "read", "verify"]
