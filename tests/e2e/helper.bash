# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For the bats files beside it: a scratch folder for each test, in which traceshim keeps everything.

root=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
# shellcheck disable=SC2034 # for the bats files
bots=$root/build/bots
shim=$root/build/libtraceshim.so

# Called by setup().
scratch() {
	work=${BATS_TEST_TMPDIR:?}
	export TRACESHIM_CONF=$work/symbols.conf TRACESHIM_SPOOL=$work/spool
	export TRACESHIM_STORE=sqlite:$work/traces.db
	export HOME=$work/home XDG_CONFIG_HOME=$work/home/config XDG_DATA_HOME=$work/home/data
	export XDG_RUNTIME_DIR=$work/home/run XDG_STATE_HOME=$work/home/state XDG_CACHE_HOME=$work/home/cache
	export LC_ALL=C.UTF-8 TZ=UTC PATH=/usr/bin:/bin:$PATH # the system's own programs
	unset LD_PRELOAD TRACESHIM_DISABLE TRACESHIM_LOG TRACESHIM_TENANT TRACESHIM_CAPTURE TRACESHIM_REDACT \
		TRACESHIM_ORPHANS TRACESHIM_BACKLOG TRACESHIM_PRICES TRACEPARENT TRACESTATE
	mkdir -p "$XDG_CONFIG_HOME" "$XDG_DATA_HOME" "$XDG_RUNTIME_DIR"
	ulimit -c 0
	cd "$work" || return
}

# rules LINE...: the symbols.conf of this test.
rules() {
	printf '%s\n' "$@" >"$TRACESHIM_CONF"
}

# traced CMD...: CMD under the shim; CMD is a program, so that no shell speaks of its signals.
traced() {
	env "LD_PRELOAD=$shim" "$@"
}

# answer NAME CMD...: runs CMD and keeps what it says in NAME.out and NAME.err, its status in NAME.status.
answer() {
	local name=$1 status=0
	shift
	"$@" >"$work/$name.out" 2>"$work/$name.err" </dev/null || status=$?
	echo $status >"$work/$name.status"
}

# same CMD...: with the shim and without it, CMD says the same and ends the same.
same() {
	answer plain "$@"
	answer traced env "LD_PRELOAD=$shim" "$@"
	diff "$work/plain.out" "$work/traced.out" && diff "$work/plain.err" "$work/traced.err" &&
		diff "$work/plain.status" "$work/traced.status"
}

# ends_well CMD...: the same, on a new store, and nothing is left in the spool. At its end a program waits two seconds for the
# store; a disk may stand still for longer, once.
ends_well() {
	for _ in 1 2 3; do
		rm -rf "$work"/traces.db* "$TRACESHIM_SPOOL"
		same "$@" || return
		[ -n "$(spools)" ] || return 0
	done
	echo "left in the spool, each time: $(spools)"
	return 1
}

# same_but_a_line PATTERN CMD...: the same, and the shim says one line, which holds PATTERN.
same_but_a_line() {
	local pattern=$1
	shift
	answer plain "$@"
	answer traced env "LD_PRELOAD=$shim" "$@"
	diff "$work/plain.out" "$work/traced.out" && diff "$work/plain.status" "$work/traced.status" &&
		grep -v '^traceshim: ' "$work/traced.err" | diff "$work/plain.err" - &&
		[ "$(grep -c '^traceshim: ' "$work/traced.err")" -eq 1 ] &&
		grep -E "^traceshim: .*$pattern" "$work/traced.err"
}

# pythons [LEAST]: interpreters from 3.LEAST on, each once.
pythons() {
	local name
	for name in /usr/bin/python3 python3.{10..14} ${TRACESHIM_PYTHONS-}; do
		"$name" -c "import os, sys; sys.version_info < (3, ${1-10}) or print(os.path.realpath(sys.executable))" 2>/dev/null || :
	done | sort -u
}

# What is stored, after whatever an ended program left behind was recovered.
traces() {
	"$root/build/traceshim" list --json --limit 100000
}

spans() {
	"$root/build/traceshim" show --json "$1" | jq .spans
}

# holds FILTER [VALUE]: FILTER is true of standard input; $value in it is VALUE.
holds() {
	local json
	json=$(cat)
	[ "$json" ] || { echo "nothing to look at: $1"; return 1; } # which jq 1.6 takes for true
	jq -e --arg value "${2-}" "$1" <<<"$json" >/dev/null || {
		echo "not so: $1"
		jq -c ".[:5][]?" <<<"$json" | cut -c1-400
		false
	}
}

# sql QUERY: of the database itself; what is recovered shows up there after `traces`.
sql() {
	sqlite3 -readonly -separator ' ' "${TRACESHIM_STORE#sqlite:}" "$1"
}

# soon CMD...: CMD succeeds; if not within a minute, what it waits for does not come at all.
soon() {
	local i end=$((SECONDS + 60))
	for ((i = 0; i < 100 || SECONDS < end; i++)); do
		"$@" >/dev/null 2>&1 && return
		read -rt 0.02 <><(:) || :
	done
	echo "not within a minute: $*"
	return 1
}

# The spool folders of processes.
spools() {
	find "$TRACESHIM_SPOOL" -mindepth 1 -maxdepth 1 -type d 2>/dev/null
}

# ask_runs SQL: of a store that has a table of processes; fails where there is none to ask.
ask_runs() {
	case $TRACESHIM_STORE in
	sqlite:*) sqlite3 -readonly "${TRACESHIM_STORE#sqlite:}" "$1" 2>/dev/null ;;
	postgresql:*) [ -n "${pg_url-}" ] && psql -XqtA "${pg_url%/*}/${TRACESHIM_STORE##*/}" -c "$1" 2>/dev/null ;;
	*) false ;;
	esac
}

# add_up: what the store says of the processes is true: begun = stored + open + dropped, and so many rows are there.
add_up() {
	local each=json_each text=value wrong
	ask_runs 'SELECT count(*) FROM pipeline_runs' >/dev/null || return 0
	[ "${TRACESHIM_STORE%%:*}" = sqlite ] || each=jsonb_each text=value::text::bigint
	wrong=$(ask_runs "
		SELECT program, pid, begun, stored, open, dropped, dropped_by FROM pipeline_runs
			WHERE begun <> stored + open + dropped OR stored < 0 OR open < 0 OR dropped < 0
				OR dropped <> (SELECT coalesce(sum($text), 0) FROM $each(coalesce(dropped_by, '{}')))")
	wrong+=$(ask_runs "
		SELECT 'of all', sum(stored), 'stored, but there are', n FROM pipeline_runs,
			(SELECT (SELECT count(*) FROM pipeline_traces) + (SELECT count(*) FROM pipeline_spans) AS n) AS rows
			GROUP BY n HAVING sum(stored) <> n")
	[ -z "$wrong" ] || {
		echo "does not add up: $wrong"
		ask_runs "SELECT pid, outcome, begun, stored, open, dropped, dropped_by FROM pipeline_runs"
		return 1
	}
}

# A file with more to clean up has its own, which ends with this.
teardown() {
	add_up
}

# The folders of rows that wait for their store.
backlogs() {
	find "$XDG_STATE_HOME/traceshim/backlog" -mindepth 1 -maxdepth 1 -type d 2>/dev/null
}
