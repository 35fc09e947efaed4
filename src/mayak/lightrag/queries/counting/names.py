"""What a question may call by name, and which rows there are to count."""

from typing import LiteralString

NAMES: LiteralString = """
SELECT dimension, connector, text, array_agg(DISTINCT id ORDER BY id) AS ids
  FROM (
    SELECT 'member' AS dimension, 'linear' AS connector,
           coalesce(name, display_name, email) AS text, external_id AS id
      FROM linear_users_raw WHERE project_id = %(project_id)s AND deleted_at IS NULL
    UNION ALL
    SELECT 'member', 'attio', coalesce(name, email), external_id
      FROM attio_members_raw WHERE project_id = %(project_id)s AND deleted_at IS NULL
    UNION ALL
    SELECT 'member', 'chatwoot', assignee_name, assignee_name
      FROM cw_conversations
     WHERE project_id = %(project_id)s AND deleted_at IS NULL AND assignee_name IS NOT NULL
    UNION ALL
    SELECT 'member', 'chatwoot', sender_name, sender_name
      FROM cw_messages
     WHERE project_id = %(project_id)s AND deleted_at IS NULL AND sender_kind = 'agent'
    UNION ALL
    (SELECT 'contact', 'chatwoot', name, external_id
       FROM cw_contacts
      WHERE project_id = %(project_id)s AND deleted_at IS NULL AND name IS NOT NULL
      ORDER BY external_id LIMIT %(limit)s)
    UNION ALL
    (SELECT 'company', 'attio', name, external_id
       FROM attio_accounts_raw
      WHERE project_id = %(project_id)s AND deleted_at IS NULL AND name IS NOT NULL
      ORDER BY external_id LIMIT %(limit)s)
    UNION ALL
    SELECT 'state', 'linear', name, external_id
      FROM linear_states_raw WHERE project_id = %(project_id)s AND deleted_at IS NULL
    UNION ALL
    SELECT 'stage', 'attio', stage, stage
      FROM attio_opportunities_raw
     WHERE project_id = %(project_id)s AND deleted_at IS NULL AND stage IS NOT NULL
    UNION ALL
    SELECT 'label', 'linear', name, external_id
      FROM linear_labels_raw WHERE project_id = %(project_id)s AND deleted_at IS NULL
    UNION ALL
    SELECT 'label', 'chatwoot', label, label
      FROM cw_conversations CROSS JOIN LATERAL unnest(labels) AS label
     WHERE project_id = %(project_id)s AND deleted_at IS NULL
    UNION ALL
    SELECT 'project', 'linear', name, external_id
      FROM linear_projects_raw WHERE project_id = %(project_id)s AND deleted_at IS NULL
  ) AS called
 WHERE text IS NOT NULL
 GROUP BY dimension, connector, text
"""

OWN_NAME: LiteralString = """
SELECT name, slug,
       -- A project that has one company of the CRM, and not the CRM, is of that client.
       coalesce((SELECT bool_and(bound.kind = 'company') FROM connector_bindings AS bound
                  WHERE bound.project_id = projects.id AND bound.connector = 'attio'), false)
         AS of_companies
  FROM projects
 WHERE id = %(project_id)s
"""

STREAMS: LiteralString = """
-- Nothing clears last_success_at: it says nothing of a part that was bound after it.
SELECT state.connector, state.stream,
       coalesce(state.last_success_at >= bound.since, false) AS complete
  FROM connector_sync_state AS state
  JOIN (SELECT connector, max(created_at) AS since
          FROM connector_bindings
         WHERE project_id = %(project_id)s
         GROUP BY connector) AS bound ON bound.connector = state.connector
 WHERE state.project_id = %(project_id)s
"""
