// SPDX-License-Identifier: Apache-2.0
/* openssl, http, gateway. */

#include "conf_wire.h"

#include <errno.h>

#include "../hot/wire.h"
#include "../prototype/fault.h"
#include "../system/arena.h"
#include "conf_setting.h"

#define MAX_ADDRESSES 64 /* each is compared with that of every connection */
#define MAX_GATEWAYS  64
#define MAX_URL       512
#define MAX_PROVIDER  64
#define DEFAULT_PORT  443 /* of HTTPS: no client names it */

enum { OPENSSL, HTTP, GATEWAY };

static const char *const names[] = {
	[OPENSSL] = "openssl",
	[HTTP] = "http",
	[GATEWAY] = "gateway",
};

#define N_SETTINGS (sizeof(names) / sizeof(names[0]))

const char *ts_wire_setting_name(size_t setting)
{
	return setting < N_SETTINGS ? names[setting] : NULL;
}

/* `list` of `n`, and behind it `more` of `added`. NULL: no memory. */
static void *joined(struct ts_arena *arena, const void *list, size_t n, const void *added,
		    size_t more, size_t bytes)
{
	char *all = ts_arena_alloc(arena, (n + more) * bytes);

	if (all && n)
		memcpy(all, list, n * bytes);
	if (all)
		memcpy(all + n * bytes, added, more * bytes);
	return all;
}

/* 1 to 65535, and nothing else; 0: it is none. */
static uint16_t read_port(struct ts_slice text)
{
	uint32_t port = 0;

	for (size_t i = 0; i < text.bytes; i++) {
		if (!ts_is_digit(text.text[i]) || port > 6553)
			return 0;
		port = port * 10 + (uint32_t)(text.text[i] - '0');
	}
	return port <= 65535 ? (uint16_t)port : 0;
}

static int not_a_port(struct ts_slice port, struct ts_fault *fault)
{
	if (!port.bytes)
		return ts_fault_at(fault, port.column, "expected a port behind ':'");
	return ts_fault_at(fault, port.column, "expected a port from 1 to 65535, found '%s'",
			   ts_quote(port).text);
}

/* --- http ------------------------------------------------------------------------------------- */

static bool read_ipv4(struct ts_slice text, uint8_t *ret)
{
	for (int i = 0; i < 4; i++) {
		unsigned number = 0;
		size_t n = 0;

		for (; n < text.bytes && n < 3 && ts_is_digit(text.text[n]); n++)
			number = number * 10 + (unsigned)(text.text[n] - '0');
		/* 010 is eight to some and ten to others */
		if (!n || number > 255 || (n > 1 && text.text[0] == '0'))
			return false;
		ret[i] = (uint8_t)number;
		text = ts_slice_from(text, n);
		if (i == 3)
			break;
		if (!text.bytes || text.text[0] != '.')
			return false;
		text = ts_slice_from(text, 1);
	}
	return !text.bytes;
}

/* Up to four hexadecimal digits at the start of `text`; how many. */
static size_t read_group(struct ts_slice text, unsigned *ret)
{
	size_t n = 0;

	for (*ret = 0; n < text.bytes && n < 4; n++) {
		char c = ts_lower(text.text[n]);

		if (!ts_is_digit(c) && (c < 'a' || c > 'f'))
			break;
		*ret = *ret * 16 + (unsigned)(ts_is_digit(c) ? c - '0' : c - 'a' + 10);
	}
	return n;
}

/* Eight groups, or fewer with '::' where groups of zeros are left out (RFC 4291, section 2.2). */
static bool read_ipv6(struct ts_slice text, uint8_t *ret)
{
	uint8_t bytes[16];
	size_t n = 0, gap = sizeof(bytes);
	bool short_form = ts_slice_starts(text, "::");

	if (short_form) {
		gap = 0;
		text = ts_slice_from(text, 2);
	}
	while (text.bytes) {
		unsigned group;
		size_t digits = read_group(text, &group);

		if (!digits || n == sizeof(bytes))
			return false;
		bytes[n++] = (uint8_t)(group >> 8);
		bytes[n++] = (uint8_t)group;
		text = ts_slice_from(text, digits);
		if (!short_form && ts_slice_starts(text, "::")) {
			short_form = true;
			gap = n;
			text = ts_slice_from(text, 2);
		} else if (text.bytes > 1 && text.text[0] == ':') {
			text = ts_slice_from(text, 1);
		} else if (text.bytes) {
			return false;
		}
	}
	if (short_form ? n > sizeof(bytes) - 2 : n != sizeof(bytes))
		return false;
	gap = gap < n ? gap : n;
	memset(ret, 0, sizeof(bytes));
	memcpy(ret, bytes, gap);
	memcpy(ret + sizeof(bytes) - (n - gap), bytes + gap, n - gap);
	return true;
}

/* ADDRESS ":" PORT in its two halves: the ':' behind a ']', else the last one. */
static bool split(struct ts_slice entry, struct ts_slice *ret_host, struct ts_slice *ret_port)
{
	size_t n = entry.bytes;

	while (n && entry.text[n - 1] != ':' && entry.text[n - 1] != ']')
		n--;
	if (!n || entry.text[n - 1] != ':')
		return false;
	*ret_host = ts_slice_until(entry, n - 1);
	*ret_port = ts_slice_from(entry, n);
	return true;
}

static int not_an_address(struct ts_slice entry, struct ts_fault *fault)
{
	static const char expected[] = "expected an address and a port, as 127.0.0.1:11434, "
				       "[::1]:8000, localhost:8080 or *:11434";

	if (!entry.bytes)
		return ts_fault_at(fault, entry.column, "%s", expected);
	return ts_fault_at(fault, entry.column, "%s, found '%s'", expected, ts_quote(entry).text);
}

static bool is_host_byte(char c)
{
	return (ts_is_word(c) && c != '$') || c == '-' || c == '.';
}

static bool is_host(struct ts_slice host)
{
	for (size_t i = 0; i < host.bytes; i++)
		if (!is_host_byte(host.text[i]))
			return false;
	return host.bytes;
}

/* What is no address is most likely one of these. */
static int refuse_host(struct ts_slice entry, struct ts_slice host, struct ts_slice port,
		       struct ts_fault *fault)
{
	bool number = true;

	for (size_t i = 0; i < host.bytes; i++)
		number &= ts_is_digit(host.text[i]) || host.text[i] == '.';
	if (memchr(host.text, ':', host.bytes) && host.text[0] != '[')
		return ts_fault_at(fault, host.column,
				   "expected an address and a port, those of IPv6 as [::1]:8000, "
				   "found '%s'",
				   ts_quote(entry).text);
	if (number || !is_host(host))
		return not_an_address(entry, fault);
	return ts_fault_at(fault, host.column,
			   "'%s' is a name, which no connection bears: write its address, or "
			   "*:%s, that port wherever it is",
			   ts_quote(host).text, ts_quote(port).text);
}

/* One entry of the list, which is one address, or, of localhost, two; how many. */
static int read_address(struct ts_slice entry, struct ts_wire_address *ret, struct ts_fault *fault)
{
	struct ts_slice host, port;

	memset(ret, 0, 2 * sizeof(*ret));
	if (!split(entry, &host, &port) || !host.bytes)
		return not_an_address(entry, fault);
	ret->port = read_port(port);
	if (!ret->port)
		return not_a_port(port, fault);
	if (ts_slice_is(host, "*"))
		return 1;
	ret->family = 4;
	if (ts_slice_is(host, "localhost")) {
		memcpy(ret->bytes, (uint8_t[]){127, 0, 0, 1}, 4);
		ret[1] = (struct ts_wire_address){.family = 6, .port = ret->port};
		ret[1].bytes[15] = 1;
		return 2;
	}
	if (read_ipv4(host, ret->bytes))
		return 1;
	ret->family = 6;
	if (host.text[0] == '[' && host.text[host.bytes - 1] == ']' &&
	    read_ipv6(ts_slice_until(ts_slice_from(host, 1), host.bytes - 2), ret->bytes))
		return 1;
	return refuse_host(entry, host, port, fault);
}

static int read_http(struct ts_wire_conf *wire, struct ts_slice value, struct ts_arena *arena,
		     struct ts_fault *fault)
{
	struct ts_wire_address list[MAX_ADDRESSES + 2]; /* the last two are too many */
	struct ts_wire_address *all;
	struct ts_slice line = value;
	size_t n = 0;
	const char *comma;

	do {
		size_t length;
		int r;

		comma = memchr(value.text, ',', value.bytes);
		length = comma ? (size_t)(comma - value.text) : value.bytes;
		r = read_address(ts_slice_trim(ts_slice_until(value, length)), &list[n], fault);
		if (r < 0)
			return r;
		n += (size_t)r;
		if (wire->n_addresses + n > MAX_ADDRESSES)
			return ts_fault_at(fault, line.column, "more than %d addresses",
					   MAX_ADDRESSES);
		value = ts_slice_from(value, comma ? length + 1 : length);
	} while (comma);
	all = joined(arena, wire->addresses, wire->n_addresses, list, n, sizeof(*list));
	if (!all)
		return -ENOMEM;
	wire->addresses = all;
	wire->n_addresses += n;
	return 0;
}

/* --- gateway ---------------------------------------------------------------------------------- */

/* What separates entries in the log, and what no client sends as part of a path. */
static bool is_path_byte(char c)
{
	return c > ' ' && c <= '~' && !strchr(",?#\"\\<>", c);
}

static bool is_provider_byte(char c)
{
	return (c >= 'a' && c <= 'z') || ts_is_digit(c) || c == '.' || c == '_' || c == '-';
}

static size_t count(struct ts_slice text, bool (*fits)(char))
{
	size_t n = 0;

	while (n < text.bytes && fits(text.text[n]))
		n++;
	return n;
}

static bool is_no_space(char c)
{
	return !ts_is_space(c);
}

/* HOST in lower case, with PORT unless that is HTTPS's own. */
static int name_host(struct ts_slice host, uint16_t port, size_t bytes, struct ts_arena *arena,
		     struct ts_wire_host *ret)
{
	size_t n = port == DEFAULT_PORT ? host.bytes : bytes;
	char *copy = ts_arena_strndup(arena, host.text, n);

	for (size_t i = 0; copy && i < n; i++)
		copy[i] = ts_lower(copy[i]);
	ret->host = copy;
	return copy ? 0 : -ENOMEM;
}

/* HOST [":" PORT] from the start of *url, which goes on to what is behind. */
static int read_host(struct ts_slice *url, struct ts_arena *arena, struct ts_wire_host *ret,
		     struct ts_fault *fault)
{
	struct ts_slice host = ts_slice_until(*url, count(*url, is_host_byte));
	struct ts_slice rest = ts_slice_from(*url, host.bytes), number;
	uint16_t port = DEFAULT_PORT;

	if (!host.bytes)
		return ts_fault_at(fault, url->column,
				   "expected a host, as in 'gateway = llm.example.com/v1', "
				   "found '%s'",
				   ts_quote(*url).text);
	if (rest.bytes && rest.text[0] == ':') {
		const char *slash = memchr(rest.text, '/', rest.bytes);

		number = ts_slice_until(rest, slash ? (size_t)(slash - rest.text) : rest.bytes);
		number = ts_slice_from(number, 1);
		port = read_port(number);
		if (!port)
			return not_a_port(number, fault);
		rest = ts_slice_from(rest, number.bytes + 1);
	}
	*url = rest;
	return name_host(host, port, (size_t)(rest.text - host.text), arena, ret);
}

static int read_path(struct ts_slice path, struct ts_arena *arena, struct ts_wire_host *ret,
		     struct ts_fault *fault)
{
	size_t n = count(path, is_path_byte);

	if (path.bytes && (path.text[0] != '/' || n < path.bytes)) {
		path = ts_slice_from(path, path.text[0] == '/' ? n : 0);
		return ts_fault_at(fault, path.column,
				   "expected the beginning of a path behind the host, found '%s'",
				   ts_quote(path).text);
	}
	/* a path that is '/' alone begins them all */
	ret->path = ts_arena_strndup(arena, path.text, path.bytes > 1 ? path.bytes : 0);
	return ret->path ? 0 : -ENOMEM;
}

/* "as" NAME, or nothing. */
static int read_provider(struct ts_slice words, struct ts_arena *arena, struct ts_wire_host *ret,
			 struct ts_fault *fault)
{
	struct ts_slice name = words;
	size_t n;

	if (words.bytes && count(words, is_no_space) == 2 && ts_slice_starts(words, "as"))
		name = ts_slice_trim(ts_slice_from(words, 2));
	else if (words.bytes)
		return ts_fault_at(fault, words.column,
				   "expected the end of the line, or 'as' and a name, found '%s'",
				   ts_quote(words).text);
	n = count(name, is_provider_byte);
	if (words.bytes && (n < name.bytes || !n || n > MAX_PROVIDER))
		return ts_fault_at(fault, name.column,
				   "expected a name of a-z, 0-9, '.', '_' and '-' behind 'as', "
				   "at most %d of them, found '%s'",
				   MAX_PROVIDER, ts_quote(name).text);
	ret->provider = ts_arena_strndup(arena, name.text, n);
	return ret->provider ? 0 : -ENOMEM;
}

static int read_gateway(struct ts_wire_conf *wire, struct ts_slice value, struct ts_arena *arena,
			struct ts_fault *fault)
{
	struct ts_slice url = ts_slice_until(value, count(value, is_no_space));
	struct ts_slice words = ts_slice_trim(ts_slice_from(value, url.bytes));
	struct ts_wire_host gateway, *all;
	int r;

	if (wire->n_gateways == MAX_GATEWAYS)
		return ts_fault_at(fault, value.column, "more than %d gateways", MAX_GATEWAYS);
	if (url.bytes > MAX_URL)
		return ts_fault_at(fault, value.column, "more than %d characters", MAX_URL);
	if (ts_slice_starts(url, "http://"))
		return ts_fault_at(fault, url.column,
				   "a gateway is reached by HTTPS; write the address and port of "
				   "plain HTTP after 'http ='");
	if (ts_slice_starts(url, "https://"))
		url = ts_slice_from(url, strlen("https://"));
	r = read_host(&url, arena, &gateway, fault);
	if (r == 0)
		r = read_path(url, arena, &gateway, fault);
	if (r == 0)
		r = read_provider(words, arena, &gateway, fault);
	if (r < 0)
		return r;
	all = joined(arena, wire->gateways, wire->n_gateways, &gateway, 1, sizeof(gateway));
	if (!all)
		return -ENOMEM;
	wire->gateways = all;
	wire->n_gateways++;
	return 0;
}

/* --- all of them ------------------------------------------------------------------------------ */

int ts_wire_setting_read(struct ts_wire_conf *wire, size_t setting, struct ts_slice value,
			 struct ts_arena *arena, struct ts_fault *fault)
{
	switch (setting) {
	case OPENSSL:
		return ts_setting_read_switch(value, &wire->openssl, fault);
	case HTTP:
		return read_http(wire, value, arena, fault);
	default:
		return read_gateway(wire, value, arena, fault);
	}
}

/* --- rules ------------------------------------------------------------------------------------ */

struct function {
	const char *name;
	enum ts_wire_function wire;
};

static const struct function openssl[] = {
	{"SSL_read", TS_WIRE_SSL_READ},
	{"SSL_read_ex", TS_WIRE_SSL_READ_EX},
	{"SSL_write", TS_WIRE_SSL_WRITE},
	{"SSL_write_ex", TS_WIRE_SSL_WRITE_EX},
	{"SSL_free", TS_WIRE_SSL_FREE},
	{"SSL_sendfile", TS_WIRE_SSL_SENDFILE},
	{"BIO_read", TS_WIRE_BIO_READ},
	{"BIO_read_ex", TS_WIRE_BIO_READ_EX},
	{"BIO_write", TS_WIRE_BIO_WRITE},
	{"BIO_write_ex", TS_WIRE_BIO_WRITE_EX},
	{"SSL_write_early_data", TS_WIRE_SSL_EARLY},
};

/* Those with __ in front are what glibc's headers make of the others where they check lengths. */
static const struct function sockets[] = {
	{"connect", TS_WIRE_CONNECT},     {"close", TS_WIRE_CLOSE},
	{"read", TS_WIRE_READ},           {"__read_chk", TS_WIRE_READ},
	{"recv", TS_WIRE_RECV},           {"__recv_chk", TS_WIRE_RECV_CHK},
	{"recvfrom", TS_WIRE_RECV},       {"__recvfrom_chk", TS_WIRE_RECV_CHK},
	{"write", TS_WIRE_WRITE},         {"send", TS_WIRE_WRITE},
	{"sendto", TS_WIRE_WRITE},        {"readv", TS_WIRE_READV},
	{"writev", TS_WIRE_WRITEV},       {"recvmsg", TS_WIRE_RECVMSG},
	{"sendmsg", TS_WIRE_SENDMSG},     {"recvmmsg", TS_WIRE_RECVMMSG},
	{"sendmmsg", TS_WIRE_SENDMMSG},   {"sendfile", TS_WIRE_SENDFILE},
	{"sendfile64", TS_WIRE_SENDFILE}, {"splice", TS_WIRE_SPLICE},
	{"fdopen", TS_WIRE_FDOPEN},
};

#define N_OPENSSL (sizeof(openssl) / sizeof(openssl[0]))
#define N_SOCKETS (sizeof(sockets) / sizeof(sockets[0]))

_Static_assert(N_OPENSSL + N_SOCKETS <= TS_WIRE_MAX_RULES, "room for all of them");

/* `object`: defined there and nowhere else, for programs have functions of such names; NULL: wherever. */
static int add_rules(struct ts_conf *conf, struct ts_arena *arena, const struct function *functions,
		     size_t n, const char *object)
{
	for (size_t i = 0; i < n; i++) {
		struct ts_rule *rule = &conf->rules[conf->n_rules];
		const char *name = functions[i].name;
		int r;

		*rule = (struct ts_rule){.kind = TS_KIND_LLM,
					 .key = name,
					 .name = name,
					 .line = conf->wire.line,
					 .wire = functions[i].wire};
		r = ts_prototype_parse(name, strlen(name), 1, arena, &rule->prototype, NULL);
		if (r < 0)
			return r;
		rule->prototype.object = object;
		conf->n_rules++;
	}
	return 0;
}

int ts_wire_add_rules(struct ts_conf *conf, struct ts_arena *arena)
{
	int r = conf->wire.openssl ? add_rules(conf, arena, openssl, N_OPENSSL, NULL) : 0;

	if (r == 0 && conf->wire.n_addresses)
		r = add_rules(conf, arena, sockets, N_SOCKETS, "libc.so.6");
	return r;
}
