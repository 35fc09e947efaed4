-- Lets the planner know of rows that it has no idea of. By the statistics of a table that was emptied every look finds one row,
-- by whatever index, until autovacuum comes by; a first sync would read all of a project for each record. Only the owner of a
-- table may ANALYZE it before PostgreSQL 17, so this runs as the owner. It counts rows and tells nobody any.
CREATE FUNCTION mayak_learn(of_table text, at_least bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_class AS known
              WHERE known.oid = to_regclass('public.' || quote_ident(of_table))
                AND known.relforcerowsecurity AND known.reltuples < at_least) THEN
    EXECUTE format('ANALYZE (SKIP_LOCKED) public.%I', of_table);
  END IF;
END $$;
REVOKE ALL ON FUNCTION mayak_learn(text, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION mayak_learn(text, bigint) TO mayak_app;
