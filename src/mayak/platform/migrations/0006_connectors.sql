-- Linear and Attio beside Chatwoot: how a project is connected, whose a record is, and their mirrors.

-- One row for each service that a project has a say about; without one the settings of the installation hold.
CREATE TABLE connector_connections (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
  connector text NOT NULL CHECK (connector IN ('chatwoot', 'linear', 'attio', 'loops')),
  status text NOT NULL DEFAULT 'enabled' CHECK (status IN ('enabled', 'paused')),
  paused_by text,
  base_url text,
  -- The number of a Chatwoot account; the others know theirs by the token.
  account text,
  -- Encrypted; NULL: the token of the installation.
  credential bytea,
  -- Of Attio: {object: {field: attribute_id}}, where a person knows better than the names say.
  mapping jsonb NOT NULL DEFAULT '{}',
  -- What the credential was last seen to be: {account_ref, account_name, user, role, missing}.
  identity jsonb,
  tested_at timestamptz,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, connector)
);
CALL mayak_scope('connector_connections');

ALTER TABLE connector_bindings DROP CONSTRAINT connector_bindings_kind_check;
ALTER TABLE connector_bindings ADD CONSTRAINT connector_bindings_kind_check
  CHECK (kind IN ('account', 'inbox', 'team', 'project', 'company', 'list', 'filter'));

-- Parts can overlap: an issue is of a team and of a project, a company on two lists. Who came first has the record.
CREATE TABLE connector_claims (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
  connector text NOT NULL,
  account_ref text NOT NULL,
  kind text NOT NULL,
  external_id text NOT NULL,
  PRIMARY KEY (project_id, connector, account_ref, kind, external_id),
  UNIQUE (connector, account_ref, kind, external_id)
);
CALL mayak_scope('connector_claims');

ALTER TABLE connector_sync_state
  ADD COLUMN rows_seen bigint NOT NULL DEFAULT 0,
  ADD COLUMN progress_done integer,
  ADD COLUMN progress_total integer,
  -- The newest change at the source that the copy is known to hold.
  ADD COLUMN fresh_until timestamptz;

ALTER TABLE connector_errors DROP CONSTRAINT connector_errors_kind_check;
ALTER TABLE connector_errors ADD CONSTRAINT connector_errors_kind_check CHECK (kind IN
  ('auth', 'rate_limit', 'schema', 'not_found', 'network', 'server', 'rejected', 'quota'));
ALTER TABLE connector_errors
  ADD COLUMN next_step text,
  ADD COLUMN resolved_by text;

-- What records looked like: a field or a value that was not there before is drift.
CREATE TABLE connector_fields (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
  connector text NOT NULL,
  stream text NOT NULL,
  -- `name:type` of a member, or `name=value` of a closed set.
  field text NOT NULL,
  -- Of the first complete reading; later ones are drift.
  expected boolean NOT NULL,
  first_seen_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, connector, stream, field)
);
CALL mayak_scope('connector_fields');

-- What a listing of the source has shown so far. Lost with a crash of the server: whoever uses it counts it.
CREATE UNLOGGED TABLE connector_listings (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
  listing_id uuid NOT NULL,
  external_id text NOT NULL,
  version text,
  listed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, listing_id, external_id)
);
CALL mayak_scope('connector_listings');

-- When the request began that brought the row: an older answer never replaces a newer one.
ALTER TABLE cw_inboxes_raw ADD COLUMN observed_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE cw_contacts ADD COLUMN observed_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE cw_conversations ADD COLUMN observed_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE cw_messages ADD COLUMN observed_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE cw_attachments_raw ADD COLUMN observed_at timestamptz NOT NULL DEFAULT now();

-- Gives a table what every mirror has, and its scope.
CREATE PROCEDURE mayak_mirror(mirror regclass) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s
    ADD COLUMN payload jsonb NOT NULL,
    ADD COLUMN content_hash bytea NOT NULL,
    ADD COLUMN source_updated_at timestamptz,
    ADD COLUMN observed_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN synced_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN deleted_at timestamptz,
    ADD COLUMN revision bigint NOT NULL DEFAULT nextval(''source_revision''),
    ADD PRIMARY KEY (project_id, external_id)', mirror);
  CALL mayak_scope(mirror);
END $$;

CREATE TABLE linear_teams_raw (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE, external_id text NOT NULL,
  key text, name text, time_zone text, retired_at timestamptz, archived_at timestamptz, source_created_at timestamptz);
CALL mayak_mirror('linear_teams_raw');

CREATE TABLE linear_users_raw (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE, external_id text NOT NULL,
  name text, display_name text, email text, active boolean, admin boolean, guest boolean, source_created_at timestamptz);
CALL mayak_mirror('linear_users_raw');

CREATE TABLE linear_states_raw (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE, external_id text NOT NULL,
  name text, type text, color text, position double precision, team_id text, archived_at timestamptz);
CALL mayak_mirror('linear_states_raw');

CREATE TABLE linear_labels_raw (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE, external_id text NOT NULL,
  name text, color text, team_id text, parent_id text, retired_at timestamptz, archived_at timestamptz);
CALL mayak_mirror('linear_labels_raw');

CREATE TABLE linear_projects_raw (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE, external_id text NOT NULL,
  name text, slug text, url text, description text, status_name text, status_type text, priority integer, health text,
  progress double precision, lead_id text, team_ids text[], start_date date, target_date date, completed_at timestamptz,
  canceled_at timestamptz, archived_at timestamptz, source_created_at timestamptz);
CALL mayak_mirror('linear_projects_raw');

CREATE TABLE linear_cycles_raw (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE, external_id text NOT NULL,
  number integer, name text, team_id text, starts_at timestamptz, ends_at timestamptz, completed_at timestamptz,
  progress double precision, archived_at timestamptz, source_created_at timestamptz);
CALL mayak_mirror('linear_cycles_raw');

CREATE TABLE linear_customers_raw (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE, external_id text NOT NULL,
  name text, slug text, url text, domains text[], external_ids text[], revenue bigint, size double precision,
  status_id text, tier_id text, owner_id text, archived_at timestamptz, source_created_at timestamptz);
CALL mayak_mirror('linear_customers_raw');

CREATE TABLE linear_issues_raw (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE, external_id text NOT NULL,
  identifier text, previous_identifiers text[], number integer, title text, description text, priority integer,
  priority_label text, estimate double precision, url text, branch_name text, due_date date, team_id text, state_id text,
  assignee_id text, creator_id text, linear_project_id text, cycle_id text, parent_id text, milestone_id text,
  label_ids text[], blocked_by text[], customer_ticket_count integer, archived_at timestamptz, started_at timestamptz,
  completed_at timestamptz, canceled_at timestamptz, source_created_at timestamptz);
CALL mayak_mirror('linear_issues_raw');
CREATE INDEX linear_issues_identifier ON linear_issues_raw (project_id, identifier);

CREATE TABLE linear_comments_raw (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE, external_id text NOT NULL,
  body text, url text, issue_id text, linear_project_id text, project_update_id text, parent_id text, author_id text,
  author_kind text, author_name text, edited_at timestamptz, resolved_at timestamptz, archived_at timestamptz,
  source_created_at timestamptz);
CALL mayak_mirror('linear_comments_raw');
CREATE INDEX linear_comments_issue ON linear_comments_raw (project_id, issue_id);

CREATE TABLE attio_attributes_raw (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE, external_id text NOT NULL,
  object text, slug text, title text, type text, is_multiselect boolean, is_unique boolean, is_archived boolean,
  mapped_to text);
CALL mayak_mirror('attio_attributes_raw');

CREATE TABLE attio_members_raw (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE, external_id text NOT NULL,
  name text, email text, access_level text);
CALL mayak_mirror('attio_members_raw');

CREATE TABLE attio_accounts_raw (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE, external_id text NOT NULL,
  name text, domains text[], stage text, owner_id text, person_ids text[], web_url text, source_created_at timestamptz);
CALL mayak_mirror('attio_accounts_raw');

CREATE TABLE attio_opportunities_raw (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE, external_id text NOT NULL,
  name text, stage text, amount numeric, currency text, company_id text, person_ids text[], owner_id text,
  close_date date, next_step text, web_url text, source_created_at timestamptz);
CALL mayak_mirror('attio_opportunities_raw');
CREATE INDEX attio_opportunities_company ON attio_opportunities_raw (project_id, company_id);

CREATE TABLE attio_people_raw (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE, external_id text NOT NULL,
  name text, emails text[], phones text[], job_title text, company_id text, web_url text, source_created_at timestamptz);
CALL mayak_mirror('attio_people_raw');
CREATE INDEX attio_people_company ON attio_people_raw (project_id, company_id);

CREATE TABLE attio_notes_raw (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE, external_id text NOT NULL,
  parent_object text, parent_id text, title text, content text, author_kind text, author_id text, meeting_id text,
  source_created_at timestamptz);
CALL mayak_mirror('attio_notes_raw');
CREATE INDEX attio_notes_parent ON attio_notes_raw (project_id, parent_id);

CREATE TABLE attio_tasks_raw (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE, external_id text NOT NULL,
  content text, deadline_at timestamptz, completed boolean, completed_at timestamptz, linked_ids text[],
  assignee_ids text[], author_id text, source_created_at timestamptz);
CALL mayak_mirror('attio_tasks_raw');
