/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_CONNECTIONS_FIXTURE_H
#define TS_CONNECTIONS_FIXTURE_H

/* What a program says to LLM APIs and hears from them, as messages in rings. Include after assemble_fixture.h. */

#include <cjson/cJSON.h>

#define MOST_SAID   ((size_t)32768) /* bytes of one message */
#define CONNECTIONS 64

/* --- what is said ------------------------------------------------------------------------ */

#define PLAIN_REQUEST                                                    \
	"POST /v1/chat/completions HTTP/1.1\r\nhost: api.openai.com\r\n" \
	"content-length: 80\r\n\r\n{\"model\":\"gpt-4o\",\"messages\":[" \
	"{\"role\":\"user\",\"content\":\"Hi\"}],\"temperature\":0.5}"
#define PLAIN_ANSWER                                                                   \
	"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req-1\r\n" \
	"content-length: 183\r\n\r\n{\"id\":\"chatcmpl-1\",\"model\":"                 \
	"\"gpt-4o-2024-08-06\",\"usage\":{\"prompt_tokens\":9,"                        \
	"\"completion_tokens\":3},\"choices\":[{\"message\":{\"role\":"                \
	"\"assistant\",\"content\":\"Hello\"},\"finish_reason\":\"stop\"}]}"

#define STREAM_REQUEST                                                                 \
	"POST /v1/messages HTTP/1.1\r\nhost: api.anthropic.com\r\n"                    \
	"transfer-encoding: chunked\r\n\r\n1c\r\n{\"model\":\"claude-sonnet-4-5\"\r\n" \
	"3a\r\n,\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"?\"}]}" \
	"\r\n0\r\n\r\n"

#define EVENT(name, data) "event: " name "\ndata: {\"type\":\"" name "\"," data "}\n\n"

/* Each of one chunk or two, so that it may be said at a time of its own. */
static const char *const stream_answer[] = {
	"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
	EVENT("message_start",
	      "\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":"
	      "\"claude-sonnet-4-5\",\"content\":[],\"usage\":{\"input_tokens\":10,"
	      "\"output_tokens\":1}}"),
	EVENT("content_block_start",
	      "\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":"
	      "\"weather\",\"input\":{}}")
		EVENT("content_block_delta", "\"index\":0,\"delta\":{\"type\":"
					     "\"input_json_delta\",\"partial_json\":"
					     "\"{\\\"city\\\":\"}"),
	EVENT("content_block_delta", "\"index\":0,\"delta\":{\"type\":\"input_json_delta\","
				     "\"partial_json\":\"\\\"Oslo\\\"}\"}"),
	EVENT("message_delta", "\"delta\":{\"stop_reason\":\"tool_use\"},\"usage\":{"
			       "\"output_tokens\":20}") EVENT("message_stop", "\"x\":1"),
};

#define STREAM_PARTS (sizeof(stream_answer) / sizeof(stream_answer[0]))

/* --- who says it ------------------------------------------------------------------------- */

/* How far a connection has come. */
struct said {
	uint32_t sequence;
	uint64_t offset[2];
	uint64_t ticks; /* of its latest message; each takes a millisecond */
};

static struct said said[CONNECTIONS];
static uint16_t sender; /* flags of what is sent */
static struct settings more;

/* From now on; whoever reads begins anew. */
SPOOL_BUILDER void settings_are(struct fixture *f, uint32_t flags, uint32_t capture_bytes)
{
	more.flags = flags;
	more.capture_bytes = capture_bytes;
	spool_settings_with(&f->spool, "sqlite:x", "acme", "password", &more);
	reopen(f);
}

SPOOL_BUILDER int set_up_wire(void **state)
{
	set_up(state);
	memset(said, 0, sizeof(said));
	more = (struct settings){.state = "", .gateways = ""};
	sender = TS_MESSAGE_INSIDE | TS_MESSAGE_PARENT;
	settings_are(*state, TS_SETTINGS_WIRE, 51200);
	return 0;
}

SPOOL_BUILDER void make_message(struct record *record, uint16_t flags, uint64_t connection,
				const char *text, size_t bytes)
{
	struct said *of = &said[connection];
	bool received = flags & TS_MESSAGE_RECEIVED;

	record_message(record, flags | (received ? 0 : sender), connection, of->sequence++,
		       of->offset[received], of->ticks += 1000000);
	record_id(record->message.trace_id, 7);
	record_id(record->message.parent_id, 8);
	record->message.tenant_bytes = received ? 0 : 4;
	record_append(record, "blue", record->message.tenant_bytes);
	record->message.text_bytes = (uint32_t)bytes;
	record_append(record, text, bytes);
	of->offset[received] += bytes;
}

/* In as many messages as it takes. */
SPOOL_BUILDER void say(struct fixture *f, uint32_t ring, uint16_t flags, uint64_t connection,
		       const char *text, size_t bytes)
{
	while (bytes) {
		size_t n = bytes < MOST_SAID ? bytes : MOST_SAID;

		make_message(&f->record, flags, connection, text, n);
		if (!spool_put(&f->spool, ring, &f->record)) {
			pass_and_commit(f, 0, 0);
			put(f, ring);
		}
		text += n;
		bytes -= n;
	}
}

SPOOL_BUILDER void ask(struct fixture *f, uint32_t ring, uint64_t connection, const char *text)
{
	say(f, ring, 0, connection, text, strlen(text));
}

SPOOL_BUILDER void answer(struct fixture *f, uint32_t ring, uint64_t connection, const char *text)
{
	say(f, ring, TS_MESSAGE_RECEIVED, connection, text, strlen(text));
}

SPOOL_BUILDER void ask_body(struct fixture *f, uint32_t ring, uint64_t connection, const char *body)
{
	char head[256];

	snprintf(head, sizeof(head),
		 "POST /v1/chat/completions HTTP/1.1\r\nhost: api.openai.com\r\n"
		 "content-length: %zu\r\n\r\n",
		 strlen(body));
	ask(f, ring, connection, head);
	ask(f, ring, connection, body);
}

SPOOL_BUILDER void answer_body(struct fixture *f, uint32_t ring, uint64_t connection,
			       const char *status, const char *body)
{
	char head[256];

	snprintf(head, sizeof(head),
		 "HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %zu\r\n\r\n",
		 status, strlen(body));
	answer(f, ring, connection, head);
	answer(f, ring, connection, body);
}

/* One chunk of a body. */
SPOOL_BUILDER void answer_chunk(struct fixture *f, uint32_t ring, uint64_t connection,
				const char *text)
{
	char chunk[4096];

	snprintf(chunk, sizeof(chunk), "%zx\r\n%s\r\n", strlen(text), text);
	answer(f, ring, connection, chunk);
}

SPOOL_BUILDER void hang_up(struct fixture *f, uint32_t ring, uint64_t connection,
			   enum ts_ending ending)
{
	make_message(&f->record, TS_MESSAGE_LAST | TS_MESSAGE_RECEIVED, connection, "", 0);
	f->record.message.ending = (uint8_t)ending;
	put(f, ring);
}

/* --- what is read ------------------------------------------------------------------------ */

SPOOL_BUILDER void has(const char *text, const char *part)
{
	if (!text || !strstr(text, part))
		fail_msg("%s\nis not in\n%s", part, text ? text : "NULL");
}

SPOOL_BUILDER void is_json(const char *text)
{
	cJSON *json = text ? cJSON_Parse(text) : NULL;

	if (text && !json)
		fail_msg("no JSON: %s", text);
	cJSON_Delete(json);
}

#define TEST_WIRE(name) cmocka_unit_test_setup_teardown(name, set_up_wire, tear_down)

#endif
