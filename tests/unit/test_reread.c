// SPDX-License-Identifier: Apache-2.0
/*
 * Connections whose consumers are killed: dialogues cut anywhere, in rings of several threads, read by one consumer after the
 * other. Every row comes out as it does where nobody is killed, and begun = stored + open + dropped at every moment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <nghttp2/nghttp2.h>

#include "assemble_fixture.h"
#include "connections_fixture.h"
#include "runtime/assemble/connections_impl.h"
#include "runtime/assemble/impl.h"
#include "runtime/assemble/run.h"
#include "runtime/assemble/tally.h"
#include "runtime/rowjson.h"

#define MOST_MESSAGES 256
#define MOST_ROWS     64
#define RINGS         2

static uint64_t chance;

static uint32_t dice(uint32_t sides)
{
	chance = chance * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(chance >> 33) % sides;
}

/* --- what is said ------------------------------------------------------------------------ */

static struct record script[MOST_MESSAGES], spare;
static size_t n_script;

static void add(uint16_t flags, uint64_t connection, const char *text, size_t bytes)
{
	assert_true(n_script < MOST_MESSAGES);
	make_message(&script[n_script++], flags, connection, text, bytes);
}

/* In pieces of any size, of which there are not many. */
static void add_cut(uint16_t flags, uint64_t connection, const char *text, size_t bytes)
{
	while (bytes) {
		size_t n = 1 + dice((uint32_t)(bytes < 200 ? bytes : 200));

		add(flags, connection, text, n);
		text += n;
		bytes -= n;
	}
}

static void request(uint64_t connection, const char *text)
{
	add_cut(0, connection, text, strlen(text));
}

static void response(uint64_t connection, const char *text)
{
	add_cut(TS_MESSAGE_RECEIVED, connection, text, strlen(text));
}

static void plain_call(uint64_t connection)
{
	request(connection, PLAIN_REQUEST);
	response(connection, PLAIN_ANSWER);
}

static void stream_parts(uint64_t connection, size_t parts)
{
	char chunk[4096];

	response(connection, stream_answer[0]);
	for (size_t i = 1; i < parts; i++) {
		snprintf(chunk, sizeof(chunk), "%zx\r\n%s\r\n", strlen(stream_answer[i]),
			 stream_answer[i]);
		response(connection, chunk);
	}
	if (parts == STREAM_PARTS)
		response(connection, "0\r\n\r\n");
}

/* One that is closed, one with requests before their responses, one that is left open, one of another kind. */
static void http1(void)
{
	plain_call(1);
	request(2, PLAIN_REQUEST PLAIN_REQUEST STREAM_REQUEST);
	request(3, STREAM_REQUEST);
	response(2, PLAIN_ANSWER PLAIN_ANSWER);
	stream_parts(2, STREAM_PARTS);
	request(4, "GET /v1/models HTTP/1.1\r\nhost: api.openai.com\r\n\r\n");
	stream_parts(3, 3);
	response(4, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
	plain_call(4);
	plain_call(1);
	request(1, STREAM_REQUEST);
	stream_parts(1, 2);
	add(TS_MESSAGE_LAST, 1, "", 0);
}

/* --- HTTP/2 ------------------------------------------------------------------------------ */

static char wire[1 << 16];
static size_t n_wire;

static void frame(uint8_t type, uint8_t flags, uint32_t stream, const void *content, size_t n)
{
	const uint8_t head[9] = {0, (uint8_t)(n >> 8),      (uint8_t)n,     type, flags, 0,
				 0, (uint8_t)(stream >> 8), (uint8_t)stream};

	memcpy(wire + n_wire, head, sizeof(head));
	memcpy(wire + n_wire + sizeof(head), content, n);
	n_wire += sizeof(head) + n;
}

static void block(nghttp2_hd_deflater *deflater, uint32_t stream, const char *const *pairs)
{
	uint8_t bytes[1024];
	nghttp2_nv fields[8];
	size_t n = 0;

	for (; pairs[2 * n]; n++)
		fields[n] = (nghttp2_nv){(uint8_t *)pairs[2 * n], (uint8_t *)pairs[2 * n + 1],
					 strlen(pairs[2 * n]), strlen(pairs[2 * n + 1]), 0};
	frame(1, 4, stream, bytes,
	      (size_t)nghttp2_hd_deflate_hd(deflater, bytes, sizeof(bytes), fields, n));
}

static void flush(uint16_t flags)
{
	add_cut(flags, 5, wire, n_wire);
	n_wire = 0;
}

static void ask_stream(nghttp2_hd_deflater *deflater, uint32_t stream)
{
	static const char *const head[] = {":method",    "POST",           ":scheme",
					   "https",      ":path",          "/v1/chat/completions",
					   ":authority", "api.openai.com", NULL};
	static const char body[] = "{\"model\":\"gpt-4o\",\"messages\":[]}";

	block(deflater, stream, head);
	frame(0, 1, stream, body, strlen(body));
}

static void answer_stream(nghttp2_hd_deflater *deflater, uint32_t stream)
{
	static const char *const head[] = {
		":status",        "200", "content-type", "application/json", "x-request-id",
		"same each time", NULL};
	static const char body[] =
		"{\"choices\":[{\"message\":{\"content\":\"Hm\"},\"finish_reason\":\"stop\"}]}";

	block(deflater, stream, head);
	frame(0, 1, stream, body, strlen(body));
}

/* Streams that overlap; one is left open. The responses' heads refer to each other. */
static void http2(void)
{
	nghttp2_hd_deflater *sent, *received;

	assert_false(nghttp2_hd_deflate_new(&sent, 4096));
	assert_false(nghttp2_hd_deflate_new(&received, 4096));
	n_wire = (size_t)sprintf(wire, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	ask_stream(sent, 1);
	ask_stream(sent, 3);
	flush(0);
	answer_stream(received, 3);
	flush(TS_MESSAGE_RECEIVED);
	ask_stream(sent, 5);
	flush(0);
	answer_stream(received, 1);
	answer_stream(received, 5);
	flush(TS_MESSAGE_RECEIVED);
	ask_stream(sent, 7);
	ask_stream(sent, 9);
	flush(0);
	answer_stream(received, 9);
	flush(TS_MESSAGE_RECEIVED);
	nghttp2_hd_deflate_del(sent);
	nghttp2_hd_deflate_del(received);
}

static void write_script(void)
{
	memset(said, 0, sizeof(said));
	n_script = 0;
	http1();
	http2();
	/* nearly in their order, as threads have it */
	for (size_t i = 0; i + 2 < n_script; i += 3) {
		size_t one = i + dice(3), other = i + dice(3);

		spare = script[one];
		script[one] = script[other];
		script[other] = spare;
	}
}

/* --- the store --------------------------------------------------------------------------- */

struct row {
	struct ts_uuid id;
	char *text;
};

struct store {
	struct row rows[MOST_ROWS];
	size_t n;
	int64_t begun;
};

static void store_row(struct store *store, const struct ts_table *table, const void *row,
		      const struct ts_uuid *id)
{
	char *text = ts_row_line(table, row, NULL, NULL);
	struct row *found = store->rows;

	assert_non_null(text);
	while (found < store->rows + store->n && memcmp(&found->id, id, sizeof(*id)) != 0)
		found++;
	if (found < store->rows + store->n) {
		assert_string_equal(found->text, text);
		free(text);
		return;
	}
	assert_true(store->n < MOST_ROWS);
	store->rows[store->n++] = (struct row){*id, text};
}

static void store_batch(struct store *store, struct fixture *f, bool ended)
{
	static const struct ts_backlog_counts nothing;
	struct ts_run_row row;

	for (size_t i = 0; i < f->batch.n_traces; i++)
		store_row(store, &ts_trace_table, &f->batch.traces[i],
			  &f->batch.traces[i].trace_id);
	for (size_t i = 0; i < f->batch.n_spans; i++)
		store_row(store, &ts_span_table, &f->batch.spans[i], &f->batch.spans[i].span_id);
	if (!ts_assembler_run(f->assembler, ended, true, &nothing, &row))
		return;
	assert_int_equal(row.run.begun, row.run.stored + row.run.open + row.run.dropped);
	/* what a consumer that was killed has stored is not told before it is read again */
	assert_true(row.run.stored <= (int64_t)store->n);
	assert_int_equal(row.run.dropped, 0);
	assert_true(row.run.begun >= store->begun);
	store->begun = row.run.begun;
	if (ended) {
		assert_int_equal(row.run.open, 0);
		assert_int_equal(row.run.stored, store->n);
	}
}

static void empty_store(struct store *store)
{
	for (size_t i = 0; i < store->n; i++)
		free(store->rows[i].text);
	memset(store, 0, sizeof(*store));
}

static void assert_same(const struct store *store, const struct store *wanted)
{
	assert_int_equal(store->n, wanted->n);
	for (size_t i = 0; i < wanted->n; i++) {
		size_t j = 0;

		while (j < store->n && memcmp(&store->rows[j].id, &wanted->rows[i].id, 16) != 0)
			j++;
		assert_true(j < store->n);
		assert_string_equal(store->rows[j].text, wanted->rows[i].text);
	}
}

/* --- kills ------------------------------------------------------------------------------- */

enum kill {
	NOBODY,
	NO_MEMORY,
	BEFORE_STORE,
	BEFORE_COMMIT,
	AMONG_TAILS,
	TORN,
	AFTER_COMMIT,
	KILLS
};

/* As where there was none while calls were told of. */
static void run_out_of_memory(struct fixture *f)
{
	struct ts_connections *connections = f->assembler->connections;
	struct ts_connection *connection = NULL;

	while ((connection = ts_connection_next(connections, connection)))
		connection->stale = !connection->closed;
	connections->behind = true;
}

/* The commit, of which a kill leaves only a beginning: `open` written, or torn, and some of the tails moved. */
static void commit_partly(struct fixture *f, bool torn)
{
	off_t before = open_bytes(f), after;
	uint64_t tail[RINGS], settled[RINGS];
	char path[512];

	for (int i = 0; i < RINGS; i++) {
		tail[i] = f->spool.rings[i]->tail;
		settled[i] = f->spool.rings[i]->settled;
	}
	commit(f);
	after = open_bytes(f);
	for (int i = 0; i < RINGS; i++) {
		if (!torn && dice(2))
			continue;
		f->spool.rings[i]->tail = tail[i];
		f->spool.rings[i]->settled = settled[i];
	}
	spool_file(&f->spool, "open", path);
	if (torn && after > before)
		assert_false(truncate(path, before + dice((uint32_t)(after - before))));
}

/* A pass, and whatever becomes of it. */
static int take_turn(struct fixture *f, struct store *store, enum kill kill, bool ended)
{
	bool killed = kill > NO_MEMORY;
	int result;

	if (kill == NO_MEMORY)
		run_out_of_memory(f);
	result = ended ? ts_assembler_interrupt(f->assembler, &f->batch, NULL)
		       : ts_assembler_pass(f->assembler, &f->batch, NULL);
	assert_true(result >= 0);
	if (kill != BEFORE_STORE)
		store_batch(store, f, ended && result == 0);
	if (!killed || kill == AFTER_COMMIT)
		commit(f);
	else if (kill == AMONG_TAILS || kill == TORN)
		commit_partly(f, kill == TORN);
	if (killed)
		reopen(f);
	return !killed || kill == AFTER_COMMIT ? result : 1;
}

static void play(struct fixture *f, struct store *store, bool kills)
{
	bool more_comes = true;

	for (size_t i = 0; i < n_script; i++) {
		while (!spool_put(&f->spool, (uint32_t)(i * 7 / 3 % RINGS), &script[i]))
			take_turn(f, store, NOBODY, false);
		if (!dice(4))
			take_turn(f, store, kills ? (enum kill)dice(KILLS) : NOBODY, false);
	}
	for (int i = 0; i < 4; i++)
		while (take_turn(f, store, kills ? (enum kill)dice(KILLS) : NOBODY, false))
			;
	/* whoever finishes has read everything first */
	while (more_comes) {
		enum kill kill = kills ? (enum kill)dice(KILLS) : NOBODY;

		for (int i = 0; i < 4; i++)
			while (take_turn(f, store, NOBODY, false))
				;
		more_comes = take_turn(f, store, kill, true) || kill != NOBODY;
	}
}

static void check_seed(uint64_t seed, const struct settings *with)
{
	struct store wanted = {.n = 0}, store = {.n = 0};
	uint64_t drawn = 0;

	chance = seed;
	for (int kills = 0; kills < 2; kills++) {
		void *state;
		struct fixture *f;

		set_up_wire(&state);
		f = state;
		f->spool.process->seen_ticks = 1000000000;
		memset(f->spool.process->run_id, 7, 16);
		if (with)
			settings_are(f, with->flags, with->capture_bytes);
		sender = with ? 0 : sender;
		if (!kills) {
			write_script();
			drawn = chance;
		}
		chance = drawn + (uint64_t)kills;
		play(f, kills ? &store : &wanted, kills);
		tear_down(&state);
	}
	if (!wanted.n)
		fail_msg("nothing came of seed %llu", (unsigned long long)seed);
	assert_same(&store, &wanted);
	empty_store(&store);
	empty_store(&wanted);
}

static void test_kills(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 30; seed++)
		check_seed(seed, NULL);
}

static void test_kills_outside_of_traces(void **state)
{
	const struct settings orphans = {.flags = TS_SETTINGS_WIRE | TS_SETTINGS_ORPHANS,
					 .capture_bytes = 300};

	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++)
		check_seed(seed, &orphans);
}

/* --- bounds ------------------------------------------------------------------------------ */

#define BODY (3 << 20)

static void check_run(struct fixture *f, bool ended, int64_t begun, int64_t stored)
{
	static const struct ts_backlog_counts nothing;
	struct ts_run_row row;

	assert_true(ts_assembler_run(f->assembler, ended, true, &nothing, &row));
	assert_int_equal(row.run.begun, begun);
	assert_int_equal(row.run.stored, stored);
	assert_int_equal(row.run.open, begun - stored);
}

/* A request of which more is sent than is remembered. */
static void send_much(struct fixture *f)
{
	char *piece = malloc(MOST_SAID);
	char head[256];

	memset(piece, 'x', MOST_SAID);
	snprintf(head, sizeof(head),
		 "POST /v1/chat/completions HTTP/1.1\r\nhost: api.openai.com\r\n"
		 "content-length: %d\r\n\r\n{\"messages\":\"",
		 BODY);
	ask(f, 0, 1, head);
	for (size_t left = BODY - strlen("{\"messages\":\"") - 2; left;) {
		size_t n = left < MOST_SAID ? left : MOST_SAID;

		say(f, 0, 0, 1, piece, n);
		left -= n;
	}
	ask(f, 0, 1, "\"}");
	free(piece);
	pass_and_commit(f, 0, 0);
	check_run(f, false, 1, 0);
	assert_true(open_bytes(f) < 2 << 20);
}

static void test_much_is_sent(void **state)
{
	struct fixture *f = *state;

	send_much(f);
	answer(f, 1, 1, PLAIN_ANSWER);
	pass(f, 0, 1);
	assert_null(f->batch.spans[0].error);
	assert_null(strstr(f->batch.spans[0].attributes, "unseen"));
	check_run(f, false, 1, 1);
	commit(f);
	reopen(f);
	pass(f, 0, 0);
	check_run(f, false, 1, 1);
	commit(f);
}

static void test_much_is_sent_and_the_consumer_killed(void **state)
{
	struct fixture *f = *state;

	send_much(f);
	reopen(f);
	pass_and_commit(f, 0, 0);
	check_run(f, false, 1, 0);
	answer(f, 1, 1, PLAIN_ANSWER);
	pass(f, 0, 1);
	assert_null(f->batch.spans[0].error);
	assert_string_equal(f->batch.spans[0].input_data,
			    "{\"body\":{\"head\":\"\",\"tail\":\"\",\"truncated\":3145728}}");
	check_run(f, false, 1, 1);
	commit(f);
}

/* One call after the other, each in two batches, so that `open` hears of all. */
static void test_much_is_told(void **state)
{
	struct fixture *f = *state;
	off_t most = 0;

	for (int i = 0; i < 3700; i++) {
		ask(f, 0, 1, PLAIN_REQUEST);
		pass_and_commit(f, 0, 0);
		answer(f, 1, 1, PLAIN_ANSWER);
		pass_and_commit(f, 0, 1);
		most = open_bytes(f) > most ? open_bytes(f) : most;
		if (i % 500 == 0)
			reopen(f);
	}
	assert_in_range(most, (1 << 20) - 65536, 1 << 20);
	assert_in_range(open_bytes(f), 1, 1 << 20);
	reopen(f);
	pass(f, 0, 0);
	check_run(f, false, 3700, 3700);
	commit(f);
}

/* HTTP/2 cannot be read from the middle on: so much of it is remembered, and then nothing. */
static void test_much_on_one_connection_of_http2(void **state)
{
	struct fixture *f = *state;
	nghttp2_hd_deflater *sent, *received;
	int stream = 1;

	assert_false(nghttp2_hd_deflate_new(&sent, 4096));
	assert_false(nghttp2_hd_deflate_new(&received, 4096));
	n_wire = (size_t)sprintf(wire, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	for (; stream < 10000; stream += 2) {
		ask_stream(sent, (uint32_t)stream);
		say(f, 0, 0, 5, wire, n_wire);
		n_wire = 0;
		answer_stream(received, (uint32_t)stream);
		say(f, 0, TS_MESSAGE_RECEIVED, 5, wire, n_wire);
		n_wire = 0;
		pass_and_commit(f, 0, 1);
		if (stream == 1001)
			reopen(f);
	}
	assert_true(open_bytes(f) < 3 << 20);
	check_run(f, false, stream / 2, stream / 2);
	reopen(f);
	ask_stream(sent, (uint32_t)stream);
	say(f, 0, 0, 5, wire, n_wire);
	pass(f, 0, 0);
	check_run(f, false, stream / 2, stream / 2);
	commit(f);
	nghttp2_hd_deflate_del(sent);
	nghttp2_hd_deflate_del(received);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kills), cmocka_unit_test(test_kills_outside_of_traces),
		TEST_WIRE(test_much_is_sent), TEST_WIRE(test_much_is_sent_and_the_consumer_killed),
		TEST_WIRE(test_much_is_told), TEST_WIRE(test_much_on_one_connection_of_http2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
