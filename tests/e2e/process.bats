#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Processes: forked, started, replaced, sent into the background. They do as without the shim, and what they
# do inside a pipeline is one trace.

bats_require_minimum_version 1.5.0
load helper

setup() {
	scratch
	family=$bots/family/family
	under=$bots/family/under
	export FAMILY_FOLDER=$work
	family_rules
}

teardown() {
	if [ -n "${child-}" ]; then
		kill -KILL "$child" 2>/dev/null || :
	fi
	if [ -n "${elsewhere-}" ]; then
		rm -rf "$elsewhere"
	fi
	add_up
}

family_rules() {
	rules '[pipeline]' 'learn = int learn(const char *name) : fails if < 0' \
		'chapter = int chapter(const char *name) : fails if < 0' '[tool]' 'help = int help(const char *name)' "$@"
}

# tree: what is stored, one a line: "TRACE SPAN < PARENT", each as its name, in order of time.
tree() {
	traces >"$work/list.json"
	[ -z "$(spools)" ]
	sql "SELECT t.pipeline_name || '(' || (t.input_data ->> 'name') || ')' FROM pipeline_traces t
		ORDER BY started_at" | sort
	sql "SELECT t.input_data ->> 'name', s.span_name || '(' || (s.input_data ->> 'name') || ')', '<',
			coalesce(p.span_name || '(' || (p.input_data ->> 'name') || ')', '-')
		FROM pipeline_spans s LEFT JOIN pipeline_traces t USING (trace_id)
		LEFT JOIN pipeline_spans p ON p.trace_id = s.trace_id AND p.span_id = s.parent_span_id
		ORDER BY s.started_at" | sort
}

# tree_is: as on standard input.
tree_is() {
	tree >"$work/tree"
	diff <(cat) "$work/tree"
}

# --- programs started inside a pipeline -------------------------------------------------------------------

@test "process: every function of the exec family, after vfork, with an environment and without" {
	local way
	same "$family" vforks
	for way in execve execv execvp execvpe execl execlp execle fexecve execveat shell; do
		echo "vforks pipeline:chapter($way) < -"
		echo "vforks tool:help($way) < pipeline:chapter($way)"
		echo "vforks tool:help(between) < -"
	done >"$work/expected"
	{
		echo 'learn(vforks)'
		{
			cat "$work/expected"
			echo 'vforks tool:help(vforks) < -'
		} | sort
	} | tree_is
	[ "$(sql 'SELECT count(DISTINCT thread_id) FROM pipeline_spans')" -eq 11 ]
}

@test "process: nothing is recorded between vfork and exec, and an exec that fails there is the child's own" {
	same "$family" guests
	tree_is <<-'EOF'
	learn(guests)
	guests tool:help(after) < -
	guests tool:help(guests) < -
	EOF
	traces | holds 'all(.success and .attributes.outcome == null)'
}

@test "process: posix_spawn and posix_spawnp" {
	same "$family" spawns
	tree_is <<-'EOF'
	learn(spawns)
	spawns pipeline:chapter(spawn) < -
	spawns pipeline:chapter(spawnp) < -
	spawns tool:help(spawn) < pipeline:chapter(spawn)
	spawns tool:help(spawnp) < pipeline:chapter(spawnp)
	spawns tool:help(spawns) < -
	EOF
}

@test "process: an environment of five thousand variables" {
	same "$family" crowds
	tree_is <<-'EOF'
	learn(crowds)
	crowds pipeline:chapter(crowd) < -
	crowds tool:help(crowd) < pipeline:chapter(crowd)
	crowds tool:help(crowds) < -
	EOF
}

@test "process: the longest environment that the kernel takes, and none at all" {
	ulimit -s 8192
	same "$family" limits
	grep -Ex 'at most [1-9][0-9]{4,}' "$work/traced.out"
	grep -Fx 'no list -1' "$work/traced.out"
}

@test "process: a program started by a thread that the pipeline made" {
	same "$family" threads
	tree_is <<-'EOF'
	learn(threads)
	threads pipeline:chapter(thread) < -
	threads tool:help(thread) < pipeline:chapter(thread)
	threads tool:help(threads) < -
	EOF
}

@test "process: a program started by a program: under the call that started it" {
	same "$family" chains
	tree_is <<-'EOF'
	learn(chains)
	chains pipeline:chapter(spawn) < pipeline:learn(spawns)
	chains pipeline:chapter(spawnp) < pipeline:learn(spawns)
	chains pipeline:learn(spawns) < -
	chains tool:help(chains) < -
	chains tool:help(spawn) < pipeline:chapter(spawn)
	chains tool:help(spawnp) < pipeline:chapter(spawnp)
	chains tool:help(spawns) < pipeline:learn(spawns)
	EOF
}

@test "process: the call that starts a program may be traced itself" {
	family_rules 'spawn = int posix_spawn(int *pid, const char *path) : fails if != 0'
	same "$family" spawns
	traces >"$work/list.json"
	[ "$(sql "SELECT count(*) FROM pipeline_spans c JOIN pipeline_spans p ON c.parent_span_id = p.span_id
		WHERE c.span_name = 'pipeline:chapter' AND p.span_name = 'tool:spawn'
		AND p.input_data ->> 'path' = '$family'")" -eq 1 ]
	[ "$(sql "SELECT count(*) FROM pipeline_spans WHERE span_name = 'tool:spawn' AND NOT success")" -eq 1 ]
}

@test "process: what system and popen start is traced, each a trace of its own" {
	same "$family" system
	tree_is <<-'EOF'
	chapter(popen)
	chapter(system)
	learn(system)
	popen tool:help(popen) < -
	system tool:help(system) < -
	system tool:help(system) < -
	EOF
}

@test "process: a python that is traced starts programs with an empty environment" {
	rules '[pipeline]' 'version = const char *zlibVersion(void)' 'chapter = int chapter(const char *name)' \
		'[tool]' 'help = int help(const char *name)'
	cat >start.py <<-'EOF'
	import ctypes, subprocess, sys, zlib
	family = sys.argv[1]
	ctypes.CDLL("libz.so.1").zlibVersion()
	for shell in False, True:
	    command = f"{family} leaf shell" if shell else [family, "leaf", "python"]
	    print(subprocess.run(command, env={}, shell=shell, capture_output=True, check=True).stdout)
	print(subprocess.run(["env"], env={}, capture_output=True, cwd="/", preexec_fn=lambda: None).returncode)
	EOF
	same python3 start.py "$family"
	traces | holds '[.[] | select(.pipeline_name == "chapter") | .input_data.name] | sort == ["python", "shell"]'
}

# --- exec -----------------------------------------------------------------------------------------------

@test "process: a program that becomes another in its pipeline: exec ends the trace, which goes on in the other" {
	same "$family" becomes
	tree_is <<-'EOF'
	learn(becomes)
	becomes pipeline:chapter(became) < -
	becomes tool:help(became) < pipeline:chapter(became)
	becomes tool:help(becomes) < -
	becomes tool:help(still here) < -
	EOF
	traces | holds 'all(.success and .error == null and .attributes.outcome == "exec")'
	"$root/build/traceshim" show last >"$work/show"
	grep -Ex 'ended +the process became another program' "$work/show"
}

@test "process: a program that becomes one that is not traced: all of it is stored all the same" {
	same "$family" becomes_another
	tree_is <<-'EOF'
	learn(becomes_another)
	becomes_another tool:help(becomes_another) < -
	EOF
	traces | holds 'all(.success and .attributes.outcome == "exec")'
}

@test "process: an exec that fails ends nothing" {
	same "$family" fails_to_become
	tree_is <<-'EOF'
	learn(fails_to_become)
	fails_to_become tool:help(fails_to_become) < -
	EOF
	traces | holds 'all(.success and .attributes.outcome == null)'
}

@test "process: what is killed behind an exec that failed was cut off, and ended with no exec" {
	same "$family" fails_and_dies
	traces | holds 'length == 1 and all(.success == false and .error == "interrupted" and .attributes.outcome != "exec")'
}

@test "process: an open call below the trace ends with exec, too" {
	family_rules '[step]' 'exec = int execv(const char *path) : fails if < 0'
	same "$family" becomes
	traces >"$work/list.json"
	[ "$(sql "SELECT success, error IS NULL, attributes ->> 'outcome' FROM pipeline_spans WHERE span_name = 'step:exec'")" = "1 1 exec" ]
	[ "$(sql "SELECT p.span_name FROM pipeline_spans s JOIN pipeline_spans p ON s.parent_span_id = p.span_id
		WHERE s.span_name = 'pipeline:chapter'")" = step:exec ]
}

# --- forks ------------------------------------------------------------------------------------------------

@test "process: fork, _Fork and a raw clone in a pipeline: the copy's work is in it" {
	same "$family" inside
	tree_is <<-'EOF'
	learn(inside)
	inside pipeline:chapter(_Forked) < -
	inside pipeline:chapter(cloned) < -
	inside pipeline:chapter(forked) < -
	inside tool:help(_Forked) < pipeline:chapter(_Forked)
	inside tool:help(cloned) < pipeline:chapter(cloned)
	inside tool:help(forked) < pipeline:chapter(forked)
	inside tool:help(inside) < -
	EOF
}

@test "process: a fork that execs: the copy's exec ends nothing of the parent's" {
	same "$family" inside_exec
	tree_is <<-'EOF'
	learn(inside)
	inside pipeline:chapter(forked and exec'd) < -
	inside tool:help(child) < -
	inside tool:help(forked and exec'd) < pipeline:chapter(forked and exec'd)
	inside tool:help(inside) < -
	EOF
	traces | holds 'all(.success and .attributes.outcome == null)'
}

@test "process: servers forked after the first event" {
	answer plain "$family" prefork
	answer traced traced "$family" prefork
	diff <(sort "$work/plain.out") <(sort "$work/traced.out")
	diff "$work/plain.status" "$work/traced.status"
	[ ! -s "$work/traced.err" ]
	traces | holds 'length == 22 and all(.success and .span_count == 1) and (map(.pid) | unique | length == 5)'
	[ -z "$(spools)" ]
}

@test "process: servers forked while the store is taken: they store as soon as it is free" {
	traced "$family" leaf first >/dev/null
	mkfifo "$work/in"
	exec 7<>"$work/in" 8>"$work/traces.db.lock"
	flock 8
	env "LD_PRELOAD=$shim" "$family" prefork_and_wait >"$work/out" 2>"$work/err" <&7 3>&- 8>&- &
	child=$!
	soon eval '[ "$(grep -c waiting "$work/out")" -eq 4 ]'
	exec 8>&-
	soon eval '[ "$(sql "SELECT count(DISTINCT pid) FROM pipeline_traces WHERE input_data LIKE '"'%request%'"'")" -eq 4 ]'
	kill -0 "$child"
}

@test "process: children that leave by exit take nothing from a parent that lives on" {
	mkfifo "$work/in"
	exec 7<>"$work/in"
	env "LD_PRELOAD=$shim" "$family" idle_children >"$work/out" 2>"$work/err" <&7 3>&- &
	child=$!
	soon grep -q waiting "$work/out"
	soon eval '[ "$(sql "SELECT count(*) FROM pipeline_traces WHERE success")" -eq 2 ]'
	kill -0 "$child"
	[ ! -s "$work/err" ]
}

@test "process: who calls exit between vfork and exec" {
	same "$family" exit_in_vfork
	tree_is <<-'EOF'
	chapter(after)
	chapter(before)
	after tool:help(after) < -
	before tool:help(before) < -
	EOF
}

@test "process: a handler that forks in the middle of a fork" {
	same timeout 60 "$family" forks_in_handler
	tree_is <<-'EOF'
	chapter(first)
	first tool:help(first) < -
	EOF
}

@test "process: vfork in a forked child that has done nothing yet" {
	same "$family" vfork_in_fork
	tree_is <<-'EOF'
	chapter(child)
	chapter(parent)
	child tool:help(child) < -
	parent tool:help(parent) < -
	EOF
}

@test "process: a daemon that forks twice and closes every descriptor" {
	same "$family" daemonizes
	soon test -e "$work/done"
	soon eval '[ "$(traces | jq length)" -eq 6 ] && [ -z "$(spools)" ]'
	traces | holds 'length == 6 and all(.success) and (map(.pid) | unique | length == 2)
		and ([.[] | select(.input_data.name == "daemon")] | length == 3)'
}

@test "process: a spool that is removed while its program lives on" {
	mkfifo "$work/in"
	exec 7<>"$work/in"
	env "LD_PRELOAD=$shim" "$family" stays >"$work/out" 2>"$work/err" <&7 3>&- &
	child=$!
	soon eval '[ "$(sql "SELECT count(*) FROM pipeline_traces")" -eq 1 ]'
	soon rm -rf "$TRACESHIM_SPOOL"
	for i in 2 3 4; do
		echo -n x >&7
		soon eval "[ \"\$(sql 'SELECT count(*) FROM pipeline_traces')\" -eq $i ]"
	done
	kill -0 "$child"
	[ ! -s "$work/err" ]
}

# --- what is handed on ----------------------------------------------------------------------------------

# environment_of CMD...: the environment that CMD, which ends in env, is given under the shim.
environment_of() {
	env -i "LD_PRELOAD=$shim" "TRACESHIM_CONF=$TRACESHIM_CONF" "TRACESHIM_SPOOL=$TRACESHIM_SPOOL" \
		"TRACESHIM_STORE=$TRACESHIM_STORE" "$@"
}

@test "process: outside every pipeline, nothing but the shim is handed on" {
	environment_of PATH="$PATH" env -i A=1 env | sort >"$work/env"
	printf '%s\n' A=1 "LD_PRELOAD=$shim" "TRACESHIM_CONF=$TRACESHIM_CONF" "TRACESHIM_SPOOL=$TRACESHIM_SPOOL" \
		"TRACESHIM_STORE=$TRACESHIM_STORE" | sort | diff - "$work/env"
	# an environment that has all of it stays as it is
	environment_of PATH="$PATH" Z=1 env env | grep -v '^_=' >"$work/env"
	printf '%s\n' "LD_PRELOAD=$shim" "TRACESHIM_CONF=$TRACESHIM_CONF" "TRACESHIM_SPOOL=$TRACESHIM_SPOOL" \
		"TRACESHIM_STORE=$TRACESHIM_STORE" "PATH=$PATH" Z=1 | diff - "$work/env"
}

@test "process: a library that the program preloads stays the first" {
	environment_of PATH="$PATH" env -i LD_PRELOAD=libc.so.6 env | grep -Fx "LD_PRELOAD=libc.so.6:$shim"
	environment_of PATH="$PATH" env -i LD_PRELOAD= env | grep -Fx "LD_PRELOAD=$shim"
}

@test "process: a shim named from the working folder is found from another" {
	cd "$root"
	mkdir -p "$work/there"
	answer traced env LD_PRELOAD=build/libtraceshim.so sh -c "cd '$work/there' && '$family' leaf there && true"
	[ "$(cat "$work/traced.out")" = "there 0" ]
	[ ! -s "$work/traced.err" ]
	traces | holds 'map(.input_data.name) == ["there"]'
}

@test "process: a symbols.conf and a store found by the environment are found without it" {
	unset TRACESHIM_CONF TRACESHIM_STORE TRACESHIM_SPOOL
	mkdir -p "$work/there"
	TRACESHIM_CONF=$work/symbols.conf family_rules
	cat >"$work/start" <<-EOF
	cd "$work/there"
	exec env -i "$family" leaf there
	EOF
	answer traced env "LD_PRELOAD=$shim" sh "$work/start"
	[ "$(cat "$work/traced.out")" = "there 0" ]
	[ ! -s "$work/traced.err" ]
	traces | holds 'map(.input_data.name) == ["there"]'
	[ -e "$XDG_DATA_HOME/traceshim/traces.db" ]
}

@test "process: a program that wants no shim is given none of it" {
	answer traced environment_of PATH="$PATH" env -i TRACESHIM_DISABLE=1 "$family" leaf quiet
	[ "$(cat "$work/traced.out")" = "quiet 0" ]
	[ ! -e "$work/traces.db" ]
	[ -z "$(spools)" ]
	# nor does one whose parent is disabled
	answer traced environment_of PATH="$PATH" TRACESHIM_DISABLE=1 env -i "$family" leaf quiet
	[ -z "$(spools)" ]
	TRACESHIM_DISABLE=1 same "$family" vforks
	[ ! -e "$work/traces.db" ]
}

@test "process: a program of another kind is spared a library it cannot load" {
	cat >"$work/show.c" <<-'EOF'
	#include <stdio.h>
	#include <stdlib.h>
	int main(void) { return puts(getenv("LD_PRELOAD") ? "preloaded" : "plain") < 0; }
	EOF
	cc -o "$work/ours" "$work/show.c"
	# a dynamic linker of another name, as musl's
	cp /lib64/ld-linux-x86-64.so.2 "$work/linker"
	cc -o "$work/theirs" "$work/show.c" "-Wl,--dynamic-linker=$work/linker"
	printf '#!%s\n' "$work/theirs" >"$work/script"
	chmod +x "$work/script"
	cat >"$work/start.py" <<-'EOF'
	import os, sys
	os.execve(sys.argv[1], sys.argv[1:], {})
	EOF
	[ "$(traced python3 "$work/start.py" "$work/ours")" = preloaded ]
	[ "$(traced python3 "$work/start.py" "$work/theirs")" = plain ]
	[ "$(traced python3 "$work/start.py" "$work/script")" = plain ]
	# an x32 program would say 1 here; the kernel does not look
	cp "$work/ours" "$work/other"
	printf '\001' | dd of="$work/other" bs=1 seek=4 conv=notrunc status=none
	[ "$(traced python3 "$work/start.py" "$work/other")" = plain ]
}

@test "process: the trace context is W3C's, and others' entries stay" {
	rules '[pipeline]' 'learn = int learn(const char *name)'
	cat >"$work/show.c" <<-'EOF'
	#include <stdio.h>
	#include <stdlib.h>
	#include <unistd.h>
	int learn(const char *name, int (*inside)(void));
	extern char **environ;
	static char **list;
	static int inside(void) { return execve("/usr/bin/env", (char *[]){"env", NULL}, list); }
	int main(int argc, char **argv) { list = argv + 1; return argc < 1 || learn("show", inside); }
	EOF
	cc -o "$work/show" "$work/show.c" -L"$bots/family" -lwork "-Wl,-rpath,$bots/family"
	traced "$work/show" A=1 TRACESTATE=congo=t61 >"$work/env"
	traces | holds 'length == 1'
	trace=$(sql 'SELECT lower(hex(trace_id)) FROM pipeline_traces')
	grep -Fx "TRACEPARENT=00-$trace-${trace:16}-01" "$work/env"
	grep -Fx "TRACESTATE=traceshim=00000000000000000000000000000000,congo=t61" "$work/env"
	# the tenant goes along
	TRACESHIM_TENANT=acme traced "$work/show" >"$work/env"
	grep -Ex "TRACESTATE=traceshim=0{32}-$(printf acme | od -An -tx1 | tr -d ' ')" "$work/env"
	# another tracer's context is not touched
	foreign=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
	traced "$work/show" TRACEPARENT=$foreign TRACESTATE=congo=t61 >"$work/env"
	grep -Fx "TRACEPARENT=$foreign" "$work/env"
	grep -Fx "TRACESTATE=congo=t61" "$work/env"
	# ours of an earlier call gives way
	traced "$work/show" "TRACEPARENT=00-$trace-${trace:16}-01" TRACESTATE=traceshim=00000000000000000000000000000000 >"$work/env"
	[ "$(grep -c '^TRACEPARENT=' "$work/env")" -eq 1 ]
	! grep -F "$trace" "$work/env"
}

@test "process: a trace context from outside: ours parents pipelines and nothing else, another's nobody" {
	trace=0192f0a1b2c37d4e8f90a1b2c3d4e5f6 span=0192f0a1b2c47fffb0c1d2e3f4a5b6c7
	export TRACEPARENT=00-$trace-${span:16}-01
	traced "$family" leaf foreign >/dev/null
	export TRACESTATE=congo=t61
	traced "$family" leaf foreign >/dev/null
	traces | holds 'length == 2'
	TRACESTATE=traceshim=$span-61636d65,congo=t61 traced "$family" leaf ours >/dev/null
	traces | holds 'length == 2' # the row is its parent's to write
	[ "$(sql "SELECT span_name, lower(hex(parent_span_id)), tenant_id FROM pipeline_spans
		WHERE lower(hex(trace_id)) = '$trace' AND kind = 'pipeline'")" = "pipeline:chapter $span acme" ]
	[ "$(sql "SELECT tenant_id FROM pipeline_spans WHERE lower(hex(trace_id)) = '$trace' AND kind = 'tool'")" = acme ]
	# a tool outside a pipeline stays outside
	rules '[pipeline]' 'nobody = int nobody(void)' '[tool]' 'help = int help(const char *name)'
	before=$(sql 'SELECT count(*) FROM pipeline_spans')
	TRACESTATE=traceshim=$span traced "$family" leaf ours >/dev/null
	traces >"$work/list.json"
	[ "$(sql 'SELECT count(*) FROM pipeline_spans')" = "$before" ]
}

# --- standing down ---------------------------------------------------------------------------------------

# stands_down PATTERN HOW...: under those conditions, one line that holds PATTERN, and nothing else differs.
stands_down() {
	local pattern=$1
	shift
	answer plain "$@" "$family" leaf x
	answer traced "$@" env "LD_PRELOAD=$shim" "$family" leaf x
	diff "$work/plain.out" "$work/traced.out"
	diff "$work/plain.status" "$work/traced.status"
	[ "$(wc -l <"$work/traced.err")" -eq 1 ]
	grep -E "^traceshim: standing down: $pattern" "$work/traced.err"
	[ -z "$(spools)" ]
	rm -rf "$TRACESHIM_SPOOL"
}

@test "process: a shadow stack" {
	stands_down 'the program runs on a shadow stack' "$under" shadow
	"$root/build/traceshim" run -- "$under" shadow "$family" leaf x 2>"$work/err" >"$work/out"
	grep 'nothing was traced: .*shadow stack' "$work/err"
	# a filter that claims success and says nothing is no shadow stack
	TRACESHIM_LOG=debug answer traced traced "$family" leaf x
	[ ! -s "$work/traced.err" ]
}

@test "process: a filter that forbids what a spool needs" {
	for error in 1 38; do
		stands_down "cannot make a spool in $TRACESHIM_SPOOL: " "$under" errno $error mkdirat --
		stands_down "cannot make a spool in $TRACESHIM_SPOOL: " "$under" errno $error fallocate --
		stands_down "cannot make a spool in $TRACESHIM_SPOOL: " "$under" errno $error getrandom --
		stands_down 'no memory, or a kernel older than 4.14' "$under" errno $error madvise --
	done
	[ ! -e "$work/traces.db" ]
}

@test "process: a filter that forbids threads: the spool is recovered" {
	for error in 1 38 11; do
		answer traced "$under" errno $error clone clone3 -- env "LD_PRELOAD=$shim" "$family" leaf x
		[ "$(cat "$work/traced.out")" = "x 0" ]
		[ ! -s "$work/traced.err" ]
	done
	[ "$(spools | wc -l)" -ge 1 ]
	traces | holds 'length == 3 and all(.success and .span_count == 1)'
}

@test "process: a filter that forbids what can be done without" {
	for call in process_vm_readv unshare sigaltstack prctl close_range uname statfs; do
		answer traced "$under" errno 1 $call -- env "LD_PRELOAD=$shim" "$family" leaf $call
		[ "$(cat "$work/traced.out")" = "$call 0" ]
		[ ! -s "$work/traced.err" ]
	done
	traces | holds 'length == 7 and all(.success and .span_count == 1)'
}
