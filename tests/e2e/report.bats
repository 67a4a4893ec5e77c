#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# The figures of 10,000 traces equal those that figures.py works out by itself. Over SQLite; under its other name over
# PostgreSQL.

bats_require_minimum_version 1.5.0
load stores

setup_file() {
	stores_begin
	export root work TRACESHIM_STORE TRACESHIM_SPOOL XDG_STATE_HOME TZ=UTC LC_ALL=C.UTF-8
	root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	work=$BATS_FILE_TMPDIR
	TRACESHIM_SPOOL=$work/spool XDG_STATE_HOME=$work/state
	TRACESHIM_STORE=$(new_store traces)
	[ $store_kind = postgresql ] || "$root/build/traceshim" store init 2>/dev/null
	figures fill "$TRACESHIM_STORE"
}

teardown_file() {
	stores_end
}

figures() { # WHAT ARGUMENT...
	python3 "$root/tests/e2e/figures.py" "$1" "$work/rows" "${@:2}"
}

report() { # NAME OPTION...: the document, in a file of that name
	"$root/build/traceshim" report --json --since 2026-11-17 "${@:2}" >"$work/$1"
}

@test "report: all that it tells of 10,000 traces" {
	report all
	[ "$(jq .traces "$work/all")" -ge 10000 ]
	figures check "$work/all"
}

@test "report: a period, a pipeline, a user" {
	report period --since "$(figures moment 2000)" --until "$(figures moment 3000)"
	report pipeline --pipeline 訓練
	report user --user user-7
	report telegram --user 700100007
	figures check "$work/period,since=2000,until=3000" "$work/pipeline,pipeline=訓練" "$work/user,user=user-7" \
		"$work/telegram,user=700100007"
}

@test "report: by each thing" {
	local by documents=()
	for by in pipeline span model provider user tenant day; do
		report by_$by --by $by
		documents+=("$work/by_$by,by=$by")
	done
	figures check "${documents[@]}"
}

@test "report: one tenant's" {
	"$root/build/traceshim" --tenant acme report --json --since 2026-11-17 >"$work/acme"
	figures check "$work/acme,tenant=acme"
	run -0 --separate-stderr "$root/build/traceshim" --tenant nobody report --json --since 2026-11-17
	jq -e '.traces == 0 and .p50_ms == null and .cost_nano_usd == null and .pipelines == []' <<<"$output"
}

@test "report: days are those of the place" {
	TZ=Asia/Tokyo report tokyo --by day
	jq -e '(.rows | map(.day)) == ["2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20"]' "$work/tokyo"
	report utc --by day
	jq -e --argjson tokyo "$(jq '.rows | map(.traces)' "$work/tokyo")" '(.rows | map(.traces)) != $tokyo
		and (.rows | map(.traces) | add) == ($tokyo | add)' "$work/utc"
}

# compare NAME A B C D: of two stretches of all traces, oldest first.
compare() {
	"$root/build/traceshim" compare --json --before "$(figures moment "$2")..$(figures moment "$3")" \
		--after "$(figures moment "$4")..$(figures moment "$5")" >"$work/$1"
	figures compare "$work/$1" "${@:2}"
}

@test "compare: tests, shifts and shares of two sets" {
	# models are slower on the last day, a third of all
	compare slower 6000 6600 9000 9700
	jq -e '.differences | map(select(.differs)) | any(.measure == "time_ms" and .span_name == "llm:claude"
		and .shift_low > 0)' "$work/slower"
	compare same 2000 2500 3000 3700
	jq -e '[.differences[] | select(.differs)] == []' "$work/same"
	compare few 100 112 200 209
}

@test "compare: by program and by attribute" {
	sides() { # the traces on both
		"$root/build/traceshim" compare --json --since 2026-11-17 "$@" | jq -c '[.before.traces, .after.traces]'
	}
	[ "$(sides --before program=bot-0 --after program=/srv/bot-1)" = "$(figures count program '"/srv/bot-0"' '"/srv/bot-1"')" ]
	[ "$(sides --before 'attributes.release=1.2 "é"' --after attributes.release=7)" = \
		"$(figures count release '"1.2 \"é\""' 7)" ]
	[ "$(sides --before attributes.release=true --after attributes.release=7)" = "$(figures count release true 7)" ]
}

@test "run --gate: this run's traces alone" {
	local store
	store=$(new_store gates)
	printf '[gate all]\nrequire = traces == 73\nrequire = spans agent:planner <= 1\n' >"$work/all.gate"
	for _ in 1 2; do
		TRACESHIM_STORE=$store TRACESHIM_CONF=$root/symbols.conf run -0 --separate-stderr "$root/build/traceshim" run \
			--gate "$work/all.gate" -- "$root/build/bots/coach/coach" "$root/tests/bots/coach/conversation.tsv"
		# shellcheck disable=SC2154 # bats' own
		[ "${stderr_lines[0]}" = "all passes, 73 traces" ]
	done
	TRACESHIM_STORE=$store run -1 "$root/build/traceshim" gate "$work/all.gate"
}
