// SPDX-License-Identifier: Apache-2.0
/* symbols.conf of any bytes, and of more than anybody writes. */

#include "conf_fixture.h"

static void zero_bytes(void **state)
{
	static const char text[] = "[tool]\na = f\0\nb\0 = f\n\0\nc = f # \0\n[st\0ep]\n\0";
	struct ts_conf *conf = parse_bytes(*state, text, sizeof(text) - 1);

	assert_int_equal(conf->n_rules, 1);
	assert_string_equal(conf->rules[0].name, "c");
	assert_int_equal(conf->n_faults, 5);
	check_fault(conf, 0, 2, 6, "a NUL byte cannot stand in a function");
	check_fault(conf, 1, 3, 2, "expected '=' after 'b', found '? = f'");
	check_fault(conf, 2, 4, 1, "expected a name, a [section] or a comment, found '\\x00'");
	check_fault(
		conf, 3, 6, 2,
		"unknown section 'st?ep' (did you mean 'step'?); what stands in it is left out");
	check_fault(conf, 4, 7, 1, "expected a name, a [section] or a comment, found '\\x00'");
}

static void utf16(void **state)
{
	static const char *const begins[] = {"\xff\xfe[\0t\0o\0", "\xfe\xff\0[\0t\0o"};

	for (int i = 0; i < 2; i++) {
		struct ts_conf *conf = parse_bytes(*state, begins[i], 8);

		assert_int_equal(conf->n_rules, 0);
		assert_int_equal(conf->n_faults, 1);
		check_fault(conf, 0, 1, 1, "the file is written in UTF-16; save it as UTF-8");
	}
}

static void check_sound(const struct ts_conf *conf)
{
	uint32_t line = 0;

	assert_true(conf->n_faults <= 101);
	for (size_t i = 0; i < conf->n_faults; i++) {
		assert_true(conf->faults[i].line > line);
		assert_true(conf->faults[i].column >= 1);
		assert_true(conf->faults[i].message[0]);
		for (const char *at = conf->faults[i].message; *at; at++)
			assert_true(*at >= ' ' && *at <= '~');
		line = conf->faults[i].line;
	}
	for (size_t i = 0; i < conf->n_rules; i++) {
		assert_non_null(conf->rules[i].prototype.function);
		assert_true(conf->rules[i].name || conf->rules[i].glob ||
			    conf->rules[i].python.glob);
		assert_true(conf->rules[i].kind >= TS_KIND_PIPELINE);
	}
}

static void noise(void **state)
{
	const size_t bytes = 1 << 20;
	char *text = malloc(bytes);
	unsigned int seed = 20240917;
	struct ts_conf *conf;

	for (size_t i = 0; i < bytes; i++)
		text[i] = (char)rand_r(&seed);
	conf = parse_bytes(*state, text, bytes);
	assert_int_equal(conf->n_faults, 101);
	check_sound(conf);

	/* one line of it */
	for (size_t i = 0; i < bytes; i++)
		if (text[i] == '\n')
			text[i] = 'n';
	conf = parse_bytes(*state, text, bytes);
	assert_int_equal(conf->n_faults, 1);

	/* noise that comes further: what rules consist of, in any order */
	for (size_t i = 0; i < bytes; i++)
		text[i] = "[tool]\n\n=== int f(char *s, strng x) : fails < 0 #*\0"[rand_r(&seed) %
										   50];
	memcpy(text, "[tool]\n", 7);
	conf = parse_bytes(*state, text, bytes);
	assert_int_equal(conf->n_faults, 101);
	check_sound(conf);
	free(text);
}

/* Valid text with bytes changed, dropped, doubled. */
static void mutations(void **state)
{
	static const char marks[] = "[]=#:*@(),\n\r\t \0\xff"
				    "ax0";
	struct fixture *f = *state;
	unsigned int seed = 20240918;

	for (int round = 0; round < 1500; round++) {
		char text[2 * sizeof(whole)];
		size_t n = sizeof(whole) - 1;

		memcpy(text, whole, n);
		for (int edits = 1 + rand_r(&seed) % 16; edits && n; edits--) {
			size_t at = (size_t)rand_r(&seed) % n;
			size_t length = 1 + (size_t)rand_r(&seed) % (n - at);

			switch (rand_r(&seed) % 8) {
			case 0:
				memmove(text + at, text + at + length, n - at - length);
				n -= length;
				break;
			case 1:
				if (n + length > sizeof(text))
					break;
				memmove(text + at + length, text + at, n - at);
				n += length;
				break;
			default:
				text[at] = marks[(size_t)rand_r(&seed) % sizeof(marks)];
			}
		}
		check_sound(parse_bytes(f, text, n));
		ts_arena_release(&f->arena);
	}
}

static void long_lines(void **state)
{
	const size_t bytes = 1 << 20;
	char *text = malloc(bytes);
	struct ts_conf *conf;

	memset(text, 'k', bytes);
	memcpy(text, "[tool]\n", 7);
	memcpy(text + bytes - 4, " = f", 4);
	conf = parse_bytes(*state, text, bytes);
	assert_int_equal(conf->n_faults, 0);
	assert_int_equal(strlen(conf->rules[0].name), bytes - 7 - 4);

	memcpy(text + 7, "a =", 3);
	memset(text + 10, ' ', bytes - 11);
	conf = parse_bytes(*state, text, bytes);
	assert_int_equal(conf->n_rules, 1);
	assert_string_equal(conf->rules[0].prototype.function, "f");
	free(text);
}

/* --- many rules ------------------------------------------------------------------------------ */

static void ten_thousand_rules(void **state)
{
	const size_t rules = 10000;
	char *text = malloc(rules * 128);
	size_t n = (size_t)sprintf(text, "[tool]\n");
	struct ts_conf *conf;

	for (size_t i = 0; i < rules; i++)
		n += (size_t)sprintf(
			text + n,
			"r%zu = int f_%zu(long id, const char *q, double token) : fails if != 0\n",
			i, i);
	conf = parse_bytes(*state, text, n);
	assert_int_equal(conf->n_faults, 0);
	assert_int_equal(conf->n_rules, rules);
	assert_string_equal(conf->rules[rules - 1].name, "r9999");
	assert_string_equal(conf->rules[rules - 1].prototype.function, "f_9999");
	assert_int_equal(conf->rules[rules - 1].line, rules + 1);
	assert_true(conf->rules[rules - 1].redacted[2]);
	assert_int_equal(conf->rules[rules - 1].fails, TS_FAILS_NOT_ZERO);
	free(text);
}

static void too_many_rules(void **state)
{
	const size_t rules = 65536;
	char *text = malloc((rules + 2) * 4 + 8);
	size_t n = (size_t)sprintf(text, "[tool]\n");
	struct ts_conf *conf;

	for (size_t i = 0; i < rules + 2; i++)
		n += (size_t)sprintf(text + n, "a=f\n");
	conf = parse_bytes(*state, text, n);
	assert_int_equal(conf->n_rules, rules);
	assert_int_equal(conf->n_faults, 2);
	check_fault(conf, 0, (uint32_t)rules + 2, 1, "more than 65536 rules");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(zero_bytes),         TEST(noise),          TEST(mutations), TEST(long_lines),
		TEST(ten_thousand_rules), TEST(too_many_rules), TEST(utf16),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
