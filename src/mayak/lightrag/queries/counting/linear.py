"""Rows of Linear that match a plan: issues, comments, projects, cycles."""

from typing import LiteralString

from mayak.lightrag.queries.counting.tail import TAIL

ISSUES: LiteralString = (
    """
WITH today AS (
  SELECT (%(at)s::timestamptz AT TIME ZONE %(zone)s::text)::date AS day
), issue AS (
  SELECT row.*, coalesce(state.name, '') AS state_name,
         coalesce(state.type, '') IN ('completed', 'canceled', 'duplicate') AS ended,
         coalesce(state.type, '') AS state_type
    FROM linear_issues_raw AS row
    LEFT JOIN linear_states_raw AS state
      ON state.project_id = row.project_id AND state.external_id = row.state_id
   WHERE row.project_id = %(project_id)s AND row.deleted_at IS NULL
), matching AS (
  SELECT issue.external_id, issue.identifier AS key, issue.title, issue.url,
         nullif(issue.state_name, '') AS state, coalesce(who.name, who.display_name) AS person,
         NULL::text AS client, place.name AS place,
         CASE issue.priority WHEN 0 THEN NULL ELSE issue.priority_label END AS priority,
         NULL::numeric AS amount, NULL::text AS currency, issue.estimate,
         issue.due_date AS day, issue.source_created_at AS created,
         CASE WHEN %(grouping)s::text = 'label' THEN
           (SELECT coalesce(array_agg(label.name), '{}') FROM linear_labels_raw AS label
             WHERE label.project_id = issue.project_id
               AND label.external_id = ANY(issue.label_ids)) END AS labels
    FROM issue
    LEFT JOIN linear_users_raw AS who
      ON who.project_id = issue.project_id AND who.external_id = issue.assignee_id
    LEFT JOIN linear_projects_raw AS place
      ON place.project_id = issue.project_id AND place.external_id = issue.linear_project_id
   WHERE (NOT %(open)s::boolean OR (NOT issue.ended AND issue.archived_at IS NULL))
     AND (NOT %(closed)s::boolean OR issue.ended)
     AND (NOT %(done)s::boolean OR issue.state_type = 'completed')
     AND (NOT %(cancelled)s::boolean OR issue.state_type = 'canceled')
     AND (NOT %(overdue)s::boolean OR (NOT issue.ended AND issue.archived_at IS NULL
                                       AND issue.due_date < (SELECT day FROM today)))
     AND (NOT %(blocked)s::boolean OR (NOT issue.ended AND issue.archived_at IS NULL AND EXISTS (
           SELECT FROM linear_issues_raw AS other
             LEFT JOIN linear_states_raw AS its
               ON its.project_id = other.project_id AND its.external_id = other.state_id
            WHERE other.project_id = issue.project_id
              AND other.external_id = ANY(issue.blocked_by)
              AND other.deleted_at IS NULL AND other.archived_at IS NULL
              AND coalesce(its.type, '') NOT IN ('completed', 'canceled', 'duplicate'))))
     AND (NOT %(unassigned)s::boolean OR issue.assignee_id IS NULL)
     AND (%(people)s::text[] IS NULL
          OR CASE WHEN %(author)s::boolean THEN issue.creator_id ELSE issue.assignee_id END
             = ANY(%(people)s::text[]))
     AND (%(states)s::text[] IS NULL OR issue.state_id = ANY(%(states)s::text[]))
     AND (%(labels)s::text[] IS NULL OR issue.label_ids && %(labels)s::text[])
     AND (%(places)s::text[] IS NULL OR issue.linear_project_id = ANY(%(places)s::text[]))
     AND (%(priority)s::integer IS NULL OR issue.priority = %(priority)s::integer)
     AND (%(since)s::timestamptz IS NULL OR %(since)s::timestamptz <=
          CASE %(period_of)s::text
            WHEN 'completed' THEN coalesce(issue.completed_at, issue.canceled_at)
            WHEN 'due' THEN issue.due_date::timestamp AT TIME ZONE %(zone)s::text
            ELSE issue.source_created_at END)
     AND (%(until)s::timestamptz IS NULL OR %(until)s::timestamptz >
          CASE %(period_of)s::text
            WHEN 'completed' THEN coalesce(issue.completed_at, issue.canceled_at)
            WHEN 'due' THEN issue.due_date::timestamp AT TIME ZONE %(zone)s::text
            ELSE issue.source_created_at END)
"""
    + TAIL
)

COMMENTS: LiteralString = (
    """
WITH matching AS (
  SELECT row.external_id, issue.identifier AS key, left(row.body, 200) AS title, row.url,
         NULL::text AS state, coalesce(who.name, row.author_name) AS person, NULL::text AS client,
         coalesce(issue.title, place.name) AS place, NULL::text AS priority,
         NULL::numeric AS amount, NULL::text AS currency, NULL::float AS estimate,
         NULL::date AS day, row.source_created_at AS created, '{}'::text[] AS labels
    FROM linear_comments_raw AS row
    LEFT JOIN linear_issues_raw AS issue
      ON issue.project_id = row.project_id AND issue.external_id = row.issue_id
     AND issue.deleted_at IS NULL
    LEFT JOIN linear_projects_raw AS place
      ON place.project_id = row.project_id AND place.external_id = row.linear_project_id
     AND place.deleted_at IS NULL
    LEFT JOIN linear_users_raw AS who
      ON who.project_id = row.project_id AND who.external_id = row.author_id
   WHERE row.project_id = %(project_id)s AND row.deleted_at IS NULL
     AND coalesce(row.body, '') ~ '\\S'
     AND CASE WHEN row.issue_id IS NULL THEN place.external_id IS NOT NULL
              ELSE issue.external_id IS NOT NULL END
     AND (%(people)s::text[] IS NULL OR row.author_id = ANY(%(people)s::text[]))
     AND (%(since)s::timestamptz IS NULL OR row.source_created_at >= %(since)s::timestamptz)
     AND (%(until)s::timestamptz IS NULL OR row.source_created_at < %(until)s::timestamptz)
"""
    + TAIL
)

PROJECTS: LiteralString = (
    """
WITH matching AS (
  SELECT row.external_id, NULL::text AS key, row.name AS title, row.url,
         row.status_name AS state, who.name AS person, NULL::text AS client,
         NULL::text AS place, NULL::text AS priority, NULL::numeric AS amount,
         NULL::text AS currency, NULL::float AS estimate, row.target_date AS day,
         row.source_created_at AS created, '{}'::text[] AS labels
    FROM linear_projects_raw AS row
    LEFT JOIN linear_users_raw AS who
      ON who.project_id = row.project_id AND who.external_id = row.lead_id
   WHERE row.project_id = %(project_id)s AND row.deleted_at IS NULL
     AND (NOT %(open)s::boolean OR (row.archived_at IS NULL
          AND coalesce(row.status_type, '') NOT IN ('completed', 'canceled')))
     AND (NOT %(closed)s::boolean OR row.status_type IN ('completed', 'canceled'))
     AND (NOT %(done)s::boolean OR row.status_type = 'completed')
     AND (NOT %(cancelled)s::boolean OR row.status_type = 'canceled')
     AND (%(people)s::text[] IS NULL OR row.lead_id = ANY(%(people)s::text[]))
     AND (%(since)s::timestamptz IS NULL OR %(since)s::timestamptz <=
          CASE %(period_of)s::text WHEN 'completed' THEN coalesce(row.completed_at, row.canceled_at)
                                   ELSE row.source_created_at END)
     AND (%(until)s::timestamptz IS NULL OR %(until)s::timestamptz >
          CASE %(period_of)s::text WHEN 'completed' THEN coalesce(row.completed_at, row.canceled_at)
                                   ELSE row.source_created_at END)
"""
    + TAIL
)

CYCLES: LiteralString = (
    """
WITH matching AS (
  SELECT row.external_id, row.number::text AS key, coalesce(row.name, row.number::text) AS title,
         NULL::text AS url, NULL::text AS state, NULL::text AS person, NULL::text AS client,
         NULL::text AS place, NULL::text AS priority, NULL::numeric AS amount,
         NULL::text AS currency, NULL::float AS estimate,
         (row.ends_at AT TIME ZONE %(zone)s::text)::date AS day,
         row.starts_at AS created, '{}'::text[] AS labels
    FROM linear_cycles_raw AS row
   WHERE row.project_id = %(project_id)s AND row.deleted_at IS NULL
"""
    + TAIL
)
