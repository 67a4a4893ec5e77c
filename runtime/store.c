// SPDX-License-Identifier: Apache-2.0
/* Finding the store, or source, that a URL names. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store.h"

#define SQLITE "sqlite:"
#define JSONL  "jsonl:"

/* The length of the scheme, letters only, for it becomes a part of a module's file name; or 0. */
static size_t scheme_length(const char *url)
{
	size_t n = strspn(url, "abcdefghijklmnopqrstuvwxyz");

	return n <= 32 && url[n] == ':' ? n : 0;
}

/* One that comes with us: then it is no typing error. */
static bool is_ours(const char *url, int scheme_bytes)
{
	static const char *const ours[] = {"sqlite", "postgresql", "postgres", "jsonl"};

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strlen(ours[i]) == (size_t)scheme_bytes &&
		    strncmp(url, ours[i], strlen(ours[i])) == 0)
			return true;
	return false;
}

static const char nowhere[] =
	"neither TRACESHIM_STORE nor XDG_DATA_HOME nor HOME tells where to store traces";

static const void *find(const char *url, const char *symbol, ts_module_symbol_fn *load,
			struct ts_error *err)
{
	int n = (int)scheme_length(url);
	char module[64], why[256] = "";
	const void *found;

	if (!*url) {
		ts_error_set(err, -ENOENT, "%s", nowhere);
		return NULL;
	}
	if (n == 0) {
		/* without what may hold a password */
		n = (int)(strstr(url, "://") ? (size_t)(strstr(url, "://") - url) : strlen(url));
		ts_error_set(err, -EINVAL,
			     "\"%.*s\" names no store; write sqlite:/path/to/traces.db", n, url);
		return NULL;
	}
	if (n == strlen("postgres") && strncmp(url, "postgres", (size_t)n) == 0)
		snprintf(module, sizeof(module), "store_postgresql"); /* libpq knows both names */
	else
		snprintf(module, sizeof(module), "store_%.*s", n, url);
	found = load(module, symbol, why, sizeof(why));
	/* Neither the rest of the URL, which may hold a password. */
	if (!found && is_ours(url, n))
		ts_error_set(err, -ENOTSUP, "the store \"%.*s\" cannot be had: %s", n, url, why);
	else if (!found)
		ts_error_set(err, -ENOTSUP,
			     "there is no store \"%.*s\"; there are: sqlite, postgresql, jsonl", n,
			     url);
	return found;
}

const struct ts_store *ts_store_find(const char *url, ts_module_symbol_fn *load,
				     struct ts_error *err)
{
	return find(url, "ts_store", load, err);
}

const struct ts_source *ts_source_find(const char *url, ts_module_symbol_fn *load,
				       struct ts_error *err)
{
	if (strncmp(url, JSONL, strlen(JSONL)) == 0) {
		ts_error_set(
			err, -ENOTSUP,
			"a jsonl store is for other programs to read, and cannot be asked: set "
			"TRACESHIM_STORE to an sqlite: or postgresql: store");
		return NULL;
	}
	return find(url, "ts_source", load, err);
}

const struct ts_admin *ts_admin_find(const char *url, ts_module_symbol_fn *load,
				     struct ts_error *err)
{
	if (strncmp(url, JSONL, strlen(JSONL)) == 0) {
		ts_error_set(
			err, -ENOTSUP,
			"a jsonl store is made by the first row and has nothing to look after: "
			"remove its files when they are old");
		return NULL;
	}
	return find(url, "ts_admin", load, err);
}

/* A file named by a relative path is where it is now, wherever the program goes later. */
char *ts_store_absolute_url(const char *url, struct ts_error *err)
{
	size_t scheme = strncmp(url, SQLITE, strlen(SQLITE)) == 0 ? strlen(SQLITE)
			: strncmp(url, JSONL, strlen(JSONL)) == 0 ? strlen(JSONL)
								  : 0;
	const char *path = url + scheme;
	char *folder, *absolute;

	if (!scheme || strchr("/:", path[0]))
		return strdup(url);
	folder = getcwd(NULL, 0);
	if (!folder) {
		ts_error_set(err, -errno, "%s: the current folder has no name: %s", url,
			     strerrordesc_np(errno));
		return NULL;
	}
	if (asprintf(&absolute, "%.*s%s/%s", (int)scheme, url, folder, path) < 0)
		absolute = NULL;
	free(folder);
	return absolute;
}

char *ts_store_default_url(struct ts_error *err)
{
	const char *url = getenv("TRACESHIM_STORE"), *data = getenv("XDG_DATA_HOME");
	const char *home = getenv("HOME");
	char *result = NULL;
	int n = 0;

	if (url && *url)
		return ts_store_absolute_url(url, err);
	/* A relative XDG_DATA_HOME is to be ignored, its specification says. */
	if (data && *data == '/')
		n = asprintf(&result, SQLITE "%s/traceshim/traces.db", data);
	else if (home && *home == '/')
		n = asprintf(&result, SQLITE "%s/.local/share/traceshim/traces.db", home);
	else
		ts_error_set(err, -ENOENT, "%s", nowhere);
	return n < 0 ? NULL : result;
}
