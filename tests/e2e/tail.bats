#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Traces as they end: each once, whoever makes them, whenever they come. Over SQLite; under its other name over PostgreSQL.

bats_require_minimum_version 1.5.0
load helper
load stores

setup_file() {
	stores_begin
}

teardown_file() {
	stores_end
}

setup() {
	scratch
	ends=$bots/ends/ends
	rules '[pipeline]' 'learn = int job(const char *name, int parts)' '[tool]' 'part = int part(int number)' \
		'[step]' 'leave = void leave(void)'
	TRACESHIM_STORE=$(new_store "tail_$BATS_TEST_NUMBER")
}

teardown() {
	[ -z "${child-}" ] || kill -KILL "$child" 2>/dev/null || :
	[ -z "${tail_pid-}" ] || kill "$tail_pid" 2>/dev/null || :
	[ ! -e "$work/tmux" ] || tmux -S "$work/tmux" kill-server 2>/dev/null || :
}

jobs_of() { # N
	LD_PRELOAD=$shim "$ends" jobs "$1" >/dev/null
}

# begin OPTION...: a tail whose lines are in $work/told.
begin() {
	"$root/build/traceshim" tail "$@" >"$work/told" 2>"$work/said" </dev/null 3>&- &
	tail_pid=$!
}

# has_begun: whatever it tells of: it has asked. It may have begun too late for some that end before that.
has_begun() {
	soon eval 'jobs_of 1; [ -s "$work/told" ]'
}

follow() {
	begin "$@"
	has_begun
}

ask() { # SQL
	ask_store "$TRACESHIM_STORE" "$1"
}

# The ids that were told of JSON, those that are stored, and of these the first that was told and all that are younger.
told_ids() {
	jq -r .trace_id "$work/told" | sort
}

stored_ids() {
	"$root/build/traceshim" list --json --limit 100000 | jq -r '.[].trace_id' | sort
}

stored_since() {
	stored_ids | awk -v first="$(told_ids | head -n 1)" '$0 >= first'
}

# add_trace NUMBER SECONDS_AGO DURATION_MS SUCCESS: a row of a trace that ended then, by the clock of who made it.
add_trace() {
	local ended id true=1 false=0
	ended=$(date -u -d "@$(($(date +%s) - $2))" +%Y-%m-%dT%H:%M:%S.000000Z)
	id=$(printf '01000000000070008000%012d' "$1")
	if [ $store_kind = sqlite ]; then
		sqlite3 -cmd '.timeout 5000' "${TRACESHIM_STORE#sqlite:}" "INSERT INTO pipeline_traces (trace_id, pipeline_name, started_at,
			ended_at, duration_ms, success, user_id, program, created_at) VALUES (x'$id', 'made', '$ended', '$ended', $3, $4,
			'alice', '/srv/maker', '$ended')"
	else
		[ "$4" = 1 ] && success=true || success=false
		pg_sql "${TRACESHIM_STORE##*/}" "INSERT INTO pipeline_traces (trace_id, pipeline_name, started_at,
			ended_at, duration_ms, success, user_id, program, created_at) VALUES ('$id', 'made', '$ended', '$ended', $3, $success,
			'alice', '/srv/maker', '$ended')"
	fi
}

@test "tail: two programs at once, with many threads: each trace once" {
	jobs_of 5 # before
	follow --json
	local both=() pid
	for _ in 1 2; do
		(for n in 1 20 300 1 5; do jobs_of $n; done) 3>&- &
		both+=($!)
	done
	for pid in "${both[@]}"; do
		wait "$pid"
	done
	LD_PRELOAD=$shim "$ends" fork >/dev/null
	soon eval '[ "$(told_ids | wc -l)" -ge "$(stored_since | wc -l)" ]'
	# all but what was there before
	diff <(told_ids) <(stored_since)
	[ "$(stored_ids | wc -l)" -ge $(($(told_ids | wc -l) + 5)) ]
	[ "$(told_ids | wc -l)" -gt 800 ]
	"$root/build/traceshim" list --json --limit 100000 >"$work/listed"
	python3 - "$work/told" "$work/listed" <<-'EOF'
	import json, sys
	told = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
	listed = {trace["trace_id"]: trace for trace in json.load(open(sys.argv[2], encoding="utf-8"))}
	assert all(trace == listed[trace["trace_id"]] for trace in told)
	EOF
	[ ! -s "$work/said" ]
}

@test "tail: what comes late is told, once, whatever its id" {
	jobs_of 1
	add_trace 1 600 5 1
	follow --json
	add_trace 2 600 5 1 # ten minutes late
	add_trace 3 1 5 1
	add_trace 4 -30 5 1 # by a clock that is half a minute ahead
	soon eval '[ "$(jq -r "select(.pipeline_name == \"made\") | .trace_id" "$work/told" | sort)" = \
		"$(printf "01000000-0000-7000-8000-00000000000%s\n" 2 3 4)" ]'
	jobs_of 1
	soon eval '[ "$(told_ids | tail -1)" = "$(stored_ids | tail -1)" ]'
	[ -z "$(told_ids | uniq -d)" ]
	# what was removed is no reason to tell the others again
	ask "DELETE FROM pipeline_traces WHERE pipeline_name = 'made'" 2>/dev/null ||
		sqlite3 -cmd '.timeout 5000' "${TRACESHIM_STORE#sqlite:}" "DELETE FROM pipeline_traces WHERE pipeline_name = 'made'"
	add_trace 5 600 5 1
	soon grep -q 000000000005 "$work/told"
	[ -z "$(told_ids | uniq -d)" ]
}

@test "tail: the filters of list" {
	follow --json --min-ms 0
	kill "$tail_pid"
	told() { # NUMBERS OPTION...
		local wanted=$1
		shift
		"$root/build/traceshim" tail --json "$@" >"$work/chosen" 2>"$work/said" </dev/null 3>&- &
		tail_pid=$!
		# by one for which all of them hold: it has begun
		soon eval 'add_trace "$((++first))0" 0 500 0; [ -s "$work/chosen" ]'
		add_trace "${base}1" 0 5 1
		add_trace "${base}2" 0 5 0
		add_trace "${base}3" 0 500 1
		jobs_of 1
		soon eval '[ "$(jq -r "select(.pipeline_name == \"made\") | .trace_id[35:36]" "$work/chosen" | sort | tr -d "0\n")" = '"$wanted"' ]'
		kill "$tail_pid"
		base=$((base + 1))
	}
	base=1 first=100
	told 123
	told 2 --failed
	told 3 --min-ms 100
	told 123 --pipeline made
	told 123 --user alice
	told 123 --program maker
	told 3 --program /srv/maker --user alice --min-ms 6
}

@test "tail: lines for people, within 80 columns" {
	follow
	LD_PRELOAD=$shim "$ends" kill || :
	soon grep -q interrupted "$work/told" # recovered by nobody else
	[ "$(wc -L <"$work/told")" -le 80 ]
	grep -qE '^[0-9]{2}:[0-9]{2}:[0-9]{2}  [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}  learn +[0-9.]+ [mu]?s +4  interrupted$' \
		"$work/told"
}

@test "tail: a reader that has seen enough, or goes away, ends it at once" {
	jobs_of 1
	("$root/build/traceshim" tail 2>"$work/said" </dev/null 3>&- | head -1 >"$work/told") &
	child=$!
	soon eval 'jobs_of 1; [ -s "$work/told" ]'
	wait "$child"
	child=
	[ ! -s "$work/said" ]
	# nothing is told any more, and it ends all the same
	timeout 60 "$root/build/traceshim" tail 2>"$work/said" </dev/null | true
	[ "${PIPESTATUS[0]}" -ne 124 ]
	[ ! -s "$work/said" ]
}

@test "tail: an interrupt ends it at once" {
	jobs_of 1
	env --default-signal=INT "$root/build/traceshim" tail >"$work/told" 2>"$work/said" </dev/null 3>&- &
	child=$!
	soon eval 'jobs_of 1; [ -s "$work/told" ]'
	kill -INT "$child"
	run wait "$child"
	[ ! -s "$work/said" ]
	child=
}

@test "tail: on a terminal the space bar holds them back, and lets them come again; q ends" {
	jobs_of 1
	cat >"$work/follow" <<-EOF
	stty -a >before
	$root/build/traceshim tail | tee told
	stty -a >after
	EOF
	sed -i 's/ | tee told//' "$work/follow"
	tmux -S "$work/tmux" -f /dev/null new-session -d -x 80 -y 24 "bash '$work/follow'"
	screen() {
		tmux -S "$work/tmux" capture-pane -p
	}
	soon eval 'screen | grep -q "^ended .* result"'
	soon eval 'jobs_of 1; screen | grep -q " learn .* ok"'
	tmux -S "$work/tmux" send-keys Space
	soon eval 'screen | grep -q "held back"'
	before=$(screen)
	jobs_of 2
	[ "$(screen)" = "$before" ]
	tmux -S "$work/tmux" send-keys Space
	soon eval '[ "$(screen | grep -c " learn .* ok")" -ge $(($(grep -c " learn .* ok" <<<"$before") + 2)) ]'
	! screen | grep -q "held back"
	tmux -S "$work/tmux" send-keys q
	soon test -s "$work/after"
	diff "$work/before" "$work/after"
}

@test "tail: a store that is not there yet, and one that is removed and made anew" {
	[ $store_kind = sqlite ] || skip 'a file'
	begin
	soon test -s "$work/said"
	has_begun
	grep -q '^traceshim: nothing is stored yet; waiting for the first trace (traceshim run -- CMD makes some)$' "$work/said"
	rm "${TRACESHIM_STORE#sqlite:}"*
	before=$(wc -l <"$work/told")
	soon eval 'jobs_of 1; [ "$(wc -l <"$work/told")" -gt "$before" ]'
	[ "$(wc -l <"$work/said")" -eq 1 ]
}

@test "tail: a server that goes away and comes back" {
	[ $store_kind = postgresql ] || skip 'a server'
	follow --json
	pg_control -m fast stop
	soon grep -q 'traces are told when it is back$' "$work/said"
	jobs_of 3
	pg_control start
	soon grep -q '^traceshim: the store is back$' "$work/said"
	[ "$(wc -l <"$work/said")" -eq 2 ]
	"$root/build/traceshim" recover >/dev/null
	soon eval '[ "$(told_ids)" = "$(stored_since)" ]'
}

@test "tail: what it is asked wrongly" {
	jobs_of 1
	run -2 --separate-stderr "$root/build/traceshim" tail foo
	run -2 --separate-stderr "$root/build/traceshim" tail --since 1h
	[[ $stderr == *"unknown option --since"* ]]
	run -2 --separate-stderr "$root/build/traceshim" tail --min-ms x
	TRACESHIM_STORE=jsonl:$work/lines run -2 --separate-stderr "$root/build/traceshim" tail
	TRACESHIM_STORE=postgresql://nobody@127.0.0.1:1/none run -2 --separate-stderr "$root/build/traceshim" tail
	[[ $stderr == *"Connection refused"* ]]
	[ -z "$output" ]
}
