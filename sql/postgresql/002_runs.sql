-- SPDX-License-Identifier: Apache-2.0
-- Processes, and what became of the rows they began: begun = stored + open + dropped. Written anew with each batch, so
-- who writes also reads: the rows of its tenant.

CREATE TABLE pipeline_runs (
	run_id     uuid        NOT NULL PRIMARY KEY,
	tenant_id  text        NOT NULL DEFAULT '',
	program    text,
	host       text,
	pid        bigint,
	started_at timestamptz NOT NULL,
	seen_at    timestamptz NOT NULL,
	ended_at   timestamptz,
	outcome    text,
	begun      bigint      NOT NULL,
	stored     bigint      NOT NULL,
	open       bigint      NOT NULL,
	dropped    bigint      NOT NULL,
	dropped_by jsonb,
	attributes jsonb,
	created_at timestamptz NOT NULL
);

ALTER TABLE pipeline_runs ENABLE ROW LEVEL SECURITY;
ALTER TABLE pipeline_runs FORCE ROW LEVEL SECURITY;

CREATE POLICY owner ON pipeline_runs TO traceshim_owner USING (true);
CREATE POLICY writer_inserts ON pipeline_runs FOR INSERT TO traceshim_writer
	WITH CHECK (tenant_id = COALESCE((SELECT NULLIF(current_setting('app.current_tenant_id', true), '')), ''));
CREATE POLICY writer_updates ON pipeline_runs FOR UPDATE TO traceshim_writer
	USING (tenant_id = COALESCE((SELECT NULLIF(current_setting('app.current_tenant_id', true), '')), ''));
CREATE POLICY writer_reads ON pipeline_runs FOR SELECT TO traceshim_writer
	USING (tenant_id = COALESCE((SELECT NULLIF(current_setting('app.current_tenant_id', true), '')), ''));
CREATE POLICY reader ON pipeline_runs FOR SELECT TO traceshim_reader
	USING (tenant_id = (SELECT NULLIF(current_setting('app.current_tenant_id', true), '')));
CREATE POLICY auditor ON pipeline_runs FOR SELECT TO traceshim_auditor USING (true);

GRANT INSERT, UPDATE, SELECT ON pipeline_runs TO traceshim_writer;
GRANT SELECT ON pipeline_runs TO traceshim_reader, traceshim_auditor;
