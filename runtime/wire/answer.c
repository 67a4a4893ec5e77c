// SPDX-License-Identifier: Apache-2.0
#include "answer.h"

#include <stdlib.h>
#include <string.h>

#include "node.h"
#include "scan.h"

#define MOST_PARTS    256
#define MOST_HALVINGS 6
#define MOST_CHOICES  128
#define NAME_BYTES    256

struct ts_part {
	struct ts_part *next;
	struct ts_part_key key;
	struct ts_buffer id, name; /* characters, escaped */
	struct ts_cut text;
	struct ts_buffer shortened; /* a text that came cut; it stands for the whole */
};

struct ts_choice {
	struct ts_choice *next;
	uint32_t number;
	struct ts_buffer finish;
};

void ts_answer_init(struct ts_answer *answer, struct ts_memory *memory, size_t bound)
{
	*answer = (struct ts_answer){.memory = memory, .bound = bound};
}

void ts_answer_release(struct ts_answer *answer)
{
	while (answer->parts) {
		struct ts_part *part = answer->parts;

		answer->parts = part->next;
		ts_buffer_release(&part->id);
		ts_buffer_release(&part->name);
		ts_buffer_release(&part->shortened);
		ts_cut_release(&part->text);
		free(part);
	}
	while (answer->choices) {
		struct ts_choice *choice = answer->choices;

		answer->choices = choice->next;
		ts_buffer_release(&choice->finish);
		free(choice);
	}
	ts_answer_init(answer, answer->memory, answer->bound);
}

/* --- finding --------------------------------------------------------------------------- */

/* In order of their numbers. NULL: too many, or no memory. */
static struct ts_choice *choice_of(struct ts_answer *answer, uint32_t number)
{
	struct ts_choice **at = &answer->choices, *choice;

	while (*at && (*at)->number < number)
		at = &(*at)->next;
	if (*at && (*at)->number == number)
		return *at;
	choice = answer->n_choices < MOST_CHOICES ? calloc(1, sizeof(*choice)) : NULL;
	if (!choice)
		return NULL;
	choice->number = number;
	choice->finish.memory = answer->memory;
	choice->next = *at;
	*at = choice;
	answer->n_choices++;
	return choice;
}

static bool is_part(const struct ts_part *part, const struct ts_part_key *key)
{
	return part->key.kind == key->kind && part->key.number == key->number &&
	       part->key.choice == key->choice;
}

/* The first four parts have all of the bound, the next four half of it, and so on: so together they have one, too. */
static size_t part_bound(const struct ts_answer *answer)
{
	uint32_t halvings = answer->n_parts / 4;

	return answer->bound >> (halvings < MOST_HALVINGS ? halvings : MOST_HALVINGS);
}

static struct ts_part *part_of(struct ts_answer *answer, const struct ts_part_key *key)
{
	struct ts_part **at = &answer->parts, *part;

	while (*at && !is_part(*at, key))
		at = &(*at)->next;
	if (*at)
		return *at;
	if (!choice_of(answer, key->choice) || answer->n_parts == MOST_PARTS)
		return NULL;
	part = calloc(1, sizeof(*part));
	if (!part)
		return NULL;
	part->key = *key;
	part->id.memory = part->name.memory = part->shortened.memory = answer->memory;
	ts_cut_init(&part->text, answer->memory, part_bound(answer));
	*at = part;
	answer->n_parts++;
	answer->tool_calls += key->kind == TS_PART_TOOL;
	return part;
}

/* --- adding ---------------------------------------------------------------------------- */

static void add_value(struct ts_part *part, struct ts_text node)
{
	struct ts_buffer escaped = {.memory = part->id.memory};

	ts_node_escape(&escaped, node);
	ts_cut_add(&part->text, (struct ts_text){escaped.data, escaped.bytes});
	ts_buffer_release(&escaped);
}

static bool was_cut(struct ts_text node)
{
	return ts_node_at(node, "truncated").data && ts_node_is_string(ts_node_at(node, "head"));
}

bool ts_answer_piece(struct ts_answer *answer, struct ts_part_key key, struct ts_text piece)
{
	struct ts_text characters = ts_node_characters(piece);
	bool cut = ts_node_is_object(piece) && was_cut(piece);
	bool value = key.kind == TS_PART_TOOL && piece.bytes && !ts_node_is_string(piece) && !cut;
	struct ts_part *part;

	if (!characters.bytes && !cut && !value)
		return false;
	part = part_of(answer, &key);
	if (!part)
		return true;
	if (cut)
		ts_buffer_add(&part->shortened, piece.data,
			      part->shortened.bytes ? 0 : piece.bytes);
	else if (value)
		add_value(part, piece);
	else
		ts_cut_add(&part->text, characters);
	return true;
}

/* The first that is told holds. */
static void set(struct ts_buffer *to, struct ts_text node)
{
	struct ts_text characters = ts_node_characters(node);

	if (!to->bytes && characters.bytes <= NAME_BYTES)
		ts_buffer_add(to, characters.data, characters.bytes);
}

void ts_answer_tool(struct ts_answer *answer, struct ts_part_key key, struct ts_text id,
		    struct ts_text name)
{
	struct ts_part *part = part_of(answer, &key);

	if (!part)
		return;
	set(&part->id, id);
	set(&part->name, name);
}

void ts_answer_finish(struct ts_answer *answer, uint32_t number, struct ts_text reason)
{
	struct ts_choice *choice =
		ts_node_characters(reason).bytes ? choice_of(answer, number) : NULL;

	if (!choice)
		return;
	ts_buffer_reset(&choice->finish);
	set(&choice->finish, reason);
}

bool ts_answer_finished(const struct ts_answer *answer)
{
	for (const struct ts_choice *choice = answer->choices; choice; choice = choice->next) {
		if (choice->finish.bytes)
			return true;
	}
	return false;
}

bool ts_answer_all_finished(const struct ts_answer *answer)
{
	for (const struct ts_choice *choice = answer->choices; choice; choice = choice->next) {
		if (!choice->finish.bytes)
			return false;
	}
	return answer->choices;
}

bool ts_answer_is_empty(const struct ts_answer *answer)
{
	return !answer->choices;
}

/* --- printing -------------------------------------------------------------------------- */

static void print_member(struct ts_buffer *to, const char *key, const struct ts_buffer *characters)
{
	if (!characters->bytes)
		return;
	ts_buffer_text(to, key);
	ts_buffer_text(to, "\"");
	ts_buffer_add(to, characters->data, characters->bytes);
	ts_buffer_text(to, "\"");
}

static void print_text(const struct ts_part *part, struct ts_buffer *to)
{
	if (part->shortened.bytes)
		ts_buffer_add(to, part->shortened.data, part->shortened.bytes);
	else
		ts_cut_print(&part->text, to);
}

/* The value that the text is, if it is one. */
static void print_arguments(const struct ts_part *part, struct ts_buffer *to)
{
	struct ts_buffer plain = {.memory = to->memory};
	struct ts_text value;

	if (!part->text.cut && !part->shortened.bytes)
		ts_node_unescape(&plain,
				 (struct ts_text){part->text.kept.data, part->text.kept.bytes});
	value = (struct ts_text){plain.data, plain.bytes};
	if (value.bytes && !plain.failed && ts_scan_text(value)) {
		value = ts_node_of(value);
		ts_buffer_add(to, value.data, value.bytes);
	} else {
		print_text(part, to);
	}
	ts_buffer_release(&plain);
}

static void print_part(const struct ts_part *part, struct ts_buffer *to)
{
	if (part->key.kind != TS_PART_TOOL) {
		ts_buffer_text(to, part->key.kind == TS_PART_TEXT
					   ? "{\"type\":\"text\",\"content\":"
					   : "{\"type\":\"reasoning\",\"content\":");
		print_text(part, to);
		ts_buffer_text(to, "}");
		return;
	}
	ts_buffer_text(to, "{\"type\":\"tool_call\"");
	print_member(to, ",\"id\":", &part->id);
	print_member(to, ",\"name\":", &part->name);
	if (part->text.kept.bytes || part->text.cut || part->shortened.bytes) {
		ts_buffer_text(to, ",\"arguments\":");
		print_arguments(part, to);
	}
	ts_buffer_text(to, "}");
}

void ts_answer_print(const struct ts_answer *answer, struct ts_buffer *to)
{
	ts_buffer_text(to, "[");
	for (const struct ts_choice *choice = answer->choices; choice; choice = choice->next) {
		const char *comma = "";

		ts_buffer_text(to, choice == answer->choices ? "" : ",");
		ts_buffer_text(to, "{\"role\":\"assistant\",\"parts\":[");
		for (const struct ts_part *part = answer->parts; part; part = part->next) {
			if (part->key.choice != choice->number)
				continue;
			ts_buffer_text(to, comma);
			print_part(part, to);
			comma = ",";
		}
		ts_buffer_text(to, "]");
		print_member(to, ",\"finish_reason\":", &choice->finish);
		ts_buffer_text(to, "}");
	}
	ts_buffer_text(to, "]");
}
