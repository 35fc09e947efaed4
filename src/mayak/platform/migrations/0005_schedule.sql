-- worker_runs becomes the queue itself: what waits, what goes on and what is history are one table.
DROP TABLE IF EXISTS pgqueuer, pgqueuer_log, pgqueuer_schedules, pgqueuer_statistics CASCADE;
DROP FUNCTION IF EXISTS fn_pgqueuer_changed;
DROP TYPE IF EXISTS pgqueuer_status, pgqueuer_statistics_status;

-- A worker and the end of its lease: after that its runs are taken up by others.
ALTER TABLE workers
  ADD COLUMN lease_until timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN serves_all boolean NOT NULL DEFAULT true,
  ADD COLUMN slots jsonb NOT NULL DEFAULT '{}';

ALTER TABLE worker_runs
  DROP COLUMN queue_job_id,
  DROP COLUMN beat_at,
  ADD COLUMN queue text NOT NULL DEFAULT 'io' CHECK (queue IN ('io', 'cpu', 'derive')),
  -- Of one lane a project has at most one run going on. The job type, unless types share one.
  ADD COLUMN lane text,
  -- Tells pieces of work of one type apart: a digest of the payload, empty without one.
  ADD COLUMN key text NOT NULL DEFAULT '',
  -- The slot of the schedule that this row accounts for.
  ADD COLUMN slot_at timestamptz,
  -- Why it did not run: still_running, already_waiting, outage, not_built, cancelled.
  ADD COLUMN reason text,
  -- Its place in line. Work that one project piles up is placed ever later.
  ADD COLUMN turn_at timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN worker_id uuid,
  ADD COLUMN cancel_requested_at timestamptz,
  ADD COLUMN error_trace text,
  -- What became of a failed run; until then it is a dead letter.
  ADD COLUMN resolution text CHECK (resolution IN ('passed_on', 'superseded', 'replayed', 'discarded')),
  ADD COLUMN resolved_at timestamptz,
  ADD COLUMN replayed_as uuid,
  DROP CONSTRAINT worker_runs_status_check,
  ADD CONSTRAINT worker_runs_status_check CHECK (status IN
    ('queued', 'running', 'ok', 'partial', 'failed', 'dead', 'skipped', 'missed', 'cancelled'));

-- Runs that an earlier release left going on wait again, or leave their place to the one that waits.
SET LOCAL ROLE mayak_system;
UPDATE worker_runs SET lane = CASE job_type WHEN 'chatwoot_sync' THEN 'connectors' ELSE job_type END,
       queue = CASE job_type WHEN 'embeddings_run' THEN 'cpu' ELSE 'io' END;
UPDATE worker_runs AS mine SET status = 'queued', lease_token = NULL
 WHERE status = 'running'
   AND NOT EXISTS (SELECT 1 FROM worker_runs AS other WHERE other.project_id = mine.project_id
                      AND other.job_type = mine.job_type AND other.status = 'queued');
UPDATE worker_runs SET status = 'failed', finished_at = now(), lease_token = NULL, resolution = 'passed_on',
       resolved_at = now(), error_kind = 'crashed', error_fingerprint = 'crashed',
       error_message = 'Its worker stopped; a newer run was waiting and took its place.'
 WHERE status = 'running';
RESET ROLE;

ALTER TABLE worker_runs ALTER COLUMN lane SET NOT NULL;
DROP INDEX worker_runs_one_queued, worker_runs_one_running;
CREATE UNIQUE INDEX worker_runs_one_queued ON worker_runs (project_id, job_type, key) WHERE status = 'queued';
CREATE UNIQUE INDEX worker_runs_one_running ON worker_runs (project_id, lane) WHERE status = 'running';
CREATE UNIQUE INDEX worker_runs_one_a_slot ON worker_runs (project_id, job_type, slot_at) WHERE slot_at IS NOT NULL;
CREATE INDEX worker_runs_in_line ON worker_runs (queue, turn_at) WHERE status = 'queued';
CREATE INDEX worker_runs_dead_letters ON worker_runs (project_id, job_type, key)
  WHERE status IN ('failed', 'dead') AND resolution IS NULL;
CREATE INDEX worker_runs_by_day ON worker_runs USING brin (queued_at) WITH (pages_per_range = 32);
-- Rows change three times and then never: the queue's part of the table stays small.
ALTER TABLE worker_runs SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

-- When each job of a project runs by itself, and how it is doing.
CREATE TABLE scheduled_jobs (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
  job_type text NOT NULL,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'paused', 'suspended')),
  -- person, project (all of them at once), lightrag_only, failures.
  pause_reason text CHECK (pause_reason IN ('person', 'project', 'lightrag_only', 'failures')),
  paused_at timestamptz,
  paused_by text,
  cadence_seconds integer CHECK (cadence_seconds BETWEEN 60 AND 31 * 86400),
  cron text,
  -- Of the cron: the zone that next_run_at was computed in.
  time_zone text NOT NULL DEFAULT 'UTC',
  -- A person chose the cadence; releases and the project's zone leave it alone.
  custom boolean NOT NULL DEFAULT false,
  overlap text NOT NULL DEFAULT 'queue' CHECK (overlap IN ('queue', 'skip')),
  catchup text NOT NULL DEFAULT 'latest' CHECK (catchup IN ('latest', 'all', 'skip')),
  -- The slot to account for next; NULL when nothing but a cascade or a person starts it.
  next_run_at timestamptz,
  last_run_id uuid,
  last_run_at timestamptz,
  last_status text,
  last_error text,
  last_success_at timestamptz,
  consecutive_failures integer NOT NULL DEFAULT 0,
  PRIMARY KEY (project_id, job_type),
  CHECK (cadence_seconds IS NULL OR cron IS NULL),
  CHECK ((status = 'active') = (pause_reason IS NULL))
);
CREATE INDEX scheduled_jobs_due ON scheduled_jobs (next_run_at) WHERE status = 'active';
CALL mayak_scope('scheduled_jobs');
ALTER TABLE scheduled_jobs SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
