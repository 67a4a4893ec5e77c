# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For the bats files beside it: clients of LLM APIs, run with the shim and without it, each with a server of its own.

load ../python/python

: "${root:?}" "${shim:?}" "${python:?}"
programs=$root/tests/bots/wire
# What must be found nowhere.
keys=(sk-openai-7d1f0c5e sk-ant-93b2ac41 gem-5e0b77d2 aws-2c8840aa aws-secret-a917)

# Called first by setup_file.
wire_begin() {
	python_begin
	unset HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy ALL_PROXY all_proxy
	# Without packages of Node there are none of its tests.
	mkdir js
	cp "$programs"/*.js "$programs/package.json" js
	ln -s "$root/build/wire/node_modules" js/node_modules
}

needs_node() {
	[ ! -e "$root/build/wire/stamp" ] || return 0
	echo "the packages of Node are missing; see scripts/setup-wire"
	[ "${CI-}" != true ] || return 1
	skip "the packages of Node are missing; see scripts/setup-wire"
}

# tunnelled NAME: in `models`, the environment of a client that believes to be at the providers'.
tunnelled() {
	common "$1"
	models+=("HTTPS_PROXY=$(url "$1" http)")
}

# directed NAME: ... that is told to go to the server NAME instead.
directed() {
	common "$1"
	models+=("OPENAI_BASE_URL=$(url "$1")/v1" "ANTHROPIC_BASE_URL=$(url "$1")" "GOOGLE_GEMINI_BASE_URL=$(url "$1")"
		"OLLAMA_HOST=$(url "$1" http)")
}

# diverted NAME: ... of a program of Node's that believes to be at the providers'.
diverted() {
	local secure
	common "$1"
	secure=$(url "$1")
	models+=("NODE_OPTIONS=--require=$programs/diverted.cjs" "DIVERTED_TO=${secure##*:}")
}

common() {
	models=("SSL_CERT_FILE=$work/servers/$1/cert.pem" "NODE_EXTRA_CA_CERTS=$work/servers/$1/cert.pem"
		"OPENAI_API_KEY=${keys[0]}" "ANTHROPIC_API_KEY=${keys[1]}" "GEMINI_API_KEY=${keys[2]}"
		"AWS_ACCESS_KEY_ID=${keys[3]}" "AWS_SECRET_ACCESS_KEY=${keys[4]}")
}

# wire_conf NAME [LINE...]: NAME.conf, which reads calls off their connections, with more lines before that.
wire_conf() {
	local name=$1 secure plain
	shift
	secure=$(url "$name.traced") plain=$(url "$name.traced" http)
	cat >"$name.conf" <<-EOF
		$(printf '%s\n' "$@")
		[wire]
		openssl = on
		http = 127.0.0.1:${plain##*:}
		gateway = ${secure#https://}/v1/messages as anthropic
		gateway = ${secure#https://}/v1beta as gcp.gemini
		gateway = ${secure#https://} as openai
		gateway = ${plain#http://} as ollama
	EOF
}

# client WAY NAME CMD...: CMD without the shim and with it; WAY is tunnelled, directed or diverted. What it said is the same, and the
# store has what the server says of its calls: no more, no less, nothing else, and no key.
client() {
	local way=$1 name=$2
	shift 2
	serve "$name.plain"
	serve "$name.traced"
	[ -e "$name.conf" ] || wire_conf "$name"
	run_client "$way" "$name" "$@"
	ended "$name.plain"
	ended "$name.traced"
	same_said "$name"
	[ "$(cat "$name.traced.status")" = 0 ]
	[ -s "$name.traced.out" ]
	accounted "$name"
	no_key "$name"
}

run_client() { # WAY NAME CMD...
	local way=$1 name=$2 other models
	shift 2
	$way "$name.plain"
	answer "$name.plain" env "${models[@]}" "$@" 3>&- &
	other=$!
	$way "$name.traced"
	observed "$name" answer "$name.traced" env "${models[@]}" "LD_PRELOAD=$shim" "$@"
	wait $other
}

# observed NAME CMD...: CMD with the configuration, the store and the spool of that name.
observed() {
	local name=$1
	shift
	TRACESHIM_CONF=$work/$name.conf in_store "$name" "$@"
}

# ended NAME: the server NAME ends, and its account is whole.
ended() {
	kill "$(cat "servers/$1/pid")"
	rm "servers/$1/pid"
	soon eval "! pgrep -f '$work/servers/$1\$' >/dev/null"
}

# accounted NAME: each exchange is one span, and each span is one; nothing of them was lost.
accounted() {
	observed "$1" dump "$1"
	observed "$1" "$root/build/traceshim" list --runs --json >"$1.runs"
	jq -e 'all(.[]; .begun == .stored and .open == 0 and .dropped == 0
		and (.attributes.wire | .unreadable == 0 and .no_room == 0 and .lost_bytes == 0 and .bypassed == 0))' "$1.runs"
	"$root/tests/wire/compare.py" "servers/$1.traced/calls.jsonl" "$1.json"
}

# no_key NAME: no file that the shim or the command wrote has one of the keys.
no_key() {
	local key files=("$1.spool" "$1.json")
	if [ -e "$1.db" ]; then
		observed "$1" "$root/build/traceshim" export --format json >"$1.export"
		files+=("$1.db"* "$1.export")
	fi
	for key in "${keys[@]}"; do
		! grep -raF "$key" "${files[@]}" | cut -c1-200 | grep -a . || return 1
	done
}
