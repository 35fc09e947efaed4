"""SQL of what leaves a project: rows of Linear and Attio that its bindings do not hold any more."""

from collections.abc import Collection, Mapping
from typing import LiteralString
from uuid import UUID

from mayak.platform.db import Conn, execute, fetch_values
from mayak.sync.model import MIRRORS, STREAMS

GONE: LiteralString = """
   SET deleted_at = now(), synced_at = now(), observed_at = now(),
       revision = nextval('source_revision')
"""

BURY_COMMENTS_OF: LiteralString = f"""
UPDATE linear_comments_raw
{GONE}
 WHERE project_id = %(project_id)s AND deleted_at IS NULL AND issue_id = ANY(%(issue_ids)s)
"""

BURY_ISSUES: LiteralString = f"""
UPDATE linear_issues_raw
{GONE}
 WHERE project_id = %(project_id)s AND deleted_at IS NULL
   AND NOT coalesce(team_id = ANY(%(teams)s), false)
   AND NOT coalesce(linear_project_id = ANY(%(projects)s), false)
RETURNING external_id
"""

BURY_COMMENTS: LiteralString = f"""
UPDATE linear_comments_raw AS said
{GONE}
 WHERE project_id = %(project_id)s AND deleted_at IS NULL
   AND NOT coalesce(linear_project_id = ANY(%(projects)s), false)
   AND NOT EXISTS (
         SELECT 1 FROM linear_issues_raw AS issue
          WHERE issue.project_id = said.project_id AND issue.external_id = said.issue_id
            AND (issue.team_id = ANY(%(teams)s) OR issue.linear_project_id = ANY(%(projects)s)))
"""

BURY_PROJECTS: LiteralString = f"""
UPDATE linear_projects_raw
{GONE}
 WHERE project_id = %(project_id)s AND deleted_at IS NULL
   AND NOT external_id = ANY(%(projects)s) AND NOT coalesce(team_ids && %(teams)s::text[], false)
"""

BURY_CUSTOMERS: LiteralString = f"""
UPDATE linear_customers_raw
{GONE}
 WHERE project_id = %(project_id)s AND deleted_at IS NULL
"""

RELEASE_ISSUES: LiteralString = """
DELETE FROM connector_claims AS claimed
 WHERE project_id = %(project_id)s AND connector = 'linear' AND kind = 'issue'
   AND NOT EXISTS (
         SELECT 1 FROM linear_issues_raw AS issue
          WHERE issue.project_id = claimed.project_id AND issue.external_id = claimed.external_id
            AND (issue.team_id = ANY(%(teams)s) OR issue.linear_project_id = ANY(%(projects)s)))
"""

RELEASE_PROJECTS: LiteralString = """
DELETE FROM connector_claims AS claimed
 WHERE project_id = %(project_id)s AND connector = 'linear' AND kind = 'project'
   AND NOT external_id = ANY(%(projects)s)
   AND NOT EXISTS (
         SELECT 1 FROM linear_projects_raw AS copied
          WHERE copied.project_id = claimed.project_id
            AND copied.external_id = claimed.external_id AND copied.deleted_at IS NULL)
"""

RELEASE_COMPANIES: LiteralString = """
DELETE FROM connector_claims
 WHERE project_id = %(project_id)s AND connector = 'attio' AND kind = 'company'
   AND NOT external_id = ANY(%(companies)s)
"""

BURY_COMPANIES: LiteralString = f"""
UPDATE attio_accounts_raw
{GONE}
 WHERE project_id = %(project_id)s AND deleted_at IS NULL
   AND NOT external_id = ANY(%(companies)s)
"""

BURY_DEALS: LiteralString = f"""
UPDATE attio_opportunities_raw
{GONE}
 WHERE project_id = %(project_id)s AND deleted_at IS NULL
   AND NOT coalesce(company_id = ANY(%(companies)s), false)
"""

BURY_PEOPLE: LiteralString = f"""
UPDATE attio_people_raw
{GONE}
 WHERE project_id = %(project_id)s AND deleted_at IS NULL
   AND NOT coalesce(company_id = ANY(%(companies)s), false)
"""

OURS: LiteralString = """
SELECT external_id FROM attio_accounts_raw
 WHERE project_id = %(project_id)s AND deleted_at IS NULL AND external_id = ANY(%(ids)s)
UNION ALL
SELECT external_id FROM attio_opportunities_raw
 WHERE project_id = %(project_id)s AND deleted_at IS NULL AND external_id = ANY(%(ids)s)
UNION ALL
SELECT external_id FROM attio_people_raw
 WHERE project_id = %(project_id)s AND deleted_at IS NULL AND external_id = ANY(%(ids)s)
"""

BURY_NOTES: LiteralString = f"""
UPDATE attio_notes_raw AS note
{GONE}
 WHERE project_id = %(project_id)s AND deleted_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM attio_accounts_raw AS of
                    WHERE of.project_id = note.project_id AND of.external_id = note.parent_id
                      AND of.deleted_at IS NULL)
   AND NOT EXISTS (SELECT 1 FROM attio_opportunities_raw AS of
                    WHERE of.project_id = note.project_id AND of.external_id = note.parent_id
                      AND of.deleted_at IS NULL)
   AND NOT EXISTS (SELECT 1 FROM attio_people_raw AS of
                    WHERE of.project_id = note.project_id AND of.external_id = note.parent_id
                      AND of.deleted_at IS NULL)
"""

BURY_TASKS: LiteralString = f"""
UPDATE attio_tasks_raw AS task
{GONE}
 WHERE project_id = %(project_id)s AND deleted_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM attio_accounts_raw AS of
                    WHERE of.project_id = task.project_id AND of.deleted_at IS NULL
                      AND of.external_id = ANY(task.linked_ids))
   AND NOT EXISTS (SELECT 1 FROM attio_opportunities_raw AS of
                    WHERE of.project_id = task.project_id AND of.deleted_at IS NULL
                      AND of.external_id = ANY(task.linked_ids))
   AND NOT EXISTS (SELECT 1 FROM attio_people_raw AS of
                    WHERE of.project_id = task.project_id AND of.deleted_at IS NULL
                      AND of.external_id = ANY(task.linked_ids))
"""

TEAMS_OF_PROJECTS: LiteralString = """
SELECT DISTINCT team_id
  FROM linear_projects_raw, unnest(team_ids) AS team_id
 WHERE project_id = %(project_id)s AND deleted_at IS NULL AND external_id = ANY(%(projects)s)
"""

BURY_ALL: Mapping[str, LiteralString] = {
    kind: f"UPDATE {mirror.table} {GONE} WHERE project_id = %(project_id)s AND deleted_at IS NULL"
    for kind, mirror in MIRRORS.items()
}

DROP_ERRORS: LiteralString = """
DELETE FROM connector_errors
 WHERE project_id = %(project_id)s AND connector = %(connector)s
   AND (external_id IS NOT NULL OR payload IS NOT NULL)
"""


async def bury_comments_of(conn: Conn, project_id: UUID, issue_ids: Collection[str]) -> int:
    """Tombstones for the comments of issues that left."""
    return await execute(conn, BURY_COMMENTS_OF, project_id=project_id, issue_ids=list(issue_ids))


async def bury_outside_linear(
    conn: Conn, project_id: UUID, *, teams: Collection[str], projects: Collection[str]
) -> int:
    """Tombstones for what is of no such team and no such project; how many rows."""
    within = {"project_id": project_id, "teams": list(teams), "projects": list(projects)}
    buried = len(await fetch_values(conn, BURY_ISSUES, **within))
    for statement in (BURY_COMMENTS, BURY_PROJECTS):
        buried += await execute(conn, statement, **within)
    for statement in (RELEASE_ISSUES, RELEASE_PROJECTS):
        await execute(conn, statement, **within)
    return buried + await execute(conn, BURY_CUSTOMERS, project_id=project_id)


async def bury_outside_attio(conn: Conn, project_id: UUID, companies: Collection[str]) -> int:
    """Tombstones for what is of none of these companies; how many rows."""
    within = {"project_id": project_id, "companies": list(companies)}
    buried = 0
    for statement in (BURY_COMPANIES, BURY_DEALS, BURY_PEOPLE):
        buried += await execute(conn, statement, **within)
    for statement in (BURY_NOTES, BURY_TASKS):
        buried += await execute(conn, statement, project_id=project_id)
    await execute(conn, RELEASE_COMPANIES, **within)
    return buried


async def bury_all(conn: Conn, project_id: UUID, connector: str) -> int:
    """Tombstones for everything that was copied from one source; how many rows."""
    buried = 0
    for stream in STREAMS[connector]:  # type: ignore[index]
        buried += await execute(conn, BURY_ALL[stream.mirror.kind], project_id=project_id)
    return buried


async def drop_errors(conn: Conn, project_id: UUID, connector: str) -> None:
    """Remove the errors of records, with what they quote."""
    await execute(conn, DROP_ERRORS, project_id=project_id, connector=connector)


async def teams_of_projects(conn: Conn, project_id: UUID, projects: Collection[str]) -> set[str]:
    """The teams that work on these Linear projects."""
    return set(
        await fetch_values(conn, TEAMS_OF_PROJECTS, project_id=project_id, projects=list(projects))
    )


async def ours(conn: Conn, project_id: UUID, ids: Collection[str]) -> set[str]:
    """Which of these are live companies, deals or people of the project."""
    return set(await fetch_values(conn, OURS, project_id=project_id, ids=list(ids)))
