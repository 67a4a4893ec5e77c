// SPDX-License-Identifier: Apache-2.0
#include "modelname.h"

#include <string.h>

#include "scan.h"

static void add(struct ts_model_names *names, struct ts_text name)
{
	if (name.bytes && names->n < TS_MODEL_NAMES)
		names->names[names->n++] = name;
}

static struct ts_text from(struct ts_text name, size_t n)
{
	return (struct ts_text){name.data + n, name.bytes - n};
}

/* "anthropic/", "models/", "accounts/fireworks/models/" */
static struct ts_text without_path(struct ts_text name)
{
	const char *slash = memrchr(name.data, '/', name.bytes);

	return slash ? from(name, (size_t)(slash + 1 - name.data)) : name;
}

/* "us.anthropic.": of Bedrock, words of letters alone. */
static struct ts_text without_region(struct ts_text name)
{
	size_t n = 0;

	while (n < name.bytes && name.data[n] >= 'a' && name.data[n] <= 'z')
		n++;
	return n && n + 1 < name.bytes && name.data[n] == '.' ? without_region(from(name, n + 1))
							      : name;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Does the name end like that? '0' stands for a digit, '+' for one or more. Answers how many bytes, or 0. */
static size_t ending(struct ts_text name, const char *pattern)
{
	size_t left = name.bytes;

	for (size_t i = strlen(pattern); i-- > 0;) {
		bool many = pattern[i] == '+', digit = many || pattern[i] == '0';

		if (!left ||
		    (digit ? !is_digit(name.data[left - 1]) : name.data[left - 1] != pattern[i]))
			return 0;
		left--;
		while (many && left && is_digit(name.data[left - 1]))
			left--;
	}
	return name.bytes - left;
}

/* One ending that is no part of the model's name; 0: there is none. */
static size_t loose_ending(struct ts_text name)
{
	static const char *const endings[] = {
		":free",       ":thinking", "-v+:+",       "-00000000",
		"-0000-00-00", "@00000000", "@0000-00-00",
	};

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		size_t n = ending(name, endings[i]);

		if (n && n < name.bytes)
			return n;
	}
	return 0;
}

void ts_model_names(struct ts_text name, struct ts_model_names *ret)
{
	struct ts_text shorter;
	size_t n;

	*ret = (struct ts_model_names){.free = ending(name, ":free") > 0};
	if (!name.bytes)
		return;
	shorter = without_region(without_path(name));
	add(ret, name);
	if (shorter.bytes < name.bytes)
		add(ret, shorter);
	while ((n = loose_ending(shorter))) {
		shorter.bytes -= n;
		add(ret, shorter);
	}
}
