-- Vectors leave the chunks: a project can have those of several models side by side, and change between them at once.

CREATE TABLE embedding_sets (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  provider text NOT NULL,
  model text NOT NULL,
  -- What `Embedder.space` says; vectors of two spaces are never compared.
  space text NOT NULL,
  dimensions integer,
  -- One is `active` and answers; one may be `building` beside it; `previous` is kept to go back to; what is `retired`
  -- loses its vectors bit by bit.
  status text NOT NULL CHECK (status IN ('building', 'active', 'previous', 'retired')),
  -- A person went back from this set: it is not made active again until a person asks for it.
  rejected_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  activated_at timestamptz,
  -- The provider as it was last met; all null while it serves.
  failing_since timestamptz,
  failure_kind text,
  failure_cause text,
  -- Nobody asks it before.
  retry_at timestamptz,
  -- Failed calls since then, of runs and of questions.
  failures integer NOT NULL DEFAULT 0,
  PRIMARY KEY (project_id, id),
  UNIQUE (project_id, space)
);
CREATE UNIQUE INDEX embedding_sets_active ON embedding_sets (project_id) WHERE status = 'active';
CREATE UNIQUE INDEX embedding_sets_building ON embedding_sets (project_id) WHERE status = 'building';
CREATE UNIQUE INDEX embedding_sets_previous ON embedding_sets (project_id) WHERE status = 'previous';
CALL mayak_scope('embedding_sets');

-- One vector for each text, however many chunks say it: a text that comes back costs no call.
CREATE TABLE rag_embeddings (
  project_id uuid NOT NULL,
  set_id uuid NOT NULL,
  -- That of rag_chunks.
  text_hash bytea NOT NULL,
  -- Of an entity card: those are ranked apart.
  card boolean NOT NULL DEFAULT false,
  embedding halfvec NOT NULL,
  -- Whether it stands in the graph (HNSW) of its length. Putting it there costs many times what storing it does, so it is
  -- done later, and only in sets that are too large to be read whole.
  graphed boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, set_id, text_hash),
  FOREIGN KEY (project_id, set_id) REFERENCES embedding_sets (project_id, id) ON DELETE CASCADE
) PARTITION BY HASH (project_id);

DO $$ BEGIN
  FOR part IN 0..15 LOOP
    EXECUTE format('CREATE TABLE rag_embeddings_%s PARTITION OF rag_embeddings FOR VALUES WITH (MODULUS 16, REMAINDER %s)',
                   lpad(part::text, 2, '0'), part);
  END LOOP;
END $$;
-- pgvector indexes vectors of one length only. These are the lengths of the models people use; a set of another length is
-- always read whole. An index without rows costs nothing.
CREATE INDEX rag_embeddings_hnsw_384 ON rag_embeddings USING hnsw ((embedding::halfvec(384)) halfvec_cosine_ops)
  WITH (m = 16, ef_construction = 64) WHERE graphed AND vector_dims(embedding) = 384;
CREATE INDEX rag_embeddings_hnsw_768 ON rag_embeddings USING hnsw ((embedding::halfvec(768)) halfvec_cosine_ops)
  WITH (m = 16, ef_construction = 64) WHERE graphed AND vector_dims(embedding) = 768;
CREATE INDEX rag_embeddings_hnsw_1024 ON rag_embeddings USING hnsw ((embedding::halfvec(1024)) halfvec_cosine_ops)
  WITH (m = 16, ef_construction = 64) WHERE graphed AND vector_dims(embedding) = 1024;
CREATE INDEX rag_embeddings_hnsw_1536 ON rag_embeddings USING hnsw ((embedding::halfvec(1536)) halfvec_cosine_ops)
  WITH (m = 16, ef_construction = 64) WHERE graphed AND vector_dims(embedding) = 1536;
CREATE INDEX rag_embeddings_hnsw_3072 ON rag_embeddings USING hnsw ((embedding::halfvec(3072)) halfvec_cosine_ops)
  WITH (m = 16, ef_construction = 64) WHERE graphed AND vector_dims(embedding) = 3072;
-- What questions read beside the graph.
CREATE INDEX rag_embeddings_ungraphed ON rag_embeddings (project_id, set_id) WHERE NOT graphed;
CALL mayak_scope('rag_embeddings');

-- Texts that were sent for a set and have no vector in it. `rag_chunks` counts for the active set itself.
CREATE TABLE embedding_tries (
  project_id uuid NOT NULL,
  set_id uuid NOT NULL,
  text_hash bytea NOT NULL,
  attempts integer NOT NULL,
  error text,
  tried_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, set_id, text_hash),
  FOREIGN KEY (project_id, set_id) REFERENCES embedding_sets (project_id, id) ON DELETE CASCADE
);
CALL mayak_scope('embedding_tries');

SET LOCAL ROLE mayak_system;

INSERT INTO embedding_sets (project_id, provider, model, space, dimensions, status, activated_at)
SELECT DISTINCT ON (project_id) project_id, split_part(embedding_model, '/', 1), 
       -- provider/model, or provider/model/dimensions/server; a model may have slashes of its own.
       regexp_replace(substr(embedding_model, strpos(embedding_model, '/') + 1), '/(default|[0-9]+)/[0-9a-f]{8}$', ''),
       embedding_model, vector_dims(embedding), 'active', now()
  FROM rag_chunks WHERE embedding_status = 'ready'
 GROUP BY project_id, embedding_model, vector_dims(embedding)
 ORDER BY project_id, count(*) DESC;

INSERT INTO rag_embeddings (project_id, set_id, text_hash, embedding)
SELECT DISTINCT ON (chunk.project_id, chunk.text_hash) chunk.project_id, kept.id, chunk.text_hash, chunk.embedding
  FROM rag_chunks AS chunk
  JOIN embedding_sets AS kept ON kept.project_id = chunk.project_id AND kept.space = chunk.embedding_model
   AND kept.dimensions = vector_dims(chunk.embedding)
 WHERE chunk.embedding_status = 'ready';

RESET ROLE;

ALTER TABLE rag_chunks DROP CONSTRAINT rag_chunks_check;
ALTER TABLE rag_chunks DROP COLUMN embedding, DROP COLUMN embedding_model;
CREATE INDEX rag_chunks_text ON rag_chunks (project_id, text_hash);

SET LOCAL ROLE mayak_system;

-- Whoever has no vector in the active set waits for one.
UPDATE rag_chunks AS chunk
   SET embedding_status = 'pending', embedding_attempts = 0, embedding_error = NULL
 WHERE embedding_status <> 'pending'
   AND NOT EXISTS (SELECT FROM rag_embeddings AS made WHERE made.project_id = chunk.project_id AND made.text_hash = chunk.text_hash);

RESET ROLE;
