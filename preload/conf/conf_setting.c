// SPDX-License-Identifier: Apache-2.0
/* capture, redact, orphans, stacks, backlog, prices. */

#include "conf_setting.h"

#include <errno.h>

#include "../prototype/fault.h"
#include "../prototype/spelling.h"
#include "../system/arena.h"

#define MAX_REDACT      256 /* names; each is compared with every parameter */
#define DEFAULT_BACKLOG (256ULL << 20)
#define MAX_BACKLOG     (1024ULL << 30)

static const char default_redact[] =
	"password, passwd, secret, api_key, apikey, token, authorization";

static const char *const names[TS_SETTING_COUNT] = {
	[TS_SETTING_CAPTURE] = "capture", [TS_SETTING_REDACT] = "redact",
	[TS_SETTING_ORPHANS] = "orphans", [TS_SETTING_STACKS] = "stacks",
	[TS_SETTING_BACKLOG] = "backlog", [TS_SETTING_PRICES] = "prices",
};

const char *ts_setting_name(enum ts_setting setting)
{
	return setting < TS_SETTING_COUNT ? names[setting] : NULL;
}

/* --- sizes: capture, backlog ------------------------------------------------------------------ */

/* The factor of "", "KB", "mb", ...; 0 for what is none. */
static uint64_t factor_of(struct ts_slice unit)
{
	static const struct {
		const char *text;
		uint64_t factor;
	} units[] = {{"", 1}, {"b", 1}, {"kb", 1ULL << 10}, {"mb", 1ULL << 20}, {"gb", 1ULL << 30}};
	char lower[4] = {0};

	if (unit.bytes >= sizeof(lower))
		return 0;
	for (size_t i = 0; i < unit.bytes; i++)
		lower[i] = ts_lower(unit.text[i]);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (ts_slice_is((struct ts_slice){lower, unit.bytes, 0}, units[i].text))
			return units[i].factor;
	return 0;
}

struct limit {
	uint64_t most;
	const char *sentence; /* "capture is at most 50KB" */
	const char *example;
};

static int read_size(struct ts_slice value, const struct limit *limit, uint64_t *ret,
		     struct ts_fault *fault)
{
	uint64_t number = 0, factor;
	size_t n = 0;

	for (; n < value.bytes && ts_is_digit(value.text[n]); n++)
		if (number <= limit->most) /* enough to know that it is too much */
			number = number * 10 + (uint64_t)(value.text[n] - '0');
	factor = factor_of(ts_slice_trim(ts_slice_from(value, n)));
	if (!n || !factor)
		return ts_fault_at(fault, value.column,
				   "expected a size such as %s, 2000 or 0, found '%s'",
				   limit->example, ts_quote(value).text);
	if (number > limit->most / factor)
		return ts_fault_at(fault, value.column, "%s, found '%s'", limit->sentence,
				   ts_quote(value).text);
	*ret = number * factor;
	return 0;
}

static int read_capture(struct ts_conf *conf, struct ts_slice value, struct ts_fault *fault)
{
	static const struct limit limit = {TS_ABI_MAX_CAPTURE, "capture is at most 50KB", "50KB"};
	uint64_t bytes = conf->capture_bytes;
	int result = read_size(value, &limit, &bytes, fault);

	conf->capture_bytes = (uint32_t)bytes;
	return result;
}

static int read_backlog(struct ts_conf *conf, struct ts_slice value, struct ts_fault *fault)
{
	static const struct limit limit = {MAX_BACKLOG, "backlog is at most 1024GB", "256MB"};

	return read_size(value, &limit, &conf->backlog_bytes, fault);
}

/* --- redact ---------------------------------------------------------------------------------- */

static bool is_name_byte(char c)
{
	return ts_is_word(c) || c == '-' || c == '.' || (unsigned char)c >= 0x80;
}

static int check_name(struct ts_slice name, struct ts_fault *fault)
{
	if (!name.bytes)
		return ts_fault_at(fault, name.column, "expected a name to redact");
	for (size_t i = 0; i < name.bytes; i++)
		if (!is_name_byte(name.text[i]))
			return ts_fault_at(
				fault, name.column + (uint32_t)i,
				"expected names to redact with ',' between them, "
				"found '%s'",
				ts_quote(ts_slice_until(ts_slice_from(name, i), 1)).text);
	return 0;
}

static const char *lower_copy(struct ts_arena *arena, struct ts_slice name)
{
	char *copy = ts_arena_strndup(arena, name.text, name.bytes);

	for (size_t i = 0; copy && i < name.bytes; i++)
		copy[i] = ts_lower(copy[i]);
	return copy;
}

static size_t count_names(struct ts_slice value)
{
	size_t n = 1;

	for (size_t i = 0; i < value.bytes; i++)
		n += value.text[i] == ',';
	return n;
}

static int read_redact(struct ts_conf *conf, struct ts_slice value, struct ts_arena *arena,
		       struct ts_fault *fault)
{
	size_t n = count_names(value);
	const char **list;

	if (n > MAX_REDACT)
		return ts_fault_at(fault, value.column, "more than %d names to redact", MAX_REDACT);
	list = ts_arena_alloc(arena, n * sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const char *comma = memchr(value.text, ',', value.bytes);
		size_t length = comma ? (size_t)(comma - value.text) : value.bytes;
		struct ts_slice name = ts_slice_trim(ts_slice_until(value, length));
		int r = check_name(name, fault);

		if (r < 0)
			return r;
		list[i] = lower_copy(arena, name);
		if (!list[i])
			return -ENOMEM;
		value = ts_slice_from(value, comma ? length + 1 : length);
	}
	conf->redact = list;
	conf->n_redact = n;
	return 0;
}

static bool is_redacted(const struct ts_conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->n_redact; i++) {
		const char *wanted = conf->redact[i];
		size_t n = 0;

		while (wanted[n] && wanted[n] == ts_lower(name[n]))
			n++;
		if (!wanted[n] && !name[n])
			return true;
	}
	return false;
}

void ts_setting_redact(struct ts_conf *conf)
{
	for (size_t i = 0; i < conf->n_rules; i++) {
		struct ts_rule *rule = &conf->rules[i];

		for (size_t j = 0; j < rule->prototype.n_params; j++) {
			const char *name = rule->prototype.params[j].name;

			rule->redacted[j] = name && is_redacted(conf, name);
		}
	}
}

/* --- orphans --------------------------------------------------------------------------------- */

static int read_orphans(struct ts_conf *conf, struct ts_slice value, struct ts_fault *fault)
{
	struct ts_spelling spelling = ts_spelling_of(value);

	if (ts_slice_is(value, "drop")) {
		conf->orphans = TS_ORPHANS_DROP;
		return 0;
	}
	if (ts_slice_is(value, "trace")) {
		conf->orphans = TS_ORPHANS_TRACE;
		return 0;
	}
	ts_spelling_offer(&spelling, "drop");
	ts_spelling_offer(&spelling, "trace");
	return ts_fault_at(fault, value.column, "expected 'drop' or 'trace', found '%s'%s",
			   ts_quote(value).text, ts_spelling_hint(&spelling).text);
}

/* --- on, off: stacks -------------------------------------------------------------------------- */

int ts_setting_read_switch(struct ts_slice value, bool *ret, struct ts_fault *fault)
{
	struct ts_spelling spelling = ts_spelling_of(value);

	if (ts_slice_is(value, "on") || ts_slice_is(value, "off")) {
		*ret = ts_slice_is(value, "on");
		return 0;
	}
	ts_spelling_offer(&spelling, "on");
	ts_spelling_offer(&spelling, "off");
	return ts_fault_at(fault, value.column, "expected 'on' or 'off', found '%s'%s",
			   ts_quote(value).text, ts_spelling_hint(&spelling).text);
}

/* --- prices ---------------------------------------------------------------------------------- */

static int read_prices(struct ts_conf *conf, struct ts_slice value, struct ts_arena *arena)
{
	const char *path = ts_arena_strndup(arena, value.text, value.bytes);

	if (!path)
		return -ENOMEM;
	conf->prices = path;
	return 0;
}

/* --- all of them ----------------------------------------------------------------------------- */

int ts_setting_read(struct ts_conf *conf, enum ts_setting setting, struct ts_slice value,
		    struct ts_arena *arena, struct ts_fault *fault)
{
	switch (setting) {
	case TS_SETTING_CAPTURE:
		return read_capture(conf, value, fault);
	case TS_SETTING_REDACT:
		return read_redact(conf, value, arena, fault);
	case TS_SETTING_ORPHANS:
		return read_orphans(conf, value, fault);
	case TS_SETTING_STACKS:
		return ts_setting_read_switch(value, &conf->stacks, fault);
	case TS_SETTING_BACKLOG:
		return read_backlog(conf, value, fault);
	default:
		return read_prices(conf, value, arena);
	}
}

int ts_setting_defaults(struct ts_conf *conf, struct ts_arena *arena)
{
	struct ts_slice redact = {default_redact, sizeof(default_redact) - 1, 1};

	conf->capture_bytes = TS_ABI_MAX_CAPTURE;
	conf->orphans = TS_ORPHANS_AUTO;
	conf->stacks = true;
	conf->backlog_bytes = DEFAULT_BACKLOG;
	conf->prices = "";
	return read_redact(conf, redact, arena, NULL);
}
