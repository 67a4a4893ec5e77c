#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# LLM calls of Python that are read off their connections belong to the agent that made them, whatever thread, task or
# callback sends the request; and the program does what it does without us. On the system's Python and those beside it.

bats_require_minimum_version 1.5.0
load python

setup_file() {
	python_begin
	serve models
}

teardown_file() {
	python_end
}

setup() {
	cd "$work"
	senders=$root/tests/bots/pysender
	local models
	models models
	export "${models[@]}"
	url=$(url models)
	rules '[wire]' 'openssl = on' "gateway = ${url#https://} as openai" \
		'[pipeline]' 'handle = python *:handle*' '[agent]' 'agent = python *:agent*'
	export PYTHONWARNINGS=ignore::DeprecationWarning # of fork, where there is a thread besides
	TRACESHIM_STORE=sqlite:$BATS_TEST_TMPDIR/traces.db
	TRACESHIM_SPOOL=$BATS_TEST_TMPDIR/spool
}

# belongs: a line for each LLM call: its prompt, where it is, what that is about. Of a request that is not whole there is the text.
belongs() {
	traces >/dev/null
	sql "SELECT coalesce(json_extract(llm.input_data, '\$.messages[0].content'),
				rtrim(substr(body, instr(body, 'content') + 11), '\"]}')), coalesce(inside.span_name, 'nowhere'),
			json_extract(inside.input_data, '\$.wanted', '\$.number')
		FROM (SELECT *, json_extract(input_data, '\$.body') AS body FROM pipeline_spans) AS llm LEFT JOIN pipeline_spans AS inside
			ON inside.trace_id = llm.trace_id AND inside.span_id = llm.parent_span_id
		WHERE llm.kind = 'llm' ORDER BY 1" | sed 's| *$||'
}

# Asked once in a pipeline that is a coroutine, once in one that runs an event loop.
expected() {
	local way
	for way in "$@"; do
		printf "%s agent:agent [\"%s\",null]\n%s agent:agent [\"%s\",null]\n" "$way" "$way" "$way" "$way"
	done | sort
}

@test "senders: tasks, callbacks and threads, in every Python" {
	local python all
	all=(blocking callback coroutine early_with_context executor grandchild loop_of_its_own many_variables protocol task
		tasks tasks thread timer to_thread)
	for python in $(pythons); do
		echo "$python"
		rm -rf "${TRACESHIM_STORE#sqlite:}"*
		same "$python" "$senders/sender.py" "$url"
		[ "$(cat traced.status)" -eq 0 ]
		belongs | diff <(expected "${all[@]}") -
	done
}

@test "senders: a client that sends in a task of its own" {
	needs_packages
	same "$python" "$senders/sender.py" "$url" aiohttp
	[ "$(cat traced.status)" -eq 0 ]
	belongs | diff <(expected aiohttp) -
}

@test "senders: in development mode" {
	same /usr/bin/python3 -X dev "$senders/sender.py" "$url"
	[ "$(belongs | grep -c agent:agent)" -eq 30 ]
}

# Of those that are cancelled, every third, some have sent nothing yet, the others, more on a faster machine, a request that is
# not whole.
@test "senders: two hundred at once, cancelled, failing, forking, and at the interpreter's end" {
	local python
	for python in $(pythons); do
		echo "$python"
		rm -rf "${TRACESHIM_STORE#sqlite:}"*
		same "$python" "$senders/storm.py" "$url"
		[ "$(cat traced.status)" -eq 0 ]
		belongs >found
		[ "$(grep -c '^task' found)" -ge 134 ]
		grep -v '^child agent:agent$' found | awk '$0 != $1 " agent:agent [null," substr($1, 5) "]"' | diff /dev/null -
		grep -q '^child agent:agent$' found
	done
}
