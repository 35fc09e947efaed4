-- What there is at each source beside what is here: numbers of every check, and the very records that differ.

CREATE TABLE sync_reconciliation_metrics (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  run_id uuid NOT NULL,
  connector text NOT NULL,
  stream text NOT NULL,
  -- full: the source was listed. quick: counted here after a sync, beside what the sync learnt of the source.
  depth text NOT NULL CHECK (depth IN ('full', 'quick')),
  -- The last listing corrected by what was repaired since, without listing anew.
  restated boolean NOT NULL DEFAULT false,
  checked_at timestamptz NOT NULL DEFAULT now(),
  -- NULL in all that follow: not known.
  source_count integer,
  local_count integer NOT NULL,
  missing integer,
  extra integer,
  duplicate integer NOT NULL,
  stale integer,
  -- Percent of what the source shows that is here, cut to three digits: 100 says that nothing is missing.
  completeness numeric(6, 3),
  -- Of messages: conversations that were compared, of how many.
  parts_checked integer,
  parts_total integer,
  -- What became of the records further down the line: [{name, connector, stream, have, of, lacking}].
  stages jsonb NOT NULL DEFAULT '[]',
  -- Why something is not known.
  cause text,
  PRIMARY KEY (project_id, id)
);
CREATE INDEX sync_reconciliation_metrics_latest ON sync_reconciliation_metrics
  (project_id, connector, stream, depth, checked_at DESC);
CALL mayak_scope('sync_reconciliation_metrics');

CREATE TABLE sync_reconciliation_findings (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  connector text NOT NULL,
  stream text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('missing', 'extra', 'duplicate', 'stale')),
  external_id text NOT NULL,
  -- What tells a person which record it is: {known, source_version, our_version, twin, where, conversation_id}.
  detail jsonb NOT NULL DEFAULT '{}',
  -- repaired: here and at the source agree again. gone: it is neither here nor there any more.
  status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'repaired', 'gone', 'ignored')),
  found_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  resolved_at timestamptz,
  repair_error text,
  PRIMARY KEY (project_id, id)
);
CREATE UNIQUE INDEX sync_reconciliation_findings_open ON sync_reconciliation_findings
  (project_id, connector, stream, kind, external_id) WHERE status IN ('open', 'ignored');
CREATE INDEX sync_reconciliation_findings_recent ON sync_reconciliation_findings (project_id, found_at DESC, id DESC);
CALL mayak_scope('sync_reconciliation_findings');

-- When the messages of a conversation were last compared: a run compares those that waited longest.
CREATE TABLE sync_reconciliation_conversations (
  project_id uuid NOT NULL,
  external_id text NOT NULL,
  checked_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, external_id),
  FOREIGN KEY (project_id, external_id) REFERENCES cw_conversations (project_id, external_id) ON DELETE CASCADE
);
CALL mayak_scope('sync_reconciliation_conversations');
