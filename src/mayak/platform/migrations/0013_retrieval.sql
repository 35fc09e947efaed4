-- What questions are searched with: an index of words and identifiers that row-level security does not switch off.

-- Identifiers that stand in a text, in one spelling each: e-mails, keys such as BEA-42 (with and without what follows a
-- slash), numbers of three digits or more (groups of three joined), shorter ones after a number sign as №5, versions, the last
-- ten digits of phones. A superset of what a question may ask for: what is found is looked at once more.
CREATE FUNCTION mayak_identifiers(body text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN body !~ '[0-9@]' THEN '{}'::text[] ELSE (
  SELECT coalesce(array_agg(DISTINCT found), '{}')
    FROM (SELECT lower(part[1]) AS found FROM regexp_matches(body, '[\w.+-]+@[\w-]+(?:\.[\w-]+)+', 'g') AS part
          UNION ALL
          SELECT unnest(ARRAY[lower(part[1]), lower(part[1] || part[2])])
            FROM regexp_matches(body, '(?<![\w-])([^\W\d_]{1,10}-\d+)((?:/\w+)?)(?!\w)', 'g') AS part
          UNION ALL
          SELECT part[1] FROM regexp_matches(body, '\d{3,}', 'g') AS part
          UNION ALL
          SELECT regexp_replace(part[1], '\D', '', 'g')
            FROM regexp_matches(body, '(?<!\d)(\d{1,3}(?:[ ,.\u00a0\u202f]\d{3})+)(?!\d)', 'g') AS part
          UNION ALL
          SELECT '№' || part[1] FROM regexp_matches(body, '(?:№|#|no\.?|number|номер\w*)\s*(\d{1,2})(?!\d)', 'gi') AS part
          UNION ALL
          SELECT part[1] FROM regexp_matches(body, '(?<![\w.,])(\d+(?:\.\d{1,2}){1,3})(?!\d)', 'g') AS part
          UNION ALL
          SELECT unnest(ARRAY[right(digits, 10), right(left(digits, 11), 10), left(digits, 10)])
            FROM (SELECT regexp_replace(part[1], '\D', '', 'g') AS digits
                    FROM regexp_matches(body, '(\d(?:\D{0,2}\d){9,14})', 'g') AS part) AS phone) AS made) END;

ALTER TABLE rag_chunks ADD COLUMN identifiers text[] GENERATED ALWAYS AS (mayak_identifiers(text)) STORED;

-- Every word and identifier of a chunk with its project before it, cards apart from the rest. So one index serves all
-- projects of a partition, and a look into it brings up rows of one project only.
CREATE FUNCTION mayak_keys(project_id uuid, kind text, terms tsvector, identifiers text[])
RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1000
RETURN (
  SELECT array_agg(left(project_id::text, 8) || CASE kind WHEN 'card' THEN 'c' ELSE 't' END || word)
         || array(SELECT left(project_id::text, 8) || '#' || one FROM unnest(identifiers) AS one)
    FROM unnest(tsvector_to_array(terms)) AS word);

DROP INDEX rag_chunks_terms;
-- What waits to be sorted in is read by every search, so little of it may wait.
CREATE INDEX rag_chunks_keys ON rag_chunks USING gin (mayak_keys(project_id, kind, terms, identifiers))
  WITH (gin_pending_list_limit = 256);

-- Chunks of the present project that have a key, for each of `wanted`. Row-level security puts its condition before every
-- operator that is not marked leakproof, and none of text search or arrays is: under it an index of words goes unused. This runs
-- past it, so it takes the project from the transaction itself and from nobody else. The partition is named and the project compared in a
-- way no index serves, so that the keys are the only way in, whatever the planner believes about sizes.
CREATE FUNCTION mayak_chunks_with(section text, wanted text[]) RETURNS TABLE (key text, id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET enable_indexscan = off SET jit = off SET max_parallel_workers_per_gather = 0 ROWS 2000 AS $$
DECLARE
  mine constant uuid := current_setting('mayak.project_id')::uuid;
  part text;
BEGIN
  SELECT 'public.rag_chunks_' || lpad(remainder::text, 2, '0') INTO part FROM generate_series(0, 15) AS remainder
   WHERE satisfies_hash_partition('public.rag_chunks'::regclass, 16, remainder, mine);
  IF mine IS NULL OR section NOT IN ('t', 'c', '#') THEN RETURN; END IF;
  RETURN QUERY EXECUTE format(
    'SELECT given.key, found.id FROM unnest($1) AS given (key) CROSS JOIN LATERAL (
       SELECT chunk.id FROM %s AS chunk
        WHERE public.mayak_keys(chunk.project_id, chunk.kind, chunk.terms, chunk.identifiers) @> ARRAY[$2 || given.key]
          AND chunk.project_id IS NOT DISTINCT FROM $3 OFFSET 0) AS found', part)
    USING wanted, left(mine::text, 8) || section, mine;
END $$;
DO $$ BEGIN
  FOR part IN 0..15 LOOP
    EXECUTE format('GRANT SELECT ON rag_chunks_%s TO mayak_system', lpad(part::text, 2, '0'));
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION mayak_chunks_with(text, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION mayak_chunks_with(text, text[]) TO mayak_app;
-- Whoever gets a function must be able to create in its schema, for that moment. A user who may not lend this right is no
-- superuser; the function stays theirs, and they see what mayak_system sees as long as they inherit from it.
DO $$ BEGIN
  GRANT CREATE ON SCHEMA public TO mayak_system;
  ALTER FUNCTION mayak_chunks_with(text, text[]) OWNER TO mayak_system;
  REVOKE CREATE ON SCHEMA public FROM mayak_system;
EXCEPTION WHEN insufficient_privilege THEN
  IF NOT pg_has_role('mayak_system', 'USAGE') THEN RAISE; END IF;
END $$;

-- How many chunks there were when the words were last counted, cards apart.
CREATE TABLE rag_counts (
  project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
  section text NOT NULL CHECK (section IN ('t', 'c')),
  chunks integer NOT NULL,
  counted_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, section)
);
CALL mayak_scope('rag_counts');

-- Words that many chunks have: reading them all to count them would take too long. Others are counted while they are read.
CREATE TABLE rag_terms (
  project_id uuid NOT NULL,
  section text NOT NULL,
  lexeme text NOT NULL,
  chunks integer NOT NULL,
  PRIMARY KEY (project_id, section, lexeme),
  FOREIGN KEY (project_id, section) REFERENCES rag_counts (project_id, section) ON DELETE CASCADE
);
CALL mayak_scope('rag_terms');

CREATE INDEX rag_embeddings_cards ON rag_embeddings (project_id, set_id, text_hash) WHERE card;
-- Entities are asked for by name. A column, because row-level security lets an index serve only a plain comparison.
ALTER TABLE rag_documents ADD COLUMN name text GENERATED ALWAYS AS
  (CASE WHEN source_type <> 'chatwoot_conversation' THEN left(regexp_replace(lower(translate(title, 'ёЁ', 'еЕ')), '^\W+|\W+$', '', 'g'), 200) END) STORED;
CREATE INDEX rag_documents_name ON rag_documents (project_id, name) WHERE name IS NOT NULL;
