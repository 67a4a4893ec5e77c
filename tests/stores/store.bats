#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# `traceshim store`: on a real PostgreSQL that knows nothing of it at first, and on SQLite files.

bats_require_minimum_version 1.5.0
load ../e2e/helper
load ../e2e/stores
store_kind=postgresql

setup_file() {
	export pg_folder pg_url
	pg_folder=$(mktemp -d /tmp/traceshim-postgres.XXXXXX)
	chmod 755 "$pg_folder"
	pg_url=$("$root/scripts/postgres" start "$pg_folder")
}

teardown_file() {
	stores_end
}

setup() {
	scratch
	same_day
	sqlite=$work/traces.db
	db=db$BATS_TEST_NUMBER
	pg_make "$db"
	url=$(pg_of "$db")
}

teardown() {
	[ -z "${mounted-}" ] || umount -l "$mounted"
	[ -z "${pooler_url-}" ] || pooler_end
}

store() {
	"$root/build/traceshim" store "$@"
}

# fails [STATUS] PATTERN CMD...: ends so, and a sentence of it is like that.
fails() {
	local status=1 pattern
	[[ $1 != [0-9] ]] || { status=$1; shift; }
	pattern=$1
	shift
	run -"$status" --separate-stderr "$@"
	# shellcheck disable=SC2154 # bats' own
	grep -Eq "$pattern" <<<"$stderr" || { echo "said: $stderr"; return 1; }
}

# quiet CMD...: says nothing while it succeeds.
quiet() {
	"$@" >"$work/quiet" 2>&1 || { cat "$work/quiet"; return 1; }
}

# fill N [HOURS]: N traces, each so many hours after the last, the first now, backwards; with three spans and a run each.
fill() {
	pg_sql "$db" "
		WITH traces AS (INSERT INTO pipeline_traces
			(trace_id, pipeline_name, started_at, ended_at, duration_ms, success, pid, created_at)
			SELECT gen_random_uuid(), 'learn', at, at, 1, true, 1, at
			FROM (SELECT now() - i * interval '${2-1} hours' AS at FROM generate_series(0, $1 - 1) AS i) AS times
			RETURNING *),
		spans AS (INSERT INTO pipeline_spans
			(trace_id, span_id, span_name, kind, started_at, ended_at, duration_ms, success, thread_id, created_at)
			SELECT trace_id, gen_random_uuid(), 'agent:x', 'agent', started_at, ended_at, 1, true, 1, created_at
			FROM traces, generate_series(1, 3))
		INSERT INTO pipeline_runs (run_id, started_at, seen_at, begun, stored, open, dropped, created_at)
		SELECT trace_id, started_at, started_at, 4, 4, 0, 0, created_at FROM traces"
}

# The same in SQLite, with some payload.
fill_sqlite() {
	sqlite3 "$sqlite" "
		CREATE TEMP TABLE times AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $1)
			SELECT i, randomblob(16) AS id, strftime('%Y-%m-%dT%H:%M:%S.000000Z', 'now', '-' || (i * ${2-1}) || ' hours') AS at FROM n;
		BEGIN;
		INSERT INTO pipeline_traces (trace_id, pipeline_name, started_at, ended_at, duration_ms, success, pid, input_data, created_at)
			SELECT id, 'learn', at, at, 1, 1, 1, '\"' || hex(randomblob(2000)) || '\"', at FROM times;
		INSERT INTO pipeline_spans (trace_id, span_id, span_name, kind, started_at, ended_at, duration_ms, success, thread_id, created_at)
			SELECT id, randomblob(16), 'agent:x', 'agent', at, at, 1, 1, 1, at FROM times, (VALUES (1), (2), (3));
		INSERT INTO pipeline_runs (run_id, started_at, seen_at, begun, stored, open, dropped, created_at)
			SELECT id, at, at, 4, 4, 0, 0, at FROM times;
		COMMIT;
		PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
}

# A file as it was before runs were counted, and before files gave space back.
old_sqlite() {
	sqlite3 "$sqlite" <"$root/sql/sqlite/001_traces.sql"
	sqlite3 "$sqlite" 'PRAGMA user_version = 1'
}

sound() {
	[ "$(sqlite3 "$sqlite" 'PRAGMA integrity_check')" = ok ]
}

whole_schema() {
	pg_dump --schema-only "$url" | grep -v '^\\'
}

# --- init ------------------------------------------------------------------------------------------------------------

# The psql that runs beside the test has committed, and ends.
commit_session() {
	local said
	echo "COMMIT; SELECT 'over';" >&"${COPROC[1]}"
	read -r -u "${COPROC[0]}" said
	[ "$said" = over ]
	echo '\q' >&"${COPROC[1]}"
}

@test "store: before init there is nothing, which is said" {
	fails 'no store yet' store status "$url"
	store status --json "$url" 2>/dev/null | holds '.schema == 0 and .newest_schema == 2'
	fails 'there is no store yet; traceshim store init makes it' store migrate "$url"
	fails 'there is no store yet; traceshim store init makes it' store prune --older-than 3d "$url"
	fails 'no store yet' store status
	fails 'there is no store yet; traceshim store init makes it' store migrate
	fails 'there is no store yet; traceshim store init makes it' store prune --older-than 3d
	[ ! -e "$sqlite" ]
	TRACESHIM_STORE=$url run -0 --separate-stderr "$root/build/traceshim" list
	[[ $stderr == *"no traces are stored"* ]]
}

# The first to make the roles of this server.
@test "store: a user who may create roles makes all there is" {
	pg_sql "$db" "CREATE ROLE chief LOGIN CREATEROLE; ALTER DATABASE $db OWNER TO chief"
	run -0 --separate-stderr store init --json "$(pg_of "$db" chief)"
	holds '.schema == 2' <<<"$output"
	[[ $stderr == *"CREATE ROLE traceshim_owner"* && $stderr == *"migration 1 (traces)"* ]]
	[ "$(pg_sql "$db" "SELECT DISTINCT relowner::regrole FROM pg_class WHERE relname LIKE 'pipeline%'")" = traceshim_owner ]
	[ "$(pg_sql "$db" "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname ~ '^pipeline_(traces|spans)_[0-9]{8}\$'")" = 4 ]
	store status --json "$(pg_of "$db" chief)" | holds '.schema == 2 and .partitions == 4 and .strays == 0
		and .traces == 0 and .oldest == null and (.server | test("^PostgreSQL [0-9.]+$"))'
	fill 30 24
	store migrate "$(pg_of "$db" chief)" >/dev/null 2>&1
	pg_sql "$db" "UPDATE pipeline_traces SET started_at = '1990-01-01' WHERE started_at > now() - interval '1 day'"
	store prune --older-than 10d --json "$(pg_of "$db" chief)" | holds '.traces == 21 and .spans == 60 and .partitions >= 38'
}

@test "store: init again changes nothing and says nothing" {
	quiet store init "$url"
	whole_schema >"$work/before"
	run -0 --separate-stderr store init "$url"
	[ -z "$stderr" ]
	whole_schema | diff "$work/before" -
	run -0 --separate-stderr store init
	run -0 --separate-stderr store init
	[ -z "$stderr" ]
	[ "$(stat -c %a "$sqlite")" = 600 ]
}

# With a better fit for the arguments than the server's own, in a schema where everybody may make functions.
@test "store: functions of somebody else in the schema are not called" {
	pg_sql "$db" "CREATE ROLE mallory; GRANT CREATE ON SCHEMA public TO mallory; SET ROLE mallory;
		CREATE FUNCTION quote_ident(name) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE ''mine''; END';
		CREATE FUNCTION to_char(date, text) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE ''mine''; END';
		CREATE FUNCTION \"right\"(name, int) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE ''mine''; END';
		CREATE FUNCTION format(text, text) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE ''mine''; END';
		CREATE FUNCTION format(text, name) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE ''mine''; END';
		CREATE FUNCTION format(text, text, text) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE ''mine''; END';
		CREATE FUNCTION joined(name, name) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE ''mine''; END';
		CREATE FUNCTION pg_total_relation_size(text) RETURNS int LANGUAGE plpgsql AS 'BEGIN RAISE ''mine''; END';
		CREATE FUNCTION pg_total_relation_size(oid) RETURNS int LANGUAGE plpgsql AS 'BEGIN RAISE ''mine''; END';
		CREATE FUNCTION pg_has_role(text, text) RETURNS bool LANGUAGE plpgsql AS 'BEGIN RAISE ''mine''; END';
		CREATE FUNCTION unnest(uuid[]) RETURNS SETOF uuid LANGUAGE plpgsql AS 'BEGIN RAISE ''mine''; END';
		CREATE FUNCTION unnest(text[]) RETURNS SETOF text LANGUAGE plpgsql AS 'BEGIN RAISE ''mine''; END';
		CREATE OPERATOR || (LEFTARG = name, RIGHTARG = name, FUNCTION = joined)"
	quiet store init "$url"
	store status --json "$url" | holds '.schema == 2 and .partitions == 4'
	fill 30 24
	quiet store migrate "$url"
	store prune --older-than 10d --json "$url" | holds '.traces == 20 and .partitions > 30'
	printf '[pipeline]\njob = int job(const char *name, int parts)\n' >"$TRACESHIM_CONF"
	TRACESHIM_STORE=$url
	quiet traced "$bots/ends/ends" jobs 3
	"$root/build/traceshim" list --json | holds 'length == 13'
}

@test "store: who may not make roles is told what has to be run, and by then can" {
	pg_sql "$db" 'CREATE ROLE "Small User" LOGIN'
	url=${url/postgres@/Small%20User@}
	fails 'run this again' store init "$url"
	grep '^  [GC]R.*;$' <<<"$stderr" >"$work/statements"
	[ -s "$work/statements" ] && ! grep -q 'CREATE ROLE' "$work/statements"
	psql -Xq -v ON_ERROR_STOP=1 "$(pg_of "$db")" <"$work/statements"
	quiet store init "$url"
	store status --json "$url" | holds '.schema == 2'
}

@test "store: --grant lets another user write and read, and nothing more" {
	pg_sql "$db" 'CREATE ROLE app LOGIN; CREATE ROLE other LOGIN'
	quiet store init --grant app "$url"
	TRACESHIM_STORE=$(pg_of "$db" other) fails 'permission denied .*store init URL. makes and grants' "$root/build/traceshim" list
	printf '[pipeline]\njob = int job(const char *name, int parts)\n' >"$TRACESHIM_CONF"
	TRACESHIM_STORE=$(pg_of "$db" app)
	traced "$bots/ends/ends" jobs 3
	"$root/build/traceshim" list --json | holds 'length == 3'
	store status --json "$TRACESHIM_STORE" | holds '.traces == 3'
	fails 'traceshim_owner' store prune --older-than 1d "$TRACESHIM_STORE"
	psql -Xq "$TRACESHIM_STORE" -c 'DELETE FROM pipeline_traces' 2>&1 | grep -q 'permission denied'
	fails 'does not exist' store init --grant nobody-at-all "$url"
	fails 'no users' store init --grant app "sqlite:$sqlite"
}

@test "store: eight inits at once" {
	local i pids=
	for i in 1 2 3 4 5 6 7 8; do
		store init "$url" >"$work/$i.out" 2>"$work/$i.err" &
		pids+=" $!"
		store init "sqlite:$sqlite" >>"$work/$i.out" 2>"$work/$i.err" &
		pids+=" $!"
	done
	for i in $pids; do
		wait "$i" || { cat "$work"/*.err; false; }
	done
	[ "$(sort -u "$work"/*.out)" = 'schema 2' ]
	[ "$(pg_sql "$db" 'SELECT count(*) FROM traceshim_migrations')" = 2 ]
	quiet store init "$url"
	sound
}

@test "store: eight inits of an SQLite file at once, time and again" {
	local i pids
	for _ in {1..30}; do
		rm -f "$sqlite"*
		pids=
		for i in 1 2 3 4 5 6 7 8; do
			store init "sqlite:$sqlite" >/dev/null 2>"$work/$i.err" &
			pids+=" $!"
		done
		for i in $pids; do
			wait "$i" || { cat "$work"/*.err; false; }
		done
	done
}

@test "store: all of it lies in the schema that comes first in the search_path" {
	pg_sql "$db" 'CREATE SCHEMA "Some Where"'
	url="$url?options=-csearch_path%3D%22Some%5C%20Where%22"
	quiet store init "$url"
	[ -z "$(pg_sql "$db" "SELECT relname FROM pg_class WHERE relname LIKE 'pipeline%' AND relnamespace = 'public'::regnamespace")" ]
	[ "$(psql -XqtA "$url" -c "SELECT traceshim_make_partitions((now() AT TIME ZONE 'UTC')::date + 2)")" = made ]
	store status --json "$url" | holds '.schema == 2 and .partitions == 6'
	quiet store prune --older-than 1d "$url"
}

@test "store: through a pooler that hands out connections by the transaction" {
	pooler_begin
	soon psql -Xqc '' "$pooler_url"
	url=${pooler_url%/*}/$db
	quiet store init "$url"
	fill 50
	store migrate "$url" >"$work/said" 2>&1
	store status --json "$url" | holds '.traces == 50 and .strays == 0 and .partitions >= 8'
	store prune --older-than 30h --json "$url" | holds '.traces == 20 and .spans == 60 and .runs == 20'
	# What was set for one transaction is gone from the connection that the next one gets.
	[ "$(psql -XqtA "$url" -c "SELECT current_user, current_setting('lock_timeout'), current_setting('search_path')")" = \
		'postgres|0|"$user", public' ]
}

# --- migrate ---------------------------------------------------------------------------------------------------------

@test "store: an older schema is migrated, a migration at a time" {
	pg_sql "$db" 'CREATE ROLE biro LOGIN'
	quiet store init --grant biro "$url"
	pg_sql "$db" 'DROP TABLE pipeline_runs; DELETE FROM traceshim_migrations WHERE number = 2'
	fails 'older traceshim' store status "$url"
	printf '[pipeline]\njob = int job(const char *name, int parts)\n' >"$TRACESHIM_CONF"
	TRACESHIM_STORE=$(pg_of "$db" biro) run -0 --separate-stderr traced "$bots/ends/ends" jobs 1
	[[ $stderr == *"store migrate"* ]]
	run -0 --separate-stderr store migrate "$url"
	[[ $stderr == *"migration 2 (runs)"* && $stderr != *"migration 1"* && $output == 'schema 2' ]]
	# What could not be stored meanwhile is now.
	TRACESHIM_STORE=$url "$root/build/traceshim" list --json | holds 'length == 1'
}

@test "store: a newer schema is refused, and left as it is" {
	quiet store init "$url"
	pg_sql "$db" "INSERT INTO traceshim_migrations (number, name, checksum) VALUES (99, 'later', '')"
	whole_schema >"$work/before"
	for deed in init migrate 'prune --older-than 1d'; do
		# shellcheck disable=SC2086 # options
		fails 'newer traceshim.*99' store $deed "$url"
	done
	TRACESHIM_STORE=$url fails 'newer traceshim.*99' "$root/build/traceshim" list
	run -1 --separate-stderr store status --json "$url"
	holds '.schema == 99' <<<"$output"
	whole_schema | diff "$work/before" -
	quiet store init
	sqlite3 "$sqlite" 'PRAGMA user_version = 99'
	for deed in init migrate 'prune --older-than 1d'; do
		# shellcheck disable=SC2086
		fails 'newer traceshim.*99' store $deed
	done
}

@test "store: a migration that was another text is refused" {
	quiet store init "$url"
	pg_sql "$db" "UPDATE traceshim_migrations SET checksum = md5('') WHERE number = 1"
	for deed in init migrate 'prune --older-than 1d'; do
		# shellcheck disable=SC2086
		fails 'migration 1 .*checksum' store $deed "$url"
	done
	TRACESHIM_STORE=$url fails 'migration 1 .*checksum' "$root/build/traceshim" list
}

@test "store: the checksums are those of the files" {
	local file
	quiet store init "$url"
	for file in "$root"/sql/postgresql/[0-9]*.sql; do
		number=$((10#$(basename "$file" | cut -d_ -f1)))
		[ "$(pg_sql "$db" "SELECT checksum FROM traceshim_migrations WHERE number = $number")" = \
			"$(sha256sum <"$file" | cut -d' ' -f1)" ]
	done
}

@test "store: a migration that fails leaves nothing of itself" {
	pg_sql "$db" 'CREATE TABLE pipeline_runs (mine integer)'
	fails 'migration 2 \(runs\): .*already exists' store init "$url"
	[ "$(pg_sql "$db" 'SELECT max(number) FROM traceshim_migrations')" = 1 ]
	pg_sql "$db" 'DROP TABLE pipeline_runs'
	quiet store init "$url"
}

@test "store: an SQLite file of an older schema is migrated by who reads it" {
	old_sqlite
	"$root/build/traceshim" list --json | holds 'length == 0'
	[ "$(sqlite3 "$sqlite" 'PRAGMA user_version')" = 2 ]
	rm "$sqlite"*
	old_sqlite
	run -0 --separate-stderr store migrate
	[[ $output == 'schema 2' && $stderr == *"has schema 2 now"* ]]
}

@test "store: an older SQLite file that cannot be written is read all the same" {
	[ "$(id -u)" = 0 ] || skip "needs the right to mount"
	old_sqlite
	mkdir "$work/ro"
	cp "$sqlite" "$work/ro/"
	mount --bind "$work/ro" "$work/ro" && mounted=$work/ro
	mount -o remount,bind,ro "$work/ro"
	TRACESHIM_STORE=sqlite:$work/ro/traces.db
	"$root/build/traceshim" list --json | holds 'length == 0'
}

# --- the default partition -------------------------------------------------------------------------------------------

@test "store: rows of any time find a place; those of days within reach move when their day is made" {
	quiet store init "$url"
	for at in 1970-01-01 1990-05-05 2999-01-01 'yesterday 12:00'; do
		pg_sql "$db" "INSERT INTO pipeline_traces (trace_id, pipeline_name, started_at, ended_at, success, created_at)
			VALUES (gen_random_uuid(), 'x', '$at', '$at', true, '$at')"
	done
	store status --json "$url" | holds '.traces == 4 and .strays == 4 and .partitions == 4'
	run -0 --separate-stderr store migrate "$url"
	[ "$(grep -c '^traceshim: partition of' <<<"$stderr")" = 2 ]
	store status --json "$url" | holds '.traces == 4 and .strays == 3 and .partitions == 6'
	[ "$(pg_sql "$db" "SELECT count(*) FROM pipeline_traces_default WHERE started_at > now() - interval '2 days'
		AND started_at < now()")" = 0 ]
	store prune --older-than 30d --json "$url" | holds '.traces == 2 and .partitions == 0'
}

@test "store: more rows than others should wait for move with the upkeep only" {
	quiet store init "$url"
	pg_sql "$db" "INSERT INTO pipeline_traces (trace_id, pipeline_name, started_at, ended_at, success, created_at)
		SELECT gen_random_uuid(), 'x', at, at, true, at FROM
		(SELECT (now() AT TIME ZONE 'UTC')::date + 2.5 * interval '1 day' AS at FROM generate_series(1, 10001)) AS rows"
	day=$(pg_sql "$db" "SELECT (now() AT TIME ZONE 'UTC')::date + 2")
	said=$(pg_sql "$db" "SET ROLE traceshim_writer; SET TimeZone = 'UTC'; SELECT traceshim_make_partitions('$day')")
	[ "$said" = 'too many rows of that day are in the default partition' ]
	store status --json "$url" | holds '.strays == 10001'
	quiet store migrate "$url"
	store status --json "$url" | holds '.strays == 0 and .traces == 10001'
	pg_sql "$db" "SELECT tableoid::regclass FROM pipeline_traces GROUP BY 1" | grep -q "_${day//-/}"
}

@test "store: a partition that cannot be made keeps nobody out, and waits for no one for long" {
	quiet store init "$url"
	pg_sql "$db" "CREATE ROLE pen LOGIN; GRANT traceshim_writer TO pen"
	day=$(pg_sql "$db" "SELECT (now() AT TIME ZONE 'UTC')::date + 2")
	coproc psql -XqtA "$url"
	echo "BEGIN; LOCK TABLE pipeline_spans_default IN ACCESS SHARE MODE; SELECT 'locked';" >&"${COPROC[1]}"
	read -r -u "${COPROC[0]}" said
	[ "$said" = locked ]
	said=$(psql -XqtA "$(pg_of "$db" pen)" -c "SELECT traceshim_make_partitions('$day')")
	[ "$said" = 'canceling statement due to lock timeout' ]
	psql -XqtA -v ON_ERROR_STOP=1 "$(pg_of "$db" pen)" -c "INSERT INTO pipeline_spans
		(trace_id, span_id, span_name, kind, started_at, ended_at, success, created_at)
		VALUES (gen_random_uuid(), gen_random_uuid(), 'x', 'x', '$day', '$day', true, '$day')"
	commit_session
	quiet store migrate "$url"
	store status --json "$url" | holds '.spans == 1 and .strays == 0'
}

one_waits() {
	[ "$(pg_sql "$db" "SELECT count(*) FROM pg_stat_activity WHERE datname = '$db' AND wait_event_type = 'Lock'")" = 1 ]
}

# Who comes second waits for the first, not at some table of it, and then finds the day there.
@test "store: two that make one day's partitions at once: one makes them, and the other is told that they are there" {
	quiet store init "$url"
	day=$(pg_sql "$db" "SELECT (now() AT TIME ZONE 'UTC')::date + 2")
	pg_sql "$db" "ALTER FUNCTION traceshim_make_partition SET lock_timeout = 0" # however slow this machine is
	coproc psql -XqtA "$url"
	echo "BEGIN; SELECT traceshim_make_partitions('$day');" >&"${COPROC[1]}"
	read -r -u "${COPROC[0]}" said
	[ "$said" = made ]
	psql -XqtA "$url" -c "SELECT traceshim_make_partitions('$day')" >"$work/second" 2>&1 3>&- &
	soon one_waits
	commit_session
	wait $!
	[ "$(cat "$work/second")" = there ]
}

some_are_written() {
	[ "$(pg_sql "$db" 'SELECT count(*) > 20 FROM pipeline_traces')" = t ]
}

# What a row meets that is on its way to the default partition while its day is made: refused, to be sent again.
@test "store: a day's partitions are made by many at once while others write to it" {
	local i pids=
	quiet store init "$url"
	day=$(pg_sql "$db" "SELECT (now() AT TIME ZONE 'UTC')::date + 2")
	for i in 1 2 3 4; do
		for ((n = 0; n < 200; n++)); do
			echo "INSERT INTO pipeline_traces (trace_id, pipeline_name, started_at, ended_at, success, created_at)
				VALUES (gen_random_uuid(), '$i', '$day', '$day', true, '$day');"
		done | psql -Xq "$url" 2>"$work/writer$i" &
		pids+=" $!"
	done
	soon some_are_written
	for i in 1 2 3 4 5 6; do
		psql -XqtA "$url" -c "SELECT traceshim_make_partitions('$day')" >"$work/maker$i" 2>&1 &
		pids+=" $!"
	done
	for i in $pids; do
		wait "$i"
	done
	[ "$(cat "$work"/maker* | grep -vcE '^(made|there|canceling statement due to lock timeout|deadlock detected)$')" = 0 ]
	[ "$(cat "$work"/writer* | grep ERROR | grep -vc 'violates partition constraint')" = 0 ]
	refused=$(cat "$work"/writer* | grep -c ERROR) || :
	store status --json "$url" | holds ".traces == 800 - $refused"
	quiet store migrate "$url"
	store status --json "$url" | holds ".traces == 800 - $refused and .strays == 0"
}

# --- prune -----------------------------------------------------------------------------------------------------------

@test "store: prune drops days and deletes the rest; --dry-run only counts" {
	quiet store init "$url"
	fill 100
	quiet store migrate "$url"
	fill 10
	store status --json "$url" >"$work/before"
	store prune --older-than 50h --dry-run --json "$url" >"$work/dry"
	store status --json "$url" | diff "$work/before" -
	holds '.traces == 50 and .spans == 150 and .runs == 50 and .partitions >= 4 and .freed_bytes > 0' <"$work/dry"
	store prune --older-than 50h --json "$url" >"$work/wet"
	diff <(jq 'del(.freed_bytes)' "$work/dry") <(jq 'del(.freed_bytes)' "$work/wet")
	holds '.freed_bytes > 0' <"$work/wet"
	[ "$(pg_sql "$db" "SELECT count(*) FROM pipeline_traces WHERE started_at < now() - interval '50 hours 1 minute'")" = 0 ]
	store status --json "$url" | holds '.traces == 60 and .runs == 60'
	run -0 --separate-stderr store prune --older-than 50h "$url"
	[[ $output == '0 traces, 0 spans and 0 runs removed' ]]
	run -0 --separate-stderr store prune --older-than 0s "$url"
	store status --json "$url" | holds '.traces == 0 and .spans == 0 and .runs == 0'
	quiet store init "$url"
}

@test "store: prune waits for who reads, and says so when it is too long" {
	quiet store init "$url"
	fill 60
	quiet store migrate "$url"
	coproc psql -XqtA "$url"
	echo "BEGIN; SELECT count(*) > 0 FROM pipeline_traces;" >&"${COPROC[1]}"
	read -r -u "${COPROC[0]}" said
	[ "$said" = t ]
	fails 'lock timeout' store prune --older-than 30h "$url"
	commit_session
	quiet store prune --older-than 30h "$url"
	store status --json "$url" | holds '.traces == 30'
}

@test "store: prune of an SQLite file removes what is older and makes it smaller" {
	quiet store init
	fill_sqlite 400
	bytes=$(stat -c %s "$sqlite")
	store prune --older-than 100h --dry-run --json | holds '.traces == 300 and .spans == 900 and .runs == 300'
	[ "$(stat -c %s "$sqlite")" = "$bytes" ]
	store prune --older-than 100h --json | holds '.traces == 300 and .spans == 900 and .runs == 300 and .freed_bytes > 1000000'
	[ "$(stat -c %s "$sqlite")" -lt $((bytes / 2)) ]
	[ "$(sqlite3 "$sqlite" 'PRAGMA freelist_count')" = 0 ]
	store status --json | holds '.traces == 100 and .spans == 300 and .runs == 100'
	"$root/build/traceshim" list --json --limit 1000 | holds 'length == 100 and all(.span_count == 3)'
	sound
}

@test "store: an older SQLite file is rewritten once, and gives space back page by page from then on" {
	old_sqlite
	quiet store migrate
	fill_sqlite 400
	[ "$(sqlite3 "$sqlite" 'PRAGMA auto_vacuum')" = 0 ]
	bytes=$(stat -c %s "$sqlite")
	quiet store prune --older-than 100h
	[ "$(sqlite3 "$sqlite" 'PRAGMA auto_vacuum')" = 2 ]
	[ "$(stat -c %s "$sqlite")" -lt $((bytes / 2)) ]
	store status --json | holds '.traces == 100'
	sound
}

@test "store: while a file is pruned others write to it" {
	local pid
	quiet store init
	fill_sqlite 5000
	rules '[pipeline]' 'job = int job(const char *name, int parts)'
	store prune --older-than 24h >"$work/said" 2>&1 &
	pid=$!
	traced "$bots/ends/ends" jobs 20
	wait $pid
	# 24 or 25 old ones, and those of the program.
	"$root/build/traceshim" list --json --limit 1000 | holds 'length >= 44 and length <= 45'
	sound
}

# small MEGABYTES: the SQLite file on a file system of that size.
small() {
	mkdir "$work/small"
	mount -t tmpfs -o "size=$1m,mode=700" none "$work/small" 2>/dev/null || skip "needs the right to mount"
	mounted=$work/small
	sqlite=$work/small/traces.db
	TRACESHIM_STORE=sqlite:$sqlite
}

@test "store: on a full disk an older file keeps its size, says so, and stays whole" {
	small 6
	old_sqlite
	quiet store migrate
	fill_sqlite 300
	fill_sqlite 300
	bytes=$(stat -c %s "$sqlite")
	# VACUUM needs the room of the file twice.
	SQLITE_TMPDIR=$work/small fails 'too full to give its space back' store prune --older-than 250h
	[[ $output == '100 traces, 300 spans and 100 runs removed'* ]]
	[ "$(stat -c %s "$sqlite")" = "$bytes" ]
	store status --json | holds '.traces == 500'
	sound
}

@test "store: where nothing at all can be written prune says what it needs" {
	small 4
	quiet store init
	fill_sqlite 250
	dd if=/dev/zero of="$work/small/filler" bs=1k 2>/dev/null || :
	fails 'make a little' store prune --older-than 40h
	[ -z "$output" ]
	rm "$work/small/filler"
	store status --json | holds '.traces == 250'
	dd if=/dev/zero of="$work/small/filler" bs=1k count=1024 2>/dev/null || :
	store prune --older-than 40h --json | holds '.traces == 210 and .freed_bytes > 500000'
	sound
}

# --- what is typed ---------------------------------------------------------------------------------------------------

@test "store: wrong usage is 2, with a sentence" {
	fails 2 'store what' store
	fails 2 'did you mean store init' store inti
	fails 2 'older-than' store prune
	fails 2 'neither a time ago' store prune --older-than yesterday
	fails 2 'in the past' store prune --older-than 2999-01-01
	fails 2 'for prune' store status --dry-run
	fails 2 'for init' store migrate --grant me
	fails 2 'one URL' store status a: b:
	fails 2 'unknown option' store status --jsn
	fails 'a jsonl store is' store status jsonl:/tmp/x
	fails 'names no store' store status /tmp/x.db
	fails 'Connection refused' store status postgresql://postgres@127.0.0.1:1/x
	run -0 store --help
	[[ $output == usage:* ]]
}

@test "store: a relative path is told from here" {
	quiet store init sqlite:here.db
	[ -s "$work/here.db" ]
}
