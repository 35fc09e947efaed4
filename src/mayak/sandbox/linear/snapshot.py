"""Every row of Linear in the API's own shape."""

from typing import Any

from mayak.sandbox.linear.spelling import shown
from mayak.sandbox.linear.workspace import TABLES
from mayak.sandbox.store import Store


def snapshot(store: Store) -> dict[str, list[dict[str, Any]]]:
    """Rows by table, oldest first; archived and trashed ones are there, deleted ones are not."""
    workspace = store.linear
    return {
        table: [
            shown(workspace, row)
            for row in sorted(workspace.table(table), key=lambda one: (one.created_at, one.id))
        ]
        for table in TABLES.values()
        if table != "webhooks"
    }
