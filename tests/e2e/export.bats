#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Traces for other programs: what is exported equals what show tells, and follows the rules of each format, as other readers
# of it see it. Over SQLite; under its other name over PostgreSQL.

bats_require_minimum_version 1.5.0
load stores

setup_file() {
	stores_begin
	export root work TRACESHIM_STORE TRACESHIM_SPOOL TRACESHIM_CONF XDG_STATE_HOME TZ=UTC LC_ALL=C.UTF-8 COACH_API_KEY=x
	root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	work=$BATS_FILE_TMPDIR
	TRACESHIM_SPOOL=$work/spool XDG_STATE_HOME=$work/state
	TRACESHIM_STORE=$(new_store traces)
	TRACESHIM_CONF=$root/symbols.conf
	LD_PRELOAD=$root/build/libtraceshim.so "$root/build/bots/coach/coach" -w 2 \
		"$root/tests/bots/coach/conversation.tsv" >/dev/null
	stay_for_a_while
	show_all
}

teardown_file() {
	stores_end
}

# Threads, coroutines and processes, each with calls in it.
stay_for_a_while() {
	local where
	TRACESHIM_CONF=$work/symbols.conf
	printf '%s\n' '[pipeline]' 'learn = int learn(const char *text)' '[agent]' 'trainer = int trainer(const char *prompt)' \
		'[llm]' 'claude = int claude(const char *model)' >"$TRACESHIM_CONF"
	for where in "nested" "threads 8" "handed 5" "forked" "coroutines 6"; do
		# shellcheck disable=SC2086 # where, and how many
		echo | LD_PRELOAD=$root/build/libtraceshim.so "$root/build/bots/stays/stays" $where >/dev/null
	done
	printf '%s\n' '[pipeline]' 'talk = python tasks:learn' 'answer = python tasks:support' '[agent]' 'trainer = python tasks:train' \
		'[llm]' 'ask = python tasks:ask' 'words = python tasks:words' '[tool]' 'think = python tasks:think' >"$TRACESHIM_CONF"
	echo | LD_PRELOAD=$root/build/libtraceshim.so python3 -B "$root/tests/bots/stays/tasks.py" >/dev/null
}

# All traces as show tells them, in $work/shown.json.
show_all() {
	local id comma=
	{
		echo '['
		for id in $("$root/build/traceshim" list --json --limit 100000 | jq -r '.[].trace_id'); do
			echo "$comma"
			"$root/build/traceshim" show --json "$id"
			comma=,
		done
		echo ']'
	} >"$work/shown.json"
	[ "$(jq length "$work/shown.json")" -gt 60 ]
}

# export OPTION...: to $work/exported; nothing is said.
export_to() {
	run -0 --separate-stderr "$root/build/traceshim" export "$@" -o "$work/exported"
	[ -z "$output" ] && [ -z "$stderr" ]
}

checked() { # FORMAT [WEIGHT]: against $work/shown.json, or $shown
	python3 "$root/tests/e2e/exported.py" "$1" "$work/exported" "${shown-$work/shown.json}" "${@:2}"
}

@test "export: JSON, as show --json has it" {
	export_to
	checked json
	jq -e 'type == "array" and all(.[]; .spans | type == "array")' "$work/exported" >/dev/null
	[ "$(stat -c %a "$work/exported")" = 600 ]
	"$root/build/traceshim" export | cmp - "$work/exported"
	"$root/build/traceshim" export --format json | cmp - "$work/exported"
	"$root/build/traceshim" export --json | cmp - "$work/exported"
}

@test "export: CSV, as Python reads it" {
	export_to --format csv
	checked csv
}

@test "export: Trace Event Format, each track rightly nested, threads, branches and arrows" {
	export_to --format chrome
	run checked chrome
	echo "$output"
	[ "$status" -eq 0 ]
	# six coroutines on one thread: five pipelines beside it, each with its call
	jq -e '.branches >= 10 and .threads > 100 and .arrows > 5' <<<"$output"
	jq -e '[.traceEvents[] | select(.ph == "b" and .name == "learn")] | length == 5' "$work/exported"
	# two pipelines of one event loop, one of them with two tasks
	jq -e '[.traceEvents[] | select(.ph == "b" and (.name == "talk" or .name == "answer"))] | length == 1' "$work/exported"
	jq -e '[.traceEvents[] | select(.ph == "b" and .name == "llm:ask")] | length >= 1' "$work/exported"
	jq -e '[.traceEvents[] | select(.ph == "M" and .name == "thread_name" and .args.name == "worker-7")] | length == 1' \
		"$work/exported"
}

@test "export: folded stacks by time, cost and calls" {
	local weight
	for weight in time cost calls; do
		export_to --format folded --weight $weight
		checked folded $weight
		awk 'NF < 2 || $NF !~ /^[1-9][0-9]*$/ {exit 1}' "$work/exported"
	done
	[ "$(awk '{n += $NF} END {print n}' "$work/exported")" = \
		"$(jq 'map(1 + (.spans | length)) | add' "$work/shown.json")" ]
	export_to --format folded
	checked folded time
}

@test "export: the filters of list" {
	chosen() { # EXPRESSION OPTION...
		local n
		n=$(python3 "$root/tests/e2e/exported.py" choose "$work/chosen.json" "$work/shown.json" "$1")
		shift
		export_to "$@"
		shown=$work/chosen.json checked json
		[ "$("$root/build/traceshim" list --json --limit 1000 "$@" | jq length)" = "$n" ]
	}
	chosen 'not t["success"]' --failed
	chosen 't["pipeline_name"] == "learn"' --pipeline learn
	chosen 't["program"].endswith("/stays")' --program stays
	chosen 't["duration_ms"] >= 20' --min-ms 20
	chosen 'True' --since 1d
	local user middle
	user=$(jq -r '[.[].user_id | select(.)][0]' "$work/shown.json")
	chosen "t['user_id'] == '$user'" --user "$user"
	middle=$(jq -r 'map(.started_at) | sort | .[50]' "$work/shown.json")
	chosen "t['started_at'] < '$middle'" --until "$middle"
	chosen "t['started_at'] >= '$middle' and not t['success']" --since "$middle" --failed
	"$root/build/traceshim" export --limit 7 | jq 'map(.trace_id)' |
		diff - <(jq 'map(.trace_id) | sort | reverse | .[:7]' "$work/shown.json")
}

@test "export: one tenant's" {
	run -0 --separate-stderr "$root/build/traceshim" --tenant nobody export
	[ "$output" = "[]" ]
	[[ $stderr == "traceshim: "* ]]
}

@test "export: nothing that is like that, in each format" {
	run -0 --separate-stderr "$root/build/traceshim" export --pipeline laern
	[ "$output" = "[]" ]
	[[ $stderr == *"did you mean learn?"* ]]
	run -0 --separate-stderr "$root/build/traceshim" export --format chrome --min-ms 1e9
	jq -e '. == {traceEvents: []}' <<<"$output"
	run -0 --separate-stderr "$root/build/traceshim" export --format csv --min-ms 1e9
	[ "${#lines[@]}" -eq 1 ]
	run -0 --separate-stderr "$root/build/traceshim" export --format folded --min-ms 1e9
	[ -z "$output" ]
}

@test "export: a reader that has seen enough ends it quietly, also where SIGPIPE is ignored" {
	local format
	for format in json csv chrome; do
		"$root/build/traceshim" export --format $format 2>"$work/err" | head -c 100 >/dev/null
		[ ! -s "$work/err" ]
		env --ignore-signal=PIPE "$root/build/traceshim" export --format $format 2>"$work/err" | head -c 100 >/dev/null
		[ ! -s "$work/err" ]
	done
}
