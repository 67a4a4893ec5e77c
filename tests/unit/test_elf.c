// SPDX-License-Identifier: Apache-2.0
/* Loaded objects and their scopes, over the objects of this very program. */
#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "preload/elf/elf.h"
#include "preload/system/maps.h"
#include "preload/elf/scope.h"

#define MAX_OBJECTS 64
#define PAGE        4096

static struct ts_object objects[MAX_OBJECTS];
static size_t n_objects;

static int collect(struct dl_phdr_info *info, size_t bytes, void *unused)
{
	(void)bytes, (void)unused;
	if (n_objects < MAX_OBJECTS && ts_object_read(info, &objects[n_objects]) == 0)
		n_objects++;
	return 0;
}

static int read_objects(void **state)
{
	(void)state;
	/* linked or not: the tests want two libraries that define the same names */
	assert_non_null(dlopen("libm.so.6", RTLD_NOW | RTLD_LOCAL));
	dl_iterate_phdr(collect, NULL);
	return 0;
}

static const struct ts_object *object_of(const char *soname)
{
	for (size_t i = 0; i < n_objects; i++)
		if (objects[i].soname && strcmp(objects[i].soname, soname) == 0)
			return &objects[i];
	fail_msg("%s is not loaded", soname);
	return NULL;
}

static const struct ts_object *program(void)
{
	return &objects[0];
}

static void *handle_of(const char *soname)
{
	void *handle = dlopen(soname, RTLD_NOW | RTLD_NOLOAD);

	assert_non_null(handle);
	return handle;
}

static int protection_at(uintptr_t address)
{
	struct ts_maps maps = {0};
	const struct ts_mapping *mapping;
	int protection;

	assert_int_equal(ts_maps_read(&maps), 0);
	mapping = ts_maps_find(&maps, address);
	assert_non_null(mapping);
	protection = mapping->protection & (PROT_READ | PROT_WRITE | PROT_EXEC);
	ts_maps_release(&maps);
	return protection;
}

/* --- what is read ----------------------------------------------------------------------------- */

static void test_the_program_comes_first(void **state)
{
	(void)state;
	assert_string_equal(program()->path, "");
	assert_null(program()->soname);
	assert_true(ts_object_holds(program(), (uintptr_t)&n_objects));
	assert_true(ts_object_holds(program(), (uintptr_t)test_the_program_comes_first));
	assert_false(ts_object_holds(program(), (uintptr_t)&state));
	assert_false(ts_object_holds(program(), program()->high));
	assert_true(ts_object_holds(program(), program()->low));
	assert_false(ts_object_holds(program(), program()->low - 1));
}

static void test_an_object_is_where_the_linker_put_it(void **state)
{
	const struct ts_object *libc = object_of("libc.so.6");
	Dl_info info;

	(void)state;
	assert_true(dladdr((void *)libc->low, &info));
	assert_ptr_equal(info.dli_fbase, libc->low);
	assert_string_equal(info.dli_fname, libc->path);
	assert_int_equal(libc->base, libc->low);
	assert_int_equal(protection_at(libc->relro_low), PROT_READ);
	assert_int_equal(protection_at(libc->relro_high - 1), PROT_READ);
	assert_int_equal(protection_at(libc->relro_high), PROT_READ | PROT_WRITE);
}

static int count_unread(struct dl_phdr_info *info, size_t bytes, void *context)
{
	struct ts_object object;

	(void)bytes;
	*(size_t *)context += ts_object_read(info, &object) < 0;
	return 0;
}

/* Only what has no dynamic section is passed over; no object of this program is so. */
static void test_every_object_is_read(void **state)
{
	struct dl_phdr_info nothing = {.dlpi_name = "nothing"};
	struct ts_object object;
	size_t unread = 0;

	(void)state;
	dl_iterate_phdr(count_unread, &unread);
	assert_int_equal(unread, 0);
	assert_int_equal(ts_object_read(&nothing, &object), -ENOEXEC);
}

/* --- definitions ------------------------------------------------------------------------------ */

static void assert_defines(const char *soname, const char *name, const char *version)
{
	void *handle = handle_of(soname);
	void *expected = version ? dlvsym(handle, name, version) : dlsym(handle, name);
	const struct ts_object *object = object_of(soname);
	const ElfW(Sym) *symbol = ts_object_definition(object, name, version);

	if (!symbol)
		fail_msg("%s@%s is not found in %s", name, version ? version : "", soname);
	assert_true(ts_symbol_is_function(symbol));
	assert_ptr_equal(ts_scope_address(object, symbol), expected);
}

static void test_default_definitions(void **state)
{
	static const char *const names[] = {
		"printf",       "getauxval", "fopen",     "realpath",        "pthread_create",
		"posix_spawn",  "glob",      "nftw",      "regexec",         "sched_getaffinity",
		"timer_create", "qsort",     "inet_ntop", "dl_iterate_phdr", "_exit",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_defines("libc.so.6", names[i], NULL);
	assert_defines("libm.so.6", "copysign", NULL);
	assert_defines("libcmocka.so.0", "_cmocka_run_group_tests", NULL);
}

/* Two versions of one name are two functions; the object has both, one is the default. */
static void test_definitions_of_a_version(void **state)
{
	const struct ts_object *libc = object_of("libc.so.6");
	const ElfW(Sym) * older, *newer;

	(void)state;
	assert_defines("libc.so.6", "realpath", "GLIBC_2.2.5");
	assert_defines("libc.so.6", "realpath", "GLIBC_2.3");
	assert_defines("libc.so.6", "getauxval", "GLIBC_2.16");
	older = ts_object_definition(libc, "realpath", "GLIBC_2.2.5");
	newer = ts_object_definition(libc, "realpath", "GLIBC_2.3");
	assert_ptr_not_equal(older, newer);
	assert_ptr_equal(ts_object_definition(libc, "realpath", NULL), newer);
	assert_null(ts_object_definition(libc, "realpath", "GLIBC_2.16"));
	assert_null(ts_object_definition(libc, "getauxval", "NOT_A_VERSION"));
}

/* A version means nothing to an object that has none. */
static void test_an_object_without_versions(void **state)
{
	const struct ts_object *cmocka = object_of("libcmocka.so.0");

	(void)state;
	assert_null(cmocka->defined);
	assert_non_null(ts_object_definition(cmocka, "_cmocka_run_group_tests", "ANY"));
}

static void test_what_is_not_defined(void **state)
{
	(void)state;
	assert_null(ts_object_definition(object_of("libc.so.6"), "no_such_function", NULL));
	assert_null(ts_object_definition(object_of("libc.so.6"), "", NULL));
	/* it wants that of libc, which is no definition */
	assert_null(ts_object_definition(object_of("libcmocka.so.0"), "longjmp", NULL));
	assert_null(ts_object_definition(object_of("libcmocka.so.0"), "vsnprintf", NULL));
}

static void test_data_is_no_function(void **state)
{
	const ElfW(Sym) *symbol = ts_object_definition(object_of("libc.so.6"), "environ", NULL);

	(void)state;
	assert_non_null(symbol);
	assert_false(ts_symbol_is_function(symbol));
}

/* An IFUNC's value is a resolver; its address is what that answers. */
static void test_a_function_chosen_at_run_time(void **state)
{
	const struct ts_object *libc = object_of("libc.so.6");
	const ElfW(Sym) *symbol = ts_object_definition(libc, "strlen", NULL);

	(void)state;
	assert_non_null(symbol);
	assert_int_equal(ELF64_ST_TYPE(symbol->st_info), STT_GNU_IFUNC);
	assert_true(ts_symbol_is_function(symbol));
	assert_ptr_not_equal(ts_scope_address(libc, symbol), libc->base + symbol->st_value);
	assert_defines("libc.so.6", "strlen", NULL);
}

/*
 * The older table leads to the same symbols where an object has both, and holds what the object
 * only wants, besides (libc wants __tls_get_addr).
 */
static void test_both_hash_tables_agree(void **state)
{
	static const char *const names[] = {"printf", "fopen", "environ", "__tls_get_addr",
					    "no_such_function"};
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < n_objects; i++) {
		struct ts_object older = objects[i];

		if (!older.gnu_hash || !older.sysv_hash)
			continue;
		n++;
		older.gnu_hash = NULL;
		for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++)
			assert_ptr_equal(ts_object_definition(&older, names[j], NULL),
					 ts_object_definition(&objects[i], names[j], NULL));
	}
	assert_true(n > 0);
}

/* --- broken tables ---------------------------------------------------------------------------- */

/* A small object in memory, all of which ends where `image` ends. */
struct image {
	ElfW(Dyn) dynamic[8];
	ElfW(Sym) symbols[3];
	uint32_t hash[8];
	ElfW(Rela) relocations[2];
	uintptr_t slots[2];
	char strings[16];
};

static struct image *new_image(void)
{
	struct image *image = calloc(1, sizeof(*image));

	assert_non_null(image);
	memcpy(image->strings, "\0one\0two", 9);
	image->symbols[1] = (ElfW(Sym)){1, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 1, 16, 0};
	image->symbols[2] = (ElfW(Sym)){5, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 1, 32, 0};
	memcpy(image->hash, (uint32_t[]){1, 3, 1, 0, 2, 0}, 6 * sizeof(uint32_t));
	for (size_t i = 0; i < 2; i++)
		image->relocations[i] = (ElfW(Rela)){offsetof(struct image, slots[i]),
						     ELF64_R_INFO(i + 1, R_X86_64_GLOB_DAT), 0};
	memcpy(image->dynamic,
	       (ElfW(Dyn)[]){
		       {DT_SYMTAB, {(uintptr_t)image->symbols}},
		       {DT_STRTAB, {(uintptr_t)image->strings}},
		       {DT_STRSZ, {sizeof(image->strings)}},
		       {DT_HASH, {(uintptr_t)image->hash}},
		       {DT_RELA, {(uintptr_t)image->relocations}},
		       {DT_RELASZ, {sizeof(image->relocations)}},
		       {DT_SONAME, {5}},
		       {DT_NULL, {0}},
	       },
	       sizeof(image->dynamic));
	return image;
}

static int read_image(const struct image *image, struct ts_object *ret)
{
	static ElfW(Phdr) segments[2] = {
		{PT_LOAD, PF_R, 0, 0, 0, sizeof(struct image), sizeof(struct image), 0},
		{PT_DYNAMIC, PF_R, 0, 0, 0, sizeof(image->dynamic), sizeof(image->dynamic), 0},
	};
	struct dl_phdr_info info = {
		.dlpi_addr = (uintptr_t)image,
		.dlpi_name = "image",
		.dlpi_phdr = segments,
		.dlpi_phnum = 2,
	};

	return ts_object_read(&info, ret);
}

static void count_slots(void *context, const struct ts_object *object, const struct ts_slot *slot)
{
	(void)object, (void)slot;
	++*(size_t *)context;
}

static size_t slots_of(const struct image *image)
{
	struct ts_object object;
	size_t n = 0;

	assert_int_equal(read_image(image, &object), 0);
	ts_object_slots(&object, count_slots, &n);
	return n;
}

static bool has(const struct image *image, const char *name)
{
	struct ts_object object;

	assert_int_equal(read_image(image, &object), 0);
	return ts_object_definition(&object, name, NULL) != NULL;
}

static void test_a_small_image_is_read(void **state)
{
	struct image *image = new_image();
	struct ts_object object;

	(void)state;
	assert_int_equal(read_image(image, &object), 0);
	assert_string_equal(object.soname, "two");
	assert_int_equal(slots_of(image), 2);
	assert_true(has(image, "one") && has(image, "two"));
	assert_false(has(image, "three"));
	free(image);
}

/* gold gives every library a version of its own: a name of no other version stands for any that is wanted. */
static void test_a_name_without_a_version_serves_all(void **state)
{
	static const ElfW(Verdef) base = {1, VER_FLG_BASE, VER_NDX_GLOBAL, 0, 0, 20, 0};
	static const ElfW(Versym) versions[] = {0, VER_NDX_GLOBAL, 2};
	struct image *image = new_image();
	struct ts_object object;

	(void)state;
	assert_int_equal(read_image(image, &object), 0);
	object.versions = versions;
	object.n_versions = 3;
	object.defined = &base;
	object.n_defined = 1;
	object.defined_end = (uintptr_t)(&base + 1);
	assert_non_null(ts_object_definition(&object, "one", NULL));
	assert_non_null(ts_object_definition(&object, "one", "GLIBC_2.2.5"));
	assert_null(ts_object_definition(&object, "two", "GLIBC_2.2.5"));
	free(image);
}

static void test_a_hash_chain_without_end(void **state)
{
	struct image *image = new_image();

	(void)state;
	memcpy(image->hash, (uint32_t[]){1, 0xffffffff, 1, 0, 2, 1}, 6 * sizeof(uint32_t));
	assert_true(has(image, "two"));
	assert_false(has(image, "three"));
	image->hash[2] = 0x7fffffff; /* a bucket that leads to no symbol */
	assert_false(has(image, "one"));
	image->hash[0] = 0x7fffffff; /* more buckets than there is room */
	assert_false(has(image, "one"));
	image->hash[0] = 0;
	assert_false(has(image, "one"));
	free(image);
}

static void test_strings_without_end(void **state)
{
	struct image *image = new_image();
	struct ts_object object;

	(void)state;
	memset(image->strings + 9, 'x', sizeof(image->strings) - 9);
	image->dynamic[2].d_un.d_val = 1 << 20; /* bytes, it says */
	assert_int_equal(read_image(image, &object), 0);
	assert_int_equal(object.strings_bytes, 9);
	image->symbols[1].st_name = 10;
	assert_false(has(image, "xxxxxx"));
	assert_int_equal(slots_of(image), 1);
	image->dynamic[6].d_un.d_val = 12; /* the soname */
	assert_int_equal(read_image(image, &object), 0);
	assert_null(object.soname);
	memset(image->strings, 'x', sizeof(image->strings));
	assert_int_equal(read_image(image, &object), -ENOEXEC);
	free(image);
}

static void test_relocations_that_cannot_be(void **state)
{
	struct image *image = new_image();

	(void)state;
	image->dynamic[5].d_un.d_val = 1UL
				       << 40; /* bytes of them, it says; there is room for few */
	assert_in_range(slots_of(image), 2, 4);
	image->dynamic[5].d_un.d_val = sizeof(image->relocations);
	image->relocations[0].r_offset = sizeof(*image) - 4;
	assert_int_equal(slots_of(image), 1);
	image->relocations[0].r_offset = (uintptr_t)-8;
	assert_int_equal(slots_of(image), 1);
	image->relocations[1].r_info = ELF64_R_INFO(1000000, R_X86_64_GLOB_DAT);
	assert_int_equal(slots_of(image), 0);
	image->dynamic[4].d_un.d_val += 1UL << 40; /* a table nowhere */
	assert_int_equal(slots_of(image), 0);
	free(image);
}

static void test_tables_that_are_nowhere(void **state)
{
	struct image *image = new_image();
	struct ts_object object;

	(void)state;
	image->dynamic[3].d_un.d_val = 1UL << 50;
	assert_false(has(image, "one"));
	image->dynamic[0].d_un.d_val = 1UL << 50;
	assert_int_equal(read_image(image, &object), -ENOEXEC);
	image->dynamic[7].d_tag = DT_NEEDED; /* no end of the dynamic section */
	for (size_t i = 0; i < 7; i++)
		image->dynamic[i].d_tag = DT_NEEDED;
	assert_int_equal(read_image(image, &object), -ENOEXEC);
	free(image);
}

/* --- all functions --------------------------------------------------------------------------------- */

struct functions {
	size_t n;
	bool printf, environ;
};

static void meet_function(void *context, const struct ts_object *object, const char *name)
{
	struct functions *functions = context;

	(void)object;
	functions->n++;
	functions->printf |= strcmp(name, "printf") == 0;
	functions->environ |= strcmp(name, "environ") == 0;
}

static void test_every_function_is_met(void **state)
{
	size_t n_both = 0;

	(void)state;
	for (size_t i = 0; i < n_objects; i++) {
		struct functions found = {0}, older_found = {0};
		struct ts_object older = objects[i];
		bool libc = older.soname && strcmp(older.soname, "libc.so.6") == 0;

		ts_object_functions(&objects[i], meet_function, &found);
		assert_int_equal(found.printf,
				 libc || ts_object_definition(&older, "printf", NULL));
		assert_false(found.environ); /* it is data */
		if (libc)
			assert_true(found.n > 1000);
		if (!older.gnu_hash || !older.sysv_hash)
			continue;
		n_both++;
		older.gnu_hash = NULL;
		ts_object_functions(&older, meet_function, &older_found);
		assert_int_equal(found.n, older_found.n);
	}
	assert_true(n_both > 0);
}

static void test_what_an_object_needs_and_mentions(void **state)
{
	(void)state;
	assert_true(ts_object_needs(program(), "libc.so.6"));
	assert_false(ts_object_needs(program(), "libc.so"));
	assert_false(ts_object_needs(object_of("libc.so.6"), "libc.so.6"));
	assert_true(ts_object_mentions(object_of("libm.so.6"), "sincos"));
	assert_false(ts_object_mentions(object_of("libm.so.6"), "__cxx11"));
}

/* --- slots ------------------------------------------------------------------------------------ */

struct expected_slot {
	uintptr_t address;
	char name[200]; /* with its version, as readelf prints them */
	bool met;
};

static struct expected_slot expected[8192];
static size_t n_expected;

/* A relocation with an addend binds no name: nothing may be put in its place. */
static char *const inside_a_function __attribute__((used)) = (char *)getauxval + 8;

/* What readelf makes of the same file. */
static void expect_slots(const struct ts_object *object, const char *path)
{
	char command[4400], line[1024];
	FILE *output;

	snprintf(command, sizeof(command), "LD_PRELOAD= LC_ALL=C readelf -rW '%s'", path);
	output = popen(command, "r");
	assert_non_null(output);
	n_expected = 0;
	while (fgets(line, sizeof(line), output)) {
		struct expected_slot *slot = &expected[n_expected];
		char type[64] = "", sign = 0;
		unsigned long offset, addend = 0;

		*slot = (struct expected_slot){0};
		if (sscanf(line, "%lx %*x %63s %*x %199s %c %lx", &offset, type, slot->name, &sign,
			   &addend) < 3 ||
		    addend)
			continue;
		if (strcmp(type, "R_X86_64_JUMP_SLOT") && strcmp(type, "R_X86_64_GLOB_DAT") &&
		    strcmp(type, "R_X86_64_64"))
			continue;
		slot->address = object->base + offset;
		assert_true(++n_expected < sizeof(expected) / sizeof(expected[0]));
	}
	assert_int_equal(pclose(output), 0);
}

/* readelf names a symbol's version also where the object defines it. */
static bool same_name(const char *with_version, const struct ts_slot *slot)
{
	size_t bytes = strlen(slot->name);
	const char *rest = with_version + bytes;

	if (strncmp(with_version, slot->name, bytes) != 0)
		return false;
	if (!slot->version)
		return !*rest || slot->symbol->st_shndx != SHN_UNDEF;
	return *rest == '@' && strcmp(rest + 1, slot->version) == 0;
}

static void meet_slot(void *context, const struct ts_object *object, const struct ts_slot *slot)
{
	++*(size_t *)context;
	assert_true(ts_object_holds(object, (uintptr_t)slot->address));
	for (size_t i = 0; i < n_expected; i++) {
		if (expected[i].address != (uintptr_t)slot->address)
			continue;
		if (!same_name(expected[i].name, slot))
			fail_msg("%s@%s is %s", slot->name, slot->version, expected[i].name);
		assert_false(expected[i].met);
		expected[i].met = true;
		return;
	}
	fail_msg("%s@%s is no slot", slot->name, slot->version);
}

static void check_slots(const struct ts_object *object, const char *path)
{
	size_t n = 0;

	expect_slots(object, path);
	ts_object_slots(object, meet_slot, &n);
	assert_true(n > 0);
	assert_int_equal(n, n_expected);
}

static void test_slots_are_those_of_the_file(void **state)
{
	char path[4096];
	ssize_t bytes = readlink("/proc/self/exe", path, sizeof(path) - 1);

	assert_true(bytes > 0);
	path[bytes] = 0;
	check_slots(program(), path);
	(void)state;
	check_slots(object_of("libcmocka.so.0"), object_of("libcmocka.so.0")->path);
	check_slots(object_of("libm.so.6"), object_of("libm.so.6")->path);
	check_slots(object_of("libc.so.6"), object_of("libc.so.6")->path);
}

struct wanted_slot {
	const char *name;
	struct ts_slot slot;
};

static void find_slot(void *context, const struct ts_object *object, const struct ts_slot *slot)
{
	struct wanted_slot *wanted = context;

	(void)object;
	if (strcmp(slot->name, wanted->name) == 0)
		wanted->slot = *slot;
}

static void test_a_slot_leads_to_what_it_names(void **state)
{
	struct wanted_slot wanted = {.name = "getauxval"};

	(void)state;
	assert_int_not_equal(getauxval(AT_PAGESZ),
			     0); /* wants it, and binds it where that is lazy */
	ts_object_slots(program(), find_slot, &wanted);
	assert_non_null(wanted.slot.address);
	assert_string_equal(wanted.slot.version, "GLIBC_2.16");
	assert_int_equal(wanted.slot.symbol->st_shndx, SHN_UNDEF);
	assert_ptr_equal(*wanted.slot.address, dlsym(handle_of("libc.so.6"), "getauxval"));
}

/* --- stores ----------------------------------------------------------------------------------- */

static int store(const struct ts_object *object, void *slot, uintptr_t value)
{
	struct ts_maps maps = {0};
	int result;

	assert_int_equal(ts_maps_read(&maps), 0);
	result = ts_object_store(object, &maps, slot, value);
	ts_maps_release(&maps);
	return result;
}

static void test_a_store_where_the_linker_has_closed_the_page(void **state)
{
	uintptr_t *slot = (uintptr_t *)program()->relro_low;
	uintptr_t before = *slot;

	(void)state;
	assert_true(program()->relro_low < program()->relro_high);
	assert_int_equal(protection_at((uintptr_t)slot), PROT_READ);
	assert_int_equal(store(program(), slot, before + 1), 0);
	assert_int_equal(*slot, before + 1);
	assert_int_equal(protection_at((uintptr_t)slot), PROT_READ);
	assert_int_equal(store(program(), slot, before), 0);
	assert_int_equal(*slot, before);
}

/* A page that will be closed and is not yet: the object is in the making. */
static void test_no_store_while_an_object_is_in_the_making(void **state)
{
	uintptr_t *slot = (uintptr_t *)program()->relro_low;
	uintptr_t before = *slot;

	(void)state;
	assert_int_equal(mprotect(slot, PAGE, PROT_READ | PROT_WRITE), 0);
	assert_int_equal(store(program(), slot, before + 1), -EAGAIN);
	assert_int_equal(*slot, before);
	assert_int_equal(protection_at((uintptr_t)slot), PROT_READ | PROT_WRITE);
	assert_int_equal(mprotect(slot, PAGE, PROT_READ), 0);
}

static void test_a_store_in_plain_data(void **state)
{
	static uintptr_t data = 7;

	(void)state;
	assert_int_equal(store(program(), &data, 8), 0);
	assert_int_equal(data, 8);
}

static void test_no_store_where_nobody_writes(void **state)
{
	static const uintptr_t constant __attribute__((aligned(8))) = 7;
	uintptr_t text = (uintptr_t)test_no_store_where_nobody_writes & ~7UL;

	(void)state;
	assert_int_equal(store(program(), (void *)&constant, 8), -EACCES);
	assert_int_equal(store(program(), (void *)text, 8), -EACCES);
	assert_int_equal(store(program(), (void *)PAGE, 8), -EACCES); /* never mapped */
	assert_int_equal(constant, 7);
}

/* --- scopes ----------------------------------------------------------------------------------- */

static const struct ts_object *look_up(const struct ts_object *of, size_t n, size_t n_initial,
				       const struct ts_object *from, const char *name)
{
	struct ts_scope scope = {(struct ts_object *)of, n, n_initial};
	const struct ts_object *found;
	const ElfW(Sym) *symbol = NULL;

	found = ts_scope_look_up(&scope, from, name, NULL, &symbol);
	if (found)
		assert_ptr_equal(symbol, ts_object_definition(found, name, NULL));
	else
		assert_null(symbol);
	return found;
}

/* libm and libc both define frexp; cmocka needs libc, not libm. */
static void test_the_order_of_search(void **state)
{
	struct ts_object order[] = {
		*object_of("libcmocka.so.0"),
		*object_of("libm.so.6"),
		*object_of("libc.so.6"),
	};

	(void)state;
	/* the global scope before the local one, which begins with the object itself ... */
	assert_ptr_equal(look_up(order, 3, 2, &order[0], "frexp"), &order[1]);
	assert_ptr_equal(look_up(order, 3, 1, &order[1], "frexp"), &order[1]);
	/* ... and goes on with what it needs; what else there is belongs to other scopes */
	assert_ptr_equal(look_up(order, 3, 0, &order[0], "frexp"), &order[2]);
	assert_null(look_up(order, 3, 0, NULL, "frexp"));
	assert_null(look_up(order, 3, 1, NULL, "printf"));
	assert_ptr_equal(look_up(order, 3, 3, NULL, "printf"), &order[2]);
	assert_null(look_up(order, 3, 3, &order[0], "no_such_function"));
}

static void test_a_library_finds_itself_before_the_rest(void **state)
{
	struct ts_object order[] = {*object_of("libc.so.6"), *object_of("libm.so.6")};

	(void)state;
	assert_ptr_equal(look_up(order, 2, 0, &order[1], "frexp"), &order[1]);
	assert_ptr_equal(look_up(order, 2, 2, &order[1], "frexp"), &order[0]);
	assert_ptr_equal(look_up(order, 2, 0, &order[1], "printf"), &order[0]);
}

/* Loaded later, it may have been bound deeply: then its own frexp comes before that of the global scope. */
static void test_what_may_be_bound_deeply_is_left_alone(void **state)
{
	struct ts_object order[] = {*object_of("libc.so.6"), *object_of("libm.so.6")};

	(void)state;
	assert_null(look_up(order, 2, 1, &order[1], "frexp"));
	assert_ptr_equal(look_up(order, 2, 1, &order[1], "printf"), &order[0]);
}

/* -Bsymbolic: its own definition before the global scope's. */
static void test_a_symbolic_library_asks_itself_first(void **state)
{
	struct ts_object order[] = {*object_of("libc.so.6"), *object_of("libm.so.6")};

	(void)state;
	order[1].symbolic = true;
	assert_ptr_equal(look_up(order, 2, 2, &order[1], "frexp"), &order[1]);
	assert_ptr_equal(look_up(order, 2, 2, &order[1], "printf"), &order[0]);
}

/* The dynamic linker agrees, for this program as it is. */
static void test_the_whole_program(void **state)
{
	static const char *const names[] = {"printf", "malloc", "getauxval",
					    "frexp",  "strlen", "_cmocka_run_group_tests"};
	struct ts_scope scope = {objects, n_objects, n_objects};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const ElfW(Sym) * symbol;
		const struct ts_object *holder =
			ts_scope_look_up(&scope, program(), names[i], NULL, &symbol);
		void *address = dlsym(RTLD_DEFAULT, names[i]);

		assert_non_null(holder);
		assert_ptr_equal(ts_scope_address(holder, symbol), address);
		assert_ptr_equal(ts_scope_holder(&scope, (uintptr_t)address), holder);
	}
	assert_null(ts_scope_holder(&scope, 0));
	assert_null(ts_scope_holder(&scope, (uintptr_t)&scope));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_program_comes_first),
		cmocka_unit_test(test_an_object_is_where_the_linker_put_it),
		cmocka_unit_test(test_every_object_is_read),
		cmocka_unit_test(test_default_definitions),
		cmocka_unit_test(test_definitions_of_a_version),
		cmocka_unit_test(test_an_object_without_versions),
		cmocka_unit_test(test_what_is_not_defined),
		cmocka_unit_test(test_data_is_no_function),
		cmocka_unit_test(test_a_function_chosen_at_run_time),
		cmocka_unit_test(test_both_hash_tables_agree),
		cmocka_unit_test(test_a_small_image_is_read),
		cmocka_unit_test(test_a_name_without_a_version_serves_all),
		cmocka_unit_test(test_a_hash_chain_without_end),
		cmocka_unit_test(test_strings_without_end),
		cmocka_unit_test(test_relocations_that_cannot_be),
		cmocka_unit_test(test_tables_that_are_nowhere),
		cmocka_unit_test(test_every_function_is_met),
		cmocka_unit_test(test_what_an_object_needs_and_mentions),
		cmocka_unit_test(test_slots_are_those_of_the_file),
		cmocka_unit_test(test_a_slot_leads_to_what_it_names),
		cmocka_unit_test(test_a_store_where_the_linker_has_closed_the_page),
		cmocka_unit_test(test_no_store_while_an_object_is_in_the_making),
		cmocka_unit_test(test_a_store_in_plain_data),
		cmocka_unit_test(test_no_store_where_nobody_writes),
		cmocka_unit_test(test_the_order_of_search),
		cmocka_unit_test(test_a_library_finds_itself_before_the_rest),
		cmocka_unit_test(test_what_may_be_bound_deeply_is_left_alone),
		cmocka_unit_test(test_a_symbolic_library_asks_itself_first),
		cmocka_unit_test(test_the_whole_program),
	};

	return cmocka_run_group_tests_name("elf", tests, read_objects, NULL);
}
