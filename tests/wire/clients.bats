#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Clients of LLM APIs as people use them: what they get is the same with the shim, and the store has each of their calls.
# Half of them believe to be at the providers', through a tunnel or because their sockets lead elsewhere; half are told to go elsewhere, and [wire] whose that is.

load wire

setup_file() {
	wire_begin
}

teardown_file() {
	python_end
}

setup() {
	cd "$work"
	if [[ $BATS_TEST_DESCRIPTION == Python* ]]; then needs_packages; fi
	if [[ $BATS_TEST_DESCRIPTION == Node* ]]; then needs_node; fi
}

@test "Python: openai, at OpenAI" {
	client tunnelled openai "$python" "$programs/openai_calls.py"
}

@test "Python: openai, at a gateway" {
	client directed openai-gateway "$python" "$programs/openai_calls.py"
}

@test "Python: anthropic, at Anthropic" {
	client tunnelled anthropic "$python" "$programs/anthropic_calls.py"
}

@test "Python: anthropic, at a gateway" {
	client directed anthropic-gateway "$python" "$programs/anthropic_calls.py"
}

@test "Python: google-genai, at Google" {
	client tunnelled gemini "$python" "$programs/gemini_calls.py"
}

@test "Python: litellm, at two providers" {
	client tunnelled litellm "$python" "$programs/litellm_calls.py"
}

@test "Python: ollama, without TLS" {
	client directed ollama "$python" "$programs/ollama_calls.py"
}

@test "Python: httpx with HTTP/2, many calls on one connection" {
	client tunnelled http2 "$python" "$programs/http2_calls.py"
}

@test "Python: 50 calls at once in one event loop" {
	client tunnelled tasks "$python" "$programs/crowd.py" tasks
}

@test "Python: 50 calls at once by as many threads" {
	client directed threads "$python" "$programs/crowd.py" threads
}

@test "Python: threads that share a pool of connections" {
	client tunnelled pool "$python" "$programs/pool.py"
}

# at_its_own NAME HOST CMD...: client diverted, and no line of the configuration says to whom.
at_its_own() {
	local name=$1 host=$2
	shift 2
	printf '[wire]\nopenssl = on\n' >"$name.conf"
	client diverted "$name" "$@"
	jq -e --arg host "$host" '[.[].spans[].attributes.wire.host] | unique == [$host]' "$name.json"
}

@test "Node: openai, at OpenAI" {
	at_its_own node-openai api.openai.com node js/openai_calls.js
}

@test "Node: openai, at a gateway" {
	client directed node-openai-gateway node js/openai_calls.js
}

@test "Node: anthropic, at Anthropic" {
	at_its_own node-anthropic api.anthropic.com node js/anthropic_calls.js
}

@test "Node: anthropic, at a gateway" {
	client directed node-anthropic-gateway node js/anthropic_calls.js
}

@test "Ruby: Net::HTTP, at Anthropic" {
	client tunnelled ruby ruby "$programs/calls.rb"
}

@test "Ruby: Net::HTTP, at a gateway" {
	client directed ruby-gateway ruby "$programs/calls.rb"
}

@test "curl: HTTP/1.1 at OpenRouter, Bedrock, Google, and at no provider's" {
	client tunnelled curl1 "$programs/curl.sh" --http1.1
}

@test "curl: HTTP/2 at OpenRouter, Bedrock, Google, and at no provider's" {
	client tunnelled curl2 "$programs/curl.sh" --http2
}

@test "Python: 50 calls at once, of more bytes than there is room for" {
	accounted() {
		observed "$1" dump "$1"
		[ "$(jq '[.[].spans[]] | length' "$1.json")" -eq 50 ]
		# of what was told to have gone well all bytes are accounted for, seen or not
		jq -e '[.[].spans[] | select(.success)] | length > 0 and all(.attributes.wire.sent_bytes > 300000)' "$1.json"
	}
	client tunnelled flood "$python" "$programs/crowd.py" tasks 300000
}

# In a program with pipelines only what is called in one counts, and it lies in the span that calls it.
@test "Python: anthropic in pipelines and agents" {
	serve in.traced
	wire_conf in '[pipeline]' 'talk = python anthropic_calls:sync' 'talk = python anthropic_calls:asynchronous' \
		'[agent]' 'answering = python anthropic_calls:answered'
	tunnelled in.traced
	observed in answer in.traced env "${models[@]}" "PYTHONPATH=$programs" "LD_PRELOAD=$shim" "$python" -c \
		'import asyncio, anthropic, anthropic_calls as calls
calls.sync()
asyncio.run(calls.asynchronous())
anthropic.Anthropic().messages.create(**calls.ask("claude-haiku-4-5", "in no pipeline"))'
	[ "$(cat in.traced.status)" = 0 ]
	ended in.traced
	# the last call is the one in no pipeline
	sed -i '$d' servers/in.traced/calls.jsonl
	accounted in
	no_key in
	jq -e 'length == 2 and all(.[]; .pipeline_name == "talk")' in.json
	# three of the asynchronous half's calls are an agent's, and one of these was tried twice
	jq -e '[.[].spans[] | select(.span_name == "agent:answering").span_id] as $agents | ($agents | length) == 3 and
		([.[].spans[] | select(.parent_span_id as $parent | $agents | index($parent))] | length) == 4' in.json
	jq -e '[.[].spans[] | select(.kind == "llm" and .parent_span_id == null)] | length == 24 + 4' in.json
}
