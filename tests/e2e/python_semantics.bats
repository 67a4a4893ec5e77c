#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Python programs, all of whose functions are wrapped, do what they do without us: on the system's Python, and
# on python3.10 to 3.14 where they are found; TRACESHIM_PYTHONS names more.

bats_require_minimum_version 1.5.0
load helper

setup() {
	scratch
	here=$root/tests/e2e/python
	everything
}

# Every function of the script is wrapped, main as a pipeline, llm_... as LLM calls.
everything() {
	rules '[trace]' 'orphans = trace' '[pipeline]' 'main = python __main__:main' \
		'[llm]' 'llm = python __main__:llm_*' '[step]' 'function = python __main__:*' 'inner = python __main__:*.<locals>.*'
}

# same_in_all LEAST SCRIPT...: SCRIPT does the same with the shim, in every Python from 3.LEAST on.
same_in_all() {
	local python least=$1
	shift
	for python in $(pythons "$least"); do
		echo "$python"
		same "$python" "$@"
		[ -s "$work/traced.out" ]
	done
}

@test "python: frames of ours are seen by nobody" {
	same_in_all 11 "$here/frames.py"
}

@test "python: a recursion goes as deep, and is stopped where it was" {
	same_in_all 10 "$here/recursion.py"
}

@test "python: generators get what is sent, thrown and closed" {
	same_in_all 10 "$here/generators.py"
}

@test "python: async generators, too" {
	same_in_all 10 "$here/async_generators.py"
}

@test "python: what is recorded runs no code of the objects" {
	same_in_all 10 "$here/looks.py"
	spans last | holds 'map(select(.function == "looks:take").input_data.x) |
		contains([{dumped: true}, {a: 5}, {x: 1}, {a: 1, b: "b"}, "<__main__.Proxy>", "<unittest.mock.MagicMock>"])
		and any(. == [1, 2]) and any(. == ["<list>"]) and any(. == {self: "<dict>"})'
}

@test "python: exceptions leave as they came, and are told without their code" {
	same_in_all 10 "$here/errors.py"
	spans last | holds 'map(select(.function == "errors:raiser").error) |
		contains(["Nasty: a", "Nasty", "ValueError", "ArgsProp: q", "Lie: x", "cancelled", "SystemExit: 3", "KeyError: '"'k'"'"])
		and all(. == null | not)'
}

@test "python: results that go on are followed, and stay what they are" {
	same_in_all 10 "$here/results.py"
	spans last | holds 'map(select(.span_name == "llm:llm") | .output_data.result) |
		any(. == [1, 2, 3]) and any(. == [1])'
}
