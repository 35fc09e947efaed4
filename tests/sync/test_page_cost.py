"""What a page costs does not depend on how much was copied before it."""

from uuid import UUID

import pytest

from mayak.kit.clock import now
from mayak.platform.db import Database
from mayak.sync.queries import mirror

pytestmark = [pytest.mark.anyio, pytest.mark.database]

CROWD = """
INSERT INTO linear_comments_raw (project_id, external_id, body, payload, content_hash)
SELECT %s, n, '', '{}', '' FROM generate_series(1, 3000) AS n
"""


async def test_a_first_sync_looks_records_up_by_key_before_the_table_has_statistics(
    database: Database, project: UUID
) -> None:
    asked = {"project_id": project, "rows": "[]", "observed_at": now(), "trust": False}
    async with database.transaction(project) as conn:
        await conn.execute(CROWD, (project,))
        cursor = await conn.execute(f"EXPLAIN {mirror.STATEMENTS['comment']}".encode(), asked)
        plan = "\n".join(row[0] for row in await cursor.fetchall())
    assert "Index Scan using linear_comments_raw_pkey" in plan
    assert "Hash" not in plan
