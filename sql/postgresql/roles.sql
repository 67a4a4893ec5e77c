-- SPDX-License-Identifier: Apache-2.0
-- The roles that the migrations grant to; of a whole server, not of a database. Runs again and again, and beside
-- itself. Nobody logs in as one of them: users are granted them.
--   traceshim_owner    owns everything, migrates, prunes
--   traceshim_writer   inserts rows of the tenant it has set
--   traceshim_reader   reads the rows of the tenant it has set
--   traceshim_auditor  reads the rows of all tenants; may become a reader, to see what one tenant sees

DO $do$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['traceshim_owner', 'traceshim_writer', 'traceshim_reader', 'traceshim_auditor'] LOOP
		CONTINUE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = name);
		BEGIN
			EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS', name);
		EXCEPTION WHEN duplicate_object OR unique_violation THEN
			NULL; -- somebody else's, made this moment
		END;
	END LOOP;
	IF NOT pg_has_role('traceshim_auditor', 'traceshim_reader', 'MEMBER') THEN
		GRANT traceshim_reader TO traceshim_auditor;
	END IF;
END
$do$;
