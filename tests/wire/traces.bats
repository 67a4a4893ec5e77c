#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Where calls that were read off connections belong, and how much of them is kept.

load wire

setup_file() {
	wire_begin
	serve models.traced
}

teardown_file() {
	ended models.traced
}

setup() {
	cd "$work"
	name=$BATS_TEST_NUMBER
	tunnelled models.traced
	ask=(curl -sS --cacert "$work/servers/models.traced/cert.pem" -H "x-api-key: ${keys[1]}"
		-d '{"model":"claude-sonnet-4-5","max_tokens":400,"messages":[{"role":"user","content":"call 5832210"}]}'
		https://api.anthropic.com/v1/messages)
}

# rows RULE... -- CMD...: what the store has of CMD.
rows() {
	local rules=()
	while [ "$1" != -- ]; do
		rules+=("$1")
		shift
	done
	shift
	printf '%s\n' "${rules[@]}" '[wire]' 'openssl = on' >"$name.conf"
	observed "$name" env "${models[@]}" "LD_PRELOAD=$shim" "$@" >"$name.out"
	observed "$name" dump "$name"
}

@test "traces: without a pipeline each call is one" {
	rows -- "${ask[@]}"
	jq -e 'length == 1 and .[0].pipeline_name == "anthropic" and (.[0].spans | length) == 1' "$name.json"
}

@test "traces: none where a pipeline is named, and it is not called" {
	rows '[pipeline]' 'never = int handle_nothing(int n)' -- "${ask[@]}"
	jq -e 'length == 0' "$name.json"
	rows '[trace]' 'orphans = drop' -- "${ask[@]}"
	jq -e 'length == 0' "$name.json"
}

@test "traces: what a pipeline starts calls in it" {
	printf 'import subprocess, sys\ndef talk():\n    subprocess.run(sys.argv[1:], check=True)\ntalk()\n' >starts.py
	rows '[pipeline]' 'talk = python __main__:talk' -- /usr/bin/python3 starts.py "${ask[@]}"
	jq -e 'length == 1 and .[0].pipeline_name == "talk" and (.[0].spans | map(.span_name)) == ["llm:anthropic"]' "$name.json"
}

@test "traces: times and tokens only, with capture = 0" {
	rows '[trace]' 'capture = 0' -- "${ask[@]}"
	jq -e '.[0].spans[0] | .input_data == null and .output_data == null and .output_tokens > 5
		and .model == "claude-sonnet-4-5-20250929" and .cost_nano_usd > 0 and .success' "$name.json"
	! grep -rqaF 5832210 "$name.json" "$name.db"*
}

@test "traces: what redact names is hidden on both sides" {
	rows '[trace]' 'redact = content, text' -- "${ask[@]}"
	jq -e '.[0].spans[0] | (.input_data.messages[0].content == "[redacted]") and .output_tokens > 5' "$name.json"
	! grep -rqaF 5832210 "$name.json" "$name.db"*
	said=$(jq -r '.content[0].text' "$name.out")
	[ -n "$said" ]
	! grep -rqaF "$said" "$name.json" "$name.db"*
}

@test "traces: the shim says nothing, and the command tells what is read" {
	rows -- "${ask[@]}" 2>err
	[ ! -s err ]
	observed "$name" "$root/build/traceshim" show last >shown
	grep -q 'llm:anthropic' shown
	grep -q 'claude-sonnet-4-5-20250929' shown
	observed "$name" env "${models[@]}" "$root/build/traceshim" check -- "${ask[@]}" >checked
	grep -q 'openssl' checked
}
