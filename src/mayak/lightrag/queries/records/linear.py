"""SQL of what Linear has: issues, comments, projects.

What is archived is finished, not gone. What was put into the trash is a tombstone in the mirror.
"""

from collections.abc import Mapping
from typing import LiteralString

from mayak.lightrag.model.records import DocumentType, RecordType

ISSUES: LiteralString = """
SELECT 'linear_issue' AS type, i.external_id, 'linear_issue' AS document_type,
       i.external_id AS document_id, concat_ws(' ', i.identifier, i.title) AS title,
       jsonb_build_object(
         'identifier', i.identifier, 'title', i.title, 'description', i.description,
         'state', state.name,
         'assignee', coalesce(assignee.name, assignee.display_name, assignee.email),
         'creator', coalesce(creator.name, creator.display_name, creator.email),
         'due_date', to_char(i.due_date, 'YYYY-MM-DD'),
         'priority', i.priority_label, 'estimate', i.estimate::text,
         'project', project.name,
         'cycle', coalesce(cycle.name, cycle.number::text),
         'parent', concat_ws(' ', parent.identifier, parent.title),
         'labels', (
           SELECT string_agg(label.name, ', ' ORDER BY label.name, label.external_id)
             FROM linear_labels_raw AS label
            WHERE label.project_id = i.project_id AND label.external_id = ANY(i.label_ids)),
         'blocked_by', (
           SELECT string_agg(concat_ws(' ', other.identifier, other.title), '; '
                             ORDER BY other.identifier, other.external_id)
             FROM linear_issues_raw AS other
            WHERE other.project_id = i.project_id AND other.external_id = ANY(i.blocked_by)
              AND other.deleted_at IS NULL),
         'previous_identifiers', array_to_string(i.previous_identifiers, ', '),
         'created', to_char(i.source_created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'),
         'started', to_char(i.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'),
         'completed', to_char(i.completed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'),
         'canceled', to_char(i.canceled_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')
       ) AS fields,
       coalesce(creator.name, creator.display_name, creator.email) AS author,
       CASE WHEN creator.external_id IS NOT NULL THEN 'agent' END AS author_kind,
       coalesce(i.source_updated_at, i.source_created_at, i.synced_at) AS at,
       i.synced_at, i.deleted_at IS NULL AS public, i.url
  FROM linear_issues_raw AS i
  LEFT JOIN linear_states_raw AS state
    ON state.project_id = i.project_id AND state.external_id = i.state_id
  LEFT JOIN linear_users_raw AS assignee
    ON assignee.project_id = i.project_id AND assignee.external_id = i.assignee_id
  LEFT JOIN linear_users_raw AS creator
    ON creator.project_id = i.project_id AND creator.external_id = i.creator_id
  LEFT JOIN linear_projects_raw AS project
    ON project.project_id = i.project_id AND project.external_id = i.linear_project_id
   AND project.deleted_at IS NULL
  LEFT JOIN linear_cycles_raw AS cycle
    ON cycle.project_id = i.project_id AND cycle.external_id = i.cycle_id
  LEFT JOIN linear_issues_raw AS parent
    ON parent.project_id = i.project_id AND parent.external_id = i.parent_id
   AND parent.deleted_at IS NULL
 WHERE i.project_id = %(project_id)s AND i.external_id = ANY(%(ids)s)
"""

PROJECTS: LiteralString = """
SELECT 'linear_project' AS type, p.external_id, 'linear_project' AS document_type,
       p.external_id AS document_id, p.name AS title,
       jsonb_build_object(
         'name', p.name, 'description', p.description, 'status', p.status_name,
         'lead', coalesce(lead.name, lead.display_name, lead.email), 'health', p.health,
         'start_date', to_char(p.start_date, 'YYYY-MM-DD'),
         'target_date', to_char(p.target_date, 'YYYY-MM-DD'),
         'progress', round((p.progress * 100)::numeric)::text || ' %%',
         'created', to_char(p.source_created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'),
         'completed', to_char(p.completed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'),
         'canceled', to_char(p.canceled_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')
       ) AS fields,
       NULL AS author, NULL AS author_kind,
       coalesce(p.source_updated_at, p.source_created_at, p.synced_at) AS at,
       p.synced_at, p.deleted_at IS NULL AS public, p.url
  FROM linear_projects_raw AS p
  LEFT JOIN linear_users_raw AS lead
    ON lead.project_id = p.project_id AND lead.external_id = p.lead_id
 WHERE p.project_id = %(project_id)s AND p.external_id = ANY(%(ids)s)
"""


def comments(chosen: LiteralString) -> LiteralString:
    """Comments of issues and of projects; replies stand under what they answer."""
    return f"""
SELECT 'linear_comment' AS type, c.external_id,
       CASE WHEN c.issue_id IS NULL THEN 'linear_project' ELSE 'linear_issue' END
         AS document_type,
       coalesce(c.issue_id, c.linear_project_id, '') AS document_id,
       CASE WHEN c.issue_id IS NULL THEN p.name
            ELSE concat_ws(' ', i.identifier, i.title) END AS title,
       jsonb_build_object('body', c.body) AS fields,
       coalesce(c.author_name, author.name) AS author,
       CASE c.author_kind WHEN 'user' THEN 'agent' WHEN 'external' THEN 'contact'
                          WHEN 'bot' THEN 'bot' END AS author_kind,
       coalesce(c.source_created_at, c.source_updated_at, c.synced_at) AS at, c.synced_at,
       c.deleted_at IS NULL AND coalesce(c.body, '') ~ '\\S'
         AND CASE WHEN c.issue_id IS NULL THEN p.external_id IS NOT NULL
                  ELSE i.external_id IS NOT NULL END AS public,
       coalesce(c.url, i.url, p.url) AS url
  FROM linear_comments_raw AS c
  LEFT JOIN linear_issues_raw AS i
    ON i.project_id = c.project_id AND i.external_id = c.issue_id AND i.deleted_at IS NULL
  LEFT JOIN linear_projects_raw AS p
    ON p.project_id = c.project_id AND p.external_id = c.linear_project_id
   AND p.deleted_at IS NULL
  LEFT JOIN linear_users_raw AS author
    ON author.project_id = c.project_id AND author.external_id = c.author_id
  LEFT JOIN linear_comments_raw AS first
    ON first.project_id = c.project_id AND first.external_id = c.parent_id
 WHERE c.project_id = %(project_id)s AND {chosen}
 ORDER BY coalesce(first.source_created_at, c.source_created_at),
          coalesce(first.external_id, c.external_id), first.external_id IS NOT NULL,
          c.source_created_at, c.external_id
"""


RECORDS: Mapping[RecordType, LiteralString] = {
    "linear_issue": ISSUES,
    "linear_comment": comments("c.external_id = ANY(%(ids)s)"),
    "linear_project": PROJECTS,
}
PARTS: Mapping[DocumentType, tuple[LiteralString, ...]] = {
    "linear_issue": (comments("c.issue_id = ANY(%(ids)s)"),),
    "linear_project": (comments("c.issue_id IS NULL AND c.linear_project_id = ANY(%(ids)s)"),),
}
