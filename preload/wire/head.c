// SPDX-License-Identifier: Apache-2.0
#include "head.h"

#include "field.h"
#include "host.h"
#include "target.h"

#define MOST_DIGITS 18 /* of a length: it fits */

/* Takes the first line off `rest`, without its end. */
static struct ts_slice take_line(struct ts_slice *rest)
{
	const char *end = memchr(rest->text, '\r', rest->bytes);
	struct ts_slice line = ts_slice_until(*rest, end ? (size_t)(end - rest->text) : 0);

	*rest = ts_slice_from(*rest, line.bytes + 2);
	return line;
}

/* Takes off what stands before the first space. */
static struct ts_slice take_word(struct ts_slice *rest)
{
	const char *end = rest->bytes ? memchr(rest->text, ' ', rest->bytes) : NULL;
	struct ts_slice word =
		ts_slice_until(*rest, end ? (size_t)(end - rest->text) : rest->bytes);

	*rest = ts_slice_from(*rest, word.bytes + (end ? 1 : 0));
	return word;
}

static bool read_request_line(struct ts_slice line, struct ts_heads_head *head)
{
	struct ts_slice target, host;

	head->method = take_word(&line);
	target = take_word(&line);
	head->version = line;
	/* behind a CONNECT nothing can be told */
	return !ts_slice_is(head->method, "CONNECT") &&
	       (ts_slice_is(line, "HTTP/1.1") || ts_slice_is(line, "HTTP/1.0")) &&
	       ts_heads_target_split(target, &host, &head->path) &&
	       ts_heads_host_read(host, &head->host);
}

static bool is_token(char c)
{
	return ts_is_word(c) || (c && strchr("!#%&'*+-.^`|~", c));
}

/* Without the spaces around it. Tabs stay: behind a length or a coding, servers differ in whether they are white space. */
static struct ts_slice without_spaces(struct ts_slice value)
{
	while (value.bytes && *value.text == ' ')
		value = ts_slice_from(value, 1);
	while (value.bytes && value.text[value.bytes - 1] == ' ')
		value.bytes--;
	return value;
}

/* "name: value"; nothing stands between name and colon, nor at the beginning of a line. */
static bool split(struct ts_slice line, struct ts_slice *ret_name, struct ts_slice *ret_value)
{
	size_t n = 0;

	while (n < line.bytes && is_token(line.text[n]))
		n++;
	if (!n || n == line.bytes || line.text[n] != ':')
		return false;
	*ret_name = ts_slice_until(line, n);
	*ret_value = without_spaces(ts_slice_from(line, n + 1));
	return true;
}

static bool read_length(struct ts_slice value, uint64_t *ret)
{
	uint64_t length = 0;

	for (size_t i = 0; i < value.bytes; i++) {
		if (!ts_is_digit(value.text[i]))
			return false;
		length = 10 * length + (uint64_t)(value.text[i] - '0');
	}
	*ret = length;
	return value.bytes && value.bytes <= MOST_DIGITS;
}

/* Which of the headers that a request has once at most were there. */
struct seen {
	bool host, length, coding;
};

static bool read_field(struct ts_heads_head *head, struct seen *seen, struct ts_slice name,
		       struct ts_slice value)
{
	bool *once = ts_heads_field_is(name, "host")                ? &seen->host
		     : ts_heads_field_is(name, "content-length")    ? &seen->length
		     : ts_heads_field_is(name, "transfer-encoding") ? &seen->coding
								    : NULL;
	struct ts_slice host;

	if (!once)
		return true;
	if (*once)
		return false;
	*once = true;
	if (once == &seen->length)
		return read_length(value, &head->length);
	if (once == &seen->coding)
		return head->chunked = ts_heads_field_is(value, "chunked");
	if (!ts_heads_host_read(value, &host))
		return false;
	if (!head->host.bytes)
		head->host = host; /* that of a whole URL counts more */
	return true;
}

static bool read_fields(struct ts_heads_head *head)
{
	struct ts_slice rest = head->fields;
	struct seen seen = {0};

	for (;;) {
		struct ts_slice line = take_line(&rest), name, value;

		if (!line.bytes)
			break;
		if (!split(line, &name, &value) || !read_field(head, &seen, name, value))
			return false;
	}
	return !rest.bytes && !(seen.length && seen.coding) &&
	       !(seen.coding && !ts_slice_is(head->version, "HTTP/1.1"));
}

static bool frames(struct ts_slice name)
{
	return ts_heads_field_is(name, "content-length") ||
	       ts_heads_field_is(name, "transfer-encoding");
}

bool ts_heads_trailer_is_sound(struct ts_slice lines)
{
	struct ts_slice line = take_line(&lines), name, value;

	while (line.bytes && split(line, &name, &value) && !frames(name))
		line = take_line(&lines);
	return !line.bytes && !lines.bytes;
}

bool ts_heads_head_read(struct ts_slice head, struct ts_heads_head *ret)
{
	struct ts_slice line = take_line(&head);

	*ret = (struct ts_heads_head){.fields = head};
	return read_request_line(line, ret) && read_fields(ret);
}

static bool add_field(struct ts_heads_out *out, const char *name, struct ts_slice value)
{
	return ts_heads_out_text(out, name) && ts_heads_out_text(out, ": ") &&
	       ts_heads_out_slice(out, value) && ts_heads_out_text(out, "\r\n");
}

bool ts_heads_head_add(const struct ts_heads_head *head, struct ts_heads_out *out)
{
	struct ts_slice rest = head->fields, line, name, value;
	bool ok = ts_heads_out_slice(out, head->method) && ts_heads_out_text(out, " ") &&
		  ts_heads_target_add(out, head->path) && ts_heads_out_text(out, " ") &&
		  ts_heads_out_slice(out, head->version) && ts_heads_out_text(out, "\r\n");

	if (head->host.bytes)
		ok = ok && add_field(out, "host", head->host);
	for (line = take_line(&rest); ok && line.bytes; line = take_line(&rest)) {
		const char *recorded =
			split(line, &name, &value) ? ts_heads_field(name, value) : NULL;

		ok = !recorded || add_field(out, recorded, value);
	}
	return ok && ts_heads_out_text(out, "\r\n");
}
