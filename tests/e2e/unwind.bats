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
		same timeout 20 "$unwind/$runtime/kinds"
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
