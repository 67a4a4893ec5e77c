#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The coach in Python, run with the shim: it says and logs the same, and what is stored is what it logged, what it was fed
# with, and what the server of language models says of its calls.

load python

setup_file() {
	python_begin
	has_packages || return 0
	export coach=$root/tests/bots/pycoach PYTHONPATH=$root/tests/bots/pycoach
	write_rules
	serve plain
	serve traced
	both day "$python" "$coach/main.py"
	split_calls day
	both fail "$python" -m bot --fail
	split_calls fail
	both cancel "$python" -m bot --cancel
	split_calls cancel
	both stream "$python" -m bot --stream
	split_calls stream
	both crowd "$python" -m bot --concurrent 200
	split_calls crowd
}

teardown_file() {
	python_end
}

setup() {
	needs_packages
	cd "$work"
}

teardown() {
	has_packages || return 0
	for mode in day fail cancel stream crowd; do
		in_store $mode add_up
	done
}

write_rules() {
	rules '[pipeline]' \
		'start   = python main:handle_start' \
		'learn   = python bot.handlers.learn:handle_voice' \
		'train   = python bot.handlers.train:handle_train' \
		'support = python bot.handlers.support:handle_support' \
		'again   = python bot.handlers.support:handle_again' \
		'live    = python bot.handlers.live:handle_live' \
		'peek    = python bot.handlers.live:handle_peek' \
		'recite  = python bot.handlers.live:handle_recite' \
		'[agent]' \
		'trainer    = python bot.agents.trainer:TrainerAgent.run' \
		'strategist = python bot.agents.strategist:StrategistAgent.run' \
		'doctor     = python bot.agents.doctor:DoctorAgent.run' \
		'memory     = python bot.agents.memory:MemoryAgent.run' \
		'reciter    = python bot.agents.memory:MemoryAgent.recite' \
		'critic     = python bot.agents.critic:CriticAgent.run' \
		'[llm]' \
		'openai       = python openai.resources.chat.completions:AsyncCompletions.create' \
		'openai_sync  = python openai.resources.chat.completions:Completions.create' \
		'claude       = python anthropic.resources.messages:AsyncMessages.create' \
		'claude_sync  = python anthropic.resources.messages:Messages.create' \
		'[tool]' \
		'greeting   = python main:greeting' \
		'transcribe = python bot.tools.speech:transcribe' \
		'remember   = python bot.tools.notes:remember           : fails if != 0' \
		'recall     = python bot.tools.notes:recall             : fails if None' \
		'connect    = python bot.llm.clients:connect' \
		'[step]' \
		'polite = python bot.tools.manners:is_polite            : fails if False' \
		'score  = python bot.agents.critic:CriticAgent.score    : fails if < 0' \
		'words  = python bot.llm.streaming:words_of' \
		'words_sync = python bot.llm.streaming:words_now'
}

# split_calls MODE: the calls that the server answered since the last time, in MODE.calls.
split_calls() {
	calls traced >"$work/all.calls"
	tail -n "+$((${seen-0} + 1))" "$work/all.calls" >"$work/$1.calls"
	seen=$(wc -l <"$work/all.calls")
}

# fed FEED: "TELEGRAM_ID PIPELINE" of each message that is one, sorted.
fed() {
	jq -r '.message | "\(.from.id) \(if .voice then "learn" else .text | capture("^/(?<name>[a-z]+)").name? // empty end)"' \
		"$coach/updates/$1.jsonl" | grep -v ' stop$' | LC_ALL=C sort
}

# --- what the program does ---------------------------------------------------------------------------------

@test "pycoach: output, log and status are the same" {
	for mode in day fail cancel stream crowd; do
		same_said $mode
		[ "$(cat $mode.plain.status)" -eq 0 ]
		[ -s $mode.plain.out ]
		[ -s $mode.plain.err ]
	done
	# whether a call that was cancelled had reached its server is a race
	answers='select(.prompt | test("^Never mind|^The doctor is slow") | not) | [.prompt, .status, .text]'
	diff <(calls plain "$answers" | sort) <(calls traced "$answers" | sort)
}

@test "pycoach: its sources know of nothing" {
	run grep -rniE --include='*.py' --include='*.md' --include='*.jsonl' 'trac(e|ing)|\bspans?\b|\bshims?\b' "$root"/tests/bots/py*
	[ "$status" -eq 1 ]
}

@test "pycoach: every rule has reached its function" {
	diff <(sed -n 's/^\([a-z_]*\) *= python.*/\1/p' "$TRACESHIM_CONF" | sort) \
		<(jq -r '.[] | .pipeline_name, (.spans[].span_name | split(":")[1])' {day,fail,cancel,stream}.json | sort -u)
}

# --- traces and where their spans lie ----------------------------------------------------------------------

@test "pycoach: a trace for every message, named after its rule" {
	for mode in day fail cancel stream; do
		diff <(fed $mode) <(jq -r '.[] | "\(.telegram_id) \(.pipeline_name)"' $mode.json | LC_ALL=C sort)
	done
}

@test "pycoach: agents inside pipelines, models inside agents, across gather, TaskGroup and to_thread" {
	train='agent:critic(step:score) agent:memory(llm:openai_sync) agent:strategist(llm:claude llm:openai) agent:trainer(llm:claude)'
	support='agent:doctor(llm:openai) agent:memory(llm:openai_sync) agent:trainer(llm:claude) step:polite'
	diff <(asked day '.[] | "\(.pipeline_name): \(tree)"') <(LC_ALL=C sort <<-EOF
		start:
		train: $train
		support: $support
		learn: agent:memory(llm:claude_sync) agent:trainer(llm:claude)
		train: agent:critic(step:score) agent:memory(llm:openai_sync) agent:strategist(llm:claude llm:claude) agent:trainer(llm:claude)
		again: pipeline:support($support)
		support: step:polite
		train: $train
		learn: agent:memory(llm:claude_sync) agent:trainer(llm:claude)
		learn: agent:memory(llm:claude_sync) agent:trainer(llm:claude)
		support: $support
	EOF
	)
}

@test "pycoach: tools lie under who used them" {
	diff <(jq -r '.[] | .spans as $all | .spans[] | select(.kind == "tool") | .parent_span_id as $parent
		| "\(.span_name) \($all[] | select(.span_id == $parent).span_name)"' day.json | LC_ALL=C sort -u) - <<-'EOF'
		tool:connect agent:doctor
		tool:connect agent:memory
		tool:connect agent:strategist
		tool:connect agent:trainer
		tool:recall agent:memory
	EOF
	jq -e '[.[] | select(.pipeline_name == "learn")] | length == 3
		and all([.spans[] | select(.parent_span_id == null).span_name]
			== ["tool:transcribe", "agent:memory", "agent:trainer", "tool:remember"])' day.json
}

@test "pycoach: 200 pipelines at once are 200 trees, each with what is its own" {
	train='agent:critic(step:score) agent:memory(llm:openai_sync) agent:strategist(llm:claude llm:openai) agent:trainer(llm:claude)'
	diff <(asked crowd '.[] | "\(.pipeline_name): \(tree)"' | uniq -c | sed 's/^ *//') - <<-EOF
		67 learn: agent:memory(llm:claude_sync) agent:trainer(llm:claude)
		67 support: agent:doctor(llm:openai) agent:memory(llm:openai_sync) agent:trainer(llm:claude) step:polite
		66 train: $train
	EOF
	jq -e '[.[].telegram_id] == [range(800000001; 800000201)]' crowd.json
	jq -e '[.[].trace_id, .[].spans[].span_id] | length == (unique | length)' crowd.json
	# The number of a message stands in all that is said because of it.
	jq -e 'all(.[]; ((.telegram_id - 800000000) | tostring) as $number
		| all(.spans[] | select(.kind == "llm" or (.kind == "agent" and .span_name != "agent:critic"));
			.input_data | tostring | test("\\b\($number)\\b")))' crowd.json
	[ "$(jq '[.[].spans[] | select(.kind == "llm")] | length' crowd.json)" -eq "$(wc -l <crowd.calls)" ]
}

@test "pycoach: what runs in a thread has its thread's number" {
	jq -e '[.[] | .spans as $all | .spans[] | select(.kind == "llm") | . as $call
		| [$all[] | select(.span_id == $call.parent_span_id)][0] as $agent
		| {same: ($call.thread_id == $agent.thread_id), agent: $agent.span_name, thread: $agent.thread_id}]
		| length > 20 and all(.same)
		and ([.[] | select(.agent != "agent:memory").thread] | unique | length == 1)
		and ([.[] | select(.agent != "agent:memory").thread] - [.[] | select(.agent == "agent:memory").thread] | length > 10)' \
		day.json
}

@test "pycoach: a call begins after its caller and takes no longer" {
	# What is left running when its pipeline has failed or was cancelled may take longer.
	for mode in day stream crowd; do
		jq -e 'length > 0 and all(. as $trace | (.spans | map({key: .span_id, value: .}) | from_entries) as $spans
			| .spans | all(. as $span | (if .parent_span_id then $spans[.parent_span_id] else $trace end)
				| $span.started_at >= .started_at and $span.duration_ms <= .duration_ms + 0.001))' $mode.json
	done
}

@test "pycoach: function and kind of a span belong to its rule" {
	diff <(sed -n 's/^\([a-z_]*\) *= python \(bot[^ ]*\|main[^ ]*\).*/\1 \2/p' "$TRACESHIM_CONF" | grep -v ':handle_' | sort) \
		<(jq -r '.[].spans[] | select(.kind | IN("agent", "tool", "step")) | "\(.span_name | split(":")[1]) \(.function)"' \
			{day,stream}.json | sort -u)
	jq -e 'all(.[].spans[]; .kind == (.span_name | split(":")[0]))' day.json
	diff <(jq -r '.[].spans[] | select(.kind == "llm") | .function | split(":")[1]' {day,stream}.json | sort -u) - <<-'EOF'
		AsyncCompletions.create
		AsyncMessages.create
		Completions.create
		Messages.create
	EOF
}

# --- what went in and came out -----------------------------------------------------------------------------

# keys MODE SPAN: the sorted names of recorded parameters, one line for each set of them.
keys() {
	jq -r --arg name "$2" '.[] | select(.pipeline_name == $name), (.spans[] | select(.span_name == $name))
		| .input_data | keys | join(" ")' "$1.json" | sort -u
}

@test "pycoach: inputs by name, without self and what was left to its default" {
	[ "$(keys day start)" = "message telegram_id user_id" ]
	[ "$(keys day train)" = "message session_id settings telegram_id user_id" ]
	[ "$(keys day agent:strategist)" = $'goal level\ngoal level model' ]
	[ "$(keys day agent:doctor)" = "complaint patience" ]
	[ "$(keys day agent:critic)" = "draft words" ]
	[ "$(keys day step:score)" = "draft words" ]
	[ "$(keys day tool:transcribe)" = "bot file_id" ]
	[ "$(keys day tool:greeting)" = "name" ]
	[ "$(keys day tool:remember)" = "auth note" ]
	[ "$(keys day llm:openai)" = "messages model" ]
	[ "$(keys day llm:openai_sync)" = "messages model temperature" ]
	[ "$(keys day llm:claude)" = "max_tokens messages model system" ]
	[ "$(keys stream llm:openai)" = "messages model stream stream_options" ]
	jq -e '[.[].spans[] | select(.span_name == "tool:recall").input_data.word] | index("Болит") and index("marathon,")' day.json
	jq -e '[.[].spans[] | select(.span_name == "llm:openai_sync").input_data.temperature] | length > 3 and all(. == 0.2)' day.json
	jq -e 'any(.[].spans[]; .span_name == "agent:strategist" and .input_data.level == "athlete")' day.json # an enum
	jq -e '[.[].spans[] | select(.span_name == "tool:remember").input_data.note] | length == 3
		and all(.tags == ["voice"] and .weight == 1)' day.json # a dataclass
}

@test "pycoach: results" {
	# that of an agent is what the model said, as the server has it
	jq -r '.[].spans[] | select(.span_name == "agent:trainer").output_data.result' day.json | sort >trained
	[ "$(wc -l <trained)" -ge 8 ]
	[ -z "$(comm -23 trained <(jq -r .text day.calls | sort))" ]
	jq -e 'all(.[].spans[] | select(.span_name == "agent:memory"); .output_data.result | type == "array" and length > 0)' day.json
	jq -e '[.[].spans[] | select(.span_name == "step:polite").output_data.result] | sort == [false, true, true, true]' day.json
	# a pydantic model
	jq -e 'all(.[].spans[] | select(.span_name == "agent:strategist"); .output_data.result
		| .weeks >= 4 and (.goal | length > 0) and (.steps | length == 2))' day.json
	# an answer to a person is what went out
	jq -r '.[] | select(.pipeline_name | IN("start", "learn", "again")).output_data.result' day.json | sort >answered
	[ "$(wc -l <answered)" -eq 5 ]
	[ -z "$(comm -23 answered <(cut -f 3 day.plain.out | sort))" ]
}

@test "pycoach: ids of the message fill the columns, the model that of a call" {
	jq -e 'all(.[]; .user_id == "u\(.telegram_id % 100000)" or .telegram_id > 9007199254740000)' day.json
	diff <(sqlite3 -readonly day.db "SELECT count(*), telegram_id FROM pipeline_traces GROUP BY 2 ORDER BY 2") - <<-'EOF'
		3|700200001
		2|700200002
		2|700200004
		4|9007199254740993
	EOF
	jq -e '[.[] | select(.pipeline_name == "train").session_id] | sort[0] == "s-700200001-2"' day.json
	diff <(jq -r .served day.calls | sort) <(jq -r '.[].spans[] | select(.kind == "llm").model' day.json | sort)
}

@test "pycoach: every call of a model is that of the server's account" {
	# one span each, however often the packages tried
	for mode in day fail stream crowd; do
		diff <(jq -r 'select((.attempt // 0) == 0) | [.model, .prompt] | @tsv' $mode.calls | sort) \
			<(jq -r '.[].spans[] | select(.kind == "llm").input_data | [.model, .messages[-1].content] | @tsv' $mode.json | sort)
	done
}

@test "pycoach: tokens of a call are those that the server counted" {
	for mode in day crowd; do
		diff <(jq -r '[.served, .input_tokens, .output_tokens] | @tsv' $mode.calls | sort) \
			<(jq -r '.[].spans[] | select(.kind == "llm") | [.model, .input_tokens, .output_tokens] | @tsv' $mode.json | sort)
	done
}

@test "pycoach: keys are stored nowhere" {
	for mode in day stream; do
		cat $mode.db* >$mode.bytes
		grep -qaF claude-sonnet-4-5 $mode.bytes
		run grep -caE 'sk-secret|sk-ant-secret|mem-secret|AAsecret' $mode.bytes
		[ "$status" -eq 1 ]
	done
	jq -e '[.[].spans[] | select(.span_name == "tool:connect").input_data.api_key] | length > 20 and all(. == "[redacted]")' day.json
	jq -e '[.[].spans[] | select(.span_name == "tool:remember").input_data.auth] | length == 3
		and all(. == {"token": "[redacted]"})' day.json
}

# --- what went wrong -----------------------------------------------------------------------------------------

@test "pycoach: failed and answered messages, with the reason that it logged" {
	# of a group the first argument may stand for its words, which count its members as well
	sed -n 's/.* ERROR bot.handlers: handle_[a-z]* failed: //p' fail.plain.err |
		sed 's/^builtins\.//; s/ (1 sub-exception)$//' | sort >logged
	[ "$(wc -l <logged)" -eq 6 ]
	diff logged <(jq -r '.[] | select(.success | not).error' fail.json | sed 's/ (1 sub-exception)$//' | sort)
	jq -e 'all(.[]; .success == (.error == null))' fail.json
	grep -q '^anthropic.RateLimitError: Error code: 429' logged
	grep -q '^openai.BadRequestError: ' logged
	grep -q '^ExceptionGroup: ' logged
}

@test "pycoach: an exception fails every call that it passes, and no other" {
	diff <(jq -r '.[] | . as $trace | .spans[] | select(.error) | select(.kind | IN("agent", "llm"))
			| "\($trace.pipeline_name) \(.span_name) \(.error | split(":")[0])"' fail.json | LC_ALL=C sort) - <<-'EOF'
		learn llm:claude anthropic.OverloadedError
		live llm:claude anthropic.APIStatusError
		live llm:openai httpx.RemoteProtocolError
		support agent:doctor openai.AuthenticationError
		support llm:openai openai.AuthenticationError
		train agent:strategist anthropic.RateLimitError
		train agent:strategist openai.BadRequestError
		train agent:strategist openai.InternalServerError
		train agent:trainer anthropic.RateLimitError
		train agent:trainer openai.BadRequestError
		train agent:trainer openai.InternalServerError
		train llm:claude anthropic.RateLimitError
		train llm:claude anthropic.RateLimitError
		train llm:openai openai.BadRequestError
		train llm:openai openai.BadRequestError
		train llm:openai openai.InternalServerError
		train llm:openai openai.InternalServerError
	EOF
}

@test "pycoach: retries of a package are one call" {
	jq -e '[.[] | select(.spans[].input_data.prompt? // "" | startswith("Twice refused"))] | length == 1 and .[0].success
		and ([.[0].spans[] | select(.kind == "llm" and .input_data.model == "gpt-4o+status=429*2+after=0.02")] | length == 2 and all(.success))' \
		fail.json
	[ "$(jq -c 'select(.model == "gpt-4o+status=429*2+after=0.02") | [.attempt, .status]' fail.calls | sort | uniq -c | tr -s ' ')" = \
		$' 2 [0,429]\n 2 [1,429]\n 2 [2,200]' ]
}

@test "pycoach: failures have the call stack of Python" {
	jq -e '[.[] | select(.pipeline_name == "train" and (.error // "" | startswith("anthropic.RateLimitError")))][0]
		| .attributes.stack | (.[0] | contains("anthropic/_base_client.py"))
		and any(.[]; test("^StrategistAgent.run .*bot/agents/strategist.py:[0-9]+"))
		and (.[-1] | test("^handle_train .*bot/handlers/train.py:[0-9]+"))' fail.json
	# every frame is one of the program's own, in a file that there is
	jq -r '.[] | .attributes.stack, .spans[].attributes.stack? | .[]? | capture("\\((?<file>/[^()]*):[0-9]+\\)").file' \
		fail.json | sort -u >files
	[ "$(wc -l <files)" -gt 8 ]
	while read -r file; do
		[ -e "$file" ]
	done <files
	jq -e 'all(.[], .[].spans[]; .error == null or .error == "returned False" or .error == "cancelled"
		or .kind == "tool" or .kind == "step" or (.attributes.stack | length > 0))' fail.json
}

@test "pycoach: a result may be a failure" {
	jq -e '[.[] | .success as $trace | .spans[] | select(.span_name == "step:polite" and .output_data.result == false)
		| .success == false and .error != null and $trace] == [true]' day.json
	jq -e '[.[].spans[] | select(.span_name == "tool:recall")] | length > 10
		and all(.success == (.output_data.result != null)) and any(.success) and any(.success | not)' day.json
	jq -e '[.[].spans[] | select(.span_name == "tool:remember") | [.output_data.result, .success]] | sort
		== [[0, true], [0, true], [1, false]]' day.json
	jq -e '[.[].spans[] | select(.span_name == "step:score")] | all(.success == (.output_data.result >= 0))
		and any(.success) and any(.success | not)' day.json
	jq -e 'all(.[]; .success)' day.json
}

@test "pycoach: what was cancelled says so" {
	diff <(asked cancel '.[] | "\(.pipeline_name): \(.error)", (.spans[] | select(.kind != "tool" and .error != null)
		| "\(.span_name): \(.error)")' | grep -v score) - <<-'EOF'
		agent:strategist: cancelled
		agent:trainer: cancelled
		live: cancelled
		llm:claude: cancelled
		llm:claude: cancelled
		llm:openai: cancelled
		llm:openai: cancelled
		llm:openai: cancelled
		step:words: cancelled
		support: null
		train: cancelled
		train: null
	EOF
	# what waited for nothing any more was done before
	jq -e '[.[] | select(.error == "cancelled" and .pipeline_name == "train").spans[] | select(.span_name == "agent:memory").success]
		== [true]' cancel.json
}

# --- streams ---------------------------------------------------------------------------------------------------

@test "pycoach: a streamed answer is one span until its last item" {
	[ "$(jq '[.[].spans[] | select(.kind == "llm")] | length' stream.json)" -eq 5 ]
	# 60 ms to the first event, 5 ms between two; each word is an event, and a few are more than words
	jq -e --slurpfile calls stream.calls '[.[] | select(.pipeline_name == "live").spans[] | select(.kind != "tool")] | length == 4 and all(
		(.input_data | .prompt // .messages[-1].content) as $prompt
		| ([$calls[] | select(.prompt == $prompt)][0].text | split(" ") | length) as $words
		| .success and .attributes.time_to_first_ms >= 60 and .attributes.time_to_first_ms < .duration_ms
		and .duration_ms >= 60 + 5 * $words)' stream.json
	jq -e '[.[] | select(.pipeline_name == "recite") | .spans | map(.span_name)]
		== [["agent:reciter", "step:words_sync", "tool:connect", "llm:openai_sync"]]' stream.json
	jq -e '[.[] | select(.pipeline_name == "recite").spans[] | select(.kind != "tool")]
		| all(.success and .attributes.time_to_first_ms > 0 and .attributes.time_to_first_ms <= .duration_ms)' stream.json
	# a call that is no stream has no first item
	jq -e 'all(.[].spans[]; .attributes.time_to_first_ms? == null)' day.json
}

@test "pycoach: models of a stream lie under what streams" {
	diff <(asked stream '.[] | "\(.pipeline_name): \(tree)"') - <<-'EOF'
		live: step:words(llm:claude)
		live: step:words(llm:openai)
		peek: step:words(llm:claude)
		peek: step:words(llm:openai)
		recite: agent:reciter(step:words_sync(llm:openai_sync))
	EOF
}

@test "pycoach: a stream that nobody read to its end was abandoned" {
	jq -e '[.[] | select(.pipeline_name == "peek")] | length == 2 and all(.success and .output_data.result == 3
		and ([.spans[] | select(.span_name == "step:words").error] == ["abandoned"])
		and ([.spans[] | select(.kind == "llm").error] == ["abandoned"]))' stream.json
}

# --- other rules -----------------------------------------------------------------------------------------------

@test "pycoach: a glob's spans are named after the class, and the script is __main__ as well" {
	rules '[pipeline]' 'begin = python __main__:handle_start' 'plan = python bot.handlers.train:handle_*' \
		'[agent]' '* = python bot.agents.*:*Agent.run'
	head -n 2 "$coach/updates/day.jsonl" >feed
	in_store glob answer glob asking traced env "LD_PRELOAD=$shim" sh -c "exec $python $coach/main.py - <feed"
	in_store glob dump glob
	[ "$(cat glob.status)" -eq 0 ]
	diff glob.out <(head -n "$(wc -l <glob.out)" day.plain.out)
	diff <(asked glob '.[] | "\(.pipeline_name): \(tree)"') - <<-'EOF'
		begin:
		plan: agent:CriticAgent agent:MemoryAgent agent:StrategistAgent agent:TrainerAgent
	EOF
	write_rules
}
