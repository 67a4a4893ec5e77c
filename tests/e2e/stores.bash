# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For bats files that store in PostgreSQL: a server of the file's own. A file that runs over several stores is linked under
# a second name, which ends in the store's: coach_postgresql.bats.

root=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)

# sqlite or postgresql: what this file's name asks for.
case ${BATS_TEST_FILENAME##*/} in
*postgresql*) store_kind=postgresql ;;
*) store_kind=sqlite ;;
esac

# Called by setup_file and teardown_file. The folder is one that the server's user can enter.
stores_begin() {
	[ $store_kind = postgresql ] || return 0
	export pg_folder pg_url
	pg_folder=$(mktemp -d /tmp/traceshim-postgres.XXXXXX)
	chmod 755 "$pg_folder"
	pg_url=$("$root/scripts/postgres" start "$pg_folder")
	pg_make ready
	"$root/build/traceshim" store init "$(pg_of ready)" 2>/dev/null
}

stores_end() {
	[ -z "${pg_folder-}" ] || {
		"$root/scripts/postgres" stop "$pg_folder"
		rm -rf "$pg_folder"
	}
}

# pg_of DATABASE [USER]: its URL.
pg_of() {
	local url=${pg_url%/*}/$1
	echo "${url/postgres@/${2-postgres}@}"
}

pg_sql() { # DATABASE SQL
	psql -XqtA -F $'\t' -v ON_ERROR_STOP=1 "$(pg_of "$1")" -c "$2"
}

# pg_make DATABASE [TEMPLATE]
pg_make() {
	pg_sql postgres "CREATE DATABASE $1 ${2+TEMPLATE $2}"
}

# same_day: called by setup of tests that look at the partitions of days; one that began in the last minute of a day (UTC) might
# end in the next.
same_day() {
	while [ $(($(date +%s) % 86400)) -ge 86340 ]; do
		read -rt 1 <><(:) || :
	done
}

# new_store NAME: the URL of a store that is empty, with its tables where it has any before the first trace.
new_store() {
	if [ $store_kind = sqlite ]; then
		echo "sqlite:$BATS_FILE_TMPDIR/$1.db"
	else
		pg_make "$1" ready
		pg_of "$1"
	fi
}

# ask_store URL SQL: rows of the store, past all that is ours, columns parted by tabs.
ask_store() {
	if [ $store_kind = sqlite ]; then
		sqlite3 -readonly -separator $'\t' "${1#sqlite:}" "$2"
	else
		pg_sql "${1##*/}" "$2"
	fi
}

# dump_store URL: all that it holds, as it lies there.
dump_store() {
	if [ $store_kind = sqlite ]; then
		cat "${1#sqlite:}"*
	else
		pg_dump --data-only --inserts "$1"
	fi
}

# --- the server itself ---------------------------------------------------------------------------------------------------

# as_server CMD...: as the user that the server runs as.
as_server() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid "$(stat -c %u "$pg_folder/data")" --regid "$(stat -c %g "$pg_folder/data")" --clear-groups "$@"
	else
		"$@"
	fi
}

# pg_control ARGUMENT...: of pg_ctl. What it starts keeps none of bats' descriptors.
pg_control() {
	local bin port=${pg_url##*:}
	for bin in /usr/lib/postgresql/*/bin; do :; done
	as_server "$bin/pg_ctl" -D "$pg_folder/data" -l "$pg_folder/log" -w -o "-p ${port%%/*}" "$@" >/dev/null 3>&-
}

# pg_first_rule LINE: before all others in pg_hba.conf.
pg_first_rule() {
	local rules
	rules=$(cat "$pg_folder/data/pg_hba.conf")
	printf '%s\n%s\n' "$1" "$rules" >"$pg_folder/data/pg_hba.conf"
	pg_control reload
}

# pooler_begin: a PgBouncer in front of the server, a transaction a server connection, in $pooler_url; pooler_end.
pooler_begin() {
	local port i bin
	bin=$(command -v pgbouncer || echo /usr/sbin/pgbouncer)
	for ((i = 0; i < 10; i++)); do
		port=$((RANDOM % 10000 + 20000))
		cat >"$pg_folder/pooler.ini" <<-INI
			[databases]
			* = host=$pg_folder port=$(sed 's|.*:||; s|/.*||' <<<"$pg_url")
			[pgbouncer]
			listen_addr = 127.0.0.1
			listen_port = $port
			unix_socket_dir =
			auth_type = any
			pool_mode = transaction
			default_pool_size = 1
			logfile = $pg_folder/pooler.log
			pidfile = $pg_folder/pooler.pid
		INI
		sed -i "s|^\* = .*|& user=postgres|" "$pg_folder/pooler.ini"
		rm -f "$pg_folder/pooler.log"
		as_server "$bin" -d -q "$pg_folder/pooler.ini" 3>&- || continue
		export pooler_url=postgresql://postgres@127.0.0.1:$port/postgres
		# that the port is taken is found out later
		# shellcheck disable=SC2016
		soon eval 'psql -Xqc "" "$pooler_url" || grep -q FATAL "$pg_folder/pooler.log"'
		grep -q FATAL "$pg_folder/pooler.log" || return 0
	done
	return 1
}

pooler_end() {
	[ ! -e "$pg_folder/pooler.pid" ] || kill "$(cat "$pg_folder/pooler.pid")"
}
