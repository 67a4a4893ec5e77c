#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The store is away: traces go to disk, and from there to the store when it is back.

bats_require_minimum_version 1.5.0
load helper

setup() {
	scratch
	ends=$bots/ends/ends
	family=$bots/family/family
	rules '[pipeline]' 'job = int job(const char *name, int parts)' \
		'chapter = int chapter(const char *name)' \
		'[tool]' 'part = int part(int number)' 'help = int help(const char *name)'
	export TRACESHIM_STORE=sqlite:$work/folder/traces.db
}

teardown() {
	if [ -n "${child-}" ]; then
		kill -KILL "$child" 2>/dev/null || :
	fi
	if [ -n "${mounted-}" ]; then
		umount -l "$mounted"
	fi
}

away() { rm -rf "$work/folder" && : >"$work/folder"; }
back() { rm "$work/folder"; }

# Bytes of rows that wait.
waiting() {
	cat "$XDG_STATE_HOME"/traceshim/backlog/*/*.rows 2>/dev/null | wc -c
}

# stays: a program that does a chapter at its start, and another for each byte that is sent to it.
stays() {
	mkfifo "$work/in"
	exec 7<>"$work/in"
	env "LD_PRELOAD=$shim" "$family" stays >"$work/out" 2>"$work/err" <&7 3>&- &
	child=$!
	chapters=1
}

# send N: so many chapters more, each waited for until it lies on disk.
send() {
	local i before
	for ((i = 0; i < $1; i++)); do
		before=$(waiting)
		echo -n x >&7
		chapters=$((chapters + 1))
		soon eval "[ \"\$(waiting)\" -gt $before ]"
	done
}

# All of the chapters, once each, with all that is in them.
all_are_stored() {
	traces >"$work/list.json"
	holds "length == $chapters and (map(.trace_id) | unique | length == $chapters)" <"$work/list.json"
	holds 'map(.span_count) | unique | length == 1' <"$work/list.json"
	[ "$(sql 'SELECT count(*) = count(DISTINCT hex(span_id)) FROM pipeline_spans')" = 1 ]
	[ -z "$(spools)" ]
	[ -z "$(backlogs)" ]
	adds_up
}

# What the programs began is stored, or it is known what became of it.
adds_up() {
	local runs
	runs=$(sql 'SELECT begun, stored, open, dropped, dropped_by FROM pipeline_runs')
	echo "runs (begun, stored, open, dropped): $runs; rows: $(sql 'SELECT (SELECT count(*) FROM pipeline_traces), (SELECT count(*) FROM pipeline_spans)')"
	[ "$(sql 'SELECT count(*) FROM pipeline_runs WHERE begun <> stored + open + dropped OR open <> 0')" = 0 ]
	[ "$(sql 'SELECT sum(stored) = (SELECT count(*) FROM pipeline_traces) + (SELECT count(*) FROM pipeline_spans) FROM pipeline_runs')" = 1 ]
}

# --- away and back -----------------------------------------------------------------------------------

@test "backlog: the store is away for the whole run: nothing is lost, nothing doubled" {
	away
	same_but_a_line "cannot write traces: cannot .*$work/folder.*; they stay in $XDG_STATE_HOME/traceshim/backlog\$" "$ends" jobs 1000
	[ -z "$(spools)" ]
	[ "$(backlogs | wc -l)" -eq 1 ]
	[ "$(find "$XDG_STATE_HOME/traceshim" -type d ! -perm 700; find "$XDG_STATE_HOME/traceshim" -type f ! -perm 600)" = "" ]
	# who comes next says so, and leaves them
	"$root/build/traceshim" list 2>"$work/err" || :
	grep -F 'what 1 program left is not stored yet' "$work/err"
	"$root/build/traceshim" recover >"$work/err" 2>&1 || :
	grep -F "$(backlogs) stays" "$work/err"
	back
	traces >"$work/list.json"
	holds 'length == 1000 and (map(.trace_id) | unique | length == 1000) and all(.success and .span_count == 3)' <"$work/list.json"
	[ -z "$(backlogs)" ]
	adds_up
	[ "$(sql 'SELECT begun, dropped, outcome FROM pipeline_runs')" = '4000 0 exited' ]
}

@test "backlog: the store comes back while the program runs" {
	away
	stays
	soon eval '[ "$(waiting)" -gt 0 ]'
	send 5
	[ "$(wc -l <"$work/err")" -eq 1 ]
	back
	soon eval '[ "$(sql "SELECT count(*) FROM pipeline_traces")" -eq 6 ]'
	soon eval '[ -z "$(backlogs)" ]'
	kill -0 "$child"
	# and once more
	mv "$work/folder" "$work/kept"
	away
	send 3
	rm "$work/folder"
	mv "$work/kept" "$work/folder"
	soon eval '[ "$(sql "SELECT count(*) FROM pipeline_traces")" -eq 9 ]'
	soon eval '[ -z "$(backlogs)" ]'
	kill -0 "$child"
	[ "$(sql 'SELECT count(*) = count(DISTINCT hex(span_id)) FROM pipeline_spans')" = 1 ]
}

@test "backlog: another program delivers what an ended one left" {
	away
	answer first traced "$ends" jobs 10
	back
	stays
	soon eval '[ "$(sql "SELECT count(*) FROM pipeline_traces WHERE input_data LIKE '"'%parts%'"'")" -eq 10 ]'
	soon eval '[ -z "$(backlogs)" ]'
}

@test "backlog: eight readers at once deliver it once" {
	away
	for i in 1 2 3 4; do
		answer run traced "$ends" jobs 100
	done
	[ "$(backlogs | wc -l)" -eq 4 ]
	back
	readers=()
	for i in 1 2 3 4 5 6 7 8; do
		traces >"$work/list.$i" 2>/dev/null &
		readers+=($!)
	done
	for i in "${readers[@]}"; do
		wait "$i" || :
	done
	traces | holds 'length == 400 and (map(.trace_id) | unique | length == 400) and all(.span_count == 3)'
	[ -z "$(backlogs)" ]
}

# --- killed, rebooted --------------------------------------------------------------------------------

@test "backlog: kill -9 while the store is away" {
	away
	stays
	soon eval '[ "$(waiting)" -gt 0 ]'
	send 5
	kill -KILL "$child"
	wait "$child" 2>/dev/null || :
	child=
	[ -n "$(spools)" ]
	back
	all_are_stored
}

@test "backlog: what a reboot leaves of it" {
	away
	stays
	soon eval '[ "$(waiting)" -gt 0 ]'
	send 5
	kill -KILL "$child"
	wait "$child" 2>/dev/null || :
	child=
	rm -r "$TRACESHIM_SPOOL"
	back
	all_are_stored
}

@test "backlog: a spool that is removed while its program lives on keeps its backlog" {
	away
	stays
	soon eval '[ "$(waiting)" -gt 0 ]'
	soon rm -rf "$TRACESHIM_SPOOL"
	send 2
	# it is its owner's, who holds the lock
	"$root/build/traceshim" list >"$work/listed" 2>&1 || :
	[ "$(waiting)" -gt 0 ]
	send 2
	back
	soon eval '[ "$(sql "SELECT count(*) FROM pipeline_traces")" -eq 5 ]'
	soon eval '[ -z "$(backlogs)" ]'
	kill -0 "$child"
}

@test "backlog: a damaged one is read as far as it is sound, and set aside" {
	away
	answer run traced "$ends" jobs 100
	segment=$(ls "$(backlogs)"/*.rows)
	printf X | dd of="$segment" bs=1 seek=20000 conv=notrunc status=none
	back
	traces >"$work/list.json"
	holds 'length >= 99' <"$work/list.json"
	[ "$(sql 'SELECT count(*) >= 299 FROM pipeline_spans')" = 1 ]
	[ -z "$(backlogs)" ]
	[ "$(find "$XDG_STATE_HOME/traceshim/backlog" -name '*.damaged' | wc -l)" -eq 1 ]
	traces | holds 'length >= 99'
}

# --- the budget --------------------------------------------------------------------------------------

@test "backlog: over its budget the oldest traces go, whole" {
	export TRACESHIM_BACKLOG=500KB
	away
	answer traced traced "$ends" jobs 1000
	[ "$(waiting)" -le 512000 ]
	back
	traces >"$work/list.json"
	holds 'length > 100 and length < 1000 and all(.success and .span_count == 3)' <"$work/list.json"
	[ "$(sql 'SELECT count(*) = 3 * (SELECT count(*) FROM pipeline_traces) FROM pipeline_spans')" = 1 ]
	[ -z "$(backlogs)" ]
	adds_up
	[ "$(sql "SELECT begun, dropped = dropped_by ->> 'budget' FROM pipeline_runs")" = '4000 1' ]
}

@test "backlog: without one traces stay in the spool" {
	export TRACESHIM_BACKLOG=0
	away
	same_but_a_line "they stay in $TRACESHIM_SPOOL\$" "$ends" jobs 20
	[ -n "$(spools)" ]
	[ -z "$(backlogs)" ]
	back
	traces | holds 'length == 20 and all(.span_count == 3)'
	[ -z "$(spools)" ]
}

@test "backlog: its disk is full: told once, and traces stay in the spool" {
	mkdir -p "$XDG_STATE_HOME/traceshim"
	mount -t tmpfs -o size=16k,mode=700 none "$XDG_STATE_HOME/traceshim" 2>/dev/null || skip "needs the right to mount"
	mounted=$XDG_STATE_HOME/traceshim
	away
	answer traced traced "$ends" jobs 300
	[ "$(grep -c 'cannot keep a backlog: .*No space left on device; traces stay in '"$TRACESHIM_SPOOL/" "$work/traced.err")" -eq 1 ]
	[ "$(wc -l <"$work/traced.err")" -eq 2 ]
	[ -n "$(spools)" ]
	back
	traces | holds 'length == 300 and all(.success and .span_count == 3)'
	[ -z "$(spools)" ]
	[ -z "$(backlogs)" ]
	adds_up
}

@test "backlog: nowhere to put it" {
	away
	mkdir -p "$XDG_STATE_HOME"
	: >"$XDG_STATE_HOME/traceshim"
	answer traced traced "$ends" jobs 20
	[ "$(wc -l <"$work/traced.err")" -eq 2 ]
	grep "cannot keep a backlog: .*Not a directory; traces stay in $TRACESHIM_SPOOL/" "$work/traced.err"
	back
	traces | holds 'length == 20 and all(.span_count == 3)'
}

# --- refused rows ------------------------------------------------------------------------------------

# picky: a store that will not have spans of the fifth job's second part.
picky() {
	traced "$ends" jobs 1 >/dev/null
	traces | holds 'length == 1'
	sqlite3 "${TRACESHIM_STORE#sqlite:}" "CREATE TRIGGER picky BEFORE INSERT ON pipeline_spans
		WHEN NEW.input_data LIKE '%$1%' BEGIN SELECT RAISE(ABORT, 'not this one'); END"
}

@test "backlog: a row that the store will never take stands apart, the others are stored" {
	picky '"number":2}'
	answer traced traced "$ends" jobs 30
	[ "$(wc -l <"$work/traced.err")" -eq 1 ]
	file=$(ls "$XDG_STATE_HOME"/traceshim/rejected/*.jsonl)
	grep -F "refuses a row of pipeline_spans: cannot write $work/folder/traces.db: not this one; it stays in $file" "$work/traced.err"
	[ -z "$(spools)" ]
	[ -z "$(backlogs)" ]
	traces | holds 'length == 31 and (map(.span_count) | add == 63)'
	jq -s . "$file" | holds 'length == 30 and (map(.span_id) | unique | length == 30)
		and all(.table == "span" and .span_name == "tool:part" and .input_data.number == 2 and (.refused | contains("not this one")))'
	[ "$(stat -c %a "$file")" = 600 ]
	adds_up
	[ "$(sql "SELECT begun, dropped_by ->> 'rejected' FROM pipeline_runs WHERE dropped")" = '120 30' ]
}

@test "backlog: a row that is refused when the store is back" {
	picky '"number":3}'
	mv "$work/folder" "$work/kept"
	away
	answer traced traced "$ends" jobs 30
	rm "$work/folder"
	mv "$work/kept" "$work/folder"
	traces | holds 'length == 31 and (map(.span_count) | add == 63)'
	[ -z "$(backlogs)" ]
	[ "$(cat "$XDG_STATE_HOME"/traceshim/rejected/*.jsonl | wc -l)" -eq 30 ]
	adds_up
	[ "$(sql "SELECT begun, dropped_by ->> 'rejected' FROM pipeline_runs WHERE dropped")" = '120 30' ]
}

# --- JSON lines --------------------------------------------------------------------------------------

@test "backlog: a store of JSON lines" {
	export TRACESHIM_STORE=jsonl:$work/deep/traces.jsonl
	same "$ends" jobs 20
	[ "$(stat -c %a "$work/deep/traces.jsonl")" = 600 ]
	jq -s 'map(select(.table == "trace"))' "$work/deep/traces.jsonl" |
		holds 'length == 20 and all(.pipeline_name == "job" and .success and .input_data.parts == 3)'
	jq -s 'map(select(.table == "span"))' "$work/deep/traces.jsonl" |
		holds 'length == 60 and (map(.span_id) | unique | length == 60)'
	# it is not read back
	run -1 "$root/build/traceshim" list
	[[ $output == "traceshim: a jsonl store is for other programs to read"* ]]
	run -1 "$root/build/traceshim" show last
	[[ $output == "traceshim: a jsonl store is for other programs to read"* ]]
}

@test "backlog: two programs write JSON lines while the files rotate" {
	export TRACESHIM_STORE="jsonl:$work/traces.jsonl?size=100KB&keep=100"
	for ((run = 0; run < 10; run++)); do
		traced "$ends" jobs 20 >/dev/null 3>&- &
		one=$!
		traced "$ends" jobs 20 >/dev/null 3>&- &
		wait $one $!
	done
	[ "$(find . -name 'traces.jsonl.*[0-9]' | wc -l)" -ge 5 ]
	[ -z "$(find . -name 'traces.jsonl*' -size +100k)" ]
	# what was busy for too long waits: whoever comes next brings it
	"$root/build/traceshim" list >/dev/null 2>&1 || :
	[ -z "$(spools)$(backlogs)" ]
	cat traces.jsonl* | jq -s 'map(select(.table == "trace"))' |
		holds 'length >= 400 and (map(.trace_id) | unique | length == 400)'
}

@test "backlog: a line that a kill tore is cut off by who writes next" {
	export TRACESHIM_STORE=jsonl:$work/traces.jsonl
	traced "$ends" jobs 1 >/dev/null
	echo -n '{"table":"trace","trace_id":"01' >>traces.jsonl
	traced "$ends" jobs 1 >/dev/null
	jq -s 'map(select(.table == "trace"))' traces.jsonl | holds 'length == 2'
}

@test "backlog: a collector tells of a row that is refused, and where it is" {
	picky '"number":2}'
	"$root/build/traceshim" collect 2>"$work/collect.err" 3>&- &
	child=$!
	soon "$root/build/traceshim" collect --health
	traced "$ends" jobs 30 >/dev/null
	soon grep -F "refuses a row of pipeline_spans: cannot write $work/folder/traces.db: not this one; it stays in $XDG_STATE_HOME/traceshim/rejected/" "$work/collect.err"
	soon eval '[ "$(cat "$XDG_STATE_HOME"/traceshim/rejected/*.jsonl | wc -l)" -eq 30 ]'
	soon eval '[ "$(sql "SELECT count(*) FROM pipeline_spans")" -eq 63 ]'
}

@test "backlog: who reads a file does not wait for a server that never answers" {
	python3 -u -c '
import socket
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1])
kept = []
while True:
    kept.append(listener.accept()[0])
    print("marked" if kept[-1].recv(1) == b"m" else "asked")' >"$work/silent" 3>&- &
	child=$!
	soon test -s "$work/silent"
	port=$(head -n 1 "$work/silent")
	# asked N: so often, of all who asked before; N is how often this was looked at
	asked() {
		echo m >"/dev/tcp/127.0.0.1/$port"
		soon eval "[ \$(grep -c marked '$work/silent') -eq $1 ]"
		grep -c asked "$work/silent"
	}
	TRACESHIM_STORE=postgresql://bot@127.0.0.1:$port/traces traced "$ends" jobs 1 >/dev/null
	before=$(asked 1)
	[ "$before" -ge 1 ]
	TRACESHIM_STORE=sqlite:$work/other.db run -0 --separate-stderr "$root/build/traceshim" list
	[ "$stderr" = "traceshim: what 1 program left is not stored yet; traceshim recover says why
traceshim: no traces are stored yet" ]
	[ "$(asked 2)" -eq "$before" ]
}
