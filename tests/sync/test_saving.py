"""A page of records becomes the same rows whether or not it is asked about first."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from mayak.connectors.base import Record
from mayak.kit.clock import now
from mayak.platform.db import Database
from mayak.sync.model import MIRRORS, Saved
from mayak.sync.queries import mirror

pytestmark = [pytest.mark.anyio, pytest.mark.database]

AT = now() - timedelta(days=1)


def comment(id_: str, body: str, *, at: datetime = AT, deleted: bool = False) -> Record:
    fields: dict[str, Any] = dict.fromkeys(MIRRORS["comment"].columns)
    fields |= {"body": body, "source_updated_at": at}
    return Record(
        kind="comment", external_id=id_, payload={"body": body}, fields=fields, deleted=deleted,
        content_hash=body.encode(),
    )  # fmt: skip


BEFORE = [
    comment("same", "a"),
    comment("edited", "a"),
    comment("touched", "a"),
    comment("back", "a", deleted=True),
    comment("gone", "a"),
    comment("older", "a"),
]
AFTER = [
    comment("same", "a"),
    comment("edited", "b"),
    comment("touched", "a", at=AT + timedelta(hours=1)),
    comment("back", "a"),
    comment("gone", "a", deleted=True),
    comment("older", "b", at=AT - timedelta(hours=1)),
    comment("new", "a"),
]


@pytest.mark.parametrize("expect_new", [False, True])
async def test_a_page_is_saved_the_same_way(
    database: Database, project: UUID, *, expect_new: bool
) -> None:
    async with database.transaction(project) as conn:
        await mirror.save(conn, project, "comment", BEFORE, observed_at=AT)

        saved = await mirror.save(
            conn, project, "comment", AFTER, observed_at=now(), expect_new=expect_new
        )

        rows = await mirror.records(conn, project, "comment", limit=10)
    live = {row["external_id"]: row["payload"]["body"] for row in rows if not row["deleted_at"]}
    assert saved == Saved(written=4, deleted=1, unchanged=2)
    assert live == {
        "same": "a", "edited": "b", "touched": "a", "back": "a", "older": "a", "new": "a"
    }  # fmt: skip
