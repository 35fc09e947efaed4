SET LOCAL ROLE mayak_system;

-- A Linear project is claimed as an issue is: by whoever is bound to it, else by whoever was the first to be bound to a team of it.
INSERT INTO connector_claims (project_id, connector, account_ref, kind, external_id)
SELECT project_id, connector, account_ref, kind, external_id
  FROM connector_bindings
 WHERE connector = 'linear' AND kind = 'project'
    ON CONFLICT DO NOTHING;

INSERT INTO connector_claims (project_id, connector, account_ref, kind, external_id)
SELECT DISTINCT ON (bound.account_ref, copied.external_id)
       copied.project_id, 'linear', bound.account_ref, 'project', copied.external_id
  FROM connector_bindings AS bound
  JOIN linear_projects_raw AS copied
    ON copied.project_id = bound.project_id AND copied.deleted_at IS NULL
   AND bound.external_id = ANY(copied.team_ids)
 WHERE bound.connector = 'linear' AND bound.kind = 'team'
 ORDER BY bound.account_ref, copied.external_id, bound.created_at, copied.project_id
    ON CONFLICT DO NOTHING;

-- What two projects had copied stays with the one that has the claim.
UPDATE linear_projects_raw AS copied
   SET deleted_at = now(), synced_at = now(), observed_at = now(),
       revision = nextval('source_revision')
 WHERE deleted_at IS NULL
   AND NOT EXISTS (
         SELECT FROM connector_claims AS claimed
          WHERE claimed.project_id = copied.project_id AND claimed.connector = 'linear'
            AND claimed.kind = 'project' AND claimed.external_id = copied.external_id)
   AND NOT EXISTS (
         SELECT FROM connector_bindings AS bound
          WHERE bound.project_id = copied.project_id AND bound.connector = 'linear'
            AND bound.kind = 'account');

RESET ROLE;
