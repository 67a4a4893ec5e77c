#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# PostgreSQL as the store, a real one: what is written to it, whatever becomes of it meanwhile, and that the program
# notices nothing.

bats_require_minimum_version 1.5.0
load ../e2e/helper
load ../e2e/stores

setup_file() {
	stores_begin
	pg_sql postgres "CREATE ROLE bot LOGIN IN ROLE traceshim_writer, traceshim_auditor" # no superuser
	pg_sql postgres "CREATE ROLE locked LOGIN PASSWORD 'right-one' IN ROLE traceshim_writer, traceshim_auditor"
	pg_first_rule 'host all locked all scram-sha-256'
	pooler_begin
}

teardown_file() {
	pooler_end
	stores_end
}

setup() {
	scratch
	same_day
	database=db_$BATS_TEST_NUMBER
	pg_make "$database" ready
	store=$(pg_of "$database" bot)
	export TRACESHIM_STORE=$store
	coach=("$bots/coach/coach" -w 2 "$root/tests/bots/coach/conversation.tsv")
	cp "$root/symbols.conf" "$TRACESHIM_CONF"
}

teardown() {
	[ -z "${mounted-}" ] || {
		pg_sql postgres 'DROP DATABASE IF EXISTS small WITH (FORCE)'
		pg_sql postgres 'DROP TABLESPACE IF EXISTS small'
		umount -l "$mounted"
	}
	[ -z "${helper_pid-}" ] || kill "$helper_pid" 2>/dev/null || :
	[ -z "${deliver_pid-}" ] || kill "$deliver_pid" 2>/dev/null || :
	# what `deliver` makes up says nothing of its rows
	[ "$(ask_runs 'SELECT count(*) FROM pipeline_runs WHERE pid = 1')" != 0 ] || add_up
}

deliver() { # URL OPTION...
	timeout 120 "$root/build/stores/deliver" "$root/build/modules/store_postgresql.so" "$@"
}

ask() {
	pg_sql "$database" "$1"
}

# all_stored SPANS: so many, none twice, and their traces.
all_stored() {
	[ "$(ask 'SELECT count(*), count(DISTINCT span_id) FROM pipeline_spans')" = "$1"$'\t'"$1" ] &&
		[ "$(ask 'SELECT count(*), count(DISTINCT trace_id) FROM pipeline_traces')" = $(($1 / 10))$'\t'$(($1 / 10)) ]
}

# The coach's, all of them.
coach_stored() {
	traces | holds 'length == 73 and (map(.span_count) | add) == 616'
}

# --- rows ----------------------------------------------------------------------------------------------------------------

@test "postgresql: rows that come again are there once, the run as it was last, and no older one" {
	deliver "$store" batches=3 spans=1200
	all_stored 3600
	deliver "$store" batches=3 spans=1200
	all_stored 3600
	deliver "$store" batches=6 spans=700 # other batches of the same
	all_stored 4200
	local run=$'4200\t4200\t00:00:00.000005'
	[ "$(ask "SELECT begun, stored, seen_at::time FROM pipeline_runs")" = "$run" ]
	deliver "$store" spans=700 # what waited in a backlog meanwhile, say
	[ "$(ask "SELECT begun, stored, seen_at::time FROM pipeline_runs")" = "$run" ]
}

@test "postgresql: a row holds what the batch held" {
	deliver "$store" spans=20
	[ "$(ask "SELECT span_name, kind, function, thread_id, duration_ms, success, error, input_data ->> 'n',
		input_tokens, attributes FROM pipeline_spans ORDER BY span_id LIMIT 1")" = \
		$'agent:trainer\tagent\ttrainer_run\t42\t1.5\tf\treturned NULL\t9007199254740993\t0\t{"thread_name": "worker"}' ]
	[ "$(ask "SELECT count(*) FROM pipeline_spans WHERE parent_span_id IS NULL")" = 2 ]
	[ "$(ask "SELECT count(*) FROM pipeline_spans WHERE input_tokens IS NULL")" = 10 ]
	[ "$(ask "SELECT count(*) FROM pipeline_spans WHERE extract(microseconds FROM started_at)::bigint % 100 = 0
		AND ended_at - started_at = '1.5 ms' AND created_at = ended_at")" = 20 ]
}

@test "postgresql: a day of rows has its partition, and a day without one does no harm" {
	deliver "$store" spans=100 days=5
	[ "$(ask "SELECT count(DISTINCT tableoid) FROM pipeline_spans")" = 5 ]
	[ "$(ask "SELECT count(*) FROM pipeline_spans_default")" = 0 ]
	ask "REVOKE EXECUTE ON FUNCTION traceshim_make_partitions FROM traceshim_writer"
	deliver "$store" spans=100 days=10 seed=2
	all_stored 200
	[ "$(ask "SELECT count(*) FROM pipeline_spans_default")" = 50 ]
}

@test "postgresql: a value that it cannot hold keeps out its batch, and no other" {
	local kind at
	for kind in nul surrogate halves bytes number nan cut name; do
		for at in 0 500 999; do
			! deliver "$store" batches=3 spans=1000 poison=$kind at=$at >"$work/out"
			[ "$(grep -c ': stored' "$work/out")" -eq 2 ]
			grep -E 'batch 1: EILSEQ .+' "$work/out"
		done
	done
	all_stored 2000
	deliver "$store" batches=3 spans=1000
	all_stored 3000
}

@test "postgresql: tenants side by side in a batch" {
	deliver "$store" spans=1000 tenants=3
	all_stored 1000
	[ "$(ask "SELECT string_agg(tenant_id || '=' || n, ' ' ORDER BY tenant_id)
		FROM (SELECT tenant_id, count(*) AS n FROM pipeline_spans GROUP BY 1) AS c")" = 't0=340 t1=330 t2=330' ]
}

# --- whatever becomes of the server ----------------------------------------------------------------------------------------

# delivering OPTION...: in the background, in $deliver_pid, until all is stored; has begun when this returns.
delivering() {
	deliver "$store" insist=1 "$@" >"$work/out" 2>&1 3>&- &
	deliver_pid=$!
	soon grep -q stored "$work/out"
}

delivered() {
	wait "$deliver_pid" || {
		tail -3 "$work/out"
		return 1
	}
	deliver_pid=
}

@test "postgresql: connections that are ended, again and again" {
	local i
	: >"$work/again"
	delivering batches=200 spans=100 pause=2 again="$work/again"
	for ((i = 0; i < 20; i++)); do
		pg_sql "$database" "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'bot'" >/dev/null
		read -rt 0.03 <><(:) || :
	done
	rm "$work/again"
	delivered
	all_stored 20000
}

@test "postgresql: a connection that died at rest costs nothing but the next" {
	: >"$work/hold"
	deliver "$store" batches=2 pause=20 hold="$work/hold" >"$work/out" 3>&- &
	deliver_pid=$!
	soon grep -q stored "$work/out"
	pg_sql "$database" "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'bot'"
	soon of_ours 0
	rm "$work/hold"
	delivered
	cat "$work/out"
	[ "$(cat "$work/out")" = $'batch 0: stored\nbatch 1: stored' ]
}

# of_ours: so many connections.
of_ours() {
	[ "$(pg_sql "$database" "SELECT count(*) FROM pg_stat_activity WHERE usename = 'bot'")" = "$1" ]
}

@test "postgresql: a connection stays between batches only where its descriptor is ours alone" {
	: >"$work/hold"
	delivering batches=2 pause=20 hold="$work/hold"
	of_ours 1
	rm "$work/hold"
	delivered
	: >"$work/hold"
	delivering batches=2 seed=2 pause=20 hold="$work/hold" keeps=0
	soon of_ours 0
	rm "$work/hold"
	delivered
	all_stored 40
}

@test "postgresql: killed in the middle of batches, and started again" {
	: >"$work/again"
	delivering batches=300 spans=100 pause=2 again="$work/again"
	as_server kill -KILL "$(pg_sql "$database" "SELECT pid FROM pg_stat_activity WHERE usename = 'bot' LIMIT 1")"
	soon pg_sql "$database" 'SELECT 1'
	pg_control stop -m immediate
	soon grep -q ECONN "$work/out"
	pg_control start
	rm "$work/again"
	delivered
	all_stored 30000
}

@test "postgresql: read-only for a while" {
	ask "ALTER DATABASE $database SET default_transaction_read_only = on"
	same_but_a_line 'read-only transaction; they stay in' "${coach[@]}"
	[ -n "$(spools)$(backlogs)" ]
	[ "$(ask 'SELECT count(*) FROM pipeline_spans')" = 0 ]
	ask "BEGIN READ WRITE; ALTER DATABASE $database RESET default_transaction_read_only; COMMIT"
	coach_stored
	[ -z "$(spools)$(backlogs)" ]
}

@test "postgresql: a full disk, and room again" {
	mkdir "$pg_folder/small"
	mount -t tmpfs -o size=16m tmpfs "$pg_folder/small" 2>/dev/null || skip 'nothing can be mounted here'
	mounted=$pg_folder/small
	chown --reference "$pg_folder/data" "$mounted"
	pg_sql postgres "CREATE TABLESPACE small LOCATION '$mounted'"
	database=small
	pg_sql postgres "CREATE DATABASE small TEMPLATE ready TABLESPACE small"
	store=$(pg_of small bot)
	delivering batches=40 spans=1000
	soon grep -q ENOSPC "$work/out" || { tail -3 "$work/out"; df "$mounted"; false; }
	mount -o remount,size=240m "$mounted"
	delivered
	all_stored 40000
}

@test "postgresql: no connection left" {
	ask 'ALTER ROLE bot CONNECTION LIMIT 0'
	same_but_a_line 'too many connections for role "bot"; they stay in' "${coach[@]}"
	ask 'ALTER ROLE bot CONNECTION LIMIT -1'
	coach_stored
}

@test "postgresql: a wrong password, which nobody gets to see" {
	export TRACESHIM_STORE=postgresql://locked:wrong-one@${store#*@}
	same_but_a_line 'password authentication failed for user "locked".*; they stay in' "${coach[@]}"
	run ! grep -r wrong-one "$work"/traced.*
	run "$root/build/traceshim" list
	[ "$status" -eq 1 ]
	[[ $output == *'password authentication failed'* && $output != *wrong-one* ]]
	for url in "postgresql://locked:se@cret@${store#*@}" "postgresql://locked:se/cret@${store#*@}" "postgresql://[::1:secret"; do
		TRACESHIM_STORE=$url run "$root/build/traceshim" list
		[ "$status" -eq 1 ]
		[[ $output != *cret* ]]
	done
	rm -rf "$TRACESHIM_SPOOL"
	TRACESHIM_STORE=postgresql://locked:right-one@${store#*@} same "${coach[@]}"
	TRACESHIM_STORE=$store coach_stored
}

@test "postgresql: away when the program starts, there when it is asked for" {
	pg_control stop -m fast
	same_but_a_line "cannot write traces to postgresql://${store#*@}: .*Connection refused.*; they stay in" "${coach[@]}"
	pg_control start
	coach_stored
	[ -z "$(spools)" ]
}

# held_up SECONDS CMD...: with the shim CMD takes so much longer than three times what it takes without it, each time; a machine
# that is busy may hold it up once.
held_up() {
	local seconds=$1 began plain
	shift
	for _ in 1 2 3; do
		began=${EPOCHREALTIME/./}
		answer plain "$@"
		plain=$((${EPOCHREALTIME/./} - began))
		began=${EPOCHREALTIME/./}
		answer traced env "LD_PRELOAD=$shim" "$@"
		[ $((${EPOCHREALTIME/./} - began - 3 * plain)) -ge $((seconds * 1000000)) ] || return 1
	done
}

@test "postgresql: a server that never answers holds up neither calls nor forks, and an exit for two seconds" {
	python3 -c 'import socket, time
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
time.sleep(120)' >"$work/port" 3>&- &
	helper_pid=$!
	soon test -s "$work/port"
	export TRACESHIM_STORE=postgresql://bot@127.0.0.1:$(cat "$work/port")/$database
	same "${coach[@]}"
	run ! held_up 6 "${coach[@]}" # two, where connecting alone would take ten

	rules '[pipeline]' 'child = make_child'
	forks=(bash -c 'for i in {1..300}; do (exit 0); done; echo done')
	same "${forks[@]}"
	run ! held_up 10 "${forks[@]}" # a fork that waits for a batch waits 50 ms
	TRACESHIM_STORE=$store
	rm -rf "$TRACESHIM_SPOOL"
}

# --- poolers ---------------------------------------------------------------------------------------------------------------

@test "postgresql: through PgBouncer, a transaction a connection" {
	export TRACESHIM_STORE=${pooler_url%/*}/$database
	same "${coach[@]}"
	coach_stored
	deliver "$TRACESHIM_STORE" batches=20 spans=1200 tenants=2 child=1
	[ "$(ask "SELECT count(*) FROM pipeline_spans WHERE function = 'trainer_run' AND thread_id = 42")" = 24000 ]
}

@test "postgresql: a pooled connection keeps nothing of the last tenant" {
	local pooled=${pooler_url%/*}/$database
	deliver "$pooled" spans=1000 tenants=3
	"$root/build/traceshim" list >/dev/null
	[ "$(psql -XqtA "$pooled" -c "SELECT coalesce(current_setting('app.current_tenant_id', true), ''), current_user,
		current_setting('statement_timeout'), count(*) FROM pg_prepared_statements")" = '|postgres|0|0' ]
}

# --- the program's own -----------------------------------------------------------------------------------------------------

@test "postgresql: a program that uses libpq itself, forks, and has its own settings in the environment" {
	rules '[pipeline]' 'ask = int ask(void *connection, int number) : fails if < 0' '[tool]' \
		'sql = void *PQexec(void *connection, const char *query)'
	# for the program: its server; for us they would be the wrong one, user and database
	export PGHOST=127.0.0.1 PGPORT=${pg_url##*:} PGUSER=postgres PGDATABASE=postgres PGPASSWORD=none PGAPPNAME=dbuser
	PGPORT=${PGPORT%%/*}
	same "$bots/dbuser/dbuser" 'connect_timeout=20'
	grep 'a remark' "$work/traced.err"
	[ "$(grep -c . "$work/traced.out")" -eq 11 ]
	traces | holds 'length == 11 and all(.success and .span_count == 1)'
	[ "$(ask "SELECT count(*) FROM pipeline_spans WHERE input_data ->> 'query' LIKE 'SELECT %'")" = 11 ]
}

@test "postgresql: a program that has every function name of libpq meets none of our calls" {
	rules '[pipeline]' 'job = int job(const char *name, int parts)'
	export TRACESHIM_STORE=postgresql://locked:right-one@${store#*@} # a password needs more of libpq
	same "$bots/exporter/exporter"
	traces | holds 'length == 3'
	[ "$(ask 'SELECT count(*) FROM pipeline_traces')" = 3 ]
}

@test "postgresql: a backend that stops in the middle, and goes on" {
	local backend
	: >"$work/again"
	delivering batches=40 spans=100 pause=20 again="$work/again"
	backend=$(pg_sql "$database" "SELECT pid FROM pg_stat_activity WHERE usename = 'bot'")
	as_server kill -STOP "$backend"
	read -rt 1.5 <><(:) || : # it is for a while that nothing comes
	as_server kill -CONT "$backend"
	rm "$work/again"
	delivered
	all_stored 4000
	run ! grep -v stored "$work/out"
}

@test "postgresql: what the environment says is not for our connection" {
	PGHOST=/nowhere PGPORT=1 PGUSER=nobody PGPASSWORD=none PGDATABASE=none PGSSLMODE=verify-full PGOPTIONS='-c a=b' \
		PGTZ=Asia/Tokyo PGDATESTYLE=German PGAPPNAME=other PGPASSFILE=/nowhere PGCLIENTENCODING=LATIN1 same "${coach[@]}"
	PGTZ=Asia/Tokyo PGDATESTYLE=German PGCLIENTENCODING=LATIN1 coach_stored
}

@test "postgresql: over TLS, in a program that uses OpenSSL before and after us" {
	local first i
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout "$pg_folder/data/server.key" \
		-out "$pg_folder/data/server.crt" 2>/dev/null
	chown --reference "$pg_folder/data" "$pg_folder"/data/server.*
	chmod 600 "$pg_folder/data/server.key"
	pg_sql postgres 'ALTER SYSTEM SET ssl = on'
	pg_control reload
	export TRACESHIM_STORE="postgresql://locked:right-one@${store#*@}?sslmode=require"
	soon psql -XqtA "$TRACESHIM_STORE" -c 'SELECT 1'
	rules '[pipeline]' 'parent = int getppid()'
	for first in 'import ssl' 'import os'; do
		for ((i = 0; i < 5; i++)); do
			same python3 -c "$first; import os, time
os.getppid(); time.sleep(0.$i); import ssl, hashlib; ssl.create_default_context(); os.getppid()
print(hashlib.sha256(b'x').hexdigest())"
		done
	done
	TRACESHIM_STORE=$store traces >/dev/null # where the program ended before we came to it
	[ -z "$(spools)" ]
	[ "$(ask "SELECT count(*) FROM pipeline_traces")" = 20 ]
	pg_sql postgres 'ALTER SYSTEM RESET ssl'
	pg_control reload
}

# --- reading ---------------------------------------------------------------------------------------------------------------

@test "postgresql: every filter of list, and a prefix, answer as SQLite does" {
	local filter id
	traced "${coach[@]}" >/dev/null
	rm -rf "$TRACESHIM_SPOOL"
	"$root/build/traceshim" list --json --limit 100 >"$work/all.json"
	for filter in --failed '--pipeline train' '--user 700100001' '--since 1h' '--limit 5' '--since 2001-01-01 --failed'; do
		# shellcheck disable=SC2086 # words
		"$root/build/traceshim" list --json $filter 2>/dev/null >"$work/some.json"
		jq -e --slurpfile all "$work/all.json" 'length > 0 and (map(.trace_id) - ($all[0] | map(.trace_id)) == [])' \
			"$work/some.json"
	done
	jq -e 'all(.success | not)' "$work/some.json"
	"$root/build/traceshim" list --pipeline none 2>&1 | grep 'no pipeline is named none'
	id=$(jq -r '.[3].trace_id' "$work/all.json")
	"$root/build/traceshim" show "$id" --json | holds '.trace_id == $value' "$id"
	run "$root/build/traceshim" show "${id:0:3}"
	[[ $output == *'is the beginning of several traces'* ]]
}

# says FILTER ARGUMENT...: traceshim's document is so, whatever it counts afterwards.
says() {
	local filter=$1
	shift
	"$root/build/traceshim" "$@" >"$work/said.json" 3>&- &
	helper_pid=$!
	soon eval 'jq . <"$work/said.json" | grep -q .'
	kill $helper_pid 2>/dev/null || :
	wait $helper_pid || :
	helper_pid=
	holds "$filter" <"$work/said.json"
}

# A partition that is locked makes wait who as much as plans to look into it.
@test "postgresql: list and show look into the days that they need, and no others" {
	local day
	deliver "$store" spans=2000 days=10
	day=$(date -u -d '5 days ago' +%Y%m%d)
	coproc psql -XqtA "$(pg_of "$database")"
	echo "BEGIN; LOCK TABLE pipeline_traces_$day, pipeline_spans_$day; SELECT 'locked';" >&"${COPROC[1]}"
	read -r said <&"${COPROC[0]}"
	[ "$said" = locked ]
	says 'length == 20 and all(.[]; .span_count == 10)' list --json
	says 'length == 0' list --json --failed --since 2d
	says 'length == 5 and all(.[]; .span_count == 10)' list --json --pipeline support --limit 5
	says '.spans | length == 10' show --json last
	echo 'ROLLBACK; SELECT 1;' >&"${COPROC[1]}"
	read -r said <&"${COPROC[0]}"
	"$root/build/traceshim" list --json --limit 1000 | holds 'length == 200 and all(.span_count == 10)'
	# what is added to a trace days later is counted, and shown
	ask "UPDATE pipeline_spans SET started_at = started_at + interval '4 days' WHERE span_id IN
		(SELECT span_id FROM pipeline_spans WHERE started_at < now() - interval '4 days' AND parent_span_id IS NOT NULL)"
	"$root/build/traceshim" list --json --limit 1000 | holds 'length == 200 and all(.span_count == 10)'
	eval "exec ${COPROC[1]}>&-"
}

@test "postgresql: tables are made by the first batch of who may, and who may not is told who does" {
	local bare
	pg_make "bare_$database"
	bare=$(pg_of "bare_$database" bot)
	TRACESHIM_STORE=$bare run "$root/build/traceshim" list
	[[ $status -eq 1 || $output == *'no traces are stored'* ]]
	export TRACESHIM_STORE=$bare
	same_but_a_line 'tables are not there yet; .traceshim store init URL.*; they stay in' "${coach[@]}"
	"$root/build/traceshim" store init --grant bot "$(pg_of "bare_$database")" 2>/dev/null
	coach_stored

	pg_make "own_$database"
	TRACESHIM_STORE=$(pg_of "own_$database")
	same "${coach[@]}"
	coach_stored
}

@test "postgresql: a schema that is newer than this program is left alone" {
	ask "INSERT INTO traceshim_migrations (number, name, checksum) VALUES (1000, 'future', '')"
	same_but_a_line 'newer.*; they stay in' "${coach[@]}"
	run "$root/build/traceshim" list
	[ "$status" -eq 1 ]
	[[ $output == *newer* ]]
	[ "$(ask 'SELECT count(*) FROM pipeline_spans')" = 0 ]
}

@test "postgresql: a tenant sees its rows, through a pooler, too" {
	local url
	deliver "$store" spans=300 tenants=3
	for url in "$store" "${pooler_url%/*}/$database"; do
		[ "$(TRACESHIM_STORE=$url "$root/build/traceshim" --tenant t1 list --json --limit 99 | jq -c 'map(.tenant_id) | [length, unique]')" = \
			'[10,["t1"]]' ]
		[ "$(TRACESHIM_STORE=$url "$root/build/traceshim" --tenant none list --json | jq length)" = 0 ]
		[ "$(TRACESHIM_STORE=$url "$root/build/traceshim" list --json --limit 99 | jq length)" = 30 ]
	done
}
