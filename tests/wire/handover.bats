#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Who reads the connections of a program may be killed, and the program, too: each call is told of once.

load wire

setup_file() {
	wire_begin
}

teardown_file() {
	python_end
}

setup() {
	cd "$work"
}

# steady NAME: a program that makes calls by each of its threads, in the background: $program.
steady() {
	local models
	serve "$1.traced"
	wire_conf "$1"
	directed "$1.traced"
	TRACESHIM_CONF=$work/$1.conf in_store "$1" env "${models[@]}" "LD_PRELOAD=$shim" /usr/bin/python3 "$programs/steady.py" 100000 \
		>"$1.out" 3>&- &
	program=$!
}

# signal HOW PROCESS: its child, for it is a shell.
signal() {
	kill "-$1" "$(pgrep -P "$2")"
}

at_work() {
	observed collectors "$root/build/traceshim" collect --health | jq -e '.held == 1 and .batches > 1'
}

@test "handover: collectors that are killed one after the other" {
	local program collector
	steady collectors
	for _ in 1 2 3 4 5 6; do
		observed collectors "$root/build/traceshim" collect 2>>collect.err 3>&- &
		collector=$!
		soon at_work
		signal KILL $collector
		wait $collector || [ $? = 137 ]
	done
	signal TERM $program
	wait $program
	[ "$(wc -l <collectors.out)" = "$(wc -l <servers/collectors.traced/calls.jsonl)" ]
	observed collectors "$root/build/traceshim" recover
	ended collectors.traced
	accounted collectors
}

@test "handover: a program that is killed in its calls" {
	local program
	steady killed
	soon eval '[ "$(wc -l <killed.out)" -ge 8 ]'
	signal KILL $program
	wait $program || :
	observed killed "$root/build/traceshim" recover
	observed killed dump killed
	jq -e --rawfile out killed.out '($out | split("\n") - [""]) as $said
		| [.[].spans[]] | [.[] | select(.success)] as $done | [.[] | select(.success | not)] as $cut
		| ($cut | length <= 4 and all(.[]; .error == "interrupted"))
		and ($said - [$done[].input_data.messages[0].content] == []) and ($done | length) <= ($said | length) + 4' killed.json
	observed killed "$root/build/traceshim" list --runs --json | jq -e 'length == 1 and .[0].begun == .[0].stored'
}
