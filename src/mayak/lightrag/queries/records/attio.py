"""SQL of what Attio has: companies, people, deals, notes, tasks.

A note is read with the entity it is on; a task with one of those it is on, a deal before a company
before a person. Both are the team's own and may be quoted.
"""

from collections.abc import Mapping
from typing import LiteralString

from mayak.lightrag.model.records import DocumentType, RecordType

COMPANIES: LiteralString = """
SELECT 'attio_company' AS type, a.external_id, 'attio_company' AS document_type,
       a.external_id AS document_id, coalesce(a.name, a.domains[1]) AS title,
       jsonb_build_object(
         'name', a.name, 'domains', array_to_string(a.domains, ', '), 'stage', a.stage,
         'owner', coalesce(owner.name, owner.email),
         'people', (
           SELECT string_agg(coalesce(p.name, p.emails[1]), ', ' ORDER BY p.name, p.external_id)
             FROM attio_people_raw AS p
            WHERE p.project_id = a.project_id AND p.company_id = a.external_id
              AND p.deleted_at IS NULL),
         'deals', (
           SELECT string_agg(concat_ws(', ', d.name, d.stage), '; '
                             ORDER BY d.source_created_at DESC NULLS LAST, d.external_id)
             FROM attio_opportunities_raw AS d
            WHERE d.project_id = a.project_id AND d.company_id = a.external_id
              AND d.deleted_at IS NULL),
         'created', to_char(a.source_created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')
       ) AS fields,
       NULL AS author, NULL AS author_kind,
       coalesce(a.source_updated_at, a.source_created_at, a.synced_at) AS at,
       a.synced_at, a.deleted_at IS NULL AS public, a.web_url AS url
  FROM attio_accounts_raw AS a
  LEFT JOIN attio_members_raw AS owner
    ON owner.project_id = a.project_id AND owner.external_id = a.owner_id
 WHERE a.project_id = %(project_id)s AND a.external_id = ANY(%(ids)s)
"""

PEOPLE: LiteralString = """
SELECT 'attio_person' AS type, p.external_id, 'attio_person' AS document_type,
       p.external_id AS document_id, coalesce(p.name, p.emails[1], p.phones[1]) AS title,
       jsonb_build_object(
         'name', p.name, 'emails', array_to_string(p.emails, ', '),
         'phones', array_to_string(p.phones, ', '), 'job_title', p.job_title,
         'company', a.name,
         'created', to_char(p.source_created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')
       ) AS fields,
       NULL AS author, NULL AS author_kind,
       coalesce(p.source_updated_at, p.source_created_at, p.synced_at) AS at,
       p.synced_at, p.deleted_at IS NULL AS public, p.web_url AS url
  FROM attio_people_raw AS p
  LEFT JOIN attio_accounts_raw AS a
    ON a.project_id = p.project_id AND a.external_id = p.company_id AND a.deleted_at IS NULL
 WHERE p.project_id = %(project_id)s AND p.external_id = ANY(%(ids)s)
"""

NAMES: LiteralString = """
SELECT external_id, name
  FROM attio_people_raw
 WHERE project_id = %(project_id)s AND deleted_at IS NULL AND name IS NOT NULL
"""

DEALS: LiteralString = """
SELECT 'attio_deal' AS type, d.external_id, 'attio_deal' AS document_type,
       d.external_id AS document_id, d.name AS title,
       jsonb_build_object(
         'name', d.name, 'stage', d.stage,
         'amount', CASE WHEN d.amount IS NOT NULL
                        THEN concat_ws(' ', trim_scale(d.amount)::text, d.currency) END,
         'close_date', to_char(d.close_date, 'YYYY-MM-DD'), 'next_step', d.next_step,
         'company', a.name, 'owner', coalesce(owner.name, owner.email),
         'people', (
           SELECT string_agg(coalesce(p.name, p.emails[1]), ', ' ORDER BY p.name, p.external_id)
             FROM attio_people_raw AS p
            WHERE p.project_id = d.project_id AND p.external_id = ANY(d.person_ids)
              AND p.deleted_at IS NULL),
         'created', to_char(d.source_created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')
       ) AS fields,
       NULL AS author, NULL AS author_kind,
       coalesce(d.source_updated_at, d.source_created_at, d.synced_at) AS at,
       d.synced_at, d.deleted_at IS NULL AS public, d.web_url AS url
  FROM attio_opportunities_raw AS d
  LEFT JOIN attio_accounts_raw AS a
    ON a.project_id = d.project_id AND a.external_id = d.company_id AND a.deleted_at IS NULL
  LEFT JOIN attio_members_raw AS owner
    ON owner.project_id = d.project_id AND owner.external_id = d.owner_id
 WHERE d.project_id = %(project_id)s AND d.external_id = ANY(%(ids)s)
"""

HOME: LiteralString = """(
         SELECT 1 AS place, 'attio_deal' AS type, external_id AS id, name AS title, web_url
           FROM attio_opportunities_raw
          WHERE project_id = own.project_id AND external_id = ANY(own.homes)
            AND deleted_at IS NULL
          UNION ALL
         SELECT 2, 'attio_company', external_id, coalesce(name, domains[1]), web_url
           FROM attio_accounts_raw
          WHERE project_id = own.project_id AND external_id = ANY(own.homes)
            AND deleted_at IS NULL
          UNION ALL
         SELECT 3, 'attio_person', external_id, coalesce(name, emails[1], phones[1]), web_url
           FROM attio_people_raw
          WHERE project_id = own.project_id AND external_id = ANY(own.homes)
            AND deleted_at IS NULL
          ORDER BY place, id
          LIMIT 1
)"""


def notes(chosen: LiteralString) -> LiteralString:
    return f"""
SELECT 'attio_note' AS type, own.external_id,
       coalesce(home.type, 'attio_company') AS document_type,
       coalesce(home.id, '') AS document_id, home.title,
       jsonb_build_object('title', own.title, 'content', own.content) AS fields,
       coalesce(author.name, author.email) AS author,
       CASE own.author_kind WHEN 'workspace-member' THEN 'agent'
                            WHEN 'api-token' THEN 'bot' WHEN 'system' THEN 'bot' END
         AS author_kind,
       coalesce(own.source_created_at, own.synced_at) AS at, own.synced_at,
       own.deleted_at IS NULL AND home.id IS NOT NULL AS public,
       coalesce(own.payload ->> 'web_url', home.web_url) AS url
  FROM (SELECT *, ARRAY[parent_id] AS homes FROM attio_notes_raw
         WHERE project_id = %(project_id)s AND {chosen}) AS own
  LEFT JOIN LATERAL {HOME} AS home ON true
  LEFT JOIN attio_members_raw AS author
    ON author.project_id = own.project_id AND author.external_id = own.author_id
 ORDER BY own.source_created_at, own.external_id
"""


def tasks(chosen: LiteralString, home: LiteralString) -> LiteralString:
    return f"""
SELECT 'attio_task' AS type, own.external_id,
       coalesce(home.type, 'attio_company') AS document_type,
       coalesce(home.id, '') AS document_id, home.title,
       jsonb_build_object(
         'content', own.content,
         'status', CASE WHEN own.completed THEN 'done' ELSE 'open' END,
         'deadline', to_char(own.deadline_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'),
         'completed', to_char(own.completed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'),
         'assignees', (
           SELECT string_agg(coalesce(m.name, m.email), ', ' ORDER BY m.name, m.external_id)
             FROM attio_members_raw AS m
            WHERE m.project_id = own.project_id AND m.external_id = ANY(own.assignee_ids))
       ) AS fields,
       coalesce(author.name, author.email) AS author,
       CASE WHEN author.external_id IS NOT NULL THEN 'agent' END AS author_kind,
       coalesce(own.source_created_at, own.synced_at) AS at, own.synced_at,
       own.deleted_at IS NULL AND home.id IS NOT NULL AS public,
       coalesce(own.payload ->> 'web_url', home.web_url) AS url
  FROM (SELECT *, linked_ids AS homes FROM attio_tasks_raw
         WHERE project_id = %(project_id)s AND {chosen}) AS own
  LEFT JOIN LATERAL {HOME} AS home ON true
  LEFT JOIN attio_members_raw AS author
    ON author.project_id = own.project_id AND author.external_id = own.author_id
 WHERE {home}
 ORDER BY own.source_created_at, own.external_id
"""


RECORDS: Mapping[RecordType, LiteralString] = {
    "attio_company": COMPANIES,
    "attio_person": PEOPLE,
    "attio_deal": DEALS,
    "attio_note": notes("external_id = ANY(%(ids)s)"),
    "attio_task": tasks("external_id = ANY(%(ids)s)", "true"),
}
_NOTES: LiteralString = notes("parent_id = ANY(%(ids)s)")
_TASKS: LiteralString = tasks("linked_ids && %(ids)s::text[]", "home.id = ANY(%(ids)s)")
PARTS: Mapping[DocumentType, tuple[LiteralString, ...]] = {
    "attio_company": (_NOTES, _TASKS),
    "attio_person": (_NOTES, _TASKS),
    "attio_deal": (_NOTES, _TASKS),
}
