"""Rows of Attio that match a plan: deals, companies, people, notes, tasks.

Stages have no type: one that says won or lost, in either language, has ended.
"""

from typing import LiteralString

from mayak.lightrag.queries.counting.tail import TAIL
from mayak.lightrag.queries.records.attio import HOME

DEALS: LiteralString = (
    """
WITH deal AS (
  SELECT row.*, coalesce(row.stage, '') ~* '\\m(won|выигр)' AS won,
         coalesce(row.stage, '') ~* '\\m(lost|проигр)' AS lost
    FROM attio_opportunities_raw AS row
   WHERE row.project_id = %(project_id)s AND row.deleted_at IS NULL
), matching AS (
  SELECT deal.external_id, NULL::text AS key, deal.name AS title, deal.web_url AS url,
         deal.stage AS state, coalesce(who.name, who.email) AS person, firm.name AS client,
         NULL::text AS place, NULL::text AS priority, deal.amount, deal.currency,
         NULL::float AS estimate, deal.close_date AS day, deal.source_created_at AS created,
         '{}'::text[] AS labels
    FROM deal
    LEFT JOIN attio_members_raw AS who
      ON who.project_id = deal.project_id AND who.external_id = deal.owner_id
    LEFT JOIN attio_accounts_raw AS firm
      ON firm.project_id = deal.project_id AND firm.external_id = deal.company_id
   WHERE (NOT %(open)s::boolean OR NOT (deal.won OR deal.lost))
     AND (NOT %(closed)s::boolean OR deal.won OR deal.lost)
     AND (NOT %(won)s::boolean OR deal.won)
     AND (NOT %(lost)s::boolean OR deal.lost)
     AND (NOT %(unassigned)s::boolean OR deal.owner_id IS NULL)
     AND (%(people)s::text[] IS NULL OR deal.owner_id = ANY(%(people)s::text[]))
     AND (%(clients)s::text[] IS NULL OR deal.company_id = ANY(%(clients)s::text[]))
     AND (%(stages)s::text[] IS NULL OR deal.stage = ANY(%(stages)s::text[]))
     AND (%(over)s::numeric IS NULL OR deal.amount > %(over)s::numeric)
     AND (%(under)s::numeric IS NULL OR deal.amount < %(under)s::numeric)
     AND (%(currency)s::text IS NULL OR deal.currency = %(currency)s::text)
     AND (%(since)s::timestamptz IS NULL OR %(since)s::timestamptz <=
          CASE %(period_of)s::text
            WHEN 'due' THEN deal.close_date::timestamp AT TIME ZONE %(zone)s::text
            ELSE deal.source_created_at END)
     AND (%(until)s::timestamptz IS NULL OR %(until)s::timestamptz >
          CASE %(period_of)s::text
            WHEN 'due' THEN deal.close_date::timestamp AT TIME ZONE %(zone)s::text
            ELSE deal.source_created_at END)
"""
    + TAIL
)

COMPANIES: LiteralString = (
    """
WITH matching AS (
  SELECT row.external_id, NULL::text AS key, row.name AS title, row.web_url AS url,
         row.stage AS state, coalesce(who.name, who.email) AS person, NULL::text AS client,
         NULL::text AS place, NULL::text AS priority, NULL::numeric AS amount,
         NULL::text AS currency, NULL::float AS estimate, NULL::date AS day,
         row.source_created_at AS created, '{}'::text[] AS labels
    FROM attio_accounts_raw AS row
    LEFT JOIN attio_members_raw AS who
      ON who.project_id = row.project_id AND who.external_id = row.owner_id
   WHERE row.project_id = %(project_id)s AND row.deleted_at IS NULL
     AND (%(people)s::text[] IS NULL OR row.owner_id = ANY(%(people)s::text[]))
"""
    + TAIL
)

PEOPLE: LiteralString = (
    """
WITH matching AS (
  SELECT row.external_id, NULL::text AS key, coalesce(row.name, row.emails[1]) AS title,
         row.web_url AS url, NULL::text AS state, NULL::text AS person, firm.name AS client,
         row.job_title AS place, NULL::text AS priority, NULL::numeric AS amount,
         NULL::text AS currency, NULL::float AS estimate, NULL::date AS day,
         row.source_created_at AS created, '{}'::text[] AS labels
    FROM attio_people_raw AS row
    LEFT JOIN attio_accounts_raw AS firm
      ON firm.project_id = row.project_id AND firm.external_id = row.company_id
   WHERE row.project_id = %(project_id)s AND row.deleted_at IS NULL
     AND (%(clients)s::text[] IS NULL OR row.company_id = ANY(%(clients)s::text[]))
"""
    + TAIL
)

NOTES: LiteralString = (
    """
WITH matching AS (
  SELECT own.external_id, NULL::text AS key,
         coalesce(nullif(own.title, ''), left(own.content, 200)) AS title, NULL::text AS url,
         NULL::text AS state, coalesce(who.name, who.email) AS person, NULL::text AS client,
         NULL::text AS place, NULL::text AS priority, NULL::numeric AS amount,
         NULL::text AS currency, NULL::float AS estimate, NULL::date AS day,
         own.source_created_at AS created, '{}'::text[] AS labels
    FROM (SELECT *, ARRAY[parent_id] AS homes FROM attio_notes_raw) AS own
    LEFT JOIN attio_members_raw AS who
      ON who.project_id = own.project_id AND who.external_id = own.author_id
   WHERE own.project_id = %(project_id)s AND own.deleted_at IS NULL
     AND EXISTS """
    + HOME
    + """
     AND (%(people)s::text[] IS NULL OR own.author_id = ANY(%(people)s::text[]))
     AND (%(since)s::timestamptz IS NULL OR own.source_created_at >= %(since)s::timestamptz)
     AND (%(until)s::timestamptz IS NULL OR own.source_created_at < %(until)s::timestamptz)
"""
    + TAIL
)

TASKS: LiteralString = (
    """
WITH matching AS (
  SELECT own.external_id, NULL::text AS key, own.content AS title, NULL::text AS url,
         NULL::text AS state,
         (SELECT string_agg(coalesce(who.name, who.email), ', ' ORDER BY who.name)
            FROM attio_members_raw AS who
           WHERE who.project_id = own.project_id AND who.external_id = ANY(own.assignee_ids))
           AS person,
         NULL::text AS client, NULL::text AS place, NULL::text AS priority,
         NULL::numeric AS amount, NULL::text AS currency, NULL::float AS estimate,
         (own.deadline_at AT TIME ZONE %(zone)s::text)::date AS day,
         own.source_created_at AS created, '{}'::text[] AS labels
    FROM (SELECT *, linked_ids AS homes FROM attio_tasks_raw) AS own
   WHERE own.project_id = %(project_id)s AND own.deleted_at IS NULL
     AND EXISTS """
    + HOME
    + """
     AND (NOT %(open)s::boolean OR own.completed IS NOT TRUE)
     AND (NOT (%(closed)s::boolean OR %(done)s::boolean) OR own.completed IS TRUE)
     AND (NOT %(overdue)s::boolean OR (own.completed IS NOT TRUE
                                       AND own.deadline_at < %(at)s::timestamptz))
     AND (NOT %(unassigned)s::boolean OR coalesce(own.assignee_ids, '{}') = '{}')
     AND (%(people)s::text[] IS NULL OR own.assignee_ids && %(people)s::text[])
     AND (%(since)s::timestamptz IS NULL OR %(since)s::timestamptz <=
          CASE %(period_of)s::text WHEN 'completed' THEN own.completed_at
                                   WHEN 'due' THEN own.deadline_at
                                   ELSE own.source_created_at END)
     AND (%(until)s::timestamptz IS NULL OR %(until)s::timestamptz >
          CASE %(period_of)s::text WHEN 'completed' THEN own.completed_at
                                   WHEN 'due' THEN own.deadline_at
                                   ELSE own.source_created_at END)
"""
    + TAIL
)
