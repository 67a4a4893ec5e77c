#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What goes wrong around a program is not its concern: it runs to its end as ever, and no trace that was
# written is lost.

bats_require_minimum_version 1.5.0
load helper

setup() {
	scratch
	ends=$bots/ends/ends
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
	if [ -n "${elsewhere-}" ]; then
		rm -rf "$elsewhere"
	fi
	add_up
}

# small SIZE FOLDER: a file system of that size.
small() {
	mkdir -p "$2"
	mount -t tmpfs -o "size=$1,mode=700" none "$2" 2>/dev/null || skip "needs the right to mount"
	mounted=$2
}

# jobs_are N [NAME]: so many whole traces are stored, with three parts each, and nothing twice.
jobs_are() {
	traces >"$work/list.json"
	holds "(if \$value == \"\" then . else map(select(.input_data.name == \$value)) end)
		| length == $1 and all(.success and .span_count == 3 and .output_data.result == 12)" \
		"${2-}" <"$work/list.json"
	holds 'map(.trace_id) | length == (unique | length)' <"$work/list.json"
	[ "$(sql 'SELECT count(*) = count(DISTINCT hex(span_id)) FROM pipeline_spans')" = 1 ]
	[ -z "$(spools)" ]
}

# --- symbols.conf ----------------------------------------------------------------------------------------

@test "faults: a symbols.conf that is not there" {
	rm "$TRACESHIM_CONF"
	same_but_a_line "$TRACESHIM_CONF: cannot be read: there is no such file" "$ends" jobs 3
	[ ! -e "$work/traces.db" ]
}

@test "faults: a symbols.conf that is a folder" {
	rm "$TRACESHIM_CONF"
	mkdir "$TRACESHIM_CONF"
	same_but_a_line "$TRACESHIM_CONF: .*directory" "$ends" jobs 3
}

@test "faults: a symbols.conf that must not be read" {
	chmod 000 "$TRACESHIM_CONF"
	if [ "$(id -u)" -eq 0 ]; then
		elsewhere=$(mktemp -d)
		chmod 755 "$elsewhere"
		cp -p "$TRACESHIM_CONF" "$elsewhere"
		export TRACESHIM_CONF=$elsewhere/symbols.conf
		cd "$elsewhere"
		as_nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"
		$as_nobody test -x "$ends" || skip "another user cannot reach the build"
		answer traced $as_nobody env "LD_PRELOAD=$shim" "$ends" jobs 3
		[ "$(cat "$work/traced.out" "$work/traced.status")" = "$(printf '36\n0')" ]
		[ "$(wc -l <"$work/traced.err")" -eq 1 ]
		grep "^traceshim: $TRACESHIM_CONF: cannot be read: " "$work/traced.err"
	else
		same_but_a_line "symbols.conf: cannot be read: permission denied" "$ends" jobs 3
	fi
}

@test "faults: a symbols.conf of noise" {
	head -c 1000000 /dev/urandom >"$TRACESHIM_CONF"
	same_but_a_line 'symbols\.conf:[0-9]+:[0-9]+: ' "$ends" jobs 3
	head -c 1000000 /dev/zero >"$TRACESHIM_CONF"
	same_but_a_line 'symbols\.conf:1:1: ' "$ends" jobs 3
	tr '\0' '[' </dev/zero | head -c 1000000 >"$TRACESHIM_CONF"
	same_but_a_line 'symbols\.conf:1:[0-9]+: ' "$ends" jobs 3
}

@test "faults: an empty symbols.conf, and one of comments" {
	: >"$TRACESHIM_CONF"
	same "$ends" jobs 3
	rules '# nothing' '' '[pipeline]' '[tool]'
	same "$ends" jobs 3
	[ ! -e "$work/traces.db" ]
}

@test "faults: a faulty line among good ones; the others hold" {
	rules '[pipeline]' 'bad = int handle(wrong' 'job = int job(const char *name, int parts)' \
		'[tool]' 'none = int nobody_has_this(int)' 'part = int part(int number)'
	same_but_a_line 'symbols\.conf:2:18: .*wrong' "$ends" jobs 3
	jobs_are 3
}

@test "faults: where every pipeline has a fault, what lies outside is left alone" {
	rules '[pipeline]' 'job = int job(wrong' '[tool]' 'part = int part(int number)'
	same_but_a_line 'symbols\.conf:2:15: .*wrong' "$ends" jobs 3
	traces | holds 'length == 0'
	rules '[tool]' 'part = int part(int number)'
	same "$ends" jobs 3
	traces | holds 'length > 0'
}

@test "faults: a rule for what must not be wrapped is refused" {
	rules '[pipeline]' 'job = int job(const char *name, int parts)' \
		'[tool]' 'part = int part(int number)' 'sym = void *dlsym(void *, const char *name)' \
		'fork = int vfork(void)' 'main = int __libc_start_main(void)' 'exit = void __cxa_finalize(void)'
	same "$ends" jobs 3
	jobs_are 3
}

@test "faults: rules for libc itself, while the shim uses it" {
	rules '[pipeline]' 'job = int job(const char *name, int parts)' '[tool]' 'part = int part(int number)' \
		'[step]' 'all* = mem*' 'more* = str*' 'io* = *printf' 'heap* = *alloc' 'free = free' 'put* = put*' \
		'p* = pthread_*' 'f* = f*'
	same "$ends" jobs 3
	same "$ends" fork
	traces | holds '[.[] | select(.input_data.name == "job")] | length == 203 and all(.success)'
	same "$bots/allocator/allocator"
}

@test "faults: TRACESHIM_DISABLE" {
	export TRACESHIM_DISABLE=1
	same "$ends" jobs 3
	[ ! -e "$work/traces.db" ]
	[ ! -e "$TRACESHIM_SPOOL" ]
}

# --- the store ---------------------------------------------------------------------------------------------

@test "faults: the store's folder is a file" {
	: >"$work/folder"
	export TRACESHIM_STORE=sqlite:$work/folder/traces.db
	same_but_a_line "cannot write traces.*$work/folder" "$ends" jobs 20
	[ -n "$(backlogs)" ]
	rm "$work/folder"
	jobs_are 20
}

@test "faults: the store's folder cannot be written" {
	small 8m "$work/folder"
	mount -o remount,ro "$mounted"
	export TRACESHIM_STORE=sqlite:$work/folder/traces.db
	same_but_a_line "cannot write traces.*$work/folder" "$ends" jobs 20
	mount -o remount,rw "$mounted"
	jobs_are 20
}

@test "faults: the database is none" {
	head -c 8192 /dev/urandom >"$work/traces.db"
	cp "$work/traces.db" "$work/before"
	same_but_a_line "$work/traces.db" "$ends" jobs 20
	cmp "$work/traces.db" "$work/before"
	rm "$work/traces.db"
	jobs_are 20
}

@test "faults: the store's disk is full" {
	small 400k "$work/folder"
	export TRACESHIM_STORE=sqlite:$work/folder/traces.db
	same_but_a_line "full" "$ends" jobs 1000
	mount -o remount,size=64m "$mounted"
	jobs_are 1000
	[ "$(sql 'PRAGMA integrity_check')" = ok ]
}

@test "faults: a store of a kind that there is not" {
	export TRACESHIM_STORE=carrier-pigeon:coop
	same_but_a_line "carrier-pigeon" "$ends" jobs 20
	export TRACESHIM_STORE=sqlite:$work/traces.db
	[ -n "$(backlogs)" ]
}

@test "faults: the database is locked while the program runs" {
	answer first traced "$ends" jobs 1
	mkfifo "$work/begin"
	sqlite3 "$work/traces.db" <"$work/begin" >"$work/locked" &
	child=$!
	exec 9>"$work/begin"
	echo 'BEGIN IMMEDIATE; SELECT 1;' >&9
	soon test -s "$work/locked"
	same "$ends" jobs 20
	echo 'COMMIT;' >&9
	exec 9>&-
	wait $child
	child=
	jobs_are 21
}

@test "faults: a store that takes the connection and never answers: an exit waits no longer than its deadline" {
	python3 -c 'import signal, socket
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
signal.pause()' >"$work/port" 3>&- &
	child=$!
	soon test -s "$work/port"
	TRACESHIM_STORE=postgresql://nobody@127.0.0.1:$(cat "$work/port")/none same "$ends" jobs 3
	[ -n "$(spools)" ] # it was left as it was, for whoever comes next
	kill -KILL $child
	child=
	"$root/build/traceshim" recover --into "$TRACESHIM_STORE" >"$work/recovered" 2>&1
	jobs_are 3
}

# --- the spool -----------------------------------------------------------------------------------------------

@test "faults: a spool folder that others may write" {
	mkdir "$TRACESHIM_SPOOL"
	chmod 777 "$TRACESHIM_SPOOL"
	same_but_a_line "$TRACESHIM_SPOOL: it is not ours alone; TRACESHIM_SPOOL names another folder" "$ends" jobs 3
	chmod 700 "$TRACESHIM_SPOOL"
	same "$ends" jobs 3
	jobs_are 3
}

@test "faults: a spool folder of another user" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	mkdir "$TRACESHIM_SPOOL"
	chown 65534 "$TRACESHIM_SPOOL"
	same_but_a_line "$TRACESHIM_SPOOL: it is not ours alone; TRACESHIM_SPOOL names another folder" "$ends" jobs 3
}

@test "faults: a spool folder that is a file, or a link" {
	: >"$TRACESHIM_SPOOL"
	same_but_a_line "$TRACESHIM_SPOOL: Not a directory" "$ends" jobs 3
	rm "$TRACESHIM_SPOOL"
	mkdir "$work/target"
	ln -s "$work/target" "$TRACESHIM_SPOOL"
	same_but_a_line "$TRACESHIM_SPOOL: " "$ends" jobs 3
	[ -z "$(ls -A "$work/target")" ]
}

@test "faults: the spool's disk is full" {
	small 64k "$TRACESHIM_SPOOL"
	head -c 65536 /dev/zero >"$TRACESHIM_SPOOL/ballast" || :
	same_but_a_line "$TRACESHIM_SPOOL: No space left on device; see df, or set TRACESHIM_SPOOL" "$ends" jobs 300
}

@test "faults: the spool's disk has no room for a ring" {
	small 64k "$TRACESHIM_SPOOL"
	answer plain "$ends" jobs 300
	answer traced traced "$ends" jobs 300
	cmp "$work/plain.out" "$work/traced.out"
	cmp "$work/plain.status" "$work/traced.status"
	[ "$(wc -l <"$work/traced.err")" -le 1 ]
}

@test "faults: the spool's disk is small; what was recorded is kept" {
	small 1m "$TRACESHIM_SPOOL"
	same "$ends" jobs 20
	jobs_are 20
	same "$ends" jobs 20000
	traces | holds 'length > 20 and all(.success)'
	same "$bots/allocator/allocator"
}

@test "faults: damaged spools are set aside and disturb nobody" {
	answer kill traced "$ends" kill
	head -c 100000 /dev/urandom >"$(spools)/process"
	mkdir "$TRACESHIM_SPOOL/0-1-2" "$TRACESHIM_SPOOL/nonsense"
	head -c 100 /dev/urandom >"$TRACESHIM_SPOOL/0-1-2/process"
	same "$ends" jobs 3
	traces | holds 'length == 3 and all(.success)'
}

# --- ends ------------------------------------------------------------------------------------------------------

# The job of which three parts were done and `leave` was open.
is_cut_off() {
	traces | holds 'map(select(.input_data.name == $value)) | length == 1 and
		(.[0] | (.success | not) and .error == "interrupted" and .span_count == 4)' "$1"
	[ -z "$(spools)" ]
	[ "$(sql "SELECT count(*), sum(pipeline_spans.success), group_concat(pipeline_spans.error)
		FROM pipeline_spans JOIN pipeline_traces USING (trace_id)
		WHERE json_extract(pipeline_traces.input_data, '\$.name') = '$1'")" = "4 3 interrupted" ]
}

@test "faults: kill -9 in the middle of a pipeline" {
	LD_PRELOAD=$shim "$ends" wait >"$work/said" &
	child=$!
	soon grep waiting "$work/said"
	traces >"$work/live.json"
	[ -n "$(spools)" ]
	kill -KILL $child
	wait $child || [ $? -eq 137 ]
	child=
	is_cut_off wait
	traces >"$work/again.json"
	jq -e 'length == 1' "$work/again.json"
}

@test "faults: exit, _exit, quick_exit, abort and signals in the middle of a pipeline" {
	for how in exit _exit quick_exit abort segv kill; do
		same "$ends" $how
		is_cut_off $how
	done
}

@test "faults: a thread in the middle of its pipelines when main returns" {
	same "$ends" thread-left
	traces >/dev/null
	[ "$(sql "SELECT count(*) FROM pipeline_traces WHERE success AND input_data ->> 'name' = 'main'")" -eq 1000 ]
	[ "$(sql 'SELECT count(*) FROM pipeline_traces WHERE NOT success')" -le 1 ]
}

@test "faults: the first thread ends before the others: the process ends with the last" {
	same timeout 60 "$ends" main-left
	jobs_are 5
}

@test "faults: forks while another thread looks functions up" {
	same timeout 60 "$ends" fork-look-up
	jobs_are 1
}

@test "faults: a file where standard error was is the program's own" {
	mkdir "$work/taken"
	chmod 0777 "$work/taken"
	TRACESHIM_SPOOL=$work/taken same "$ends" stderr "$work/file"
	[ "$(cat "$work/file")" = mine ]
}

@test "faults: a limit on the size of files" {
	ulimit -f 256
	same_but_a_line "cannot make a ring .*File too large" "$ends" jobs 3
}

@test "faults: exec after pipelines, and in the middle of one" {
	same "$ends" exec-after
	jobs_are 3
	same "$ends" exec
	# the program that came after does two jobs: they are in the trace
	traces | holds 'map(select(.input_data.name == "exec"))
		| length == 1 and (.[0] | .success and .span_count == 4 + 2 * 4)'
	traces | holds 'map(select(.success and .span_count == 3)) | length == 3'
	[ "$(sql 'SELECT count(DISTINCT pid) FROM pipeline_traces')" -eq 2 ]
}

@test "faults: eight forked children, each with pipelines of its own" {
	answer plain "$ends" fork
	answer traced traced "$ends" fork
	cmp <(sort "$work/plain.out") <(sort "$work/traced.out")
	cmp "$work/plain.status" "$work/traced.status"
	[ ! -s "$work/traced.err" ]
	jobs_are 225
	jobs_are 25 parent
	[ "$(sql 'SELECT count(DISTINCT pid) FROM pipeline_traces')" -eq 9 ]
	[ "$(sql 'SELECT max(n), min(n) FROM (SELECT count(*) AS n FROM pipeline_traces GROUP BY pid)')" = "25 25" ]
}

@test "faults: forks while another thread is inside pipelines" {
	same "$ends" busy-fork
	"$root/build/traceshim" list >/dev/null
	# there may be hundreds of thousands of the other thread's
	[ "$(sql "SELECT count(*), sum(success) FROM pipeline_traces WHERE input_data LIKE '%\"parent\"%'")" = "8 8" ]
	[ "$(sql "SELECT count(*), sum(success) FROM pipeline_traces WHERE input_data LIKE '%\"child\"%'")" = "8 8" ]
	[ "$(sql "SELECT count(*) FROM pipeline_spans JOIN pipeline_traces AS t USING (trace_id)
		WHERE t.input_data LIKE '%\"child\"%'")" -eq 24 ]
}

@test "faults: a fork in the middle of a pipeline: the child's parts are in it, its end is the parent's" {
	same "$ends" fork-inside
	traces | holds 'length == 1 and (.[0] | .success and .span_count == 6)'
	[ -z "$(spools)" ]
	[ "$(sql "SELECT count(*) FROM pipeline_spans WHERE span_name = 'tool:part' AND success")" -eq 5 ]
	[ "$(sql "SELECT count(*) FROM pipeline_spans WHERE span_name = 'step:leave' AND success")" -eq 1 ]
	[ "$(sql "SELECT count(*) FROM pipeline_spans a JOIN pipeline_spans b ON a.parent_span_id = b.span_id
		WHERE a.span_name = 'tool:part' AND b.span_name = 'step:leave'")" -eq 3 ]
}

@test "faults: a program that closes every descriptor at start" {
	same "$ends" close 3
	jobs_are 3
	same "$ends" close-std
	jobs_are 4
}

@test "faults: a program that changes its folder at start, with everything named relative to it" {
	export TRACESHIM_CONF=symbols.conf TRACESHIM_SPOOL=spool TRACESHIM_STORE=sqlite:traces.db
	same "$ends" chdir /
	jobs_are 1
	[ "$(find "$work" -name traces.db)" = "$work/traces.db" ]
}

@test "faults: a daemon" {
	answer traced traced "$ends" daemon "$work/done"
	[ ! -s "$work/traced.out" ]
	[ ! -s "$work/traced.err" ]
	[ "$(cat "$work/traced.status")" -eq 0 ]
	soon test -e "$work/done"
	soon eval '[ -z "$(spools)" ]'
	jobs_are 2
}

@test "faults: a program that may make no thread, or has to have only one" {
	same "$ends" seccomp
	jobs_are 3
	same "$ends" unshare
	[ "$(cat "$work/traced.status")" -eq 9 ] || jobs_are 6
}

@test "faults: a program that becomes another user" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	same_but_a_line "cannot make a spool in $TRACESHIM_SPOOL: " "$ends" setuid
}

@test "faults: a program that changes its root before its first call leaves nothing in there" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	mkdir "$work/jail"
	same_but_a_line "the program has changed its root" "$ends" chroot "$work/jail"
	[ -z "$(ls -A "$work/jail")" ]
}

@test "faults: a child that shares all memory until it execs" {
	echo 'exec = int execl(const char *path)' >>"$TRACESHIM_CONF"
	ends_well timeout 60 "$ends" vfork
	traces | holds 'map([.input_data.name, .success]) == [["vfork", true]]'
	spans last | holds 'map(select(.kind == "pipeline") | [.input_data.name, .parent_span_id == null, .success])
		== [["job", false, true]]'
}

@test "faults: a child that shares all memory until it execs makes the first call" {
	ends_well timeout 60 "$ends" vfork-first
	traces | holds '[.[] | select(.input_data.name == "job")] | length == 4 and all(.success and .span_count == 3)
		and (map(.pid) | unique | length == 2)'
}

# --- many at once ----------------------------------------------------------------------------------------------

@test "faults: eight programs at once on a new database" {
	for i in 1 2 3 4 5 6 7 8; do
		(traced "$ends" jobs 50 >"$work/$i.out" 2>"$work/$i.err" || echo failed >>"$work/$i.err") &
	done
	wait
	[ "$(cat "$work"/[1-8].out | sort -u)" = 600 ]
	[ -z "$(cat "$work"/[1-8].err)" ]
	jobs_are 400
	[ "$(sql 'PRAGMA integrity_check')" = ok ]
	[ "$(sql 'SELECT count(*) FROM pipeline_spans')" -eq 1200 ]
}

@test "faults: eight programs killed at once, recovered by eight readers at once" {
	for i in 1 2 3 4 5 6 7 8; do
		(traced "$ends" kill || :) 2>/dev/null &
	done
	wait
	for i in 1 2 3 4 5 6 7 8; do
		traces >"$work/$i.json" 2>"$work/$i.err" &
	done
	wait
	traces | holds 'length == 8 and all(.error == "interrupted" and .span_count == 4)'
	[ -z "$(spools)" ]
	[ "$(sql 'PRAGMA integrity_check')" = ok ]
}
