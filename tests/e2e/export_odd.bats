#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Exports of rows that nobody would think of, of very many, to files, and what is said where there is nothing to export.

bats_require_minimum_version 1.5.0
load helper

setup() {
	scratch
	export="$root/build/traceshim export"
}

teardown() { :; } # rows that no process stored do not add up

fill() { # SQL: of a store with tables
	"$root/build/traceshim" store init 2>/dev/null
	sqlite3 "${TRACESHIM_STORE#sqlite:}"
}

# Trace 01 with spans that have each other for parents, that end before they begin, outlive it, and bear any text.
odd_rows() {
	fill <<-'EOF'
	INSERT INTO pipeline_traces (trace_id, pipeline_name, started_at, ended_at, duration_ms, success, error, telegram_id,
		input_data, output_data, created_at) VALUES
		(x'01000000000070008000000000000001', 'a;b "c", d', '2026-11-20T10:00:00.000000Z', '2026-11-20T10:00:00.001000Z', 1,
			0, 'line one' || char(13, 10) || 'line "two"', 9223372036854775807, '{"a": [1, 2.50]}', 'no JSON, a ", or two', '2026-11-20T10:00:00.001000Z'),
		(x'01000000000070008000000000000002', '', '2026-11-20T10:00:01.000000Z', '2026-11-20T10:00:01.000000Z', 0,
			1, NULL, NULL, NULL, NULL, '2026-11-20T10:00:01.000000Z');
	INSERT INTO pipeline_spans (trace_id, span_id, parent_span_id, span_name, kind, thread_id, started_at, ended_at,
		duration_ms, success, error, input_data, attributes, created_at)
		SELECT x'01000000000070008000000000000001', column1, column2, column3, 'llm', column4, '2026-11-20T10:00:00.' || column5 || 'Z',
			'2026-11-20T10:00:00.' || column6 || 'Z', column7, 1, NULL, '{"prompt": "日本語"}', column8, '2026-11-20T10:00:00.000000Z'
		FROM (VALUES
		(x'0a000000000070008000000000000001', x'0a000000000070008000000000000002', 'llm:circle', 7, '000100', '000200', 0.1, NULL),
		(x'0a000000000070008000000000000002', x'0a000000000070008000000000000001', 'llm:circle', 7, '000110', '000150', 0.04, '{"thread_name":"日本"}'),
		(x'0a000000000070008000000000000003', x'0a000000000070008000000000000003', 'llm:own;' || char(10) || 'parent', 7, '000300', '000300', 0, 'not JSON'),
		(x'0a000000000070008000000000000004', NULL, 'llm:backwards', 8, '000500', '000400', -0.1, NULL),
		(x'0a000000000070008000000000000005', x'0b000000000070008000000000000000', 'llm:outlives', 8, '000600', '002000', 1.4, NULL),
		(x'0a000000000070008000000000000006', x'0a000000000070008000000000000005', 'llm:same', 8, '000600', '002000', 1.39, NULL),
		(x'0a000000000070008000000000000007', x'0a000000000070008000000000000006', 'llm:same', 8, '000600', '000600', 0, NULL),
		(x'0a000000000070008000000000000008', x'0a000000000070008000000000000005', 'llm:same', NULL, '000700', '000800', 1e308, NULL));
	EOF
}

@test "export: rows that make no sense are exported all the same" {
	odd_rows
	$export >json
	jq -e 'length == 2 and (.[1].spans | length == 8) and .[1].output_data == "no JSON, a \", or two"
		and .[1].input_data == {"a": [1, 2.5]} and .[0].spans == [] and .[0].input_data == null' json
	grep -q '"telegram_id":9223372036854775807' json
	grep -q '{"a": \[1, 2.50\]}' json
	$export --format csv >csv
	python3 -c '
import csv
rows = list(csv.DictReader(open("csv", newline="", encoding="utf-8"), strict=True))
assert len(rows) == 9, rows
assert rows[0]["span_id"] == "" and rows[0]["pipeline_name"] == "" and rows[0]["trace_success"] == "true"
assert rows[1]["trace_error"] == "line one\r\nline \"two\"" and rows[1]["pipeline_name"] == "a;b \"c\", d"
assert rows[1]["trace_output_data"] == "no JSON, a \", or two"
assert {row["span_name"] for row in rows[1:]} >= {"llm:own;\nparent"}
'
	$export --format chrome >chrome
	jq -e '[.traceEvents[] | select(.ph == "X" or .ph == "b")] | length == 10' chrome
	jq -e 'all(.traceEvents[] | select(.ph == "X"); .dur >= 0)' chrome
	jq -e '([.traceEvents[] | select(.ph == "b")] | length) == ([.traceEvents[] | select(.ph == "e")] | length)' chrome
	$export --format folded --weight calls >folded
	[ "$(awk '{n += $NF} END {print n}' folded)" -eq 10 ]
	grep -q '^a,b "c", d;llm:own, parent 1$' folded
	grep -q '^a,b "c", d;llm:circle;llm:circle 1$' folded
	grep -q '^a,b "c", d;llm:outlives;llm:same;llm:same 1$' folded
	$export --format folded >folded
	awk '$NF !~ /^[0-9]+$/ {exit 1}' folded
}

@test "export: very many spans need little memory, in one trace and in many" {
	local format
	"$root/build/traceshim" store init 2>/dev/null
	python3 "$root/tests/bench/generate.py" "$TRACESHIM_STORE" 50000 --payload 50 --large 100000 >/dev/null
	for format in json csv chrome folded; do
		python3 - $export --format $format -o out <<-'EOF'
		import resource, subprocess, sys
		subprocess.run(sys.argv[1:], check=True)
		kilobytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
		assert kilobytes < 30000, kilobytes  # 100 bytes a span of one trace, and the program
		EOF
		[ -s out ]
	done
}

@test "export: -o is whole or not at all, and leaves nothing else" {
	odd_rows
	mkdir at
	$export -o at/out
	[ "$(ls -A at)" = out ] && [ "$(stat -c %a at/out)" = 600 ]
	# in the place of another, behind a link
	echo before >at/target
	chmod 644 at/target
	ln -s target at/link
	$export -o at/link
	[ -L at/link ] && cmp at/out at/target && [ "$(stat -c %a at/target)" = 600 ]
	# what cannot be
	run -1 --separate-stderr $export -o at/nowhere/out
	[[ $stderr == "traceshim: at/nowhere/out: No such file or directory" ]]
	run -1 --separate-stderr $export -o at
	[[ $stderr == "traceshim: at: Is a directory" ]]
	run -1 --separate-stderr $export -o /dev/full
	[[ $stderr == "traceshim: /dev/full: No space left on device" ]]
	$export -o /dev/null
	# a folder that is full: what was there stays
	mkdir small
	unshare -rm true 2>/dev/null || skip 'no mounts here'
	"$root/build/traceshim" store init sqlite:big.db 2>/dev/null
	python3 "$root/tests/bench/generate.py" sqlite:big.db 2000 >/dev/null
	unshare -rm bash -c "mount -t tmpfs -o size=64k none small && echo before >small/out &&
		! TRACESHIM_STORE=sqlite:$work/big.db $export -o small/out 2>err && [ \"\$(cat small/out)\" = before ] && [ \"\$(ls -A small)\" = out ]"
	grep -q 'No space left on device' err
}

# interrupted SIGNAL: an export ends by it in the middle; one that is done before that is done again.
interrupted() {
	local child
	for _ in {1..50}; do
		echo before >at/out
		# not in the background of this shell, which has such programs ignore SIGINT
		env --default-signal=INT,TERM,HUP $export -o at/out 3>&- &
		child=$!
		soon eval '[ "$(ls -A at | wc -l)" -eq 2 ] || ! kill -0 '$child
		kill "-$1" $child 2>/dev/null || :
		wait $child || cmp -s at/out whole || return 0
	done
	return 1
}

@test "export: killed in the middle, -o leaves what was there" {
	local signal
	"$root/build/traceshim" store init 2>/dev/null
	python3 "$root/tests/bench/generate.py" "$TRACESHIM_STORE" 50000 >/dev/null
	mkdir at
	$export -o whole
	for signal in INT TERM HUP; do
		interrupted $signal
		[ "$(ls -A at)" = out ] && [ "$(cat at/out)" = before ]
	done
}

@test "export: what it is asked wrongly, and of what there is nothing" {
	wrong() { # SENTENCE OPTION...
		local sentence=$1
		shift
		run -2 --separate-stderr $export "$@"
		[ -z "$output" ]
		[[ $stderr == *"$sentence"* ]] || { echo "$stderr"; false; }
	}
	wrong 'no traces are stored; traceshim run -- CMD makes some'
	odd_rows
	wrong '--format jsno: did you mean json? it is one of json, csv, chrome, folded' --format jsno
	wrong '--format xml: one of json, csv, chrome, folded' --format xml
	wrong '--json or --format csv, not both' --json --format csv
	wrong '--weight is for --format folded, not for json' --weight time
	wrong '--weight money: one of time, cost, calls' --format folded --weight money
	wrong '--limit 0: a number from 1' --limit 0
	wrong '--min-ms fast: a number of milliseconds' --min-ms fast
	wrong '--min-ms -1' --min-ms -1
	wrong '--since yesterday: neither a time ago' --since yesterday
	wrong 'the period ends' --since 1h --until 2h
	wrong 'the period begins in the future' --since 2099-01-01
	wrong 'option -o needs a value' -o
	wrong 'option --output needs a value' --output
	wrong 'unknown option -x' -x
	wrong 'export takes options only, not foo' foo
	sqlite3 traces.db 'PRAGMA user_version = 1000' || sqlite3 "${TRACESHIM_STORE#sqlite:}" 'PRAGMA user_version = 1000'
	wrong 'was written by a newer traceshim'
	TRACESHIM_STORE=jsonl:$work/lines wrong 'jsonl'
	TRACESHIM_STORE=postgresql://nobody@127.0.0.1:1/none wrong 'Connection refused'
}

@test "export: on a terminal a line tells how far it is, where it takes more than a second" {
	"$root/build/traceshim" store init 2>/dev/null
	python3 "$root/tests/bench/generate.py" "$TRACESHIM_STORE" 5000 >/dev/null
	local child
	mkfifo pipe
	script -qefc "stty cols 80; $export -o $work/pipe" "$work/typescript" </dev/null >/dev/null 3>&- &
	child=$!
	exec 8<pipe
	soon grep -q 'spans read' "$work/typescript"
	cat <&8 | jq -e 'length > 100' >/dev/null
	wait $child
	grep -q $'\r\e\[K' "$work/typescript"
	$export 2>err >/dev/null
	[ ! -s err ]
}
