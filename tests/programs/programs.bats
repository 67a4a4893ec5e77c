#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Whole programs that nobody here wrote, at work for a while, with dozens of their functions wrapped: they say, write
# and answer the same, and what they did is stored.

bats_require_minimum_version 1.5.0
load ../e2e/helper

setup() {
	scratch
}

teardown() {
	if [ -n "${server-}" ]; then
		kill "$server" 2>/dev/null || :
		wait "$server" 2>/dev/null || :
	fi
}

# libc_rules RULE...: these, and some that every program here reaches: IFUNCs, input and output, memory.
libc_rules() {
	rules "$@" '[tool]' 'memcpy = memcpy' 'memset = memset' 'strlen = strlen' 'strcmp = strcmp' 'strchr = strchr' \
		'read = long read(int fd)' 'write = long write(int fd)' 'open = int open64(const char *path)' \
		'close = int close(int fd)' 'stat* = *stat64' 'malloc = malloc' 'free = free' 'realloc = realloc' \
		'getenv = char *getenv(const char *name) : fails if NULL' 'qsort = qsort' 'file* = f*64'
}

# kept LEAST FILTER: so many traces are stored, FILTER holds of them, `list` sees them, and nothing waits in a spool.
kept() {
	"$root/build/traceshim" list --json --limit 3 >"$work/list.json"
	holds 'length > 0' <"$work/list.json"
	[ "$(sql 'SELECT count(*) FROM pipeline_traces')" -ge "$1" ]
	[ "$(sql "SELECT $2")" = 1 ]
	[ -z "$(spools)" ]
}

# --- sqlite3 -----------------------------------------------------------------------------------------------

@test "programs: sqlite3 builds a database of 100,000 rows" {
	libc_rules '[pipeline]' 'row = int sqlite3_step(sqlite3_stmt *)' \
		'prepare = int sqlite3_prepare_v2(sqlite3 *db, const char *sql) : fails if != 0' '[step]' 'all* = sqlite3_*'
	seq 100000 | awk 'BEGIN { print "CREATE TABLE t (n INTEGER PRIMARY KEY, s TEXT); CREATE INDEX i ON t (s); BEGIN;" }
		{ printf "INSERT INTO t VALUES (%d, '\''row %d'\'');\n", $1, $1 * 7919 % 100003 }
		END { print "COMMIT; SELECT count(*), sum(n), max(s) FROM t; PRAGMA integrity_check;" }' >"$work/script"
	build_database() {
		rm -f "$work/own.db"
		"$@" sqlite3 -batch "$work/own.db" ".read $work/script"
	}
	answer plain build_database env
	sqlite3 "$work/own.db" .dump >"$work/plain.dump"
	answer traced build_database env "LD_PRELOAD=$shim"
	for what in out err status; do
		diff "$work/plain.$what" "$work/traced.$what"
	done
	sqlite3 "$work/own.db" .dump | cmp - "$work/plain.dump"
	# more than the flusher can write at once: whole traces are dropped, and counted
	kept 500 "count(*) > 100 AND sum(success) = count(*) FROM pipeline_traces WHERE pipeline_name = 'row'"
}

# --- under profilers of memory -----------------------------------------------------------------------------

# sums PRELOAD: sqlite3 at work, which says what it says without.
sums() {
	local query='WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT sum(length(hex(i))) FROM n'
	answer plain sqlite3 :memory: "$query"
	answer profiled env LD_PRELOAD="$1" sqlite3 :memory: "$query"
	cat profiled.err
	diff plain.out profiled.out
	! grep traceshim profiled.err
}

# They write on whatever thread allocates: what they write is as whole as without the shim.
@test "programs: sqlite3 under heaptrack" {
	rules '[pipeline]' 'row = int sqlite3_step(sqlite3_stmt *)'
	local raw=$work/raw profiler=/usr/lib/heaptrack/libheaptrack_preload.so
	for preload in "$profiler" "$shim:$profiler" "$profiler:$shim"; do
		DUMP_HEAPTRACK_OUTPUT=$raw sums "$preload"
		! grep -anvE '^[a-zA-Z#+-]( |$)' "$raw"
		/usr/lib/heaptrack/libexec/heaptrack_interpret <"$raw" >"$work/interpreted"
		grep -q '^+' interpreted
	done
	kept 2 "sum(success) = count(*) FROM pipeline_traces"
}

@test "programs: sqlite3 under tcmalloc's profiler, and its allocator that looks for mistakes" {
	rules '[pipeline]' 'row = int sqlite3_step(sqlite3_stmt *)'
	for profiler in libtcmalloc.so.4 libtcmalloc_debug.so.4; do
		for preload in "$profiler" "$shim:$profiler" "$profiler:$shim"; do
			HEAPPROFILE=$work/heap sums "$preload"
		done
	done
	kept 4 "sum(success) = count(*) FROM pipeline_traces"
}

# --- under fakeroot ----------------------------------------------------------------------------------------

@test "programs: python3 under fakeroot, which asks over a connection of its own" {
	rules '[pipeline]' 'own = python __main__:own'
	cat >own.py <<-'EOF'
		import os, time

		def own(n):
		    open(f"file{n}", "w").close()
		    os.chown(f"file{n}", n, n)
		    return os.stat(f"file{n}").st_uid

		for n in range(1, 5):
		    print(own(n))
		    time.sleep(0.3)
	EOF
	# shellcheck disable=SC2016 # fakeroot's LD_PRELOAD
	fake() { answer "$1" fakeroot-tcp bash -c 'LD_PRELOAD=$LD_PRELOAD:$0 exec "$@"' "$2" /usr/bin/python3 own.py; }
	fake plain ''
	[ "$(cat plain.out)" = "$(seq 4)" ]
	fake traced "$shim"
	for what in out err status; do
		diff plain.$what traced.$what
	done
	kept 1 "count(*) = 4 AND sum(success) = 4 FROM pipeline_traces"
}

# --- git ---------------------------------------------------------------------------------------------------

@test "programs: git reads, packs and checks this repository" {
	git clone -q --no-hardlinks --no-local "$root" "$work/plain.git" 2>/dev/null || skip "this is no repository"
	cp -r "$work/plain.git" "$work/traced.git"
	libc_rules '[step]' 'z* = *flate*' 'crc32 = unsigned long crc32(unsigned long before)' 'pcre* = pcre2_*'
	same git -C "$work/plain.git" --no-pager log -p -n 20
	same git -C "$work/plain.git" --no-pager log --stat --format=%H%n%s
	same git -C "$work/plain.git" status
	same git -C "$work/plain.git" --no-pager grep -P 'ts_[a-z]+_init'
	same git -C "$work/plain.git" fsck --full --no-progress
	answer plain git -C "$work/plain.git" -c pack.threads=1 -c gc.autoDetach=false gc --quiet --aggressive
	answer traced env "LD_PRELOAD=$shim" git -C "$work/traced.git" -c pack.threads=1 -c gc.autoDetach=false gc --quiet --aggressive
	diff "$work/plain.err" "$work/traced.err"
	diff "$work/plain.status" "$work/traced.status"
	diff <(cd "$work/plain.git/.git/objects/pack" && sha256sum *.pack) <(cd "$work/traced.git/.git/objects/pack" && sha256sum *.pack)
	git -C "$work/traced.git" fsck --full --no-progress
	kept 1000 "count(*) > 100 FROM pipeline_spans WHERE function LIKE '%flate%'"
}

# --- python ------------------------------------------------------------------------------------------------

@test "programs: python's own tests of five of its modules" {
	[ -e /usr/lib/python3.11/test/test_struct.py ] || skip "needs libpython3.11-testsuite"
	rules '[trace]' 'orphans = trace' '[step]' 'number* = PyLong_*' 'float* = PyFloat_*' 'text* = PyUnicode_*' \
		'object* = PyObject_*' 'parse* = PyArg_*' 'list* = PyList_*' 'tuple* = PyTuple_*' 'error* = PyErr_*' \
		'digest* = EVP_Digest*' '[tool]' 'memcpy = memcpy' 'strlen = strlen' 'read = long read(int fd)' \
		'pow = double pow(double x, double y)' 'sin = double sin(double x)'
	test_python() {
		"$@" timeout 300 python3.11 -m test -v test_struct test_math test_zlib test_hashlib test_statistics 2>&1 |
			sed -E 's/[0-9.]+ ?(ms|sec|min|s)\b/TIME/g; s/TIME( TIME)+/TIME/g; s/ -- \w+ passed in TIME//; /^\w+ passed in TIME$/d
				s/0x[0-9a-f]+/ADDRESS/g; s/test_python_[0-9]+/FOLDER/; /^== /d; s/load avg: [0-9.]+//'
	}
	answer plain test_python env
	answer traced test_python env "LD_PRELOAD=$shim"
	grep -q 'Tests result: SUCCESS' "$work/plain.out" || skip "python fails its tests here without us"
	diff <(sed 's/^[0-9:]* *//' "$work/plain.out") <(sed 's/^[0-9:]* *//' "$work/traced.out")
	kept 1000 "count(*) > 10 FROM pipeline_spans WHERE function LIKE 'PyLong_%'"
}

# tested NAME MODULE...: what became of their tests, in NAME.MODULE, by a python that NAME is the word for: plain or traced.
tested() {
	local name=$1 module
	local -A how=([plain]=env [traced]="env LD_PRELOAD=$shim")
	shift
	for module; do
		${how[$name]} timeout 300 python3.11 "$BATS_TEST_DIRNAME/unittests.py" "test.$module" \
			>"$work/$name.$module" 2>"$work/$name.$module.err" 3>&-
	done
}

# The slow ones wait most of the time, so all modules and both ways run side by side.
@test "programs: python's own tests of its language and of asyncio, with Python functions wrapped" {
	[ -e /usr/lib/python3.11/test/test_inspect.py ] || skip "needs libpython3.11-testsuite"
	rules '[trace]' 'orphans = trace' '[pipeline]' 'test = python unittest.case:TestCase.run' '[step]' \
		'part* = python unittest.case:TestCase._call*' 'assert* = python unittest.case:TestCase.assert*' \
		'gather = python asyncio.tasks:gather' 'wait_for = python asyncio.tasks:wait_for' 'sleep = python asyncio.tasks:sleep' \
		'lock* = python asyncio.locks:*.acquire' 'group* = python asyncio.taskgroups:TaskGroup.*' \
		'run = python asyncio.runners:Runner.run' 'loop* = python asyncio.base_events:BaseEventLoop.create_*' \
		'signature = python inspect:signature' 'source = python inspect:getsource' 'wraps = python functools:wraps' \
		'update = python functools:update_wrapper' 'dispatch = python functools:singledispatch' \
		'thread* = python threading:Thread.*' 'condition* = python threading:Condition.*' \
		'manager = python contextlib:contextmanager' 'stack* = python contextlib:_BaseExitStack.*' \
		'dataclass = python dataclasses:dataclass' 'replace = python dataclasses:replace'
	modules=(test_asyncio.test_taskgroups test_asyncio.test_locks test_asyncio.test_queues test_asyncio.test_timeouts
		test_context test_inspect test_functools test_generators test_coroutines test_asyncgen test_contextlib
		test_contextlib_async test_dataclasses)
	others=()
	for way in plain traced; do
		for slow in test_asyncio.test_tasks test_threading; do
			tested $way $slow &
			others+=($!)
		done
	done
	for way in plain traced; do
		tested $way "${modules[@]}"
	done
	wait "${others[@]}"
	modules+=(test_asyncio.test_tasks test_threading)
	for module in "${modules[@]}"; do
		# what waits for time may fail on a busy machine, either way; what we break fails each time
		for _ in 1 2 3; do
			! diff "plain.$module" "traced.$module" >/dev/null || break
			tested plain "$module"
			tested traced "$module"
		done
		diff "plain.$module" "traced.$module"
		[ "$(grep -c '\sok$' "plain.$module")" -ge 20 ]
	done
	kept 2000 "count(*) >= 2000 FROM pipeline_traces WHERE pipeline_name = 'test' AND success"
	[ "$(sql 'SELECT count(DISTINCT function) FROM pipeline_spans')" -ge 40 ]
}

# --- gcc ---------------------------------------------------------------------------------------------------

@test "programs: gcc compiles a file: its driver, cc1, as, collect2, ld" {
	libc_rules '[step]' 'gmp* = __gmp*' 'mpfr* = mpfr_*' 'bfd* = bfd_*' 'elf* = _bfd_elf_*' 'z* = *flate*' 'isl* = isl_*'
	mkdir plain traced
	compile() {
		local folder=$1
		shift
		(cd "$folder" && "$@" gcc -O2 -Wall -g0 -ffile-prefix-map="$root=." -I"$root" -D_GNU_SOURCE -save-temps -o a.out \
			"$root/tests/bots/coach/text.c" -shared -fPIC)
	}
	answer plain compile plain env
	answer traced compile traced env "LD_PRELOAD=$shim"
	for what in out err status; do
		diff "$work/plain.$what" "$work/traced.$what"
	done
	[ "$(cat plain.status)" -eq 0 ]
	diff -r plain traced
	kept 1000 "count(DISTINCT program) >= 4 FROM pipeline_traces"
	[ "$(sql "SELECT count(*) > 0 FROM pipeline_spans WHERE function LIKE 'bfd_%'")" = 1 ]
}

# --- redis -------------------------------------------------------------------------------------------------

# served NAME CMD...: a server started by CMD, its answers in NAME.out, what it holds afterwards in NAME.digest.
served() {
	local name=$1 socket=$work/$1.sock
	shift
	mkdir "$work/$name.dir"
	ln -sf /usr/bin/redis-check-rdb "$work/redis-server" # one program, and the package redis-server starts a service
	"$@" "$work/redis-server" --port 0 --unixsocket "$socket" --dir "$work/$name.dir" --save '' --appendonly yes \
		--appendfsync no --logfile "$work/$name.log" --io-threads 2 >/dev/null 2>"$work/$name.err" &
	server=$!
	soon redis-cli -s "$socket" ping
	{
		redis-cli -s "$socket" set greeting hello
		redis-cli -s "$socket" eval 'for i = 1, 500 do redis.call("zadd", KEYS[1], i, "member " .. i) end return redis.call("zcard", KEYS[1])' 1 sorted
		redis-cli -s "$socket" eval 'return redis.sha1hex(ARGV[1])' 0 text
		for i in {1..200}; do
			echo "set key:$i $(printf 'value %0100d' "$i")"
			echo "hset hash field:$i $i"
		done | redis-cli -s "$socket"
		redis-cli -s "$socket" get nothing
	} >"$work/$name.out" 2>&1
	redis-benchmark -s "$socket" -q -n 2000 -c 10 -d 300 -t set,get,incr,lpush,lpop,sadd,hset,zadd,lrange_100,mset \
		>"$work/$name.benchmark" 2>&1
	redis-cli -s "$socket" del 'key:{tag}:__rand_int__' myset myzset mylist >/dev/null
	redis-cli -s "$socket" bgrewriteaof >/dev/null
	soon eval "redis-cli -s $socket info persistence | grep -q 'aof_rewrite_in_progress:0'"
	redis-cli -s "$socket" debug digest >"$work/$name.digest"
	redis-cli -s "$socket" shutdown nosave || :
	wait "$server"
	echo $? >"$work/$name.status"
	server=
}

@test "programs: redis-server serves redis-benchmark" {
	rules '[trace]' 'orphans = trace' '[tool]' 'wait = int epoll_wait(int fd)' 'read = long read(int fd)' \
		'write = long write(int fd)' 'writev = long writev(int fd)' 'open = int open64(const char *path)' 'memcpy = memcpy' \
		'strlen = strlen' 'strtod = double strtod(const char *text)' '[step]' 'lzf* = lzf_*' 'lock* = pthread_mutex_*' \
		'malloc = malloc' 'free = free' 'time* = *time*' 'math* = *log*'
	served plain env
	served traced env "LD_PRELOAD=$shim"
	diff plain.out traced.out
	diff plain.err traced.err
	diff plain.digest traced.digest
	diff plain.status traced.status
	[ "$(tr '\r' '\n' <traced.benchmark | grep -c 'requests per second')" -ge 10 ]
	kept 1000 "count(*) > 100 FROM pipeline_spans WHERE span_name = 'tool:read'"
}
