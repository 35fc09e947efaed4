-- The history of every job. The queue only wakes workers up; what is true stands here.
CREATE TABLE worker_runs (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  job_type text NOT NULL,
  trigger text NOT NULL CHECK (trigger IN ('schedule', 'manual', 'cascade', 'retry', 'webhook')),
  upstream uuid[] NOT NULL DEFAULT '{}',
  because text,
  payload jsonb NOT NULL DEFAULT '{}',
  status text NOT NULL DEFAULT 'queued' CHECK (status IN
    ('queued', 'running', 'ok', 'partial', 'failed', 'dead', 'skipped', 'cancelled')),
  attempt integer NOT NULL DEFAULT 0,
  starts integer NOT NULL DEFAULT 0,
  queue_job_id bigint,
  lease_token uuid,
  progress_done bigint,
  progress_total bigint,
  progress_note text,
  counters jsonb NOT NULL DEFAULT '{}',
  error_kind text,
  error_message text,
  error_fingerprint text,
  queued_at timestamptz NOT NULL DEFAULT now(),
  not_before timestamptz,
  started_at timestamptz,
  -- When its worker last said that it is at it.
  beat_at timestamptz,
  finished_at timestamptz,
  PRIMARY KEY (project_id, id)
);
CREATE UNIQUE INDEX worker_runs_one_queued ON worker_runs (project_id, job_type) WHERE status = 'queued';
CREATE UNIQUE INDEX worker_runs_one_running ON worker_runs (project_id, job_type) WHERE status = 'running';
CREATE INDEX worker_runs_recent ON worker_runs (project_id, queued_at DESC, id DESC);
CALL mayak_scope('worker_runs');

-- Which workers live. Not of one project: a worker serves them all.
CREATE TABLE workers (
  id uuid PRIMARY KEY,
  host text NOT NULL,
  pid integer NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON workers TO mayak_system;
