#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What the traceshim command says and answers, whatever program it is given.

bats_require_minimum_version 1.5.0

# A child that never gets its signal would never end: a net, no measure.
export BATS_TEST_TIMEOUT=600

setup() {
	traceshim="$BATS_TEST_DIRNAME/../../build/traceshim"
	export TRACESHIM_SPOOL="$BATS_TEST_TMPDIR/spool" XDG_STATE_HOME="$BATS_TEST_TMPDIR/state"
	export TRACESHIM_STORE="sqlite:$BATS_TEST_TMPDIR/traces.db"
	export XDG_CONFIG_HOME="$BATS_TEST_TMPDIR/config" LC_ALL=C.UTF-8 TZ=UTC
	unset TRACESHIM_CONF TRACESHIM_DISABLE COLUMNS NO_COLOR LD_PRELOAD
	cd "$BATS_TEST_TMPDIR"
}

# --- helpers -----------------------------------------------------------------------------------------

sql() { sqlite3 "$BATS_TEST_TMPDIR/traces.db"; }

new_store() {
	local file version=0
	for file in "$BATS_TEST_DIRNAME"/../../sql/sqlite/*.sql; do
		sql < "$file"
		version=$((10#$(basename "$file" | cut -d_ -f1)))
	done
	echo "PRAGMA user_version = $version;" | sql
}

# add_trace ID PIPELINE STARTED SUCCESS ERROR USER TELEGRAM
add_trace() {
	sql <<-EOF
	INSERT INTO pipeline_traces (trace_id, pipeline_name, started_at, ended_at, duration_ms, success,
		error, user_id, telegram_id, input_data, program, host, pid, created_at)
	VALUES (x'$1', '$2', '$3', '$3', 100, $4, $5, '$6', $7,
		'{"text":"$(printf '日本語 %.0s' {1..30})","n":9007199254740993}', '/srv/bot', 'h', 42, '$3');
	EOF
}

# add_span TRACE ID PARENT NAME MICROSECOND DURATION THREAD ERROR OUTPUT
add_span() {
	sql <<-EOF
	INSERT INTO pipeline_spans (trace_id, span_id, parent_span_id, span_name, kind, function, thread_id,
		started_at, ended_at, duration_ms, success, error, input_data, output_data, attributes,
		created_at)
	VALUES (x'$1', x'$2', $3, '$4', 'llm', 'f', $7, '2026-11-20T23:07:31.$5Z', '2026-11-20T23:07:31.$5Z',
		$6, $8 IS NULL, $8, '{"prompt":"$(printf 'word %.0s' {1..40})"}', $9,
		'{"thread_name":"worker"}', '2026-11-20T23:07:31.$5Z');
	EOF
}

trace_a=01a1fb370b38700080000000000000aa
trace_b=01a1fb370f20700080000000000000bb

two_traces() {
	new_store
	add_trace $trace_a learn 2026-11-20T23:07:31.000000Z 1 NULL alice 9007199254740993
	add_trace $trace_b support 2026-11-20T23:07:32.000000Z 0 "'it broke: $(printf 'sehr %.0s' {1..40})'" bob 7
	add_span $trace_a 01000000000070008000000000000001 NULL agent:trainer 010000 80 42 NULL "'{\"result\":1}'"
	add_span $trace_a 01000000000070008000000000000002 "x'01000000000070008000000000000001'" \
		llm:claude 020000 30 43 "'refused'" "'{\"result\":\"' || char(155) || '31mred\"}'"
	add_span $trace_a 01000000000070008000000000000003 "x'01000000000070008000000000000001'" \
		llm:a_name_that_is_longer_than_any_column_of_a_table_ought_to_be 030000 30 42 NULL NULL
}

# On a terminal of $1 columns; NO_COLOR, so that what is left is text.
on_terminal() {
	local columns=$1 command
	shift
	printf -v command '%q ' "$@"
	NO_COLOR=1 TERM=xterm script -qec "stty cols $columns; $command" /dev/null < /dev/null | tr -d '\r'
}

widest() { wc -L; }

elf() { # elf FILE CLASS MACHINE: the head of a program for another machine
	{ printf '\177ELF'; printf "\\x$2\\x01\\x01"; head -c 9 /dev/zero; printf '\x02\x00'
	printf "\\x$3\\x00\\x01\\x00\\x00\\x00"; head -c 1000 /dev/zero; } > "$1"
	chmod +x "$1"
}

# --- usage -------------------------------------------------------------------------------------------

@test "every help text fits 80 columns, lists the options and exits 0" {
	run -0 --separate-stderr "$traceshim" help
	[ -z "$stderr" ]
	[ "$(widest <<<"$output")" -le 80 ]
	for command in $(sed -n 's/^  \([a-z]*\)  .*/\1/p' <<<"$output"); do
		"$traceshim" help $command > help
		"$traceshim" $command --help | cmp - help
		"$traceshim" $command -h | cmp - help
		[ "$(widest < help)" -le 80 ]
		grep -q '^example: traceshim '$command help
		[ $command = collect ] || grep -q -- --json help
	done
	for option in --pipeline --failed --since --until --user --program --min-ms --limit; do
		"$traceshim" help list | grep -q -- "^  $option"
	done
	run -0 "$traceshim" --version
	[[ $output == "traceshim "[0-9]* ]]
}

@test "every command has a page of its own, which its help names and which has its options" {
	for command in $("$traceshim" help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
		"$traceshim" help $command > help
		grep -qx "manual: man traceshim-$command" help
		page=$BATS_TEST_DIRNAME/../../runtime/command/man/traceshim-$command.1
		grep -qx ".Nm traceshim-$command" "$page"
		grep -qx ".Xr traceshim-$command 1 ,*" "${page%-*}.1"
		for option in $(grep -oE '^  (-., )?--[a-z-]+' help | grep -oE -- '--[a-z-]+' | grep -vx -- --help); do
			grep -Eq -- "^\.It .* -${option#--}( |$)" "$page" || { echo "$command $option"; false; }
		done
	done
}

@test "wrong usage exits 2, says what was meant, and leaves stdout empty" {
	check_usage() { # check_usage SENTENCE ARG...
		local sentence=$1
		shift
		run -2 --separate-stderr "$traceshim" "$@"
		[ -z "$output" ]
		[[ $stderr == *"$sentence"* ]]
	}
	check_usage "usage: traceshim"
	check_usage "unknown command lsit (did you mean list?)" lsit
	check_usage "unknown command frobnicate;" frobnicate
	check_usage "unknown command shwo (did you mean show?)" help shwo
	run -0 "$traceshim" help help
	[[ $output == *"usage: traceshim "* ]]
	check_usage "unknown option --versoin" --versoin
	check_usage "unknown option --limti (did you mean --limit?)" list --limti 3
	check_usage "unknown option -x" list --json -x
	printf '#!/bin/sh\n' > script && chmod +x script && echo 'def f(): pass' > bot.py
	for program in /bin/true ./script bot.py; do
		check_usage "$program is a program, no symbols.conf: traceshim check -- CMD" check $program
	done
	check_usage "--tenant stands before the command: traceshim --tenant T list" list --tenant acme
	check_usage "--tenant stands before the command: traceshim --tenant T list" list --tenant=acme
	check_usage "option --user needs a value" list --user
	check_usage "option --failed takes no value" list --failed=1
	check_usage "--limit 0" list --limit 0
	check_usage "--limit ten" list --limit ten
	check_usage "--since yesterday" list --since yesterday
	check_usage "not foo" list foo
	check_usage "one trace" show
	check_usage "one trace" show a b
	check_usage "option --full takes no value" show --full=1 last
	check_usage "run what?" run
	check_usage "run what?" run --json --
	check_usage "check what?" check --
	check_usage "one symbols.conf" check a b
}

@test "a typed command cannot steer the terminal" {
	run -2 --separate-stderr "$traceshim" $'x\e[31m'
	[[ $stderr != *$'\e'* ]]
	[[ $stderr == *'x\x1b[31m'* ]]
}

# --- run ---------------------------------------------------------------------------------------------

@test "run passes on the status, also of a signal" {
	run -0 "$traceshim" run true
	run -7 "$traceshim" run -- sh -c 'exit 7'
	run -137 "$traceshim" run sh -c 'kill -9 $$'
	run -143 "$traceshim" run -- sh -c 'kill -TERM $$'
}

@test "run leaves stdout and stdin to the program" {
	run -0 --separate-stderr "$traceshim" run -- sh -c 'cat; echo out' <<< in
	[ "$output" = $'in\nout' ]
}

@test "run sends on the signals that it gets, and outlives them" {
	for signal in INT TERM HUP QUIT; do
		rm -f ready got never
		mkfifo ready never
		# Not sh: a shell without job control starts background jobs with SIGINT ignored; nohup ignores SIGHUP.
		env --default-signal=INT,QUIT,HUP "$traceshim" run -- bash -c \
			"trap 'echo $signal > got; exit 9' $signal; exec 3<>never; echo > ready; read -r <&3" &
		read -r < ready
		kill -$signal $!
		status=0
		wait $! || status=$?
		[ "$status" -eq 9 ]
		[ "$(cat got)" = $signal ]
	done
}

@test "run makes the spool folder private and leaves no file behind" {
	"$traceshim" run true
	[ "$(stat -c %a spool)" = 700 ]
	[ -z "$(find spool -name 'run-*')" ]
	# what one that was killed leaves goes with the next, those of others that run stay
	mkfifo never KILL TERM
	for signal in KILL TERM; do
		"$traceshim" run -- bash -c "exec 3<>never; echo >$signal; read -r <&3" &
		read -r <$signal
		[ $signal = TERM ] || { kill -KILL $! && wait $! || :; echo >never; }
	done
	[ "$(find spool -name 'run-*' | wc -l)" -eq 1 ]
	"$traceshim" run true
	[ "$(find spool -name 'run-*' | wc -l)" -eq 1 ]
	kill $!
	wait $! || :
	[ -z "$(find spool -name 'run-*')" ]
	chmod 755 spool
	run -3 --separate-stderr "$traceshim" run sh -c 'exit 3'
	[[ $stderr == *"not a folder that is ours alone"* ]]
}

@test "run appends to LD_PRELOAD" {
	: > empty.c
	"${CC:-cc}" -shared -o libempty.so empty.c
	run -0 --separate-stderr env LD_PRELOAD="$PWD/libempty.so" "$traceshim" run -- printenv LD_PRELOAD
	[ "$output" = "$PWD/libempty.so:$(realpath "$BATS_TEST_DIRNAME/../../build/libtraceshim.so")" ]
	run -0 --separate-stderr "$traceshim" run -- "$traceshim" run -- printenv LD_PRELOAD
	[ "$output" = "$(realpath "$BATS_TEST_DIRNAME/../../build/libtraceshim.so")" ]
}

@test "run says that there is no symbols.conf, or that it has no rules" {
	run -0 --separate-stderr "$traceshim" run true
	[[ $stderr == *"there is no symbols.conf (looked for ./symbols.conf, $XDG_CONFIG_HOME/traceshim/symbols.conf and /etc/traceshim/symbols.conf)" ]]
	TRACESHIM_CONF=/nowhere/x.conf run -0 --separate-stderr "$traceshim" run true
	[[ $stderr == *"/nowhere/x.conf"* ]]
	TRACESHIM_DISABLE=1 run -0 --separate-stderr "$traceshim" run true
	[ "$stderr" = "traceshim: nothing was traced: TRACESHIM_DISABLE is set" ]
	echo '# nothing' > symbols.conf
	run -0 --separate-stderr "$traceshim" run true
	[ "$stderr" = "traceshim: nothing was traced: ./symbols.conf has no rules in force; see traceshim check -- true" ]
}

@test "run says that no rule was reached" {
	printf '[pipeline]\nlearn = int handle_learn(const char *text)\n' > symbols.conf
	run -0 --separate-stderr "$traceshim" run true
	[ "$stderr" = "traceshim: 0 of 1 rules reached; see traceshim check -- true" ]
	run -0 --separate-stderr "$traceshim" run sh -c :
	[ "$stderr" = "traceshim: 0 of 1 rules reached; see traceshim check -- sh -c :" ]
	printf '[wire]\nopenssl = on\n' >> symbols.conf
	run -0 --separate-stderr "$traceshim" run true
	[ "$stderr" = "traceshim: 0 of 1 rules reached, no LLM call seen on its connections; see traceshim check -- true" ]
	sed -i '/^\[wire/,$!d' symbols.conf
	run -0 --separate-stderr "$traceshim" run true
	[ "$stderr" = "traceshim: no LLM call seen on its connections; see traceshim check -- true" ]
}

@test "run knows that a rule was reached, of a program that writes its title over the environment" {
	cat > title.c <<-'END'
		#include <string.h>
		extern char **environ;
		__attribute__((noinline)) int answer(int n) { return environ[n][0] != 'x'; }
		int main(void)
		{
			for (char **entry = environ; *entry; entry++)
				memset(*entry, 'x', strlen(*entry));
			return answer(0);
		}
	END
	gcc -O1 -o title title.c
	printf '[pipeline]\nanswer = int answer(int n)\n' > symbols.conf
	run -0 --separate-stderr "$traceshim" run --json=run.json -- ./title
	[ -z "$stderr" ]
	[ "$(jq .reached run.json)" = true ]
}

@test "list, with nothing stored, says what became of the last program" {
	printf '[pipeline]\nlearn = int handle_learn(const char *text)\n' > symbols.conf
	LD_PRELOAD="$BATS_TEST_DIRNAME/../../build/libtraceshim.so" ls > ls.out
	run -0 --separate-stderr "$traceshim" list
	[ -z "$output" ]
	[[ $stderr == "traceshim: no traces are stored; the last program, "*/ls": 0 of 1 rules reached; see traceshim check -- "*/ls ]]
	# what a program asks others is none that anybody means
	LD_PRELOAD="$BATS_TEST_DIRNAME/../../build/libtraceshim.so" setsid \
		/usr/bin/python3 -c 'import subprocess; subprocess.run(["uname"]); subprocess.run(["true"])' > uname.out
	run -0 --separate-stderr "$traceshim" list
	[[ $stderr == *"the last program, "*/python3*": 0 of 1 rules reached; "* ]]
	LD_PRELOAD="$BATS_TEST_DIRNAME/../../build/libtraceshim.so" ls > ls.out
	run -0 --separate-stderr "$traceshim" list
	[[ $stderr == *"the last program, "*/ls": 0 of 1 rules reached; "* ]]
}

@test "list and recover say that traces wait, and for which store" {
	printf '[tool]\nget = getenv\n' > symbols.conf
	export TRACESHIM_STORE=sqlite:/proc/nosuch/traces.db
	run -0 --separate-stderr "$traceshim" run -- bash -c :
	run -0 --separate-stderr "$traceshim" list
	[ "${stderr_lines[0]}" = "traceshim: what 1 program left is not stored yet; traceshim recover says why" ]
	[ "${stderr_lines[1]}" = "traceshim: no traces are stored yet" ]
	run -0 --separate-stderr "$traceshim" --tenant acme list
	[ "${stderr_lines[1]}" = "traceshim: no traces of tenant acme are stored yet" ]
	run -1 --separate-stderr "$traceshim" recover
	[[ $stderr == *" stays: cannot create the folder /proc/nosuch"* ]]
}

@test "list does not say of the last program what it cannot know" {
	printf '[tool]\nget = getenv\n' > symbols.conf
	TRACESHIM_STORE=sqlite:$PWD/other.db "$traceshim" run -- bash -c :
	run -0 --separate-stderr "$traceshim" list
	[[ $stderr == "traceshim: no traces are stored; "*"/bash, reached its rules: it ended no trace, or stores elsewhere (TRACESHIM_STORE)" ]]
	run -0 --separate-stderr "$traceshim" --tenant acme list
	[ "$stderr" = "traceshim: no traces of tenant acme are stored" ]
}

@test "run --json writes one document beside stdout" {
	printf '[pipeline]\nlearn = int handle_learn(const char *text)\n' > symbols.conf
	run -5 --separate-stderr "$traceshim" run --json=run.json -- sh -c 'echo out; exit 5'
	[ "$output" = out ]
	[ "$(jq -c '[.status, .rules, .hooked, .reached]' run.json)" = '[5,1,0,false]' ]
	[[ $(jq -r .reason run.json) == "0 of 1 rules reached"* ]]
	run -0 --separate-stderr "$traceshim" run --json true
	[ "$(tail -n 1 <<< "$stderr" | jq .status)" = 0 ]
	run -127 --separate-stderr "$traceshim" run --json=run.json -- ./nosuch
	[ "$(jq -r '"\(.status) \(.reason)"' run.json)" = "127 ./nosuch: not found" ]
}

@test "run: not found is 127, not executable 126" {
	run -127 --separate-stderr "$traceshim" run -- nosuchprogram
	[ "$stderr" = "traceshim: nosuchprogram: not found" ]
	echo text > file
	run -126 --separate-stderr "$traceshim" run -- ./file
	[ "$stderr" = "traceshim: ./file: not executable" ]
	run -126 "$traceshim" run -- ./
	mkdir bin
	echo text > bin/inpath
	PATH="$PWD/bin:$PATH" run -126 "$traceshim" run -- inpath
}

# untraceable REASON STATUS PROGRAM...: run says it and still tries; check says it and fails.
untraceable() {
	local reason=$1 status_wanted=$2
	shift 2
	run "-$status_wanted" --separate-stderr "$traceshim" run -- "$@"
	[[ $stderr == "traceshim: nothing can be traced: $1 "*"$reason"* ]]
	run -1 --separate-stderr "$traceshim" check -- "$@"
	[[ $stderr == "traceshim: nothing can be traced: $1 "*"$reason"* ]]
	[ -z "$output" ]
}

@test "a static program is run, and named as such" {
	untraceable "is statically linked" 4 busybox sh -c 'exit 4'
	run -0 --separate-stderr "$traceshim" run busybox echo hi
	[ "$output" = hi ]
	[ "${#stderr_lines[@]}" -eq 1 ]
}

@test "programs for other machines are named as such" {
	elf arm64 02 b7
	untraceable "is a program for aarch64" 126 ./arm64
	elf i386 01 03
	untraceable "is a program for i386" 126 ./i386
	elf x32 01 3e
	untraceable "is a 32-bit program" 126 ./x32
	elf strange 02 ee
	untraceable "another CPU" 126 ./strange
}

@test "a program linked with musl is named as such" {
	echo 'int main(void) { return 0; }' > musl.c
	"${CC:-cc}" -o musl musl.c -Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1
	[ -e /lib/ld-musl-x86_64.so.1 ] && skip "musl is installed: the program would start"
	untraceable "is linked with musl" 127 ./musl
}

@test "a setuid program is named as such, one's own is not" {
	cp /bin/true setuid
	chmod u+s setuid
	run -0 --separate-stderr "$traceshim" run ./setuid
	[[ $stderr != *setuid,* ]]
	[ "$(id -u)" = 0 ] || skip "only root can give a file away"
	chown nobody setuid
	chmod 4755 setuid
	untraceable "is setuid" 0 ./setuid
	chown root:nogroup setuid
	chmod 2755 setuid
	untraceable "is setgid" 0 ./setuid
}

@test "a script is judged by its interpreter" {
	printf '#!%s sh\nexit 6\n' "$(command -v busybox)" > static
	printf '#!/usr/bin/env busybox\n' > through
	printf '#!%s\n' "$PWD/static" > nested
	printf '#!/nowhere/sh\n' > missing
	printf 'exit 8\n' > bare
	printf '#!/bin/sh\nexit 9\n' > dynamic
	chmod +x static through nested missing bare dynamic
	untraceable "is a script, and its interpreter" 6 ./static
	untraceable "busybox is statically linked" 127 ./through
	untraceable "is statically linked" 6 ./nested
	untraceable "/nowhere/sh is not there" 127 ./missing
	run -8 --separate-stderr "$traceshim" run ./bare
	[[ $stderr != *"can be traced"* ]]
	run -9 --separate-stderr "$traceshim" run ./dynamic
	[[ $stderr != *"can be traced"* ]]
}

# --- check -------------------------------------------------------------------------------------------

small_bot() {
	cat > part.c <<-EOF
	int part_run(const char *text, long n);
	int part_run(const char *text, long n) { return text[0] + (int)n; }
	EOF
	cat > bot.c <<-EOF
	#include <stdio.h>
	int part_run(const char *text, long n);
	int main(void) { puts("main was reached"); return part_run("x", 1) == 0; }
	EOF
	"${CC:-cc}" -shared -fPIC -o libpart.so part.c
	"${CC:-cc}" -o bot bot.c -L. -lpart -Wl,-rpath,"$PWD"
	cat > symbols.conf <<-EOF
	[pipeline]
	part = int part_run(const char *text, long)
	[tool]
	gone = int part_gone(const char *text)
	EOF
}

@test "check says what each rule became, and does not run the program" {
	small_bot
	run -0 --separate-stderr "$traceshim" check -- ./bot
	[[ $output == *"pipeline:part"*"(line 2)"*"text (const char *)"*"libpart.so"*"slot"* ]]
	[[ $output == *"tool:gone"*"missing"* ]]
	[[ $output != *"main was reached"* && $stderr != *"main was reached"* ]]
	[ "$(widest <<< "$output")" -le 80 ]
	run -0 --separate-stderr "$traceshim" check --json symbols.conf -- ./bot
	[ "$(jq -r '.rules[0] | "\(.line) \(.kind) \(.name) \(.parameters[0].name)"' <<< "$output")" = "2 pipeline part text" ]
	[ "$(jq '.rules[0].hooks[0].slots' <<< "$output")" -ge 1 ]
	[ "$(jq -c '[.rules[1].hooks, (.rules[1].misses | length), .faults]' <<< "$output")" = '[[],1,[]]' ]
}

@test "check says when every call would lie outside a pipeline" {
	printf '[pipeline]\nchat = nobody_defines_this\n[tool]\nenv = getenv\n' > symbols.conf
	run -0 --separate-stderr "$traceshim" check -- ls
	[[ $output == *"No pipeline of this file is in this program"* ]]
	TRACESHIM_ORPHANS=trace run -0 --separate-stderr "$traceshim" check -- ls
	[[ $output != *"No pipeline"* ]]
	printf '[tool]\nenv = getenv\n' > symbols.conf
	run -0 --separate-stderr "$traceshim" check -- ls
	[[ $output != *"No pipeline"* ]]
}

@test "check and symbols say where they need room" {
	TMPDIR=/proc/none run -1 --separate-stderr "$traceshim" check -- /bin/true
	[[ $stderr == "traceshim: no folder /proc/none/traceshim-"*": No such file or directory; TMPDIR names another place" ]]
	TMPDIR=/proc/none run -1 --separate-stderr "$traceshim" symbols /bin/true
	[[ $stderr == *"TMPDIR names another place" ]]
}

@test "check without a program says nothing about objects" {
	small_bot
	run -0 --separate-stderr "$traceshim" check
	[[ $output == *"symbols.conf"*"2 rules"*"pipeline:part"* ]]
	[[ $output != *missing* && $output != *slot* && $output != *"; in "* ]]
	[ -z "$stderr" ]
}

@test "check reports every fault with its place and exits 1" {
	printf '[pipeline]\nlearn = int handle_learn(strng text)\n[tol]\nx = int y(void)\n' > bad.conf
	run -1 --separate-stderr "$traceshim" check bad.conf
	grep -Eq 'bad\.conf:2:[0-9]+: .*' <<< "$output"
	grep -Eq 'bad\.conf:3:[0-9]+: .*' <<< "$output"
	[ "$(widest <<< "$output")" -le 80 ]
	run -1 --separate-stderr "$traceshim" check --json bad.conf
	[ "$(jq '.faults[0].line' <<< "$output")" = 2 ]
}

@test "check says where it looked for symbols.conf" {
	run -1 --separate-stderr "$traceshim" check
	[[ $stderr == *"there is no symbols.conf; looked for ./symbols.conf, $XDG_CONFIG_HOME/traceshim/symbols.conf and /etc/traceshim/symbols.conf" ]]
	run -1 --separate-stderr "$traceshim" check nosuch.conf
	[[ $stderr == *"nosuch.conf"* ]]
	run -1 --separate-stderr "$traceshim" check -- nosuchprogram
	[[ $stderr == *"nosuchprogram: not found" ]]
}

# --- list and show -----------------------------------------------------------------------------------

@test "list and show say that nothing is stored" {
	run -0 --separate-stderr "$traceshim" list
	[ -z "$output" ]
	[[ $stderr == "traceshim: no traces are stored"* ]]
	run -0 --separate-stderr "$traceshim" list --json
	[ "$output" = "[]" ]
	run -1 --separate-stderr "$traceshim" show last
	[ -z "$output" ]
	new_store
	run -0 --separate-stderr "$traceshim" list
	[[ $stderr == "traceshim: no traces are stored"* ]]
	run -1 --separate-stderr "$traceshim" show last
	[[ $stderr == *"no trace is stored yet" ]]
}

@test "list shows the newest first, and its ids lead show to them" {
	two_traces
	run -0 --separate-stderr "$traceshim" list
	[ "${#lines[@]}" -eq 3 ]
	[[ ${lines[1]} == *support*"it broke"* ]]
	[[ ${lines[2]} == *learn*"100 ms"*3*ok ]]
	[ -z "$stderr" ]
	for line in "${lines[@]:1}"; do
		read -r id pipeline _ <<< "$line"
		"$traceshim" show "$id" | grep -q "^pipeline  $pipeline$"
	done
}

@test "list filters, and says how much more there is" {
	two_traces
	[ "$("$traceshim" list --json --pipeline learn | jq -r '.[].pipeline_name')" = learn ]
	[ "$("$traceshim" list --json --failed | jq -r '.[].pipeline_name')" = support ]
	[ "$("$traceshim" list --json --user alice | jq -r '.[].pipeline_name')" = learn ]
	[ "$("$traceshim" list --json --user 7 | jq -r '.[].pipeline_name')" = support ]
	[ "$("$traceshim" list --json --since 2026-11-20T23:07:32Z | jq -r '.[].pipeline_name')" = support ]
	[ "$("$traceshim" list --json --since 2026-11-20 | jq length)" = 2 ]
	run -0 --separate-stderr "$traceshim" list --limit 1
	[ "${#lines[@]}" -eq 2 ]
	[ "$stderr" = "traceshim: 1 more; --limit N shows them" ]
	run -0 --separate-stderr "$traceshim" list --pipeline lern
	[ -z "$output" ]
	[ "$stderr" = "traceshim: no pipeline is named lern (did you mean learn?)" ]
	run -0 --separate-stderr "$traceshim" list --pipeline learn --failed
	[ "$stderr" = "traceshim: no trace is like that" ]
	run -0 --separate-stderr "$traceshim" list --since 2020-01-01 --until 2020-02-01
	[[ $stderr == "traceshim: no trace is of that period; the newest is of "*" (--since "*")" ]]
}

@test "list and show --json keep the contract" {
	two_traces
	"$traceshim" list --json > list.json
	"$traceshim" show --json 01a1fb37-0b38 > show.json
	columns='"trace_id","tenant_id","pipeline_name","telegram_id","user_id","session_id","started_at","ended_at","duration_ms","success","error","input_data","output_data","program","host","pid","attributes","created_at"'
	[ "$(jq -c '.[0] | keys_unsorted' list.json)" = "[$columns,\"span_count\"]" ]
	[ "$(jq -c keys_unsorted show.json)" = "[$columns,\"spans\"]" ]
	[ "$(jq -c '.spans[0] | keys_unsorted' show.json)" = '["trace_id","span_id","tenant_id","parent_span_id","span_name","kind","function","thread_id","started_at","ended_at","duration_ms","success","error","input_data","output_data","model","provider","input_tokens","output_tokens","cost_nano_usd","attributes","created_at"]' ]
	[ "$(jq -c '[.[1] | .trace_id, .success, .error, .span_count, .started_at]' list.json)" = \
		'["01a1fb37-0b38-7000-8000-0000000000aa",true,null,3,"2026-11-20T23:07:31.000000Z"]' ]
	[ "$(jq -c '[.spans[].span_id[-1:]]' show.json)" = '["1","2","3"]' ]
	[ "$(jq -c '.spans[1] | [.parent_span_id, .success, .error, .model, .input_data | type]' show.json)" = \
		'["string","boolean","string","null","object"]' ]
	# jq itself rounds: the digits must stand in the text.
	grep -q '"telegram_id":[[:space:]]*9007199254740993,' show.json
	grep -q '"n":9007199254740993' show.json
}

@test "show finds a trace by prefix, with or without dashes, or the last" {
	two_traces
	for name in 01a1fb370b38 01a1fb37-0b38 01A1FB37-0B38-7 $trace_a 01a1fb37-0b38-7000-8000-0000000000aa; do
		"$traceshim" show $name | grep -q '^pipeline  learn$'
	done
	"$traceshim" show last | grep -q '^pipeline  support$'
	run -1 --separate-stderr "$traceshim" show 01a1
	[[ $stderr == *"several traces"*"00aa"* ]]
	run -1 --separate-stderr "$traceshim" show ffff
	[[ $stderr == *"no trace begins with ffff" ]]
	run -2 --separate-stderr "$traceshim" show nonsense
	[[ $stderr == *"nonsense is neither"* ]]
}

@test "show draws the tree with times, errors and threads in place" {
	two_traces
	run -0 --separate-stderr "$traceshim" show 01a1fb37-0b38
	[[ $output == *"agent:trainer"*"10.0 ms"*"80.0 ms"*"40.0 ms"*"|- llm:claude [thread 43 worker]"*"failed    refused"*'`- llm:a_name'* ]]
	[[ $output == *'\x9b31mred'* ]]
	! grep -q $'\u9b' <<< "$output"
}

# deep N: lists and objects inside each other, and a text inside all of them
deep() {
	local open= close= i
	for ((i = 0; i < $1; i += 2)); do
		open+='{"messages":['
		close=",null,{\"truncated\":7}]}$close"
	done
	printf '{"result":%s"%s"%s}' "$open" "$(printf 'wort %.0s' {1..40})" "$close"
}

@test "show finds its way in lists and objects, however deep" {
	two_traces
	echo "UPDATE pipeline_spans SET output_data = '$(deep 16)'" | sql
	for columns in 80 60 40; do
		COLUMNS=$columns "$traceshim" show --full 01a1fb37-0b38 > full
		[ "$(widest < full)" -le $columns ]
		[ "$(grep -c '"truncated": 7$' full)" -eq 24 ]
	done
	COLUMNS=80 "$traceshim" show 01a1fb37-0b38 | grep -q 'out .*{"result":{"messages":\[{"messages"'
	"$traceshim" show --json 01a1fb37-0b38 > document
	[ "$(jq -c '.spans[0].output_data' document)" = "$(deep 16 | jq -c .)" ]
}

@test "show: on a terminal many calls that are alike are some, and a line" {
	local i
	two_traces
	for i in {10..40}; do
		add_span $trace_a 020000000000700080000000000000$i NULL tool:search 0${i}000 $((i - 9)) 42 NULL NULL
	done
	on_terminal 80 "$traceshim" show 01a1fb37-0b38 > drawn
	[ "$(widest < drawn)" -le 80 ]
	[ "$(grep -c '^tool:search' drawn)" -eq 4 ]
	grep -Eq '^27 more +█+.* 459 ms$' drawn # 4 to 30 ms each
	grep -Eq '^ +each +4.00 ms to 30.0 ms \(--full\)$' drawn
	on_terminal 80 "$traceshim" show --full 01a1fb37-0b38 > drawn
	[ "$(grep -c '^tool:search' drawn)" -eq 31 ]
	[ "$("$traceshim" show 01a1fb37-0b38 | grep -c '^tool:search')" -eq 31 ]
	# one that failed is always seen
	sql <<<"UPDATE pipeline_spans SET success = 0, error = 'it broke' WHERE duration_ms = 15 AND span_name = 'tool:search'"
	on_terminal 80 "$traceshim" show 01a1fb37-0b38 > drawn
	[ "$(grep -c '^tool:search' drawn)" -eq 9 ]
	grep -q 'it broke' drawn
	[ "$(grep -Ec '^1[02] more ' drawn)" -eq 2 ] || { grep more drawn; false; }
}

@test "piped output is plain and fits 80 columns" {
	two_traces
	for command in list "show 01a1fb37-0b38" "show last" "show --full 01a1fb37-0b38" "show --full last"; do
		"$traceshim" $command > plain
		[ "$(widest < plain)" -le 80 ]
		! grep -Pq '[\x{2500}-\x{259f}\x{2026}\x{1b}]' plain
		COLUMNS=60 "$traceshim" $command > narrow
		[ "$(widest < narrow)" -le 60 ]
	done
	for started in "$(date -u +%Y-%m-%dT%H:%M:%S)" 2020-01-01T00:00:00; do
		echo "UPDATE pipeline_traces SET started_at = '$started.000000Z'" | sql
		COLUMNS=60 "$traceshim" list > narrow
		[ "$(widest < narrow)" -le 60 ]
	done
	COLUMNS=200 "$traceshim" show last | tail -n +1 | grep -q 'sehr sehr sehr'
	[ "$(COLUMNS=200 "$traceshim" show last | widest)" -gt 100 ]
}

@test "a terminal gets bars and its whole width, no more" {
	two_traces
	for columns in 80 100 60; do
		for command in list "show 01a1fb37-0b38" "show last" "show --full 01a1fb37-0b38"; do
			on_terminal $columns "$traceshim" $command > drawn
			[ "$(widest < drawn)" -le $columns ]
			! grep -q $'\e' drawn
		done
	done
	for columns in 50 40; do # the result is what a list is for
		on_terminal $columns "$traceshim" list > drawn
		[ "$(widest < drawn)" -le $columns ]
		grep -Eq '^trace .* took .* result' drawn
		grep -Eq '  it' drawn
	done
	on_terminal 80 "$traceshim" show 01a1fb37-0b38 > drawn
	grep -q '█' drawn
	grep -q '├─ llm:claude' drawn
	LC_ALL=C on_terminal 80 "$traceshim" show 01a1fb37-0b38 > drawn
	grep -q '|- llm:claude.*=' drawn
	! grep -q '█' drawn
	TERM=xterm script -qec "'$traceshim' list" /dev/null < /dev/null | grep -q $'\e\\['
}

@test "a reader that has seen enough ends the command quietly" {
	two_traces
	set -o pipefail
	"$traceshim" show --json 01a1fb37-0b38 2> err | head -c 1 > first || [ $? -eq 141 ]
	[ ! -s err ]
	(trap '' PIPE; "$traceshim" show --json 01a1fb37-0b38 2> err | true) || :
	[ ! -s err ]
	run -1 --separate-stderr bash -c "'$traceshim' list > /dev/full"
	[[ $stderr == *"No space left on device"* ]]
}

@test "a store that is no store is an error, said once" {
	echo 'this is no database, but it is long enough to be looked at' > traces.db
	run -1 --separate-stderr "$traceshim" list
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	TRACESHIM_STORE=nosuch:x run -1 --separate-stderr "$traceshim" list
	[[ $stderr == *nosuch* ]]
}

@test "the manual page has no faults" {
	command -v mandoc || skip "mandoc is not installed"
	mandoc -Tlint -Wwarning "$BATS_TEST_DIRNAME"/../../runtime/command/man/*.1
}
