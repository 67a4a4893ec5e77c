// SPDX-License-Identifier: Apache-2.0
#include "outcome.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demangle.h"
#include "../log/dictionary.h"
#include "../log/event.h"
#include "../pool.h"
#include "redact.h"
#include "../text.h"
#include "value.h"

#define CLASS_RUST 0x4d4f5a0052555354 /* "MOZ\0RUST": what std::panic raises */

static int64_t integer_of(const struct ts_value *value)
{
	int64_t integer;

	memcpy(&integer, value + 1, sizeof(integer));
	return integer;
}

/* --- a result that is a failure -------------------------------------------------------- */

/* C's word for a value as the function's language has it; other texts as they are. */
static const char *spelt(const struct ts_thunk *thunk, const char *word)
{
	static const char *const words[][2] = {
		{"NULL", "None"}, {"true", "True"}, {"false", "False"}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (thunk->language == TS_LANGUAGE_PYTHON && !strcmp(word, words[i][0]))
			return words[i][1];
	return word;
}

/* "returned -1", or, where the result was not captured, what the rule says of it. */
static void describe_result(const struct ts_event_end *end, const struct ts_thunk *thunk,
			    char *text, size_t bytes)
{
	const struct ts_value *result = ts_event_find(&end->event, TS_PARAM_RESULT);

	switch (result ? result->type : 0) {
	case TS_VALUE_NULL:
		snprintf(text, bytes, "returned %s", spelt(thunk, "NULL"));
		return;
	case TS_VALUE_BOOL:
		snprintf(text, bytes, "returned %s",
			 spelt(thunk, integer_of(result) ? "true" : "false"));
		return;
	case TS_VALUE_INT:
		snprintf(text, bytes, "returned %" PRId64, integer_of(result));
		return;
	case TS_VALUE_UINT:
		snprintf(text, bytes, "returned %" PRIu64, (uint64_t)integer_of(result));
		return;
	default:
		if (*thunk->fails)
			snprintf(text, bytes, "returned %s", spelt(thunk, thunk->fails));
		else
			snprintf(text, bytes, "failed");
	}
}

/*
 * "Connection refused (returned -1)". An errno that was the same before the call may not be this
 * call's: then what the call returned comes first.
 */
static const char *describe_failure(const struct ts_event_end *end, const struct ts_thunk *thunk,
				    struct ts_pool *pool)
{
	int number = end->error_number;
	const char *meaning = strerrordesc_np(number);
	char result[256], unknown[32];

	describe_result(end, thunk, result, sizeof(result));
	if (!number)
		return ts_pool_strndup(pool, result, strlen(result));
	snprintf(unknown, sizeof(unknown), "error %d", number);
	if (end->event.flags & TS_END_ERRNO_KEPT)
		return ts_pool_printf(pool, "%s (errno as before the call: %s)", result,
				      meaning ? meaning : unknown);
	return ts_pool_printf(pool, "%s (%s)", meaning ? meaning : unknown, result);
}

/* --- an exception ---------------------------------------------------------------------- */

static bool is_text(const struct ts_value *value)
{
	return value && (value->type == TS_VALUE_STRING || value->type == TS_VALUE_CUT);
}

/* "" of what is no text; NULL: no memory. */
static const char *describe_text(const struct ts_redact *redact, struct ts_pool *pool,
				 const struct ts_value *value)
{
	struct ts_text text;
	const char *clean;

	if (!is_text(value))
		return "";
	if (value->type == TS_VALUE_CUT || value->bytes < TS_MAX_ERROR)
		return ts_value_text(redact, pool, value);
	text = (struct ts_text){(const char *)(value + 1), value->bytes};
	ts_text_trim_end(&text);
	if (ts_redact_text(redact, pool, &text) < 0)
		return NULL;
	clean = ts_text_clean(pool, text, NULL);
	return clean ? ts_pool_printf(pool, "%s…", clean) : NULL;
}

/* "std::runtime_error", in `pool`; NULL: no memory. */
static const char *describe_type(struct ts_pool *pool, const struct ts_value *value)
{
	struct ts_text text = {(const char *)(value + 1), value->bytes};
	const char *mangled = ts_text_clean(pool, text, NULL);
	char *type = mangled ? ts_demangle_type(mangled) : NULL;
	const char *result = type ? ts_pool_strndup(pool, type, strlen(type)) : mangled;

	free(type);
	return result;
}

/* "std::runtime_error: no such user", as far as it is known. NULL: no memory. */
static const char *describe_exception(const struct ts_event_end *end,
				      const struct ts_redact *redact, struct ts_pool *pool)
{
	const struct ts_value *raised = ts_event_find(&end->event, TS_PARAM_RAISED);
	const struct ts_value *error = ts_event_find(&end->event, TS_PARAM_ERROR);
	const char *type, *words;

	if (is_text(raised))
		type = describe_text(redact, pool, raised);
	else if (error && error->type == TS_VALUE_STRING)
		type = describe_type(pool, error);
	else
		return error && error->type == TS_VALUE_UINT && integer_of(error) == CLASS_RUST
			       ? "Rust panic"
			       : "left by an exception";
	words = describe_text(redact, pool, ts_event_find(&end->event, TS_PARAM_WHAT));
	if (!type || !words)
		return NULL;
	return *words ? ts_pool_printf(pool, "%s: %s", type, words) : type;
}

/* --- all ------------------------------------------------------------------------------- */

static const char *describe(const struct ts_event_end *end, const struct ts_thunk *thunk,
			    const struct ts_redact *redact, struct ts_pool *pool)
{
	switch (end->outcome) {
	case TS_OUTCOME_FAILED:
		return describe_failure(end, thunk, pool);
	case TS_OUTCOME_EXCEPTION:
		return describe_exception(end, redact, pool);
	case TS_OUTCOME_LONGJMP:
		return "left by longjmp";
	case TS_OUTCOME_THREAD_EXITED:
		return "thread exited";
	default:
		return ts_outcome_name(end) ? ts_outcome_name(end) : "failed";
	}
}

int ts_outcome_error(const struct ts_event_end *end, const struct ts_thunk *thunk,
		     const struct ts_redact *redact, struct ts_pool *pool, const char **ret)
{
	*ret = NULL;
	if (end->outcome == TS_OUTCOME_OK)
		return 0;
	*ret = describe(end, thunk, redact, pool);
	return *ret ? 0 : -ENOMEM;
}

const char *ts_outcome_name(const struct ts_event_end *end)
{
	return end->outcome == TS_OUTCOME_CANCELLED   ? "cancelled"
	       : end->outcome == TS_OUTCOME_ABANDONED ? "abandoned"
						      : NULL;
}
