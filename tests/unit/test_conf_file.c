// SPDX-License-Identifier: Apache-2.0
/* Where symbols.conf is looked for, files that cannot be read, and what variables override. */

#include "conf_fixture.h"

static struct ts_conf *read_conf(struct fixture *f, const char *path)
{
	assert_int_equal(ts_conf_read(path, &f->arena, &f->conf), 0);
	return &f->conf;
}

static void from_a_file(void **state)
{
	write_file("symbols.conf", whole);
	check_whole(read_conf(*state, "symbols.conf"));
}

static void overrides(void **state)
{
	struct ts_conf *conf;

	write_file("symbols.conf", whole);
	setenv("TRACESHIM_CAPTURE", " 1KB ", 1);
	setenv("TRACESHIM_REDACT", "Prompt", 1);
	setenv("TRACESHIM_ORPHANS", "trace", 1);
	setenv("TRACESHIM_STACKS", "off", 1);
	conf = read_conf(*state, "symbols.conf");
	assert_int_equal(conf->n_faults, 0);
	assert_int_equal(conf->capture_bytes, 1024);
	assert_int_equal(conf->orphans, TS_ORPHANS_TRACE);
	assert_false(conf->stacks);
	check_redact(conf, "prompt");
	assert_true(conf->rules[1].redacted[0]);
	assert_false(conf->rules[1].redacted[1]);

	/* text in memory is read without them */
	check_whole(parse(*state, whole));

	/* empty is as good as not set */
	setenv("TRACESHIM_CAPTURE", "", 1);
	setenv("TRACESHIM_REDACT", "", 1);
	setenv("TRACESHIM_ORPHANS", "", 1);
	setenv("TRACESHIM_STACKS", "", 1);
	check_whole(read_conf(*state, "symbols.conf"));
}

/* What the file names lies beside it, what a variable names where the program starts. */
static void price_files(void **state)
{
	struct fixture *f = *state;
	char path[PATH_MAX + 32];

	assert_int_equal(mkdir("conf", 0700), 0);
	write_file("conf/symbols.conf", "[trace]\nprices = ours and theirs.json # not this\n");
	snprintf(path, sizeof(path), "%s/conf/symbols.conf", f->folder);
	read_conf(f, path);
	snprintf(path, sizeof(path), "%s/conf/ours and theirs.json", f->folder);
	assert_int_equal(f->conf.n_faults, 0);
	assert_string_equal(f->conf.prices, path);

	setenv("TRACESHIM_PRICES", "here.json", 1);
	read_conf(f, "conf/symbols.conf");
	snprintf(path, sizeof(path), "%s/here.json", f->folder);
	assert_string_equal(f->conf.prices, path);

	setenv("TRACESHIM_PRICES", "/etc/prices.json", 1);
	read_conf(f, "conf/symbols.conf");
	assert_string_equal(f->conf.prices, "/etc/prices.json");

	unsetenv("TRACESHIM_PRICES");
	write_file("conf/symbols.conf", "[trace]\n");
	read_conf(f, "conf/symbols.conf");
	assert_string_equal(f->conf.prices, "");
}

static void wrong_overrides(void **state)
{
	struct ts_conf *conf;

	write_file("symbols.conf", "[trace]\ncapture = 2KB\nwhat = 1\n");
	setenv("TRACESHIM_CAPTURE", "1MB", 1);
	setenv("TRACESHIM_REDACT", "a,", 1);
	setenv("TRACESHIM_ORPHANS", "dropp", 1);
	conf = read_conf(*state, "symbols.conf");
	assert_int_equal(conf->n_faults, 4);
	check_fault(conf, 0, 0, 0, "TRACESHIM_CAPTURE: capture is at most 50KB, found '1MB'");
	check_fault(conf, 1, 0, 0, "TRACESHIM_REDACT: expected a name to redact");
	check_fault(conf, 2, 0, 0,
		    "TRACESHIM_ORPHANS: expected 'drop' or 'trace', found 'dropp' (did you mean "
		    "'drop'?)");
	check_fault(conf, 3, 3, 1,
		    "unknown setting 'what'; expected capture, redact, orphans, stacks, "
		    "backlog or prices");
	assert_int_equal(conf->capture_bytes, 2048);
	assert_int_equal(conf->orphans, TS_ORPHANS_AUTO);
	check_redact(conf, DEFAULT_REDACT);
}

static void check_unreadable(struct fixture *f, const char *path, const char *message)
{
	struct ts_conf *conf = read_conf(f, path);

	assert_int_equal(conf->n_rules, 0);
	assert_int_equal(conf->n_faults, 1);
	check_fault(conf, 0, 0, 0, message);
	assert_string_equal(conf->path, path);
	assert_int_equal(conf->capture_bytes, 100); /* the variable's word holds all the same */
	check_redact(conf, DEFAULT_REDACT);
}

static void unreadable_files(void **state)
{
	char loop[] = "loop";

	setenv("TRACESHIM_CAPTURE", "100", 1);
	check_unreadable(*state, "missing", "cannot be read: there is no such file");
	write_file("file", "[tool]\n");
	check_unreadable(*state, "file/below", "cannot be read: there is no such file");
	assert_int_equal(mkdir("folder", 0700), 0);
	check_unreadable(*state, "folder", "cannot be read: it is a directory");
	assert_int_equal(mkfifo("pipe", 0600), 0);
	check_unreadable(*state, "pipe", "cannot be read: it is not a regular file");
	assert_int_equal(symlink(loop, loop), 0);
	check_unreadable(*state, loop, "cannot be read: error 40");
	write_file("large", "");
	assert_int_equal(truncate("large", 10 * 1024 * 1024 + 1), 0);
	check_unreadable(*state, "large", "cannot be read: it is larger than 10 MB");
	assert_int_equal(truncate("large", 10 * 1024 * 1024), 0);
	assert_int_equal(read_conf(*state, "large")->faults[0].line, 1);
}

/* Root may read everything, so the test becomes nobody for it. */
static void forbidden_file(void **state)
{
	bool root = geteuid() == 0;

	write_file("secret", whole);
	assert_int_equal(chmod("secret", 0), 0);
	setenv("TRACESHIM_CAPTURE", "100", 1);
	if (root)
		assert_int_equal(chmod(".", 0755) | seteuid(65534), 0);
	check_unreadable(*state, "secret", "cannot be read: permission denied");
	if (root)
		assert_int_equal(seteuid(0), 0);
}

/* --- where it is ----------------------------------------------------------------------------- */

static void check_found(struct fixture *f, const char *expected)
{
	const char *found = ts_conf_find(&f->arena);
	char path[2 * PATH_MAX];

	/* the last place, outside this test's hands */
	if (!expected && access("/etc/traceshim/symbols.conf", F_OK) == 0)
		expected = "/etc/traceshim/symbols.conf";
	if (!expected) {
		assert_null(found);
		return;
	}
	snprintf(path, sizeof(path), "%s%s%s", expected[0] == '/' ? "" : f->folder,
		 expected[0] == '/' ? "" : "/", expected);
	assert_non_null(found);
	assert_string_equal(found, path);
}

static void find_order(void **state)
{
	struct fixture *f = *state;
	char path[PATH_MAX + 16];

	check_found(f, NULL);
	assert_int_equal(mkdir("home", 0700) | mkdir("home/.config", 0700) |
				 mkdir("home/.config/traceshim", 0700) | mkdir("xdg", 0700) |
				 mkdir("xdg/traceshim", 0700),
			 0);
	snprintf(path, sizeof(path), "%s/home", f->folder);
	setenv("HOME", path, 1);
	check_found(f, NULL);
	write_file("home/.config/traceshim/symbols.conf", "");
	check_found(f, "home/.config/traceshim/symbols.conf");

	setenv("XDG_CONFIG_HOME", "xdg", 1); /* relative: ignored */
	write_file("xdg/traceshim/symbols.conf", "");
	check_found(f, "home/.config/traceshim/symbols.conf");
	snprintf(path, sizeof(path), "%s/xdg", f->folder);
	setenv("XDG_CONFIG_HOME", path, 1);
	check_found(f, "xdg/traceshim/symbols.conf");

	write_file("symbols.conf", "");
	check_found(f, "symbols.conf");

	setenv("TRACESHIM_CONF", "other.conf", 1); /* there or not */
	check_found(f, "other.conf");
	setenv("TRACESHIM_CONF", "/elsewhere/bot.conf", 1);
	check_found(f, "/elsewhere/bot.conf");
	setenv("TRACESHIM_CONF", "", 1);
	check_found(f, "symbols.conf");

	assert_int_equal(chdir("/"), 0);
	setenv("TRACESHIM_CONF", "x.conf", 1);
	check_found(f, "/x.conf");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(from_a_file),     TEST(overrides),        TEST(price_files),
		TEST(wrong_overrides), TEST(unreadable_files), TEST(forbidden_file),
		TEST(find_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
