#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Keys reach no file, at no moment; and a call that was cut off is told.

load wire

setup_file() {
	wire_begin
}

teardown_file() {
	python_end
}

setup() {
	cd "$work"
	needs_packages
}

# clean FILE...: none of them has a key, in whatever part of it.
clean() {
	local key
	for key in "${keys[@]}"; do
		! grep -raF "$key" "$@" | head -c 300 | grep -a . || return 1
	done
}

# stopped NAME CMD...: CMD, which prints something in the middle of a call, is stopped there, looked at, killed and looked
# at again; then its call is told.
stopped() {
	local name=$1 pid
	shift
	env "${models[@]}" "TRACESHIM_CONF=$work/$name.conf" "TRACESHIM_STORE=sqlite:$work/$name.db" \
		"TRACESHIM_SPOOL=$work/$name.spool" "LD_PRELOAD=$shim" "$@" >"$name.out" 2>"$name.err" 3>&- &
	pid=$!
	soon test -s "$name.out"
	kill -STOP "$pid"
	# what it asked is there, so a key would be found
	grep -raqF "how long is the wait" "$name.spool"
	clean "$name.spool" home
	kill -KILL "$pid"
	wait "$pid" || [ $? -eq 137 ]
	ended "$name.traced"
	observed "$name" "$root/build/traceshim" recover
	clean "$name".db* "$name.spool" home
	observed "$name" dump "$name"
	jq -e '[.[].spans[]] | length == 1' "$name.json"
	jq -e '.[0].spans[0] | .kind == "llm" and (.success | not) and (.error | contains("interrupted"))
		and .attributes.wire.status == 200 and (.input_data | tostring | contains("how long is the wait"))' "$name.json"
}

begin() {
	serve "$1.traced"
	wire_conf "$1"
}

@test "secrets: a program stopped in the middle of a call, and killed" {
	begin openai
	tunnelled openai.traced
	stopped openai "$python" "$programs/waits.py" "how long is the wait"
	jq -e '.[0].spans[0] | .span_name == "llm:openai" and .output_data.result[0].parts[0].content != ""' openai.json
}

# slowly NAME URL BODY HEADER...: by curl, a call whose stream takes its time.
slowly() {
	local name=$1 url=$2 body=$3 header headers=()
	shift 3
	for header in "$@"; do headers+=(-H "$header"); done
	stopped "$name" curl -sSN "$protocol" --cacert "servers/$name.traced/cert.pem" "${headers[@]}" \
		-H 'x-script: pace=100s' -b "session=${keys[0]}; other=1" -d "$body" "$url"
}

@test "secrets: in the query, in headers and cookies, by either HTTP" {
	local protocol url="https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro:streamGenerateContent"
	for protocol in --http1.1 --http2; do
		begin "google$protocol"
		tunnelled "google$protocol.traced"
		slowly "google$protocol" "$url?alt=sse&key=${keys[2]}" \
			'{"contents":[{"role":"user","parts":[{"text":"how long is the wait"}]}]}' \
			"x-goog-api-key: ${keys[2]}" "authorization: Bearer ${keys[0]}" "proxy-authorization: Basic ${keys[1]}"
	done
	begin bedrock
	tunnelled bedrock.traced
	slowly bedrock https://bedrock-runtime.eu-central-1.amazonaws.com/model/a.b-v1%3A0/converse-stream \
		'{"messages":[{"role":"user","content":[{"text":"how long is the wait"}]}]}' \
		"authorization: AWS4-HMAC-SHA256 Credential=${keys[3]}/x, SignedHeaders=host, Signature=${keys[4]}" \
		"x-amz-security-token: ${keys[4]}"
}

@test "secrets: without TLS" {
	local protocol=--http1.1
	begin ollama
	directed ollama.traced
	slowly ollama "$(url ollama.traced http | sed "s#//localhost#//user:${keys[1]}@127.0.0.1#")/api/chat" \
		'{"model":"llama3.2","messages":[{"role":"user","content":"how long is the wait"}]}' "x-api-key: ${keys[1]}"
}

@test "secrets: JSON lines, and what is exported" {
	serve lines.traced
	wire_conf lines
	tunnelled lines.traced
	TRACESHIM_CONF=$work/lines.conf TRACESHIM_STORE=jsonl:$work/lines.jsonl TRACESHIM_SPOOL=$work/lines.spool \
		env "${models[@]}" "LD_PRELOAD=$shim" "$programs/curl.sh" --http1.1 >/dev/null
	grep -q '"llm:openrouter"' lines.jsonl
	grep -q '"llm:aws.bedrock"' lines.jsonl
	ended lines.traced
	clean lines.jsonl lines.spool home
}
