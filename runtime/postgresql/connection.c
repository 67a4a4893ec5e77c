// SPDX-License-Identifier: Apache-2.0
/*
 * libpq, never blocking: each wait is a poll of our own, with a deadline and an open gate. Statements travel in
 * pipeline mode; ts_pg_run alone leaves it, for a text of several statements does not go through it.
 */
#include "connection.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../gate.h"
#include "address.h"
#include "sqlstate.h"

#define MS         1000000LL /* in ns */
#define PATIENCE_S 30

/* What is to be done with the answer to a statement on its way. */
struct expected {
	ts_pg_row_fn *row;
	void *context;
};

struct ts_pg {
	PGconn *conn;
	const struct ts_gate *gate;
	pid_t opener;
	int patience_s;
	int64_t deadline_ns; /* of what is under way */
	bool lost;
	struct expected *expected;
	size_t n_expected, room;
	int result; /* the first failure since the last ts_pg_sync */
	struct ts_error err;
	char sqlstate[6];
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 * MS + now.tv_nsec;
}

static void start_clock(struct ts_pg *pg, int seconds)
{
	pg->deadline_ns = now_ns() + seconds * 1000 * MS;
}

/* On one line, without white space at the end. */
static void copy_sentence(char *to, size_t room, const char *from)
{
	size_t n = 0;

	for (; *from && n + 1 < room; from++) {
		bool space = strchr("\n\t ", *from);

		if (!space)
			to[n++] = *from;
		else if (n && to[n - 1] != ' ')
			to[n++] = ' ';
	}
	if (n && to[n - 1] == ' ')
		n--;
	to[n] = '\0';
}

/* Of each host libpq asks the reader whether its server runs; that it was refused is what there is to know. */
static void cut_questions(char *sentence)
{
	char *question = sentence, *end;

	while ((question = strstr(question, " Is the server running "))) {
		end = strchrnul(question, '?');
		memmove(question, *end ? end + 1 : end, strlen(*end ? end + 1 : end) + 1);
	}
}

/* Keeps the first failure. */
static int fail(struct ts_pg *pg, int result, const char *sentence)
{
	if (pg->result)
		return pg->result;
	pg->result = result;
	copy_sentence(pg->err.text, sizeof(pg->err.text), sentence);
	cut_questions(pg->err.text);
	return result;
}

static int lose(struct ts_pg *pg, int result, const char *sentence)
{
	pg->lost = true;
	return fail(pg, result, sentence);
}

/* The failure, to whoever called; the next one is a new one. */
static int tell(struct ts_pg *pg, struct ts_error *err)
{
	int result = pg->result;

	pg->result = 0;
	return result ? ts_error_set(err, result, "%s", pg->err.text) : 0;
}

/* Until the socket is ready for one of `events`; those that it is, or a negative errno. */
static int wait_for(struct ts_pg *pg, short events)
{
	struct pollfd pollfd = {.fd = PQsocket(pg->conn), .events = events};
	int64_t left = pg->deadline_ns - now_ns();
	int ready;

	if (pollfd.fd < 0)
		return lose(pg, -ECONNRESET, PQerrorMessage(pg->conn));
	ts_gate_open(pg->gate);
	do {
		ready = left > 0 ? poll(&pollfd, 1, (int)(left / MS) + 1) : 0;
		left = pg->deadline_ns - now_ns();
	} while (ready < 0 && errno == EINTR);
	ts_gate_close(pg->gate);
	if (ready > 0)
		return pollfd.revents;
	return lose(pg, -ETIMEDOUT, "the server does not answer");
}

/* --- connecting ---------------------------------------------------------------------------- */

/* Warnings of the server are not for the standard error of the program around us. */
static void say_nothing(void *context, const PGresult *result)
{
	(void)context;
	(void)result;
}

/* Of libcrypto, which libpq may bring along. */
extern int OPENSSL_init_crypto(uint64_t options, const void *settings) __attribute__((weak));
#define OPENSSL_INIT_NO_ATEXIT 0x80000

/*
 * OpenSSL takes itself apart with a handler of atexit, which it registers when first used. Used by us first, that would be
 * behind ours that stops the flusher, hence run before it, and the last batch would meet ruins. False: so it is, for the
 * program used it first, and ends before we ever did.
 */
static bool keep_openssl(void)
{
	return !OPENSSL_init_crypto || OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
}

static int start(struct ts_pg *pg, const char *url)
{
	int seconds, result = 0;
	struct ts_error err;
	char *address = ts_pg_address(url, &seconds, &err);

	if (!address)
		return fail(pg, -EINVAL, err.text);
	start_clock(pg, seconds);
	if (keep_openssl())
		pg->conn = PQconnectStart(address);
	else
		result = fail(pg, -EAGAIN, "the program has shut OpenSSL down");
	free(address);
	if (result < 0)
		return result;
	if (!pg->conn)
		result = fail(pg, -ENOMEM, "out of memory");
	else if (PQstatus(pg->conn) == CONNECTION_BAD)
		result = lose(pg, -ECONNREFUSED, PQerrorMessage(pg->conn));
	else
		PQsetNoticeReceiver(pg->conn, say_nothing, NULL);
	return result;
}

static int connect_to(struct ts_pg *pg, const char *url)
{
	PostgresPollingStatusType next = PGRES_POLLING_WRITING;
	int result = start(pg, url);

	while (result == 0 && next != PGRES_POLLING_OK) {
		result = wait_for(pg, next == PGRES_POLLING_READING ? POLLIN : POLLOUT);
		if (result < 0)
			return result;
		result = 0;
		next = PQconnectPoll(pg->conn);
		if (next == PGRES_POLLING_FAILED)
			result = lose(pg, -ECONNREFUSED, PQerrorMessage(pg->conn));
	}
	if (result == 0 && PQsetnonblocking(pg->conn, 1) < 0)
		result = fail(pg, -ENOMEM, "out of memory");
	return result;
}

int ts_pg_open(struct ts_pg **ret, const char *url, const struct ts_gate *gate,
	       struct ts_error *err)
{
	struct ts_pg *pg = calloc(1, sizeof(*pg));

	if (!pg)
		return ts_error_set(err, -ENOMEM, "out of memory");
	pg->gate = gate;
	pg->opener = getpid();
	pg->patience_s = PATIENCE_S;
	if (connect_to(pg, url) < 0) {
		int result = tell(pg, err);

		ts_pg_close(pg);
		return result;
	}
	*ret = pg;
	return 0;
}

void ts_pg_close(struct ts_pg *pg)
{
	if (!pg)
		return;
	/* PQfinish says farewell to the server, on a socket that a child shares with its parent. */
	if (pg->opener == getpid())
		PQfinish(pg->conn);
	free(pg->expected);
	free(pg);
}

void ts_pg_patience(struct ts_pg *pg, int seconds)
{
	pg->patience_s = seconds;
}

bool ts_pg_is_lost(const struct ts_pg *pg)
{
	return pg->lost;
}

const char *ts_pg_sqlstate(const struct ts_pg *pg)
{
	return pg->sqlstate;
}

const char *ts_pg_server_version(const struct ts_pg *pg)
{
	const char *version = PQparameterStatus(pg->conn, "server_version");

	return version ? version : "";
}

/* --- sending and receiving ----------------------------------------------------------------- */

static int broke(struct ts_pg *pg)
{
	return lose(pg, -ECONNRESET, PQerrorMessage(pg->conn));
}

/* All that waits to be sent; reads meanwhile, for a server that cannot answer does not listen either. */
static int flush(struct ts_pg *pg)
{
	int more, ready;

	while ((more = PQflush(pg->conn)) > 0) {
		ready = wait_for(pg, POLLIN | POLLOUT);
		if (ready < 0)
			return ready;
		if ((ready & (POLLIN | POLLHUP | POLLERR)) && !PQconsumeInput(pg->conn))
			return broke(pg);
	}
	return more < 0 ? broke(pg) : 0;
}

/* The next result, NULL between two statements and where the connection is lost. */
static PGresult *receive(struct ts_pg *pg)
{
	while (!pg->lost && PQisBusy(pg->conn)) {
		if (flush(pg) < 0 || wait_for(pg, POLLIN) < 0)
			return NULL;
		if (!PQconsumeInput(pg->conn))
			broke(pg);
	}
	return pg->lost ? NULL : PQgetResult(pg->conn);
}

static void note_failure(struct ts_pg *pg, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (PQstatus(pg->conn) == CONNECTION_BAD)
		pg->lost = true;
	if (pg->result)
		return;
	if (!state) {
		lose(pg, -ECONNRESET, PQresultErrorMessage(result));
		return;
	}
	snprintf(pg->sqlstate, sizeof(pg->sqlstate), "%s", state);
	fail(pg, ts_sqlstate_result(state), message ? message : state);
}

/* --- one text of several statements --------------------------------------------------------- */

static int run_text(struct ts_pg *pg, const char *sql)
{
	PGresult *result;

	start_clock(pg, pg->patience_s);
	if (!PQsendQuery(pg->conn, sql) || flush(pg) < 0)
		broke(pg);
	while ((result = receive(pg))) {
		if (PQresultStatus(result) == PGRES_FATAL_ERROR)
			note_failure(pg, result);
		PQclear(result);
	}
	return pg->result;
}

/* What a failure, which stays the last one, left open. */
static void roll_back(struct ts_pg *pg)
{
	char sqlstate[sizeof(pg->sqlstate)];

	if (pg->lost || PQtransactionStatus(pg->conn) == PQTRANS_IDLE)
		return;
	memcpy(sqlstate, pg->sqlstate, sizeof(sqlstate));
	if (run_text(pg, "ROLLBACK") < 0)
		pg->lost = true;
	pg->result = 0;
	memcpy(pg->sqlstate, sqlstate, sizeof(sqlstate));
}

int ts_pg_run(struct ts_pg *pg, const char *sql, struct ts_error *err)
{
	int result;

	if (pg->lost)
		return ts_error_set(err, -ECONNRESET, "the connection is lost");
	pg->sqlstate[0] = '\0';
	run_text(pg, sql);
	result = tell(pg, err);
	if (result < 0)
		roll_back(pg);
	return result;
}

/* --- statements in a pipeline ---------------------------------------------------------------- */

static int expect(struct ts_pg *pg, ts_pg_row_fn *row, void *context)
{
	if (pg->n_expected == pg->room) {
		size_t room = pg->room ? 2 * pg->room : 16;
		struct expected *more = reallocarray(pg->expected, room, sizeof(*more));

		if (!more)
			return fail(pg, -ENOMEM, "out of memory");
		pg->expected = more;
		pg->room = room;
	}
	pg->expected[pg->n_expected++] = (struct expected){row, context};
	return 0;
}

static int send_now(struct ts_pg *pg, const struct ts_pg_statement *statement)
{
	int formats[statement->n_params + 1];

	for (size_t i = 0; i < statement->n_params; i++)
		formats[i] = statement->bytes != NULL;
	if (expect(pg, statement->row, statement->context) < 0)
		return pg->result;
	if (!PQsendQueryParams(pg->conn, statement->sql, (int)statement->n_params, statement->types,
			       statement->params, statement->bytes, formats, 0))
		return broke(pg);
	return flush(pg);
}

int ts_pg_send(struct ts_pg *pg, const struct ts_pg_statement *statement, struct ts_error *err)
{
	if (pg->lost)
		return ts_error_set(err, -ECONNRESET, "the connection is lost");
	if (PQpipelineStatus(pg->conn) == PQ_PIPELINE_OFF) {
		start_clock(pg, pg->patience_s);
		pg->sqlstate[0] = '\0';
		if (!PQenterPipelineMode(pg->conn))
			broke(pg);
	}
	/* Nothing behind a gap, least of all a COMMIT. */
	if (!pg->result)
		send_now(pg, statement);
	return pg->result ? ts_error_set(err, pg->result, "%s", pg->err.text) : 0;
}

static int give_rows(const struct expected *expected, const PGresult *result)
{
	int n = PQnfields(result), refused = 0;
	struct ts_pg_field fields[n + 1];

	for (int row = 0; row < PQntuples(result) && !refused; row++) {
		for (int i = 0; i < n; i++)
			fields[i] = (struct ts_pg_field){
				.text = PQgetisnull(result, row, i) ? NULL
								    : PQgetvalue(result, row, i),
				.type = PQftype(result, i),
			};
		refused = expected->row(expected->context, fields, (size_t)n);
	}
	return refused;
}

/* All that one statement answers. */
static void take_answer(struct ts_pg *pg, struct expected expected)
{
	PGresult *result;
	int refused = 0;

	PQsetSingleRowMode(pg->conn);
	while ((result = receive(pg))) {
		ExecStatusType status = PQresultStatus(result);

		if ((status == PGRES_SINGLE_TUPLE || status == PGRES_TUPLES_OK) && expected.row &&
		    !refused)
			refused = give_rows(&expected, result);
		else if (status == PGRES_FATAL_ERROR)
			note_failure(pg, result);
		PQclear(result);
	}
	if (refused && !pg->result) {
		pg->result = refused;
		pg->err.text[0] = '\0';
	}
}

static void take_answers(struct ts_pg *pg)
{
	PGresult *result;

	for (size_t i = 0; i < pg->n_expected && !pg->lost; i++)
		take_answer(pg, pg->expected[i]);
	if (pg->lost)
		return;
	result = receive(pg);
	if (!result || PQresultStatus(result) != PGRES_PIPELINE_SYNC)
		lose(pg, -ECONNRESET, "the server broke the protocol");
	PQclear(result);
}

int ts_pg_sync(struct ts_pg *pg, struct ts_error *err)
{
	int result;

	if (!pg->lost && PQpipelineStatus(pg->conn) == PQ_PIPELINE_OFF)
		return tell(pg, err);
	if (!pg->lost && (!PQpipelineSync(pg->conn) || flush(pg) < 0))
		broke(pg);
	if (!pg->lost)
		take_answers(pg);
	pg->n_expected = 0;
	if (!pg->lost && !PQexitPipelineMode(pg->conn))
		broke(pg);
	result = tell(pg, err);
	roll_back(pg);
	return result;
}

int ts_pg_ask(struct ts_pg *pg, const struct ts_pg_statement *statement, struct ts_error *err)
{
	ts_pg_send(pg, statement, err);
	return ts_pg_sync(pg, err);
}
