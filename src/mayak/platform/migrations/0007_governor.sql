-- What each credential may still ask of its service, counted once for all workers. Not of one
-- project: several may share a credential, and the service counts them together.
CREATE TABLE connector_budgets (
  -- A digest of service and secret; the secret cannot be had from it.
  credential text NOT NULL CHECK (credential ~ '^[0-9a-f]{32}$'),
  -- requests, complexity, reads, writes: as the connector calls it.
  budget text NOT NULL,
  service text NOT NULL,
  -- So much flows in within each period, evenly, up to the burst.
  allowed double precision NOT NULL CHECK (allowed > 0 AND allowed < 'infinity'),
  period interval NOT NULL CHECK (period > interval '0'),
  burst double precision NOT NULL CHECK (burst > 0 AND burst < 'infinity'),
  per_second double precision NOT NULL
    GENERATED ALWAYS AS (allowed / extract(epoch FROM period)::double precision) STORED,
  -- What was left at counted_at; below zero after a cost that the bucket cannot hold.
  tokens double precision NOT NULL,
  counted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- All that was ever taken: two readings tell what went out between them.
  taken double precision NOT NULL DEFAULT 0,
  -- Whether the service's replies say what is left; then limit and period are the service's, too.
  told boolean NOT NULL DEFAULT false,
  resets_at timestamptz,
  blocked_until timestamptz,
  blocked_because text,
  PRIMARY KEY (credential, budget)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON connector_budgets TO mayak_system;
-- Few rows that change with every request: room for their next versions on the same page.
ALTER TABLE connector_budgets SET (fillfactor = 20, autovacuum_vacuum_threshold = 1000);
