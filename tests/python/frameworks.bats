#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Programs of other frameworks, as their packages are: FastAPI under uvicorn's workers, LangGraph, LiteLLM; and one under memray.

bats_require_minimum_version 1.5.0
load python

setup_file() {
	python_begin
	has_packages || return 0
	serve plain
	serve traced
}

teardown_file() {
	python_end
}

setup() {
	needs_packages
	cd "$work"
	bots=$root/tests/bots
	name=$BATS_TEST_NUMBER
}

teardown() {
	[ -z "${web-}" ] || kill "$web" || :
	has_packages || return 0
	in_store "$name" add_up
}

# --- FastAPI -------------------------------------------------------------------------------------------------

# post FILE PATH TEXT CURL-OPTION...: the answer, in FILE.
post() {
	local file=$1 path=$2
	curl -sS -o "$file" -w '%{http_code}\n' -H 'content-type: application/json' \
		-d "{\"user_id\":\"u1\",\"text\":\"$3\"${4+,$4}}" "$at$path" >"$file.code"
}

# visit FOLDER NAME ASSIGNMENT...: a service whose models are at the server NAME, many requests at once and some alone; what
# came back is in FOLDER.
visit() {
	local i status=0 posts=() models
	folder=$1
	models "$2"
	shift 2
	mkdir "$folder"
	env "${models[@]}" "$@" "$python" -m uvicorn --app-dir "$bots/pyweb" --workers 2 --timeout-worker-healthcheck 300 --port 0 --no-access-log app:app \
		>"$folder/log" 2>&1 3>&- &
	web=$!
	soon eval '[ "$(grep -c "startup complete" "$folder/log")" = 2 ]'
	at=$(sed -n 's/.*running on \(http[^ ]*\).*/\1/p' "$folder/log")
	for i in {1..12}; do
		post "$folder/ask-$i" /ask "Question $i" 3>&- &
		posts+=($!)
		post "$folder/thread-$i" /ask-in-thread "Question $i from a thread" 3>&- &
		posts+=($!)
	done
	wait "${posts[@]}"
	post "$folder/tell" /tell "A story"
	post "$folder/failed" /ask "Too much" '"model":"gpt-4o+status=400"'
	curl -sS -o "$folder/stranger" -H 'x-user: stranger' -H 'content-type: application/json' \
		-d '{"user_id":"u1","text":"hello"}' "$at/ask"
	kill $web
	wait $web || status=$?
	web=
	echo $status >"$folder/status"
}

# answers FOLDER: all that came back, but for the numbers of processes.
answers() {
	(cd "$1" && for file in ask-* thread-* tell* failed* stranger; do echo "$file: $(sed 's/,"pid":[0-9]*//' "$file")"; done)
}

@test "frameworks: FastAPI under uvicorn with two workers" {
	rules '[pipeline]' 'ask = python app:ask' 'thread = python app:ask_in_thread' 'tell = python app:narrate' \
		'[agent]' 'thinker = python app:think' 'thinker = python app:think_now' \
		'[llm]' 'openai = python openai.resources.chat.completions:AsyncCompletions.create' \
		'openai_sync = python openai.resources.chat.completions:Completions.create'
	visit plain-web plain
	in_store "$name" visit web traced "LD_PRELOAD=$shim"
	[ "$(cat web/status)" -eq 0 ]
	diff <(answers plain-web) <(answers web)
	diff plain-web/status web/status
	diff <(sed 's/[0-9]\+//g' plain-web/log | sort) <(sed 's/[0-9]\+//g' web/log | sort)

	in_store "$name" dump "$name"
	diff <(asked "$name" '.[] | "\(.pipeline_name): \(tree)"' | uniq -c | sed 's/^ *//') - <<-'EOF'
		13 ask: agent:thinker(llm:openai)
		1 tell: llm:openai
		12 thread: agent:thinker(llm:openai_sync)
	EOF
	# each has its own question, from the handler down to the model
	diff <(for i in {1..12}; do printf '%s\n' "Question $i" "Question $i from a thread"; done | sort) \
		<(jq -r '.[] | select(.success and .pipeline_name != "tell") | .input_data.question.text as $text
			| select(all(.spans[]; (.input_data.question.text? // .input_data.messages[0].content) == $text)) | $text' \
			"$name.json" | sort)
	jq -e 'all(.[] | select(.pipeline_name != "tell"); .user_id == "nobody")' "$name.json"
	jq -e '[.[] | select(.success | not).error] | length == 1 and (.[0] | startswith("openai.BadRequestError: "))' "$name.json"
	jq -e '[.[] | select(.pipeline_name == "tell")][0] | .spans[0].attributes.time_to_first_ms <= .attributes.time_to_first_ms
		and .attributes.time_to_first_ms <= .duration_ms' "$name.json"
	diff <(cat web/ask-*[0-9] web/thread-*[0-9] | jq .pid | sort -u) <(jq '.[] | select(.success and .pipeline_name != "tell").pid' "$name.json" | sort -u)
}

# --- LangGraph -----------------------------------------------------------------------------------------------

@test "frameworks: LangGraph, branches side by side and a loop" {
	rules '[pipeline]' 'answer = python graph:answer' 'answer_now = python graph:answer_now' \
		'[agent]' 'research = python graph:research' 'research = python graph:research_now' \
		'review = python graph:review' 'review = python graph:review_now' \
		'[step]' 'first = python graph:first' 'judge = python graph:judge' \
		'[llm]' 'openai = python openai.resources.chat.completions:AsyncCompletions.create' \
		'openai = python openai.resources.chat.completions:Completions.create' \
		'claude = python anthropic.resources.messages:AsyncMessages.create' \
		'claude = python anthropic.resources.messages:Messages.create'
	both "$name" "$python" "$bots/pygraph/graph.py"
	same_said "$name"
	[ "$(grep -c '^judge: ' "$name.plain.out")" -eq 9 ]
	tree=$(printf 'agent:research(llm:openai) %.0s' 1 2 3; printf 'agent:review(llm:claude) %.0s' 1 2 3; echo -n \
		'step:first step:first step:first step:judge step:judge step:judge')
	diff <(asked "$name" '.[] | "\(.pipeline_name): \(tree)"') - <<-EOF
		answer: $tree
		answer: $tree
		answer_now: $tree
	EOF
	# the loop goes on with the same question, and in each of its rounds
	jq -e 'all(.[]; .input_data.question as $question
		| [.spans[] | select(.kind == "llm").input_data.messages[0].content] | sort == [
			("research", "review") as $role | (1, 2, 3) as $round | "\($role) \($question), round \($round)"])' "$name.json"
	jq -e '[.[].session_id] | sort == ["s-1", "s-2", "s-3"]' "$name.json"
	jq -e 'all(.[]; .output_data.result | length == 9)' "$name.json"
	# those branches that run in threads are of the same trace
	jq -e '[.[] | select(.pipeline_name == "answer_now").spans[] | select(.kind == "agent").thread_id] | unique | length >= 2' "$name.json"
}

# --- LiteLLM -------------------------------------------------------------------------------------------------

@test "frameworks: LiteLLM, at once, streamed and refused" {
	rules '[pipeline]' 'converse = python lite:converse' \
		'[agent]' 'single = python lite:single' 'streamed = python lite:streamed' 'several = python lite:several' \
		'[llm]' 'lite = python litellm.main:completion' 'alite = python litellm.main:acompletion'
	both "$name" "$python" "$bots/pylite/lite.py"
	same_said "$name"
	[ "$(wc -l <"$name.plain.out")" -eq 6 ]
	jq -e 'length == 1 and .[0].success and .[0].session_id == "s-1"' "$name.json"
	# `acompletion` calls `completion` to begin with
	diff <(jq -r '.[] | .spans as $all | .spans[] | select(.kind == "llm") | .parent_span_id as $parent
		| [$all[] | select(.span_id == $parent)][0] | select(. != null).span_name + ": "' "$name.json" | sort -u) - <<-'EOF'
		agent:several: 
		agent:single: 
		agent:streamed: 
	EOF
	jq -e '[.[].spans[] | select(.span_name == "llm:alite") | [.success, .input_data.messages[0].content]] | sort
		== [[true, "Four"], [true, "Three"], [true, "Two"]]' "$name.json"
	jq -e '.[] | .spans as $all | [.spans[] | select(.span_name == "llm:lite") | .parent_span_id as $parent
		| [([$all[] | select(.span_id == $parent)][0].span_name), .input_data.model, .error != null]]
		| map(select(.[0] != "agent:several")) == [["agent:single", "openai/gpt-4o", false],
			["agent:streamed", "openai/gpt-4o-mini", false], ["agent:single", "openai/gpt-4o+status=400", true]]' "$name.json"
	jq -e '[.[].spans[] | select(.error and .kind == "agent").error] | length == 1
		and (.[0] | startswith("litellm.exceptions.BadRequestError: "))' "$name.json"
	jq -e '[.[].spans[] | select(.span_name == "llm:lite" and .attributes.time_to_first_ms)] | length == 1
		and (.[0] | .input_data.messages[0].content == "A long story" and .duration_ms >= .attributes.time_to_first_ms)' "$name.json"
	run grep -caF sk-secret-1 "$name.db"
	[ "$status" -eq 1 ]
}

# --- memray --------------------------------------------------------------------------------------------------

# It replaces what every library's slots lead to, and writes a file on whatever thread allocates.
memray_rules() {
	rules '[pipeline]' 'pack = python __main__:pack' '[tool]' 'compress = compress2' 'malloc = malloc'
	cat >pack.py <<-'EOF'
		import hashlib, time, zlib

		def pack(n):
		    return hashlib.sha256(zlib.compress(bytes(range(256)) * 1000 * n)).hexdigest()

		def work():
		    for n in range(1, 9):
		        print(pack(n))
		        time.sleep(0.1)

		if __name__ == "__main__":
		    work()
	EOF
}

# allocations HOW CMD...: how many are in the profile HOW.bin that CMD makes
allocations() {
	local how=$1
	shift
	rm -f "$how.bin"
	in_store "$name" answer "$how" "$@"
	[ "$(cat "$how.status")" = 0 ]
	"$python" -m memray stats --json -f -o "$how.json" "$how.bin" >/dev/null
	jq .total_num_allocations "$how.json"
}

# profiled WORD...: with the arguments WORD..., of which %s is HOW, Python says the same, and its profile has what is allocated on
# the shim's thread besides, which is a multiple.
profiled() {
	local plain traced
	plain=$(allocations plain "$python" "${@//%s/plain}")
	traced=$(allocations traced env "LD_PRELOAD=$shim" "$python" "${@//%s/traced}")
	echo "$plain, $traced"
	[ "$traced" -gt $((2 * plain)) ]
	diff plain.out traced.out
	diff <(sed 's/0x[0-9a-f]*/0x/g' plain.err) <(sed 's/0x[0-9a-f]*/0x/g' traced.err)
	in_store "$name" traces | holds 'length == 8 and all(.success)'
}

@test "frameworks: memray's profile is whole, with native stacks too" {
	memray_rules
	profiled -m memray run --native -q -f -o %s.bin pack.py
}

@test "frameworks: a profile that memray begins in the middle of a program" {
	memray_rules
	sed -i 's/^    work()/    import memray, sys\n    for n in range(1, 3): print(pack(n)); time.sleep(0.3)\n'\
'    with memray.Tracker(sys.argv[1], native_traces=True):\n        for n in range(3, 9): print(pack(n)); time.sleep(0.3)/' pack.py
	sed -i '1s/^/import memray\n/' pack.py
	profiled pack.py %s.bin
}
