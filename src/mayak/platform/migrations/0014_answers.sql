-- Answers that count, that a model composed, that were judged; and the audit, which nobody can rewrite unseen.

-- `mode` was how the search went; now it is what was asked for, and `searched` is how it went.
ALTER TABLE lightrag_query_runs RENAME COLUMN mode TO searched;
ALTER TABLE lightrag_query_runs DROP CONSTRAINT lightrag_query_runs_mode_check;
ALTER TABLE lightrag_query_runs DROP CONSTRAINT lightrag_query_runs_reason_check;
ALTER TABLE lightrag_query_runs
  ADD CHECK (searched IN ('hybrid', 'lexical', 'rows', 'none')),
  ADD CHECK (reason IN ('no_source_rows', 'none_chunked', 'none_embedded', 'filtered', 'below_threshold', 'gone')),
  ADD COLUMN mode text NOT NULL DEFAULT 'mix' CHECK (mode IN ('naive', 'local', 'global', 'hybrid', 'mix')),
  ADD COLUMN kind text NOT NULL DEFAULT 'quotes' CHECK (kind IN ('quotes', 'composed', 'table')),
  ADD COLUMN duration_ms double precision,
  -- The chance that the answer is right, from 0 to 1; NULL for refusals.
  ADD COLUMN quality_score double precision CHECK (quality_score BETWEEN 0 AND 1),
  ADD COLUMN filters jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN feedback_reason text CHECK (feedback_reason IN ('wrong', 'incomplete', 'not_found', 'outdated', 'other'));
ALTER TABLE lightrag_query_runs ALTER COLUMN mode DROP DEFAULT, ALTER COLUMN kind DROP DEFAULT;

SET LOCAL ROLE mayak_system;
UPDATE lightrag_query_runs SET duration_ms = (timings ->> 'total_ms')::double precision;

-- Kept answers take the present shape, so that there is one way to read them.
UPDATE lightrag_query_runs
   SET answer = answer || jsonb_build_object(
         'mode', 'mix',
         'searched', searched,
         'kind', 'quotes',
         'citations', coalesce(
           (SELECT jsonb_agg((cited - 'conversation_id') || jsonb_build_object(
                     'document_type', coalesce(cited ->> 'document_type', 'chatwoot_conversation'),
                     'document_id', coalesce(cited ->> 'document_id', cited ->> 'conversation_id'),
                     'title', cited -> 'title', 'label', NULL) ORDER BY place)
              FROM jsonb_array_elements(answer -> 'citations') WITH ORDINALITY AS listed (cited, place)), '[]'));
RESET ROLE;

-- What a reader found wrong, for a person to look at and, when they agree, to hold later answers to.
CREATE TABLE lightrag_cases (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  query_id uuid NOT NULL,
  question text NOT NULL,
  -- The answer as it was given.
  answer jsonb NOT NULL,
  reason text CHECK (reason IN ('wrong', 'incomplete', 'not_found', 'outdated', 'other')),
  comment text,
  status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'accepted', 'dismissed')),
  -- What a right answer would say.
  expected text,
  note text,
  reviewer_id uuid,
  reviewed_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, id),
  UNIQUE (project_id, query_id),
  FOREIGN KEY (project_id, query_id) REFERENCES lightrag_query_runs (project_id, id) ON DELETE CASCADE
);
CREATE INDEX lightrag_cases_recent ON lightrag_cases (project_id, created_at DESC, id DESC);
CALL mayak_scope('lightrag_cases');

-- Who did what. Every row holds a hash over itself and the row before it: one that was changed or taken out shows.
CREATE TABLE audit_events (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
  -- From 1, without a gap.
  ordinal bigint NOT NULL,
  at timestamptz NOT NULL,
  -- user:ID, or what acted by itself, such as cli.
  actor text NOT NULL,
  action text NOT NULL,
  -- type:ID of what was acted on.
  entity text,
  status text NOT NULL CHECK (status IN ('ok', 'empty', 'error')),
  duration_ms double precision,
  request_id text,
  ip text,
  payload_digest bytea,
  previous_hash bytea NOT NULL,
  hash bytea NOT NULL,
  PRIMARY KEY (project_id, ordinal)
);
CREATE INDEX audit_events_action ON audit_events (project_id, action, at DESC);
CALL mayak_scope('audit_events');
-- A project's own transactions add rows, and nothing else.
REVOKE UPDATE, DELETE ON audit_events FROM mayak_app;
