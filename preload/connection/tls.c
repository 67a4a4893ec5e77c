// SPDX-License-Identifier: Apache-2.0
/* TLS libraries, known by their functions' names or by what their makers leave in them. */

#include "tls.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "../elf/walk.h"
#include "../hook/hook.h"
#include "../life/module.h"
#include "../reach/reach.h"
#include "../system/arena.h"

#define MOST 64

static struct ts_arena arena;
static struct ts_tls *found; /* MOST of them */
static size_t n_found;

/* --- what is in an object ---------------------------------------------------------------------- */

static bool exports(const struct ts_object *object, const char *function)
{
	return ts_object_definition(object, function, NULL);
}

bool ts_tls_is_library(const struct ts_object *object)
{
	return exports(object, "SSL_get_error");
}

/* Those that took OpenSSL's functions over have some of their own. */
static const char *kind_of_openssl(const struct ts_object *object)
{
	if (exports(object, "SSL_CTX_set_grease_enabled"))
		return "BoringSSL";
	return exports(object, "SSL_CTX_load_verify_mem") ? "LibreSSL" : "OpenSSL";
}

/* Of other libraries, by what an object exports; NULL: none. */
static const char *other_library(const struct ts_object *object)
{
	static const struct {
		const char *function, *library;
	} marks[] = {
		{"gnutls_record_send", "GnuTLS"},
		{"SSL_ImportFD", "NSS"},
		{"mbedtls_ssl_write", "Mbed TLS"},
		{"wolfSSL_write", "wolfSSL"},
		{"s2n_send", "s2n-tls"},
		{"rustls_connection_write_tls", "rustls"}, /* its functions for C */
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (exports(object, marks[i].function))
			return marks[i].library;
	return NULL;
}

/* A note's name and contents are each padded to four bytes. */
static bool has_note_of_go(const char *notes, size_t bytes)
{
	size_t at = 0;

	while (bytes - at >= sizeof(Elf64_Nhdr) + 4) {
		const Elf64_Nhdr *note = (const void *)(notes + at);
		uint64_t length = sizeof(*note) + ((note->n_namesz + 3UL) & ~3UL) +
				  ((note->n_descsz + 3UL) & ~3UL);

		if (note->n_namesz == 4 && memcmp(note + 1, "Go\0", 4) == 0)
			return true;
		if (length > bytes - at)
			return false;
		at += length;
	}
	return false;
}

/* Go's linker leaves a note with its name, also in what is stripped. */
static bool is_go(const struct ts_object *object)
{
	for (size_t i = 0; i < object->n_segments; i++) {
		const ElfW(Phdr) *segment = &object->segments[i];
		uintptr_t notes = object->base + segment->p_vaddr;

		if (segment->p_type == PT_NOTE && ts_object_holds(object, notes) &&
		    object->high - notes >= segment->p_memsz &&
		    has_note_of_go((const char *)notes, segment->p_memsz))
			return true;
	}
	return false;
}

/* --- what is in an object and has no name ------------------------------------------------------ */

enum { RUSTLS = 1, OPENSSL = 2, BORINGSSL = 4, GO = 8 };

/* Names of source files and functions, as messages and tables of functions hold them; each has a '/'. */
static const struct {
	const char *text;
	size_t slash;
	unsigned what;
} traces[] = {
	{"/rustls-", 0, RUSTLS},
	{"ssl/ssl_lib.cc", 3, BORINGSSL},
	{"ssl/ssl_lib.c", 3, OPENSSL},
	{"crypto/tls", 6, GO},
};

/* What stands around the '/' at `at`. */
static unsigned trace_at(const char *at, const char *start, const char *end)
{
	for (size_t i = 0; i < sizeof(traces) / sizeof(traces[0]); i++) {
		size_t bytes = strlen(traces[i].text), before = traces[i].slash;

		if ((size_t)(at - start) < before || (size_t)(end - at) <= bytes - before ||
		    memcmp(at - before, traces[i].text, bytes) != 0)
			continue;
		/* /rustls-0.23.5/, but not /rustls-pki-types/ */
		if (traces[i].what == RUSTLS && (at[bytes] < '0' || at[bytes] > '9'))
			continue;
		return traces[i].what;
	}
	return 0;
}

/* Reads every page of the object that holds constants or code: megabytes. */
static unsigned traces_in(const struct ts_object *object)
{
	unsigned all = 0;

	for (size_t i = 0; i < object->n_segments; i++) {
		const ElfW(Phdr) *segment = &object->segments[i];
		const char *start = (const char *)object->base + segment->p_vaddr;
		const char *end = start + segment->p_filesz, *at = start;

		if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_R) ||
		    segment->p_flags & PF_W)
			continue;
		while (at < end && (at = memchr(at, '/', (size_t)(end - at))))
			all |= trace_at(at++, start, end);
	}
	return all;
}

/* --- whether it is seen ------------------------------------------------------------------------ */

static bool is_hooked(const char *path)
{
	for (size_t i = 0; i < ts_definition_count(); i++) {
		const struct ts_definition *definition = ts_definition_at(i);

		if (definition->rule->wire &&
		    (definition->how != TS_BY_ENTRY || definition->reached) &&
		    strcmp(definition->function, "SSL_write") == 0 &&
		    strcmp(definition->object, path) == 0)
			return true;
	}
	return false;
}

static const struct ts_reach_refusal *refusal_of(const char *path)
{
	const struct ts_reach_refusal *refusal = ts_reach_refusals();

	while (refusal && (!refusal->rule->wire || strcmp(refusal->function, "SSL_write") != 0 ||
			   strcmp(refusal->object, path) != 0))
		refusal = refusal->next;
	return refusal;
}

/* Why calls of the object's SSL_write are not read; "": they are, or will be once something calls it. */
static void explain(const char *path, char *ret, size_t bytes)
{
	const struct ts_rule *rule = ts_names_find(ts_hook_names(), "SSL_write", path);
	const struct ts_reach_refusal *refusal = refusal_of(path);

	*ret = '\0';
	if (is_hooked(path))
		return;
	if (refusal)
		snprintf(ret, bytes, "its SSL_write cannot be patched: %s", refusal->why);
	else if (rule)
		snprintf(ret, bytes, "the entry of its SSL_write belongs to the rule %s",
			 rule->key);
}

/* --- the list ---------------------------------------------------------------------------------- */

static bool is_known(const char *path, const char *library)
{
	for (size_t i = 0; i < n_found; i++)
		if (strcmp(found[i].object, path) == 0 && strcmp(found[i].library, library) == 0)
			return true;
	return false;
}

static void add(const char *path, const char *library, const char *reason)
{
	struct ts_tls *tls;

	if (!found)
		found = ts_arena_alloc(&arena, MOST * sizeof(*found));
	if (!found || n_found == MOST || is_known(path, library))
		return;
	tls = &found[n_found];
	*tls = (struct ts_tls){.object = ts_arena_strndup(&arena, path, strlen(path)),
			       .library = library,
			       .reason = ts_arena_strndup(&arena, reason, strlen(reason))};
	/* release: who reads the count finds the entry whole */
	if (tls->object && tls->reason)
		__atomic_store_n(&n_found, n_found + 1, __ATOMIC_RELEASE);
}

static void look_through(const struct ts_object *object, const char *path, bool named)
{
	unsigned all = traces_in(object);

	if (!named && all & (OPENSSL | BORINGSSL))
		add(path, all & BORINGSSL ? "BoringSSL" : "OpenSSL",
		    "it lies inside without symbols, so its SSL_write cannot be found");
	if (all & RUSTLS)
		add(path, "rustls", "it lies inside, and what it calls has no known names");
	if (all & GO && is_go(object))
		add(path, "Go's crypto/tls", "it lies inside, and its calls are Go's own");
}

static bool is_ours(const struct ts_walk *walk, const struct ts_object *object)
{
	enum ts_brought brought = ts_module_brought(object->low);

	return ts_walk_is_ours(object) || brought == TS_BROUGHT ||
	       (brought == TS_BEING_BROUGHT && ts_walk_serves_module(walk, object));
}

void ts_tls_note(const struct ts_walk *walk, const struct ts_object *object, bool thorough)
{
	const char *path = ts_walk_path(object), *other;
	char reason[256];
	bool named;

	if (is_ours(walk, object))
		return;
	other = other_library(object);
	named = (exports(object, "SSL_write") && ts_tls_is_library(object)) || is_hooked(path) ||
		refusal_of(path);
	if (named) {
		explain(path, reason, sizeof(reason));
		add(path, kind_of_openssl(object), reason);
	}
	if (other)
		add(path, other, "[wire] reads what passes through OpenSSL and its like alone");
	if (thorough)
		look_through(object, path, named);
	else if (is_go(object))
		add(path, "Go's crypto/tls", "it lies inside, and its calls are Go's own");
}

size_t ts_tls_count(void)
{
	return __atomic_load_n(&n_found, __ATOMIC_ACQUIRE);
}

const struct ts_tls *ts_tls_get(size_t index)
{
	return &found[index];
}
