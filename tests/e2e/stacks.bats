#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The call stacks of failures: who called what failed, under each unwinder, and that nothing else changes.

bats_require_minimum_version 1.5.0

load helper

setup() {
	scratch
	unwind=$bots/unwind
	throws=$bots/throws/throws
}

stack_rules() {
	rules '[pipeline]' 'play = play' '[agent]' 'deep = deep' 'outer = outer' \
		'[tool]' 'reach = reach' 'leaf = int leaf(int argument) : fails if != 0' 'inner = inner' \
		'[step]' 'middle = middle' "$@"
}

# stack_of SPAN: the calls of its first failure, without offsets.
stack_of() {
	sql "SELECT s.value FROM (SELECT attributes FROM pipeline_spans WHERE span_name = '$1' AND NOT success
		ORDER BY span_id LIMIT 1), json_each(attributes, '\$.stack') s" | sed 's/+0x[0-9a-f]*//; s/ \[clone [^]]*\]//'
}

@test "stacks: of an exception, from where it was thrown" {
	local runtime
	stack_rules
	for runtime in "$throws" "$bots/throws/static/throws"; do
		rm -f "$work"/traces.db*
		same timeout 60 "$runtime" across
		traces >"$work/list.json"
		stack_of agent:outer >"$work/outer"
		stack_of tool:inner | diff "$work/outer" -
		head -7 "$work/outer" | diff - <(cat <<-'EOF'
			(anonymous namespace)::fail(int) (throws)
			inner (libsteps.so)
			middle (libsteps.so)
			outer (libsteps.so)
			(anonymous namespace)::catch_one(int (*)(int (*)(int), int), int) (throws)
			(anonymous namespace)::across() (throws)
			play (libsteps.so)
		EOF
		)
		grep -q '^main (throws)' "$work/outer"
		# a step tells what failed; its stack stands with what is around it
		[ -z "$(stack_of step:middle)" ]
	done
}

@test "stacks: of a result that says failure, with the function that gave it" {
	local runtime
	stack_rules
	for runtime in "$throws" "$bots/throws/static/throws"; do
		rm -f "$work"/traces.db*
		same timeout 60 "$runtime" direct
		traces >"$work/list.json"
		stack_of tool:leaf | head -4 | diff - <(cat <<-'EOF'
			leaf (libsteps.so)
			inner (libsteps.so)
			(anonymous namespace)::direct() (throws)
			play (libsteps.so)
		EOF
		)
	done
}

@test "stacks: one for each throw, rethrown and nested exceptions too" {
	stack_rules
	same timeout 60 "$throws" nested
	traces >"$work/list.json"
	# what the destructor threw and caught is not what passed it
	sql "SELECT error, (SELECT group_concat(value, ' ') FROM json_each(attributes, '$.stack'))
		FROM pipeline_spans WHERE NOT success AND kind != 'step'" | sed 's/+0x[0-9a-f]*//g' >"$work/stacks"
	[ "$(grep -c 'number 8 .*fail(int).*catch_one.*fail_busily' "$work/stacks")" -eq 2 ]
	grep -q 'number 7 .*fail(int).*fail_busily' "$work/stacks"
	! grep 'number 7 .*catch_one.*fail_busily' "$work/stacks"
	rm -f "$work"/traces.db*
	same timeout 60 "$throws" rethrow
	traces >"$work/list.json"
	stack_of agent:outer | grep -q '^(anonymous namespace)::fail'
	rm -f "$work"/traces.db*
	# objects that are thrown one after the other at one address, from two places
	same timeout 60 "$throws" many
	traces >"$work/list.json"
	[ "$(sql "SELECT count(*) FROM pipeline_spans WHERE span_name = 'tool:inner' AND NOT success
		AND json_extract(attributes, '$.stack[0]') LIKE '%fail_number%'")" -eq 200 ]
}

@test "stacks: LLVM's unwinder, and its C++ ABI library" {
	stack_rules
	same timeout 60 "$unwind/llvm/kinds"
	traces >"$work/list.json"
	stack_of tool:reach | head -3 | diff - <(cat <<-'EOF'
		(anonymous namespace)::fail(int) (kinds)
		reach (libcalls.so)
		(anonymous namespace)::all() (kinds)
	EOF
	)
}

@test "stacks: off, and nothing is opened; a wrong word is told" {
	stack_rules '[trace]' 'stacks = off'
	same timeout 60 "$throws" across
	traces >"$work/list.json"
	[ "$(sql "SELECT count(*) FROM pipeline_spans WHERE attributes LIKE '%stack%'")" -eq 0 ]
	stack_rules
	TRACESHIM_STACKS=off same timeout 60 "$throws" across
	stack_rules '[trace]' 'stacks = of'
	same_but_a_line "expected 'on' or 'off', found 'of'" "$throws" across
}

@test "stacks: what was recorded is named by whoever takes the spool over" {
	stack_rules
	TRACESHIM_STORE=nowhere: TRACESHIM_BACKLOG=0 traced timeout 60 "$throws" across >/dev/null 2>&1
	[ -n "$(spools)" ]
	"$root/build/traceshim" list >/dev/null 2>&1 || :
	# the spool names the store it goes to; a program that was killed leaves one that names the right one
	rm -rf "$TRACESHIM_SPOOL"
	TRACESHIM_STORE=$TRACESHIM_STORE traced timeout -s KILL 20 "$throws" terminate >/dev/null 2>&1 || :
	traces >"$work/list.json"
	[ "$(sql "SELECT count(*) FROM pipeline_spans WHERE error = 'interrupted'")" -gt 0 ]
}

@test "stacks: show prints them once, in eighty columns" {
	stack_rules
	traced "$throws" across >/dev/null
	COLUMNS=80 "$root/build/traceshim" show last >"$work/shown"
	[ "$(grep -c 'stack  *(anonymous namespace)::fail' "$work/shown")" -eq 2 ]
	grep -q 'and [0-9]* more (--full)' "$work/shown"
	[ "$(wc -L <"$work/shown")" -le 80 ]
	"$root/build/traceshim" show --full last | grep -q 'main+0x'
	"$root/build/traceshim" show --json last | jq -e '[.spans[] | select(.success | not) |
		select(.kind != "step") | .attributes.stack | length > 6] | all'
}

@test "stacks: forked children walk, too, whatever the parent's threads are at" {
	stack_rules
	same timeout 60 "$unwind/gnu/ways" fork
	[ "$(cat "$work/traced.status")" -eq 0 ]
	traces >"$work/list.json"
	[ "$(sql "SELECT count(DISTINCT json_array_length(attributes, '$.stack') > 3) FROM pipeline_spans
		WHERE span_name = 'tool:leaf' AND NOT success AND attributes IS NOT NULL")" -eq 1 ]
}

# What the module brings exports another unwinder: a program without one must not be taken to have it.
@test "stacks: the program's unwinder stays its own" {
	stack_rules
	same timeout 60 "$bots/throws/static/throws" backtrace
	gdb -nx -batch -iex 'set debuginfod enabled off' -ex 'set startup-with-shell off' \
		-ex "set environment LD_PRELOAD $shim" -ex 'handle SIGUSR2 stop nopass' -ex run -ex bt \
		-ex 'info sharedlibrary' --args "$unwind/static/ways" stop >"$work/gdb" 2>&1
	grep -q 'libunwind.so' "$work/gdb"
	grep -q 'ts_pad_a ' "$work/gdb"
	! grep 'ts_pad_b ' "$work/gdb"
}
