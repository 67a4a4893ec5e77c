/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_WIRE_H
#define TS_WIRE_H

/*
 * The bytes that a program exchanges with LLM APIs -> calls. One ts_wire is one connection, given the plain text of both
 * directions in the order in which the program wrote and read it. It reads HTTP/1.1 and HTTP/2, undoes codings and framings,
 * and tells of each exchange that is a call of a provider's API once that has ended. It keeps no byte that it does not need
 * for that, and of headers only what struct ts_wire_call names.
 *
 * Whatever the bytes are: no crash, time linear in their number, memory within the settings. A connection belongs to one
 * thread at a time; different ones share nothing.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TS_WIRE_CONTEXT_BYTES 304
#define TS_WIRE_SNIFFED       16 /* of a connection's first bytes: is it HTTP? */

enum ts_wire_direction {
	TS_WIRE_SENT,     /* by the client, which is the program */
	TS_WIRE_RECEIVED, /* by the client */
};

enum ts_wire_how {
	TS_WIRE_BY_CLIENT, /* the program closed it */
	TS_WIRE_BY_PEER,   /* end of file from the other side */
	TS_WIRE_BY_END,    /* the program ended */
	TS_WIRE_BY_ERROR,  /* reset, timeout, a fault of TLS */
	TS_WIRE_BY_LOSS,   /* it goes on, but nobody sees what passes any more */
};

/* How far a connection has come. */
enum ts_wire_progress {
	TS_WIRE_FRESH, /* nothing of what passed is needed: another ts_wire can read on */
	TS_WIRE_IDLE,  /* no exchange is under way, but how to read on follows from what passed */
	TS_WIRE_BUSY, /* an exchange is under way, or a message that is none has not come to its end */
};

/* How a call went. What is behind the first failed, and `error` says why. */
enum ts_wire_outcome {
	TS_WIRE_DONE,
	TS_WIRE_REFUSED,   /* status 400 or above */
	TS_WIRE_FAILED,    /* an error inside of a response that began well */
	TS_WIRE_CUT,       /* a stream ended, but not with its end mark */
	TS_WIRE_LOST,      /* the connection, or the stream in it, ended before the response */
	TS_WIRE_CANCELLED, /* the same, by the client */
	TS_WIRE_UNSEEN,    /* its end was not among the bytes seen */
};

/*
 * One exchange with a provider. Strings and JSON texts are UTF-8, NUL-terminated, the call's own, and gone when the callback
 * returns; NULL: unknown. JSON texts hold neither \u0000 nor halves of surrogates. In JSON a string, list or object of which
 * something was left out to stay within the bounds is shown as assemble/json.h does.
 */
struct ts_wire_call {
	const char *
		provider; /* "openai", "anthropic", "gcp.gemini", ...; a gateway's is what the settings say */
	const char *api;  /* "chat_completions", "messages", ... */
	const char *host; /* with its port, where the request names one */
	const char *path; /* without query */
	const char *method;
	const char *http; /* "1.0", "1.1", "2" */
	int status;       /* 0: there was no response */
	const char *request_id;
	const char *response_id;
	unsigned attempt; /* 0: the first one, as far as the client says */
	uint32_t ordinal; /* of the request, among those that began in pieces of one context */

	uint64_t started_ticks;     /* the request's first byte */
	uint64_t first_byte_ticks;  /* the response's; 0: none */
	uint64_t first_token_ticks; /* of a stream's first piece of content; 0: none */
	uint64_t last_ticks;        /* the latest byte of the exchange, or its end */
	uint64_t longest_gap_ticks; /* between two pieces of content */
	uint32_t pieces;            /* of content, in a stream */
	uint64_t sent_bytes;        /* bodies, as coded for the wire */
	uint64_t received_bytes;
	uint64_t unseen_bytes; /* of them, not recorded */

	bool streamed; /* the response came as a stream of events */
	bool undecoded; /* the response's coding is unknown, damaged, or a bomb: what it held is not known */
	const char *asked;  /* model */
	const char *served; /* model */
	const char *tier;   /* service tier that the response names */
	const char *
		messages; /* {"messages": [...], "system": ...}: what the request gives the model to read */
	const char *parameters; /* the request's other members */
	const char *answer;     /* see answer.h; NULL: none */
	const char *usage;      /* an object, as the API has it */
	uint32_t tool_calls;    /* that the model asked for */

	enum ts_wire_outcome outcome;
	const char *error_type; /* the API's own word: "rate_limit_exceeded", "overloaded_error" */
	const char *error;      /* a sentence */

	uint8_t context[TS_WIRE_CONTEXT_BYTES]; /* of the piece in which the request began */
};

/* A host that is no provider's but answers like one. */
struct ts_wire_gateway {
	const char *host;     /* with its port, unless it is the protocol's; in lower case */
	const char *path;     /* beginning of the paths that count; NULL: all */
	const char *provider; /* what its calls are filed under; NULL: "openai_compatible" */
};

struct ts_wire_settings {
	const struct ts_wire_gateway *gateways;
	size_t n_gateways;
	bool any_host; /* whatever host is called, if the path is one of a provider's */
	/* A request turned out to be one to a provider, by its head: `called` will tell of it. `context` is its. Or NULL. */
	void (*asked)(void *user, const void *context);
	void (*called)(void *user, const struct ts_wire_call *call);
	void *user;
	size_t request_bytes;    /* kept of a request; 0: 64 KB */
	size_t answer_bytes;     /* kept of an answer's text; 0: 64 KB */
	size_t connection_bytes; /* kept of a connection at any time; 0: 8 MB */
};

struct ts_wire;

/* `settings` is referred to as long as the connection lives. 0 or -ENOMEM. */
int ts_wire_new(struct ts_wire **ret, const struct ts_wire_settings *settings);

/*
 * The next `n` bytes of a direction, `gap` bytes behind those before, which nobody saw. `ticks` is when they passed, `context`
 * (TS_WIRE_CONTEXT_BYTES, or NULL) what the writer makes of it. A first piece behind a gap: the connection was there before.
 * False: no call will come of what follows, it need not be fed.
 */
bool ts_wire_feed(struct ts_wire *wire, enum ts_wire_direction direction, const void *bytes,
		  size_t n, uint64_t gap, uint64_t ticks, const void *context);

/* Of one that takes what is fed. */
enum ts_wire_progress ts_wire_progress(const struct ts_wire *wire);

/* The connection has ended: tells of the calls that were open, and frees it. NULL is fine. */
void ts_wire_close(struct ts_wire *wire, enum ts_wire_how how, uint64_t ticks);

#endif
