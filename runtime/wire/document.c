// SPDX-License-Identifier: Apache-2.0
#include "document.h"

#include <string.h>

#include "node.h"
#include "scan.h"
#include "shorten.h"

void ts_document_init(struct ts_document *document, struct ts_memory *memory, size_t bound,
		      size_t string)
{
	*document =
		(struct ts_document){.text = {.memory = memory}, .bound = bound, .string = string};
}

/* What came so far was short enough; with this it is not. */
static void begin_to_shorten(struct ts_document *document)
{
	struct ts_buffer came = document->text;

	document->text = (struct ts_buffer){.memory = came.memory};
	document->shorten = ts_shorten_new(&document->text, document->bound, document->string);
	document->broken =
		!document->shorten || !ts_shorten_add(document->shorten, came.data, came.bytes);
	ts_buffer_release(&came);
}

void ts_document_add(struct ts_document *document, const char *data, size_t bytes)
{
	document->full_bytes += bytes;
	if (document->broken)
		return;
	if (!document->shorten) {
		if (document->bound - document->text.bytes >= bytes) {
			ts_buffer_add(&document->text, data, bytes);
			document->broken = document->text.failed;
			return;
		}
		begin_to_shorten(document);
	}
	if (!document->broken && !ts_shorten_add(document->shorten, data, bytes))
		document->broken = true;
}

void ts_document_miss(struct ts_document *document)
{
	document->broken = true;
}

struct ts_text ts_document_end(struct ts_document *document)
{
	struct ts_text text = {0};
	bool sound;

	if (document->broken)
		return text;
	if (document->shorten) {
		sound = ts_shorten_end(document->shorten);
		text = (struct ts_text){document->text.data, document->text.bytes};
	} else {
		text = ts_node_of((struct ts_text){document->text.data, document->text.bytes});
		sound = ts_scan_text(text);
	}
	return sound ? text : (struct ts_text){0};
}

void ts_document_reset(struct ts_document *document)
{
	ts_buffer_reset(&document->text);
	ts_shorten_free(document->shorten);
	document->shorten = NULL;
	document->full_bytes = 0;
	document->broken = false;
}

void ts_document_release(struct ts_document *document)
{
	ts_document_reset(document);
	ts_buffer_release(&document->text);
}
