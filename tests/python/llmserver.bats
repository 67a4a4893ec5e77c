#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The server of language models that the other files beside this use: what it says is what the real ones would, and its
# account is true.

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
}

# ask PATH BODY CURL-OPTION...: what comes back, as it is.
ask() {
	local path=$1 body=$2
	shift 2
	curl -sS --cacert "$work/servers/models/cert.pem" -H 'authorization: Bearer k' -H 'content-type: application/json' \
		-d "$body" --http1.1 "$@" "$(url models)$path"
}

# events: the data of the events on standard input, a line each.
events() {
	sed -n 's/^data: //p'
}

chat() { # MODEL [MEMBER...]: a question in the words of the chat API
	printf '{"model":"%s","messages":[{"role":"user","content":"%s"}]%s}' "$1" "$BATS_TEST_NAME" "${2+,$2}"
}

# last: the last call in the account.
last() {
	tail -n 1 "$work/servers/models/calls.jsonl" | jq -c "$1"
}

@test "llmserver: OpenAI's chat, whole and as a stream, says the same" {
	ask /v1/chat/completions "$(chat gpt-4o+cached=2+reasoning=9)" >whole
	jq -e '.object == "chat.completion" and .model == "gpt-4o-2024-08-06" and .choices[0].finish_reason == "stop"
		and .usage.total_tokens == .usage.prompt_tokens + .usage.completion_tokens
		and .usage.prompt_tokens_details.cached_tokens == 2
		and .usage.completion_tokens_details.reasoning_tokens == 9' whole
	ask /v1/chat/completions "$(chat gpt-4o '"stream":true,"stream_options":{"include_usage":true}')" | events >stream
	[ "$(tail -n 1 stream)" = "[DONE]" ]
	[ "$(sed '$d' stream | jq -rj '.choices[]?.delta.content // ""')" = "$(jq -r '.choices[0].message.content' whole)" ]
	sed '$d' stream | jq -se '.[-1].choices == [] and .[-1].usage.completion_tokens > 5 and all(.[:-1][]; .usage == null)
		and .[-2].choices[0].finish_reason == "stop"'
	[ "$(last .outcome)" = '"answered"' ]
	[ "$(last .text)" = "$(jq -c '.choices[0].message.content' whole)" ]
	# who does not ask for it is told no usage
	ask /v1/chat/completions "$(chat gpt-4o '"stream":true')" | events | sed '$d' | jq -se 'all(has("usage") | not)'
}

@test "llmserver: Anthropic's messages, whole and as a stream, say the same" {
	ask /v1/messages "$(chat claude-sonnet-4-5+cached=3 '"max_tokens":400')" >whole
	jq -e '.type == "message" and .stop_reason == "end_turn" and .usage.cache_read_input_tokens == 3' whole
	ask /v1/messages "$(chat claude-sonnet-4-5+cached=3 '"max_tokens":400,"stream":true')" >stream
	diff <(sed -n 's/^event: //p' stream | uniq) - <<-'EOF'
		message_start
		content_block_start
		ping
		content_block_delta
		content_block_stop
		message_delta
		message_stop
	EOF
	diff <(sed -n 's/^event: //p' stream) <(events <stream | jq -r .type)
	[ "$(events <stream | jq -rj '.delta.text? // ""')" = "$(jq -r '.content[0].text' whole)" ]
	events <stream | jq -se --slurpfile whole whole '.[0].message.usage.output_tokens == 1
		and .[-2].usage.output_tokens == $whole[0].usage.output_tokens'
	[ "$(last '.input_tokens - .cached_tokens')" = "$(jq .usage.input_tokens whole)" ]
}

@test "llmserver: OpenAI's responses, whole and as a stream, say the same" {
	ask /v1/responses '{"model":"gpt-4o","input":"hello"}' >whole
	ask /v1/responses '{"model":"gpt-4o","input":"hello","stream":true}' | events >stream
	jq -se 'all(.[]; .type | startswith("response.")) and [.[].sequence_number] == [range(length)]' stream
	diff <(jq -S '.output[0].content, .usage' whole) \
		<(jq -sS '.[-1].response | .output[0].content, .usage' stream)
	[ "$(jq -rj 'select(.type == "response.output_text.delta").delta' stream)" = "$(jq -r '.output[0].content[0].text' whole)" ]
}

@test "llmserver: errors are worded as each API words them" {
	for status in 400 401 429 500 529; do
		[ "$(ask /v1/messages "$(chat claude+status=$status '"max_tokens":9')" -o body -w '%{http_code}')" = $status ]
		jq -e '.type == "error" and (.error.type | length > 0) and (.request_id | startswith("req_"))' body
		[ "$(ask /v1/chat/completions "$(chat gpt+status=$status)" -o body -w '%{http_code}')" = $status ]
		jq -e '.error | has("type") and has("code") and has("param") and (.message | length > 0)' body
		[ "$(last .status)" = $status ]
	done
	ask /v1/messages "$(chat claude+status=529)" | jq -e '.error.type == "overloaded_error"'
	ask /v1/messages "$(chat claude)" | jq -e '.error.type == "invalid_request_error"' # for max_tokens is missing
	ask /v1/messages "$(chat claude)" -H 'x-api-key: wrong' | jq -e '.error.type == "authentication_error"'
	ask /v1/chat/completions "$(chat gpt-4o+typo=1)" | jq -e '.error.message | contains("typo")'
}

@test "llmserver: so many refusals in a row, then an answer, and again" {
	for wanted in 429 429 200 429 429 200; do
		got=$(ask /v1/chat/completions "$(chat gpt-4o+status=429*2+after=0.02)" -D head -o /dev/null -w '%{http_code}')
		[ "$got" = $wanted ]
		[ $wanted = 200 ] || grep -qi '^retry-after: 0.02' head
	done
	# the script may come in a header, and the model keeps its name
	[ "$(ask /v1/chat/completions "$(chat gpt-4o)" -H 'x-script: status=500 after=3' -o /dev/null -w '%{http_code}')" = 500 ]
	[ "$(last .model)" = '"gpt-4o"' ]
}

@test "llmserver: streams that are cut, and streams that break" {
	run ask /v1/chat/completions "$(chat gpt-4o+cut=3 '"stream":true')"
	[ "$status" -eq 18 ] # curl: a transfer that ended early
	[ "$(events <<<"$output" | grep -c chunk)" -eq 3 ]
	[ "$(last .outcome)" = '"cut"' ]
	run ask /v1/chat/completions "$(chat gpt-4o+cut=30)"
	[ "$status" -eq 18 ]
	ask /v1/messages "$(chat claude+error=4 '"max_tokens":99,"stream":true')" >stream
	[ "$(sed -n 's/^event: //p' stream | tail -n 1)" = error ]
	[ "$(grep -c ^event stream)" -eq 5 ]
	ask /v1/chat/completions "$(chat gpt-4o+error=2 '"stream":true')" | events | tail -n 1 | jq -e .error.message
}

@test "llmserver: slow answers, and clients that do not wait for them" {
	ask /v1/chat/completions "$(chat gpt-4o+slow=150ms)" -o /dev/null -w '%{time_starttransfer}' >time
	[ "$(jq '. >= 0.15' time)" = true ]
	local asked http
	asked=$(chat gpt-4o+slow=100s) http=$(url models http)
	printf 'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer k\r\ncontent-length: %d\r\n\r\n%s' \
		${#asked} "$asked" >"/dev/tcp/localhost/${http##*:}"
	soon eval '[ "$(last .outcome)" = "\"left\"" ]'
}

@test "llmserver: without TLS, and by a client that sends in chunks" {
	chat gpt-4o | curl -sS -H 'authorization: Bearer k' -H 'transfer-encoding: chunked' --data-binary @- \
		"$(url models http)/any/prefix/v1/chat/completions" | jq -e .usage
	[ "$(last .secure)" = false ]
}

@test "llmserver: other APIs, whole and as streams, say the same" {
	local at=/v1beta/models/gemini-2.5-pro gemini='{"contents":[{"role":"user","parts":[{"text":"hello"}]}]}'
	ask "$at:generateContent" "$gemini" >whole
	ask "$at:streamGenerateContent?alt=sse" "$gemini" | events >stream
	[ "$(jq -rj '.candidates[0].content.parts[0].text' stream)" = "$(jq -r '.candidates[0].content.parts[0].text' whole)" ]
	[ "$(last .text)" = "$(jq -c '.candidates[0].content.parts[0].text' whole)" ]
	diff <(jq -S .usageMetadata whole) <(jq -sS '.[-1].usageMetadata' stream)
	ask /api/chat "$(chat llama '"stream":false')" >whole
	ask /api/chat "$(chat llama)" >stream
	[ "$(jq -rj .message.content stream)" = "$(jq -r .message.content whole)" ]
	jq -se '.[-1].done and .[-1].eval_count > 5 and all(.[:-1][]; .done | not)' stream
	ask /api/v1/chat/completions "$(chat gpt-4o '"stream":true')" >stream
	grep -q '^: OPENROUTER PROCESSING$' stream
	ask /v1/embeddings '{"model":"text-embedding-3-small","input":["a","b"]}' | jq -e '.data | length == 2'
}

@test "llmserver: events of Bedrock are frames whose checksums are right" {
	ask /model/anthropic.claude-v1%3A0/converse-stream '{"messages":[{"role":"user","content":[{"text":"hello"}]}]}' \
		-o stream
	python3 - <<-'EOF'
		import struct, zlib
		data = open("stream", "rb").read()
		while data:
		    size, _ = struct.unpack(">II", data[:8])
		    assert zlib.crc32(data[:8]) == struct.unpack(">I", data[8:12])[0]
		    assert zlib.crc32(data[:size - 4]) == struct.unpack(">I", data[size - 4:size])[0]
		    data = data[size:]
	EOF
	[ "$(last .model)" = '"anthropic.claude-v1:0"' ]
}

@test "llmserver: a model that asks for a tool, whole and as a stream" {
	tools='"tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object"}}}]'
	ask /v1/chat/completions "$(chat gpt-4o+tool=1 "$tools")" |
		jq -Se '.choices[0].message.tool_calls[0].function | .arguments |= fromjson' >whole
	ask /v1/chat/completions "$(chat gpt-4o+tool=1 "$tools,\"stream\":true")" | events | sed '$d' |
		jq -sS '[.[].choices[0].delta.tool_calls[0].function? | values] | {name: .[0].name, arguments: (map(.arguments) | add | fromjson)}' |
		diff - whole
	[ "$(last .tool.name)" = '"weather"' ]
}

@test "llmserver: coded bodies, in pieces of any length, over either HTTP, say the same" {
	ask /v1/chat/completions "$(chat gpt-4o '"stream":true')" -H 'x-script: ' >said
	for how in --http1.1 --http2; do
		for words in gzip br 'gzip chop=1' 'chop=2' 'br chop=3'; do
			ask /v1/chat/completions "$(chat gpt-4o '"stream":true')" --compressed $how -H "x-script: $words" |
				diff - said
		done
		[ "$(last .http)" = "\"${how#--http}\"" ]
	done
	run ask /v1/chat/completions "$(chat gpt-4o+cut=3 '"stream":true')" --http2
	[ "$status" -eq 92 ] # curl: a stream that was reset
	[ "$(events <<<"$output" | grep -c chunk)" -eq 3 ]
}

@test "llmserver: a tunnel leads to it, whatever the host" {
	for host in api.anthropic.com openrouter.ai; do
		chat x '"max_tokens":9' | curl -sS --proxy "$(url models http)" --cacert servers/models/cert.pem \
			-H 'authorization: Bearer k' -d @- "https://$host/v1/messages" | jq -e '.type == "message"'
		[ "$(last .host)" = "\"$host\"" ]
	done
}

@test "llmserver: ends when its standard input does, or when it is told to" {
	for end in input signal; do
		mkdir "$BATS_TEST_TMPDIR/$end"
		mkfifo "$BATS_TEST_TMPDIR/$end/in"
		exec {held}<>"$BATS_TEST_TMPDIR/$end/in"
		/usr/bin/python3 "$root/tests/bots/llmserver" "$BATS_TEST_TMPDIR/$end" <"$BATS_TEST_TMPDIR/$end/in" \
			>"$BATS_TEST_TMPDIR/$end/out" 2>"$BATS_TEST_TMPDIR/$end/err" 3>&- {held}>&- &
		pid=$!
		soon grep -q http: "$BATS_TEST_TMPDIR/$end/out"
		[ $end = input ] || kill $pid
		exec {held}>&-
		wait $pid
		[ ! -s "$BATS_TEST_TMPDIR/$end/err" ]
	done
}
