# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For the bats files beside it: the packages of build/venv, servers of language models, programs run with the shim and
# without it. A file runs its programs in setup_file and looks at what they left.

load ../e2e/helper

: "${root:?}" "${shim:?}"
python=$root/build/venv/bin/python3

# Called first by setup_file: a scratch folder for the whole file.
python_begin() {
	BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR scratch
	export work LITELLM_LOCAL_MODEL_COST_MAP=True
	unset PYTHONPATH PYTHONDONTWRITEBYTECODE PYTHONUNBUFFERED
	mkdir servers
}

# Are the packages there? Asked by setup_file, which runs nothing without them.
has_packages() {
	[ -e "$root/build/venv/stamp" ] && [ -x "$python" ]
}

# Called by setup of what runs them.
needs_packages() {
	has_packages && return
	echo "the Python packages are missing; see scripts/setup-python"
	[ "${CI-}" != true ] || return 1
	skip "the Python packages are missing; see scripts/setup-python"
}

# serve NAME: starts a server of language models; its URLs are in servers/NAME.
serve() {
	local folder=$work/servers/$1
	mkdir "$folder"
	# It ends with bats, which holds the other end of its standard input.
	mkfifo "$folder/in"
	exec {held}<>"$folder/in"
	/usr/bin/python3 "$root/tests/bots/llmserver" "$folder" <"$folder/in" >"$folder/urls" 2>"$folder/err" 3>&- {held}>&- &
	echo $! >"$folder/pid"
	soon eval "[ \$(wc -l <'$folder/urls') = 2 ]"
}

url() { # NAME [http]
	if [ "${2-https}" = https ]; then head -n 1 "$work/servers/$1/urls"; else tail -n 1 "$work/servers/$1/urls"; fi
}

# Called by teardown_file.
python_end() {
	local pid
	for pid in "$BATS_FILE_TMPDIR"/servers/*/pid; do
		if [ -e "$pid" ]; then kill "$(cat "$pid")"; fi
	done
}

# models NAME: in `models`, the environment of a program whose language models are at the server NAME; its keys must be
# stored nowhere.
models() {
	models=("OPENAI_BASE_URL=$(url "$1")/v1" "ANTHROPIC_BASE_URL=$(url "$1")" "LLM_URL=$(url "$1" http)"
		"SSL_CERT_FILE=$work/servers/$1/cert.pem" OPENAI_API_KEY=sk-secret-1 ANTHROPIC_API_KEY=sk-ant-secret-2
		MEMORY_TOKEN=mem-secret-3 BOT_TOKEN=42:AAsecret-secret-secret-secret-4)
}

# asking NAME CMD...: CMD in that environment.
asking() {
	local models
	models "$1"
	shift
	env "${models[@]}" "$@"
}

# in_store NAME CMD...: CMD, whose traces are kept apart from all others.
in_store() {
	local name=$1
	shift
	TRACESHIM_STORE=sqlite:$work/$name.db TRACESHIM_SPOOL=$work/$name.spool "$@"
}

# both NAME CMD...: CMD without the shim and with it, side by side, each with a server of its own ("plain", "traced"). What
# they say is in NAME.plain.* and NAME.traced.*, the traces are in the store NAME.
both() {
	local name=$1 other
	shift
	answer "$name.plain" asking plain "$@" 3>&- &
	other=$!
	in_store "$name" answer "$name.traced" asking traced env "LD_PRELOAD=$shim" "$@"
	wait $other
	in_store "$name" dump "$name"
}

# dump NAME: NAME.json, every trace of the store as `show` has it, in the order of their telegram ids.
dump() {
	"$root/build/traceshim" list --json --limit 1000 | jq -r '.[].trace_id' | while read -r id; do
		"$root/build/traceshim" show "$id" --json
	done | jq -s 'sort_by(.telegram_id, .started_at)' >"$work/$1.json"
}

# same_said NAME: the shim made no difference.
same_said() {
	local what
	for what in out err status; do
		diff "$work/$1.plain.$what" "$work/$1.traced.$what" >"$work/$1.diff" || {
			head -n 20 "$work/$1.diff" | cut -c1-200
			return 1
		}
	done
}

# calls NAME [FILTER]: what the server says of its calls, through a filter of jq.
calls() {
	jq -c "${2-.}" "$work/servers/$1/calls.jsonl"
}

# asked NAME FILTER: rows that the filter of jq makes of the traces in NAME.json, sorted. In it, tree() is what a trace looks
# like: its spans, each with those inside it, without tools.
asked() {
	jq -r '
		def below($spans; $parent):
			[$spans[] | select(.parent_span_id == $parent)
				| .span_name + (below($spans; .span_id) | if . == "" then . else "(\(.))" end)]
			| sort | join(" ");
		def tree: [.spans[] | select(.kind != "tool")]
			| "\(below(.; null))";
		'"$2" "$work/$1.json" | sed 's/ *$//' | LC_ALL=C sort
}
