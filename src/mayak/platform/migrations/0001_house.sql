-- Roles, the scope of a table, and who may enter.

DO $$ BEGIN IF to_regrole('mayak_app') IS NULL THEN CREATE ROLE mayak_app NOLOGIN; END IF; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
DO $$ BEGIN IF to_regrole('mayak_system') IS NULL THEN CREATE ROLE mayak_system NOLOGIN; END IF; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
DO $$ BEGIN
  EXECUTE format('GRANT mayak_app, mayak_system TO %I', current_user);
EXCEPTION WHEN unique_violation OR OTHERS THEN
  IF NOT (pg_has_role(current_user, 'mayak_app', 'MEMBER') AND pg_has_role(current_user, 'mayak_system', 'MEMBER')) THEN RAISE; END IF;
END $$;

CREATE EXTENSION IF NOT EXISTS vector;

GRANT USAGE ON SCHEMA public TO mayak_app, mayak_system;

-- Puts a table that has a project_id under the scope. Every such table is passed through here;
-- a convention test fails for one that was not.
CREATE PROCEDURE mayak_scope(scoped regclass) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', scoped);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', scoped);
  EXECUTE format('CREATE POLICY scope ON %s TO mayak_app USING (project_id = current_setting(''mayak.project_id'')::uuid)', scoped);
  EXECUTE format('CREATE POLICY system ON %s TO mayak_system USING (true)', scoped);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO mayak_app, mayak_system', scoped);
END $$;

-- Every change of a mirrored row takes the next number, so that derived rows can tell
-- whether they were made of the present state. Compared for equality, never as a cursor.
CREATE SEQUENCE source_revision;
GRANT USAGE ON SEQUENCE source_revision TO mayak_app, mayak_system;

CREATE TABLE workspaces (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT, INSERT, UPDATE, DELETE ON workspaces TO mayak_system;

CREATE TABLE projects (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  workspace_id uuid NOT NULL REFERENCES workspaces,
  slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
  name text NOT NULL CHECK (name <> ''),
  time_zone text NOT NULL DEFAULT 'UTC',
  created_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE projects ENABLE ROW LEVEL SECURITY;
ALTER TABLE projects FORCE ROW LEVEL SECURITY;
CREATE POLICY scope ON projects FOR SELECT TO mayak_app USING (id = current_setting('mayak.project_id')::uuid);
CREATE POLICY system ON projects TO mayak_system USING (true);
GRANT SELECT ON projects TO mayak_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON projects TO mayak_system;

CREATE TABLE users (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  email text NOT NULL CHECK (email = lower(email) AND email LIKE '%_@_%'),
  name text NOT NULL,
  password_hash text NOT NULL,
  role text NOT NULL DEFAULT 'member' CHECK (role IN ('owner', 'member')),
  locale text CHECK (locale IN ('en', 'ru')),
  created_at timestamptz NOT NULL DEFAULT now(),
  disabled_at timestamptz,
  UNIQUE (email)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON users TO mayak_system;

CREATE TABLE memberships (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  role text NOT NULL CHECK (role IN ('owner', 'manager', 'operator', 'viewer')),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, user_id)
);
CREATE INDEX memberships_user ON memberships (user_id);
CALL mayak_scope('memberships');

CREATE TABLE sessions (
  token_hash bytea PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  active_project_id uuid REFERENCES projects ON DELETE SET NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON sessions TO mayak_system;

-- Failed logins per address and e-mail, so that guessing is slow from any server of the fleet.
CREATE TABLE login_failures (
  key text PRIMARY KEY,
  failures integer NOT NULL,
  last_failed_at timestamptz NOT NULL,
  before_that timestamptz
);
GRANT SELECT, INSERT, UPDATE, DELETE ON login_failures TO mayak_system;
