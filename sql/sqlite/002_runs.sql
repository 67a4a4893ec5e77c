-- SPDX-License-Identifier: Apache-2.0
-- Processes, and what became of the rows they began: begun = stored + open + dropped.

CREATE TABLE pipeline_runs (
	run_id     BLOB    NOT NULL PRIMARY KEY,
	tenant_id  TEXT    NOT NULL DEFAULT '',
	program    TEXT,
	host       TEXT,
	pid        INTEGER,
	started_at TEXT    NOT NULL,
	seen_at    TEXT    NOT NULL,
	ended_at   TEXT,
	outcome    TEXT,
	begun      INTEGER NOT NULL,
	stored     INTEGER NOT NULL,
	open       INTEGER NOT NULL,
	dropped    INTEGER NOT NULL,
	dropped_by TEXT,
	attributes TEXT,
	created_at TEXT    NOT NULL
);
