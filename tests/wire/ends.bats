#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Programs that end amid their calls: each call is told, once.

load wire

setup_file() {
	wire_begin
}

teardown_file() {
	python_end
}

setup() {
	cd "$work"
	needs_packages
}

# amid NAME HOW: 50 threads make a call each, one of which is never answered; once ten say that they were, the program ends by
# that signal.
amid() {
	local name=$1 pid status=0
	serve "$name.traced"
	wire_conf "$name"
	tunnelled "$name.traced"
	env "${models[@]}" "TRACESHIM_CONF=$work/$name.conf" "TRACESHIM_STORE=sqlite:$work/$name.db" \
		"TRACESHIM_SPOOL=$work/$name.spool" "LD_PRELOAD=$shim" "$python" "$programs/crowd.py" endless \
		>"$name.out" 2>"$name.err" 3>&- &
	pid=$!
	soon eval "[ \$(wc -l <'$name.out') -ge 10 ]"
	kill "-$2" "$pid"
	wait "$pid" || status=$?
	[ $status -gt 128 ]
	ended "$name.traced"
	observed "$name" "$root/build/traceshim" recover
	observed "$name" dump "$name"
	observed "$name" "$root/build/traceshim" list --runs --json >"$name.runs"
	jq -e 'length == 1 and (.[0] | .begun == .stored and .open == 0 and .dropped == 0)' "$name.runs"
	# What it had an answer to is there, and all else once; more may have been on their way, of some the question not yet.
	jq -r '.[].spans[].input_data.messages[0].content // empty' "$name.json" | sort >told
	[ -z "$(uniq -d told)" ]
	jq -r '.[].spans[] | select(.success).input_data.messages[0].content' "$name.json" | sort >answered
	[ -z "$(sort "$name.out" | comm -23 - answered)" ]
	jq -e 'all(.[].spans[]; .success or (.error | contains("interrupted")))' "$name.json"
}

@test "ends: killed amid 50 calls" {
	amid killed KILL
}

@test "ends: by a signal that nothing handles" {
	amid terminated TERM
}
