#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What ended programs left: found by whoever comes next, told, stored once. Programs that live are left alone.

bats_require_minimum_version 1.5.0
load helper

setup() {
	scratch
	ends=$bots/ends/ends
	recover="$root/build/traceshim recover"
	rules '[pipeline]' 'job = int job(const char *name, int parts)' \
		'[tool]' 'part = int part(int number)' '[step]' 'leave = void leave(void)'
}

teardown() {
	if [ -n "${child-}" ]; then
		kill -KILL "$child" 2>/dev/null || :
	fi
}

# A program that was cut off in the middle of a job, by a signal or _exit; its parts have ended.
cut_off() {
	local status=0
	traced "$ends" "$@" >/dev/null 2>&1 || status=$?
	[ "$status" -ne 0 ] && [ -n "$(spools)" ]
}

# A program in the middle of a job, which goes on.
wait_in_job() {
	rm -f "$work/out" # of the one before
	env --default-signal "LD_PRELOAD=$shim" "$ends" wait >"$work/out" 2>"$work/err" 3>&- &
	child=$!
	soon grep -q waiting "$work/out"
}

# The job was cut off, and so was the call it was in; what had ended before had ended.
job_was_cut_off() {
	sql "SELECT success, error LIKE '%interrupted%' FROM pipeline_traces" | diff - <(echo 0 1)
	sql "SELECT span_name, success, count(*) FROM pipeline_spans GROUP BY 1, 2 ORDER BY 1, 2" |
		diff - <(echo 'step:leave 0 1'; echo 'tool:part 1 3')
	[ "$(sql "SELECT count(*) FROM pipeline_spans WHERE NOT success AND error NOT LIKE '%interrupted%'")" -eq 0 ]
	[ -z "$(spools)" ]
}

# word OFFSET: four bytes of the process page of the one spool.
word() {
	od -An -t u4 -j "$1" -N 4 "$(spools)/process" | tr -d ' '
}

@test "recover: a job that was cut off, by whatever: found by list, by show, by the next program, by recover" {
	local how who
	for how in kill segv abort _exit; do
		for who in 'traceshim list' 'traceshim show last' 'traceshim recover' next; do
			cut_off $how
			case $who in
			next)
				wait_in_job
				soon job_was_cut_off_before
				kill -KILL "$child"
				wait "$child" || :
				child=
				;;
			*)
				"$root/build/"$who >"$work/said"
				job_was_cut_off
				;;
			esac
			rm -rf "$work"/traces.db* "$TRACESHIM_SPOOL"
		done
	done
}

# ... while another one is in the middle of its own.
job_was_cut_off_before() {
	[ "$(sql "SELECT count(*) FROM pipeline_traces WHERE NOT success AND error LIKE '%interrupted%'")" -eq 1 ] &&
		[ "$(sql "SELECT count(*) FROM pipeline_spans WHERE span_name = 'step:leave' AND NOT success")" -eq 1 ] &&
		[ "$(spools | wc -l)" -eq 1 ]
}

@test "recover: killed from outside by every signal that ends it" {
	local signal
	for signal in HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM XCPU SYS; do
		rm -rf "$work"/traces.db* "$TRACESHIM_SPOOL"
		wait_in_job
		run -0 $recover
		[ "$output" = "nothing to recover in $TRACESHIM_SPOOL" ]
		kill -$signal "$child"
		wait "$child" || :
		child=
		run -0 $recover
		[[ $output == "recovered 1 trace and "*" of 1 ended program" ]] || { echo "$signal: $output"; false; }
		job_was_cut_off
	done
}

@test "recover: run notes which signal it was, of its own child" {
	local how
	for how in kill segv; do
		"$root/build/traceshim" run -- "$ends" $how >/dev/null 2>&1 || :
		run -0 $recover
		[[ $output == "recovered 1 trace and "* ]]
	done
	sql 'SELECT error FROM pipeline_traces ORDER BY trace_id' | diff - <(echo 'interrupted by SIGKILL'; echo 'interrupted by SIGSEGV')
	"$root/build/traceshim" run -- "$ends" _exit >/dev/null 2>&1 || :
	run -0 $recover
	[ "$(sql "SELECT count(*) FROM pipeline_traces WHERE error LIKE '%SIG%'")" -eq 2 ]
	[ "$(sql "SELECT count(*) FROM pipeline_traces WHERE error = 'interrupted'")" -eq 1 ]
}

@test "recover: run notes it before a collector finishes the child" {
	local i
	"$root/build/traceshim" collect 2>"$work/collect.err" 3>&- &
	child=$!
	soon "$root/build/traceshim" collect --health
	for i in 1 2 3 4 5; do
		"$root/build/traceshim" run -- "$ends" kill >/dev/null 2>&1 || :
		soon eval '[ -z "$(spools)" ]'
	done
	[ "$(sql "SELECT count(*) FROM pipeline_traces WHERE error = 'interrupted by SIGKILL'")" -eq 5 ]
}

@test "recover: what a program did not live to see is told by its clock's last tick" {
	wait_in_job
	soon eval '[ "$(word 728)" -ne 0 ]'
	local before
	before=$(word 728)
	soon eval '[ "$(word 728)" -ne '"$before"' ]'
}

@test "recover --json: one object" {
	run -0 $recover --json
	jq -e '.spools == 0 and .traces == 0 and .spans == 0 and .damaged == 0 and .postponed == 0 and .error == null' <<<"$output"
	cut_off kill
	run -0 --separate-stderr $recover --json
	[ -z "$stderr" ] && [ "${#lines[@]}" -eq 1 ]
	jq -e --arg spool "$TRACESHIM_SPOOL" '.spool == $spool and .spools == 1 and .traces == 1 and .postponed == 0' <<<"$output"
	job_was_cut_off
}

@test "recover: what cannot be stored waits, is told, and is stored later" {
	mkdir "$work/at"
	TRACESHIM_STORE=sqlite:$work/at/traces.db
	cut_off kill
	rm -rf "$work/at"
	echo >"$work/at"
	run -1 --separate-stderr $recover
	[ "$output" = "what 1 program left could not be stored yet and stays" ]
	[[ $stderr == *" stays: "*"traceshim recover --into URL stores them elsewhere; remove a folder to give its traces up" ]]
	run -1 --separate-stderr $recover --json
	jq -e '.postponed == 1 and .traces == 0 and .errors == [.error] and (.error | contains("stays: "))' <<<"$output"
	rm "$work/at"
	run -0 $recover
	[[ $output == "recovered 1 trace and "*" of 1 ended program" ]]
	[ "$(sql 'SELECT count(*) FROM pipeline_traces')" -eq 1 ]
}

@test "recover --into: what is for a store that cannot be opened goes into another, all else to its own" {
	local elsewhere=sqlite:$work/elsewhere.db
	TRACESHIM_STORE=none:here cut_off kill # no such kind
	TRACESHIM_STORE= XDG_DATA_HOME= HOME= XDG_STATE_HOME= cut_off kill
	run -1 --separate-stderr $recover
	[ "$output" = "what 2 programs left could not be stored yet and stays" ]
	[[ $stderr == *'there is no store "none"'* ]]
	[[ $stderr == *"neither TRACESHIM_STORE nor XDG_DATA_HOME nor HOME tells where to store traces"* ]]
	cut_off kill
	run -1 --separate-stderr $recover --into nothing:there
	[ "${lines[-1]}" = "what 2 programs left could not be stored yet and stays" ]
	[ "$(grep -c 'there is no store "nothing"' <<<"$stderr")" -eq 2 ]
	[[ $stderr != *"--into URL"* ]]
	run -0 --separate-stderr $recover --into "$elsewhere"
	[[ $output == "recovered 2 traces and "*" of 2 ended programs" ]]
	[ -z "$stderr" ]
	job_was_cut_off
	TRACESHIM_STORE=$elsewhere
	[ "$(sql 'SELECT count(*) FROM pipeline_traces')" -eq 2 ]
	run -0 --separate-stderr $recover --into "$elsewhere"
	[ "$output" = "nothing to recover in $TRACESHIM_SPOOL" ]
	TRACESHIM_STORE=sqlite:$work/traces.db
}

@test "recover: of several programs each is told why" {
	local n
	for n in 1 2 3; do
		mkdir "$work/at$n"
		TRACESHIM_STORE=sqlite:$work/at$n/traces.db
		cut_off kill
		rm -rf "$work/at$n"
		echo >"$work/at$n"
	done
	run -1 --separate-stderr $recover
	[ "$output" = "what 3 programs left could not be stored yet and stays" ]
	for n in 1 2 3; do
		[ "$(grep -c " stays: .*$work/at$n" <<<"$stderr")" -eq 1 ]
	done
	for n in 4 5 6 7 8 9 10; do
		mkdir "$work/at$n"
		TRACESHIM_STORE=sqlite:$work/at$n/traces.db
		cut_off kill
		rm -rf "$work/at$n"
		echo >"$work/at$n"
	done
	run -1 --separate-stderr $recover
	[ "$(grep -c " stays: " <<<"$stderr")" -eq 8 ]
	[[ $stderr == *"... and 2 more"* ]]
	rm -f "$work"/at*
	run -0 $recover
	[[ $output == "recovered 10 traces and "*" of 10 ended programs" ]]
	rm -rf "$work"/at* # each with a store
	TRACESHIM_STORE=sqlite:$work/traces.db
}

@test "recover: a spool of another version, or damaged: set aside once its program is gone" {
	local spool
	wait_in_job
	spool=$(spools)
	# its version
	printf '\377' | dd of="$spool/process" bs=1 seek=8 conv=notrunc status=none
	run -0 $recover
	[ "$output" = "nothing to recover in $TRACESHIM_SPOOL" ]
	kill -KILL "$child"
	wait "$child" || :
	child=
	run -0 $recover
	[ "$output" = "set aside 1 damaged spool in $TRACESHIM_SPOOL" ]
	[ -e "$spool.damaged/ring-0" ]
	run -0 $recover
	[ "$output" = "nothing to recover in $TRACESHIM_SPOOL" ]
}

@test "recover: a program that lives is left alone, though its first thread has ended" {
	mkfifo "$work/in"
	exec 7<>"$work/in"
	cat >threads.py <<-'EOF'
	import ctypes, os, sys, threading
	job = ctypes.CDLL(sys.argv[1]).job
	def work():
	    job(b"first", 2, None)
	    print("waiting", flush=True)
	    sys.stdin.readline()
	    job(b"second", 2, None)
	    print("done", flush=True)
	    os._exit(0)
	threading.Thread(target=work).start()
	ctypes.CDLL(None).syscall(60, 0)  # exit, of this thread alone
	EOF
	env "LD_PRELOAD=$shim" python3 threads.py "$bots/ends/libjob.so" >"$work/out" 2>"$work/err" <&7 3>&- &
	child=$!
	soon grep -q waiting "$work/out"
	soon grep -q '^State:.Z' "/proc/$child/status"
	run -0 $recover
	[ "$output" = "nothing to recover in $TRACESHIM_SPOOL" ]
	[ -n "$(spools)" ]
	echo >&7
	wait "$child"
	child=
	run -0 $recover
	[ "$(sql "SELECT count(*) FROM pipeline_traces WHERE success")" -eq 2 ]
}

@test "recover: programs in another pid namespace, by their locks" {
	unshare --pid --fork --mount-proc true 2>/dev/null || skip "needs the right to make namespaces"
	env "LD_PRELOAD=$shim" unshare --pid --fork --mount-proc --kill-child "$ends" wait >"$work/out" 2>"$work/err" 3>&- &
	child=$!
	soon grep -q waiting "$work/out"
	soon eval '[ "$(word 664)" -ne 0 ]' # life_lock is taken
	run -0 $recover
	[ "$output" = "nothing to recover in $TRACESHIM_SPOOL" ]
	kill -KILL "$child"
	wait "$child" || :
	child=
	soon eval "$recover | grep 'of 1 ended program'"
	job_was_cut_off
}

@test "recover: an exec ends a spool in the middle of the process" {
	traced "$ends" exec >/dev/null
	run -0 $recover
	[[ $output == "recovered 1 trace and "*" of 1 ended program" ]]
	traces | holds 'length == 1 and ([.[] | select(.attributes.outcome == "exec")] | length == 1)'
}

# As of a program that is killed while it makes the file: that is in WAL mode only then.
@test "recover: a store whose writer was killed with a rollback journal is read as it was before" {
	cut_off _exit
	"$root/build/traceshim" list >before
	[ -s before ]
	run -137 /usr/bin/python3 - "${TRACESHIM_STORE#sqlite:}" <<-'END'
		import os, signal, sqlite3, sys
		store = sqlite3.connect(sys.argv[1], isolation_level=None)
		for statement in ("PRAGMA journal_mode = DELETE", "PRAGMA cache_size = 1", "BEGIN IMMEDIATE",
		                  "DELETE FROM pipeline_traces", "CREATE TABLE other (text)",
		                  *["INSERT INTO other VALUES (randomblob(20000))"] * 50):
		    store.execute(statement)
		os.kill(os.getpid(), signal.SIGKILL)
	END
	[ -s "${TRACESHIM_STORE#sqlite:}-journal" ]
	"$root/build/traceshim" list | diff before -
	[ ! -e "${TRACESHIM_STORE#sqlite:}-journal" ]
}

@test "recover: wrong usage" {
	run -2 --separate-stderr $recover now
	[[ $stderr == *"recover takes options only"* ]]
	run -2 $recover --jsno
	run -0 $recover --help
	[[ $output == "usage: traceshim recover"* ]]
	run -0 "$root/build/traceshim" help
	[[ $output == *"  recover  "* && $output == *"  collect  "* ]]
}
