#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Nobody sees, changes or removes a row of another tenant: as each role, on each table, with each statement. On a real
# PostgreSQL, with rows of the tenants a, b and of none.

bats_require_minimum_version 1.5.0
load ../e2e/helper
load ../e2e/stores
store_kind=postgresql

tables='pipeline_traces pipeline_spans pipeline_runs'

setup_file() {
	stores_begin
	pg_sql ready "
		CREATE ROLE writer LOGIN; GRANT traceshim_writer TO writer;
		CREATE ROLE reader LOGIN; GRANT traceshim_reader TO reader;
		CREATE ROLE auditor LOGIN; GRANT traceshim_auditor TO auditor;
		CREATE ROLE bot LOGIN; GRANT traceshim_writer, traceshim_auditor TO bot;
		CREATE ROLE stranger LOGIN"
	fill ready
}

teardown_file() {
	stores_end
}

setup() {
	scratch
	same_day
	db=ready
}

# The rows of runs are made up here, and add up to nothing.
teardown() {
	:
}

# fill DATABASE: two traces of a tenant, today, and one of 1990, in the default partition; a span each, a run.
fill() {
	pg_sql "$1" "
		INSERT INTO pipeline_traces (trace_id, tenant_id, pipeline_name, started_at, ended_at, duration_ms, success, created_at)
		SELECT gen_random_uuid(), tenant, 'learn', at, at, 0, true, at FROM unnest(ARRAY['a', 'b', '']) AS tenant,
			unnest(ARRAY[now(), now(), '1990-01-01']) AS at;
		INSERT INTO pipeline_spans (trace_id, span_id, tenant_id, span_name, kind, started_at, ended_at, duration_ms, success, created_at)
		SELECT trace_id, gen_random_uuid(), tenant_id, 'agent:x', 'agent', started_at, ended_at, 0, true, created_at
			FROM pipeline_traces;
		INSERT INTO pipeline_runs (run_id, tenant_id, started_at, seen_at, begun, stored, open, dropped, created_at)
		SELECT gen_random_uuid(), tenant, now(), now(), 1, 1, 0, 0, now() FROM unnest(ARRAY['a', 'b', '']) AS tenant"
}

# as USER TENANT SQL: in one transaction, the tenant set for it; "-": none is.
as() {
	local tenant=
	[ "$2" = - ] || tenant="SELECT set_config('app.current_tenant_id', '$2', true) \\g /dev/null"
	psql -XqtA -F ' ' -v ON_ERROR_STOP=1 "$(pg_of "$db" "$1")" 2>&1 <<-SQL
		BEGIN;
		$tenant
		$3;
		COMMIT;
	SQL
}

# refused USER TENANT SQL [PATTERN]
refused() {
	local pattern=${4-permission denied} said
	said=$(as "$1" "$2" "$3") && { echo "as $1 of $2, taken: $3: $said"; return 1; }
	grep -Eq "$pattern" <<<"$said" || { echo "as $1 of $2: $3: $said"; return 1; }
}

# answers EXPECTED USER TENANT SQL
answers() {
	local said
	said=$(as "$2" "$3" "$4") && [ "$said" = "$1" ] || { echo "as $2 of $3: $4: \"$said\", not \"$1\""; return 1; }
}

# A row of TABLE for TENANT, as VALUES.
row() {
	case $1 in
	pipeline_traces*) echo "INSERT INTO $1 (trace_id, tenant_id, pipeline_name, started_at, ended_at, duration_ms, success, created_at)
		VALUES (gen_random_uuid(), '$2', 'x', now(), now(), 0, true, now())" ;;
	pipeline_spans*) echo "INSERT INTO $1 (trace_id, span_id, tenant_id, span_name, kind, started_at, ended_at, duration_ms,
		success, created_at) VALUES (gen_random_uuid(), gen_random_uuid(), '$2', 'x', 'x', now(), now(), 0, true, now())" ;;
	*) echo "INSERT INTO $1 (run_id, tenant_id, started_at, seen_at, begun, stored, open, dropped, created_at)
		VALUES (gen_random_uuid(), '$2', now(), now(), 0, 0, 0, 0, now())" ;;
	esac
}

leaves() {
	pg_sql "$db" "SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent::regclass::text LIKE 'pipeline_%s'"
}

@test "tenants: every table and every partition has row level security, forced" {
	[ "$(leaves | wc -l)" -ge 6 ]
	[ -z "$(pg_sql ready "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relname LIKE 'pipeline%'
		AND NOT (relrowsecurity AND relforcerowsecurity)")" ]
}

@test "tenants: no role logs in, is a superuser or passes by row level security; nobody may TRUNCATE" {
	[ "$(pg_sql ready "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'traceshim_%'
		AND NOT (rolcanlogin OR rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb)")" = 4 ]
	[ -z "$(pg_sql ready "SELECT relname, r.rolname FROM pg_class, pg_roles AS r WHERE relname LIKE 'pipeline%'
		AND relkind IN ('r', 'p') AND NOT rolsuper AND rolname NOT IN ('traceshim_owner', 'pg_write_all_data')
		AND has_table_privilege(r.oid, pg_class.oid, 'TRUNCATE')")" ]
}

@test "tenants: a reader sees the rows of its tenant, and none where it set none" {
	local table
	for table in $tables; do
		answers a reader a "SELECT DISTINCT tenant_id FROM $table"
		answers b reader b "SELECT DISTINCT tenant_id FROM $table"
		answers 0 reader - "SELECT count(*) FROM $table"
		answers 0 reader '' "SELECT count(*) FROM $table"
		answers 0 reader c "SELECT count(*) FROM $table"
	done
	answers 3 reader a 'SELECT count(*) FROM pipeline_traces'
	answers 3 reader a 'SELECT count(*) FROM pipeline_spans s JOIN pipeline_traces t USING (trace_id)'
}

@test "tenants: an auditor sees all rows, whatever is set" {
	local table
	for table in $tables; do
		answers ' a b' auditor - "SELECT string_agg(DISTINCT tenant_id, ' ') FROM $table"
		answers 3 auditor a "SELECT count(DISTINCT tenant_id) FROM $table"
		answers 1 auditor a "SET LOCAL ROLE traceshim_reader; SELECT count(DISTINCT tenant_id) FROM $table"
	done
}

@test "tenants: readers, auditors and strangers change nothing" {
	local table who
	for table in $tables; do
		for who in reader auditor stranger; do
			refused $who a "$(row "$table" a)"
			refused $who a "UPDATE $table SET tenant_id = 'b'"
			refused $who a "DELETE FROM $table"
			refused $who a "TRUNCATE $table"
		done
		refused stranger a "SELECT count(*) FROM $table"
	done
}

@test "tenants: a writer inserts rows of its tenant, and of none where it set none" {
	local table
	for table in $tables; do
		answers '' writer a "$(row "$table" a)"
		answers '' writer - "$(row "$table" '')"
		answers '' writer '' "$(row "$table" '')"
		refused writer a "$(row "$table" b)" 'row-level security'
		refused writer a "$(row "$table" '')" 'row-level security'
		refused writer - "$(row "$table" a)" 'row-level security'
		refused writer a "DELETE FROM $table"
		refused writer a "TRUNCATE $table"
	done
	for table in pipeline_traces pipeline_spans; do
		refused writer a "SELECT count(*) FROM $table"
		refused writer a "UPDATE $table SET tenant_id = 'a'"
	done
}

@test "tenants: a writer sees and changes the runs of its tenant alone" {
	local id
	answers a writer a 'SELECT DISTINCT tenant_id FROM pipeline_runs'
	answers '' writer - 'SELECT DISTINCT tenant_id FROM pipeline_runs'
	answers b writer a "UPDATE pipeline_runs SET host = 'h'; SELECT 'b'"
	[ "$(pg_sql ready "SELECT DISTINCT tenant_id FROM pipeline_runs WHERE host = 'h'")" = a ]
	refused writer a "UPDATE pipeline_runs SET tenant_id = 'b'" 'row-level security'
	# What a batch does with the row of its process.
	id=$(pg_sql ready "SELECT run_id FROM pipeline_runs WHERE tenant_id = 'b' LIMIT 1")
	refused writer a "$(row pipeline_runs a | sed "s/gen_random_uuid()/'$id'/")
		ON CONFLICT (run_id) DO UPDATE SET host = 'theirs'" 'row-level security'
	answers '' writer b "$(row pipeline_runs b | sed "s/gen_random_uuid()/'$id'/")
		ON CONFLICT (run_id) DO UPDATE SET host = 'ours'"
}

@test "tenants: who writes and audits, as store init grants it, inserts for its tenant alone" {
	local table
	for table in $tables; do
		answers 3 bot a "SELECT count(DISTINCT tenant_id) FROM $table"
		refused bot a "$(row "$table" b)" 'row-level security'
		answers '' bot a "$(row "$table" a)"
	done
	refused bot a "UPDATE pipeline_traces SET tenant_id = 'a'"
	id=$(pg_sql ready "SELECT run_id FROM pipeline_runs WHERE tenant_id = 'b' LIMIT 1")
	answers '' bot a "UPDATE pipeline_runs SET host = 'x' WHERE run_id = '$id'"
	[ "$(pg_sql ready "SELECT count(*) FROM pipeline_runs WHERE host = 'x'")" = 0 ]
}

@test "tenants: partitions are for nobody, not even by their names" {
	local leaf who
	for leaf in $(leaves); do
		for who in writer reader auditor bot stranger; do
			refused $who a "SELECT count(*) FROM $leaf"
			refused $who a "$(row "$leaf" a)"
			refused $who a "UPDATE $leaf SET tenant_id = 'a'"
			refused $who a "DELETE FROM $leaf"
			refused $who a "TRUNCATE $leaf"
		done
	done
}

@test "tenants: where somebody granted all tables to all roles, policies still hold" {
	local leaf who table
	pg_make granted ready
	db=granted
	fill granted
	pg_sql granted "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO writer, reader, auditor, stranger"
	for leaf in $(leaves); do
		for who in writer reader auditor stranger; do
			answers 0 $who a "SELECT count(*) FROM $leaf"
			answers '' $who a "DELETE FROM $leaf"
			refused $who a "$(row "$leaf" a)" 'row-level security|partition constraint'
		done
	done
	for table in $tables; do
		answers 0 stranger a "SELECT count(*) FROM $table"
		for who in writer reader auditor stranger; do
			answers '' $who a "DELETE FROM $table"
		done
		answers '' reader a "UPDATE $table SET tenant_id = tenant_id"
		refused reader a "$(row "$table" a)" 'row-level security'
	done
	[ "$(pg_sql granted 'SELECT count(*) FROM pipeline_traces')" -ge 9 ]
	[ "$(pg_sql granted 'SELECT count(*) FROM pipeline_runs')" -ge 3 ]
}

@test "tenants: a view shows what its owner may see, or, of the invoker, what that one may" {
	pg_make viewed ready
	db=viewed
	fill viewed
	pg_sql viewed "GRANT CREATE ON SCHEMA public TO reader"
	as reader - "CREATE VIEW by_reader AS SELECT * FROM pipeline_traces; GRANT SELECT ON by_reader TO stranger, auditor"
	pg_sql viewed "CREATE VIEW by_invoker WITH (security_invoker = true) AS SELECT * FROM pipeline_traces;
		GRANT SELECT ON by_invoker TO stranger, reader"
	answers a stranger a 'SELECT DISTINCT tenant_id FROM by_reader'
	answers 0 stranger - 'SELECT count(*) FROM by_reader'
	answers 0 auditor - 'SELECT count(*) FROM by_reader'
	answers a reader a 'SELECT DISTINCT tenant_id FROM by_invoker'
	refused stranger a 'SELECT count(*) FROM by_invoker'
}

@test "tenants: nothing of a tenant is left behind in a connection" {
	psql -XqtA -v ON_ERROR_STOP=1 "$(pg_of ready reader)" >"$work/said" <<-SQL
		BEGIN;
		SELECT set_config('app.current_tenant_id', 'a', true);
		SELECT count(DISTINCT tenant_id) FROM pipeline_traces;
		COMMIT;
		SELECT count(*) FROM pipeline_traces;
	SQL
	[ "$(cat "$work/said")" = $'a\n1\n0' ]
}

@test "tenants: a writer has a day's partitions made, and nothing else; readers do not" {
	local day
	pg_make hijack ready
	db=hijack
	day="(now() AT TIME ZONE 'UTC')::date"
	# A function that suits better than the one of pg_catalog, and would run as the owner.
	pg_sql hijack "CREATE FUNCTION public.to_char(date, text) RETURNS text LANGUAGE plpgsql AS
		\$\$BEGIN RAISE 'hijacked as %', current_user; END\$\$"
	answers made writer a "SELECT traceshim_make_partitions($day + 2)"
	answers there writer a "SELECT traceshim_make_partitions($day + 2)"
	answers 'the day is too far from now' writer a "SELECT traceshim_make_partitions($day + 4)"
	answers 'the day is too far from now' writer a "SELECT traceshim_make_partitions($day - 401)"
	answers '' writer a "SELECT traceshim_make_partitions(NULL)"
	refused writer a "SELECT traceshim_make_partition('pipeline_traces', $day + 3, NULL)"
	refused reader a "SELECT traceshim_make_partitions($day)"
	refused writer a "SET LOCAL ROLE traceshim_owner" 'permission denied to set role'
	# They are no way in, either.
	leaf=pipeline_traces_$(pg_sql hijack "SELECT pg_catalog.to_char(($day + 2)::timestamp, 'YYYYMMDD')")
	[[ $(leaves) == *"$leaf"* ]]
	refused writer a "SELECT count(*) FROM $leaf"
}

@test "tenants: the command shows one tenant's rows" {
	export TRACESHIM_STORE
	for TRACESHIM_STORE in "$(pg_of ready auditor)" "$(pg_of ready reader)" "$(pg_of ready)"; do
		"$root/build/traceshim" --tenant a list --json | holds 'length >= 3 and all(.tenant_id == "a" and .span_count <= 1)'
		"$root/build/traceshim" --tenant=b list --json | holds 'length == 3 and all(.tenant_id == "b")'
		"$root/build/traceshim" --tenant nobody list --json | holds 'length == 0'
	done
	id=$(pg_sql ready "SELECT trace_id FROM pipeline_traces WHERE tenant_id = 'b' LIMIT 1")
	"$root/build/traceshim" show --json "$id" | holds '.tenant_id == "b"'
	run -1 --separate-stderr "$root/build/traceshim" --tenant a show "$id"
	TRACESHIM_STORE=$(pg_of ready reader)
	"$root/build/traceshim" list --json | holds 'length == 0'
	TRACESHIM_STORE=$(pg_of ready auditor)
	"$root/build/traceshim" list --json | holds 'map(.tenant_id) | unique | length == 3'
}

@test "tenants: the same of SQLite, as far as a file has tenants" {
	traced_tenants() {
		local tenant
		rules '[pipeline]' 'job = int job(const char *name, int parts)' '[tool]' 'part = int part(int number)'
		for tenant in a b; do
			TRACESHIM_TENANT=$tenant traced "$bots/ends/ends" jobs 2
		done
	}
	traced_tenants
	"$root/build/traceshim" --tenant a list --json | holds 'length == 2 and all(.tenant_id == "a" and .span_count == 3)'
	"$root/build/traceshim" list --json | holds 'length == 4'
	"$root/build/traceshim" --tenant c list --json | holds 'length == 0'
	id=$("$root/build/traceshim" --tenant b list --json | jq -r '.[0].trace_id')
	run -1 --separate-stderr "$root/build/traceshim" --tenant a show "$id"
}

@test "tenants: --tenant is for commands that read, and needs a name" {
	run -2 --separate-stderr "$root/build/traceshim" --tenant a store status
	[[ $stderr == *"not for store"* ]]
	run -2 --separate-stderr "$root/build/traceshim" --tenant
	run -2 --separate-stderr "$root/build/traceshim" --tenant a
	run -2 --separate-stderr "$root/build/traceshim" --tenant= list
	run -2 --separate-stderr "$root/build/traceshim" --tenant '' list
	[[ $stderr == *"needs a tenant"* ]]
}
