#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What report, compare and gate look like, what they refuse, and how they end; their figures are in report.bats.

bats_require_minimum_version 1.5.0
load helper

until=2026-11-20T12:00:00Z
period=(--since 2026-11-19T12:00:00Z --until $until)

setup_file() {
	export some=$BATS_FILE_TMPDIR/some.db
	TRACESHIM_SPOOL=$BATS_FILE_TMPDIR XDG_STATE_HOME=$BATS_FILE_TMPDIR \
		"$root/build/traceshim" store init "sqlite:$some" 2>/dev/null
	python3 "$root/tests/bench/generate.py" "sqlite:$some" 4000 --until $until --payload 0 2>/dev/null
}

setup() {
	scratch
	traceshim=$root/build/traceshim
	export TRACESHIM_STORE=sqlite:$some
}

# The store of most tests was made by no program.
teardown() {
	[ "$TRACESHIM_STORE" = "sqlite:$some" ] || add_up
}

sql_of() { sqlite3 "$1" "$2"; }

# On a terminal of $1 columns; NO_COLOR, so that what is left is text.
on_terminal() {
	local columns=$1 command
	shift
	printf -v command '%q ' "$@"
	NO_COLOR=1 TERM=xterm script -qec "stty cols $columns; $command" /dev/null </dev/null | tr -d '\r'
}

# said STATUS PATTERN CMD...: ends so, and the last sentence on stderr is like that; nothing is on stdout.
said() {
	local status=$1 pattern=$2
	shift 2
	run "-$status" --separate-stderr "$@"
	[ -z "$output" ] || { echo "printed: $output"; return 1; }
	# shellcheck disable=SC2154 # bats' own
	[[ $stderr =~ $pattern ]] || { echo "said: $stderr"; return 1; }
}

# --- report ------------------------------------------------------------------------------------------

@test "report, compare, gate: help fits 80 columns, names every option and has examples" {
	for command in report compare gate; do
		"$traceshim" help $command >help
		"$traceshim" $command --help | cmp - help
		[ "$(wc -L <help)" -le 80 ]
		grep -q "^example: traceshim $command" help
		for option in $(grep -oE -- '--[a-z]+' <(sed -n '1,4p' help) | sort -u); do
			[ "$option" = --gate ] || grep -q -- "^  $option" help
		done
		"$traceshim" help | grep -q "^  $command "
		page=$root/runtime/command/man/traceshim-$command.1
		! command -v mandoc >/dev/null || mandoc -Tlint -Wwarning "$page"
		for option in $(grep -oE '^  --[a-z]+' help); do
			grep -Eq -- "^\.(It|Op).* Fl -${option#--}( |$)" "$page"
		done
	done
}

@test "report: in a pipe it is plain, and no wider than 80 columns" {
	for options in "" "--by span" "--by model" "--by user" "--by day" "--top 30"; do
		# shellcheck disable=SC2086 # words
		"$traceshim" report "${period[@]}" $options >plain
		[ "$(wc -L <plain)" -le 80 ]
		! grep -Pq '[\x{2500}-\x{259f}\x{2026}\x{2265}\x{1b}]' plain
		[ "$(wc -l <plain)" -gt 3 ]
	done
	grep -q '>=[$0-9]' plain
	"$traceshim" report "${period[@]}" --by tenant | grep -Eq '^\(none\) +[0-9]'
	"$traceshim" report "${period[@]}" | grep -Eq '^busy .* of wall time, [0-9.]+ at once$'
	grep -q 'llm:claude .*<-$' plain
	grep -Eq '^(anthropic claude|claude).* <-$' plain
}

@test "report: a terminal gets little bars, and its whole width, no more" {
	for columns in 60 80 100 130; do
		on_terminal $columns "$traceshim" report "${period[@]}" >drawn
		[ "$(wc -L <drawn)" -le $columns ]
		! grep -q $'\e' drawn
	done
	grep -Eq 'bottleneck +spread$' drawn
	on_terminal 80 "$traceshim" report "${period[@]}" >drawn
	grep -Eq '^traces +[▁▂▃▄▅▆▇█]' drawn
	grep -Eq '^took +[▁▂▃▄▅▆▇█]' drawn
	grep -q '≥' drawn
	LC_ALL=C on_terminal 80 "$traceshim" report "${period[@]}" >drawn
	! grep -Pq '[\x{2500}-\x{259f}\x{2265}]' drawn
	env -u NO_COLOR TERM=xterm script -qec "'$traceshim' report ${period[*]}" /dev/null </dev/null | grep -q $'\e\\['
}

@test "report: wide characters stand in columns like others" {
	"$traceshim" report "${period[@]}" | sed -n '/^pipeline /,/^$/p' | sed '1d; $d; s/ %.*//' >cells
	[ "$(wc -l <cells)" -eq 3 ]
	grep -q 訓練 cells
	while read -r line; do wc -L <<<"$line"; done <cells | sort -u >widths
	[ "$(wc -l <widths)" -eq 1 ]
}

@test "report: what is unknown is no 0" {
	cp "$some" some.db
	TRACESHIM_STORE=sqlite:$work/some.db
	sql_of some.db "UPDATE pipeline_spans SET cost_nano_usd = NULL WHERE model LIKE 'claude%';
		UPDATE pipeline_spans SET cost_nano_usd = 0 WHERE model LIKE 'gpt%'"
	"$traceshim" report "${period[@]}" --by model >plain
	grep -Eq '^claude-sonnet-4-5 .* \?$' plain
	grep -Eq '^gpt-4o-mini .* \$0.00$' plain
	"$traceshim" report "${period[@]}" | sed -n 2p | grep -Eq ', >=\$0.00$'
	"$traceshim" report "${period[@]}" --by model --json | jq -e '.rows | map(select(.model == "claude-sonnet-4-5"))[0]
		| .cost_nano_usd == null and .cost_unknown == .calls'
	sql_of some.db "DELETE FROM pipeline_spans WHERE kind = 'llm'"
	"$traceshim" report "${period[@]}" >plain
	! grep -q 'money' plain
	grep -Eq '^support .* - ' plain
	sql_of some.db 'DELETE FROM pipeline_spans'
	"$traceshim" report "${period[@]}" >plain
	grep -Eq '^support itself .* 100 % +100 %  <-$' plain
}

@test "report: the traces that it names are found" {
	"$traceshim" report "${period[@]}" --top 3 | sed -n '/^what went wrong/,/^$/p' | awk 'NR > 1 && /[0-9a-f-]+$/ { print $NF }' >ids
	[ "$(wc -l <ids)" -eq 3 ]
	while read -r id; do
		"$traceshim" show "$id" >shown
		grep -q '^pipeline ' shown
	done <ids
}

@test "report: a period without traces, a pipeline that is spelt otherwise" {
	said 0 "no trace is of that period; the newest is of .* \(--since [0-9]+[hd]\)" "$traceshim" report --since 2020-01-01 --until 2020-02-01
	said 0 "no pipeline is named suport \(did you mean support\?\)" "$traceshim" report "${period[@]}" --pipeline suport
	said 0 "no pipeline is named nothing" "$traceshim" report "${period[@]}" --pipeline nothing
	run -0 --separate-stderr "$traceshim" report --json --since 2020-01-01 --until 2020-02-01
	jq -e '.traces == 0 and .error_rate == null and .p50_ms == null' <<<"$output"
	export TRACESHIM_STORE=sqlite:$work/bare.db
	"$traceshim" store init >/dev/null
	said 0 "^traceshim: no traces are stored; traceshim run -- CMD makes some$" "$traceshim" report
	gate 'require = traces > 1'
	run -1 --separate-stderr "$traceshim" gate g.gate
	[ "$stderr" = "traceshim: no traces are stored; traceshim run -- CMD makes some" ]
}

@test "report: what makes no sense" {
	said 2 "ends .* before it begins" "$traceshim" report --since 1d --until 2d
	said 2 "begins in the future" "$traceshim" report --since 2099-01-01
	said 2 "--since yesterday: neither a time ago" "$traceshim" report --since yesterday
	said 2 "--by modle: did you mean model\?" "$traceshim" report --by modle
	said 2 "--by x: pipeline, span, model" "$traceshim" report --by x
	said 2 "--top 0: a number" "$traceshim" report --top 0
	said 2 "options only, not learn" "$traceshim" report learn
	said 2 "unknown option --pipline \(did you mean --pipeline\?\)" "$traceshim" report --pipline x
}

@test "report, compare, gate: stores that cannot be read" {
	echo '[gate x]
	require = traces >= 1' >x.gate
	cp "$some" newer.db
	sql_of newer.db 'PRAGMA user_version = 99'
	echo 'this is no database, but it is long enough to be looked at' >other.db
	cp "$some" corrupt.db
	dd if=/dev/zero of=corrupt.db bs=4096 seek=20 count=60 conv=notrunc 2>/dev/null
	sqlite3 foreign.db 'CREATE TABLE t (x)'
	for command in report "compare last last" "gate x.gate"; do
		try() { # STORE PATTERN
			# shellcheck disable=SC2086 # words
			TRACESHIM_STORE=$1 said 2 "$2" "$traceshim" $command
			[ "${#stderr_lines[@]}" -eq 1 ]
		}
		try "sqlite:$work/none.db" 'no traces are stored; traceshim run'
		try "sqlite:$work/newer.db" 'newer traceshim'
		try "sqlite:$work/other.db" 'not a database'
		try "sqlite:$work/foreign.db" 'database of another program'
		try jsonl:x 'set TRACESHIM_STORE to an sqlite: or postgresql: store'
		try nosuch:x 'there are: sqlite, postgresql, jsonl'
		try postgresql://nobody@127.0.0.1:1/none 'Connection refused'
	done
	TRACESHIM_STORE=sqlite:$work/corrupt.db said 2 'malformed' "$traceshim" report "${period[@]}"
	"$traceshim" store init "sqlite:$work/empty.db" 2>/dev/null
	TRACESHIM_STORE=sqlite:$work/empty.db said 2 'no trace is stored yet' "$traceshim" compare last last
}

@test "report, compare, gate: a reader that has seen enough ends them quietly" {
	set -o pipefail
	for command in "report ${period[*]} --json" "report ${period[*]} --by user" "compare last last"; do
		# shellcheck disable=SC2086 # words
		"$traceshim" $command 2>err | head -c 1 >first || [ $? -eq 141 ]
		[ ! -s err ]
	done
	run -1 --separate-stderr bash -c "'$traceshim' report ${period[*]} >/dev/full"
	[[ $stderr == *"No space left on device"* ]]
}

@test "report: a row that cannot be is an error, whatever came before it" {
	cp "$some" some.db
	sql_of some.db "UPDATE pipeline_spans SET duration_ms = NULL WHERE rowid = (SELECT max(rowid) FROM pipeline_spans)"
	TRACESHIM_STORE=sqlite:$work/some.db said 2 'a row that traceshim did not write' "$traceshim" report "${period[@]}"
	TRACESHIM_STORE=sqlite:$some
}

# --- compare -----------------------------------------------------------------------------------------

@test "compare: two traces side by side" {
	sqlite3 two.db <"$root/sql/sqlite/001_traces.sql"
	sqlite3 two.db <"$root/sql/sqlite/002_runs.sql"
	sql_of two.db "PRAGMA user_version = 2;
		WITH t(id, took, ok) AS (VALUES (x'01a1fb370b38700080000000000000aa', 100, 1), (x'01a1fb370f20700080000000000000bb', 150, 0))
		INSERT INTO pipeline_traces (trace_id, pipeline_name, started_at, ended_at, duration_ms, success, error, created_at)
			SELECT id, 'learn', '2026-11-20T11:00:00.000000Z', '2026-11-20T11:00:00.100000Z', took, ok,
			CASE ok WHEN 0 THEN 'it broke' END, '2026-11-20T11:00:00.100000Z' FROM t;
		WITH s(t, id, parent, name, at, took) AS (VALUES ('aa', 1, 0, 'agent:a', 10, 80.0), ('aa', 2, 1, 'llm:x', 20, 10.0),
			('aa', 3, 1, 'llm:x', 40, 12.0), ('bb', 1, 0, 'agent:a', 10, 120.0), ('bb', 2, 1, 'llm:x', 20, 30.0),
			('bb', 3, 1, 'tool:検索', 60, 5.0))
		INSERT INTO pipeline_spans (trace_id, span_id, parent_span_id, span_name, kind, started_at, ended_at, duration_ms, success, created_at)
			SELECT CASE t WHEN 'aa' THEN x'01a1fb370b38700080000000000000aa' ELSE x'01a1fb370f20700080000000000000bb' END,
			CAST(printf('%016d', id) AS BLOB), CASE WHEN parent THEN CAST(printf('%016d', parent) AS BLOB) END, name,
			substr(name, 1, instr(name, ':') - 1), '2026-11-20T11:00:00.' || printf('%03d', at) || '000Z', '2026-11-20T11:00:01.000000Z', took, 1,
			'2026-11-20T11:00:01.000000Z' FROM s;
		UPDATE pipeline_spans SET cost_nano_usd = 1234567 WHERE span_name = 'llm:x' AND duration_ms = 10"
	export TRACESHIM_STORE=sqlite:$work/two.db
	run -0 --separate-stderr "$traceshim" compare 01a1fb370b 01a1fb370f
	[ -z "$stderr" ]
	[ "$(wc -L <<<"$output")" -le 80 ] # with a cost of which a part is not known
	[[ $output == "A  01a1fb37-"*">=\$0.00123"* ]]
	grep -Eq '^learn +100 ms +failed 150 ms +\+50.0 ms +\+50 %$' <<<"$output"
	grep -Eq '^  agent:a +80.0 ms +120 ms +\+40.0 ms +\+50 %$' <<<"$output"
	grep -Eq '^    llm:x +10.0 ms +30.0 ms +\+20.0 ms +\+200 %$' <<<"$output"
	grep -Eq '^    llm:x x2 +12.0 ms +- +only in A$' <<<"$output"
	grep -Eq '^    tool:検索 +- +5.00 ms +only in B$' <<<"$output"
	# by whatever name a call that was tried again is answered
	sql_of two.db "UPDATE pipeline_spans SET success = 0, model = 'ours', provider = 'p' WHERE span_name = 'llm:x' AND duration_ms = 10;
		UPDATE pipeline_spans SET model = 'gpt-4o-2024-08-06', provider = 'p', attributes = json_object('usage',
			json_object('requested_model', 'ours')) WHERE span_name = 'llm:x' AND duration_ms = 12"
	"$traceshim" report --json --since 2026-11-20 | jq -e '.repeats | map([.parent, .span_name, .after, .retries, .helped]) ==
		[["agent:a", "llm:x", null, 1, 1]]'
	"$traceshim" compare --json 01a1fb370b 01a1fb370f | jq -e '.a.success and (.b.success | not) and (.spans | map([.span_name,
		.occurrence, .depth, .change_ms]) == [["agent:a", 1, 0, 40], ["llm:x", 1, 1, 20], ["llm:x", 2, 1, null],
		["tool:検索", 1, 1, null]])'
	said 2 'several traces: 01a1fb37-0f20.*, 01a1fb37-0b38' "$traceshim" compare 01a1fb37 last
	said 2 'no trace begins with ffff' "$traceshim" compare 01a1fb370b ffff
	said 2 "neither the beginning of a trace's id nor 'last'" "$traceshim" compare x y
}

@test "compare: claims are made of what differs, and of nothing else" {
	cp "$some" some.db
	export TRACESHIM_STORE=sqlite:$work/some.db
	run -0 --separate-stderr "$traceshim" compare --before 2026-11-19T12:00:00Z..2026-11-20T00:00:00Z \
		--after 2026-11-20T00:00:00Z..$until
	[[ $output == *"No difference that is more than noise, in "*" figures compared."* ]]
	[ "$(wc -L <<<"$output")" -le 80 ]
	sql_of some.db "UPDATE pipeline_spans SET duration_ms = 3 * duration_ms, success = success AND span_id > x'01' AND rowid % 2
		WHERE started_at > '2026-11-20T00' AND span_name = 'llm:claude' AND trace_id IN
		(SELECT trace_id FROM pipeline_traces WHERE pipeline_name = 'learn')"
	run -0 --separate-stderr "$traceshim" compare --before ..2026-11-20T00:00:00Z --after 2026-11-20T00:00:00Z.. --pipeline learn
	[ "$(wc -L <<<"$output")" -le 80 ]
	grep -A2 '^slower$' <<<"$output" | grep -q '^  learn > llm:claude '
	grep -A2 '^fails more$' <<<"$output" | grep -q '^  learn > llm:claude '
	[[ $output != *quicker* && $output == *"show no difference that is more than noise."* ]]
}

@test "compare: programs, users, attributes" {
	cp "$some" some.db
	export TRACESHIM_STORE=sqlite:$work/some.db
	sql_of some.db "UPDATE pipeline_traces SET program = '/opt/' || (pid % 2) || '/bot-' || (pid % 2),
		attributes = json_object('release', CASE WHEN pid % 2 THEN 'v 1.\"2\"' ELSE 7 END, 'beta', json(CASE WHEN pid % 2 THEN 'true' ELSE 'false' END))"
	count() { # the traces of both sides
		"$traceshim" compare --json --since 2026-11-01 "$@" | jq -c '[.before.traces, .after.traces]'
	}
	wanted=$(sql_of some.db "SELECT json_array(sum(pid % 2 = 0), sum(pid % 2)) FROM pipeline_traces")
	[ "$(count --before program=bot-0 --after program=bot-1)" = "$wanted" ]
	[ "$(count --before program=0/bot-0 --after program=/opt/1/bot-1)" = "$wanted" ]
	[ "$(count --before attributes.release=7 --after 'attributes.release=v 1."2"')" = "$wanted" ]
	[ "$(count --before attributes.beta=false --after attributes.beta=true)" = "$wanted" ]
	[ "$(count --before user=user-1 --after user=user-2)" = "$(sql_of some.db \
		"SELECT json_array(sum(user_id = 'user-1'), sum(user_id = 'user-2')) FROM pipeline_traces")" ]
	[ "$(count --before 2026-11-19 --after 2026-11-20)" = "$(sql_of some.db \
		"SELECT json_array(sum(started_at < '2026-11-20'), sum(started_at >= '2026-11-20')) FROM pipeline_traces")" ]
	said 2 'there is no trace for --after' "$traceshim" compare --since 2026-11-01 --before program=bot-0 --after program=ot-0
}

@test "compare: what makes no sense" {
	said 2 "two traces, or --before and --after" "$traceshim" compare
	said 2 "two traces, or --before and --after" "$traceshim" compare last
	said 2 "two traces, or --before and --after" "$traceshim" compare a b --since 2d
	said 2 "not last besides --before" "$traceshim" compare --before 2d..1d --after 1d.. last
	said 2 "both --before and --after" "$traceshim" compare --before 2d..1d
	said 2 "overlap" "$traceshim" compare --before 2d.. --after 1d..
	said 2 "overlap" "$traceshim" compare --before program=x --after program=x
	said 2 "a period is SINCE..UNTIL" "$traceshim" compare --before yesterday --after 1d..
	said 2 "--before: 1y is neither a time ago" "$traceshim" compare --before 1y..2d --after 1d..
	said 2 "ends .* before it begins" "$traceshim" compare --before 1d..2d --after 1d..
	said 2 "pogram= is none of program=.* \(did you mean program=\?\)" "$traceshim" compare --before pogram=x --after program=y
	said 2 "one attribute can be named" "$traceshim" compare --before attributes.a.b=1 --after attributes.a=2
}

# --- gate --------------------------------------------------------------------------------------------

# gate LINE...: a file of one gate, named g
gate() {
	printf '%s\n' '[gate g]' "$@" >g.gate
}

@test "gate: passes, warns, fails, blocks" {
	gate 'require = traces >= 10' 'require = error_rate < 50%' 'require = cost_usd >= 0.01'
	run -0 --separate-stderr "$traceshim" gate "${period[@]}" g.gate
	[[ ${lines[0]} == "g passes, "*" traces" && ${lines[1]} == "  ok     traces >= 10: "* ]]
	gate 'require = p95_ms <= 1' 'action = warn'
	run -0 --separate-stderr "$traceshim" gate "${period[@]}" g.gate
	[[ ${lines[0]} == "g warns, "* && ${lines[1]} == "  FAILS  p95_ms <= 1: "*" ms" ]]
	gate 'require = p95_ms <= 1'
	run -1 --separate-stderr "$traceshim" gate "${period[@]}" g.gate
	gate 'require = p95_ms <= 1' 'action = block-deploy'
	run -3 --separate-stderr "$traceshim" gate "${period[@]}" g.gate
	[[ ${lines[0]} == "g blocks the deployment, "* ]]
	printf '[gate h]\nrequire = p95_ms <= 1\n' >>g.gate
	run -3 --separate-stderr "$traceshim" gate "${period[@]}" g.gate
}

@test "gate: names a trace in which it is not so" {
	gate 'require = spans agent:trainer >= 1'
	run -1 --separate-stderr "$traceshim" gate "${period[@]}" g.gate
	[[ ${lines[1]} =~ "FAILS  spans agent:trainer >= 1: not in "[0-9,]+" of "[0-9,]+" traces, at worst 0" ]]
	read -r _ _ id <<<"${lines[2]}"
	! "$traceshim" show "$id" | grep -q agent:trainer
}

@test "gate: nothing passes without data" {
	gate 'pipeline = lern' 'require = traces == 0'
	run -1 --separate-stderr "$traceshim" gate "${period[@]}" g.gate
	[ "${lines[1]}" = "  without any trace no gate is passed" ]
	[ "$stderr" = "traceshim: no pipeline is named lern (did you mean learn?)" ]
	gate 'require = traces == 0'
	run -1 --separate-stderr "$traceshim" gate --since 2020-01-01 --until 2020-02-01 g.gate
	gate 'require = p95_ms tool:none <= 1000'
	run -1 --separate-stderr "$traceshim" gate "${period[@]}" g.gate
	[[ $output == *": there is no call of tool:none"* ]]
	gate 'require = cost_usd <= 1000000'
	run -1 --separate-stderr "$traceshim" gate "${period[@]}" g.gate
	[[ $(tr -s '\n ' ' ' <<<"$output") == *": at least $"*", and "*" calls whose cost is unknown"* ]]
	[ "$(wc -L <<<"$output")" -le 80 ]
}

@test "gate: for programs" {
	gate 'pipeline = learn' 'require = p95_ms   <= 1' 'require = traces > 1' 'action = block-deploy'
	printf '[gate <&">]\nrequire = max_ms < 1\naction = warn\n' >>g.gate
	run -3 --separate-stderr "$traceshim" gate "${period[@]}" --json --junit junit.xml g.gate
	jq -e '(.passed | not) and .exit_status == 3 and (.gates | length) == 2 and (.gates[0] | .gate == "g" and .pipeline == "learn"
		and .action == "block-deploy" and (.passed | not) and (.requirements | map([.require, .line, .passed, .result])
		== [["p95_ms <= 1", 3, false, "fails"], ["traces > 1", 4, true, "holds"]]))' <<<"$output"
	python3 - junit.xml <<-'PY'
	import sys, xml.etree.ElementTree as tree
	root = tree.parse(sys.argv[1]).getroot()
	suites = [(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in root]
	assert (root.get("tests"), root.get("failures")) == ("3", "1"), root.attrib
	assert suites == [("g", "2", "1"), ("<&\">", "1", "0")], suites
	cases = [(case.get("name"), [child.tag for child in case]) for case in root.iter("testcase")]
	assert cases == [("p95_ms <= 1", ["failure"]), ("traces > 1", []), ("max_ms < 1", ["system-out"])], cases
	PY
	run -3 --separate-stderr "$traceshim" gate "${period[@]}" --junit "$work/none/junit.xml" g.gate
	[[ $stderr == *"none/junit.xml: No such file or directory" ]]
	gate 'require = traces > 1'
	run -1 --separate-stderr "$traceshim" gate "${period[@]}" --junit "$work/none/junit.xml" g.gate
}

@test "gate: faults are told with their places, all of them, and nothing is judged" {
	printf '[gate g]\npipline = learn\nrequire = p95ms <= 1\n' >g.gate
	run -2 --separate-stderr "$traceshim" gate "${period[@]}" g.gate
	[ -z "$output" ]
	[ "${stderr_lines[0]}" = "g.gate:2:1: unknown key 'pipline' (did you mean 'pipeline'?); there are pipeline, require and action" ]
	[[ ${stderr_lines[1]} == "g.gate:3:11: unknown figure 'p95ms' (did you mean 'p95_ms'?);"* ]]
	said 2 "none.gate: No such file" "$traceshim" gate none.gate
	said 2 ": Is a directory" "$traceshim" gate .
	said 2 "takes one file" "$traceshim" gate
	said 2 "takes one file" "$traceshim" gate a b
}

# --- run --gate --------------------------------------------------------------------------------------

coach() {
	echo "$bots/coach/coach" "$root/tests/bots/coach/conversation.tsv"
}

@test "run --gate: a pipeline is tested in one line, of this run's traces alone" {
	export TRACESHIM_STORE=sqlite:$work/traces.db TRACESHIM_CONF=$root/symbols.conf
	gate 'require = traces == 73' 'pipeline = learn'
	printf '[gate all]\nrequire = traces == 73\nrequire = spans agent:planner <= 1\n' >all.gate
	# twice, so that the store has others
	for _ in 1 2; do
		# shellcheck disable=SC2046 # words
		run -0 --separate-stderr "$traceshim" run --gate all.gate -- $(coach)
		[ "${stderr_lines[0]}" = "all passes, 73 traces" ]
		[ "${#lines[@]}" -gt 10 ]
	done
	# shellcheck disable=SC2046 # words
	run -1 --separate-stderr "$traceshim" run --gate g.gate --junit junit.xml --json=run.json -- $(coach)
	[[ ${stderr_lines[0]} == "g fails, 23 traces of learn" ]]
	grep -q '<testsuite name="g" tests="1" failures="1"' junit.xml
	jq -e '.status == 0 and .gate.exit_status == 1 and (.gate.gates[0].passed | not)' run.json
}

@test "run --gate: all that the program starts counts" {
	export TRACESHIM_STORE=sqlite:$work/traces.db TRACESHIM_CONF=$root/symbols.conf
	gate 'require = traces == 146'
	run -0 --separate-stderr "$traceshim" run --gate g.gate -- bash -c "env -i $(coach) & $(coach); wait"
	[[ $stderr == "g passes, 146 traces"* ]]
	gate 'require = traces == 73'
	run -0 --separate-stderr "$traceshim" run --gate g.gate -- sh -c "exec $(coach)"
}

@test "run --gate: with a collector, and where the store is away" {
	export TRACESHIM_STORE=sqlite:$work/traces.db TRACESHIM_CONF=$root/symbols.conf
	gate 'require = traces == 73'
	"$traceshim" collect 2>collect.err &
	collector=$!
	soon "$traceshim" collect --health
	# shellcheck disable=SC2046 # words
	run -0 --separate-stderr "$traceshim" run --gate g.gate -- $(coach)
	kill $collector
	wait $collector || :
	# shellcheck disable=SC2046 # words
	TRACESHIM_STORE=sqlite:/proc/nosuch/traces.db run -1 --separate-stderr "$traceshim" run --gate g.gate -- $(coach)
	[[ $stderr == *"the store has not got what 1 process recorded, so no gate can be judged; traceshim recover says why" ]]
}

@test "run --gate: how it ends" {
	export TRACESHIM_STORE=sqlite:$work/traces.db TRACESHIM_CONF=$root/symbols.conf
	gate 'require = traces >= 1' 'action = block-deploy'
	run -3 --separate-stderr "$traceshim" run --gate g.gate -- true
	[[ $stderr == *"g blocks the deployment, 0 traces"* ]]
	run -5 --separate-stderr "$traceshim" run --gate g.gate -- sh -c 'exit 5'
	echo 'nonsense' >bad.gate
	run -2 --separate-stderr "$traceshim" run --gate bad.gate -- sh -c 'echo ran'
	[ -z "$output" ]
	TRACESHIM_STORE=jsonl:x run -2 --separate-stderr "$traceshim" run --gate g.gate -- sh -c 'echo ran'
	[[ -z $output && $stderr == *"--gate: a jsonl store is for other programs to read"* ]]
	said 2 "for the results of --gate" "$traceshim" run --junit x -- true
}
