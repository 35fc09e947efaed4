-- What services tell us by themselves: where they call, and what they said. Hints only: records are read again by id.

CREATE TABLE webhook_endpoints (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
  -- Part of the address that is given to the service, so unique by itself.
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  connector text NOT NULL CHECK (connector IN ('chatwoot', 'linear', 'attio', 'loops')),
  -- signed: each body is signed with `secret`. path: who knows the address is believed (Chatwoot up to 4.11.1).
  mode text NOT NULL DEFAULT 'signed' CHECK (mode IN ('signed', 'path')),
  -- Encrypted; NULL until the service was told of the endpoint.
  secret bytea,
  -- SHA-256 of the secret in the address; the address itself is kept without it.
  path_secret_hash bytea,
  url text NOT NULL,
  -- The service's own id of its webhook; NULL while it may have none.
  remote_id text,
  -- Of Attio: {object_id: stream}, without which its events cannot be understood.
  objects jsonb NOT NULL DEFAULT '{}',
  objects_at timestamptz,
  status text NOT NULL DEFAULT 'failing' CHECK (status IN ('active', 'failing', 'removed')),
  last_error text,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_delivery_at timestamptz,
  PRIMARY KEY (project_id, id),
  UNIQUE (id)
);
CREATE UNIQUE INDEX webhook_endpoints_live ON webhook_endpoints (project_id, connector) WHERE status <> 'removed';
CALL mayak_scope('webhook_endpoints');

CREATE TABLE webhook_deliveries (
  project_id uuid NOT NULL,
  endpoint_id uuid NOT NULL,
  -- The same for every attempt to deliver the same thing.
  delivery_id text NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  event text,
  -- What to read again: [{stream, external_id, deleted, replaces}].
  changes jsonb NOT NULL,
  -- NULL unless the whole account is the project's: else it may be about somebody else's client.
  body bytea,
  headers jsonb NOT NULL DEFAULT '{}',
  -- Signed well, but long ago.
  stale boolean NOT NULL DEFAULT false,
  status text NOT NULL DEFAULT 'received' CHECK (status IN ('received', 'done', 'ignored', 'failed')),
  -- How often work on it began; given back when the source was out of reach.
  attempts integer NOT NULL DEFAULT 0,
  error text,
  processed_at timestamptz,
  PRIMARY KEY (project_id, endpoint_id, delivery_id),
  FOREIGN KEY (project_id, endpoint_id) REFERENCES webhook_endpoints ON DELETE CASCADE
);
CREATE INDEX webhook_deliveries_age ON webhook_deliveries (received_at);
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (project_id, endpoint_id, attempts, received_at)
  WHERE status = 'received';
CALL mayak_scope('webhook_deliveries');
