#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Programs that nobody here wrote: with the shim they do what they do without it, and what the rules name
# is stored.

bats_require_minimum_version 1.5.0
load helper

setup() {
	scratch
}

teardown() {
	if [ -n "${server-}" ]; then
		kill "$server" 2>/dev/null || :
		wait "$server" 2>/dev/null || :
	fi
	add_up
}

# Serves $work/www on a free port of the loopback, $port.
serve() {
	mkdir -p "$work/www"
	echo "a page" >"$work/www/page.txt"
	python3 -u -c '
import functools, http.server, sys
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
    functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1]))
print(server.server_address[1], flush=True)
server.serve_forever()' "$work/www" >"$work/port" 2>/dev/null &
	server=$!
	soon test -s "$work/port"
	port=$(cat "$work/port")
}

# --- sqlite3 -----------------------------------------------------------------------------------------------

@test "programs: sqlite3, every statement with its text, and the one that fails" {
	rules '[pipeline]' 'sql = int sqlite3_prepare_v2(sqlite3 *db, const char *sql) : fails if != 0' \
		'[tool]' 'step = int sqlite3_step(sqlite3_stmt *statement)'
	same sqlite3 -batch "$work/own.db" "CREATE TABLE IF NOT EXISTS t (a TEXT);
		INSERT INTO t VALUES ('größe'); SELECT count(*) > 0 FROM t;"
	traces | holds '[.[].input_data.sql | select(startswith("INSERT") or test("größe"))] | length >= 1'
	traces | holds '[.[] | select(.success | not)] | length == 0'

	same sqlite3 -batch "$work/own.db" "SELECT nothing FROM nowhere;"
	[ "$(cat "$work/traced.status")" -ne 0 ]
	traces | holds '[.[] | select(.success | not)] | length == 1 and
		(.[0] | .input_data.sql == "SELECT nothing FROM nowhere;" and .output_data.result == 1
		and (.error | contains("returned 1")))'
	[ -z "$(spools)" ]
}

@test "programs: sqlite3 writes a database of its own while its calls are written to one" {
	rules '[pipeline]' 'sql = int sqlite3_prepare_v2(sqlite3 *db, const char *sql) : fails if != 0' \
		'[tool]' 'all* = sqlite3_*'
	{
		echo 'CREATE TABLE t (n INTEGER PRIMARY KEY, s TEXT);'
		for i in {1..200}; do
			echo "INSERT INTO t VALUES ($i, 'row $i');"
		done
		echo 'SELECT count(*), sum(n) FROM t; DROP TABLE t;'
	} >"$work/script"
	same sqlite3 -batch "$work/own.db" ".read $work/script"
	traces | holds '[.[] | select(.input_data.sql // "" | startswith("INSERT"))] | length == 200 and all(.success)'
	[ "$(sqlite3 "$work/own.db" 'PRAGMA integrity_check')" = ok ]
	[ "$(sql 'PRAGMA integrity_check')" = ok ]
}

# --- curl ----------------------------------------------------------------------------------------------------

@test "programs: curl fetches a page" {
	serve
	rules '[pipeline]' 'fetch = int curl_easy_perform(CURL *handle) : fails if != 0'
	same curl -sS "http://127.0.0.1:$port/page.txt"
	[ "$(cat "$work/traced.out")" = "a page" ]
	traces | holds 'length == 1 and (.[0] | .success and .pipeline_name == "fetch" and
		.output_data.result == 0 and .input_data == null)'
}

@test "programs: curl finds nobody there" {
	rules '[pipeline]' 'fetch = int curl_easy_perform(CURL *handle) : fails if != 0'
	answer traced traced curl -sS "http://127.0.0.1:1/" # where nobody listens
	[ "$(cat "$work/traced.status")" -eq 7 ]
	grep -q '^curl: (7)' "$work/traced.err"
	[ "$(wc -l <"$work/traced.err")" -eq 1 ]
	traces | holds 'length == 1 and (.[0] | (.success | not) and (.error | contains("returned 7")))'
}

@test "programs: curl, several pages at once" {
	serve
	rules '[pipeline]' 'poll = int curl_multi_perform(CURLM *multi, int *) : fails if != 0'
	same curl -sS --no-progress-meter --parallel "http://127.0.0.1:$port/page.txt" \
		"http://127.0.0.1:$port/page.txt" "http://127.0.0.1:$port/page.txt"
	traces | holds 'length >= 1 and all(.success)'
}

@test "programs: curl fetches from a python that is traced, too" {
	rules '[pipeline]' 'accept = int accept4(int socket)' 'fetch = int curl_easy_perform(CURL *) : fails if != 0'
	export LD_PRELOAD=$shim
	serve
	unset LD_PRELOAD
	same curl -sS "http://127.0.0.1:$port/page.txt"
	kill "$server"
	wait "$server" || :
	server=
	traces | holds '[.[] | select(.pipeline_name == "fetch" and .success)] | length == 1'
	traces | holds '[.[] | select(.pipeline_name == "accept")] | length >= 2'
}

# --- python --------------------------------------------------------------------------------------------------

@test "programs: python calls libraries through ctypes" {
	rules '[pipeline]' 'cosine = double cos(double x)' 'power = double pow(double x, double y)' \
		'version = const char *zlibVersion(void)' 'sum = unsigned long crc32(unsigned long start, const char data[n], unsigned n)' \
		'variable = char *getenv(const char *name) : fails if NULL'
	cat >"$work/calls.py" <<-'EOF'
	import ctypes
	m, z, c = ctypes.CDLL("libm.so.6"), ctypes.CDLL("libz.so.1"), ctypes.CDLL(None)
	for function, result in ((m.cos, ctypes.c_double), (m.pow, ctypes.c_double), (z.zlibVersion, ctypes.c_char_p),
	                         (z.crc32, ctypes.c_ulong), (c.getenv, ctypes.c_char_p)):
	    function.restype = result
	print(m.cos(ctypes.c_double(0.5)), m.pow(ctypes.c_double(2), ctypes.c_double(-0.5)))
	print(z.zlibVersion(), z.crc32(ctypes.c_ulong(0), b"123456789", 9))
	print(c.getenv(b"NO_SUCH_VARIABLE"), c.getenv(b"ANSWER"))
	EOF
	export ANSWER=42
	same python3 "$work/calls.py"
	traces >"$work/list.json"
	holds '[.[] | select(.pipeline_name == "cosine") | [.input_data.x, .output_data.result]] == [[0.5, 0.8775825618903728]]' <"$work/list.json"
	holds '[.[] | select(.pipeline_name == "power") | [.input_data.x, .input_data.y, .output_data.result]]
		| index([[2, -0.5, 0.7071067811865476]])' <"$work/list.json"
	holds '[.[] | select(.pipeline_name == "version") | .output_data.result]
		| length > 0 and unique == [$value]' \
		"$(python3 -c 'import zlib; print(zlib.ZLIB_RUNTIME_VERSION)')" <"$work/list.json"
	holds '[.[] | select(.pipeline_name == "sum" and .input_data.data == "123456789") | .output_data.result]
		== [3421780262]' <"$work/list.json"
	holds '[.[] | select(.pipeline_name == "variable" and .input_data.name == "ANSWER")]
		| length == 1 and .[0].success and .[0].output_data.result == "42"' <"$work/list.json"
	holds '[.[] | select(.pipeline_name == "variable" and .input_data.name == "NO_SUCH_VARIABLE")]
		| length == 1 and (.[0].success | not) and (.[0].error | contains("returned NULL"))' <"$work/list.json"
}

@test "programs: python, modules that come with libraries of their own, threads and subprocesses" {
	rules '[pipeline]' 'prepare = int sqlite3_prepare_v2(sqlite3 *, const char *sql) : fails if != 0' \
		'prepare = int sqlite3_prepare_v3(sqlite3 *, const char *sql) : fails if != 0' \
		'digest = int EVP_DigestFinal_ex(EVP_MD_CTX *)' '[tool]' 'step = int sqlite3_step(sqlite3_stmt *)'
	cat >"$work/many.py" <<-'EOF'
	import hashlib, sqlite3, subprocess, sys, threading
	def work(n):
	    db = sqlite3.connect(":memory:")
	    db.execute("CREATE TABLE t (n)")
	    db.executemany("INSERT INTO t VALUES (?)", [(i,) for i in range(n)])
	    return db.execute("SELECT sum(n) FROM t").fetchone()[0]
	threads = [threading.Thread(target=work, args=(100,)) for _ in range(4)]
	for t in threads: t.start()
	for t in threads: t.join()
	print(work(10), hashlib.sha256(b"x").hexdigest())
	print(subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True).stdout)
	print(subprocess.check_output("echo from a shell", shell=True))
	EOF
	same python3 "$work/many.py"
	traces | holds '[.[] | select(.input_data.sql == "SELECT sum(n) FROM t")] | length == 5 and all(.success)'
	[ -z "$(spools)" ]
}

# --- whatever is run in a shell ------------------------------------------------------------------------------

# Each says and ends the same. A repository, for git; nothing here depends on the time or a pid.
shell_session() {
	local check=$1
	shift
	[ -d "$work/repository" ] || git init -q "$work/repository"
	echo text >"$work/repository/file"
	$check "$@" /bin/true
	$check "$@" /bin/false
	$check "$@" ls -la "$work/repository/.git/refs"
	$check "$@" ls "$work/nothing"
	$check "$@" git -C "$work/repository" status --short --branch
	$check "$@" python3 -c 'print(1)'
	$check "$@" python3 -c 'import sys; sys.exit("no")'
	$check "$@" perl -e 'print 1; warn "perl\n"; exit 3'
	$check "$@" node -e 'console.log(1)'
	$check "$@" node -e 'process.exitCode = 4; console.error(2)'
	$check "$@" bash -c 'echo $((1 + 1)); exit 5'
	$check "$@" awk 'BEGIN { print 1; exit 6 }'
}

# The tools of a build: each says, writes and ends the same.
tools_session() {
	local check=$1
	mkdir -p "$work/tree/sub"
	seq 1000 >"$work/tree/numbers"
	echo 'int main(void) { return 3; }' >"$work/tree/main.c"
	printf 'all: main\n\techo made\nmain: main.c\n\tcc -O -o $@ $<\n' >"$work/tree/Makefile"
	touch -d @1700000000 "$work/tree/numbers" "$work/tree/sub" "$work/tree/main.c" "$work/tree"
	$check sed -n '10,20s/1/one/p' "$work/tree/numbers"
	$check awk '{ s += $1 } END { print s }' "$work/tree/numbers"
	$check grep -c 7 "$work/tree/numbers"
	$check sort -rn "$work/tree/numbers"
	$check find "$work/tree" -name '*.c' -o -type d
	$check tar -C "$work" --sort=name --mtime=@0 -cf - tree/numbers tree/main.c
	$check gzip -nc "$work/tree/numbers"
	$check sh -c "gzip -nc '$work/tree/numbers' | gzip -dc | sha256sum"
	$check sh -c "tar -C '$work' -czf - tree/numbers | tar -tzvf - --utc"
	$check gcc -O1 -g0 -S -o - "$work/tree/main.c"
	$check sh -c "cd '$work/tree' && make -s -B && ./main; echo \$?; sha256sum main"
	$check git -C "$work/repository" log --oneline
	$check git -C "$work/repository" diff
	$check xargs -n 10 -P 4 true <"$work/tree/numbers"
	$check env -i /bin/echo nothing is left
	$check dd if="$work/tree/numbers" bs=100 count=3 status=none
	$check cmp "$work/tree/numbers" "$work/tree/main.c"
}

# pipes: what a shell starts for a pipeline of commands, each of which is traced.
pipes() {
	local check=$1
	shift
	$check "$@" sh -c 'seq 1000 | sort -n | tail -1; (echo sub); $(true); exit 7'
	$check "$@" bash -c 'for i in 1 2 3; do echo $i & done | sort; wait; ls /nowhere 2>&1 | wc -l'
}

@test "programs: a shell session, with rules" {
	cp "$root/symbols.conf" "$TRACESHIM_CONF"
	shell_session same
	pipes same
}

@test "programs: a shell session, without a symbols.conf" {
	unset TRACESHIM_CONF
	[ ! -e /etc/traceshim/symbols.conf ] || skip "this machine has one for all"
	shell_session same
	pipes same
	[ ! -e "$TRACESHIM_SPOOL" ]
}

@test "programs: a shell session, with rules that are reached all the time" {
	rules '[tool]' 'read = long read(int fd)' 'write = long write(int fd)' 'malloc = malloc' 'free = free' \
		'open* = open*' 'close = int close(int)' 'strlen = strlen' 'memcpy = memcpy' 'getenv = char *getenv(const char *name)'
	shell_session same
	pipes same
	traces | holds 'length > 100'
	[ -z "$(spools)" ]
}

@test "programs: a shell session, with 10,000 rules, and globs behind them" {
	{
		printf '[trace]\norphans = trace\n[step]\n'
		seq 10000 | sed 's/.*/rule_& = int nobody_has_this_&(int number, const char *text) : fails if < 0/'
		printf '[tool]\nmem* = mem*\nstr* = str*\nio* = *printf*\nz* = *flate*\nall* = *read*\n'
	} >"$TRACESHIM_CONF"
	tools_session same
	pipes same
	traces >"$work/list.json"
	[ -z "$(spools)" ]
	holds 'length > 100' <"$work/list.json"
}

@test "programs: the tools of a build, with every function wrapped that can be" {
	rules '[trace]' 'orphans = trace' '[step]' 'all* = *'
	tools_session same
	traces >/dev/null
	[ -z "$(spools)" ]
}

@test "programs: a shell session, with a faulty symbols.conf: one line from each program" {
	rules '[pipeline]' 'broken = int handle(' '[nonsense]' '[tool]' 'puts = int puts(const char *text)'
	shell_session same_but_a_line 'symbols\.conf:2:[0-9]+: '
}

# Its runtime looks names up before its own strcmp works, and stands in for sigaction and pthread_create itself.
@test "programs: one with a sanitizer inside" {
	cat >bot.c <<-'EOF'
	#include <stdio.h>
	__attribute__((noinline)) static int agent(const char *text) { return printf("%s\n", text); }
	__attribute__((noinline)) int handle(const char *text) { return agent(text) + 1; }
	int main(void) { return handle("hello") - 7; }
	EOF
	gcc -fsanitize=address -static-libasan -O1 -o bot bot.c
	rules '[pipeline]' 'learn = int handle(const char *text)' '[agent]' 'agent = int agent(const char *text)'
	same ./bot
	TRACESHIM_DISABLE=1 same ./bot
	traces | holds 'length == 1 and .[0].pipeline_name == "learn"'
	[ "$(sql "SELECT span_name, input_data FROM pipeline_spans")" = 'agent:agent {"text":"hello"}' ]
}

# Its functions are those that we call, too: none works before its runtime does, nor on a thread that it did not make.
@test "programs: one with ThreadSanitizer inside, as a library and linked statically" {
	cat >bot.c <<-'EOF'
	#include <pthread.h>
	#include <stdio.h>
	#include <string.h>
	__attribute__((noinline)) static int agent(const char *text) { return printf("%s\n", text); }
	__attribute__((noinline)) int handle(const char *text) { return agent(text) + 1; }
	static void *work(void *text) { return memchr(text, 'l', (size_t)handle(text)); }
	int main(void)
	{
		static char text[] = "hello";
		void *found;
		pthread_t thread;

		pthread_create(&thread, NULL, work, text);
		pthread_join(thread, &found);
		return (char *)found - text;
	}
	EOF
	rules '[pipeline]' 'learn = int handle(const char *text)' '[agent]' 'agent = int agent(const char *text)'
	for compiler in gcc clang; do
		$compiler -fsanitize=thread -O1 -g -o bot bot.c
		./bot || [ $? -eq 2 ] || skip "its runtime does not run here"
		rm -rf traces.db* "$TRACESHIM_SPOOL"
		same ./bot
		traces | holds 'length == 1 and .[0].pipeline_name == "learn"'
		[ "$(sql "SELECT span_name, input_data FROM pipeline_spans")" = 'agent:agent {"text":"hello"}' ]
		export TRACESHIM_DISABLE=1
		same ./bot
		unset TRACESHIM_DISABLE
	done
}

@test "programs: with a profiler's hooks, and with the unwinder inside, every function wrapped that can be" {
	cat >bot.cc <<-'EOF'
	#include <cstdio>
	#include <stdexcept>
	#include <string>
	__attribute__((noinline)) int fails(const std::string &text) { throw std::runtime_error("no " + text); }
	__attribute__((noinline)) int handle(const std::string &a, const std::string &b, double c)
	{
		try {
			return fails(a + b);
		} catch (const std::exception &error) {
			return std::printf("%s %f\n", error.what(), c);
		}
	}
	int main() { return handle("more", "words", 1.5) - 20; }
	EOF
	rules '[trace]' 'orphans = trace' '[step]' 'all* = *'
	for how in '-O1 -pg' '-O1 -pg -mfentry' '-O1 -static-libgcc -static-libstdc++' '-O2 -fsplit-stack'; do
		# shellcheck disable=SC2086
		g++ $how -o bot bot.cc
		rm -rf traces.db* "$TRACESHIM_SPOOL"
		same ./bot
		traces | holds 'any(.pipeline_name == "main" and .span_count > 5)'
	done
	rules '[step]' 'a = mcount' 'b = __fentry__' 'c = __morestack' 'd = uw_init_context_1'
	run -0 "$root/build/traceshim" check -- ./bot
	[ "$(grep -c '^    missing refused: ' <<<"$output")" -eq 4 ]
}
