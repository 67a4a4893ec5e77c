// SPDX-License-Identifier: Apache-2.0
#include "dictionary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../file.h"
#include "../pool.h"
#include "../text.h"

#define MAX_BYTES   ((uint64_t)1 << 26) /* of a dictionary; more is damage */
#define MAX_THUNKS  (1u << 20)
#define MAX_OBJECTS 1024
#define MAX_TLS     256 /* of more, nobody asks */

struct ts_dictionary {
	char *spool;
	const struct ts_abi_process *page;
	struct ts_pool pool;
	uint64_t done; /* bytes whose records are known */
	struct ts_settings settings;
	struct ts_thunk **thunks;
	uint32_t n_thunks;
	struct ts_object *objects; /* MAX_OBJECTS; NULL: none yet. Those with a path are known */
	struct ts_tls *tls;        /* MAX_TLS; NULL: none yet */
	size_t n_tls;
};

/* The strings of one record. */
struct strings {
	struct ts_pool *pool;
	const char *at;
	const char *end;
	int error;
};

static const char *const kind_names[] = {
	[TS_KIND_PIPELINE] = "pipeline", [TS_KIND_AGENT] = "agent", [TS_KIND_LLM] = "llm",
	[TS_KIND_TOOL] = "tool",         [TS_KIND_STEP] = "step",
};

int ts_dictionary_new(struct ts_dictionary **ret, const char *spool,
		      const struct ts_abi_process *page)
{
	struct ts_dictionary *dictionary = calloc(1, sizeof(*dictionary));

	if (!dictionary)
		return -ENOMEM;
	dictionary->spool = strdup(spool);
	if (!dictionary->spool) {
		free(dictionary);
		return -ENOMEM;
	}
	dictionary->page = page;
	dictionary->settings = (struct ts_settings){.program = "",
						    .host = "",
						    .conf = "",
						    .store = "",
						    .tenant = "",
						    .redact = "",
						    .state = "",
						    .prices = "",
						    .gateways = ""};
	*ret = dictionary;
	return 0;
}

void ts_dictionary_free(struct ts_dictionary *dictionary)
{
	if (!dictionary)
		return;
	ts_pool_release(&dictionary->pool);
	free(dictionary->thunks);
	free(dictionary->objects);
	free(dictionary->tls);
	free(dictionary->spool);
	free(dictionary);
}

static const char *next_string(struct strings *strings)
{
	size_t left = (size_t)(strings->end - strings->at);
	size_t bytes = strnlen(strings->at, left);
	struct ts_text text = {strings->at, bytes};
	const char *clean;

	if (bytes == left) {
		strings->error = strings->error ? strings->error : -EBADMSG;
		return "";
	}
	strings->at += bytes + 1;
	clean = ts_text_clean(strings->pool, text, NULL);
	if (clean)
		return clean;
	strings->error = -ENOMEM;
	return "";
}

static int add_settings(struct ts_dictionary *dictionary, const struct ts_dictionary_record *record)
{
	const struct ts_dictionary_settings *raw = (const void *)record;
	struct strings strings = {&dictionary->pool, (const char *)(raw + 1),
				  (const char *)record + record->bytes, 0};
	struct ts_settings settings;

	if (record->bytes < sizeof(*raw))
		return -EBADMSG;
	settings.program = next_string(&strings);
	settings.host = next_string(&strings);
	settings.conf = next_string(&strings);
	settings.store = next_string(&strings);
	settings.tenant = next_string(&strings);
	settings.redact = next_string(&strings);
	settings.state = next_string(&strings);
	settings.prices = next_string(&strings);
	settings.gateways = next_string(&strings);
	settings.backlog_bytes = raw->backlog_bytes;
	settings.n_rules = raw->n_rules;
	settings.capture_bytes = raw->capture_bytes;
	settings.orphans = raw->flags & TS_SETTINGS_ORPHANS;
	settings.wire = raw->flags & TS_SETTINGS_WIRE;
	settings.known = true;
	if (!strings.error)
		dictionary->settings = settings;
	return strings.error;
}

static int reserve_thunk(struct ts_dictionary *dictionary, uint32_t index)
{
	struct ts_thunk **grown;
	uint32_t n = dictionary->n_thunks ? dictionary->n_thunks : 64;

	if (index < dictionary->n_thunks)
		return 0;
	while (n <= index)
		n *= 2;
	grown = reallocarray(dictionary->thunks, n, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memset(grown + dictionary->n_thunks, 0, (n - dictionary->n_thunks) * sizeof(*grown));
	dictionary->thunks = grown;
	dictionary->n_thunks = n;
	return 0;
}

static int read_thunk(struct ts_pool *pool, const struct ts_dictionary_thunk *raw,
		      struct ts_thunk *thunk)
{
	struct strings strings = {pool, (const char *)(raw + 1),
				  (const char *)raw + raw->record.bytes, 0};
	const char **params = ts_pool_alloc(pool, sizeof(*params) * (raw->n_params + 1u));

	if (!params)
		return -ENOMEM;
	thunk->index = raw->index;
	thunk->line = raw->line;
	thunk->kind = raw->kind;
	thunk->language = raw->language;
	thunk->kind_name = kind_names[raw->kind];
	thunk->name = next_string(&strings);
	thunk->function = next_string(&strings);
	thunk->object = next_string(&strings);
	thunk->fails = next_string(&strings);
	thunk->n_params = raw->n_params;
	thunk->params = params;
	for (uint32_t i = 0; i < raw->n_params; i++)
		params[i] = next_string(&strings);
	thunk->span_name = ts_pool_printf(pool, "%s:%s", thunk->kind_name, thunk->name);
	return thunk->span_name ? strings.error : -ENOMEM;
}

static int add_thunk(struct ts_dictionary *dictionary, const struct ts_dictionary_record *record)
{
	const struct ts_dictionary_thunk *raw = (const void *)record;
	struct ts_thunk *thunk;
	int result;

	if (record->bytes < sizeof(*raw) || raw->kind < TS_KIND_PIPELINE ||
	    raw->kind > TS_KIND_STEP || raw->language > TS_LANGUAGE_PYTHON ||
	    raw->index >= MAX_THUNKS)
		return -EBADMSG;
	result = reserve_thunk(dictionary, raw->index);
	if (result < 0)
		return result;
	thunk = ts_pool_alloc(&dictionary->pool, sizeof(*thunk));
	if (!thunk)
		return -ENOMEM;
	result = read_thunk(&dictionary->pool, raw, thunk);
	if (!result && !dictionary->thunks[raw->index])
		dictionary->thunks[raw->index] = thunk;
	return result;
}

static int add_object(struct ts_dictionary *dictionary, const struct ts_dictionary_record *record)
{
	const struct ts_dictionary_object *raw = (const void *)record;
	struct strings strings = {&dictionary->pool, (const char *)(raw + 1),
				  (const char *)record + record->bytes, 0};
	struct ts_object object;

	if (record->bytes < sizeof(*raw) || raw->index >= MAX_OBJECTS)
		return -EBADMSG;
	if (!dictionary->objects)
		dictionary->objects = calloc(MAX_OBJECTS, sizeof(*dictionary->objects));
	if (!dictionary->objects)
		return -ENOMEM;
	object.path = next_string(&strings);
	object.build_id = next_string(&strings);
	if (!strings.error && !dictionary->objects[raw->index].path)
		dictionary->objects[raw->index] = object;
	return strings.error;
}

static int add_tls(struct ts_dictionary *dictionary, const struct ts_dictionary_record *record)
{
	const struct ts_dictionary_tls *raw = (const void *)record;
	struct strings strings = {&dictionary->pool, (const char *)(raw + 1),
				  (const char *)record + record->bytes, 0};
	struct ts_tls tls;

	if (dictionary->n_tls == MAX_TLS)
		return 0;
	if (!dictionary->tls)
		dictionary->tls = calloc(MAX_TLS, sizeof(*dictionary->tls));
	if (!dictionary->tls)
		return -ENOMEM;
	tls.path = next_string(&strings);
	tls.library = next_string(&strings);
	tls.unseen = next_string(&strings);
	if (!strings.error)
		dictionary->tls[dictionary->n_tls++] = tls;
	return strings.error;
}

static int add_records(struct ts_dictionary *dictionary, const char *data, size_t bytes)
{
	size_t at = 0;

	while (at < bytes) {
		const struct ts_dictionary_record *record = (const void *)(data + at);
		int result = -EBADMSG;

		if (bytes - at < sizeof(*record) || record->bytes > bytes - at ||
		    record->bytes % 8 || record->bytes < sizeof(*record))
			return -EBADMSG;
		if (record->type == TS_DICTIONARY_SETTINGS)
			result = add_settings(dictionary, record);
		else if (record->type == TS_DICTIONARY_THUNK)
			result = add_thunk(dictionary, record);
		else if (record->type == TS_DICTIONARY_OBJECT)
			result = add_object(dictionary, record);
		else if (record->type == TS_DICTIONARY_TLS)
			result = add_tls(dictionary, record);
		if (result < 0)
			return result;
		at += record->bytes;
		dictionary->done += record->bytes;
	}
	return 0;
}

/* Reads what lies between done and `committed`; a file that ends early is damage. */
static int read_new(struct ts_dictionary *dictionary, uint64_t committed)
{
	size_t bytes = committed - dictionary->done;
	int fd = ts_file_open(dictionary->spool, "process", O_RDONLY);
	char *data;
	ssize_t n;
	int result;

	if (fd < 0)
		return fd;
	data = malloc(bytes);
	n = data ? ts_file_read(fd, data, bytes, TS_ABI_PAGE + dictionary->done) : -ENOMEM;
	close(fd);
	result = n < 0 ? (int)n : add_records(dictionary, data, (size_t)n);
	free(data);
	return result == 0 && (size_t)n < bytes ? -EBADMSG : result;
}

int ts_dictionary_update(struct ts_dictionary *dictionary, struct ts_error *err)
{
	/* acquire: pairs with the release behind the record's bytes */
	uint64_t committed = __atomic_load_n(&dictionary->page->dictionary_bytes, __ATOMIC_ACQUIRE);
	int result = 0;

	if (committed < dictionary->done || committed > MAX_BYTES)
		result = -EBADMSG;
	else if (committed > dictionary->done)
		result = read_new(dictionary, committed);
	if (result < 0)
		return ts_error_set(err, result, "%s/process: dictionary: %s", dictionary->spool,
				    strerrordesc_np(-result));
	return 0;
}

const struct ts_settings *ts_dictionary_settings(const struct ts_dictionary *dictionary)
{
	return &dictionary->settings;
}

uint32_t ts_dictionary_thunks(const struct ts_dictionary *dictionary)
{
	return dictionary->n_thunks;
}

const struct ts_thunk *ts_dictionary_thunk(const struct ts_dictionary *dictionary, uint32_t index)
{
	return index < dictionary->n_thunks ? dictionary->thunks[index] : NULL;
}

const struct ts_object *ts_dictionary_object(const struct ts_dictionary *dictionary, uint32_t index)
{
	return dictionary->objects && index < MAX_OBJECTS && dictionary->objects[index].path
		       ? &dictionary->objects[index]
		       : NULL;
}

const struct ts_tls *ts_dictionary_tls(const struct ts_dictionary *dictionary, size_t *ret_n)
{
	*ret_n = dictionary->n_tls;
	return dictionary->tls;
}
