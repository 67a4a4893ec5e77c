// SPDX-License-Identifier: Apache-2.0
#include "outlet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backoff.h"
#include "gate.h"
#include "shown.h"
#include "store.h"

#define BUSY_IN_A_ROW 3 /* that a store is busy is no news until then */
#define SAY_AGAIN_NS  60000000000LL
#define REST_NS       10000000000LL /* without a batch, then others may need the connection more */
#define MOST          64            /* programs may come and go with a store each */

struct outlet {
	struct outlet *next;
	char *url;
	const struct ts_store *store;
	struct ts_store_handle *handle;
	struct ts_backoff backoff;
	struct ts_error failure; /* the last one */
	bool complained;
	int64_t say_again_ns;
	int64_t used_ns; /* at the end of the last batch; 0: at rest */
};

struct ts_outlets {
	struct ts_outlets_options options;
	struct outlet *first; /* the one last used */
	size_t n;
	bool tried; /* to open one */
};

int ts_outlets_new(struct ts_outlets **ret, const struct ts_outlets_options *options)
{
	struct ts_outlets *outlets = calloc(1, sizeof(*outlets));

	if (!outlets)
		return -ENOMEM;
	outlets->options = *options;
	*ret = outlets;
	return 0;
}

/* Closes it and takes it off its list. */
static void drop(struct ts_outlets *outlets, struct outlet **link)
{
	struct outlet *outlet = *link;

	*link = outlet->next;
	if (outlet->handle)
		outlet->store->close(outlet->handle);
	free(outlet->url);
	free(outlet);
	outlets->n--;
}

void ts_outlets_free(struct ts_outlets *outlets)
{
	while (outlets && outlets->first)
		drop(outlets, &outlets->first);
	free(outlets);
}

static struct outlet *add(struct ts_outlets *outlets, const char *url)
{
	struct outlet *outlet = calloc(1, sizeof(*outlet)), **last = &outlets->first;

	if (!outlet || !(outlet->url = strdup(url))) {
		free(outlet);
		return NULL;
	}
	if (outlets->n == MOST) {
		while ((*last)->next)
			last = &(*last)->next;
		drop(outlets, last);
	}
	outlets->n++;
	return outlet;
}

/* The one of this URL, which is the first then. */
static struct outlet *find(struct ts_outlets *outlets, const char *url)
{
	struct outlet **link = &outlets->first, *outlet;

	while (*link && strcmp((*link)->url, url) != 0)
		link = &(*link)->next;
	outlet = *link;
	if (outlet)
		*link = outlet->next;
	else
		outlet = add(outlets, url);
	if (!outlet)
		return NULL;
	outlet->next = outlets->first;
	outlets->first = outlet;
	return outlet;
}

static void say(const struct ts_outlets *outlets, bool bad, const char *sentence)
{
	if (outlets->options.say)
		outlets->options.say(outlets->options.context, bad, sentence);
}

void ts_outlets_note(const struct ts_outlets *outlets, const char *sentence)
{
	if (outlets->options.note)
		outlets->options.note(outlets->options.context, sentence);
}

/* Is what is for it another store's? One that was open may have got some of a batch. */
static bool is_replaced(const struct ts_outlets *outlets, const struct outlet *outlet)
{
	const char *instead = outlets->options.instead;

	return instead && !outlet->handle && strcmp(outlet->url, instead) != 0;
}

bool ts_outlets_is_due(const struct ts_outlets *outlets, const char *url, struct ts_error *err)
{
	for (const struct outlet *outlet = outlets->first; outlet; outlet = outlet->next) {
		if (strcmp(outlet->url, url) != 0 || ts_backoff_is_due(&outlet->backoff))
			continue;
		if (is_replaced(outlets, outlet))
			return ts_outlets_is_due(outlets, outlets->options.instead, err);
		ts_error_set(err, TS_AWAY, "%s", outlet->failure.text);
		return false;
	}
	return true;
}

bool ts_outlets_keeps(const struct ts_outlets *outlets)
{
	return !outlets->options.gate || outlets->options.gate->keeps;
}

/* Does the failure say where already? */
static bool names_file(const struct outlet *outlet)
{
	const char *path = strchr(outlet->url, ':');

	return path && path[1] == '/' && path[2] != '/' && strstr(outlet->failure.text, path + 1);
}

static void complain(struct ts_outlets *outlets, struct outlet *outlet, int result)
{
	int64_t now = ts_backoff_now_ns();
	char sentence[1024];

	if (now < outlet->say_again_ns ||
	    (result == -EAGAIN && outlet->backoff.failures < BUSY_IN_A_ROW))
		return;
	outlet->complained = true;
	outlet->say_again_ns = now + SAY_AGAIN_NS;
	if (names_file(outlet) || !*outlet->url)
		snprintf(sentence, sizeof(sentence), "cannot write traces: %s",
			 outlet->failure.text);
	else
		snprintf(sentence, sizeof(sentence), "cannot write traces to %s: %s",
			 ts_shown(outlet->url).text, outlet->failure.text);
	say(outlets, true, sentence);
}

static void note_success(struct ts_outlets *outlets, struct outlet *outlet)
{
	char sentence[1024];

	ts_backoff_worked(&outlet->backoff);
	if (!outlet->complained)
		return;
	outlet->complained = false;
	snprintf(sentence, sizeof(sentence), "traces are stored again in %s",
		 ts_shown(outlet->url).text);
	say(outlets, false, sentence);
}

/*
 * Before the first store is opened its libraries are there, and after it, whatever came of it, what they make when first used:
 * who waits for us at the exit of the program is to do so before theirs or the program's own handlers take them apart.
 */
static int open_store(struct ts_outlets *outlets, struct outlet *outlet)
{
	const struct ts_outlets_options *options = &outlets->options;
	bool first = !outlets->tried;
	int result;

	if (outlet->handle)
		return 0;
	if (!outlet->store)
		outlet->store = ts_store_find(outlet->url, options->modules, &outlet->failure);
	if (!outlet->store)
		return -ENOTSUP;
	outlets->tried = true;
	if (first && options->trying)
		options->trying();
	result = outlet->store->open(&outlet->handle, outlet->url, options->gate, &outlet->failure);
	if (first && options->trying)
		options->trying();
	/* what is said of a row is not said of the store */
	return result == -EILSEQ ? -EINVAL : result;
}

static int write_now(struct ts_outlets *outlets, struct outlet *outlet,
		     const struct ts_batch *batch)
{
	int result = open_store(outlets, outlet);

	if (result == 0 && batch)
		result = outlet->store->write(outlet->handle, batch, &outlet->failure);
	outlet->used_ns = ts_backoff_now_ns();
	return result;
}

static int write_to(struct ts_outlets *outlets, struct outlet *outlet, const struct ts_batch *batch,
		    bool insist, struct ts_error *err)
{
	int result;

	if (!insist && !ts_backoff_is_due(&outlet->backoff))
		return ts_error_set(err, TS_AWAY, "%s", outlet->failure.text);
	result = write_now(outlets, outlet, batch);
	if (result == 0) {
		if (batch)
			note_success(outlets, outlet);
		return 0;
	}
	if (result == -EILSEQ)
		return ts_error_set(err, result, "%s", outlet->failure.text);
	ts_backoff_failed(&outlet->backoff);
	complain(outlets, outlet, result);
	return ts_error_set(err, TS_AWAY, "%s", outlet->failure.text);
}

int ts_outlets_write(struct ts_outlets *outlets, const char *url, const struct ts_batch *batch,
		     bool insist, struct ts_error *err)
{
	struct outlet *outlet = find(outlets, url);
	int result;

	if (!outlet)
		return ts_error_set(err, TS_AWAY, "no memory");
	result = write_to(outlets, outlet, batch, insist, err);
	if (result == TS_AWAY && is_replaced(outlets, outlet))
		result = ts_outlets_write(outlets, outlets->options.instead, batch, insist, err);
	return result;
}

void ts_outlets_each(const struct ts_outlets *outlets,
		     void (*take)(void *context, const char *url, const char *failure),
		     void *context)
{
	for (const struct outlet *outlet = outlets->first; outlet; outlet = outlet->next)
		take(context, outlet->url, outlet->backoff.failures ? outlet->failure.text : "");
}

void ts_outlets_rest(struct ts_outlets *outlets)
{
	int64_t now = ts_backoff_now_ns();

	for (struct outlet *outlet = outlets->first; outlet; outlet = outlet->next) {
		if (!outlet->used_ns || now - outlet->used_ns < REST_NS)
			continue;
		outlet->used_ns = 0;
		if (outlet->handle && outlet->store->rest)
			outlet->store->rest(outlet->handle);
	}
}
