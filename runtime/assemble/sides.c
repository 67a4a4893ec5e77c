// SPDX-License-Identifier: Apache-2.0
#include "sides.h"

#include <errno.h>
#include <string.h>

#include "../wire/buffer.h"
#include "../wire/node.h"
#include "../wire/wire.h"
#include "json.h"
#include "redact.h"
#include "../scan.h"

static const char hidden[] = "{\"redacted\":\"[redacted]\"}";

#define AROUND 1024 /* bytes of names, quotes and brackets that any side may have */

/* --- redaction ----------------------------------------------------------------------------- */

/* {"head": "...", "tail": "...", "truncated": N}, as wire/cut.c prints it: which ends stand where. */
struct ends {
	struct ts_text head, tail;
	const char *after; /* the tail's end */
};

/* Takes what stands next, or not at all. */
static bool take(struct ts_text *at, const char *wanted)
{
	size_t bytes = strlen(wanted);

	if (at->bytes < bytes || memcmp(at->data, wanted, bytes) != 0)
		return false;
	at->data += bytes;
	at->bytes -= bytes;
	return true;
}

/* Up to the quote that ends a string. */
static bool take_characters(struct ts_text *at, struct ts_text *ret)
{
	size_t n = 0;

	while (n < at->bytes && at->data[n] != '"')
		n += at->data[n] == '\\' ? 2 : 1;
	if (n >= at->bytes)
		return false;
	*ret = (struct ts_text){at->data, n};
	at->data += n;
	at->bytes -= n;
	return true;
}

static bool find_ends(struct ts_text at, struct ends *ret)
{
	if (!take(&at, "{\"head\":\"") || !take_characters(&at, &ret->head) ||
	    !take(&at, "\",\"tail\":\"") || !take_characters(&at, &ret->tail))
		return false;
	ret->after = at.data;
	return take(&at, "\",\"truncated\":");
}

static int add_redacted_ends(struct ts_json *json, struct ts_buffer *to, const struct ends *ends)
{
	struct ts_buffer meant[2] = {{.memory = to->memory}, {.memory = to->memory}};
	struct ts_text head, tail;
	int result;

	ts_node_unescape(&meant[0], ends->head);
	ts_node_unescape(&meant[1], ends->tail);
	head = (struct ts_text){meant[0].bytes ? meant[0].data : "", meant[0].bytes};
	tail = (struct ts_text){meant[1].bytes ? meant[1].data : "", meant[1].bytes};
	result = meant[0].failed || meant[1].failed
			 ? -ENOMEM
			 : ts_redact_cut(json->redact, &json->scratch, &head, &tail);
	if (result == 0) {
		ts_buffer_text(to, "{\"head\":\"");
		ts_node_escape(to, head);
		ts_buffer_text(to, "\",\"tail\":\"");
		ts_node_escape(to, tail);
	}
	ts_buffer_release(&meant[0]);
	ts_buffer_release(&meant[1]);
	return result;
}

/* A copy in which the ends of cut texts are redacted: what a tail begins with may belong to a key that is missing. */
static int redact_ends(struct ts_json *json, struct ts_text text, struct ts_buffer *to)
{
	const char *copied = text.data, *end = text.data + text.bytes;
	bool in_string = false;
	struct ends ends;

	for (const char *at = text.data; at < end; at++) {
		if (*at == '\\')
			at++;
		else if (*at == '"')
			in_string = !in_string;
		if (at >= end || *at != '{' || in_string ||
		    !find_ends((struct ts_text){at, (size_t)(end - at)}, &ends))
			continue;
		ts_buffer_add(to, copied, (size_t)(at - copied));
		if (add_redacted_ends(json, to, &ends) < 0)
			return -ENOMEM;
		copied = ends.after;
		at = copied - 1;
		in_string = true;
	}
	ts_buffer_add(to, copied, (size_t)(end - copied));
	return to->failed ? -ENOMEM : 0;
}

static bool is_sound(struct ts_text text)
{
	struct ts_scan scan = {text.data, text.data + text.bytes};
	struct ts_scanned value;

	return ts_scan_value(&scan, &value) && scan.at == scan.end;
}

/* What redaction left no JSON, which it should not, or is nested too deep to be sure, is hidden as a whole. */
static int redact(struct ts_json *json, struct ts_text *text)
{
	struct ts_memory memory = {0, SIZE_MAX};
	struct ts_buffer copy = {.memory = &memory};
	struct ts_text redacted;
	int result = -ENOMEM;

	if (!json->redact)
		return 0;
	if (redact_ends(json, *text, &copy) == 0) {
		redacted = (struct ts_text){copy.data, copy.bytes};
		result = ts_redact_text(json->redact, &json->scratch, &redacted);
	}
	if (result == 0 && !is_sound(redacted))
		redacted = (struct ts_text){hidden, sizeof(hidden) - 1};
	if (result == 0)
		text->data = ts_pool_strndup(&json->scratch, redacted.data, redacted.bytes);
	ts_buffer_release(&copy);
	if (result < 0 || !text->data)
		return -ENOMEM;
	text->bytes = redacted.bytes;
	return 0;
}

/* --- numbers ------------------------------------------------------------------------------- */

#define MOST_DIGITS   1024
#define MOST_EXPONENT 4 /* digits of it */

/* One that PostgreSQL has no room for, exact as its numbers are. */
static bool is_too_wide(struct ts_text number)
{
	for (size_t i = 0; i < number.bytes; i++)
		if ((number.data[i] == 'e' || number.data[i] == 'E') &&
		    number.bytes - i - 1 > MOST_EXPONENT + 1)
			return true;
	return number.bytes > MOST_DIGITS;
}

/* The next number in JSON, from `at` on; *in_string says where that is. Empty: there is none. */
static struct ts_text next_number(const char *at, const char *end, bool *in_string)
{
	for (; at < end; at++) {
		if (*in_string && *at == '\\')
			at++;
		else if (*at == '"')
			*in_string = !*in_string;
		else if (!*in_string && (*at == '-' || (*at >= '0' && *at <= '9')))
			return (struct ts_text){at, strspn(at, "+-.0123456789eE")};
	}
	return (struct ts_text){end, 0};
}

/* Numbers that some store would refuse the row for become strings. `text` ends with a NUL. 0 or -ENOMEM. */
static int tame(struct ts_json *json, struct ts_text *text)
{
	struct ts_memory memory = {0, SIZE_MAX};
	struct ts_buffer to = {.memory = &memory};
	const char *end = text->data + text->bytes, *copied = text->data, *tamed = NULL;
	bool in_string = false;
	struct ts_text number = {copied, 0};

	while ((number = next_number(number.data + number.bytes, end, &in_string)).bytes) {
		if (!is_too_wide(number))
			continue;
		ts_buffer_add(&to, copied, (size_t)(number.data - copied));
		ts_buffer_text(&to, "\"");
		ts_buffer_add(&to, number.data, number.bytes);
		ts_buffer_text(&to, "\"");
		copied = number.data + number.bytes;
	}
	if (copied == text->data)
		return 0;
	ts_buffer_add(&to, copied, (size_t)(end - copied));
	if (!to.failed)
		tamed = ts_pool_strndup(&json->scratch, to.data, to.bytes);
	*text = (struct ts_text){tamed, to.bytes};
	ts_buffer_release(&to);
	return tamed ? 0 : -ENOMEM;
}

/* --- bounds -------------------------------------------------------------------------------- */

/* Head and tail of what is too long; three quarters and one. */
static const char *cut(struct ts_json *json, const char *name, struct ts_text text, uint32_t most)
{
	struct ts_memory memory = {0, SIZE_MAX};
	struct ts_buffer to = {.memory = &memory};
	struct ts_text head = {text.data, most / 4 * 3}, tail;
	const char *result = NULL;

	tail = (struct ts_text){text.data + text.bytes - most / 4, most / 4};
	ts_text_trim_end(&head);
	ts_text_trim_begin(&tail);
	ts_buffer_text(&to, "{\"");
	ts_buffer_text(&to, name);
	ts_buffer_text(&to, "\":{\"head\":\"");
	ts_node_escape(&to, head);
	ts_buffer_text(&to, "\",\"tail\":\"");
	ts_node_escape(&to, tail);
	ts_buffer_text(&to, "\",\"truncated\":");
	ts_node_add_number(&to, text.bytes);
	ts_buffer_text(&to, "}}");
	if (!to.failed)
		result = ts_pool_strndup(json->pool, to.data, to.bytes);
	ts_buffer_release(&to);
	return result;
}

/* As it is to be shown: where it is no object itself, as a member of that name. */
static const char *finish(struct ts_json *json, const char *name, const char *whole, uint32_t most)
{
	struct ts_text text = {whole, strlen(whole)};

	if (redact(json, &text) < 0 || tame(json, &text) < 0)
		return NULL;
	if (text.bytes > most + most / 4 + AROUND)
		return cut(json, name, text, most);
	if (*text.data == '{')
		return ts_pool_strndup(json->pool, text.data, text.bytes);
	return ts_pool_printf(json->pool, "{\"%s\":%s}", name, text.data);
}

/* --- sides --------------------------------------------------------------------------------- */

static const char *or_none(const char *object)
{
	return object && strcmp(object, "{}") != 0 ? object : NULL;
}

int ts_sides_input(struct ts_json *json, const struct ts_wire_call *call, uint32_t most,
		   const char **ret)
{
	const char *messages = or_none(call->messages), *parameters = or_none(call->parameters);
	const char *whole = messages ? messages : parameters;

	*ret = NULL;
	if (!most || !whole)
		return 0;
	/* one object of both */
	if (messages && parameters)
		whole = ts_pool_printf(&json->scratch, "%.*s,%s", (int)strlen(messages) - 1,
				       messages, parameters + 1);
	if (whole)
		*ret = finish(json, "request", whole, most);
	ts_pool_reset(&json->scratch);
	return *ret ? 0 : -ENOMEM;
}

int ts_sides_output(struct ts_json *json, const struct ts_wire_call *call, uint32_t most,
		    const char **ret)
{
	*ret = NULL;
	if (!most || !call->answer)
		return 0;
	*ret = finish(json, "result", call->answer, most);
	ts_pool_reset(&json->scratch);
	return *ret ? 0 : -ENOMEM;
}
