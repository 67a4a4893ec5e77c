#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The collector: it stores for the programs, which load no store; whoever of both comes, goes or is killed when,
# each call that returned is stored once.

bats_require_minimum_version 1.5.0
load helper

# The store lies in memory: a disk that is slow, while programs count on, would have their rings overflow.
setup() {
	scratch
	elsewhere=$(mktemp -d /dev/shm/traceshim-test.XXXXXX)
	TRACESHIM_STORE=sqlite:$elsewhere/traces.db
	counter=$bots/counter/counter
	family=$bots/family/family
	export FAMILY_FOLDER=$work
	rules '[pipeline]' 'count = long count(int thread, long n)' '[step]' 'step = long step(long n)'
}

teardown() {
	local pid
	for pid in ${collector-} ${child-} ${lock-}; do
		kill -KILL "$pid" 2>/dev/null || :
	done
	rm -rf "$elsewhere"
}

family_rules() {
	rules '[pipeline]' 'learn = int learn(const char *name) : fails if < 0' \
		'chapter = int chapter(const char *name) : fails if < 0' '[tool]' 'help = int help(const char *name)'
}

# A collector that is ready.
collect() {
	"$root/build/traceshim" collect 2>>"$work/collect.err" 3>&- &
	collector=$!
	soon "$root/build/traceshim" collect --health
}

# stop SIGNAL: the collector, whose status is the answer.
stop() {
	local pid=$collector status=0
	collector=
	kill "-$1" "$pid"
	wait "$pid" 2>/dev/null || status=$?
	return $status
}

# counting THREADS CALLS PAUSE_US: a program that counts, in the background.
counting() {
	env "LD_PRELOAD=$shim" "$counter" "$work/returned" "$@" >"$work/out" 2>"$work/err" 3>&- &
	child=$!
}

health() {
	"$root/build/traceshim" collect --health
}

healthy() {
	health | jq -e "$1"
}

# enough: of the program that counts until it is told to end; how many calls it made is in $work/out.
enough() {
	kill "$child"
	wait "$child"
}

# So many calls have returned, as the program says, whatever became of it: the number of each thread, and that of its calls.
returned() {
	od -An -v -t u8 -w8 "$work/returned" | awk '$1 {print NR - 1, $1}'
}

stored() {
	sql 'SELECT count(*) FROM pipeline_traces' 2>/dev/null || echo 0
}

has_stored() {
	[ "$(stored)" -ge "$1" ]
}

# Every call that returned is stored, once, whole; what was cut off is told as such; nothing was dropped.
all_are_stored() {
	local thread n more=0 threads=0
	[ "$(sql "SELECT count(*) FROM pipeline_traces WHERE attributes LIKE '%dropped%'")" -eq 0 ]
	[ "$(sql 'SELECT count(*) FROM (SELECT 1 FROM pipeline_traces GROUP BY input_data HAVING count(*) > 1)')" -eq 0 ]
	[ "$(sql 'SELECT count(*) FROM (SELECT 1 FROM pipeline_spans GROUP BY trace_id HAVING count(*) > 1)')" -eq 0 ]
	while read -r thread n; do
		[ "$(sql "SELECT count(*) FROM pipeline_traces t JOIN pipeline_spans s USING (trace_id) WHERE t.success
			AND s.success AND t.input_data ->> 'thread' = $thread AND t.input_data ->> 'n' BETWEEN 1 AND $n")" -eq "$n" ]
		more=$((more + $(sql "SELECT count(*) FROM pipeline_traces WHERE input_data ->> 'thread' = $thread
			AND input_data ->> 'n' > $n + 1")))
		threads=$((threads + 1))
	done < <(returned)
	[ "$threads" -gt 0 ] && [ "$more" -eq 0 ]
	[ "$(sql "SELECT count(*) FROM pipeline_traces WHERE NOT success AND error NOT LIKE '%interrupted%'")" -eq 0 ]
	add_up
}

no_spools() {
	[ -z "$(spools)" ]
}

# --- it stores for the programs -----------------------------------------------------------------------------

@test "collect: a program with a collector loads no store, and all of it is stored" {
	collect
	counting 4 0 2000
	soon healthy '.held == 1 and .traces > 1000'
	grep -q /flusher.so "/proc/$child/maps"
	run ! grep -E 'store_|sqlite' "/proc/$child/maps"
	enough
	[ ! -s "$work/err" ]
	soon has_stored "$(cat "$work/out")"
	soon no_spools
	all_are_stored
	[ "$(stored)" -eq "$(cat "$work/out")" ]
	soon healthy ".spools == 0 and .recovered == 1 and .traces == $(stored) and .spans == $(stored)"
	stop TERM
	[ ! -s "$work/collect.err" ]
}

@test "collect: a program that ends in no time waits for no store" {
	collect
	traced "$counter" "$work/returned" 1 5 >/dev/null
	soon has_stored 5
	soon no_spools
	: >"$work/returned"
	exec 8<>"$elsewhere/traces.db.lock"
	flock 8
	traced "$counter" "$work/returned" 1 6 8>&- >/dev/null
	[ "$(stored)" -eq 5 ]
	exec 8>&-
	soon has_stored 11
}

# A ring of 1 MB holds 2,849 such calls; so many come in less than a period. A machine that is busy with other things may
# wake it too late, now and then.
@test "collect: a ring that fills between two periods wakes it" {
	local round
	collect
	for round in 1 2 3 4; do
		rm -f "$work/returned"
		counting 1 12000 500 20
		wait "$child"
		soon no_spools
		[ "$(sql 'SELECT count(*) FROM pipeline_runs WHERE dropped = 0')" -eq 0 ] || break
	done
	[ "$(sql 'SELECT count(*) FROM pipeline_runs WHERE dropped = 0 AND stored >= 12000')" -eq 1 ]
}

# They are worth nine rings of 1 MB.
@test "collect: a thread whose ring fills while it stands still goes on in others" {
	collect
	kill -STOP "$collector"
	counting 1 25000
	wait "$child"
	kill -CONT "$collector"
	soon no_spools
	all_are_stored
	[ "$(stored)" -eq 25000 ]
	[ "$(sql 'SELECT count(*) FROM pipeline_runs WHERE dropped = 0 AND stored = 50000')" -eq 1 ]
}

# More calls are open than the process's own ring has room for ends.
@test "collect: calls that are open when all rings are full end as they did" {
	rules '[pipeline]' 'deep = long deep(int thread, long n)' '[step]' 'step = long step(long n)'
	collect
	kill -STOP "$collector"
	env "LD_PRELOAD=$shim" "$bots/counter/deep" 4 400 60000 >"$work/out"
	kill -CONT "$collector"
	soon no_spools
	[ "$(sql 'SELECT count(*) FROM pipeline_traces WHERE success')" -eq 4 ]
	[ "$(sql "SELECT count(*) FROM pipeline_spans WHERE success AND span_name = 'pipeline:deep'")" -eq 1596 ]
	[ "$(sql 'SELECT count(*) FROM pipeline_spans WHERE NOT success')" -eq 0 ]
	[ "$(sql 'SELECT count(*) FROM pipeline_runs WHERE dropped > 0')" -eq 1 ]
}

@test "collect: several stores at once, each program's own" {
	collect
	for name in one two three; do
		TRACESHIM_STORE=sqlite:$work/$name.db traced "$counter" "$work/$name" 2 50 >/dev/null
	done
	for name in one two three; do
		soon eval "[ \"\$(TRACESHIM_STORE=sqlite:$work/$name.db sql 'SELECT count(*) FROM pipeline_traces')\" -eq 100 ]"
	done
	soon healthy '(.stores | length) == 3 and all(.stores[]; .error == null)'
}

@test "collect: a store that cannot be written is told, and is tried again" {
	TRACESHIM_STORE=sqlite:$work/file/traces.db
	echo >"$work/file"
	collect
	traced "$counter" "$work/returned" 1 50 >/dev/null
	soon healthy '.waiting == 1 and .stores[0].error != null and .ok'
	[ "$(grep -c "cannot write traces: .*${TRACESHIM_STORE#sqlite:}" "$work/collect.err")" -eq 1 ]
	counting 1 0 1000
	soon healthy '.waiting == 2 and .backlog > 100 and .held == 1'
	rm "$work/file"
	soon has_stored 100
	soon healthy '.waiting == 0 and .backlog == 0 and .stores[0].error == null'
	grep "stored again" "$work/collect.err"
	enough
	soon no_spools
	[ "$(stored)" -eq $((50 + $(cat "$work/out"))) ]
}

# --- who comes and goes ---------------------------------------------------------------------------------------

@test "collect: handed over and back in the middle of the work" {
	local i
	counting 4 0 2000
	soon has_stored 100
	for i in 1 2 3 4; do
		collect
		soon healthy '.held == 1 and .traces > 50'
		stop TERM
		soon has_stored $(($(stored) + 100))
	done
	enough
	traces >"$work/list.json"
	no_spools
	all_are_stored
	[ "$(stored)" = "$(cat "$work/out")" ]
	[ ! -s "$work/err" ]
}

# It never has time to look up from its rings.
@test "collect: a program that makes more calls than can be stored is handed over, and back" {
	counting 4 0
	soon has_stored 10000
	collect
	soon healthy '.held == 1 and .traces > 1000'
	stop TERM
	soon has_stored $(($(stored) + 1000))
	enough
	traces >"$work/list.json"
	no_spools
	add_up
}

@test "collect: killed in the middle of the work, again and again" {
	local i
	counting 4 0 2000
	for i in 1 2 3 4 5; do
		collect
		soon healthy '.held == 1 and .traces > 50'
		stop KILL || [ $? -eq 137 ]
		soon has_stored $(($(stored) + 100))
	done
	enough
	traces >"$work/list.json"
	no_spools
	all_are_stored
	[ "$(stored)" = "$(cat "$work/out")" ]
}

@test "collect: programs killed in the middle of the work" {
	local i
	collect
	for i in 1 2 3 4 5; do
		: >"$work/returned"
		counting 4 0 2000
		soon has_stored $((i * 200))
		kill -KILL "$child"
		wait "$child" || [ $? -eq 137 ]
		soon no_spools
		all_are_stored
		rm -f "$elsewhere"/traces.db*
	done
	soon healthy '.recovered == 5'
}

@test "collect: both killed: who comes next finds it" {
	collect
	counting 4 0 2000
	soon has_stored 200
	stop KILL || :
	kill -KILL "$child"
	wait "$child" || :
	collect
	soon no_spools
	all_are_stored
}

@test "collect: one for each spool folder" {
	collect
	run -1 --separate-stderr "$root/build/traceshim" collect
	[ "$stderr" = "traceshim: another collector serves $TRACESHIM_SPOOL" ]
	run -1 --separate-stderr "$root/build/traceshim" collect --once
	healthy .ok
	mkdir "$work/other"
	chmod 700 "$work/other"
	run -0 "$root/build/traceshim" collect --once --spool "$work/other"
	stop INT
	collect
	stop KILL || :
	collect
	stop TERM
}

@test "collect: SIGTERM hands back: programs store for themselves, and are told at once" {
	collect
	counting 2 0 1000
	soon has_stored 100
	run ! grep -E 'store_|sqlite' "/proc/$child/maps"
	kill -HUP "$collector"
	healthy .ok
	stop TERM
	[ ! -e "$TRACESHIM_SPOOL/collector.sock" ]
	soon grep -q store_sqlite "/proc/$child/maps"
	soon has_stored $(($(stored) + 100))
	run -1 --separate-stderr "$root/build/traceshim" collect --health
	[[ $stderr == *"no collector answers at $TRACESHIM_SPOOL/collector.sock"* ]]
}

@test "collect --once: what is there of ended and of live programs, and no more" {
	traced "$counter" "$work/returned" 1 20 >/dev/null
	rm "$elsewhere"/traces.db*
	counting 3 0 1000
	soon has_stored 100
	kill -KILL "$child"
	wait "$child" || :
	[ -n "$(spools)" ]
	run -0 --separate-stderr "$root/build/traceshim" collect --once
	[ -z "$output$stderr" ]
	no_spools
	all_are_stored
	: >"$work/returned"
	rm "$elsewhere"/traces.db*
	counting 1 0 1000
	soon has_stored 20
	run -0 "$root/build/traceshim" collect --once
	soon has_stored $(($(stored) + 100))
	kill -0 "$child"
}

@test "collect --once: what cannot be stored stays, and is told" {
	mkdir "$work/home/at"
	TRACESHIM_STORE=sqlite:$work/home/at/traces.db traced "$counter" "$work/returned" 1 1 >/dev/null
	env "LD_PRELOAD=$shim" "TRACESHIM_STORE=sqlite:$work/home/at/traces.db/no" "$counter" "$work/returned" 1 20 >/dev/null
	run -1 --separate-stderr "$root/build/traceshim" collect --once
	[[ $stderr == *"what 1 program recorded could not be stored yet"* ]]
}

@test "collect: the spool folder is removed" {
	collect
	soon rm -rf "$TRACESHIM_SPOOL"
	local status=0
	wait "$collector" || status=$?
	collector=
	[ "$status" -eq 1 ]
	grep "$TRACESHIM_SPOOL was removed" "$work/collect.err"
}

# What the collector was given, the program goes on with by itself: it has the files open.
@test "collect: the spool folder is removed while a program counts" {
	collect
	counting 4 0 2000
	soon healthy '.traces > 500'
	soon rm -rf "$TRACESHIM_SPOOL"
	local status=0
	wait "$collector" || status=$?
	collector=
	[ "$status" -eq 1 ]
	soon has_stored $(($(stored) + 500))
	enough
	[ ! -s "$work/err" ]
	all_are_stored
	[ "$(stored)" -eq "$(cat "$work/out")" ]
}

@test "collect: one spool is removed while its program counts" {
	collect
	counting 4 0 2000
	soon healthy '.traces > 500'
	soon rm -rf "$(spools)"
	soon healthy '.held == 0'
	soon has_stored $(($(stored) + 500))
	enough
	[ ! -s "$work/err" ]
	all_are_stored
	[ "$(stored)" -eq "$(cat "$work/out")" ]
	stop TERM
}

# --- processes ------------------------------------------------------------------------------------------------

@test "collect: programs that fork, exec and spawn" {
	family_rules
	collect
	for what in inside becomes chains spawns; do
		same "$family" $what
	done
	soon no_spools
	traces | holds 'all(.success)'
	[ "$(sql "SELECT count(*) FROM pipeline_traces WHERE attributes ->> 'outcome' = 'exec'")" -eq 1 ]
	[ "$(sql 'SELECT count(*) FROM pipeline_traces')" -eq 4 ]
	[ "$(sql "SELECT count(DISTINCT pid) FROM pipeline_traces")" -eq 4 ]
	[ "$(sql "SELECT count(*) FROM pipeline_spans WHERE span_name = 'pipeline:chapter'")" -eq 8 ]
}

@test "collect: servers that were forked" {
	family_rules
	collect
	answer plain "$family" prefork
	answer traced traced "$family" prefork
	diff <(sort "$work/plain.out") <(sort "$work/traced.out")
	soon no_spools
	traces | holds 'length == 22 and all(.success and .span_count == 1) and (map(.pid) | unique | length == 5)'
}

@test "collect: programs in another pid namespace, told by their locks" {
	unshare --pid --fork --mount-proc true 2>/dev/null || skip "needs the right to make namespaces"
	collect
	env "LD_PRELOAD=$shim" unshare --pid --fork --mount-proc --kill-child "$counter" "$work/returned" 2 0 1000 \
		>/dev/null 2>&1 3>&- &
	child=$!
	soon has_stored 100
	healthy '.held == 1'
	kill -KILL "$child"
	wait "$child" || :
	soon no_spools
	all_are_stored
}

# --- how it is ------------------------------------------------------------------------------------------------

@test "collect --health: a line of JSON on a socket of ours alone" {
	"$root/build/traceshim" collect --socket "$work/health.sock" 2>"$work/collect.err" 3>&- &
	collector=$!
	soon "$root/build/traceshim" collect --health --socket "$work/health.sock"
	[ "$(stat -c %a "$work/health.sock")" = 600 ]
	run -0 "$root/build/traceshim" collect --health --socket "$work/health.sock"
	[ "${#lines[@]}" -eq 1 ]
	jq -e '.ok and .version == "0.1.0" and .spools == 0 and .backlog == 0 and .waiting == 0 and .batches == 0 and .stores == []
		and .uptime_ms >= 0 and .last_pass_ms >= 0' <<<"$output"
	stop TERM
	[ ! -e "$work/health.sock" ]
}

@test "collect --health: a path longer than a socket's address takes" {
	local long
	long=$work/$(printf 'x%.0s' {1..120})
	mkdir -m 700 "$long"
	TRACESHIM_SPOOL=$long
	collect
	[ -S "$long/collector.sock" ]
	stop TERM
	[ ! -e "$long/collector.sock" ]
}

@test "collect: tells its manager when it is ready, that it lives, and that it stops" {
	python3 - "$work/notify" >"$work/told" <<-'EOF' &
	import socket, sys
	s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
	s.bind(sys.argv[1])
	while True:
	    message = s.recv(100).decode()
	    print(message, flush=True)
	    if message.startswith("STOPPING"):
	        break
	EOF
	lock=$!
	soon test -S "$work/notify"
	NOTIFY_SOCKET=$work/notify WATCHDOG_USEC=200000 collect
	soon eval '[ "$(grep -c "^WATCHDOG=1$" "$work/told")" -ge 3 ]'
	stop TERM
	wait "$lock"
	lock=
	[ "$(head -1 "$work/told")" = READY=1 ]
	[ "$(tail -1 "$work/told")" = STOPPING=1 ]
}

@test "collect: units for systemd, which start what was installed" {
	make -s -C "$root" install DESTDIR="$work/to" PREFIX=/opt/t >/dev/null
	grep -x 'ExecStart=/opt/t/bin/traceshim collect' "$work/to/opt/t/lib/systemd/user/traceshim-collect.service"
	grep -x 'ExecStart=/opt/t/bin/traceshim collect --spool /dev/shm/traceshim-%i' \
		"$work/to/opt/t/lib/systemd/system/traceshim-collect@.service"
	make -s -C "$root" uninstall DESTDIR="$work/to" PREFIX=/opt/t >/dev/null
	[ -z "$(find "$work/to" -name '*.service')" ]
}

@test "collect: systemd finds nothing wrong with the units" {
	command -v systemd-analyze >/dev/null || skip "needs systemd-analyze"
	make -s -C "$root" install DESTDIR= PREFIX="$work/to" >/dev/null
	mkdir "$work/units"
	cp "$work/to/lib/systemd/user/traceshim-collect.service" "$work/units"
	cp "$work/to/lib/systemd/system/traceshim-collect@.service" "$work/units/traceshim-collect@1000.service"
	run -0 systemd-analyze verify --man=no --user "$work/units/traceshim-collect.service"
	[ -z "$output" ]
	run -0 systemd-analyze verify --man=no "$work/units/traceshim-collect@1000.service"
	[ -z "$output" ]
}

@test "collect: on a terminal it says for whom it works" {
	script -qefc "exec '$root/build/traceshim' collect" "$work/typescript" </dev/null >/dev/null 3>&- &
	child=$!
	soon health
	kill -INT "$(pgrep -P $child)"
	wait $child
	child=
	grep -q "storing for the programs of $TRACESHIM_SPOOL, until Ctrl-C" "$work/typescript"
}

@test "collect: wrong usage" {
	run -2 --separate-stderr "$root/build/traceshim" collect now
	[[ $stderr == *"collect takes options only"* ]]
	run -2 --separate-stderr "$root/build/traceshim" collect --onec
	[[ $stderr == *"did you mean --once"* ]]
	run -2 "$root/build/traceshim" collect --once --health
	run -0 "$root/build/traceshim" collect --help
	[[ $output == "usage: traceshim collect"* ]]
}
