#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Tokens and cost of calls of language models, from the bytes that came over the wire to what is stored and shown. Over
# SQLite; under its other name over PostgreSQL.

bats_require_minimum_version 1.5.0
load helper
load stores

setup_file() {
	stores_begin
}

teardown_file() {
	stores_end
}

setup() {
	scratch
	traceshim=$root/build/traceshim
	TRACESHIM_STORE=$(new_store "usage$BATS_TEST_NUMBER")
	rules '[pipeline]' 'turn = long turn(const char *tenant_id, const char *model)' \
		'[llm]' 'asked = char *ask(const char *model, const char *prompt)  : fails if NULL'
}

# asked [OPTION...] TENANT MODEL FILE...: one turn, in which MODEL gives the answers of the files; as without the shim.
asked() {
	same "$bots/models/models" "$@"
}

# An answer of each kind, in a file of its own.
answers() {
	cat >openai.sse <<-'END'
		data: {"id":"chatcmpl-1","object":"chat.completion.chunk","model":"gpt-4o-2024-08-06","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}],"usage":null}

		data: {"id":"chatcmpl-1","object":"chat.completion.chunk","model":"gpt-4o-2024-08-06","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}

		data: {"id":"chatcmpl-1","object":"chat.completion.chunk","model":"gpt-4o-2024-08-06","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21,"prompt_tokens_details":{"cached_tokens":0}}}

		data: [DONE]

	END
	cat >anthropic.json <<-'END'
		{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[{"type":"text","text":"Hello"}],"stop_reason":"end_turn","usage":{"input_tokens":10,"cache_creation_input_tokens":200,"cache_read_input_tokens":3000,"output_tokens":40,"service_tier":"standard"}}
	END
	cat >gemini.sse <<-'END'
		data: {"candidates":[{"content":{"role":"model","parts":[{"text":"hi"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":12,"thoughtsTokenCount":30,"totalTokenCount":51},"modelVersion":"gemini-2.5-pro","responseId":"r1"}

	END
	cat >ollama.ndjson <<-'END'
		{"model":"llama3.2","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":"H"},"done":false}
		{"model":"llama3.2","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","total_duration":174560334,"load_duration":1,"prompt_eval_count":11,"prompt_eval_duration":1,"eval_count":18,"eval_duration":1}
	END
	cat >openrouter.sse <<-'END'
		: OPENROUTER PROCESSING

		data: {"id":"gen-1","object":"chat.completion.chunk","model":"anthropic/claude-sonnet-4.5","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21,"cost":0.00021,"cost_details":{"upstream_inference_cost":null}}}

	END
	cat >unpriced.json <<-'END'
		{"model":"in-house-7","choices":[{"message":{"content":"x"}}],"usage":{"prompt_tokens":5,"completion_tokens":6}}
	END
	printf '{"model":"gpt-4o","choices":[{"message":{"content":"x"}}]}' >silent.json
	printf "Let's take it step by step" >words
}

# llm FILTER: of the llm spans of the last trace, in order.
llm() {
	"$traceshim" show last --json | jq -c ".spans | map(select(.kind == \"llm\")) | $1"
}

@test "usage: what each provider's answer tells becomes columns and attributes" {
	answers
	asked '' '' openai.sse anthropic.json gemini.sse ollama.ndjson openrouter.sse unpriced.json silent.json words nothing
	asked '' my-model openai.sse anthropic.json gemini.sse ollama.ndjson openrouter.sse unpriced.json silent.json words nothing
	[ "$(llm '.[] | [.model, .provider, .input_tokens, .output_tokens, .cost_nano_usd, .attributes.cost_status]')" = \
		'["gpt-4o-2024-08-06","openai",9,12,142500,"estimated"]
["claude-sonnet-4-5-20250929","anthropic",3210,40,2280000,"estimated"]
["gemini-2.5-pro","gcp.gen_ai",9,42,431250,"estimated"]
["llama3.2","ollama",11,18,0,"free"]
["anthropic/claude-sonnet-4.5","openrouter",9,12,210000,"provider"]
["in-house-7","asked",5,6,null,"unpriced"]
["gpt-4o","asked",null,null,null,"no_usage"]
["my-model","asked",null,null,null,null]
["my-model","asked",null,null,null,null]' ]
	[ "$(llm '.[1].attributes | [.usage.cache_read_tokens, .usage.cache_write_tokens, .usage.requested_model, .prices.model]')" = \
		'[3000,200,"my-model","claude-sonnet-4-5"]' ]
	[ "$(llm '.[1].attributes.usage.raw.cache_creation_input_tokens, .[2].attributes.usage.reasoning_tokens')" = $'200\n30' ]
	[ "$(llm '.[1].attributes.prices.sha256' | tr -d '"')" = "$(sha256sum <"$root/runtime/prices.json" | cut -c1-16)" ]
	# all of them, by themselves
	[ "$(ask_store "$TRACESHIM_STORE" 'SELECT sum(cost_nano_usd), count(*) FROM pipeline_spans WHERE cost_nano_usd IS NOT NULL')" = \
		$'3063750\t5' ]
}

@test "usage: an answer longer than what is captured tells by its end" {
	python3 - <<-'END'
		import json
		words = 'so "quoted", and {"usage": {"prompt_tokens": 1}} \\ ü ' * 3000
		message = {"id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-4o-2024-08-06", "choices": [
			{"index": 0, "message": {"role": "assistant", "content": words}, "finish_reason": "stop"}],
			"usage": {"prompt_tokens": 1000, "completion_tokens": 300, "total_tokens": 1300}}
		open("long.json", "w").write(json.dumps(message, indent=2))
		chunk = {"id": "msg_1", "type": "content_block_delta", "delta": {"type": "text_delta", "text": words[:200]}}
		with open("long.sse", "w") as out:
		    out.write('event: message_start\ndata: ' + json.dumps({"type": "message_start", "message": {"id": "msg_1",
		        "model": "claude-sonnet-4-5-20250929", "usage": {"input_tokens": 25, "cache_read_input_tokens": 100,
		        "cache_creation_input_tokens": 0, "output_tokens": 1}}}) + '\n\n')
		    for i in range(1000):
		        out.write('event: content_block_delta\ndata: ' + json.dumps(chunk) + '\n\n')
		    out.write('event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},'
		        '"usage":{"output_tokens":15}}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n')
	END
	[ "$(stat -c %s long.json)" -gt 60000 ] && [ "$(stat -c %s long.sse)" -gt 60000 ]
	asked '' m long.json long.sse
	[ "$(llm '.[] | [.output_data.result.truncated > 60000, .model, .provider, .input_tokens, .output_tokens, .cost_nano_usd]')" = \
		'[true,"gpt-4o-2024-08-06","openai",1000,300,5500000]
[true,"claude-sonnet-4-5-20250929","anthropic",125,15,330000]' ]
	# of a stream whose end was not captured either
	head -c 70000 long.sse >broken.sse
	asked '' m broken.sse
	[ "$(llm '.[] | [.input_tokens, .output_tokens, .cost_nano_usd, .attributes.cost_status]')" = '[125,null,105000,"lower_bound"]' ]
}

@test "usage: prices of one's own come first; a wrong file costs only itself" {
	answers
	mkdir conf
	export TRACESHIM_CONF=$work/conf/symbols.conf
	rules '[trace]' 'prices = ours.json' '[pipeline]' 'turn = long turn(const char *tenant_id, const char *model)' \
		'[llm]' 'asked = char *ask(const char *model, const char *prompt)'
	echo '{"prices": [{"model": "in-house-*", "input": 1, "output": 2}, {"model": "gpt-4o", "input": 10, "output": 20}]}' >conf/ours.json
	run -0 "$traceshim" check
	[[ $output == *"2 rules, 0 faults"* ]]
	asked '' m openai.sse unpriced.json anthropic.json
	[ "$(llm '[.[].cost_nano_usd]')" = '[330000,17000,2280000]' ]
	[ "$(llm '.[0].attributes.prices.sha256' | tr -d '"')" = "$(sha256sum <conf/ours.json | cut -c1-16)" ]

	echo '{"prices": [{"model": "in-house-*", "inptu": 1}]}' >conf/ours.json
	run -1 "$traceshim" check
	[[ $output == *"symbols.conf: 2 rules, 1 fault"* ]]
	[[ $output == *"ours.json:1:37:"*"unknown key 'inptu'"* ]]
	[ "$("$traceshim" check --json | jq -r '.faults[0].message' | grep -c 'conf/ours.json:1:37: unknown key')" = 1 ]
	same_but_a_line "prices: $work/conf/ours.json:1:37: unknown key 'inptu'.*; those built in serve" \
		"$bots/models/models" '' m openai.sse unpriced.json
	[ "$(llm '[.[].cost_nano_usd]')" = '[142500,null]' ]

	# a variable says otherwise, from where the program starts
	echo '{"prices": [{"model": "in-house-7", "input": 3}]}' >mine.json
	TRACESHIM_PRICES=mine.json asked '' m unpriced.json
	[ "$(llm '.[] | [.cost_nano_usd, .attributes.cost_status]')" = '[15000,"lower_bound"]' ]
	same_but_a_line 'prices: /nowhere/prices.json: No such file' \
		env TRACESHIM_PRICES=/nowhere/prices.json "$bots/models/models" '' m unpriced.json
}

@test "usage: show tells tokens and cost of each call, and of the trace" {
	answers
	asked '' m openai.sse anthropic.json
	run -0 "$traceshim" show last
	[[ $output == *$'\nused      $0.00242, 3,219 tokens in, 52 out; 2 calls\n'* ]]
	[[ $output == *$'\n   model     claude-sonnet-4-5-20250929 of anthropic\n   used      $0.00228, 3,210 tokens in (3,000 cached), 40 out\n'* ]]
	asked '' m openai.sse unpriced.json words
	run -0 "$traceshim" show last
	[[ $output == *$'\nused      >=$0.000143, >=14 tokens in, >=18 out; 3 calls, 2 unknown\n'* ]]
	[[ $output == *$'\n   used      cost unknown (no price), 5 tokens in, 6 out\n'* ]]
	asked '' m openrouter.sse ollama.ndjson
	run -0 "$traceshim" show last
	[[ $output == *$'\n   used      $0.00021 (told), 9 tokens in, 12 out\n'* ]]
	[[ $output == *$'\n   used      $0.00 (free), 11 tokens in, 18 out\n'* ]]
	asked '' m words
	run -0 "$traceshim" show last
	[[ $output != *used* ]]
}

@test "usage: an answer that is told twice is paid once, and each attempt of a client" {
	cat >bot.py <<-'END'
		import sys

		ANSWER = """{"model":"gpt-4o-2024-08-06","choices":[{"message":{"content":"x"}}],
		             "usage":{"prompt_tokens":1000,"completion_tokens":100}}"""


		def request(attempt):
		    if attempt == "refused":
		        raise OSError("HTTP 429")
		    return ANSWER if attempt == "answered" else "cut"


		def complete(attempts):
		    for attempt in attempts:
		        try:
		            answer = request(attempt)
		        except OSError:
		            answer = None
		    return answer


		def turn(attempts):
		    complete(attempts)


		turn(sys.argv[1:])
	END
	rules '[pipeline]' 'turn = python __main__:turn' \
		'[llm]' 'sdk = python __main__:complete' 'wire = python __main__:request'
	used() {
		same python3 bot.py "$@"
		"$traceshim" show last | sed -n 's/^used  *//p'
	}
	used answered >once
	used refused answered >again
	used answered answered >twice
	diff once again
	grep -q '1,000 tokens in, 100 out; 1 call$' once
	grep -q '2,000 tokens in, 200 out; 2 calls$' twice
	"$traceshim" report --json >report.json
	holds '.model_calls == 4 and .input_tokens == 4000 and .output_tokens == 400' <report.json
	holds '.cost_nano_usd == 4 * 3500000 and .cost_unknown == 0' <report.json
	run -0 "$traceshim" compare last last
	[[ ${lines[1]} =~ '$0.007'0*$ ]]
	printf '%s\n' '[gate paid]' 'require = tokens == 4400' 'require = tokens llm:sdk == 4400' \
		'require = tokens llm:wire >= 4400' 'require = tokens == 2200 per trace' >gates
	run -1 "$traceshim" gate --json gates
	[ "$(jq -c '[.gates[0].requirements[].passed]' <<<"$output")" = '[true,true,true,false]' ]
	# of one that was cut it is not known what it cost
	used answered cut answered >thrice
	grep -q '= \?2,000 tokens in, >= \?200 out; 3 calls, 1 unknown$' thrice
	"$traceshim" export --format folded --weight cost >folded
	[ "$(awk '{ sum += $NF } END { print sum }' folded)" = $((6 * 3500000)) ]
	[[ $(grep -c . folded) == 1 && $(<folded) == 'turn;llm:sdk;llm:wire 21000000' ]]
}

@test "reprice: what is stored is priced anew, cost and attributes alone" {
	answers
	asked '' m openai.sse anthropic.json openrouter.sse unpriced.json words
	ask_store "$TRACESHIM_STORE" "SELECT * FROM pipeline_spans ORDER BY span_id" >before
	llm . >before.json
	echo '{"prices": [{"model": "in-house-7", "input": 1, "output": 2}, {"model": "gpt-4o", "input": 10, "output": 20}]}' >ours.json

	run -0 "$traceshim" reprice --prices ours.json --dry-run
	[ "${lines[0]}" = 'calls      4, 2 would change' ]
	[ "${lines[1]}" = 'before     >=$0.00263, 1 of unknown cost' ]
	[ "${lines[2]}" = 'now        $0.00284' ]
	ask_store "$TRACESHIM_STORE" "SELECT * FROM pipeline_spans ORDER BY span_id" | diff before -

	[ "$("$traceshim" reprice --prices ours.json --json | jq -c .)" = '{"dry_run":false,"calls":4,"changed":2,"before_nano_usd":2632500,"before_unknown":1,"after_nano_usd":2837000,"after_unknown":0,"unpriced":[]}' ]
	[ "$(llm '[.[].cost_nano_usd]')" = '[330000,2280000,210000,17000,null]' ]
	[ "$(llm '[.[] | del(.cost_nano_usd, .attributes.cost_status, .attributes.prices)]')" = \
		"$(jq -c '[.[] | del(.cost_nano_usd, .attributes.cost_status, .attributes.prices)]' before.json)" ]
	[ "$(llm '.[3].attributes | [.cost_status, .prices.model]')" = '["estimated","in-house-7"]' ]
	run -0 "$traceshim" reprice --prices ours.json
	[ "${lines[0]}" = 'calls      4, 0 changed' ]

	# and back, by what a program started here would have
	run -0 "$traceshim" reprice
	[ "${lines[0]}" = 'calls      4, 2 changed' ]
	[ "${lines[3]}" = 'no price   in-house-7 (1)' ]
	llm . | diff before.json -
	run -0 env TRACESHIM_PRICES=ours.json "$traceshim" reprice --since 1h
	[ "${lines[0]}" = 'calls      4, 2 changed' ]
	rules '[trace]' 'prices = ours.json' '[llm]' 'asked = ask'
	run -0 "$traceshim" reprice
	[ "${lines[0]}" = 'calls      4, 0 changed' ]
	run -0 --separate-stderr "$traceshim" reprice --since 2030-01-01
	[ "${lines[0]}" = 'calls      0, 0 changed' ]
	[ "$stderr" = "traceshim: no call of that period tells of its tokens, so there is nothing to price" ]
}

@test "reprice: many calls, a thousand a transaction" {
	answers
	# as many at once as a ring holds
	for i in 1 2 3; do
		asked -n 200 '' m openai.sse unpriced.json
	done
	[ "$("$traceshim" reprice --json | jq -c '[.calls, .changed]')" = '[1200,0]' ]
	echo '{"prices": [{"model": "*", "input": 1, "output": 1}, {"model": "gpt-4o", "input": 1, "output": 1}]}' >ours.json
	[ "$("$traceshim" reprice --prices ours.json --json | jq -c '[.calls, .changed, .before_nano_usd, .after_nano_usd]')" = \
		'[1200,1200,85500000,19200000]' ]
	[ "$(ask_store "$TRACESHIM_STORE" 'SELECT count(*), sum(cost_nano_usd) FROM pipeline_spans')" = $'1200\t19200000' ]
}

@test "reprice: one tenant's calls and no others" {
	answers
	asked acme m unpriced.json
	asked umbrella m unpriced.json
	asked '' m unpriced.json
	echo '{"prices": [{"model": "in-house-7", "input": 1, "output": 1}]}' >ours.json
	[ "$("$traceshim" --tenant acme reprice --prices ours.json --json | jq -c '[.calls, .changed]')" = '[1,1]' ]
	[ "$(ask_store "$TRACESHIM_STORE" 'SELECT tenant_id FROM pipeline_spans WHERE cost_nano_usd = 11000')" = acme ]
	[ "$("$traceshim" reprice --prices ours.json --json | jq -c '[.calls, .changed]')" = '[3,2]' ]
}

@test "reprice: who may only write rows may not change them" {
	[ $store_kind = postgresql ] || skip "an SQLite file has no users"
	answers
	asked '' m unpriced.json
	pg_sql postgres 'DROP ROLE IF EXISTS bot'
	pg_sql postgres 'CREATE ROLE bot LOGIN; GRANT traceshim_writer, traceshim_auditor TO bot'
	echo '{"prices": [{"model": "in-house-7", "input": 1, "output": 1}]}' >ours.json
	TRACESHIM_STORE=$(pg_of "${TRACESHIM_STORE##*/}" bot) run -1 --separate-stderr "$traceshim" reprice --prices ours.json
	# shellcheck disable=SC2154 # bats' own
	[[ $stderr == *"only members of traceshim_owner may change what is stored"* ]]
	[ "$(ask_store "$TRACESHIM_STORE" 'SELECT count(*) FROM pipeline_spans WHERE cost_nano_usd IS NULL')" = 1 ]
	TRACESHIM_STORE=$(pg_of "${TRACESHIM_STORE##*/}" bot) run -0 "$traceshim" reprice --prices ours.json --dry-run
	[ "${lines[0]}" = 'calls      1, 1 would change' ]
}

@test "reprice: what cannot be done is said" {
	run -1 --separate-stderr env TRACESHIM_STORE="jsonl:$work/traces.jsonl" "$traceshim" reprice
	[ "$stderr" = "traceshim: what a jsonl store holds is never changed; reprice is for SQLite and PostgreSQL" ]
	[ ! -e traces.jsonl ]
	echo '{"prices": [{"model": "m", "input": "a lot"}]}' >ours.json
	run -1 --separate-stderr "$traceshim" reprice --prices ours.json
	[ "$stderr" = "traceshim: ours.json:1:37: expected USD per million tokens, as 3 or 0.075, found '\"a lot\"'" ]
	run -1 --separate-stderr "$traceshim" reprice --prices none.json
	[ "$stderr" = "traceshim: none.json: No such file or directory" ]
	run -2 --separate-stderr "$traceshim" reprice --since tomorrow
	[[ $stderr == *"--since tomorrow: neither"* ]]
	run -2 --separate-stderr "$traceshim" reprice everything
	[[ $stderr == *"reprice takes options only, not everything"* ]]
	run -0 --separate-stderr "$traceshim" reprice --json
	[ "$(jq -c '[.calls, .changed]' <<<"$output")" = '[0,0]' ]
}
