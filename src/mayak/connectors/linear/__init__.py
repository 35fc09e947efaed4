"""Linear: teams, users, states, labels, projects, cycles, customers, issues and comments.

Everything goes over one GraphQL endpoint. Its order is newest first and its cursors hold for an
unknown time, so what is kept between two processes are times of change, never a cursor.
"""

from mayak.connectors.linear.client import Linear
from mayak.connectors.linear.webhooks import verify

__all__ = ["Linear", "verify"]
