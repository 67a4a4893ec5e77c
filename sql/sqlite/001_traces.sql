-- SPDX-License-Identifier: Apache-2.0
-- Traces and spans. Ids are UUID v7 as 16-byte blobs, so rows arrive in key order; times are UTC text in
-- RFC 3339 with microseconds, so they sort as they read; success is 0 or 1; JSON is text; NULL is unknown.
-- No foreign key: a span may arrive before its trace.

PRAGMA application_id = 0x54524345;

CREATE TABLE pipeline_traces (
	trace_id      BLOB    NOT NULL PRIMARY KEY,
	tenant_id     TEXT    NOT NULL DEFAULT '',
	pipeline_name TEXT    NOT NULL,
	telegram_id   INTEGER,
	user_id       TEXT,
	session_id    TEXT,
	started_at    TEXT    NOT NULL,
	ended_at      TEXT    NOT NULL,
	duration_ms   REAL,
	success       INTEGER NOT NULL,
	error         TEXT,
	input_data    TEXT,
	output_data   TEXT,
	program       TEXT,
	host          TEXT,
	pid           INTEGER,
	attributes    TEXT,
	created_at    TEXT    NOT NULL
);

CREATE INDEX pipeline_traces_telegram_id ON pipeline_traces (telegram_id, trace_id)
	WHERE telegram_id IS NOT NULL;
CREATE INDEX pipeline_traces_pipeline_name ON pipeline_traces (pipeline_name, trace_id);
CREATE INDEX pipeline_traces_user_id ON pipeline_traces (user_id, trace_id) WHERE user_id IS NOT NULL;
CREATE INDEX pipeline_traces_failed ON pipeline_traces (trace_id) WHERE NOT success;
CREATE INDEX pipeline_traces_created_at ON pipeline_traces (created_at);

CREATE TABLE pipeline_spans (
	trace_id       BLOB    NOT NULL,
	span_id        BLOB    NOT NULL,
	tenant_id      TEXT    NOT NULL DEFAULT '',
	parent_span_id BLOB,
	span_name      TEXT    NOT NULL,
	kind           TEXT    NOT NULL,
	function       TEXT,
	thread_id      INTEGER,
	started_at     TEXT    NOT NULL,
	ended_at       TEXT    NOT NULL,
	duration_ms    REAL,
	success        INTEGER NOT NULL,
	error          TEXT,
	input_data     TEXT,
	output_data    TEXT,
	model          TEXT,
	provider       TEXT,
	input_tokens   INTEGER,
	output_tokens  INTEGER,
	cost_nano_usd  INTEGER,
	attributes     TEXT,
	created_at     TEXT    NOT NULL,
	PRIMARY KEY (trace_id, span_id)
);

CREATE INDEX pipeline_spans_created_at ON pipeline_spans (created_at);
