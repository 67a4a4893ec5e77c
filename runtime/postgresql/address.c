// SPDX-License-Identifier: Apache-2.0
/* From the URL of a store to a connection string. */
#include "address.h"

#include <errno.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_S "10"

/*
 * Where the URL says nothing. An empty string is what libpq takes for "not given", but does not look into the
 * environment for: PGPASSWORD of the program around us is not for our server.
 */
static const struct {
	const char *keyword;
	const char *value;
} ours[] = {
	{"application_name", "traceshim"},
	{"client_encoding", "UTF8"},
	{"connect_timeout", CONNECT_S},
	{"dbname", ""},
	{"gssencmode", "disable"}, /* Kerberos' own files and locks, for what TLS does as well */
	{"gsslib", ""},
	{"host", ""},
	{"hostaddr", ""},
	{"keepalives", "1"},
	{"keepalives_count", "3"},
	{"keepalives_idle", "30"},
	{"keepalives_interval", "10"},
	{"passfile", ""},
	{"password", ""},
	{"requirepeer", ""},
	{"ssl_max_protocol_version", ""},
	{"sslcert", ""},
	{"sslcrl", ""},
	{"sslcrldir", ""},
	{"sslkey", ""},
	{"sslrootcert", ""},
	{"tcp_user_timeout", "30000"},
};

/* Where the URL names a service, the service's file comes before defaults. */
static const char *value_of(const PQconninfoOption *option, bool service)
{
	if (option->val)
		return option->val;
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcmp(ours[i].keyword, option->keyword) == 0)
			return service && !*ours[i].value ? NULL : ours[i].value;
	return service ? NULL : option->compiled;
}

static bool names_service(const PQconninfoOption *options)
{
	for (; options->keyword; options++)
		if (strcmp(options->keyword, "service") == 0)
			return options->val != NULL;
	return false;
}

static void add(FILE *out, const char *keyword, const char *value)
{
	fprintf(out, "%s='", keyword);
	for (; *value; value++) {
		if (*value == '\'' || *value == '\\')
			putc('\\', out);
		putc(*value, out);
	}
	fputs("' ", out);
}

/* libpq would look into PGUSER first. */
static void add_user(FILE *out, const PQconninfoOption *option)
{
	struct passwd passwd, *found = NULL;
	char buffer[4096];

	if (option->val)
		add(out, "user", option->val);
	else if (getpwuid_r(geteuid(), &passwd, buffer, sizeof(buffer), &found) == 0 && found)
		add(out, "user", found->pw_name);
}

/* How long libpq would wait at most: so long for each host. */
static int patience(const char *hosts, const char *seconds)
{
	int each = atoi(seconds), n = 1;

	if (each <= 0 || each > 600)
		each = atoi(CONNECT_S);
	for (; (hosts = strchr(hosts, ',')); hosts++)
		n++;
	return each * n;
}

/*
 * An @ in a password that is not written %40 makes libpq take the rest of it for a host, whose name it tells.
 */
static bool has_stray_at(const char *url)
{
	const char *authority = strstr(url, "://"), *at;

	if (!authority)
		return false;
	at = strchr(authority, '@');
	return at && (strchr(at + 1, '@') ||
		      strcspn(authority + 3, "/?#") < (size_t)(at - authority - 3));
}

/* What libpq says of a URL may hold a part of it; a parameter's name, where it is one, may be told. */
static void explain(const char *said, struct ts_error *err)
{
	static const char unknown[] = "invalid URI query parameter: \"";
	const char *name = said ? strstr(said, unknown) : NULL;
	int n = 0;

	if (name) {
		name += strlen(unknown);
		n = (int)strspn(name, "abcdefghijklmnopqrstuvwxyz_");
	}
	if (n > 0 && n < 40 && name[n] == '"')
		ts_error_set(err, 0, "the URL of the store has an unknown parameter, %.*s", n,
			     name);
	else
		ts_error_set(err, 0,
			     "the URL of the store cannot be read; write "
			     "postgresql://USER@HOST/DATABASE");
}

static char *write_out(const PQconninfoOption *options, int *ret_seconds)
{
	const char *hosts = "", *seconds = CONNECT_S;
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);
	bool service = names_service(options), failed;

	if (!out)
		return NULL;
	for (const PQconninfoOption *option = options; option->keyword; option++) {
		const char *value = value_of(option, service);

		if (strcmp(option->keyword, "user") == 0)
			add_user(out, option);
		else if (value)
			add(out, option->keyword, value);
		if (value && strcmp(option->keyword, "host") == 0)
			hosts = value;
		if (value && strcmp(option->keyword, "connect_timeout") == 0)
			seconds = value;
	}
	*ret_seconds = patience(hosts, seconds);
	failed = ferror(out);
	if (fclose(out) != 0 || failed) {
		free(text);
		return NULL;
	}
	return text;
}

char *ts_pg_address(const char *url, int *ret_seconds, struct ts_error *err)
{
	PQconninfoOption *options;
	char *text, *said = NULL;

	if (has_stray_at(url)) {
		ts_error_set(
			err, 0,
			"a user name or password with @, /, ? or # in the URL of a store needs "
			"%%40, %%2F, %%3F or %%23 for it");
		return NULL;
	}
	options = PQconninfoParse(url, &said);
	if (!options) {
		explain(said, err);
		PQfreemem(said);
		return NULL;
	}
	text = write_out(options, ret_seconds);
	PQconninfoFree(options);
	if (!text)
		ts_error_set(err, 0, "out of memory");
	return text;
}
