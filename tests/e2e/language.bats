#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Values, threads, exceptions, jumps and late libraries of programs in C and C++: what they print and how
# they end stays as it is, and what is stored is what they did.

bats_require_minimum_version 1.5.0
load helper

setup() {
	scratch
	types=$bots/types/types
	throws=$bots/throws/throws
	threads=$bots/threads/threads
	loader=$bots/loader/loader
}

# stored: what there is of spans, one a line, in an order of its own; left are those after `traces`.
stored() {
	traces >"$work/list.json"
	sql "SELECT span_name, coalesce(input_data, '-'), coalesce(output_data, '-'),
		coalesce(pipeline_spans.error, '-') FROM pipeline_spans" | sort
}

# stored_are: as on standard input, which names no order either.
stored_are() {
	diff <(sort) <(stored)
}

# counted_are: how many spans of each name and error there are, as on standard input.
counted_are() {
	traces >"$work/list.json"
	diff - <(sql "SELECT count(*), span_name, coalesce(error, '-') FROM pipeline_spans
		GROUP BY span_name, error ORDER BY span_name, error")
}

# --- values --------------------------------------------------------------------------------------------------

type_rules() {
	rules '[trace]' 'redact = api_key, password' '[pipeline]' 'visit = int visit(void (*what)(void))' '[tool]' "$@"
}

@test "language: integers of every type and every extreme, six in registers and the rest on the stack" {
	type_rules 'integers = unsigned long long integers(signed char a, unsigned char b, short c, unsigned short d, int e, unsigned f, long g, unsigned long h, long long i, unsigned long long j)' \
		'fixed = int fixed(int8_t a, uint8_t b, int16_t c, uint16_t d, int32_t e, uint32_t f, int64_t g, uint64_t h, size_t i, intptr_t j)' \
		'many = int many(int a0, int, int, int, int, int a5, int a6, int, int, int, int, int, int, int, int, int a15)' \
		'big = big'
	same "$types" integers
	stored_are <<-'EOF'
	tool:integers {"a":-128,"b":255,"c":-32768,"d":65535,"e":-2147483648,"f":4294967295,"g":-9223372036854775808,"h":18446744073709551615,"i":-9223372036854775808,"j":18446744073709551615} {"result":2147516539} -
	tool:integers {"a":127,"b":0,"c":32767,"d":0,"e":2147483647,"f":0,"g":9223372036854775807,"h":0,"i":9223372036854775807,"j":0} {"result":2147516539} -
	tool:integers {"a":-1,"b":1,"c":-1,"d":1,"e":-1,"f":1,"g":-1,"h":1,"i":-1,"j":1} {"result":0} -
	tool:fixed {"a":-128,"b":255,"c":-32768,"d":65535,"e":-2147483648,"f":4294967295,"g":-9223372036854775808,"h":18446744073709551615,"i":18446744073709551615,"j":-9223372036854775808} {"result":10} -
	tool:many {"a0":0,"a5":5,"a6":6,"a15":-15} {"result":90} -
	tool:big - - -
	EOF
	"$root/build/traceshim" show last --json >"$work/show.json"
	grep -q '"h":18446744073709551615,' "$work/show.json"
	grep -q '"i":-9223372036854775808,' "$work/show.json"
}

@test "language: floating point, NaN, infinities, negative zero and denormals, in registers and on the stack" {
	type_rules 'floats = double floats(float a, double b, float c, double d, float e, double f, float g, double h, float i, double j)' \
		'mixed = double mixed(const char *text, double a, int b, float c, long double d, long e, char f, bool g, double h, short i, unsigned char j, const char *last)' \
		'sum = int sum(int n, ...)'
	same "$types" floats
	stored_are <<-'EOF'
	tool:floats {"a":1.5,"b":-2.25,"c":3.4028235e+38,"d":1.7976931348623157e+308,"e":1.1754944e-38,"f":2.2250738585072014e-308,"g":0.1,"h":0.1,"i":3,"j":-4.5} {"result":1.7976931348623157e+308} -
	tool:floats {"a":-0,"b":-0,"c":1e-45,"d":5e-324,"e":1,"f":1,"g":1,"h":1,"i":-0,"j":-0} {"result":4} -
	tool:floats {"a":"NaN","b":0,"c":"Infinity","d":0,"e":0,"f":"-Infinity","g":0,"h":"NaN","i":0,"j":0} {"result":"NaN"} -
	tool:mixed {"text":"text","a":0.5,"b":-2,"c":0.25,"e":-9223372036854775808,"f":"q","g":true,"h":-0.125,"i":-3,"j":200,"last":"last"} {"result":1e+300} -
	tool:sum {"n":9} {"result":45} -
	EOF
}

@test "language: bool and char" {
	type_rules 'truths = bool truths(bool yes, bool no)' 'letters = char letters(char a, char b, char c, char d)'
	same "$types" small
	stored_are <<-'EOF'
	tool:truths {"yes":true,"no":false} {"result":true} -
	tool:truths {"yes":false,"no":true} {"result":false} -
	tool:letters {"a":"a","b":"\"","c":"\\","d":"~"} {"result":"a"} -
	tool:letters {"a":"\n","b":0,"c":255,"d":"/"} {"result":218} -
	EOF
}

@test "language: results of every type" {
	type_rules 'i8 = signed char result_i8(void)' 'u8 = unsigned char result_u8(void)' \
		'i16 = short result_i16(void)' 'u16 = unsigned short result_u16(void)' \
		'i32 = int result_i32(void)' 'u32 = unsigned result_u32(void)' \
		'i64 = long result_i64(void)' 'u64 = unsigned long result_u64(void)' \
		'float = float result_float(void)' 'double = double result_double(double)' \
		'char = char result_char(void)' 'bool = bool result_bool(void)' \
		'string = const char *result_text(void)' 'void = void result_void(int unused)'
	same "$types" results
	stored_are <<-'EOF'
	tool:i8 - {"result":-128} -
	tool:u8 - {"result":255} -
	tool:i16 - {"result":-32768} -
	tool:u16 - {"result":65535} -
	tool:i32 - {"result":-2147483648} -
	tool:u32 - {"result":4294967295} -
	tool:i64 - {"result":-9223372036854775808} -
	tool:u64 - {"result":18446744073709551615} -
	tool:float - {"result":1.1754944e-38} -
	tool:double - {"result":-0} -
	tool:double - {"result":3.141592653589793} -
	tool:char - {"result":"x"} -
	tool:bool - {"result":true} -
	tool:string - {"result":"grüß dich"} -
	tool:void {"unused":1} - -
	EOF
}

@test "language: every byte, in strings and in bytes that end in no NUL" {
	type_rules 'text = const char *text(const char *text)' 'bytes = size_t bytes(const char data[n], size_t n)' \
		'signed = size_t signed_bytes(const char data[n], int n)'
	same "$types" bytes
	traces >/dev/null
	jq -e -n '[inputs] | map(.text) as $texts
		| ($texts | map(strings)) as $strings
		| ($strings | map(explode) | map(select(length == 1) | .[0]) | sort) == [range(1; 128)]
		and ($strings | map(select(. == "")) | length) == 1
		and ($texts | map(nulls) | length) == 1
		and ($texts | map(objects) | length == 128 and all(.repaired == 1))' \
		<(sql "SELECT input_data FROM pipeline_spans WHERE span_name = 'tool:text'")
	diff - <(sql "SELECT input_data, output_data FROM pipeline_spans WHERE span_name <> 'tool:text'
		AND input_data NOT LIKE '%256%' ORDER BY input_data") <<-'EOF'
	{"data":" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~","n":95} {"result":95}
	{"data":"","n":-1} {"result":0}
	{"data":"","n":0} {"result":0}
	{"data":"plus","n":4} {"result":4}
	{"data":null,"n":0} {"result":0}
	EOF
	sql "SELECT input_data FROM pipeline_spans WHERE input_data LIKE '%256%'" |
		jq -e '.n == 256 and .data.repaired == 129 and (.data.text | explode | .[1:128] == [range(1; 128)])'
}

@test "language: strings of 60 KB keep head, tail and length; a side has 50 KB in all" {
	type_rules 'text = const char *text(const char *text)' \
		'two = size_t two_texts(const char *first, const char *second)'
	same "$types" long
	traces >/dev/null
	sql "SELECT input_data FROM pipeline_spans WHERE span_name = 'tool:text'" >"$work/texts"
	jq -e -n '[range(60000) | . / 1000 | floor % 10 | tostring] | add as $whole
		| [inputs.text] | (map(strings) | length == 1 and (.[0] | . == "e" * 51200)) and
		(map(objects) | length == 2 and all(.truncated == 60000 and (has("repaired") | not)) and
		(map(select(.head[:1] == "0"))[0] | .head == $whole[:38400] and .tail == $whole[-12800:]) and
		(map(select(.head[:1] == "ü"))[0] | .head == "ü" * 19200 and .tail == "ü" * 6400))' "$work/texts"
	sql "SELECT output_data FROM pipeline_spans WHERE span_name = 'tool:text'" |
		jq -s -e --slurpfile in "$work/texts" 'map(.result) == ($in | map(.text))'
	sql "SELECT input_data FROM pipeline_spans WHERE span_name = 'tool:two'" |
		jq -e '.first == "f" * 40000 and .second.truncated == 60000 and
		(.second.head | length) == 8400 and (.second.tail | length) == 2800'
}

@test "language: capture sets how much, and 0 is times only" {
	type_rules 'text = const char *text(const char *text)'
	TRACESHIM_CAPTURE=100 same "$types" long
	traces >/dev/null
	sql "SELECT input_data FROM pipeline_spans" | jq -s -e 'length == 3 and
		(map(.text | .head + .tail | utf8bytelength) | max == 100 and min >= 96)'
	rm "$work/traces.db"
	TRACESHIM_CAPTURE=0 same "$types" long
	traces >/dev/null
	[ "$(sql 'SELECT count(*), count(input_data), count(output_data) FROM pipeline_spans')" = "3 0 0" ]
}

@test "language: what is secret is stored nowhere" {
	type_rules 'secret = int secret(const char *api_key, const char *json, const char *note)'
	same "$types" secret
	stored_are <<-'EOF'
	tool:secret {"api_key":"[redacted]","json":"{\"user\":\"ann\",\"password\":\"[redacted]\",\"n\":1}","note":"token=plain words"} {"result":78} -
	EOF
	run grep -rlaE 'sk-live|swordfish' "$work"
	[ "$status" -eq 1 ]

	# Nor in a spool of a program that was killed, as far as the key goes: it is never read.
	export TRACESHIM_STORE=sqlite:/proc/nowhere/traces.db TRACESHIM_LOG=off
	answer traced env TRACESHIM_BACKLOG=0 "LD_PRELOAD=$shim" "$types" secret
	[ -n "$(spools)" ]
	answer traced traced "$types" secret
	[ -n "$(backlogs)" ]
	run grep -rlaE 'sk-live' "$work"
	[ "$status" -eq 1 ]
	run grep -rlaE 'swordfish' "$XDG_STATE_HOME"
	[ "$status" -eq 1 ]
}

@test "language: strings at the end of readable memory, and pointers to nothing" {
	type_rules 'text = const char *text(const char *text)' 'bytes = size_t bytes(const char data[n], size_t n)'
	same "$types" pointers
	stored_are <<-'EOF'
	tool:text {"text":""} {"result":""} -
	tool:text {"text":"z"} {"result":"z"} -
	tool:text {"text":"zz"} {"result":"zz"} -
	tool:text {"text":"zzz"} {"result":"zzz"} -
	tool:text {"text":"zzzz"} {"result":"zzzz"} -
	tool:text {"text":"zzzzz"} {"result":"zzzzz"} -
	tool:text {"text":"zzzzzz"} {"result":"zzzzzz"} -
	tool:text {"text":"zzzzzzz"} {"result":"zzzzzzz"} -
	tool:text {"text":"zzzzzzzz"} {"result":"zzzzzzzz"} -
	tool:text {"text":{"unreadable":"0x2a"}} {"result":{"unreadable":"0x2a"}} -
	tool:bytes {"data":{"unreadable":"0xffffffffffffffff"},"n":5} {"result":5} -
	EOF
}

# --- failures and columns ------------------------------------------------------------------------------------------

@test "language: a failure is what the rule says, and errno tells why" {
	type_rules 'below = int below_zero(int answer, int) : fails if < 0' \
		'null = const char *null(const char *answer, int) : fails if NULL' \
		'not = unsigned char not_zero(unsigned char answer, int) : fails if != 0' \
		'untrue = bool untrue(bool answer, int) : fails if false' \
		'keeps = int keeps_errno(int answer) : fails if < 0'
	same "$types" fails
	stored >"$work/stored"
	diff "$work/stored" <(sort <<-'EOF'
	tool:below {"answer":-5} {"result":-5} returned -5 (errno as before the call: No such file or directory)
	tool:below {"answer":0} {"result":0} -
	tool:null {"answer":null} {"result":null} Connection refused (returned NULL)
	tool:null {"answer":"there"} {"result":"there"} -
	tool:not {"answer":7} {"result":7} returned 7 (errno as before the call: Permission denied)
	tool:not {"answer":0} {"result":0} -
	tool:untrue {"answer":false} {"result":false} returned false
	tool:untrue {"answer":true} {"result":true} -
	tool:keeps {"answer":-1} {"result":-1} returned -1 (errno as before the call: Device or resource busy)
	tool:below {"answer":-6} {"result":-6} error 4000 (returned -6)
	EOF
	)
	[ "$(sql "SELECT count(*) FROM pipeline_spans WHERE success = (error IS NULL)")" -eq 10 ]
	[ "$(sql "SELECT json_extract(attributes, '\$.errno') FROM pipeline_spans WHERE error LIKE '%refused%'")" -eq 111 ]
	holds 'length == 1 and .[0].success' <"$work/list.json"
}

@test "language: tenant, telegram, user and session fill the columns; TRACESHIM_TENANT is the default" {
	rules '[pipeline]' \
		'visit = int visit_as(const char *tenant_id, long telegram_id, unsigned long user_id, const char *session_id) : fails if < 0' \
		'other = int visit(void)' '[tool]' 'i32 = int result_i32(void)'
	export TRACESHIM_TENANT=house
	same "$types" as "" -9223372036854775808 18446744073709551615 "sess ion"
	same "$types" as "größe' or 1=1 --" 9007199254740993 0 ""
	same "$types" small
	traces >/dev/null
	diff - <(sql "SELECT pipeline_name, t.tenant_id, telegram_id, user_id, session_id, t.success, s.tenant_id
		FROM pipeline_traces t LEFT JOIN pipeline_spans s USING (trace_id) ORDER BY telegram_id") <<-'EOF'
	other house    1 
	visit house -9223372036854775808 18446744073709551615 sess ion 0 house
	visit größe' or 1=1 -- 9007199254740993 0  0 größe' or 1=1 --
	EOF
}

@test "language: calls outside every pipeline" {
	rules '[tool]' 'secret = int secret(void)' 'text = const char *text(const char *text)'
	same "$types" secret
	traces | holds 'length == 1 and (.[0] | .pipeline_name == "secret" and .span_count == 1)'
	[ "$(sql 'SELECT span_name, parent_span_id IS NULL FROM pipeline_spans')" = "tool:secret 1" ]

	# With a pipeline among the rules they leave no trace, unless it is asked for.
	type_rules 'secret = int secret(void)'
	same "$types" secret outside
	traces | holds 'length == 1'
	TRACESHIM_ORPHANS=trace same "$types" secret outside
	traces | holds 'length == 2'
	rules '[trace]' 'orphans = drop' '[tool]' 'secret = int secret(void)'
	same "$types" secret
	traces | holds 'length == 2'
}

@test "language: globs, one object only, one name for two functions" {
	rules '[pipeline]' 'visit = visit' '[tool]' 'any* = result_i*' \
		'u = unsigned char result_u8@libtypes.so(void)' 'u = unsigned short result_u16@lib*.so(void)' \
		'none = unsigned result_u32@libother.so(void)' '[llm]' 'rest* = result_*'
	same "$types" results
	counted_are <<-'EOF'
	1 llm:result_bool -
	1 llm:result_char -
	2 llm:result_double -
	1 llm:result_float -
	1 llm:result_text -
	1 llm:result_u32 -
	1 llm:result_u64 -
	1 llm:result_void -
	1 tool:result_i16 -
	1 tool:result_i32 -
	1 tool:result_i64 -
	1 tool:result_i8 -
	2 tool:u -
	EOF
}

# --- exceptions and jumps ---------------------------------------------------------------------------------------------

throw_rules() {
	local what='int (*what)(int), int argument'
	rules '[pipeline]' 'play = int play(void (*what)(void))' '[agent]' "outer = int outer($what)" \
		'[tool]' "middle = int middle($what)" "inner = int inner($what)" "again = int again($what)" \
		"tidy = int tidy($what)" "strict = int strict($what)" 'leaf = int leaf(int argument)'
}

# throws_same HOW STATUS: with the shared runtime and with the static one, HOW is as without the shim.
throws_same() {
	throw_rules
	same timeout 60 "$bots/throws/static/throws" "$1"
	[ "$(cat "$work/traced.status")" -eq "$2" ]
	traces >"$work/static.json"
	sql "SELECT span_name, coalesce(error, '-') FROM pipeline_spans" | sort >"$work/static"
	rm -f "$work"/traces.db*
	same timeout 60 "$throws" "$1"
	[ "$(cat "$work/traced.status")" -eq "$2" ]
	traces >"$work/shared.json"
	sql "SELECT span_name, coalesce(error, '-') FROM pipeline_spans" | sort | diff "$work/static" -
	holds 'length == 1 and (.[0].attributes | has("dropped") | not)' <"$work/shared.json"
}

# Every span but those directly under the pipeline lies under the call that made it.
nested_well() {
	[ "$(sql "SELECT count(*) FROM pipeline_spans a LEFT JOIN pipeline_spans b ON a.parent_span_id = b.span_id
		WHERE (a.span_name = 'tool:middle' AND b.span_name IS NOT 'agent:outer' AND b.span_name IS NOT NULL)
		OR (a.span_name = 'tool:inner' AND b.span_name NOT IN ('tool:middle', 'tool:again'))")" -eq 0 ]
}

@test "language: an exception caught right around the call" {
	throws_same direct 0
	counted_are <<-'EOF'
	1 tool:inner -
	1 tool:inner std::runtime_error: number 1
	1 tool:leaf -
	EOF
	[ "$(sql "SELECT count(*) FROM pipeline_spans WHERE parent_span_id IS NULL")" -eq 2 ]
}

@test "language: an exception across several wrapped calls" {
	throws_same across 0
	counted_are <<-'EOF'
	1 agent:outer -
	1 agent:outer std::runtime_error: number 2
	1 tool:inner -
	1 tool:inner std::runtime_error: number 2
	1 tool:inner std::runtime_error: number 3
	1 tool:leaf -
	1 tool:middle -
	1 tool:middle std::runtime_error: number 2
	1 tool:middle std::runtime_error: number 3
	EOF
	nested_well
	holds 'all(.success)' <"$work/list.json"
}

@test "language: exceptions thrown again, and kept and thrown later" {
	throws_same rethrow 0
	counted_are <<-'EOF'
	1 agent:outer std::runtime_error: number 5
	1 tool:again -
	1 tool:again std::runtime_error: number 4
	1 tool:inner -
	1 tool:inner std::runtime_error: number 4
	1 tool:inner std::runtime_error: number 5
	1 tool:leaf -
	1 tool:middle std::runtime_error: number 5
	EOF
	nested_well
	rm -f "$work"/traces.db*
	throws_same pointer 0
	counted_are <<-'EOF'
	1 agent:outer std::runtime_error: number 9
	2 tool:inner std::runtime_error: number 9
	2 tool:middle std::runtime_error: number 9
	EOF
}

@test "language: destructors while an exception passes, and wrapped calls in them that throw" {
	throws_same destructors 0
	counted_are <<-'EOF'
	1 agent:outer std::runtime_error: number 6
	1 tool:inner std::runtime_error: number 6
	1 tool:middle std::runtime_error: number 6
	1 tool:tidy std::runtime_error: number 6
	EOF
	rm -f "$work"/traces.db*
	throws_same nested 0
	counted_are <<-'EOF'
	1 agent:outer std::runtime_error: number 7
	1 agent:outer std::runtime_error: number 8
	1 tool:inner -
	2 tool:inner std::runtime_error: number 7
	1 tool:inner std::runtime_error: number 8
	1 tool:leaf -
	1 tool:middle -
	1 tool:middle std::runtime_error: number 7
	1 tool:middle std::runtime_error: number 8
	EOF
}

@test "language: hundreds of exceptions leave nothing behind" {
	throws_same many 0
	counted_are <<-'EOF'
	100 agent:outer -
	200 agent:outer int
	100 tool:inner -
	200 tool:inner int
	100 tool:leaf -
	100 tool:middle -
	200 tool:middle int
	EOF
	nested_well
	[ "$(sql "SELECT count(*) FROM pipeline_spans WHERE span_name = 'agent:outer' AND parent_span_id IS NULL")" -eq 300 ]
}

@test "language: an exception that nobody catches, one that must not pass, and terminate" {
	throws_same uncaught 134
	counted_are <<-'EOF'
	1 agent:outer interrupted
	1 tool:inner interrupted
	1 tool:middle interrupted
	EOF
	rm -f "$work"/traces.db*
	throws_same noexcept 134
	rm -f "$work"/traces.db*
	throws_same terminate 7
}

@test "language: an exception outside every pipeline" {
	throw_rules
	for how in across rethrow nested many jump; do
		same timeout 60 "$throws" $how outside
	done
	[ ! -e "$work/traces.db" ]
}

@test "language: pthread_exit and cancellation inside of a wrapped call" {
	throw_rules
	same "$throws" exit
	counted_are <<-'EOF'
	1 agent:outer thread exited
	1 tool:inner -
	1 tool:inner thread exited
	1 tool:leaf -
	1 tool:middle thread exited
	EOF
	rm -f "$work"/traces.db*
	same "$throws" cancel
	counted_are <<-'EOF'
	1 agent:outer thread exited
	1 tool:inner thread exited
	1 tool:middle thread exited
	EOF
	nested_well
}

@test "language: longjmp over wrapped calls, out of some of them, and out of a signal handler" {
	throws_same jump 0
	counted_are <<-'EOF'
	3 agent:outer left by longjmp
	3 tool:inner -
	3 tool:inner left by longjmp
	3 tool:leaf -
	3 tool:middle -
	3 tool:middle left by longjmp
	EOF
	[ "$(sql "SELECT count(*) FROM pipeline_spans WHERE span_name = 'tool:middle' AND parent_span_id IS NULL")" -eq 3 ]
	rm -f "$work"/traces.db*
	throws_same jump-part 0
	counted_are <<-'EOF'
	1 agent:outer -
	1 tool:inner -
	1 tool:inner left by longjmp
	1 tool:middle -
	1 tool:middle left by longjmp
	EOF
	rm -f "$work"/traces.db*
	throws_same jump-signal 0
}

@test "language: a handler that jumps away from anywhere" {
	throw_rules
	for runtime in "$throws" "$bots/throws/static/throws"; do
		same timeout 60 "$runtime" storm
		traces | holds 'length == 1 and .[0].success'
		[ "$(sql "SELECT count(*) FROM pipeline_spans WHERE error <> 'left by longjmp'")" -eq 0 ]
		rm -f "$work"/traces.db*
	done
	same timeout 60 "$throws" storm outside
}

@test "language: cancellation anywhere" {
	throw_rules
	for runtime in "$throws" "$bots/throws/static/throws"; do
		same timeout 60 "$runtime" cancel-anywhere
		traces | holds 'length == 1 and .[0].success'
		rm -f "$work"/traces.db*
	done
	same timeout 60 "$throws" cancel-anywhere outside
}

@test "language: exceptions, where what the unwinder itself calls is wrapped" {
	throw_rules
	printf '%s\n' 'length = strlen' 'mem* = mem*' 'heap* = *alloc' 'free = free' 'lock* = pthread_mutex_*' \
		>>"$TRACESHIM_CONF"
	for runtime in "$throws" "$bots/throws/static/throws"; do
		for how in direct across rethrow destructors nested pointer many jump; do
			same "$runtime" $how
			same "$runtime" $how outside
		done
	done
}

@test "language: who called is seen through wrapped calls" {
	throws_same backtrace 0
	[ "$(cat "$work/traced.out")" = "$(printf '1\n1\ndone')" ]
}

@test "language: coroutines on stacks of their own" {
	throws_same coroutine 0
	counted_are <<-'EOF'
	4 agent:outer -
	5 tool:inner -
	3 tool:leaf -
	5 tool:middle -
	EOF
	holds 'all(.success)' <"$work/list.json"
}

@test "language: fibers whose stacks lie side by side" {
	throws_same fibers 0
	counted_are <<-'EOF'
	8 agent:outer -
	16 tool:inner -
	16 tool:middle -
	EOF
	throw_rules
	sed -i '/^play/d' "$TRACESHIM_CONF"
	for again in 1 2; do
		rm -f "$work"/traces.db*
		TRACESHIM_ORPHANS=trace same timeout 60 "$throws" fibers outside
		counted_are <<-'EOF'
		8 agent:outer -
		16 tool:inner -
		16 tool:middle -
		EOF
	done
}

@test "language: fibers that go on in another thread than they began in" {
	throws_same wander 0
	counted_are <<-'EOF'
	8 agent:outer -
	16 tool:inner -
	16 tool:middle -
	EOF
}

# --- threads --------------------------------------------------------------------------------------------------------------

thread_rules() {
	rules '[pipeline]' 'request = int request(const char *name, int (*what)(int), int)' \
		'sub = int subrequest(int (*what)(int), int argument)' '[tool]' 'task = int task(int number)' \
		'group = int group(int (*what)(int), int)' \
		'left = long left(long)' 'right = long right(long)' \
		'tail_left = long tail_left(long, long)' 'tail_right = long tail_right(long, long)'
}

# spans_of NAME: the spans of the request of that name.
spans_of() {
	sql "SELECT span_name, json_extract(s.input_data, '\$.number') FROM pipeline_spans s
		JOIN pipeline_traces t USING (trace_id) WHERE json_extract(t.input_data, '\$.name') = '$1'" | sort
}

@test "language: a thread belongs to the call that made it" {
	thread_rules
	same "$threads" handed
	traces >/dev/null
	diff - <(sql "SELECT a.span_name, json_extract(a.input_data, '\$.number') AS n, b.span_name,
		a.thread_id = b.thread_id FROM pipeline_spans a JOIN pipeline_spans b ON a.parent_span_id = b.span_id
		ORDER BY n") <<-'EOF'
	tool:task -1 tool:group 1
	tool:task -1 tool:group 1
	tool:task 0 tool:group 0
	tool:task 1 tool:group 0
	tool:task 2 tool:group 0
	tool:task 7 tool:group 0
	EOF
	[ "$(sql "SELECT count(DISTINCT thread_id) FROM pipeline_spans")" -ge 4 ]
}

@test "language: a pool that outlives its request is outside of it" {
	thread_rules
	same "$threads" pool
	traces | holds '[.[].input_data.name] | sort == ["first", "own", "second"]'
	[ "$(spans_of first)" = "tool:task 1" ]
	[ "$(spans_of own)" = "tool:task 3" ]
	[ -z "$(spans_of second)" ]
}

@test "language: two hundred threads, one by one" {
	thread_rules
	same "$threads" brief 200
	traces | holds 'length == 1 and .[0].span_count == 200'
	[ "$(spans_of brief | sort -u | wc -l)" -eq 200 ]
}

@test "language: more threads at once than the program may open files" {
	thread_rules
	(
		ulimit -n 24
		same "$threads" together 60
	)
	[ -z "$(ls -d "$TRACESHIM_SPOOL"/*/)" ]
	traces | holds 'length == 1 and .[0].span_count == 60'
}

@test "language: three hundred threads at once, on the smallest stacks" {
	thread_rules
	same "$threads" together 300
	traces | holds 'length == 1 and .[0].span_count == 300'
}

@test "language: a program's first request on the smallest stack" {
	thread_rules
	same timeout 60 "$threads" small
	traces | holds 'length == 1 and .[0].span_count == 5'
}

@test "language: eight threads with requests of their own" {
	thread_rules
	same "$threads" crowd 50
	traces | holds 'length == 400 and all(.success and .span_count == 5)'
	[ "$(sql "SELECT count(*) FROM (SELECT trace_id FROM pipeline_spans s JOIN pipeline_traces t USING (trace_id)
		GROUP BY trace_id HAVING count(DISTINCT thread_id) <> 1)")" -eq 0 ]
}

@test "language: a pipeline inside a pipeline is a span; outside it is a trace" {
	thread_rules
	same "$threads" nested
	traces | holds 'map([.pipeline_name, .span_count]) | sort == [["request", 12], ["sub", 5]]'
	diff - <(sql "SELECT count(*), a.span_name, b.span_name FROM pipeline_spans a
		LEFT JOIN pipeline_spans b ON a.parent_span_id = b.span_id GROUP BY 2, 3 ORDER BY 2, 3") <<-'EOF'
	1 pipeline:request 
	1 pipeline:sub 
	1 tool:group 
	1 tool:group pipeline:request
	1 tool:group pipeline:sub
	2 tool:task 
	2 tool:task pipeline:request
	2 tool:task pipeline:sub
	6 tool:task tool:group
	EOF
}

@test "language: 60,000 calls deep, and as many tail calls" {
	thread_rules
	for what in deep tails; do
		rm -f "$work"/traces.db*
		same "$threads" $what 60000
		traces | holds 'map(select(.input_data.name == $value)) | length == 1 and (.[0] | .success
			and .span_count > 1000 and .span_count + .attributes.dropped.too_deep == 60001)' $what
		traces | holds 'map(select(.input_data.name == "after")) | length == 1 and .[0].span_count == 1'
	done
}

@test "language: functions that the C library calls when a thread has ended" {
	rules '[tool]' 'take = malloc' 'give = void free(void *)'
	ends_well "$threads" crowd 20
	ends_well "$threads" brief 500
	traces | holds 'length > 0 and all(.success)'
}

@test "language: a signal handler that calls what it interrupted" {
	thread_rules
	same timeout 60 "$threads" signals 100000
	traces | holds 'length == 1 and .[0].success'
	[ "$(sql "SELECT count(*) FROM pipeline_spans WHERE NOT success")" -eq 0 ]
	# every call is a span or counted; a tick before the request has begun is neither
	holds '.[0] | .span_count + ([.attributes.dropped[]?] | add // 0) >= 100000' <<<"$(traces)"
}

# --- libraries --------------------------------------------------------------------------------------------------------------

loader_rules() {
	rules '[pipeline]' 'job = int job(const char *name, int (*what)(int), int argument)' \
		'[tool]' 'measure = int measure(int number)' \
		'[step]' 'inner = int inner_work(int number)' 'outer = int outer_work(int number)'
}

@test "language: libraries loaded late, their calls into each other and what dlsym finds" {
	loader_rules
	for way in handle lazy; do
		rm -f "$work"/traces.db*
		same "$loader" $way
		counted_are <<-'EOF'
		2 step:inner -
		1 step:outer -
		EOF
		[ "$(sql "SELECT count(*) FROM pipeline_spans a JOIN pipeline_spans b ON a.parent_span_id = b.span_id
			WHERE a.span_name = 'step:inner' AND b.span_name = 'step:outer'")" -eq 2 ]
	done
}

@test "language: dlsym by RTLD_DEFAULT, NULL and the program's own handle" {
	loader_rules
	same "$loader" default
	counted_are <<-'EOF'
	2 step:inner -
	1 step:outer -
	2 tool:measure -
	EOF
	rm "$work/traces.db"
	same "$loader" program
	counted_are <<<"2 tool:measure -"
}

@test "language: dlsym(RTLD_NEXT) in a library that stands before another" {
	loader_rules
	same "$loader" through
	traces >/dev/null
	[ "$(sql "SELECT json_extract(a.input_data, '\$.number'), json_extract(b.input_data, '\$.number')
		FROM pipeline_spans a JOIN pipeline_spans b ON a.parent_span_id = b.span_id")" = "105 5" ]
}

@test "language: what dlsym does not find, dlerror tells" {
	loader_rules
	same "$loader" nothing
	rules '[pipeline]' 'job = job' '[tool]' 'no = no_work' 'nowhere = nowhere_work'
	same "$loader" nothing
}

@test "language: a library closed and loaded again" {
	loader_rules
	same "$loader" again
	counted_are <<-'EOF'
	40 step:inner -
	20 step:outer -
	EOF
	same "$loader" beside
	traces | holds 'map(select(.input_data.name == "beside")) | length == 1 and .[0].success'
}

@test "language: a library in a name space of its own" {
	loader_rules
	same "$loader" apart
}

# --- hosts ---------------------------------------------------------------------------------------------------------------------

job_rules() {
	rules '[pipeline]' 'job = int job(const char *name, int parts)' '[tool]' 'part = int part(int number)'
}

@test "language: a program that exports cJSON's, SQLite's, libuuid's and libpq's names as its own" {
	job_rules
	[ "$(nm -D --defined-only "$bots/exporter/exporter" | grep -cE ' T (cJSON_Parse|sqlite3_open_v2|uuid_unparse|PQexec)$')" -eq 4 ]
	ends_well "$bots/exporter/exporter"
	traces | holds 'length == 3 and all(.success and .span_count == 2 and .input_data.name == "exporter")'
}

@test "language: a thread starts while the shim opens a module; what that brings is left alone until it is bound" {
	local code=$root/tests/bots/brought
	mkdir modules
	ln -s "$root"/build/modules/*.so modules/
	rm modules/flusher.so
	cp "$shim" .
	gcc -shared -fPIC -O2 -fno-plt -Wl,-z,now -Wl,-soname,libbrought.so -o libbrought.so "$code/library.c"
	gcc -shared -fPIC -O2 -I"$root" -o modules/flusher.so "$code/flusher.c" -Wl,--no-as-needed -L. -lbrought \
		-Wl,-rpath,"$PWD"
	gcc -O2 -rdynamic -pthread -o bot "$code/main.c"
	rules '[pipeline]' 'request = request' '[tool]' 'close = close'
	run env "LD_PRELOAD=$PWD/libtraceshim.so" ./bot
	echo "$output"
	[ "$output" = "left alone" ]
	[ "$status" -eq 0 ]
	traces | holds 'length == 1'
}

@test "language: a program on an allocator of its own" {
	job_rules
	ends_well "$bots/allocator/allocator"
	traces | holds 'length == 200 and all(.success and .span_count == 2)'
}

@test "language: a profiler that writes a line of each allocation, whichever thread makes it" {
	job_rules
	gcc -O2 -fPIC -shared -o libprofiler.so "$root/tests/bots/profiler/profiler.c"
	gcc -O2 -D_GNU_SOURCE -fno-builtin -pthread -o bot "$root/tests/bots/allocator/main.c" -Wl,-rpath,"$bots/ends" -L"$bots/ends" -ljob
	answer plain env PROFILE="$work/plain.profile" LD_PRELOAD="$work/libprofiler.so" ./bot
	for preload in "$shim $work/libprofiler.so" "$work/libprofiler.so $shim"; do
		answer traced env PROFILE="$work/traced.profile" LD_PRELOAD="$preload" ./bot
		diff plain.out traced.out
		diff plain.err traced.err
		[ "$(sort -u traced.profile)" = "$(sort -u plain.profile)" ]
		[ "$(wc -l <traced.profile)" -gt "$(wc -l <plain.profile)" ]
	done
	traces | holds 'length == 400 and all(.success and .span_count == 2)'
}
