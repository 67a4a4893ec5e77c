#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Calls that no slot leads: of a program's own functions, of a library's within itself. What the program
# computes stays as it is, down to the last register, and what is stored is what it did.

bats_require_minimum_version 1.5.0
load helper

setup() {
	scratch
	inside=$bots/inside/inside
	command=$root/build/traceshim
}

request='request = int request(const char *name, void *what, int argument)'

# counted_are: how many spans of each name and error there are, as on standard input.
counted_are() {
	traces >"$work/list.json"
	diff - <(sql "SELECT count(*), span_name, coalesce(error, '-') FROM pipeline_spans
		GROUP BY span_name, error ORDER BY span_name, error")
	rm -f "$work"/traces.db*
}

# report LINE...: what became of these rules in $inside; without the folder, and addresses as 0x.
report() {
	rules "$@"
	TRACESHIM_REPORT=$work/report traced "$inside"
	grep -E '^(hook|unseen|miss)' "$work/report" |
		sed -E "s#$bots/inside/##; s#$work/##; s#0x[0-9a-f]+#0x#"
}

# --- registers ---------------------------------------------------------------------------------------

# The function of registers_x86_64.S that this machine runs.
untouched() {
	if grep -qw avx512bw /proc/cpuinfo; then
		echo untouched_avx512
	elif grep -qw avx /proc/cpuinfo; then
		echo untouched_avx
	else
		echo untouched_sse
	fi
}

# All kinds of pads: without a shared unwinder and with one, without vector registers captured and with.
@test "entry: every register is as it was, at entry and at return" {
	f=$(untouched)
	for inside in "$bots"/inside/inside{,_unwinder,_fixed}; do
		for prototype in $f "double $f(double number, float more)"; do
			echo "$inside: $prototype"
			# inside a trace; the first event is the request's
			rules '[pipeline]' "$request" '[tool]' "f = $prototype"
			same "$inside" registers 50
			[ "$(cat "$work/traced.out")" = "registers 0" ]
			counted_are <<<"50 tool:f -"

			# outside every trace
			same "$inside" -registers 50
			[ -z "$(spools)" ]

			# a trace of its own, and the thread's first event
			rules '[pipeline]' "f = $prototype"
			same "$inside" -registers 50
			[ "$(cat "$work/traced.out")" = 0 ]
			traces | holds 'length == 50'
			rm -f "$work"/traces.db*

			# the shim has stood down
			export TRACESHIM_SPOOL=/proc/nowhere
			same_but_a_line 'standing down' "$inside" -registers 50
			export TRACESHIM_SPOOL=$work/spool
		done
	done
}

@test "entry: every register is as it was where a call gets no frame" {
	f=$(untouched)
	for prototype in $f "double $f(double number)"; do
		rules '[pipeline]' "$request" '[tool]' 'deeper = deeper' "f = $prototype"
		same "$inside" depths 1100
		[[ $(cat "$work/traced.out") == "depths 0" ]]
		traces | holds 'length == 1 and (.[0] | .span_count + .attributes.dropped.too_deep == 2202)'
		rm -f "$work"/traces.db*
	done
}

@test "entry: callers that know what a static function leaves alone" {
	# what they keep over the call stands in registers that any other call would lose
	objdump --no-show-raw-insn -d "$inside" | awk '/^[0-9a-f]+ <keep_general>:/ { on = 1 }
		on && !NF { exit } on' >"$work/code"
	[ "$(grep -c call "$work/code")" -eq 1 ]
	run grep -E 'push|rsp|%r1[2-5]|%e?bx' "$work/code"
	[ "$status" -eq 1 ]

	rules '[pipeline]' "$request" '[tool]' 'few = long few_registers(long number)' \
		'fewer = double few_vectors(double number)'
	for inside in "$bots"/inside/inside{,_unwinder}; do
		same "$inside" ipa 1000
		counted_are <<-'EOF'
		1000 tool:few -
		1000 tool:fewer -
		EOF
		same "$inside" -ipa 1000
	done
}

@test "entry: arguments and results of every class" {
	rules '[pipeline]' "$request" '[tool]' 'sum = int sum_of(int n, ...)' 'precise = precise' 'wide = wide_of' \
		'pair = pair_of' 'turned = turned' \
		'many = long many(int a, int b, int c, int d, int e, int f, short g, char h, double i, long j)' \
		'text = const char *text_of(const char *text, double weight)' 'widest = widest' 'scaled = scaled'
	for inside in "$bots"/inside/inside{,_unwinder,_fixed}; do
		same "$inside" values 5
		traces >/dev/null
		diff - <(sql "SELECT span_name, coalesce(input_data, '-'), coalesce(output_data, '-')
			FROM pipeline_spans ORDER BY span_name, output_data DESC") <<-'EOF'
		tool:many {"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":"\b","i":9.5,"j":5} {"result":335}
		tool:pair - -
		tool:precise - -
		tool:scaled - -
		tool:sum {"n":8} {"result":38}
		tool:text {"text":"text","weight":0.5} {"result":"text"}
		tool:text {"text":"text","weight":2} {"result":"ext"}
		tool:turned - -
		tool:wide - -
		tool:widest - -
		EOF
		rm "$work"/traces.db*
	done
}

# --- ways in and out -----------------------------------------------------------------------------------

@test "entry: tail calls, and longjmp over patched functions" {
	rules '[pipeline]' "$request" '[tool]' 'first = int first(int number)' 'second = int second(int number, int more)' \
		'third = int third(int number, int more)' 'out = jump_out' 'from = jump_from'
	for inside in "$bots"/inside/inside{,_unwinder}; do
		same "$inside" flow 5
		traces >/dev/null
		diff - <(sql "SELECT a.span_name, json_extract(a.output_data, '\$.result'), coalesce(b.span_name, '-'),
			coalesce(a.error, '-') FROM pipeline_spans a LEFT JOIN pipeline_spans b
			ON a.parent_span_id = b.span_id ORDER BY 1") <<-'EOF'
		tool:first 18 - -
		tool:from  - left by longjmp
		tool:out  tool:from left by longjmp
		tool:second 18 tool:first -
		tool:third 18 tool:second -
		EOF
		rm "$work"/traces.db*
	done
}

@test "entry: functions that call themselves and each other, 40,000 deep" {
	rules '[pipeline]' "$request" '[tool]' 'down = int down(int number)' 'even = is_even' 'odd = is_odd'
	same "$inside" deep 500
	counted_are <<-'EOF'
	501 tool:down -
	251 tool:even -
	250 tool:odd -
	EOF
	for inside in "$bots"/inside/inside{,_unwinder}; do
		same "$inside" deep 40000
		traces | holds 'length == 1 and (.[0] | .success and
			.span_count + .attributes.dropped.too_deep == 80002)'
		rm -f "$work"/traces.db*
	done
}

@test "entry: exceptions through patched functions" {
	rules '[pipeline]' 'request = int request(int number)' '[tool]' 'thrower = thrower' 'between = between' \
		'rethrower = rethrower'
	same "$bots/inside/throws"
	traces >/dev/null
	diff - <(sql "SELECT count(*), span_name, success, count(error) FROM pipeline_spans
		GROUP BY span_name, success ORDER BY span_name, success") <<-'EOF'
	50 tool:between 0 50
	50 tool:between 1 0
	50 tool:rethrower 0 50
	50 tool:rethrower 1 0
	50 tool:thrower 0 50
	50 tool:thrower 1 0
	EOF
}

@test "entry: handlers that call patched functions, and a profiler's call stacks" {
	rules '[pipeline]' "$request" '[tool]' 'handler = in_handler' 'interrupted = int interrupted(int number)' \
		'first = first' 'second = second' 'third = third' 'even = is_even' 'odd = is_odd'
	for inside in "$bots"/inside/inside{,_unwinder}; do
		same timeout 60 "$inside" signals 20000
		traces | holds 'length == 1 and .[0].success'
		rm -f "$work"/traces.db*
		same timeout 60 "$inside" profiled 20000
		traces | holds 'length == 1 and .[0].success'
		rm -f "$work"/traces.db*
	done
}

@test "entry: gdb shows the program's frames from inside a patched function" {
	rules '[pipeline]' "$request" '[tool]' 'inner = marked_inner' 'outer = marked_outer'
	for inside in "$bots"/inside/inside{,_unwinder}; do
		timeout 60 gdb -q -batch -nx -ex "set env LD_PRELOAD=$shim" -ex 'set startup-with-shell off' \
			-ex 'break stop_here' -ex run -ex bt --args "$inside" marked 5 >"$work/gdb" 2>&1
		grep -E '^#[0-9]' "$work/gdb" | grep -oE '(marked_inner|marked_outer|request|main) \(' >"$work/frames"
		diff "$work/frames" <(printf '%s (\n' marked_inner marked_outer request main)
	done
}

@test "entry: a forked child, and another program in its place" {
	rules '[pipeline]' "$request" '[tool]' 'helper = int helper(int number)' 'many = many'
	same "$inside" forks 5
	traces | holds 'length == 1 and .[0].success'
	diff - <(sql "SELECT a.span_name, coalesce(b.span_name, '-') FROM pipeline_spans a LEFT JOIN pipeline_spans b
		ON a.parent_span_id = b.span_id ORDER BY 1, 2") <<-'EOF'
	pipeline:request -
	tool:helper -
	tool:helper -
	tool:helper -
	tool:helper pipeline:request
	EOF
	rm "$work"/traces.db*
	same "$inside" execs 5
	traces >/dev/null
	[ "$(sql "SELECT count(*) FROM pipeline_spans WHERE span_name = 'tool:helper'")" -eq 1 ]
	[ "$(sql "SELECT count(*) FROM pipeline_spans WHERE span_name = 'tool:many'")" -eq 1 ]
}

# --- which functions -------------------------------------------------------------------------------------

@test "entry: what a library calls within itself; what only others call stays by slots" {
	diff - <(report '[tool]' 'a = exported_and_called' 'b = exported_only' 'c = protected_one' 'd = hidden_one' \
		'e = static_one' 'f = in_table' 'g = exported_in_table' 'h = calls_all' 'i = exported_tight') <<-'EOF'
	hook	2	exported_and_called	libdirect.so	0x	entry	0
	hook	3	exported_only	libdirect.so	0x	slots	2
	hook	4	protected_one	libdirect.so	0x	entry	0
	hook	5	hidden_one	libdirect.so	0x	entry	0
	hook	6	static_one	libdirect.so	0x	entry	0
	hook	7	in_table	libdirect.so	0x	entry	0
	hook	8	exported_in_table	libdirect.so	0x	entry	0
	hook	9	calls_all	libdirect.so	0x	slots	1
	hook	10	exported_tight	libdirect.so	0x	slots	1
	unseen	10	exported_tight	libdirect.so	it is too short: 3 bytes
	EOF
	sed -i "1i[pipeline]\n$request" "$TRACESHIM_CONF"
	# each once by the program, and once by its library; addresses are the same for both
	for inside in "$bots"/inside/inside{,_fixed}; do
		same "$inside" direct 5
		counted_are <<-'EOF'
		2 tool:a -
		2 tool:b -
		2 tool:c -
		1 tool:d -
		1 tool:e -
		1 tool:f -
		1 tool:g -
		1 tool:h -
		1 tool:i -
		EOF
	done
}

@test "entry: what cannot be patched, and why" {
	diff - <(report '[tool]' 'a = too_short' 'b = behind_it' 'c = jumps_back' 'd = jumps_to_start' 'e = has_table' \
		'f = hooked' 'g = without_size' 'h = no_function' 'i = jumped_into') <<-'EOF'
	miss	2	too_short in inside cannot be patched: it is too short: 4 bytes
	hook	3	behind_it	inside	0x	entry	0
	miss	4	jumps_back in inside cannot be patched: it jumps back into its first bytes
	miss	5	jumps_to_start in inside cannot be patched: it jumps back to its own start
	miss	6	has_table in inside cannot be patched: it has a jump table, whose targets are not known
	miss	7	hooked in inside cannot be patched: it starts with a jump to elsewhere: somebody else has patched it
	miss	8	without_size in inside cannot be patched: its size is not known
	miss	9	no_function in inside cannot be patched: it is data, not a function
	miss	10	jumped_into in inside cannot be patched: another function begins within its first bytes
	EOF
	same "$inside" refused 5
}

@test "entry: one name in several files and objects, one object's only, globs, clones, IFUNCs, second names" {
	diff - <(report '[tool]' 'a = helper' 'b = plugin' 'c = clon?d_*' 'd = chosen' 'e = second_help' \
		'f = second_name' 'g = exported_*@libdirect.so' 'h = first_help@nothing.so') <<-'EOF'
	hook	2	helper	inside	0x	entry	0
	hook	2	helper	inside	0x	entry	0
	miss	3	no loaded object defines it; it may come with a library loaded later (dlopen)
	hook	4	cloned_one	inside	0x	entry	0
	hook	5	chosen	inside	0x	entry	0
	hook	6	second_help	inside	0x	entry	0
	miss	7	second_name in inside cannot be patched: the rule in line 6 names the same code as second_help
	hook	8	exported_and_called	libdirect.so	0x	entry	0
	hook	8	exported_in_table	libdirect.so	0x	entry	0
	hook	8	exported_only	libdirect.so	0x	slots	2
	hook	8	exported_tight	libdirect.so	0x	slots	1
	unseen	8	exported_tight	libdirect.so	it is too short: 3 bytes
	miss	9	no loaded object is named nothing.so, the program is inside; it may be loaded later (dlopen)
	EOF
	same "$inside" names 5

	diff - <(report '[tool]' 'c = int cloned_one(int number, int by)') <<-'EOF'
	miss	2	cloned_one in inside cannot be patched: the compiler left only a variant of it with other parameters; the bare name records its times
	EOF
}

# --- libraries that come late ------------------------------------------------------------------------------

late_rules() {
	rules '[pipeline]' "$request" '[tool]' 'plugin = int plugin(int number)' 'step = int plugin_step(int number)'
}

@test "entry: a library that comes late, beside one thread, a waiting thread, in a child" {
	late_rules
	for way in one other child; do
		echo "$way"
		same "$inside" $way 5
		counted_are <<-'EOF'
		1 tool:plugin -
		2 tool:step -
		EOF
	done
}

@test "entry: beside other threads a late library is reached by slots only, and the log says so" {
	late_rules
	for way in several thread; do
		TRACESHIM_LOG=info answer traced traced "$inside" $way 5
		grep -E '^traceshim: plugin_step in .*/libplugin1.so cannot be patched: several threads run' \
			"$work/traced.err"
		rm -f "$work"/traces.db*
		same "$inside" $way 5
		counted_are <<<"1 tool:plugin -"
	done
}

@test "entry: a library that comes and goes a hundred times, in turns with another" {
	late_rules
	same "$inside" again 100
	traces >/dev/null
	[ "$(sql "SELECT count(*) FROM pipeline_spans WHERE span_name = 'tool:step'")" -eq 200 ]
	# libplugin1 takes ten times its number, libplugin2 twenty times
	[ "$(sql "SELECT sum(json_extract(output_data, '\$.result')) FROM pipeline_spans
		WHERE span_name = 'tool:plugin'")" -eq "$(sed 's/.* //' "$work/plain.out")" ]
}

# --- where the symbols are ---------------------------------------------------------------------------------

name_rules() {
	rules '[pipeline]' "$request" '[tool]' 'a = int helper(int number)'
}

@test "entry: symbols in a separate debug file, found by build id" {
	[ -w /usr/lib/debug ] || mkdir -p /usr/lib/debug/.build-id 2>/dev/null || skip "only root can put it there"
	cp "$bots"/inside/{libdirect.so,libtaker.so} .
	# a build id of this test's own, so that two tests do not meet
	gcc -O2 -o own "$root"/tests/bots/inside/{main,registers,ipa,values,flow,late,second}.c \
		"$root"/tests/bots/inside/{registers,refused}_x86_64.S -std=gnu11 -D_GNU_SOURCE -pthread \
		-Wl,--build-id=0x"$(od -An -tx1 -N20 /dev/urandom | tr -d ' \n')" '-Wl,-rpath,$ORIGIN' -L. -ldirect -ltaker
	id=$(readelf -n own | sed -n 's/.*Build ID: //p')
	debug=/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug
	strip -o stripped own
	inside=$work/stripped
	run report '[tool]' 'a = helper'
	[[ $output == "miss	2	no loaded object defines it;"* ]]
	mkdir -p "${debug%/*}"
	objcopy --only-keep-debug own "$debug"
	run report '[tool]' 'a = helper'
	rm -f "$debug"
	rmdir --ignore-fail-on-non-empty "${debug%/*}"
	[ "$output" = "$(printf 'hook	2	helper	stripped	0x	entry	0\n%.0s' 1 2)" ]
}

@test "entry: a program whose file is gone, and a library in whose place there is another" {
	name_rules
	cp "$bots"/inside/{libdirect.so,libtaker.so} .
	same sh -c "cp $bots/inside/inside gone; exec 3<gone; rm gone; LD_LIBRARY_PATH=. exec /proc/self/fd/3 names 5"
	counted_are <<<"2 tool:a -"

	late_rules
	for id in sha1 none; do
		for factor in 10 200000; do
			gcc -O2 -shared -fPIC -DFACTOR=$factor -Wl,--build-id=$id -o $factor.so "$root/tests/bots/inside/plugin.c"
		done
		swap() {
			cp 10.so libswapped.so
			cp "$1" libother.so
			"${@:2}" "$inside" swapped 5
		}
		# the same file again is as good; another one is not
		swap 10.so traced >/dev/null
		counted_are <<-'EOF'
		1 tool:plugin -
		2 tool:step -
		EOF
		[ "$(swap 200000.so traced)" = "$(swap 200000.so env)" ]
		counted_are <<<"1 tool:plugin -"
		truncate -s 3000 200000.so
		[ "$(swap 200000.so traced)" = "$(swap 200000.so env)" ]
		counted_are <<<"1 tool:plugin -"
	done
}

@test "entry: a program without section headers, and one that is stripped, keep what they export" {
	name_rules
	cp "$bots"/inside/{inside,libdirect.so,libtaker.so} .
	objcopy --strip-section-headers inside bare 2>/dev/null || {
		cp inside bare
		# e_shoff, e_shentsize, e_shnum, e_shstrndx
		for at in 40:8 58:6; do
			dd if=/dev/zero of=bare bs=1 seek=${at%:*} count=${at#*:} conv=notrunc status=none
		done
	}
	strip -o stripped inside
	for inside in $PWD/bare $PWD/stripped; do
		same "$inside" names 5
		[[ $(report '[tool]' 'a = int helper(int number)' 'b = exported_and_called') == *"miss	2	no loaded object defines it"*"the program is stripped, and names only what it exports"*"hook	3	exported_and_called	libdirect.so"*"entry"* ]]
	done
}

# --- memory ------------------------------------------------------------------------------------------------

@test "entry: no memory is ever both writable and executable" {
	name_rules
	for inside in "$bots"/inside/inside{,_unwinder,_fixed}; do
		same "$inside" open
		[ "$(cat "$work/traced.out")" = "open 0" ]
	done
}

@test "entry: where no memory may be made executable, slots serve, and check says why" {
	for how in no-exec no-mem; do
		rules '[pipeline]' "$request" '[tool]' 'a = int helper(int number)' 'b = exported_only'
		"$bots/inside/confined" $how true || skip "this kernel has no $how"
		"$bots/inside/confined" $how env "TRACESHIM_REPORT=$work/report" "LD_PRELOAD=$shim" "$inside"
		grep -E '^miss	4	helper in .* cannot be patched: .*(executable|/proc/self/mem)' "$work/report"
		grep -E '^hook	5	exported_only.*slots' "$work/report"
		same "$bots/inside/confined" $how "$inside" names 5
		sed -i 's/^request/#/; s/\[pipeline\]/[pipeline]\nonly = exported_only/' "$TRACESHIM_CONF"
		same "$bots/inside/confined" $how "$inside" direct 5
		traces | holds 'length > 0'
		rm -f "$work"/traces.db*
	done
}

@test "entry: memory that may not become executable later is no hindrance" {
	"$bots/inside/confined" mdwe true || skip "this kernel has no PR_SET_MDWE"
	name_rules
	same "$bots/inside/confined" mdwe "$inside" names 5
	counted_are <<<"2 tool:a -"
}

@test "entry: the heap of a program at a fixed place has its room" {
	name_rules
	for inside in "$bots"/inside/inside{,_fixed}; do
		same "$inside" grows 100000
		[ "$(cat "$work/traced.out")" = "grows 0" ]
	done
	# below the program, behind which the heap begins
	low=$(traced "$bots/inside/inside_fixed" maps | awk '$2 == "r-xp" && NF == 5 { print $1; exit }')
	[ $((0x${low%-*})) -lt $((0x400000)) ]
}

@test "entry: a static program, position independent or not, cannot be preloaded" {
	echo 'int main(void) { return 0; }' >own.c
	for how in -static -static-pie; do
		gcc $how -o own own.c || skip "no static C library"
		run -0 --separate-stderr "$command" run -- ./own
		[[ $stderr == *static* ]]
	done
}

# --- whole programs ----------------------------------------------------------------------------------------

# every_function OBJECT AT_LEAST CMD...: CMD does the same with all functions of OBJECT in a trace, so many
# of them patched.
every_function() {
	rules '[pipeline]' 'main = main' '[tool]' "all* = *@$1"
	export TRACESHIM_LOG=off
	same timeout 60 "${@:3}"
	TRACESHIM_REPORT=$work/report traced "${@:3}"
	echo "$1: $(grep -c '	entry	0$' "$work/report")"
	[ "$(grep -c '	entry	0$' "$work/report")" -ge "$2" ]
	rm -rf "$work"/traces.db* "$work/spool"
}

@test "entry: whole programs with every function patched that can be" {
	every_function 'python3*' 1000 python3 -c 'import json, decimal, sqlite3
print(sum(len(json.dumps({"a": i})) for i in range(300)), decimal.Decimal(1) / 7)
print(sqlite3.connect(":memory:").execute("select 6 * 7").fetchone())
try:
    {}["none"]
except KeyError as error:
    print(repr(error))'
	every_function bash 1000 bash -c 'f() { local i=$1; ((i > 0)) && f $((i - 1)); echo $i; }
		f 20 | sort -n | tail -2; for i in a b; do echo ${i^^}; done; trap "echo bye" EXIT; (exit 3); echo $?'
	every_function perl 1000 perl -e 'my %h; $h{$_ % 7} .= $_ for 1 .. 200;
		print join(",", map { length $h{$_} } sort keys %h), "\n"; eval { die "x\n" }; print $@'
	every_function 'libsqlite3*' 10 sqlite3 :memory: 'create table t(a); insert into t values (1), (2);
		select sum(a) from t'
	every_function 'libstdc++*' 10 "$bots/inside/throws"
	every_function '*' 10 "$bots/inside/throws"
	every_function inside 50 "$inside" values 5
}
