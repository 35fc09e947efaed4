-- What answers are made of: documents, their chunks, and the questions that were asked.

CREATE TABLE rag_documents (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  source_type text NOT NULL CHECK (source_type IN ('chatwoot_conversation')),
  external_id text NOT NULL,
  title text,
  -- The highest revision among the rows it was made of, their sum, and how many rows: it is stale when any differs.
  -- The sum tells when a row with a lower revision than the highest was committed later.
  source_revision bigint NOT NULL,
  source_revisions numeric NOT NULL,
  source_rows integer NOT NULL,
  -- The version of the cutting rules it was made by (RULES in lightrag.model.chunking).
  rules integer NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, id),
  UNIQUE (project_id, source_type, external_id)
);
CALL mayak_scope('rag_documents');

CREATE TABLE rag_chunks (
  project_id uuid NOT NULL,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  document_id uuid NOT NULL,
  ordinal integer NOT NULL,
  kind text NOT NULL CHECK (kind IN ('messages')),
  language text NOT NULL CHECK (language IN ('ru', 'en', 'other')),
  text text NOT NULL,
  text_hash bytea NOT NULL,
  -- [{external_id, start, end, source_start}]: which characters of `text` are which characters of which record.
  spans jsonb NOT NULL,
  occurred_at timestamptz NOT NULL,
  -- This configuration stems Russian and English; people write ё and е for the same letter.
  terms tsvector GENERATED ALWAYS AS (to_tsvector('russian', translate(text, 'ёЁ', 'еЕ'))) STORED,
  embedding_status text NOT NULL DEFAULT 'pending' CHECK (embedding_status IN ('pending', 'processing', 'ready', 'failed')),
  embedding_attempts integer NOT NULL DEFAULT 0,
  embedding_error text,
  embedding_model text,
  embedding halfvec,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, id),
  -- Deferred, because a chunk that only moved takes the place of one that moves later.
  UNIQUE (project_id, document_id, ordinal) DEFERRABLE INITIALLY DEFERRED,
  FOREIGN KEY (project_id, document_id) REFERENCES rag_documents (project_id, id) ON DELETE CASCADE,
  CHECK ((embedding_status = 'ready') = (embedding IS NOT NULL))
) PARTITION BY HASH (project_id);

DO $$ BEGIN
  FOR part IN 0..15 LOOP
    EXECUTE format('CREATE TABLE rag_chunks_%s PARTITION OF rag_chunks FOR VALUES WITH (MODULUS 16, REMAINDER %s)',
                   lpad(part::text, 2, '0'), part);
  END LOOP;
END $$;
CREATE INDEX rag_chunks_terms ON rag_chunks USING gin (terms);
CREATE INDEX rag_chunks_to_embed ON rag_chunks (project_id, occurred_at DESC) WHERE embedding_status IN ('pending', 'processing');
CREATE INDEX rag_chunks_failed ON rag_chunks (project_id) WHERE embedding_status = 'failed';
CALL mayak_scope('rag_chunks');

CREATE TABLE lightrag_query_runs (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  user_id uuid,
  question text NOT NULL,
  locale text NOT NULL CHECK (locale IN ('en', 'ru')),
  status text NOT NULL CHECK (status IN ('answered', 'empty', 'error')),
  mode text NOT NULL CHECK (mode IN ('hybrid', 'lexical', 'none')),
  reason text CHECK (reason IN ('no_source_rows', 'none_chunked', 'none_embedded', 'filtered', 'below_threshold')),
  answer jsonb NOT NULL,
  timings jsonb NOT NULL,
  feedback text CHECK (feedback IN ('up', 'down')),
  feedback_comment text,
  asked_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, id)
);
CREATE INDEX lightrag_query_runs_recent ON lightrag_query_runs (project_id, asked_at DESC, id DESC);
CALL mayak_scope('lightrag_query_runs');
