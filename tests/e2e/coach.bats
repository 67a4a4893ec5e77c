#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The coach, run with the shim: what is stored equals what the coach itself printed and logged. Over SQLite; under its
# other name over PostgreSQL.

load stores

setup_file() {
	stores_begin
	export root work coach conversation COACH_API_KEY
	root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	work=$BATS_FILE_TMPDIR
	coach=$root/build/bots/coach/coach
	conversation=$root/tests/bots/coach/conversation.tsv
	COACH_API_KEY=sk-secret-$BASHPID$RANDOM
	export TRACESHIM_CONF=$root/symbols.conf TRACESHIM_SPOOL=$work/spool XDG_STATE_HOME=$work/state
	export TRACESHIM_STORE
	TRACESHIM_STORE=$(new_store traces)

	"$coach" "$conversation" >"$work/plain.out"
	LD_PRELOAD=$root/build/libtraceshim.so "$coach" --log "$work/log.tsv" "$conversation" \
		>"$work/traced.out" 2>"$work/traced.err"

	write_jq_module
	log_objects | jq -s -L "$work" 'include "coach"; read_log' >"$work/log.json"
	"$root/build/traceshim" list --json --limit 1000 >"$work/list.json"
	jq -r '.[].trace_id' "$work/list.json" | while read -r id; do
		"$root/build/traceshim" show "$id" --json
	done | jq -s . >"$work/shown.json"
}

# The lines of the log, whose values are JSON, as objects.
log_objects() {
	awk -F '\t' '{
		fields = ""
		for (i = 6; i <= NF; i++) {
			at = index($i, "=")
			fields = fields (i > 6 ? "," : "") "\"" substr($i, 1, at - 1) "\":" substr($i, at + 1)
		}
		print "{\"number\":" $1 ",\"call\":\"" $2 "\",\"caller\":\"" $3 "\",\"thread\":" $4 \
			",\"function\":\"" $5 "\",\"fields\":{" fields "}}"
	}' "$work/log.tsv"
}

# Both sides in one form: a list of calls, each {message, path, thread, result, error}, where path leads
# from the pipeline down to the call as [{name, input}, ...] and message is the telegram id.
write_jq_module() {
	cat >"$work/coach.jq" <<-'EOF'
	def names: {
		handle_learn: "pipeline:learn", handle_train: "pipeline:train",
		handle_support: "pipeline:support", handle_support_regen: "pipeline:support_regen",
		trainer_run: "agent:trainer", strategist_run: "agent:strategist",
		memory_run: "agent:memory", plan_session: "agent:planner",
		claude_complete: "llm:claude", openrouter_complete: "llm:openrouter",
		store_fact: "tool:facts", score_answer: "tool:score", open_session: "tool:session",
		is_polite: "step:polite"};

	# A long string and its cut form alike; a float is no better than six digits; no password.
	def brief:
		if type == "string" and utf8bytelength > 40000 then {cut: utf8bytelength}
		elif type == "object" and has("truncated") then {cut: .truncated}
		elif type == "number" and . != floor then . * 1000000 | round / 1000000
		elif type == "string" then gsub("hunter2-swordfish"; "[redacted]")
		else . end;
	def brief_input: del(.api_key) | map_values(brief);

	def log_path($calls): if .caller == "0" then [] else $calls[.caller] | log_path($calls) end
		+ [{name: names[.function], input: (.fields | del(.result, .error) | brief_input)}];
	def log_message:
		map({key: .call, value: .}) | from_entries as $calls
		| $calls["1"].fields.telegram_id as $message | $calls[]
		| {message: $message, path: log_path($calls), thread,
		   result: (.fields.result | brief), error: .fields.error};
	def read_log: [group_by(.number)[] | log_message];

	def span_path($spans; $root): [$root] + if .parent_span_id == null then []
		else $spans[.parent_span_id] | span_path($spans; $root)[1:] end
		+ [{name: .span_name, input: (.input_data | brief_input)}];
	def shown:
		(.spans | map({key: .span_id, value: .}) | from_entries) as $spans
		| .telegram_id as $message
		| {name: "pipeline:\(.pipeline_name)", input: (.input_data | brief_input)} as $root
		| {message: $message, path: [$root], result: (.output_data.result | brief), error},
		  (.spans[] | {message: $message, path: span_path($spans; $root), thread: .thread_id,
			       result: (.output_data.result | brief), error});
	EOF
}

# same WHAT AT_LEAST: the same calls on both sides, more than AT_LEAST of them, seen through the filter WHAT.
same() {
	jq -L "$work" "include \"coach\"; map($1) | sort[]" -cS "$work/log.json" >"$BATS_TEST_TMPDIR/log"
	jq -L "$work" "include \"coach\"; [.[] | shown] | map($1) | sort[]" -cS "$work/shown.json" \
		>"$BATS_TEST_TMPDIR/shown"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/log")" -gt "$2" ]
	diff "$BATS_TEST_TMPDIR/log" "$BATS_TEST_TMPDIR/shown" >"$BATS_TEST_TMPDIR/diff" || {
		cut -c1-300 "$BATS_TEST_TMPDIR/diff" | head -40
		false
	}
}

teardown_file() {
	stores_end
}

sql() {
	ask_store "$TRACESHIM_STORE" "$1"
}

messages() {
	grep -v '^#' "$conversation"
}

@test "coach: output and exit status are the same" {
	cmp "$work/plain.out" "$work/traced.out"
	[ ! -s "$work/traced.err" ]

	run "$coach" --strict "$conversation"
	[ "$status" -eq 3 ]
	run env TRACESHIM_STORE="$(new_store strict)" \
		LD_PRELOAD="$root/build/libtraceshim.so" "$coach" --strict "$conversation"
	[ "$status" -eq 3 ]
	[ "$output" = "$(cat "$work/plain.out")" ]
}

@test "coach: its sources know of nothing" {
	run grep -rniE 'trac(e|ing)|\bspans?\b|\bshims?\b' "$root/tests/bots/coach"
	[ "$status" -eq 1 ]
	run grep -c libtraceshim "$coach" "${coach%/*}"/lib{agents,llm}.so
	[ "$status" -eq 1 ]
}

@test "coach: every line of symbols.conf is a rule, the commented examples too" {
	sed 's/^#: //' "$root/symbols.conf" >"$BATS_TEST_TMPDIR/symbols.conf"
	LD_PRELOAD=$root/build/libtraceshim.so TRACESHIM_CONF=$BATS_TEST_TMPDIR/symbols.conf \
		TRACESHIM_REPORT=$BATS_TEST_TMPDIR/report "$coach" "$conversation"
	run grep ^fault "$BATS_TEST_TMPDIR/report"
	[ "$status" -eq 1 ]
	rules=$(sed '/^\[pipeline\]/,$!d' "$BATS_TEST_TMPDIR/symbols.conf" | grep -cE '^[a-z]')
	[ "$(grep -c ^rule "$BATS_TEST_TMPDIR/report")" -eq "$rules" ]
}

@test "coach: every rule of symbols.conf reaches its function" {
	LD_PRELOAD=$root/build/libtraceshim.so TRACESHIM_REPORT=$BATS_TEST_TMPDIR/report \
		"$coach" "$conversation"
	[ "$(grep -c ^rule "$BATS_TEST_TMPDIR/report")" -eq 14 ]
	[ "$(grep -c ^hook "$BATS_TEST_TMPDIR/report")" -eq 14 ]
	run grep -e ^miss -e ^fault -e ^unseen "$BATS_TEST_TMPDIR/report"
	[ "$status" -eq 1 ]
	# The program calls its own functions directly, its libraries' through slots.
	diff <(awk -F '\t' '$1 == "hook" && $6 == "entry" { print $3, $4 }' "$BATS_TEST_TMPDIR/report" | sort) \
		<(printf "%s $coach\n" handle_{learn,support,support_regen,train})
}

@test "coach: a trace for every message, named after its pipeline" {
	diff <(cut -f2,3 "$work/plain.out" | sort) \
		<(sql 'SELECT pipeline_name, telegram_id FROM pipeline_traces' | sort)
	[ "$(jq length "$work/list.json")" -eq "$(messages | wc -l)" ]
	[ "$(jq '[.[].trace_id] | unique | length' "$work/list.json")" -eq "$(messages | wc -l)" ]
	diff <(cut -f2 "$work/plain.out" | sort) <(jq -r '.[].pipeline_name' "$work/list.json" | sort)
}

@test "coach: failed and answered messages, with the reason" {
	diff <(cut -f3,4 "$work/plain.out" | sed 's/\tfailed: .*/\t0/; s/\tok$/\t1/' | sort) \
		<(sql 'SELECT telegram_id, CASE WHEN success THEN 1 ELSE 0 END FROM pipeline_traces' | sort)
	[ "$(sql 'SELECT count(*) FROM pipeline_traces WHERE success AND error IS NOT NULL')" -eq 0 ]

	failed=0
	while IFS=$'\t' read -r _ _ telegram_id outcome _; do
		[[ $outcome == failed:* ]] || continue
		error=$(sql "SELECT error FROM pipeline_traces WHERE telegram_id = $telegram_id")
		[[ $error == *"${outcome#failed: }"* ]]
		failed=$((failed + 1))
	done <"$work/plain.out"
	[ "$failed" -gt 0 ]
}

@test "coach: as many calls of each kind as it counted itself" {
	jq -L "$work" -rR 'include "coach"; split("\t") | [.[2], (.[5] | split(" ") | map(split("=")
		| "\(names[.[0]])=\(.[1])") | sort | join(" "))] | @tsv' "$work/plain.out" | sort \
		>"$BATS_TEST_TMPDIR/counted"
	sql "SELECT telegram_id, span_name || '=' || count(*) FROM pipeline_spans
		JOIN pipeline_traces USING (trace_id) GROUP BY trace_id, telegram_id, span_name" | sort |
		awk -F '\t' '$1 != last { if (NR > 1) print ""; printf "%s\t%s", $1, $2; last = $1; next }
			{ printf " %s", $2 } END { print "" }' | sort >"$BATS_TEST_TMPDIR/stored"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/counted")" -eq "$(messages | wc -l)" ]
	diff "$BATS_TEST_TMPDIR/counted" "$BATS_TEST_TMPDIR/stored"

	diff <(jq -r '.[] | [.trace_id, .span_count] | @tsv' "$work/list.json" | sort) \
		<(jq -r '.[] | [.trace_id, (.spans | length)] | @tsv' "$work/shown.json" | sort)
}

@test "coach: function and kind of a span belong to its name" {
	jq -L "$work" -e 'include "coach"; [.[].spans[]] | length > 0 and
		all(.span_name == names[.function] and .kind == (.span_name | split(":")[0]))' \
		"$work/shown.json"
}

@test "coach: every call lies under the call that made it" {
	same '[.message, (.path | map(.name))]' 600
	below=$(jq 'map(select(.path | length == 2)) | length' "$work/log.json")
	[ "$below" -gt 0 ]
	[ "$(sql 'SELECT count(*) FROM pipeline_spans WHERE parent_span_id IS NULL')" -eq "$below" ]
}

@test "coach: a pipeline inside a pipeline is a span" {
	nested=$(grep -c 'handle_support_regen=1' "$work/plain.out")
	[ "$nested" -gt 0 ]
	[ "$(sql "SELECT count(*) FROM pipeline_spans JOIN pipeline_traces USING (trace_id)
		WHERE span_name = 'pipeline:support_regen' AND kind = 'pipeline'
		AND pipeline_name = 'support' AND parent_span_id IS NULL")" -eq "$nested" ]
}

@test "coach: inputs and results are those that it logged" {
	same '[.message, .path, .result]' 600
}

@test "coach: every call has the thread it ran on" {
	same 'select(.path | length > 1) | [.message, .path, .thread]' 550
}

@test "coach: agents side by side share the trace and nothing else" {
	jq -e '[.[] | select(.pipeline_name == "train")] | length > 0 and all(
		[.spans[] | select(.parent_span_id == null)]
		| (map(select(.span_name == "agent:strategist"))[0].thread_id) as $strategist
		| (map(select(.span_name == "agent:memory"))[0].thread_id) as $memory
		| [.[] | select(.span_name == "agent:planner").thread_id] as $worker
		| $strategist != $memory and ($worker | all(. != $strategist and . != $memory)))' \
		"$work/shown.json"
}

@test "coach: a failed call says why" {
	same 'select(.path | length > 1) | select(.path[-1].name != "step:polite")
		| [.message, .path, .error != null]' 500
	# The error of the span holds the words that the coach logged.
	jq -L "$work" -e --slurpfile log "$work/log.json" 'include "coach";
		def key: [.message, .path] | walk(if type == "object" then to_entries | sort_by(.key)
			| from_entries else . end) | tojson; # jsonb keeps no order
		([.[] | shown | {key: key, value: (.error // "")}] | from_entries) as $errors
		| [$log[0][] | select(.error)] | length > 5 and
		all(. as $call | $errors[$call | key] | contains($call.error))' "$work/shown.json"
}

@test "coach: a check that fails is a failed step and no failed message" {
	rude=$(jq '[.[] | select(.path[-1].name == "step:polite" and .result == false)] | length' \
		"$work/log.json")
	[ "$rude" -gt 0 ]
	[ "$(sql "SELECT count(*) FROM pipeline_spans JOIN pipeline_traces t USING (trace_id)
		WHERE span_name = 'step:polite' AND NOT pipeline_spans.success AND t.success")" -eq "$rude" ]
	[ "$(sql "SELECT count(*) FROM pipeline_spans WHERE span_name = 'step:polite' AND NOT success
		AND error IS NULL")" -eq 0 ]
}

@test "coach: ids of the conversation fill the columns" {
	diff <(messages | cut -f1-3 | sort) \
		<(sql 'SELECT pipeline_name, telegram_id, user_id FROM pipeline_traces' | sort)
	diff <(messages | awk -F '\t' -v OFS='\t' '$1 == "train" { print $2, $4 }' | sort) \
		<(sql "SELECT telegram_id, coalesce(session_id, '') FROM pipeline_traces
		WHERE pipeline_name = 'train'" | sort)
	[ "$(sql "SELECT count(*) FROM pipeline_traces WHERE pipeline_name <> 'train'
		AND session_id IS NOT NULL")" -eq 0 ]
	[ "$(sql "SELECT count(*) FROM pipeline_spans WHERE kind = 'llm'
		AND model = input_data ->> 'model'")" -eq \
		"$(grep -c '_complete' "$work/log.tsv")" ]
}

@test "coach: texts in many scripts, byte for byte" {
	messages | awk -F '\t' -v OFS='\t' '$5 == "x1" && $6 !~ /\\|hunter2/ { print $2, $6 }' | sort \
		>"$BATS_TEST_TMPDIR/said"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/said")" -gt 60 ]
	sql "SELECT telegram_id, input_data ->> 'text' FROM pipeline_traces
		WHERE CAST(input_data -> 'text' AS text) LIKE '\"%'" | sort >"$BATS_TEST_TMPDIR/stored"
	[ -z "$(comm -23 "$BATS_TEST_TMPDIR/said" "$BATS_TEST_TMPDIR/stored")" ]
}

@test "coach: a long text keeps its head, its tail and its length" {
	messages | awk -F '\t' '$5 == "x640" { for (i = 0; i < 640; i++) printf "%s", $6 }' \
		>"$BATS_TEST_TMPDIR/text"
	jq -e --rawfile text "$BATS_TEST_TMPDIR/text" '[.[].input_data.text | objects]
		+ [.[].spans[] | select(.span_name == "agent:memory").input_data.query | objects]
		| length == 2 and all(
		.truncated == ($text | utf8bytelength) and .truncated > 51200
		and (.head as $head | $text | startswith($head))
		and (.tail as $tail | $text | endswith($tail))
		and (.head | utf8bytelength) > 36000 and (.tail | utf8bytelength) > 12000
		and (.head + .tail | utf8bytelength) <= 51200)' "$work/shown.json"
}

@test "coach: integers of 64 bits are whole" {
	facts=$(sed -nE 's/^.*\tstore_fact\t.*\tresult=([0-9]+)$/\1/p' "$work/log.tsv" | sort)
	[ -n "$facts" ]
	diff <(echo "$facts") <(sql "SELECT output_data ->> 'result' FROM pipeline_spans
		WHERE span_name = 'tool:facts'" | sort)
	grep -qE '"telegram_id": ?9007199254740993\b' "$work/list.json"
	grep -qE '"telegram_id": ?9223372036854775807\b' "$work/list.json"
}

@test "coach: keys and passwords are stored nowhere" {
	dump_store "$TRACESHIM_STORE" >"$BATS_TEST_TMPDIR/dump"
	grep -qaF claude-sonnet "$BATS_TEST_TMPDIR/dump"
	run grep -caF -e "$COACH_API_KEY" -e hunter2 "$BATS_TEST_TMPDIR/dump"
	[ "$status" -eq 1 ]
	[ "$(sql "SELECT count(*) FROM pipeline_spans WHERE span_name = 'tool:session'
		AND input_data ->> 'api_key' IS DISTINCT FROM '[redacted]'")" -eq 0 ]
	[ "$(sql "SELECT count(*) FROM pipeline_traces
		WHERE CAST(input_data AS text) LIKE '%swordfish%' OR CAST(input_data AS text) LIKE '%[redacted]%'")" -eq 1 ]
}

@test "coach: a call begins after its caller and takes no longer" {
	jq -e 'length > 0 and all(. as $trace | (.spans | map({key: .span_id, value: .})
		| from_entries) as $spans | .spans | all(
		. as $span | (if .parent_span_id then $spans[.parent_span_id] else $trace end)
		| $span.started_at >= .started_at and $span.ended_at >= $span.started_at
		and $span.duration_ms <= .duration_ms + 0.001))' "$work/shown.json"
	jq -e '[.[].spans[] | select(.kind == "llm")] | length > 0 and all(.duration_ms >= 12)' \
		"$work/shown.json"
	jq -e 'all(.spans | [.[].started_at] | . == sort)' "$work/shown.json"
}

@test "coach: ids are UUIDs of version 7" {
	jq -e '[.[] | .trace_id, .spans[].span_id] | length > 600 and length == (unique | length) and
		all(test("^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"))' \
		"$work/shown.json"
}

@test "coach: only its owner can read the store, and the spool is gone" {
	[ $store_kind != sqlite ] || [ "$(stat -c %a "$work/traces.db")" = 600 ]
	[ -z "$(find "$work/spool" -name 'ring-*' -o -name process)" ]
}

@test "coach: one worker and sixteen are traced alike" {
	for workers in 1 16; do
		store=$(new_store "workers$workers")
		LD_PRELOAD=$root/build/libtraceshim.so TRACESHIM_STORE=$store \
			"$coach" -w $workers "$conversation" | cmp - "$work/plain.out"
		count='SELECT span_name, count(*) FROM pipeline_spans GROUP BY 1 ORDER BY 1'
		diff <(sql "$count") <(ask_store "$store" "$count")
	done
}

@test "coach: show fits a terminal of 80 columns" {
	"$root/build/traceshim" show last >"$BATS_TEST_TMPDIR/last"
	[ -s "$BATS_TEST_TMPDIR/last" ]
	jq -r '.[].trace_id' "$work/list.json" | while read -r id; do
		COLUMNS=80 "$root/build/traceshim" show "$id"
	done >"$BATS_TEST_TMPDIR/all"
	[ "$(LC_ALL=C.UTF-8 wc -L <"$BATS_TEST_TMPDIR/last")" -le 80 ]
	[ "$(LC_ALL=C.UTF-8 wc -L <"$BATS_TEST_TMPDIR/all")" -le 80 ]
}
