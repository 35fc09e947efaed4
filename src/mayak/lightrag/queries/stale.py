"""SQL of staleness: which documents were made of other rows than there are now.

A document is made of all rows whose words it shows: its own, those of its parts, deleted ones too,
and those that its card takes a name from. It keeps their highest revision, the sum of them, and how
many they were: each change of a row changes one of these, in whatever order rows are committed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import LiteralString
from uuid import UUID

from mayak.lightrag.model.chunking import RULES
from mayak.lightrag.model.records import DocumentType
from mayak.platform.db import Conn, execute, fetch_all


def _stale(
    kind: LiteralString,
    root: LiteralString,
    at: LiteralString,
    parts: LiteralString,
    columns: LiteralString = "",
) -> LiteralString:
    """`parts` selects (id, revision) of the rows that the documents of `root` have beside it, by
    its `columns`: no others are read, because whole rows would not fit into memory.
    """
    return f"""
WITH root AS (
  SELECT external_id, revision, {at} AS at{columns} FROM {root}
   WHERE project_id = %(project_id)s AND deleted_at IS NULL
), source AS (
  SELECT id, max(revision) AS revision, sum(revision) AS revisions, count(*)::integer AS rows
    FROM (SELECT external_id AS id, revision FROM root
          UNION ALL {parts}) AS part
   GROUP BY id
)
SELECT source.id AS external_id, source.revision, source.revisions, source.rows
  FROM source
  JOIN root ON root.external_id = source.id
  LEFT JOIN rag_documents AS d
    ON d.project_id = %(project_id)s AND d.source_type = '{kind}' AND d.external_id = source.id
 WHERE (d.source_revision, d.source_revisions, d.source_rows, d.rules)
       IS DISTINCT FROM
       (source.revision, source.revisions, source.rows, %(rules)s::integer)
 ORDER BY root.at DESC NULLS LAST, source.id
"""


def _named(table: LiteralString, key: LiteralString) -> LiteralString:
    """Rows that `root` points to."""
    return f"""
          SELECT root.external_id, other.revision
            FROM root JOIN {table} AS other
              ON other.project_id = %(project_id)s AND other.external_id = root.{key}
"""


def _listed(table: LiteralString, keys: LiteralString) -> LiteralString:
    """Rows that a list of `root` points to."""
    return f"""
          SELECT root.external_id, other.revision
            FROM root CROSS JOIN LATERAL (SELECT DISTINCT unnest(root.{keys}) AS id) AS listed
            JOIN {table} AS other
              ON other.project_id = %(project_id)s AND other.external_id = listed.id
"""


def _pointing(table: LiteralString, key: LiteralString) -> LiteralString:
    """Rows that point to `root`."""
    return f"""
          SELECT other.{key}, other.revision
            FROM {table} AS other
            JOIN root ON root.external_id = other.{key}
           WHERE other.project_id = %(project_id)s
"""


def _all(*parts: LiteralString) -> LiteralString:
    union: LiteralString = "          UNION ALL"
    return union.join(parts)


def _comments(key: LiteralString, chosen: LiteralString) -> LiteralString:
    """Comments on `root` and whoever wrote them; an author counts once for each comment."""
    return f"""
          SELECT c.{key}, part.revision
            FROM linear_comments_raw AS c
            JOIN root ON root.external_id = c.{key}
           CROSS JOIN LATERAL (
                   SELECT c.revision
                   UNION ALL
                   SELECT author.revision FROM linear_users_raw AS author
                    WHERE author.project_id = c.project_id AND author.external_id = c.author_id
                 ) AS part
           WHERE c.project_id = %(project_id)s AND {chosen}
"""


def _notes_and_tasks(others: LiteralString) -> LiteralString:
    """Notes on `root`, tasks on it that are on none of `others`, and the members they name.

    A member counts once for each place that names it.
    """
    return f"""
          SELECT note.parent_id, note.revision
            FROM attio_notes_raw AS note JOIN root ON root.external_id = note.parent_id
           WHERE note.project_id = %(project_id)s
          UNION ALL
          SELECT note.parent_id, member.revision
            FROM attio_notes_raw AS note
            JOIN root ON root.external_id = note.parent_id
            JOIN attio_members_raw AS member
              ON member.project_id = note.project_id AND member.external_id = note.author_id
           WHERE note.project_id = %(project_id)s
          UNION ALL
          SELECT home.id, part.revision
            FROM (SELECT task.revision, task.project_id, task.assignee_ids, task.author_id,
                         min(root.external_id) AS id
                    FROM attio_tasks_raw AS task
                   CROSS JOIN unnest(task.linked_ids) AS linked
                    JOIN root ON root.external_id = linked
                   WHERE task.project_id = %(project_id)s {others}
                   GROUP BY task.project_id, task.external_id) AS home
           CROSS JOIN LATERAL (
                   SELECT home.revision
                   UNION ALL
                   SELECT member.revision FROM attio_members_raw AS member
                    WHERE member.project_id = home.project_id
                      AND member.external_id = ANY(home.assignee_ids || home.author_id)
                 ) AS part
"""


def _not_on(table: LiteralString) -> LiteralString:
    return f"""
             AND NOT EXISTS (SELECT FROM {table} AS other
                              WHERE other.project_id = task.project_id
                                AND other.external_id = ANY(task.linked_ids)
                                AND other.deleted_at IS NULL)
"""


_CHANGED: LiteralString = "coalesce(source_updated_at, source_created_at)"

STALE: Mapping[DocumentType, LiteralString] = {
    "chatwoot_conversation": _stale(
        "chatwoot_conversation",
        "cw_conversations",
        "last_activity_at",
        _pointing("cw_messages", "conversation_id"),
    ),
    "linear_issue": _stale(
        "linear_issue",
        "linear_issues_raw",
        _CHANGED,
        _all(
            _comments("issue_id", "true"),
            _named("linear_states_raw", "state_id"),
            _named("linear_users_raw", "assignee_id"),
            _named("linear_users_raw", "creator_id"),
            _named("linear_projects_raw", "linear_project_id"),
            _named("linear_cycles_raw", "cycle_id"),
            _named("linear_issues_raw", "parent_id"),
            _listed("linear_labels_raw", "label_ids"),
            _listed("linear_issues_raw", "blocked_by"),
        ),
        ", state_id, assignee_id, creator_id, linear_project_id, cycle_id, parent_id,"
        " label_ids, blocked_by",
    ),
    "linear_project": _stale(
        "linear_project",
        "linear_projects_raw",
        _CHANGED,
        _all(
            _comments("linear_project_id", "c.issue_id IS NULL"),
            _named("linear_users_raw", "lead_id"),
        ),
        ", lead_id",
    ),
    "attio_deal": _stale(
        "attio_deal",
        "attio_opportunities_raw",
        _CHANGED,
        _all(
            _notes_and_tasks(""),
            _named("attio_accounts_raw", "company_id"),
            _named("attio_members_raw", "owner_id"),
            _listed("attio_people_raw", "person_ids"),
        ),
        ", company_id, owner_id, person_ids",
    ),
    "attio_company": _stale(
        "attio_company",
        "attio_accounts_raw",
        _CHANGED,
        _all(
            _notes_and_tasks(_not_on("attio_opportunities_raw")),
            _named("attio_members_raw", "owner_id"),
            _pointing("attio_people_raw", "company_id"),
            _pointing("attio_opportunities_raw", "company_id"),
        ),
        ", owner_id",
    ),
    "attio_person": _stale(
        "attio_person",
        "attio_people_raw",
        _CHANGED,
        _all(
            _notes_and_tasks(_not_on("attio_opportunities_raw") + _not_on("attio_accounts_raw")),
            _named("attio_accounts_raw", "company_id"),
        ),
        ", company_id",
    ),
    "chatwoot_contact": _stale(
        "chatwoot_contact", "cw_contacts", _CHANGED, _pointing("cw_conversations", "contact_id")
    ),
}
"""In the order in which documents are refreshed; of each kind the liveliest come first."""

_LIVE: LiteralString = " UNION ALL ".join(
    f"SELECT '{kind}' AS type, external_id FROM {table}"
    " WHERE project_id = %(project_id)s AND deleted_at IS NULL"
    for kind, table in (
        ("chatwoot_conversation", "cw_conversations"),
        ("chatwoot_contact", "cw_contacts"),
        ("linear_issue", "linear_issues_raw"),
        ("linear_project", "linear_projects_raw"),
        ("attio_company", "attio_accounts_raw"),
        ("attio_person", "attio_people_raw"),
        ("attio_deal", "attio_opportunities_raw"),
    )
)

DROP_ORPHANS: LiteralString = f"""
WITH live AS ({_LIVE})
DELETE FROM rag_documents AS d
 WHERE d.project_id = %(project_id)s AND d.source_type <> 'dataset_text'
   AND NOT EXISTS (SELECT FROM live WHERE live.type = d.source_type
                                      AND live.external_id = d.external_id)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """A document to make anew, and what it will have been made of.

    Rows are read after this was, so that a row that changes in between makes it stale again.
    """

    external_id: str
    revision: int
    revisions: Decimal
    rows: int


async def stale(conn: Conn, project_id: UUID, kind: DocumentType) -> list[Stale]:
    """Documents that are missing or were made of other rows, the liveliest first."""
    return await fetch_all(conn, Stale, STALE[kind], project_id=project_id, rules=RULES)


async def count_stale(conn: Conn, project_id: UUID) -> int:
    """Documents of any kind that do not say what the mirror says now. Reads whole tables."""
    return sum([len(await stale(conn, project_id, kind)) for kind in STALE])


async def drop_orphans(conn: Conn, project_id: UUID) -> int:
    """Delete the documents of records that are gone, their chunks and links with them."""
    return await execute(conn, DROP_ORPHANS, project_id=project_id)
