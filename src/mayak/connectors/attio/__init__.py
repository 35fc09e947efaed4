"""Attio: companies, deals, people, their notes and tasks, over its REST API.

There is no time of change on anything, attributes are named by each workspace in its own way,
and pages are offsets into a list that moves; each call says what it relies on.
"""

from mayak.connectors.attio.client import Attio
from mayak.connectors.attio.mapping import FIELDS
from mayak.connectors.attio.subscriptions import Webhook
from mayak.connectors.attio.webhooks import verify

__all__ = ["FIELDS", "Attio", "Webhook", "verify"]
