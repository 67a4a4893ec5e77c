#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# `traceshim reprice` on stores that others use meanwhile: rows of many days, a pooler, a file that is locked.

bats_require_minimum_version 1.5.0
load ../e2e/helper
load ../e2e/stores
store_kind=postgresql

setup_file() {
	stores_begin
}

teardown_file() {
	stores_end
}

setup() {
	scratch
	same_day
	db=reprice$BATS_TEST_NUMBER
	pg_make "$db" ready
	TRACESHIM_STORE=$(pg_of "$db")
	echo '{"prices": [{"model": "m", "input": 1, "output": 2}]}' >ours.json
	usage='{"usage": {"api": "openai.chat"}, "cost_status": "unpriced"}'
}

# Spans are made up here, and no run tells of them.
teardown() {
	[ -z "${pooler_url-}" ] || pooler_end
}

reprice() {
	"$root/build/traceshim" reprice --prices ours.json "$@"
}

# fill N: calls of a model, each a day before the last, from tomorrow on backwards.
fill() {
	pg_sql "$db" "
		SELECT traceshim_make_partitions(current_date - i) FROM generate_series(0, 3) AS i;
		INSERT INTO pipeline_spans (trace_id, span_id, span_name, kind, started_at, ended_at, duration_ms, success, model,
			input_tokens, output_tokens, attributes, created_at)
		SELECT gen_random_uuid(), gen_random_uuid(), 'llm:x', 'llm', at, at, 1, true, 'm', 10, 20, '$usage', at
			FROM (SELECT now() + interval '1 day' - i * interval '1 day' AS at FROM generate_series(0, $1 - 1) AS i) AS times" >/dev/null
}

@test "reprice: rows of every day, those of the default partition too" {
	fill 1500
	pg_sql "$db" 'SELECT count(*) > 1000 FROM pipeline_spans_default' | grep -q t
	[ "$(reprice --json | jq -c '[.calls, .changed, .after_nano_usd]')" = '[1500,1500,75000000]' ]
	[ "$(pg_sql "$db" 'SELECT count(*), min(cost_nano_usd), max(cost_nano_usd) FROM pipeline_spans')" = $'1500\t50000\t50000' ]
	[ "$(pg_sql "$db" "SELECT DISTINCT attributes->>'cost_status', attributes->'usage'->>'api' FROM pipeline_spans")" = $'estimated\topenai.chat' ]
}

@test "reprice: through a pooler that hands out connections by the transaction" {
	fill 30
	pooler_begin
	TRACESHIM_STORE=${pooler_url%/*}/$db
	[ "$(reprice --json | jq -c '[.calls, .changed]')" = '[30,30]' ]
	[ "$(pg_sql "$db" 'SELECT sum(cost_nano_usd) FROM pipeline_spans')" = 1500000 ]
	# nothing of the owner is left behind in a connection
	[ "$(psql -XqtA "$TRACESHIM_STORE" -c 'SELECT current_user')" = postgres ]
}

are_held() {
	[ "$(pg_sql "$db" "SELECT count(*) FROM pg_locks WHERE relation = 'pipeline_spans'::regclass AND mode = 'RowShareLock'")" = 1 ]
}

@test "reprice: rows that are held are waited for" {
	fill 3
	(
		echo 'BEGIN; SELECT * FROM pipeline_spans FOR UPDATE;'
		read -rt 12 <><(:) || :
	) | psql -Xqt "$(pg_of "$db")" >/dev/null &
	soon are_held
	[ "$(reprice --json | jq -c '[.calls, .changed]')" = '[3,3]' ]
	wait
}

@test "reprice: a file that others write to meanwhile" {
	TRACESHIM_STORE=sqlite:$work/traces.db
	"$root/build/traceshim" store init >/dev/null
	sqlite3 traces.db "
		WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 2999)
		INSERT INTO pipeline_spans (trace_id, span_id, span_name, kind, started_at, ended_at, duration_ms, success, model,
			input_tokens, output_tokens, attributes, created_at)
		SELECT randomblob(16), randomblob(16), 'llm:x', 'llm', '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z', 1, 1,
			'm', 10, 20, '$usage', '2026-01-01T00:00:00.000000Z' FROM n"
	flock traces.db.lock sleep 2 &
	[ "$(reprice --json | jq -c '[.calls, .changed, .after_nano_usd]')" = '[3000,3000,150000000]' ]
	wait
	[ "$(sqlite3 traces.db 'SELECT count(*), sum(cost_nano_usd) FROM pipeline_spans; PRAGMA integrity_check')" = $'3000|150000000\nok' ]
}
