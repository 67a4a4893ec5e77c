// SPDX-License-Identifier: Apache-2.0
#include "request.h"

#include <string.h>

#include "node.h"
#include "provider.h"

void ts_request_init(struct ts_request *request, struct ts_memory *memory, size_t bound,
		     const char *encoding)
{
	*request = (struct ts_request){.missed = false};
	ts_document_init(&request->document, memory, bound, bound / 16);
	ts_cut_init(&request->rest, memory, bound / 4);
	ts_decoder_begin(&request->decoder, encoding);
}

static void add_rest(struct ts_request *request, const char *data, size_t bytes)
{
	struct ts_buffer escaped = {.memory = request->document.text.memory};

	ts_node_escape(&escaped, (struct ts_text){data, bytes});
	ts_cut_add(&request->rest, (struct ts_text){escaped.data, escaped.bytes});
	ts_buffer_release(&escaped);
}

static void add_decoded(void *user, const char *data, size_t bytes)
{
	struct ts_request *request = user;

	if (request->missed)
		add_rest(request, data, bytes);
	ts_document_add(&request->document, data, bytes);
}

void ts_request_add(struct ts_request *request, const char *data, size_t bytes)
{
	ts_decoder_add(&request->decoder, data, bytes, add_decoded, request);
}

void ts_request_miss(struct ts_request *request, uint64_t bytes)
{
	ts_decoder_miss(&request->decoder);
	ts_document_miss(&request->document);
	request->document.full_bytes += bytes;
	request->missed = true;
	ts_cut_reset(&request->rest);
}

static bool is_input(const struct ts_wire_api *api, struct ts_text key)
{
	for (const char *const *input = api->input; *input; input++) {
		if (strlen(*input) == key.bytes && !memcmp(*input, key.data, key.bytes))
			return true;
	}
	return false;
}

static void add_member(struct ts_buffer *to, struct ts_text key, struct ts_text value)
{
	ts_buffer_text(to, to->bytes ? ",\"" : "{\"");
	ts_buffer_add(to, key.data, key.bytes);
	ts_buffer_text(to, "\":");
	ts_buffer_add(to, value.data, value.bytes);
}

/* A body that is no JSON or came to no end, all of it: as text. */
static void add_text(struct ts_request *request, struct ts_buffer *messages)
{
	const struct ts_buffer *text = &request->document.text;
	struct ts_buffer escaped = {.memory = text->memory};
	struct ts_cut cut;

	ts_cut_init(&cut, text->memory, request->document.bound);
	ts_node_escape(&escaped, (struct ts_text){text->data, text->bytes});
	ts_cut_add(&cut, (struct ts_text){escaped.data, escaped.bytes});
	ts_cut_print(&cut, messages);
	ts_buffer_release(&escaped);
	ts_cut_release(&cut);
}

/* What there is of one with a hole, or of a long one that is no JSON. */
static void add_ends(struct ts_request *request, struct ts_buffer *messages)
{
	const struct ts_buffer *head = &request->document.text;
	struct ts_text begin = {head->data, request->document.shorten ? 0 : head->bytes};

	if (begin.bytes > request->document.bound / 4 * 3)
		begin.bytes = request->document.bound / 4 * 3;
	ts_text_trim_end(&begin);
	ts_buffer_text(messages, "{\"head\":\"");
	ts_node_escape(messages, begin);
	ts_buffer_text(messages, "\",\"tail\":");
	ts_cut_print_tail(&request->rest, messages);
	ts_buffer_text(messages, ",\"truncated\":");
	ts_node_add_number(messages, request->document.full_bytes);
	ts_buffer_text(messages, "}");
}

static void add_torn(struct ts_request *request, struct ts_buffer *messages)
{
	const struct ts_document *document = &request->document;

	if (!document->full_bytes)
		return;
	ts_buffer_text(messages, "{\"body\":");
	if (!document->shorten && document->text.bytes == document->full_bytes)
		add_text(request, messages);
	else
		add_ends(request, messages);
	ts_buffer_text(messages, "}");
}

void ts_request_end(struct ts_request *request, const struct ts_wire_api *api,
		    struct ts_text *ret_model, struct ts_buffer *messages,
		    struct ts_buffer *parameters)
{
	struct ts_text body = ts_document_end(&request->document), inside = ts_node_inside(body),
		       key, value;

	*ret_model = ts_node_characters(ts_node_at(body, "model"));
	if (!body.data)
		add_torn(request, messages);
	if (!ts_node_is_object(body))
		return;
	while (ts_node_next(&inside, &key, &value))
		add_member(is_input(api, key) ? messages : parameters, key, value);
	if (messages->bytes)
		ts_buffer_text(messages, "}");
	if (parameters->bytes)
		ts_buffer_text(parameters, "}");
}

void ts_request_release(struct ts_request *request)
{
	ts_decoder_end(&request->decoder);
	ts_document_release(&request->document);
	ts_cut_release(&request->rest);
}
