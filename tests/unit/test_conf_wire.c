// SPDX-License-Identifier: Apache-2.0
/* [wire]: what is read from it, what is said of what is wrong, which functions it asks for. */

#include "conf_fixture.h"
#include "preload/hot/wire.h"
#include "preload/hook/names.h"

static struct ts_conf *parse_wire(struct fixture *f, const char *lines)
{
	char text[8192];

	snprintf(text, sizeof(text), "[wire]\n%s", lines);
	return parse(f, text);
}

static void check_address(const struct ts_wire_address *address, uint8_t family, uint16_t port,
			  const uint8_t bytes[16])
{
	assert_int_equal(address->family, family);
	assert_int_equal(address->port, port);
	assert_memory_equal(address->bytes, bytes, 16);
}

/* --- what is right ---------------------------------------------------------------------------- */

static void not_there(void **state)
{
	static const char *const texts[] = {"", "[tool]\na = f\n", "# [wire]\n"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct ts_conf *conf = parse(*state, texts[i]);

		assert_int_equal(conf->n_faults, 0);
		assert_int_equal(conf->wire.line, 0);
		assert_false(conf->wire.openssl);
		assert_int_equal(conf->n_rules, conf->n_written);
	}
}

/* The section alone asks for nothing. */
static void empty(void **state)
{
	struct ts_conf *conf = parse(*state, "\n[wire]\n[tool]\na = f\n[wire]\nopenssl = off\n");

	assert_int_equal(conf->n_faults, 0);
	assert_int_equal(conf->wire.line, 2);
	assert_false(conf->wire.openssl);
	assert_int_equal(conf->n_rules, 1);
	assert_int_equal(conf->n_written, 1);
}

static void addresses(void **state)
{
	static const uint8_t v4[][16] = {{127, 0, 0, 1}, {255, 0, 10, 200}};
	static const uint8_t one[16] = {[15] = 1}, any[16] = {0};
	static const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, [14] = 0xab, [15] = 0xcd};
	static const uint8_t full[16] = {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8};
	static const uint8_t head[16] = {0xfe, 0x80, 0, 1};
	struct ts_conf *conf =
		parse_wire(*state, "http = 127.0.0.1:11434,[::1]:8000 , "
				   "localhost:8080, *:65535\n"
				   "http = 255.0.10.200:1\n"
				   "http = [2001:DB8::abcd]:80, [1:2:3:4:5:6:7:8]:81\n"
				   "http = [fe80:1::]:82, [::]:83, *:007\n");
	const struct ts_wire_address *all = conf->wire.addresses;

	assert_int_equal(conf->n_faults, 0);
	assert_int_equal(conf->wire.n_addresses, 11);
	check_address(&all[0], 4, 11434, v4[0]);
	check_address(&all[1], 6, 8000, one);
	check_address(&all[2], 4, 8080, v4[0]);
	check_address(&all[3], 6, 8080, one);
	check_address(&all[4], 0, 65535, any);
	check_address(&all[5], 4, 1, v4[1]);
	check_address(&all[6], 6, 80, v6);
	check_address(&all[7], 6, 81, full);
	check_address(&all[8], 6, 82, head);
	check_address(&all[9], 6, 83, any);
	check_address(&all[10], 0, 7, any);
}

static void gateways(void **state)
{
	static const struct {
		const char *line, *host, *path, *provider;
	} lines[] = {
		{"llm.example.com/v1  as openrouter", "llm.example.com", "/v1", "openrouter"},
		{"LLM.Example.com", "llm.example.com", "", ""},
		{"llm.example.com/", "llm.example.com", "", ""},
		{"https://llm.example.com:443/a/B%20c as in_house-2.0", "llm.example.com",
		 "/a/B%20c", "in_house-2.0"},
		{"10.0.0.7:8443", "10.0.0.7:8443", "", ""},
		{"host:80/x/\tas\ta", "host:80", "/x/", "a"},
	};
	char text[1024] = "";
	struct ts_conf *conf;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "gateway = %s # %zu\n",
			 lines[i].line, i);
	conf = parse_wire(*state, text);
	assert_int_equal(conf->n_faults, 0);
	assert_int_equal(conf->wire.n_gateways, sizeof(lines) / sizeof(lines[0]));
	for (size_t i = 0; i < conf->wire.n_gateways; i++) {
		assert_string_equal(conf->wire.gateways[i].host, lines[i].host);
		assert_string_equal(conf->wire.gateways[i].path, lines[i].path);
		assert_string_equal(conf->wire.gateways[i].provider, lines[i].provider);
	}
	assert_int_equal(conf->n_rules, 0); /* hosts take no functions */
}

/* --- rules ------------------------------------------------------------------------------------ */

static const struct ts_rule *rule_of(const struct ts_conf *conf, const char *function)
{
	for (size_t i = conf->n_written; i < conf->n_rules; i++)
		if (!strcmp(conf->rules[i].prototype.function, function))
			return &conf->rules[i];
	return NULL;
}

static void check_rules(const struct ts_conf *conf)
{
	for (size_t i = conf->n_written; i < conf->n_rules; i++) {
		const struct ts_rule *rule = &conf->rules[i];

		assert_int_equal(rule->kind, TS_KIND_LLM);
		assert_true(rule->wire != TS_WIRE_NONE);
		assert_string_equal(rule->key, rule->prototype.function);
		assert_string_equal(rule->name, rule->prototype.function);
		assert_true(rule->prototype.times_only);
		assert_false(rule->glob || rule->prototype.cplus || rule->python.module);
		if (rule->wire <= TS_WIRE_SSL_FREE)
			assert_null(rule->prototype.object);
		else
			assert_string_equal(rule->prototype.object, "libc.so.6");
		assert_int_equal(rule->line, conf->wire.line);
	}
}

static void rules(void **state)
{
	static const char tool[] = "[tool]\nsql = int f(int token) : fails if < 0\n";
	char text[256];
	struct ts_conf *conf;

	snprintf(text, sizeof(text), "[wire]\nopenssl = on\n%s", tool);
	conf = parse(*state, text);
	assert_int_equal(conf->n_written, 1);
	assert_int_equal(conf->rules[0].wire, TS_WIRE_NONE);
	assert_true(conf->rules[0].redacted[0]);
	assert_int_equal(conf->n_rules, 1 + 11);
	assert_int_equal(rule_of(conf, "SSL_read")->wire, TS_WIRE_SSL_READ);
	assert_int_equal(rule_of(conf, "SSL_write_ex")->wire, TS_WIRE_SSL_WRITE_EX);
	assert_int_equal(rule_of(conf, "SSL_free")->wire, TS_WIRE_SSL_FREE);
	assert_int_equal(rule_of(conf, "BIO_read_ex")->wire, TS_WIRE_BIO_READ_EX);
	assert_int_equal(rule_of(conf, "SSL_sendfile")->wire, TS_WIRE_SSL_SENDFILE);
	assert_null(rule_of(conf, "connect"));
	check_rules(conf);

	conf = parse_wire(*state, "http = *:80\n");
	assert_int_equal(conf->n_written, 0);
	assert_int_equal(rule_of(conf, "connect")->wire, TS_WIRE_CONNECT);
	assert_int_equal(rule_of(conf, "__recv_chk")->wire, TS_WIRE_RECV_CHK);
	assert_int_equal(rule_of(conf, "sendto")->wire, TS_WIRE_WRITE);
	assert_int_equal(rule_of(conf, "sendmsg")->wire, TS_WIRE_SENDMSG);
	assert_int_equal(rule_of(conf, "sendfile64")->wire, TS_WIRE_SENDFILE);
	assert_null(rule_of(conf, "SSL_read"));
	check_rules(conf);

	conf = parse_wire(*state, "http = *:80\nopenssl = on\n");
	assert_non_null(rule_of(conf, "close"));
	assert_non_null(rule_of(conf, "SSL_write"));
	check_rules(conf);
}

/* A line of the file and what [wire] asks for stand beside each other. */
static void who_gets_a_function(void **state)
{
	struct fixture *f = *state;
	struct ts_conf *conf = parse(f, "[wire]\nopenssl = on\n[tool]\nall = SSL_*\n"
					"mine = SSL_write\n");
	const struct ts_rule *wire = rule_of(conf, "SSL_read");
	struct ts_names names = {0};

	assert_int_equal(ts_names_init(&names, conf, &f->arena), 0);
	assert_ptr_equal(ts_names_find(&names, "SSL_write", NULL), &conf->rules[1]);
	assert_int_equal(ts_names_find_wire(&names, "SSL_write", NULL)->wire, TS_WIRE_SSL_WRITE);
	assert_ptr_equal(ts_names_find(&names, "SSL_read", NULL), &conf->rules[0]);
	assert_ptr_equal(ts_names_find_wire(&names, "SSL_read", NULL), wire);
	assert_ptr_equal(ts_names_find_any(&names, "SSL_write", NULL), &conf->rules[1]);
	assert_ptr_equal(ts_names_find(&names, "SSL_new", NULL), &conf->rules[0]);
	assert_null(ts_names_find_wire(&names, "SSL_new", NULL));
}

/* What a program opens is not written into the file: it is no pipeline, and none that is missing. */
static void orphans(void **state)
{
	assert_true(ts_conf_traces_orphans(parse_wire(*state, "openssl = on\n")));
	assert_true(ts_conf_traces_orphans(parse_wire(*state, "openssl = yes\n")));
	assert_false(ts_conf_traces_orphans(parse(*state, "[wire]\nopenssl = on\n[pipeline]\n"
							  "a = f\n")));
	assert_false(ts_conf_traces_orphans(parse(*state, "[trace]\norphans = drop\n[wire]\n"
							  "openssl = on\n")));
}

/* --- what is wrong ---------------------------------------------------------------------------- */

#define ADDRESS                                                                              \
	"expected an address and a port, as 127.0.0.1:11434, [::1]:8000, localhost:8080 or " \
	"*:11434"
#define PROVIDER \
	"expected a name of a-z, 0-9, '.', '_' and '-' behind 'as', at most 64 of them, found "

static const struct {
	const char *line;
	uint32_t column;
	const char *message;
} bad[] = {
	{"openssl = no", 11, "expected 'on' or 'off', found 'no' (did you mean 'on'?)"},
	{"openssl =", 10, "expected a value after 'openssl ='"},
	{"opnssl = on", 1,
	 "unknown setting 'opnssl' (did you mean 'openssl'?); expected openssl, http or gateway"},
	{"capture = 0", 1, "unknown setting 'capture'; expected openssl, http or gateway"},
	{"http = 127.0.0.1", 8, ADDRESS ", found '127.0.0.1'"},
	{"http = [::1]", 8, ADDRESS ", found '[::1]'"},
	{"http = :80", 8, ADDRESS ", found ':80'"},
	{"http = *:1,,*:2", 12, ADDRESS},
	{"http = *:1,", 12, ADDRESS},
	{"http = 127.0.0.1:", 18, "expected a port behind ':'"},
	{"http = *:1, 127.0.0.1:0", 23, "expected a port from 1 to 65535, found '0'"},
	{"http = *:65536", 10, "expected a port from 1 to 65535, found '65536'"},
	{"http = *:655350000000000", 10,
	 "expected a port from 1 to 65535, found '655350000000000'"},
	{"http = *:80a", 10, "expected a port from 1 to 65535, found '80a'"},
	{"http = ollama.lan:11434", 8,
	 "'ollama.lan' is a name, which no connection bears: write its address, or *:11434, that "
	 "port wherever it is"},
	{"http = 127.0.0.256:80", 8, ADDRESS ", found '127.0.0.256:80'"},
	{"http = 127.0.0.01:80", 8, ADDRESS ", found '127.0.0.01:80'"},
	{"http = 127.0.1:80", 8, ADDRESS ", found '127.0.1:80'"},
	{"http = 1.2.3.4.5:80", 8, ADDRESS ", found '1.2.3.4.5:80'"},
	{"http = ::1:80", 8,
	 "expected an address and a port, those of IPv6 as [::1]:8000, found '::1:80'"},
	{"http = []:80", 8, ADDRESS ", found '[]:80'"},
	{"http = [:]:80", 8, ADDRESS ", found '[:]:80'"},
	{"http = [1::2::3]:80", 8, ADDRESS ", found '[1::2::3]:80'"},
	{"http = [:::]:80", 8, ADDRESS ", found '[:::]:80'"},
	{"http = [1:2:3:4:5:6:7]:80", 8, ADDRESS ", found '[1:2:3:4:5:6:7]:80'"},
	{"http = [1:2:3:4:5:6:7:8:9]:80", 8, ADDRESS ", found '[1:2:3:4:5:6:7:8:9]:80'"},
	{"http = [1:2:3:4::5:6:7:8]:80", 8, ADDRESS ", found '[1:2:3:4::5:6:7:8]:80'"},
	{"http = [12345::]:80", 8, ADDRESS ", found '[12345::]:80'"},
	{"http = [fe80::1%eth0]:80", 8, ADDRESS ", found '[fe80::1%eth0]:80'"},
	{"http = http://127.0.0.1:80", 8,
	 "expected an address and a port, those of IPv6 as [::1]:8000, found "
	 "'http://127.0.0.1:80'"},
	{"gateway = http://llm", 11,
	 "a gateway is reached by HTTPS; write the address and port of plain HTTP after 'http ='"},
	{"gateway = /v1", 11, "expected a host, as in 'gateway = llm.example.com/v1', found '/v1'"},
	{"gateway = *.example.com", 11,
	 "expected a host, as in 'gateway = llm.example.com/v1', found '*.example.com'"},
	{"gateway = https://", 19,
	 "expected a host, as in 'gateway = llm.example.com/v1', found ''"},
	{"gateway = ftp://llm", 15, "expected a port behind ':'"},
	{"gateway = llm:x/v1", 15, "expected a port from 1 to 65535, found 'x'"},
	{"gateway = user@llm", 15,
	 "expected the beginning of a path behind the host, found '@llm'"},
	{"gateway = llm/v1?key=1", 17,
	 "expected the beginning of a path behind the host, found '?key=1'"},
	{"gateway = a, b", 12, "expected the beginning of a path behind the host, found ','"},
	{"gateway = llm sa openrouter", 15,
	 "expected the end of the line, or 'as' and a name, found 'sa openrouter'"},
	{"gateway = llm assistant", 15,
	 "expected the end of the line, or 'as' and a name, found 'assistant'"},
	{"gateway = llm as", 17, PROVIDER "''"},
	{"gateway = llm as OpenAI", 18, PROVIDER "'OpenAI'"},
	{"gateway = llm as a b", 18, PROVIDER "'a b'"},
};

static void each_fault_among_lines(void **state)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[512];
		struct ts_conf *conf;

		snprintf(text, sizeof(text), "http = *:7\ngateway = g\n%s\nopenssl = on\n",
			 bad[i].line);
		conf = parse_wire(*state, text);
		assert_int_equal(conf->n_faults, 1);
		check_fault(conf, 0, 4, bad[i].column, bad[i].message);
		assert_true(conf->wire.openssl);
		assert_int_equal(conf->wire.n_addresses, 1);
		assert_int_equal(conf->wire.n_gateways, 1);
	}
}

static void too_many(void **state)
{
	char text[4096] = "http = *:1";
	struct ts_conf *conf;

	for (int i = 1; i < 62; i++)
		strcat(text, ",*:1");
	strcat(text, "\nhttp = localhost:2\n");
	conf = parse_wire(*state, text);
	assert_int_equal(conf->n_faults, 0);
	assert_int_equal(conf->wire.n_addresses, 64);
	strcat(text, "http = *:3\n");
	conf = parse_wire(*state, text);
	check_fault(conf, 0, 4, 8, "more than 64 addresses");
	assert_int_equal(conf->wire.n_addresses, 64);

	/* localhost is two of them */
	strcpy(text, "http = *:1");
	for (int i = 1; i < 63; i++)
		strcat(text, ",*:1");
	strcat(text, ",localhost:2\n");
	conf = parse_wire(*state, text);
	assert_int_equal(conf->n_faults, 1);
	check_fault(conf, 0, 2, 8, "more than 64 addresses");
	assert_int_equal(conf->wire.n_addresses, 0);

	*text = 0;
	for (int i = 0; i < 65; i++)
		strcat(text, "gateway=g\n");
	conf = parse_wire(*state, text);
	assert_int_equal(conf->n_faults, 1);
	check_fault(conf, 0, 66, 9, "more than 64 gateways");
	assert_int_equal(conf->wire.n_gateways, 64);
}

static void too_long(void **state)
{
	char text[1024] = "gateway = ";
	struct ts_conf *conf;

	memset(text + strlen(text), 'h', 512);
	conf = parse_wire(*state, text);
	assert_int_equal(conf->n_faults, 0);
	assert_int_equal(strlen(conf->wire.gateways[0].host), 512);
	strcat(text, "h");
	conf = parse_wire(*state, text);
	assert_int_equal(conf->n_faults, 1);
	check_fault(conf, 0, 2, 11, "more than 512 characters");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(not_there), TEST(empty),
		TEST(addresses), TEST(gateways),
		TEST(rules),     TEST(who_gets_a_function),
		TEST(orphans),   TEST(each_fault_among_lines),
		TEST(too_many),  TEST(too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
