-- Failing things that are tried again one by one, and history that is read again.

ALTER TABLE connector_errors
  -- The run that tries it again; while the status is retrying, next_retry_at is the end of its lease.
  ADD COLUMN retried_by uuid,
  -- A person said that it does not matter; it stays so until the record changes.
  ADD COLUMN discarded_at timestamptz;
CREATE INDEX connector_errors_due ON connector_errors (project_id, next_retry_at)
  WHERE status IN ('pending', 'retrying');
CREATE INDEX connector_errors_discarded ON connector_errors (project_id, connector, stream, fingerprint)
  WHERE discarded_at IS NOT NULL;

-- How far a backfill is, slice by slice, so that a killed one goes on where it was.
CREATE TABLE connector_backfills (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
  run_id uuid NOT NULL,
  -- A part of what is to be read, named by what was bound, the stream and the span of time.
  slice text NOT NULL,
  checkpoint jsonb NOT NULL DEFAULT '{}',
  done boolean NOT NULL DEFAULT false,
  records bigint NOT NULL DEFAULT 0,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, run_id, slice)
);
CALL mayak_scope('connector_backfills');
