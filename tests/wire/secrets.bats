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

@test "secrets: a program stopped in the middle of a call, and killed" {
	serve stop.traced
	wire_conf stop
	tunnelled stop.traced
	env "${models[@]}" "TRACESHIM_CONF=$work/stop.conf" "TRACESHIM_STORE=sqlite:$work/stop.db" \
		"TRACESHIM_SPOOL=$work/stop.spool" "LD_PRELOAD=$shim" "$python" "$programs/waits.py" "how long is the wait" \
		>stop.out 2>stop.err 3>&- &
	pid=$!
	soon grep -q came stop.out
	kill -STOP "$pid"
	# what it asked is there, so a key would be found
	grep -raqF "how long is the wait" stop.spool
	clean stop.spool home
	kill -KILL "$pid"
	wait "$pid" || [ $? -eq 137 ]
	observed stop "$root/build/traceshim" recover
	clean stop.db* stop.spool home
	observed stop dump stop
	jq -e 'length == 1 and (.[0].spans | length) == 1' stop.json
	jq -e '.[0].spans[0] | .span_name == "llm:openai" and .kind == "llm" and (.success | not)
		and (.error | contains("interrupted")) and .attributes.wire.status == 200
		and (.input_data | tostring | contains("how long is the wait"))' stop.json
}

@test "secrets: JSON lines, and what is exported" {
	serve lines.traced
	wire_conf lines
	tunnelled lines.traced
	TRACESHIM_CONF=$work/lines.conf TRACESHIM_STORE=jsonl:$work/lines.jsonl TRACESHIM_SPOOL=$work/lines.spool \
		env "${models[@]}" "LD_PRELOAD=$shim" "$programs/curl.sh" --http1.1 >/dev/null
	grep -q '"llm:openrouter"' lines.jsonl
	grep -q '"llm:aws.bedrock"' lines.jsonl
	clean lines.jsonl lines.spool home
}
