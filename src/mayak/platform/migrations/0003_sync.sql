-- What belongs to a project, how far its copy is, what failed, and the copy itself.

CREATE TABLE connector_bindings (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
  connector text NOT NULL CHECK (connector IN ('chatwoot', 'linear', 'attio', 'loops')),
  account_ref text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('account', 'inbox')),
  external_id text NOT NULL,
  name text,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, connector, account_ref, kind, external_id),
  -- One part of an account belongs to one project: a client's words never land in two.
  UNIQUE (connector, account_ref, kind, external_id)
);
CALL mayak_scope('connector_bindings');

CREATE TABLE connector_sync_state (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
  connector text NOT NULL,
  stream text NOT NULL,
  status text NOT NULL DEFAULT 'idle' CHECK (status IN
    ('idle', 'running', 'ok', 'partial', 'rate_limited', 'auth_failed', 'failing', 'stalled', 'disabled')),
  cause text,
  next_step text,
  until_at timestamptz,
  checkpoint jsonb NOT NULL DEFAULT '{}',
  run_id uuid,
  lease_until timestamptz,
  rows_written bigint NOT NULL DEFAULT 0,
  pages_read bigint NOT NULL DEFAULT 0,
  consecutive_failures integer NOT NULL DEFAULT 0,
  last_run_at timestamptz,
  last_success_at timestamptz,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, connector, stream)
);
CALL mayak_scope('connector_sync_state');

CREATE TABLE connector_errors (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  connector text NOT NULL,
  stream text NOT NULL,
  kind text NOT NULL CHECK (kind IN
    ('auth', 'rate_limit', 'schema', 'not_found', 'network', 'server', 'rejected')),
  fingerprint text NOT NULL,
  message text NOT NULL,
  external_id text,
  -- What has to be read again to get the failed record, such as the conversation of a message.
  parent_id text,
  payload jsonb,
  attempt integer NOT NULL DEFAULT 1,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'retrying', 'dead_letter', 'resolved')),
  next_retry_at timestamptz,
  first_seen_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  resolved_at timestamptz,
  PRIMARY KEY (project_id, id)
);
CREATE UNIQUE INDEX connector_errors_open ON connector_errors
  (project_id, connector, stream, fingerprint, coalesce(external_id, '')) WHERE status <> 'resolved';
CREATE INDEX connector_errors_recent ON connector_errors (project_id, last_seen_at DESC, id DESC);
CALL mayak_scope('connector_errors');

CREATE TABLE cw_inboxes_raw (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
  external_id text NOT NULL,
  name text,
  channel_type text,
  payload jsonb NOT NULL,
  content_hash bytea NOT NULL,
  source_updated_at timestamptz,
  synced_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,
  revision bigint NOT NULL DEFAULT nextval('source_revision'),
  PRIMARY KEY (project_id, external_id)
);
CALL mayak_scope('cw_inboxes_raw');

CREATE TABLE cw_contacts (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
  external_id text NOT NULL,
  name text,
  email text,
  phone_number text,
  identifier text,
  company_name text,
  source_created_at timestamptz,
  payload jsonb NOT NULL,
  content_hash bytea NOT NULL,
  source_updated_at timestamptz,
  synced_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,
  revision bigint NOT NULL DEFAULT nextval('source_revision'),
  PRIMARY KEY (project_id, external_id)
);
CALL mayak_scope('cw_contacts');

CREATE TABLE cw_conversations (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
  external_id text NOT NULL,
  uuid text,
  inbox_id text,
  contact_id text,
  assignee_name text,
  status text NOT NULL,
  priority text,
  labels text[] NOT NULL DEFAULT '{}',
  subject text,
  waiting_since timestamptz,
  first_reply_at timestamptz,
  last_activity_at timestamptz,
  source_created_at timestamptz,
  payload jsonb NOT NULL,
  content_hash bytea NOT NULL,
  source_updated_at timestamptz,
  synced_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,
  revision bigint NOT NULL DEFAULT nextval('source_revision'),
  -- The source's updated_at when the messages were last walked to their end; differs while a walk is due.
  walked_at_source timestamptz,
  walk_cursor jsonb,
  PRIMARY KEY (project_id, external_id)
);
CREATE INDEX cw_conversations_to_walk ON cw_conversations (project_id, external_id)
  WHERE deleted_at IS NULL AND (walked_at_source IS NULL OR walked_at_source IS DISTINCT FROM source_updated_at);
CREATE INDEX cw_conversations_contact ON cw_conversations (project_id, contact_id);
CALL mayak_scope('cw_conversations');

CREATE TABLE cw_messages (
  project_id uuid NOT NULL,
  external_id text NOT NULL,
  conversation_id text NOT NULL,
  message_type text NOT NULL CHECK (message_type IN ('incoming', 'outgoing', 'activity', 'template')),
  content_type text,
  content text,
  private boolean NOT NULL DEFAULT false,
  sender_kind text CHECK (sender_kind IN ('contact', 'agent', 'bot')),
  sender_id text,
  sender_name text,
  source_created_at timestamptz NOT NULL,
  payload jsonb NOT NULL,
  content_hash bytea NOT NULL,
  source_updated_at timestamptz,
  synced_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,
  revision bigint NOT NULL DEFAULT nextval('source_revision'),
  PRIMARY KEY (project_id, external_id),
  FOREIGN KEY (project_id, conversation_id) REFERENCES cw_conversations (project_id, external_id) ON DELETE CASCADE
);
CREATE INDEX cw_messages_conversation ON cw_messages (project_id, conversation_id, source_created_at, external_id) INCLUDE (revision);
CALL mayak_scope('cw_messages');

CREATE TABLE cw_attachments_raw (
  project_id uuid NOT NULL,
  external_id text NOT NULL,
  message_id text NOT NULL,
  file_type text,
  extension text,
  file_size bigint,
  data_url text,
  payload jsonb NOT NULL,
  content_hash bytea NOT NULL,
  source_updated_at timestamptz,
  synced_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,
  revision bigint NOT NULL DEFAULT nextval('source_revision'),
  PRIMARY KEY (project_id, external_id),
  FOREIGN KEY (project_id, message_id) REFERENCES cw_messages (project_id, external_id) ON DELETE CASCADE
);
CREATE INDEX cw_attachments_message ON cw_attachments_raw (project_id, message_id);
CALL mayak_scope('cw_attachments_raw');
