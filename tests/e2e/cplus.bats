#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Functions of C++ and Rust, by the names and types that their sources have. The bot is the same with
# libstdc++, with its old ABI, by clang++, and with libc++: so is what is stored.

bats_require_minimum_version 1.5.0
load helper

setup() {
	scratch
	cplus=$bots/cplus
}

# stored: what there is of spans, one a line, in an order of its own.
stored() {
	traces >"$work/list.json"
	sql "SELECT span_name, function, coalesce(input_data, '-'), coalesce(output_data, '-'),
		coalesce(error, '-') FROM pipeline_spans" | sort
}

# stored_are LIBRARY...: what standard input says, with the bot of each of these.
stored_are() {
	local expected library
	expected=$(sort)
	for library in "$@"; do
		rm -rf "$work/traces.db"* "$TRACESHIM_SPOOL"
		same "$cplus/$library/bot"
		diff <(echo "$expected") <(stored) || { echo "with $library"; return 1; }
	done
}

orphan_rules() {
	rules '[trace]' 'orphans = trace' '[tool]' "$@"
}

all='. old clang libcxx'

@test "cplus: member functions, each overload by its parameters, results behind a hidden pointer" {
	orphan_rules 'query = std::string bot::Memory::run(this, const std::string &query)' \
		'limited = std::string bot::Memory::run(this, const std::string &query, int limit) const' \
		'viewed = std::string bot::Memory::run(this, std::string_view query)' \
		'recall = std::string bot::Memory::recall(this, int key)' \
		'name = const std::string &bot::Memory::name(this)' \
		'tail = std::string_view bot::Memory::tail(this, std::size_t n) const' \
		'parse = static int bot::Memory::parse(const char text[n], size_t n)' \
		'call = int bot::Memory::operator()(this, int a, int b)' \
		'index = size_t bot::Memory::operator[](this, const std::string &key) const' \
		'made = void bot::Memory::Memory(this, const std::string &name)' 'gone = bot::Memory::~Memory'
	stored_are $all <<-'EOF'
	tool:made bot::Memory::Memory {"name":"elephant"} - -
	tool:query bot::Memory::run {"query":"short"} {"result":"elephant knows of short"} -
	tool:query bot::Memory::run {"query":"a text that is longer than what any string keeps in itself, grüß dich"} {"result":"elephant knows of a text that is longer than what any string keeps in itself, grüß dich"} -
	tool:limited bot::Memory::run {"query":"limited","limit":3} {"result":"lim"} -
	tool:viewed bot::Memory::run {"query":"viewed"} {"result":"view viewed"} -
	tool:recall bot::Memory::recall {"key":3} {"result":"rrr"} -
	tool:recall bot::Memory::recall {"key":40} {"result":"rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr"} -
	tool:name bot::Memory::name - {"result":"elephant"} -
	tool:tail bot::Memory::tail {"n":4} {"result":"hant"} -
	tool:index bot::Memory::operator[] {"key":"pha"} {"result":3} -
	tool:parse bot::Memory::parse {"text":"1234","n":4} {"result":1234} -
	tool:call bot::Memory::operator() {"a":6,"b":7} {"result":50} -
	tool:gone bot::Memory::~Memory - - -
	EOF
}

@test "cplus: strings by value, by every reference and by pointer; results that the name does not tell of" {
	orphan_rules 'shout = std::string bot::shout(std::string text)' 'take = size_t bot::take(std::string &&text)' \
		'append = std::size_t bot::append(std::string &to, std::string const& what)' \
		'length = size_t bot::length(const std::string *text)' 'botname = std::string bot::name()' \
		'version = std::string_view bot::version(void)' 'plain = size_t ::plain(const std::string &text)' \
		'note = extern "C" size_t note(const std::string &text)' \
		'glance = extern "C" size_t glance(std::string_view text)'
	stored_are $all <<-'EOF'
	tool:shout bot::shout {"text":"quiet"} {"result":"QUIET"} -
	tool:shout bot::shout {"text":"a text that is longer than what any string keeps in itself, grüß dich"} {"result":"A TEXT THAT IS LONGER THAN WHAT ANY STRING KEEPS IN ITSELF, GRüß DICH"} -
	tool:shout bot::shout {"text":""} {"result":""} -
	tool:take bot::take {"text":"moved"} {"result":5} -
	tool:append bot::append {"to":"seed","what":"ling"} {"result":8} -
	tool:length bot::length {"text":"seedling"} {"result":8} -
	tool:length bot::length {"text":null} {"result":0} -
	tool:plain plain {"text":"plain"} {"result":5} -
	tool:note note {"text":"noted"} {"result":5} -
	tool:glance glance {"text":"glanced at"} {"result":10} -
	tool:botname bot::name - {"result":"the bot"} -
	tool:version bot::version - {"result":"1.2.3"} -
	EOF
}

@test "cplus: views in registers and on the stack" {
	orphan_rules 'measure = size_t bot::measure(std::string_view text)' \
		'all = size_t bot::measure_all(int a, std::string_view b, int c, std::string_view d, std::string_view e, int f)' \
		'view = size_t bot::view_of(const std::string_view &text)' \
		'first = std::string_view bot::first(std::string_view text, char until)'
	stored_are $all <<-'EOF'
	tool:measure bot::measure {"text":"measured"} {"result":8} -
	tool:measure bot::measure {"text":""} {"result":0} -
	tool:measure bot::measure {"text":"not"} {"result":3} -
	tool:all bot::measure_all {"a":1,"b":"b","c":2,"d":"dd","e":"eee","f":3} {"result":12} -
	tool:view bot::view_of {"text":"by reference"} {"result":12} -
	tool:first bot::first {"text":"head,rest","until":","} {"result":"head"} -
	EOF
}

@test "cplus: other types are placed and not recorded; templates" {
	orphan_rules 'sum = long bot::sum(const std::vector<int> &numbers, const std::map<std::string, long> &weights)' \
		'joined = size_t bot::joined(std::vector<std::string> parts, std::shared_ptr<int> n, const std::string &between)' \
		'split = std::vector<std::string> bot::split(const std::string &text, char at)' \
		'choose = int bot::choose(enum bot::Kind kind, int n)' 'norm = bot::norm' \
		'fn = int bot::call(const std::function<int(int)> &f, int (*g)(int, const char *), int n)' \
		'wide = long bot::wide(int64_t a, unsigned b, unsigned long long c, const long &d)' \
		'box = int bot::Box<int>::get(this, int n)' 'boxes = std::string bot::Box<std::string>::get(this, int n)' \
		'twice = int bot::twice<int>(int value, const std::string &label)' \
		'doubled = std::string bot::twice(std::string value, const std::string &label)'
	stored_are $all <<-'EOF'
	tool:twice bot::twice<int> {"value":21,"label":"x"} {"result":42} -
	tool:doubled bot::twice<std::string> {"value":"ab","label":"x"} {"result":"abab"} -
	tool:box bot::Box<int>::get {"n":3} {"result":15} -
	tool:boxes bot::Box<std::string>::get {"n":2} {"result":"boxbox"} -
	tool:sum bot::sum - {"result":36} -
	tool:joined bot::joined {"between":"--"} {"result":107} -
	tool:split bot::split {"text":"a,b,c","at":","} - -
	tool:choose bot::choose {"kind":1,"n":4} {"result":4} -
	tool:norm bot::norm - - -
	tool:fn bot::call {"n":5} {"result":16} -
	tool:wide bot::wide {"a":-1,"b":2,"c":3} {"result":8} -
	EOF
}

@test "cplus: columns are filled from strings of C++, secrets are not" {
	rules '[trace]' 'redact = text' '[pipeline]' \
		'visit = int bot::visit(long telegram_id, const std::string &tenant_id, const std::string &text)'
	local library
	for library in $all; do
		rm -rf "$work/traces.db"* "$TRACESHIM_SPOOL"
		same "$cplus/$library/bot"
		traces | holds 'length == 1'
		[ "$(sql 'SELECT pipeline_name, tenant_id, telegram_id, input_data FROM pipeline_traces')" = \
			'visit house 7 {"telegram_id":7,"tenant_id":"house","text":"[redacted]"}' ]
	done
}

@test "cplus: exceptions pass" {
	orphan_rules 'fail = std::string bot::fail(const std::string &why, int depth)'
	local library
	for library in $all; do
		rm -rf "$work/traces.db"* "$TRACESHIM_SPOOL"
		same "$cplus/$library/bot"
		stored | grep -Ex 'tool:fail bot::fail \{"why":"reason","depth":2\} - .*: reason.*'
		[ "$(sql 'SELECT count(*) FROM pipeline_spans WHERE success')" -eq 0 ]
	done
}

@test "cplus: a bare name is all overloads, a glob many names, and check counts them" {
	orphan_rules 'run = bot::Memory::run' 'm* = bot::m*' 'one = bot::*::get@libbot.so' 'none = bot::name@libother.so'
	same "$cplus/bot"
	diff - <(stored | uniq -c | sed 's/^ *//') <<-'EOF'
	3 tool:bot::measure bot::measure - - -
	1 tool:bot::measure_all bot::measure_all - - -
	1 tool:one bot::Box<int>::get - - -
	1 tool:one bot::Box<std::string>::get - - -
	4 tool:run bot::Memory::run - - -
	EOF
	"$root/build/traceshim" check -- "$cplus/bot" >check.out
	grep -A2 '^tool:run' check.out | grep -F 'wraps   3 functions'
	grep -A2 '^tool:m\* = bot::m\*' check.out | grep -F 'wraps   2 functions'
	"$root/build/traceshim" check --json -- "$cplus/bot" >check.json
	jq -e '.rules | map(.hooks | length) == [3, 2, 2, 0]' check.json
}

@test "cplus: show has names that people can read, also where a glob is of symbols" {
	rules '[trace]' 'orphans = trace' '[tool]' 'm* = _ZN3bot7measureE*'
	same "$cplus/bot"
	traces | holds 'length == 3'
	spans last | holds 'length == 1 and (.[0].span_name | startswith("tool:_ZN3bot7measureE"))'
	"$root/build/traceshim" show last >"$work/shown"
	grep '^tool:bot::measure  ' "$work/shown"
	run ! grep _ZN3bot "$work/shown"
}

@test "cplus: check tells what a wrong rule missed, and where a line is wrong" {
	orphan_rules 'wide = long bot::wide(int a)' 'tail = std::string_view bot::Memory::tail(size_t n)' \
		'strng = std::strng bot::name()' 'gone = bot::nothing'
	run -1 --separate-stderr "$root/build/traceshim" check -- "$cplus/bot"
	tr -s ' \n' '  ' <<<"$output" >check.out
	grep -F "symbols.conf:6:9: unknown type 'std::strng' (did you mean 'std::string'?)" check.out
	grep -F 'libbot.so defines it with other parameters: (long,unsigned int,unsigned long long,long const&)' check.out
	grep -F "other parameters: (unsigned long) const; 'this' stands before those of a member function" check.out
	grep -F 'no loaded object defines it' check.out

	# Defined, and nothing calls it.
	orphan_rules 'measure = size_t bot::measure(std::string_view text)' 'name = bot::name@libother.so'
	LD_PRELOAD=$cplus/libbot.so "$root/build/traceshim" check -- cat | tr -s ' \n' '  ' >check.out
	grep -F 'libbot.so defines it, but nothing that is loaded calls it yet' check.out
	grep -F 'libbot.so defines it, which is not libother.so' check.out

	# Another rule has it; nothing exports it.
	echo 'namespace bot { __attribute__((noipa)) int count(int n) { return n * 3 + 1; } } int main(int n, char **) {
		return bot::count(n); }' >own.cc
	g++ -O1 -o own own.cc
	orphan_rules 'one = int bot::count(int n)' 'two = bot::count'
	line=$(grep -n '^one' "$TRACESHIM_CONF" | cut -d: -f1)
	"$root/build/traceshim" check --json -- ./own >check.json
	jq -e --arg miss "bot::count in $PWD/own belongs to the rule one of line $line" \
		'.rules[1] | .misses == [$miss] and .hints == []' check.json
}

@test "cplus: a library that comes later, and a look-up by mangled name" {
	local name
	orphan_rules 'measure = size_t bot::measure(std::string_view text)'
	name=$(nm -D "$cplus/libbot.so" | sed -n 's/.* T \(_ZN3bot7measureE.*\)/\1/p')
	[ -n "$name" ]
	same "$cplus/late" "$cplus/libbot.so" "$name"
	[ "$(cat "$work/traced.out")" = 4 ]
	[ "$(stored)" = 'tool:measure bot::measure {"text":"late"} {"result":4} -' ]
}

@test "cplus: a program without C++ never opens the module, one with it does" {
	orphan_rules 'query = std::string bot::Memory::run(this, const std::string &query)'
	LD_DEBUG=files traced cat /dev/null 2>files.c
	LD_DEBUG=files traced "$cplus/bot" 2>files.cplus >/dev/null
	[ "$(grep -c 'calling init.*demangle' files.c)" -eq 0 ]
	[ "$(grep -c 'calling init.*demangle' files.cplus)" -eq 1 ]
}

@test "cplus: Rust, by both manglings: functions, methods, traits, globs, and C prototypes" {
	local mangling
	orphan_rules 'run = agents::memory::run' 'recall = agents::memory::Memory::recall' \
		'answer = <agents::memory::Memory as agents::Agent>::answer' 'r* = agents::*::run' \
		'score = int agents_score(const char *text, int weight)'
	for mangling in legacy v0; do
		rm -rf "$work/traces.db"* "$TRACESHIM_SPOOL"
		same "$bots/rust/$mangling/bot"
		diff <(stored) - <<-'EOF'
		tool:agents::search::run agents::search::run - - -
		tool:answer <agents::memory::Memory as agents::Agent>::answer - - -
		tool:recall agents::memory::Memory::recall - - -
		tool:run agents::memory::run - - -
		tool:score agents_score {"text":"score me","weight":3} {"result":24} -
		EOF
	done
}
