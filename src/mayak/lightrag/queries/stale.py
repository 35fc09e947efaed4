"""SQL of staleness: which documents were made of other rows than there are now.

A document is made of all rows whose words it shows: its own, those of its parts, deleted ones too,
and those that its card takes a name from. It keeps their highest revision, the sum of them, and how
many they were: each change of a row changes one of these, in whatever order rows are committed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import LiteralString
from uuid import UUID

from mayak.lightrag.model.chunking import RULES
from mayak.lightrag.model.records import DocumentType
from mayak.platform.db import Conn, execute, fetch_all


def _stale(
    kind: LiteralString,
    root: LiteralString,
    at: LiteralString,
    *,
    named: Mapping[LiteralString, LiteralString] = MappingProxyType({}),
    groups: Sequence[LiteralString] = (),
) -> LiteralString:
    """`named` are the tables that a key of `root` points to; `groups` select (id, revision,
    revisions, rows) of the other rows that the document of the root `id` is made of.

    Groups are added up, not joined: tables without statistics, as a first sync leaves them, would
    be joined row by row.
    """
    joins, newest, total, rows = "", "root.revision", "root.revision", "1"
    for key, table in named.items():
        joins += f"""
                  LEFT JOIN {table} AS by_{key}
                    ON by_{key}.project_id = %(project_id)s
                   AND by_{key}.external_id = root.{key}"""
        newest += f", by_{key}.revision"
        total += f" + coalesce(by_{key}.revision, 0)"
        rows += f" + (by_{key}.revision IS NOT NULL)::integer"
    others = "".join(
        f"""
                 UNION ALL
                SELECT id, revision, revisions, rows, false, NULL FROM ({group}) AS other"""
        for group in groups
    )
    return f"""
SELECT source.id AS external_id, source.revision, source.revisions, source.rows
  FROM (SELECT id, max(revision) AS revision, sum(revisions) AS revisions,
               sum(rows)::integer AS rows, max(at) AS at
          FROM (SELECT root.external_id AS id, greatest({newest}) AS revision,
                       ({total})::numeric AS revisions, ({rows})::bigint AS rows,
                       true AS live, root.at
                  FROM (SELECT *, {at} AS at FROM {root}
                         WHERE project_id = %(project_id)s AND deleted_at IS NULL) AS root{joins}
                {others}) AS part
         GROUP BY id HAVING bool_or(live)) AS source
  LEFT JOIN rag_documents AS d
    ON d.project_id = %(project_id)s AND d.source_type = '{kind}' AND d.external_id = source.id
 WHERE (d.source_revision, d.source_revisions, d.source_rows, d.rules)
       IS DISTINCT FROM
       (source.revision, source.revisions, source.rows, %(rules)s::integer)
 ORDER BY source.at DESC NULLS LAST, source.id
"""


def _listed(root: LiteralString, keys: LiteralString, table: LiteralString) -> LiteralString:
    """Rows that a list of `root` points to."""
    return f"""
          SELECT lister.external_id AS id, max(other.revision) AS revision,
                 sum(other.revision) AS revisions, count(*) AS rows
            FROM {root} AS lister
           CROSS JOIN LATERAL (SELECT DISTINCT unnest(lister.{keys}) AS id) AS listed
            JOIN {table} AS other
              ON other.project_id = %(project_id)s AND other.external_id = listed.id
           WHERE lister.project_id = %(project_id)s AND lister.{keys} <> '{{}}'
           GROUP BY lister.external_id
"""


def _pointing(table: LiteralString, key: LiteralString) -> LiteralString:
    """Rows that point to `root`."""
    return f"""
          SELECT {key} AS id, max(revision) AS revision, sum(revision) AS revisions,
                 count(*) AS rows
            FROM {table}
           WHERE project_id = %(project_id)s AND {key} IS NOT NULL
           GROUP BY {key}
"""


def _written(
    table: LiteralString, key: LiteralString, chosen: LiteralString, authors: LiteralString
) -> LiteralString:
    """Comments or notes on `root` and whoever wrote them; an author counts once for each."""
    return f"""
          SELECT said.{key} AS id,
                 greatest(max(said.revision), max(author.revision)) AS revision,
                 sum(said.revision) + coalesce(sum(author.revision), 0) AS revisions,
                 count(*) + count(author.revision) AS rows
            FROM {table} AS said
            LEFT JOIN {authors} AS author
              ON author.project_id = %(project_id)s AND author.external_id = said.author_id
           WHERE said.project_id = %(project_id)s AND {chosen}
           GROUP BY said.{key}
"""


def _notes() -> LiteralString:
    return _written("attio_notes_raw", "parent_id", "said.parent_id IS NOT NULL", _MEMBERS)


def _tasks(root: LiteralString, *others: LiteralString) -> LiteralString:
    """Tasks on `root` that are on none of `others`, and the members they name.

    A task belongs to the first of its roots. A member counts once for each task that names it.
    """
    joins = "".join(
        f"""
                    LEFT JOIN {table} AS on_{table}
                      ON on_{table}.project_id = %(project_id)s
                     AND on_{table}.external_id = linked.target AND on_{table}.deleted_at IS NULL"""
        for table in others
    )
    apart = "".join(f" AND count(on_{table}.external_id) = 0" for table in others)
    return f"""
          SELECT home.id, greatest(max(home.revision), max(member.revision)) AS revision,
                 sum(home.revision) + coalesce(sum(member.revisions), 0) AS revisions,
                 (count(*) + coalesce(sum(member.rows), 0))::bigint AS rows
            FROM (WITH linked AS MATERIALIZED (
                    SELECT external_id AS task, revision, assignee_ids || author_id AS named,
                           unnest(linked_ids) AS target
                      FROM attio_tasks_raw WHERE project_id = %(project_id)s
                  )
                  SELECT linked.revision, linked.named, min(first.external_id) AS id
                    FROM linked
                    LEFT JOIN {root} AS first
                      ON first.project_id = %(project_id)s
                     AND first.external_id = linked.target AND first.deleted_at IS NULL{joins}
                   GROUP BY linked.task, linked.revision, linked.named
                  HAVING count(first.external_id) > 0{apart}) AS home
            LEFT JOIN LATERAL (
                   SELECT max(revision) AS revision, sum(revision) AS revisions,
                          count(*) AS rows
                     FROM {_MEMBERS}
                    WHERE project_id = %(project_id)s AND external_id = ANY(home.named)
                 ) AS member ON cardinality(home.named) > 0
           GROUP BY home.id
"""


_ISSUES: LiteralString = "linear_issues_raw"
_USERS: LiteralString = "linear_users_raw"
_COMPANIES: LiteralString = "attio_accounts_raw"
_DEALS: LiteralString = "attio_opportunities_raw"
_PEOPLE: LiteralString = "attio_people_raw"
_MEMBERS: LiteralString = "attio_members_raw"
_CHANGED: LiteralString = "coalesce(source_updated_at, source_created_at)"

STALE: Mapping[DocumentType, LiteralString] = {
    "chatwoot_conversation": _stale(
        "chatwoot_conversation",
        "cw_conversations",
        "last_activity_at",
        groups=[_pointing("cw_messages", "conversation_id")],
    ),
    "linear_issue": _stale(
        "linear_issue",
        _ISSUES,
        _CHANGED,
        named={
            "state_id": "linear_states_raw",
            "assignee_id": _USERS,
            "creator_id": _USERS,
            "linear_project_id": "linear_projects_raw",
            "cycle_id": "linear_cycles_raw",
            "parent_id": _ISSUES,
        },
        groups=[
            _written("linear_comments_raw", "issue_id", "said.issue_id IS NOT NULL", _USERS),
            _listed(_ISSUES, "label_ids", "linear_labels_raw"),
            _listed(_ISSUES, "blocked_by", _ISSUES),
        ],
    ),
    "linear_project": _stale(
        "linear_project",
        "linear_projects_raw",
        _CHANGED,
        named={"lead_id": _USERS},
        groups=[
            _written("linear_comments_raw", "linear_project_id", "said.issue_id IS NULL", _USERS)
        ],
    ),
    "attio_deal": _stale(
        "attio_deal",
        _DEALS,
        _CHANGED,
        named={"company_id": _COMPANIES, "owner_id": _MEMBERS},
        groups=[_notes(), _tasks(_DEALS), _listed(_DEALS, "person_ids", _PEOPLE)],
    ),
    "attio_company": _stale(
        "attio_company",
        _COMPANIES,
        _CHANGED,
        named={"owner_id": _MEMBERS},
        groups=[
            _notes(),
            _tasks(_COMPANIES, _DEALS),
            _pointing(_PEOPLE, "company_id"),
            _pointing(_DEALS, "company_id"),
        ],
    ),
    "attio_person": _stale(
        "attio_person",
        _PEOPLE,
        _CHANGED,
        named={"company_id": _COMPANIES},
        groups=[_notes(), _tasks(_PEOPLE, _DEALS, _COMPANIES)],
    ),
    "chatwoot_contact": _stale(
        "chatwoot_contact",
        "cw_contacts",
        _CHANGED,
        groups=[_pointing("cw_conversations", "contact_id")],
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


async def drop_orphans(conn: Conn, project_id: UUID) -> int:
    """Delete the documents of records that are gone, their chunks and links with them."""
    return await execute(conn, DROP_ORPHANS, project_id=project_id)
