// SPDX-License-Identifier: Apache-2.0
/* The spool's dictionary. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "runtime/log/dictionary.h"
#include "spool_builder.h"

static void test_dictionary_grows(void **state)
{
	struct ts_dictionary *dictionary;
	const struct ts_thunk *thunk;
	struct spool spool;
	char path[512];

	(void)state;
	spool_new(&spool);
	assert_int_equal(ts_dictionary_new(&dictionary, spool.path, spool.process), 0);
	assert_int_equal(ts_dictionary_update(dictionary, NULL), 0);
	assert_string_equal(ts_dictionary_settings(dictionary)->tenant, "");
	assert_null(ts_dictionary_thunk(dictionary, 0));
	spool_settings(&spool, "sqlite:x", "acme\xff", "token,key");
	assert_int_equal(ts_dictionary_update(dictionary, NULL), 0);
	assert_string_equal(ts_dictionary_settings(dictionary)->program, "/usr/bin/bot");
	assert_string_equal(ts_dictionary_settings(dictionary)->host, "host.example");
	assert_string_equal(ts_dictionary_settings(dictionary)->conf,
			    "/etc/traceshim/symbols.conf");
	assert_string_equal(ts_dictionary_settings(dictionary)->store, "sqlite:x");
	assert_string_equal(ts_dictionary_settings(dictionary)->tenant, "acme\xef\xbf\xbd");
	assert_string_equal(ts_dictionary_settings(dictionary)->redact, "token,key");
	/* what was read is not read again */
	spool_file(&spool, "process", path);
	assert_int_equal(truncate(path, TS_ABI_PAGE), 0);
	assert_int_equal(truncate(path, (off_t)(TS_ABI_PAGE + spool.process->dictionary_bytes)), 0);
	for (uint32_t i = 0; i < 300; i++) {
		spool_thunk(&spool, i, TS_KIND_AGENT, "trainer", "run", "< 0", "prompt,,user_id");
		assert_null(ts_dictionary_thunk(dictionary, i));
		assert_int_equal(ts_dictionary_update(dictionary, NULL), 0);
		assert_non_null(ts_dictionary_thunk(dictionary, i));
	}
	thunk = ts_dictionary_thunk(dictionary, 0);
	assert_string_equal(thunk->span_name, "agent:trainer");
	assert_string_equal(thunk->kind_name, "agent");
	assert_string_equal(thunk->function, "run");
	assert_string_equal(thunk->fails, "< 0");
	assert_int_equal(thunk->n_params, 3);
	assert_string_equal(thunk->params[0], "prompt");
	assert_string_equal(thunk->params[1], "");
	assert_string_equal(thunk->params[2], "user_id");
	assert_int_equal(thunk->language, TS_LANGUAGE_NATIVE);
	spool_thunk_of(&spool, TS_LANGUAGE_PYTHON, "/srv/bot/agents/trainer.py", 300, TS_KIND_AGENT,
		       "trainer", "bot.agents.trainer:TrainerAgent.run", "", "self,prompt");
	assert_int_equal(ts_dictionary_update(dictionary, NULL), 0);
	thunk = ts_dictionary_thunk(dictionary, 300);
	assert_int_equal(thunk->language, TS_LANGUAGE_PYTHON);
	assert_string_equal(thunk->function, "bot.agents.trainer:TrainerAgent.run");
	assert_string_equal(thunk->object, "/srv/bot/agents/trainer.py");
	ts_dictionary_free(dictionary);
	ts_dictionary_free(NULL);
	spool_remove(&spool);
}

static void test_damaged_dictionary_keeps_what_was_before(void **state)
{
	struct ts_dictionary_record garbage = {77, 8};
	struct ts_dictionary *dictionary;
	struct spool spool;

	(void)state;
	spool_new(&spool);
	spool_settings(&spool, "sqlite:x", "", "");
	spool_thunk(&spool, 0, TS_KIND_TOOL, "sql", "PQexec", "", NULL);
	spool_dictionary(&spool, &garbage, sizeof(garbage));
	spool_thunk(&spool, 1, TS_KIND_TOOL, "sql", "PQexec", "", NULL);
	assert_int_equal(ts_dictionary_new(&dictionary, spool.path, spool.process), 0);
	assert_int_equal(ts_dictionary_update(dictionary, NULL), -EBADMSG);
	assert_int_equal(ts_dictionary_update(dictionary, NULL), -EBADMSG);
	assert_string_equal(ts_dictionary_thunk(dictionary, 0)->span_name, "tool:sql");
	assert_null(ts_dictionary_thunk(dictionary, 1));
	assert_null(ts_dictionary_thunk(dictionary, UINT32_MAX));
	ts_dictionary_free(dictionary);
	spool_remove(&spool);
}

static void test_unknown_languages_are_damage(void **state)
{
	struct ts_dictionary *dictionary;
	struct spool spool;

	(void)state;
	spool_new(&spool);
	spool_thunk_of(&spool, (enum ts_language)2, "/usr/bin/bot", 0, TS_KIND_TOOL, "sql",
		       "PQexec", "", NULL);
	assert_int_equal(ts_dictionary_new(&dictionary, spool.path, spool.process), 0);
	assert_int_equal(ts_dictionary_update(dictionary, NULL), -EBADMSG);
	assert_null(ts_dictionary_thunk(dictionary, 0));
	ts_dictionary_free(dictionary);
	spool_remove(&spool);
}

static void test_settings_of_the_wire(void **state)
{
	const struct settings more = {.state = "",
				      .gateways = "llm.example:8443 mine",
				      .flags = TS_SETTINGS_WIRE | TS_SETTINGS_ORPHANS,
				      .capture_bytes = 100};
	struct ts_dictionary *dictionary;
	const struct ts_settings *settings;
	struct spool spool;

	(void)state;
	spool_new(&spool);
	assert_int_equal(ts_dictionary_new(&dictionary, spool.path, spool.process), 0);
	settings = ts_dictionary_settings(dictionary);
	assert_string_equal(settings->gateways, "");
	spool_settings_with(&spool, "sqlite:x", "", "", &more);
	assert_int_equal(ts_dictionary_update(dictionary, NULL), 0);
	assert_string_equal(settings->gateways, "llm.example:8443 mine");
	assert_true(settings->wire && settings->orphans);
	assert_int_equal(settings->capture_bytes, 100);
	ts_dictionary_free(dictionary);
	spool_remove(&spool);
}

static void test_tls_libraries(void **state)
{
	struct ts_dictionary_tls torn = {{TS_DICTIONARY_TLS, sizeof(torn)}};
	struct ts_dictionary *dictionary;
	const struct ts_tls *tls;
	struct spool spool;
	size_t n = 77;

	(void)state;
	spool_new(&spool);
	assert_int_equal(ts_dictionary_new(&dictionary, spool.path, spool.process), 0);
	ts_dictionary_tls(dictionary, &n);
	assert_int_equal(n, 0);
	spool_tls(&spool, "/lib/libssl.so.3", "OpenSSL", "");
	spool_tls(&spool, "/srv/bot", "rustls", "it is no OpenSSL");
	assert_int_equal(ts_dictionary_update(dictionary, NULL), 0);
	tls = ts_dictionary_tls(dictionary, &n);
	assert_int_equal(n, 2);
	assert_string_equal(tls[0].path, "/lib/libssl.so.3");
	assert_string_equal(tls[0].unseen, "");
	assert_string_equal(tls[1].library, "rustls");
	assert_string_equal(tls[1].unseen, "it is no OpenSSL");
	for (int i = 0; i < 300; i++)
		spool_tls(&spool, "/lib/libssl.so.3", "OpenSSL", "");
	assert_int_equal(ts_dictionary_update(dictionary, NULL), 0);
	ts_dictionary_tls(dictionary, &n);
	assert_int_equal(n, 256);
	ts_dictionary_free(dictionary);
	assert_int_equal(ts_dictionary_new(&dictionary, spool.path, spool.process), 0);
	spool.process->dictionary_bytes = 0;
	spool_dictionary(&spool, &torn, sizeof(torn));
	assert_int_equal(ts_dictionary_update(dictionary, NULL), -EBADMSG);
	ts_dictionary_free(dictionary);
	spool_remove(&spool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dictionary_grows),
		cmocka_unit_test(test_damaged_dictionary_keeps_what_was_before),
		cmocka_unit_test(test_unknown_languages_are_damage),
		cmocka_unit_test(test_settings_of_the_wire),
		cmocka_unit_test(test_tls_libraries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
