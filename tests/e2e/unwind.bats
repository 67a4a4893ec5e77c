#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Calls that are left in every way but by returning, under each of the unwinders that a program may have: what
# it prints and how it ends are as without the shim, and the spans say what left them, and why.

bats_require_minimum_version 1.5.0

load helper

setup() {
	scratch
	unwind=$bots/unwind
}

unwind_rules() {
	local what='int (*what)(int), int argument'
	rules '[pipeline]' 'play = int play(void (*what)(void))' \
		'[agent]' "deep = int deep(int depth, $what)" \
		'tidy = int tidy(int depth, int (*what)(int), int *argument)' \
		'[tool]' "reach = int reach($what)" 'leaf = int leaf(int argument)' \
		'[step]' 'hop = int hop(int depth, int number)' 'skip = int skip(int depth, int number)' \
		'scale = float scale(int (*what)(int), float by)' "$@"
}

# errors SPAN: their errors in the order of their calls.
errors() {
	sql "SELECT coalesce(error, '-') FROM pipeline_spans WHERE span_name = '$1' ORDER BY span_id"
}

# --- what an exception says ---------------------------------------------------------------------------------

@test "unwind: a span says which exception left it, and what it said" {
	local runtime
	for runtime in gnu static llvm; do
		unwind_rules
		rm -f "$work"/traces.db*
		same timeout 60 "$unwind/$runtime/kinds"
		[ "$(cat "$work/traced.status")" -eq 0 ]
		traces >"$work/list.json"
		errors tool:reach | sed 's/w\{100,\}/www/' >"$work/errors"
		diff - "$work/errors" <<-'EOF'
		shop::error: no such user
		shop::late: Sunday
		shop::of<int>: a template
		(anonymous namespace)::hidden: in no other file
		(anonymous namespace)::second_base: a second base
		(anonymous namespace)::shared_base: a virtual base
		(anonymous namespace)::diamond: the tip of a diamond
		(anonymous namespace)::secret
		(anonymous namespace)::silent
		(anonymous namespace)::busy: much ado
		int
		int
		int
		char const*
		shop::late*
		(anonymous namespace)::fault
		(anonymous namespace)::plain
		shop::error
		shop::error: www…
		shop::error: not � UTF-8
		shop::error: {"password": "[redacted]", "user": 7}
		left by an exception
		Rust panic
		std::bad_alloc: std::bad_alloc
		(anonymous namespace)::second_base: kept
		-
		EOF
		[ "$(sql "SELECT max(length(error)) FROM pipeline_spans")" -eq $((1024 + 14)) ]
		holds '.[0].success and .[0].error == null' <"$work/list.json"
	done
}

# --- every way, under every unwinder ------------------------------------------------------------------------

# way HOW RUNTIME...: HOW ends as without the shim under each, and the spans are those on standard input.
way() {
	local how=$1 runtime
	cat >"$work/wanted"
	shift
	unwind_rules
	for runtime; do
		rm -f "$work"/traces.db*
		same timeout 60 "$unwind/$runtime/ways" "$how"
		[ "$(cat "$work/traced.status")" -eq 0 ]
		traces >"$work/list.json"
		sql "SELECT count(*), span_name, coalesce(error, '-') FROM pipeline_spans
			GROUP BY span_name, error ORDER BY span_name, error" | diff "$work/wanted" - ||
			{ echo "$runtime"; return 1; }
		holds 'length == 1 and .[0].success' <"$work/list.json"
	done
}

# Neither a static program nor one with LLVM's unwinder can clean up as libgcc_s unwinds its threads: they abort
# without the shim, too. A C library with a copy of the unwinder cannot clean up either.
every="gnu static llvm nongnu"

@test "unwind: exceptions over one to fifty calls" {
	way many $every <<-'EOF'
	1275 agent:deep int
	50 tool:reach int
	EOF
	way tidy gnu llvm nongnu <<-'EOF'
	1275 agent:tidy int
	50 tool:reach int
	EOF
}

@test "unwind: exceptions thrown again, caught half-way, in destructors, around vector registers" {
	way rethrow $every <<-'EOF'
	21 tool:reach int
	EOF
	way half-way $every <<-'EOF'
	4 agent:deep -
	3 agent:deep int
	1 tool:reach -
	1 tool:reach int
	EOF
	way nested $every <<-'EOF'
	4 agent:deep int
	3 tool:reach int
	EOF
	way float $every <<-'EOF'
	2 step:scale -
	1 step:scale int
	2 tool:leaf -
	EOF
}

@test "unwind: threads that exit or are cancelled inside of calls" {
	way bare-exit $every <<-'EOF'
	20 agent:deep thread exited
	1 tool:reach thread exited
	EOF
	for how in exit cancel; do
		way $how gnu nongnu <<-'EOF'
		20 agent:tidy thread exited
		1 tool:reach thread exited
		EOF
	done
}

@test "unwind: jumps, out of signal handlers and off their stack, and exceptions out of handlers" {
	way jump $every <<-'EOF'
	3 agent:deep -
	465 agent:deep left by longjmp
	1 tool:leaf -
	1 tool:reach -
	30 tool:reach left by longjmp
	EOF
	for how in signal-jump alternate-jump; do
		way $how $every <<-'EOF'
		18 agent:deep -
		45 agent:deep left by longjmp
		9 tool:leaf -
		9 tool:reach -
		9 tool:reach left by longjmp
		EOF
	done
	way signal-throw $every <<-'EOF'
	15 agent:deep int
	6 tool:reach int
	EOF
}

@test "unwind: backtraces through calls, deep recursion, tail calls" {
	way backtrace $every <<-'EOF'
	60 agent:deep -
	2 tool:reach -
	EOF
	way recursion $every <<-'EOF'
	1024 agent:deep -
	1024 agent:deep int
	EOF
	way tail $every <<-'EOF'
	251 step:hop -
	250 step:skip -
	EOF
}

# While another thread opens it, an unwinder cannot find its own unwind data yet, and libgcc's aborts.
@test "unwind: an unwinder is left alone until it is loaded" {
	rules '[step]' 'step = int step(int number)'
	same timeout 60 "$bots/slowload/slowload"
	[ "$(cat "$work/traced.status")" -eq 0 ]
	[ "$(grep -c '^callers: found' "$work/traced.out")" -eq 4 ]
	traces | holds 'length == 4'
}

@test "unwind: gdb sees through calls" {
	local runtime
	unwind_rules
	for runtime in gnu static; do
		gdb -nx -batch -iex 'set debuginfod enabled off' -ex 'set startup-with-shell off' \
			-ex "set environment LD_PRELOAD $shim" -ex 'handle SIGUSR2 stop nopass' -ex run -ex bt \
			--args "$unwind/$runtime/ways" stop >"$work/gdb" 2>&1
		[ "$(grep -cE '^#[0-9]+ .* deep \(' "$work/gdb")" -eq 3 ]
		grep -qE '^#[0-9]+ .* play \(' "$work/gdb"
		grep -qE '^#[0-9]+ .* main \(' "$work/gdb"
	done
}

# LLVM's libunwind 14 takes the place where a signal interrupted for a return address, and so the row before it.
@test "unwind: the callers are found from every instruction of the shim's" {
	local runtime throws
	unwind_rules '[trace]' 'stacks = off'
	sed -i 's/^leaf = .*/& : fails if != 0/' "$TRACESHIM_CONF"
	for runtime in gnu static nongnu inside inside_static; do
		throws=
		case $runtime in
		nongnu) throws=calls ;; # libunwind.so unwinds with signals blocked
		inside*) throws=calls ;; # no row that an exception passes is an entry's alone
		esac
		rm -f "$work"/traces.db*
		STEP_LOG=$work/places same timeout 60 "$unwind/$runtime/step" $throws
		[ "$(cat "$work/traced.out")" = "0 places without main" ]
		awk -v wanted=$((5 - ${#throws} / 5)) '$2 < 300 {exit 1} END {exit NR != wanted}' "$work/places"
		traces >"$work/list.json"
		[ "$(sql "SELECT count(*) FROM pipeline_spans WHERE span_name = 'tool:leaf' AND NOT success")" -ge 1 ]
	done
}
