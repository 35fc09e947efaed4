"""Every row of Attio in the API's own shape."""

from typing import Any

from mayak.sandbox.attio import views
from mayak.sandbox.store import Store


def snapshot(store: Store) -> dict[str, list[dict[str, Any]]]:
    """Deleted rows are not there. Records by the slug of their object, entries by list."""
    rows = store.attio
    tables = {rows.objects[id_].slug: table for id_, table in rows.records.items()}
    return {
        **{
            slug: [views.record(rows, row) for row in table.in_order()]
            for slug, table in tables.items()
        },
        "notes": [views.note(rows, row) for row in rows.notes.in_order()],
        "tasks": [views.task(row) for row in rows.tasks.in_order()],
        "members": [views.member(row) for row in rows.members.values()],
        "attributes": [views.attribute(rows, row) for row in rows.attributes.values()],
        "lists": [views.list_row(rows, row) for row in rows.lists.values() if not row.archived],
        "entries": [
            views.entry(rows, row) for table in rows.entries.values() for row in table.in_order()
        ],
    }
