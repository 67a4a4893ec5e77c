#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What becomes of the calls of a process: begun = stored + open + dropped, in the store and in `list --runs`.
# That it adds up is tested behind every test that stores anything (add_up).

bats_require_minimum_version 1.5.0
load helper

setup() {
	scratch
	ends=$bots/ends/ends
	threads=$bots/threads/threads
	rules '[pipeline]' 'job = int job(const char *name, int parts)' \
		'[tool]' 'part = int part(int number)' '[step]' 'leave = void leave(void)'
}

teardown() {
	if [ -n "${child-}" ]; then
		kill -KILL "$child" 2>/dev/null || :
	fi
	if [ -n "${mounted-}" ]; then
		umount -l "$mounted"
	fi
	add_up
}

thread_rules() {
	rules '[pipeline]' 'request = int request(const char *name, int (*what)(int), int)' \
		'[tool]' 'task = int task(int number)' 'left = long left(long)' 'right = long right(long)'
}

# runs: those that are stored, one a line: "OUTCOME BEGUN STORED OPEN DROPPED [DROPPED_BY]".
runs() {
	sql "SELECT coalesce(outcome, 'runs'), begun, stored, open, dropped, coalesce(dropped_by, '') FROM pipeline_runs
		ORDER BY run_id" | sed 's/ $//'
}

runs_are() {
	diff - <(runs)
}

# lock, unlock: the store is taken meanwhile.
lock() {
	exec 9>"$work/traces.db.lock"
	flock 9
}

unlock() {
	exec 9>&-
}

@test "tally: all of a program that ends well is stored" {
	ends_well "$ends" jobs 20
	runs_are <<<'exited 80 80 0 0'
	[ "$(sql "SELECT count(*) FROM pipeline_runs WHERE started_at <= seen_at AND ended_at = seen_at
		AND program = '$ends' AND host = '$(hostname)' AND pid > 0 AND tenant_id = ''")" -eq 1 ]
}

@test "tally: a program that begins nothing has no row" {
	same "$ends" jobs 0
	same "$ends" jobs 1
	traces >"$work/list.json"
	runs_are <<<'exited 4 4 0 0'
}

@test "tally: what does not fit into the rings is dropped, and counted" {
	same "$ends" jobs 1
	lock
	answer traced traced "$ends" jobs 100000 # five times what there is room for
	unlock
	traces >"$work/list.json"
	[ -z "$(spools)" ]
	[ "$(sql "SELECT count(*) FROM pipeline_runs WHERE outcome = 'exited' AND begun > stored AND stored > 1000
		AND open = 0 AND begun <= 400000 AND dropped = dropped_by ->> 'ring_full'")" -eq 1 ]
}

@test "tally: no room for rings: each call is counted once" {
	mkdir -p "$TRACESHIM_SPOOL"
	mount -t tmpfs -o size=160k,mode=700 none "$TRACESHIM_SPOOL" 2>/dev/null || skip "needs the right to mount"
	answer traced traced "$ends" jobs 3000
	traces >"$work/list.json"
	umount -l "$TRACESHIM_SPOOL"
	[ "$(cat "$work/traced.err")" = "traceshim: no room for events in $TRACESHIM_SPOOL: calls are not traced; see df \
$TRACESHIM_SPOOL, or set TRACESHIM_SPOOL" ]
	# their parts lie outside of every pipeline then
	runs_are <<<'exited 3000 0 0 3000 {"no_ring": 3000}'
}

@test "tally: calls deeper than there are frames" {
	thread_rules
	same "$threads" deep 60000
	traces >"$work/list.json"
	# two requests with 60,001 calls and one
	[ "$(sql "SELECT begun, open, dropped = dropped_by ->> 'too_deep', dropped > 50000 FROM pipeline_runs")" = \
		'60004 0 1 1' ]
}

@test "tally: signal handlers that call what they interrupt" {
	thread_rules
	same timeout 60 "$threads" signals 300000
	traces >"$work/list.json"
	[ "$(sql 'SELECT begun >= 300000, open FROM pipeline_runs')" = '1 0' ]
}

@test "tally: threads that come and go use rings again" {
	thread_rules
	same "$threads" crowd 200
	same "$threads" brief 500
	traces >"$work/list.json"
	[ "$(sql "SELECT count(*) FROM pipeline_runs WHERE outcome = 'exited' AND begun > 0 AND open = 0")" -eq 2 ]
}

@test "tally: killed in the middle of a pipeline: open until it is recovered" {
	LD_PRELOAD=$shim "$ends" wait >"$work/said" &
	child=$!
	soon grep waiting "$work/said"
	soon eval '[ "$(runs)" = "runs 5 3 2 0" ]'
	"$root/build/traceshim" list --runs | grep -E "^ends +$child .* 5 +3 +2 +0 +runs$"
	kill -KILL $child
	wait $child || [ $? -eq 137 ]
	child=
	traces >"$work/list.json"
	runs_are <<<'interrupted 5 5 0 0'
}

@test "tally: killed, and its store is not to be had: it does not run" {
	LD_PRELOAD=$shim "$ends" wait >"$work/said" &
	child=$!
	soon grep waiting "$work/said"
	soon eval '[ "$(runs)" = "runs 5 3 2 0" ]'
	kill -KILL $child
	wait $child || [ $? -eq 137 ]
	flock "$work/traces.db.lock" "$root/build/traceshim" list --runs >"$work/table"
	grep -E "^ends +$child .* 5 +3 +2 +0 +ended, waits$" "$work/table"
	flock "$work/traces.db.lock" "$root/build/traceshim" list --runs --json |
		holds 'length == 1 and .[0].outcome == null and .[0].waits == true'
	child=
	"$root/build/traceshim" list --runs --json | holds '.[0].outcome == "interrupted" and .[0].waits == false'
}

@test "tally: every way to end" {
	for how in exit _exit quick_exit abort segv kill; do
		answer $how traced "$ends" $how
		traces >"$work/list.json"
	done
	runs_are <<-'EOF'
	exited 5 5 0 0
	interrupted 5 5 0 0
	interrupted 5 5 0 0
	interrupted 5 5 0 0
	interrupted 5 5 0 0
	interrupted 5 5 0 0
	EOF
}

@test "tally: exec ends a process as such, and forks are processes" {
	same "$ends" exec
	traces >"$work/list.json"
	runs_are <<-'EOF'
	exec 5 5 0 0
	exited 8 8 0 0
	EOF
	rm "$work"/traces.db*
	answer traced traced "$ends" fork
	traces >"$work/list.json"
	[ "$(runs | sort | uniq -c | tr -s ' ')" = ' 9 exited 100 100 0 0' ]
}

@test "tally: killed at any moment, with threads" {
	thread_rules
	local i
	for ((i = 0; i < 12; i++)); do
		timeout --foreground -s KILL "0.$((i % 4))$((RANDOM % 10))5" env "LD_PRELOAD=$shim" "$threads" pool 200000 >/dev/null 2>&1 || :
		traces >"$work/list.json"
		add_up
	done
	[ -z "$(spools)" ]
	[ "$(sql 'SELECT total(open), total(begun) > 0 FROM pipeline_runs')" = '0.0 1' ]
}

@test "tally: the store that was away at the end learns how it ended" {
	answer first traced "$ends" jobs 1
	lock
	answer traced traced "$ends" jobs 2
	[ "$(runs | wc -l)" -eq 1 ]
	unlock
	traces >"$work/list.json"
	runs_are <<-'EOF'
	exited 4 4 0 0
	exited 8 8 0 0
	EOF
}

@test "tally: list --runs, as a table and as JSON" {
	local list="$root/build/traceshim list --runs"
	run -0 --separate-stderr $list
	[ -z "$output" ]
	[[ $stderr == "traceshim: no processes are stored; "* ]]
	[ "$($list --json 2>/dev/null)" = "[]" ]
	same "$ends" jobs 2
	thread_rules
	same "$threads" deep 60000
	run -0 --separate-stderr $list
	[ "${#lines[@]}" -eq 3 ]
	[[ ${lines[0]} =~ ^'program '.*' pid  when '.*' for '.*begun.*stored.*open.*dropped.*ended$ ]]
	[[ ${lines[1]} =~ ^threads.*' too_deep  exited'$ ]]
	[[ ${lines[2]} =~ ^ends.*' 8 '.*' 8 '.*' 0  0 '.*exited$ ]]
	[ "$(wc -L <<<"$output")" -le 80 ]
	[ -z "$stderr" ]
	$list --json >"$work/runs.json"
	[ "$(jq -c '.[0] | keys_unsorted' "$work/runs.json")" = \
		'["run_id","tenant_id","program","host","pid","started_at","seen_at","ended_at","outcome","begun","stored","open","dropped","dropped_by","attributes","created_at","waits"]' ]
	jq -e '.[0].dropped_by.too_deep == .[0].dropped and .[1].dropped_by == null and .[1].begun == 8' "$work/runs.json"
	run -0 --separate-stderr $list --limit 1
	[ "${#lines[@]}" -eq 2 ]
	[ "$stderr" = "traceshim: there are more; --limit N shows them" ]
	[ "$($list --json --since 1h | jq length)" -eq 2 ]
	run -2 --separate-stderr $list --since 2999-01-01
	[ -z "$output" ]
	[[ $stderr == "traceshim: the period begins in the future "* ]]
	run -2 --separate-stderr $list --failed
	[[ $stderr == "traceshim: of processes (--runs) only --since and --limit can be asked"* ]]
}

# --- the memory of rings ---------------------------------------------------------------------------------------

# at_most KB: so much do the files of the spools take.
at_most() {
	[ "$(du -s --block-size=1024 "$TRACESHIM_SPOOL" | cut -f 1)" -le "$1" ]
}

# start_rest N: N threads with a request each, then none; what is written to 7 sends as many again on their way.
start_rest() {
	mkfifo "$work/in"
	exec 7<>"$work/in"
	LD_PRELOAD=$shim "$threads" rest "$1" <"$work/in" >"$work/said" 2>"$work/err" 3>&- 7>&- &
	child=$!
	soon test -s "$work/said"
}

# end_rest [LINE]: so they do, and nothing else is said.
end_rest() {
	echo >&7
	wait $child
	child=
	exec 7>&-
	[ "$(sort -u "$work/said" | wc -l)" -eq 1 ]
	[ "$(wc -l <"$work/said")" -eq 2 ]
	[[ $(cat "$work/err") == ${1-} ]]
}

@test "tally: rings that nobody needs give their pages back, and serve again" {
	thread_rules
	start_rest 12
	[ "$(du -s --apparent-size --block-size=1024 "$TRACESHIM_SPOOL" | cut -f 1)" -ge 8000 ]
	soon at_most 400
	end_rest
	traces >"$work/list.json"
	[ "$(sql 'SELECT count(*), sum(success) FROM pipeline_traces')" = '24 24' ]
	[ "$(sql 'SELECT dropped FROM pipeline_runs')" -eq 0 ]
	[ -z "$(spools)" ]
}

@test "tally: pages that are not to be had again are missed, not touched" {
	thread_rules
	mkdir -p "$TRACESHIM_SPOOL"
	mount -t tmpfs -o size=24m,mode=700 none "$TRACESHIM_SPOOL" 2>/dev/null || skip "needs the right to mount"
	mounted=$TRACESHIM_SPOOL
	start_rest 8
	soon at_most 400
	head -c 24m /dev/zero >"$TRACESHIM_SPOOL/ballast" 2>/dev/null || :
	end_rest "traceshim: no room for events in $TRACESHIM_SPOOL: *"
	rm "$TRACESHIM_SPOOL/ballast"
	traces >"$work/list.json"
	[ "$(sql "SELECT outcome, dropped_by ->> 'no_ring' FROM pipeline_runs")" = 'exited 8' ]
}

@test "tally: a store that does not add up is found out" {
	same "$ends" jobs 2
	add_up
	sqlite3 "$work/traces.db" 'UPDATE pipeline_runs SET begun = begun + 1'
	run ! add_up
	sqlite3 "$work/traces.db" 'UPDATE pipeline_runs SET begun = begun - 1'
	add_up
	sqlite3 "$work/traces.db" 'CREATE TABLE kept AS SELECT * FROM pipeline_spans LIMIT 1;
		DELETE FROM pipeline_spans WHERE span_id IN (SELECT span_id FROM kept)'
	run ! add_up
	sqlite3 "$work/traces.db" 'INSERT INTO pipeline_spans SELECT * FROM kept'
}
