-- SPDX-License-Identifier: Apache-2.0
-- Traces and spans, a partition a day (UTC) each; what has no day of its own lies in the default partitions, so that
-- a clock that jumps makes no row impossible. Ids are UUID v7, so rows arrive in key order. NULL is unknown. No foreign
-- key: a span may arrive before its trace. started_at is in the keys because it partitions; it is the same microsecond
-- whoever reads the record, and so is created_at, which has no default for that reason.
--
-- Run as traceshim_owner, in the schema where all of it shall live. README.md in sql/ tells the rules.

-- What was run here; filled by who runs it.
CREATE TABLE traceshim_migrations (
	number     integer     NOT NULL PRIMARY KEY,
	name       text        NOT NULL,
	checksum   text        NOT NULL, -- SHA-256 of the file, in hexadecimal
	applied_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT ON traceshim_migrations TO traceshim_writer, traceshim_reader, traceshim_auditor;

CREATE TABLE pipeline_traces (
	trace_id      uuid             NOT NULL,
	tenant_id     text             NOT NULL DEFAULT '',
	pipeline_name text             NOT NULL,
	telegram_id   bigint,
	user_id       text,
	session_id    text,
	started_at    timestamptz      NOT NULL,
	ended_at      timestamptz      NOT NULL,
	duration_ms   double precision,
	success       boolean          NOT NULL,
	error         text,
	input_data    jsonb,
	output_data   jsonb,
	program       text,
	host          text,
	pid           bigint,
	attributes    jsonb,
	created_at    timestamptz      NOT NULL,
	PRIMARY KEY (trace_id, started_at)
) PARTITION BY RANGE (started_at);

CREATE INDEX pipeline_traces_telegram_id ON pipeline_traces (telegram_id, trace_id)
	WHERE telegram_id IS NOT NULL;
CREATE INDEX pipeline_traces_pipeline_name ON pipeline_traces (pipeline_name, trace_id);
CREATE INDEX pipeline_traces_user_id ON pipeline_traces (user_id, trace_id) WHERE user_id IS NOT NULL;
CREATE INDEX pipeline_traces_failed ON pipeline_traces (trace_id) WHERE NOT success;
CREATE INDEX pipeline_traces_tenant_id ON pipeline_traces (tenant_id, trace_id) WHERE tenant_id <> '';
CREATE INDEX pipeline_traces_created_at ON pipeline_traces USING brin (created_at) WITH (autosummarize = on);

CREATE TABLE pipeline_spans (
	trace_id       uuid             NOT NULL,
	span_id        uuid             NOT NULL,
	tenant_id      text             NOT NULL DEFAULT '',
	parent_span_id uuid,
	span_name      text             NOT NULL,
	kind           text             NOT NULL,
	function       text,
	thread_id      bigint,
	started_at     timestamptz      NOT NULL,
	ended_at       timestamptz      NOT NULL,
	duration_ms    double precision,
	success        boolean          NOT NULL,
	error          text,
	input_data     jsonb,
	output_data    jsonb,
	model          text,
	provider       text,
	input_tokens   bigint,
	output_tokens  bigint,
	cost_nano_usd  bigint,
	attributes     jsonb,
	created_at     timestamptz      NOT NULL,
	PRIMARY KEY (trace_id, span_id, started_at)
) PARTITION BY RANGE (started_at);

CREATE INDEX pipeline_spans_created_at ON pipeline_spans USING brin (created_at) WITH (autosummarize = on);

-- A third of the time that pglz takes, for a third more space. Servers before 14, or built without it, go on with pglz.
DO $do$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['input_data', 'output_data', 'attributes'] LOOP
		EXECUTE pg_catalog.format('ALTER TABLE pipeline_traces ALTER COLUMN %I SET COMPRESSION lz4', name);
		EXECUTE pg_catalog.format('ALTER TABLE pipeline_spans ALTER COLUMN %I SET COMPRESSION lz4', name);
	END LOOP;
EXCEPTION WHEN feature_not_supported OR invalid_parameter_value OR undefined_object OR syntax_error THEN
	NULL;
END
$do$;

CREATE TABLE pipeline_traces_default PARTITION OF pipeline_traces DEFAULT;
CREATE TABLE pipeline_spans_default PARTITION OF pipeline_spans DEFAULT;

-- --- who sees what -----------------------------------------------------------------------------------------------------
-- The tenant is app.current_tenant_id, set inside the transaction only: set_config('app.current_tenant_id', T, true).
-- The sub-selects make the server ask for it once a statement; NULLIF, because the setting is '', not NULL, once a
-- transaction had it. Where no tenant is set a reader sees nothing, and a writer writes rows of no tenant.
--
-- A policy of a partitioned table does not hold for a partition that is named directly: partitions are granted to nobody,
-- and all the same have row level security, with a policy for their owner alone.

ALTER TABLE pipeline_traces ENABLE ROW LEVEL SECURITY;
ALTER TABLE pipeline_traces FORCE ROW LEVEL SECURITY;
ALTER TABLE pipeline_traces_default ENABLE ROW LEVEL SECURITY;
ALTER TABLE pipeline_traces_default FORCE ROW LEVEL SECURITY;
ALTER TABLE pipeline_spans ENABLE ROW LEVEL SECURITY;
ALTER TABLE pipeline_spans FORCE ROW LEVEL SECURITY;
ALTER TABLE pipeline_spans_default ENABLE ROW LEVEL SECURITY;
ALTER TABLE pipeline_spans_default FORCE ROW LEVEL SECURITY;

CREATE POLICY owner ON pipeline_traces TO traceshim_owner USING (true);
CREATE POLICY owner ON pipeline_traces_default TO traceshim_owner USING (true);
CREATE POLICY owner ON pipeline_spans TO traceshim_owner USING (true);
CREATE POLICY owner ON pipeline_spans_default TO traceshim_owner USING (true);

CREATE POLICY writer ON pipeline_traces FOR INSERT TO traceshim_writer
	WITH CHECK (tenant_id = COALESCE((SELECT NULLIF(current_setting('app.current_tenant_id', true), '')), ''));
CREATE POLICY writer ON pipeline_spans FOR INSERT TO traceshim_writer
	WITH CHECK (tenant_id = COALESCE((SELECT NULLIF(current_setting('app.current_tenant_id', true), '')), ''));

-- "<> ''" adds nothing but the proof that the partial index will do.
CREATE POLICY reader ON pipeline_traces FOR SELECT TO traceshim_reader
	USING (tenant_id = (SELECT NULLIF(current_setting('app.current_tenant_id', true), '')) AND tenant_id <> '');
CREATE POLICY reader ON pipeline_spans FOR SELECT TO traceshim_reader
	USING (tenant_id = (SELECT NULLIF(current_setting('app.current_tenant_id', true), '')));

CREATE POLICY auditor ON pipeline_traces FOR SELECT TO traceshim_auditor USING (true);
CREATE POLICY auditor ON pipeline_spans FOR SELECT TO traceshim_auditor USING (true);

-- Never TRUNCATE, which no policy stops.
GRANT INSERT ON pipeline_traces, pipeline_spans TO traceshim_writer;
GRANT SELECT ON pipeline_traces, pipeline_spans TO traceshim_reader, traceshim_auditor;

-- --- partitions --------------------------------------------------------------------------------------------------------
-- The functions carry the schema that they were made in as their search_path. They read it there and then look names up in
-- pg_catalog alone, for in the schema others may have put functions of the same names.

SELECT pg_catalog.set_config('search_path', pg_catalog.format('%I, pg_temp', pg_catalog.current_schema()), true);

-- The partition of one day of pipeline_traces or pipeline_spans: 'made', 'there', or why it was not made. Rows of that day
-- in the default partition move into it, up to `most` of them (NULL: all). It is made beside the table and then attached, so
-- that who writes to other days is not held up; who reads, and who writes to the default partition, waits until the
-- caller's transaction ends.
CREATE FUNCTION traceshim_make_partition(parent text, day date, most bigint) RETURNS text
LANGUAGE plpgsql
SET search_path FROM CURRENT
SET lock_timeout = '500ms'
AS $function$
DECLARE
	home CONSTANT text := pg_catalog.current_schema();
BEGIN
	PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
	DECLARE
		today  CONSTANT date := (now() AT TIME ZONE 'UTC')::date;
		name   CONSTANT text := parent || to_char(day, '"_"YYYYMMDD');
		whole  CONSTANT text := format('%I.%I', home, parent);
		others CONSTANT text := format('%I.%I', home, parent || '_default');
		leaf   CONSTANT text := format('%I.%I', home, name);
		since  CONSTANT text := to_char(day, 'YYYY-MM-DD" 00:00:00+00"');
		before CONSTANT text := to_char(day + 1, 'YYYY-MM-DD" 00:00:00+00"');
		of_day CONSTANT text := format('started_at >= %L::timestamptz AND started_at < %L::timestamptz', since, before);
		strays bigint;
	BEGIN
		-- Where nothing is to do no lock is taken; a second look once others cannot be making it.
		FOR look IN 1 .. 2 LOOP
			IF EXISTS (SELECT FROM pg_class
				WHERE relname = name AND relnamespace = to_regnamespace(quote_ident(home))) THEN
				RETURN 'there';
			ELSIF look = 1 THEN
				IF day IS NULL OR day < today - 400 OR day > today + 3 THEN
					RETURN 'the day is too far from now';
				END IF;
				PERFORM pg_advisory_xact_lock(1414677317, hashtext(whole));
			END IF;
		END LOOP;
		EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', others);
		EXECUTE format('SELECT count(*) FROM (SELECT FROM %s WHERE %s LIMIT $1) AS s', others, of_day)
			INTO strays USING COALESCE(most + 1, 1);
		IF strays > most THEN
			RETURN 'too many rows of that day are in the default partition';
		END IF;
		EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING ALL, CONSTRAINT of_day CHECK (%s))', leaf, whole, of_day);
		IF strays > 0 THEN
			EXECUTE format('WITH moved AS (DELETE FROM %s WHERE %s RETURNING *) INSERT INTO %s SELECT * FROM moved',
				others, of_day, leaf);
		END IF;
		EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)', whole, leaf, since, before);
		EXECUTE format('ALTER TABLE %s DROP CONSTRAINT of_day', leaf);
		EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', leaf);
		EXECUTE format('CREATE POLICY owner ON %s TO traceshim_owner USING (true)', leaf);
		RETURN 'made';
	END;
END
$function$;

-- The partitions of one day, for who writes: in a transaction of its own, ahead of the rows. Whatever comes of it, rows of
-- that day can be written: where it makes nothing they go to the default partition. Answers 'made', 'there', or why not.
-- A row that another transaction routes to the default partition in the very moment its day is made is refused with
-- check_violation (23514): send it again.
CREATE FUNCTION traceshim_make_partitions(day date) RETURNS text
LANGUAGE plpgsql STRICT SECURITY DEFINER
SET search_path FROM CURRENT
AS $function$
DECLARE
	home   CONSTANT text := pg_catalog.current_schema();
	most   CONSTANT bigint := 10000; -- what moves in the time that others may be made to wait
	parent text;
	answer text;
	result text := 'there';
BEGIN
	PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
	FOREACH parent IN ARRAY ARRAY['pipeline_traces', 'pipeline_spans'] LOOP
		BEGIN
			EXECUTE format('SELECT %I.traceshim_make_partition($1, $2, $3)', home)
				INTO answer USING parent, day, most;
		EXCEPTION WHEN OTHERS THEN
			answer := SQLERRM;
		END;
		IF answer <> 'there' AND result IN ('there', 'made') THEN
			result := answer;
		END IF;
	END LOOP;
	RETURN result;
END
$function$;

REVOKE ALL ON FUNCTION traceshim_make_partition(text, date, bigint), traceshim_make_partitions(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION traceshim_make_partitions(date) TO traceshim_writer;
