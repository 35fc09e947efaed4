"""The audit: one chain for each project, which shows when somebody rewrites it."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
import pytest

from mayak.access.model import Actor
from mayak.access.service import audit, verify_audit
from mayak.platform.db import Database, execute

pytestmark = pytest.mark.anyio

AT = datetime(2026, 11, 12, 10, tzinfo=UTC)


async def note(database: Database, project: UUID, number: int = 0) -> None:
    actor = Actor(user_id=uuid4(), request_id="r-1", ip="10.0.0.1")
    async with database.transaction(project) as conn:
        await audit(
            conn,
            project,
            actor=actor,
            action="lightrag.query",
            status="ok",
            at=AT,
            duration_ms=12.5 + number,
            payload={"question": "When?"},
        )


async def broken_at(database: Database, project: UUID) -> int | None:
    async with database.transaction(project) as conn:
        return await verify_audit(conn, project)


async def test_events_of_many_at_once_make_one_chain(database: Database, project: UUID) -> None:
    await asyncio.gather(*(note(database, project, number) for number in range(8)))

    assert await broken_at(database, project) is None


@pytest.mark.parametrize(
    ("change", "first_broken"),
    [
        ("UPDATE audit_events SET status = 'error' WHERE ordinal = 2", 2),
        ("UPDATE audit_events SET duration_ms = 1 WHERE ordinal = 3", 3),
        ("DELETE FROM audit_events WHERE ordinal = 2", 3),
    ],
)
async def test_a_row_that_was_changed_or_taken_out_shows(
    database: Database, project: UUID, change: str, first_broken: int
) -> None:
    for number in range(4):
        await note(database, project, number)
    async with database.system_transaction() as conn:
        await conn.execute(change.encode())

    assert await broken_at(database, project) == first_broken


@pytest.mark.parametrize(
    "verb", ["UPDATE audit_events SET status = 'ok'", "DELETE FROM audit_events"]
)
async def test_a_project_cannot_rewrite_its_own(
    database: Database, project: UUID, verb: str
) -> None:
    await note(database, project)

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with database.transaction(project) as conn:
            await conn.execute(verb.encode())


async def test_chains_of_two_projects_have_nothing_to_do_with_each_other(
    database: Database, project: UUID, other_project: UUID
) -> None:
    await note(database, project)
    await note(database, other_project)
    async with database.system_transaction() as conn:
        await execute(conn, "DELETE FROM audit_events WHERE project_id = %(it)s", it=project)

    assert await broken_at(database, other_project) is None
