"""The database refuses what a forgotten WHERE would leak."""

from uuid import UUID

import psycopg
import pytest

from mayak.platform.db import Database, fetch_value

pytestmark = pytest.mark.anyio

ADD_RUN = (
    "INSERT INTO worker_runs (project_id, job_type, lane, trigger) VALUES (%s, 'x', 'x', 'manual')"
)


async def test_a_query_without_a_filter_sees_one_project(
    database: Database, project: UUID, other_project: UUID
) -> None:
    for scope in (project, other_project):
        async with database.transaction(scope) as conn:
            await conn.execute(
                ADD_RUN,
                (scope,),
            )

    async with database.transaction(project) as conn:
        assert await fetch_value(conn, "SELECT count(*) FROM worker_runs") == 1


async def test_an_insert_into_another_project_is_refused(
    database: Database, project: UUID, other_project: UUID
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with database.transaction(project) as conn:
            await conn.execute(
                ADD_RUN,
                (other_project,),
            )
