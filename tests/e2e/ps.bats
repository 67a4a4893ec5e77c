#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What programs are inside of now, seen while they go on.

bats_require_minimum_version 1.5.0
load helper

setup() {
	scratch
	ps="$root/build/traceshim ps"
	rules '[pipeline]' 'learn = int learn(const char *text)' '[agent]' 'trainer = int trainer(const char *prompt)' \
		'[llm]' 'claude = int claude(const char *model)'
	mkfifo "$work/in"
	exec 7<>"$work/in"
}

teardown() {
	[ -z "${child-}" ] || kill -KILL "$child" 2>/dev/null || :
	[ -z "${server-}" ] || kill -KILL "$server" 2>/dev/null || :
	[ ! -e "$work/tmux" ] || tmux -S "$work/tmux" kill-server 2>/dev/null || :
	add_up
}

# stays WHERE...: a program that is there, as $child.
stays() {
	rm -f "$work/out"
	env "LD_PRELOAD=$shim" "$bots/stays/stays" "$@" >"$work/out" 2>"$work/err" <&7 3>&- &
	child=$!
	soon grep -q waiting "$work/out"
}

goes_on() {
	echo >&7
	wait "$child"
	child=
}

# The paths, one a line, in their order.
paths() {
	jq -r '.[].inside[] | [.path[].name] | join(" > ")'
}

# consumed: all that the rings had has been taken, so what is open is in the file `open`.
consumed() {
	local ring
	for ring in "$(spools)"/ring-*; do
		[ "$(od -An -t u8 -j 64 -N 8 "$ring")" = "$(od -An -t u8 -j 128 -N 8 "$ring")" ] || return
	done
}

@test "ps: the path to the innermost call, its trace, its thread, and for how long" {
	stays nested
	run -0 --separate-stderr $ps
	[ -z "$stderr" ]
	[[ ${lines[0]} =~ ^stays,\ pid\ $child,\ for\ [0-9.]+\ m?s$ ]]
	[[ ${lines[1]} =~ ^\*\ +[0-9.]+\ (us|ms|s)\ \ [0-9a-f]{8}-[0-9a-f]{4}\ \ stays\ \ learn\ \>\ agent:trainer\ \>\ llm:claude$ ]]
	[ "${#lines[@]}" -eq 2 ]
	run -0 $ps --json
	holds '.[0] | .pid == ($value | tonumber) and .error == null and .damaged_rings == 0 and .same_pid_namespace
		and .surely_alive and (.program | endswith("/stays"))' "$child" <<<"$output"
	holds '.[0].inside[0] | .thread_id == ($value | tonumber) and .thread_name == "stays" and .whole and (.goes_on | not)
		and [.path[].name] == ["learn", "agent:trainer", "llm:claude"]
		and [.path[].kind] == ["pipeline", "agent", "llm"] and [.path[].function] == ["learn", "trainer", "claude"]
		and (.path[0].span_id == null) and (.path[2].span_id | test("^[0-9a-f-]{36}$"))
		and .path[0].inside_ms >= .path[1].inside_ms and .path[2].inside_ms == .inside_ms' "$child" <<<"$output"
	trace=$(jq -r '.[0].inside[0].trace_id' <<<"$output")
	before=$(jq '.[0].inside[0].inside_ms' <<<"$output")
	run -0 $ps --json
	holds '.[0].inside[0].inside_ms > ($value | tonumber)' "$before" <<<"$output"
	goes_on
	traces | holds '.[0].trace_id == $value' "$trace"
	run -0 --separate-stderr $ps
	[ -z "$output" ]
	[[ $stderr == "traceshim: no program runs under the shim in $TRACESHIM_SPOOL; traceshim run -- CMD starts one" ]]
}

@test "ps: a call whose begin the rings gave back long ago" {
	stays long 20000
	soon consumed
	[ -s "$(spools)/open" ]
	run -0 $ps --json
	[ "$(paths <<<"$output")" = "learn > agent:trainer" ]
	holds '.[0].inside[0] | .whole and .thread_name == "stays"' <<<"$output"
	goes_on
	run -0 --separate-stderr $ps --json
	[ "$output" = "[]" ]
}

@test "ps: many threads, each where it is" {
	stays threads 100
	run -0 $ps --json
	[ "$(paths <<<"$output" | sort | uniq -c | sed 's/^ *//')" = "100 learn > agent:trainer > llm:claude" ]
	holds '[.[0].inside[].thread_name] | sort == ([range(100) | "worker-\(.)"] | sort)' <<<"$output"
	holds '[.[0].inside[].thread_id] | unique | length == 100' <<<"$output"
	holds '[.[0].inside[].inside_ms] | . == (sort | reverse)' <<<"$output"
	run -0 $ps
	[ "${#lines[@]}" -eq 101 ] && [ "$(grep -c '^\*' <<<"$output")" -eq 1 ] && [[ ${lines[1]} == '*'* ]]
	[ "$(wc -L <<<"$output")" -le 80 ]
	goes_on
}

@test "ps: who waits for other threads is told last, and that it goes on there" {
	stays handed 3
	run -0 $ps --json
	[ "$(paths <<<"$output")" = "$(printf 'learn > agent:trainer > llm:claude\n%.0s' 1 2 3)"$'\n'"learn > agent:trainer" ]
	holds '.[0].inside | [.[].goes_on] == [false, false, false, true] and ([.[].trace_id] | unique | length == 1)' \
		<<<"$output"
	run -0 $ps
	[[ ${lines[1]} == '*'*"stays "[0-9]*"learn > agent:trainer > llm:claude" ]]
	[[ ${lines[4]} == ' '*"stays $child  learn > agent:trainer > ..." ]]
	goes_on
}

@test "ps: what a forked child is inside of lies in its parent's call" {
	stays forked
	run -0 $ps --json
	[ "$(paths <<<"$output")" = $'learn > agent:trainer > llm:claude\nlearn > agent:trainer' ]
	holds 'length == 2 and .[0].pid != .[1].pid and .[1].pid == ($value | tonumber) and .[1].inside[0].goes_on
		and .[0].inside[0].whole' "$child" <<<"$output"
	goes_on
}

@test "ps: several pipelines at once on one thread are a line each" {
	stays coroutines 4
	run -0 $ps --json
	[ "$(paths <<<"$output" | sort | uniq -c | sed 's/^ *//')" = "4 learn > llm:claude" ]
	holds '.[0].inside | ([.[].trace_id] | unique | length == 4) and ([.[].thread_id] | unique | length == 1)' <<<"$output"
	goes_on
}

# looks N: so many documents of the one program, in $work/looks; those of its lines that there are make sense.
looks() {
	for ((i = 0; i < $1; i++)); do
		$ps --json
	done | jq -s . >"$work/looks"
	holds 'length == ($value | tonumber) and all(.[]; length == 1 and .[0].error == null
		and .[0].damaged_rings == 0)' "$1" <"$work/looks"
	holds '[.[][0].inside[]] | all(.whole and ([.path[].name] | . == ["learn"] or . == ["learn", "agent:trainer"]
		or . == ["learn", "agent:trainer", "llm:claude"]))' <"$work/looks"
	# one a thread: of calls that lie in each other the innermost
	holds 'all(.[][0].inside; ([.[].thread_id] | unique | length) == length)' <"$work/looks"
}

@test "ps: tasks of asyncio, a line each; a thread beside them" {
	rules '[pipeline]' 'learn = python tasks:learn' 'support = python tasks:support' '[agent]' 'trainer = python tasks:train' \
		'[llm]' 'ask = python tasks:ask' 'words = python tasks:words' '[tool]' 'think = python tasks:think'
	env "LD_PRELOAD=$shim" python3 -B "$root/tests/bots/stays/tasks.py" >"$work/out" 2>"$work/err" <&7 3>&- &
	child=$!
	soon grep -q waiting "$work/out"
	run -0 $ps --json
	diff <(paths <<<"$output" | sort) <(printf '%s\n' 'learn > agent:trainer > llm:ask' 'learn > agent:trainer > llm:ask' \
		'learn > agent:trainer > tool:think' 'support > llm:words')
	holds '.[0].inside | map(select(.path[-1].name == "llm:ask" or .path[-1].name == "llm:words").thread_id) | unique
		== [$value | tonumber]' "$child" <<<"$output"
	holds '.[0].inside | all(.whole and (.goes_on | not))' <<<"$output"
	goes_on
}

# asks [THREADS]: a program that asks a server, which goes on when it is told to: `answers`.
asks() {
	mkfifo "$work/go"
	exec 8<>"$work/go"
	python3 -B "$root/tests/bots/stays/asking.py" serve <&8 >"$work/port" 2>"$work/server.err" 3>&- &
	server=$!
	soon test -s "$work/port"
	rules '[pipeline]' 'learn = python asking:learn' '[agent]' 'trainer = python asking:trainer' \
		'[wire]' "http = 127.0.0.1:$(cat "$work/port")"
	env "LD_PRELOAD=$shim" python3 -B "$root/tests/bots/stays/asking.py" "$(cat "$work/port")" "$@" \
		>"$work/out" 2>"$work/err" 3>&- 7>&- 8>&- &
	child=$!
}

answers() {
	printf '\n%.0s' $(seq "$1") >&8
}

# seen FILTER: so it is with the programs that run now.
seen() {
	local json
	json=$($ps --json) && jq -e "$1" <<<"$json"
}

@test "ps: a call that was read off its connection, from question to answer" {
	asks
	soon seen '.[0].inside[0].path[-1].model == "gpt-4o"'
	run -0 $ps --json
	[ "$(paths <<<"$output")" = "learn > agent:trainer > llm:openai" ]
	holds '.[0].inside | length == 1 and .[0].whole and .[0].thread_id == ($value | tonumber)' "$child" <<<"$output"
	holds '.[0].inside[0].path | .[2].kind == "llm" and .[2].function == "POST api.openai.com/v1/chat/completions"
		and .[2].received_bytes == 0 and .[1].model == null and .[1].received_bytes == null
		and .[2].inside_ms <= .[1].inside_ms' <<<"$output"
	id=$(jq -r '.[0].inside[0] | .trace_id + " " + .path[2].span_id' <<<"$output")
	run -0 env COLUMNS=100 $ps
	[[ ${lines[1]} =~ ^\*\ .*learn\ \>\ agent:trainer\ \>\ llm:openai\ \(gpt-4o\)$ ]]

	# its request has left the rings, and its answer begins
	soon consumed
	[ "$(seen '.[0].inside[0] | .trace_id + " " + .path[2].span_id')" = "\"$id\"" ]
	answers 1
	soon seen '.[0].inside[0].path[2] | .model == "gpt-4o-2024-08-06" and .received_bytes > 50'
	run -0 env COLUMNS=120 $ps
	[[ ${lines[1]} =~ llm:openai\ \(gpt-4o-2024-08-06,\ [0-9]+\ B\)$ ]]
	run -0 $ps
	[[ ${lines[1]} == *llm:openai* ]] && [ "$(wc -L <<<"$output")" -le 80 ]
	answers 2
	wait "$child"
	child=
	[ "$(cat "$work/out")" = 2 ]
	traces | holds '.[0].trace_id == $value' "${id% *}"
	spans "${id% *}" | holds 'map(select(.span_name == "llm:openai"))[0].span_id == $value' "${id#* }"
}

@test "ps: calls on many connections, each on its thread; looked at while they come and go" {
	asks 20
	soon seen '[.[0].inside[].path[-1].name] == [range(20) | "llm:openai"]'
	run -0 $ps --json
	[ "$(paths <<<"$output" | sort | uniq -c | sed 's/^ *//')" = "20 learn > agent:trainer > llm:openai" ]
	holds '[.[0].inside[].thread_id] | unique | length == 20' <<<"$output"
	holds '[.[0].inside[].path[-1].span_id] | unique | length == 20' <<<"$output"
	for ((i = 0; i < 40; i++)); do
		answers 1
		$ps --json
	done | jq -s . >"$work/looks"
	holds 'all(.[]; length == 1 and .[0].error == null) and all(.[][0].inside[]; .whole)' <"$work/looks"
	answers 20
	wait "$child"
	child=
	traces | holds 'length == 20'
	[ "$(sql "select count(*) from pipeline_spans where span_name = 'llm:openai'")" -eq 20 ]
}

@test "ps: a hundred looks at a program that fills its rings, and at one whose rings are always emptied" {
	stays flood 3
	looks 100
	goes_on
	stays steady 3
	looks 100
	goes_on
	[ "$(jq '[.[][].inside[]] | length' "$work/looks")" -gt 200 ]
	holds '[.[][].inside[].trace_id] | unique | length > 50' <"$work/looks"
}

@test "ps: reads, and changes nothing" {
	stays nested
	chmod -R a-w "$(spools)"
	run -0 setpriv --bounding-set -all --inh-caps -all --securebits +noroot $ps
	[ "${#lines[@]}" -eq 2 ]
	chmod -R u+w "$(spools)"
	goes_on
}

@test "ps: beside a collector" {
	"$root/build/traceshim" collect 2>"$work/collect.err" 3>&- &
	local collector=$!
	soon "$root/build/traceshim" collect --health
	stays long 1000
	soon consumed
	run -0 $ps
	[[ ${lines[1]} == *"learn > agent:trainer" ]]
	goes_on
	kill "$collector"
	wait "$collector"
}

@test "ps: of a program in another pid namespace, that it is there; of one that was killed, that it has ended" {
	unshare -rpf --kill-child true || skip 'no pid namespaces here'
	env "LD_PRELOAD=$shim" unshare -rpf --kill-child "$bots/stays/stays" nested >"$work/out" 2>"$work/err" <&7 3>&- &
	child=$!
	soon grep -q waiting "$work/out"
	run -0 $ps
	[[ $output == *"stays, pid "*" of another pid namespace on "*"learn > agent:trainer > llm:claude"* ]]
	run -0 $ps --json
	holds 'map(select(.inside != []))[0] | .same_pid_namespace == false and .surely_alive' <<<"$output"
	goes_on
	stays nested
	kill -KILL "$child"
	wait "$child" || :
	child=
	run -0 --separate-stderr $ps
	[ -z "$output" ]
	[[ $stderr == *"1 program has ended and left something; traceshim recover stores it"* ]]
	traces >/dev/null
}

@test "ps: no spool folder, and one that is another's" {
	run -2 --separate-stderr env TRACESHIM_SPOOL="$work/nowhere" $ps
	[ -z "$output" ]
	[[ $stderr == *"there is no folder $work/nowhere"*"traceshim run -- CMD"* ]]
	run -2 --separate-stderr $ps foo
	run -2 --separate-stderr $ps --wtach
	[[ $stderr == *"did you mean --watch?"* ]]
	mkdir "$work/file"
	: >"$work/file/spool"
	run -1 --separate-stderr env TRACESHIM_SPOOL="$work/file/spool" $ps
	[[ $stderr == *"Not a directory"* ]]
}

@test "ps --watch: each second anew, until q; the terminal is as before" {
	stays nested
	cat >"$work/watch" <<-EOF
	stty -a >before
	$ps --watch
	echo "status \$?" >status
	stty -a >after
	EOF
	tmux -S "$work/tmux" -f /dev/null new-session -d -x 80 -y 24 "sh '$work/watch'"
	soon eval 'tmux -S "$work/tmux" capture-pane -p | grep -q "learn > agent:trainer > llm:claude"'
	first=$(tmux -S "$work/tmux" capture-pane -p)
	soon eval '[ "$(tmux -S "$work/tmux" capture-pane -p)" != "$first" ]'
	tmux -S "$work/tmux" send-keys x q
	soon test -s "$work/after"
	diff "$work/before" "$work/after"
	[ "$(cat "$work/status")" = "status 0" ]
	soon eval '! tmux -S "$work/tmux" has-session'
	goes_on
}

@test "ps --watch: Ctrl-C ends it, and the terminal is as before" {
	stays nested
	cat >"$work/watch" <<-EOF
	trap : INT
	stty -a >before
	$ps --watch
	stty -a >after
	EOF
	tmux -S "$work/tmux" -f /dev/null new-session -d -x 80 -y 24 "bash '$work/watch'"
	soon eval 'tmux -S "$work/tmux" capture-pane -p | grep -q claude'
	tmux -S "$work/tmux" send-keys C-c
	soon test -s "$work/after"
	diff "$work/before" "$work/after"
	goes_on
}

@test "ps --watch: to a pipe, also as JSON, until nobody reads" {
	stays nested
	[ "$(timeout 60 $ps --watch --json | head -2 | jq -r '.[0].inside[0].path[2].name')" = $'llm:claude\nllm:claude' ]
	timeout 60 $ps --watch 2>"$work/watch.err" | head -1 | grep -q "stays, pid $child"
	[ ! -s "$work/watch.err" ]
	goes_on
}
