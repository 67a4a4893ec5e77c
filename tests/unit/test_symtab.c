// SPDX-License-Identifier: Apache-2.0
/* Symbols of files: files made by hand, broken in every way, and those of this very program. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "preload/reach/symtab.h"

#define N_SYMBOLS 3
#define FLIPS     50000

struct made {
	ElfW(Ehdr) elf;
	ElfW(Sym) symbols[N_SYMBOLS];
	char strings[32]; /* "", "one", "other" */
	ElfW(Shdr) sections[3];
};

static struct made make(void)
{
	struct made made = {
		.elf = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
			.e_type = ET_DYN,
			.e_machine = EM_X86_64,
			.e_shoff = offsetof(struct made, sections),
			.e_shentsize = sizeof(ElfW(Shdr)),
			.e_shnum = 3},
		.symbols = {{0}, {.st_name = 1, .st_value = 16}, {.st_name = 5, .st_value = 32}},
		.strings = "\0one\0other",
		.sections = {{0},
			     {.sh_type = SHT_SYMTAB,
			      .sh_offset = offsetof(struct made, symbols),
			      .sh_size = sizeof(made.symbols),
			      .sh_link = 2,
			      .sh_entsize = sizeof(ElfW(Sym))},
			     {.sh_type = SHT_STRTAB,
			      .sh_offset = offsetof(struct made, strings),
			      .sh_size = sizeof(made.strings)}},
	};

	return made;
}

/* In memory of its own, so that AddressSanitizer knows where it ends. */
static int read_bytes(const void *bytes, size_t n, struct ts_symtab *ret, void **ret_copy)
{
	*ret_copy = malloc(n ? n : 1);
	assert_non_null(*ret_copy);
	memcpy(*ret_copy, bytes, n);
	return ts_symtab_read(*ret_copy, n, ret);
}

static int read_made(const struct made *made)
{
	struct ts_symtab symtab;
	void *copy;
	int result = read_bytes(made, sizeof(*made), &symtab, &copy);

	free(copy);
	return result;
}

static void test_symbols_and_their_names(void **state)
{
	struct made made = make();
	struct ts_symtab symtab;
	void *copy;

	(void)state;
	assert_int_equal(read_bytes(&made, sizeof(made), &symtab, &copy), 0);
	assert_int_equal(symtab.n, N_SYMBOLS);
	assert_string_equal(ts_symtab_name(&symtab, 0), "");
	assert_string_equal(ts_symtab_name(&symtab, 1), "one");
	assert_string_equal(ts_symtab_name(&symtab, 2), "other");
	assert_int_equal(symtab.symbols[2].st_value, 32);
	ts_symtab_close(&symtab);
	free(copy);
}

static void test_many_sections(void **state)
{
	struct made made = make();

	(void)state;
	made.elf.e_shnum = 0; /* then the first section says how many there are */
	made.sections[0].sh_size = 3;
	assert_int_equal(read_made(&made), 0);
	made.sections[0].sh_size = 1UL << 60;
	assert_int_equal(read_made(&made), -ENOEXEC);
	made.sections[0].sh_size = 0;
	assert_int_equal(read_made(&made), -ENOEXEC);
}

static void test_what_does_not_fit_together(void **state)
{
	static const struct {
		size_t offset, bytes;
		uint64_t value;
		int result;
	} changes[] = {
#define CHANGE(member, to, answer) \
	{offsetof(struct made, member), sizeof(((struct made *)0)->member), to, answer}
		CHANGE(elf.e_ident[0], 0, -ENOEXEC),
		CHANGE(elf.e_ident[EI_CLASS], ELFCLASS32, -ENOEXEC),
		CHANGE(elf.e_ident[EI_DATA], ELFDATA2MSB, -ENOEXEC),
		CHANGE(elf.e_machine, EM_386, -ENOEXEC),
		CHANGE(elf.e_shentsize, 63, -ENOEXEC),
		CHANGE(elf.e_shoff, 0, -ENOEXEC),
		CHANGE(elf.e_shoff, -1UL, -ENOEXEC),
		CHANGE(elf.e_shoff, sizeof(struct made), -ENOEXEC),
		CHANGE(elf.e_shnum, 4, -ENOEXEC),
		CHANGE(elf.e_shnum, 65535, -ENOEXEC),
		CHANGE(elf.e_shnum, 1, -ENOENT),
		CHANGE(sections[1].sh_type, SHT_DYNSYM, -ENOENT),
		CHANGE(sections[1].sh_entsize, 16, -ENOEXEC),
		CHANGE(sections[1].sh_link, 3, -ENOEXEC),
		CHANGE(sections[1].sh_link, 1, -ENOEXEC),
		CHANGE(sections[1].sh_offset, 65, -ENOEXEC),
		CHANGE(sections[1].sh_offset, -8UL, -ENOEXEC),
		CHANGE(sections[1].sh_size, -1UL, -ENOEXEC),
		CHANGE(sections[1].sh_size, 0, -ENOEXEC),
		CHANGE(sections[2].sh_size, 0, -ENOEXEC),
		CHANGE(sections[2].sh_size, 7, -ENOEXEC),
		CHANGE(sections[2].sh_size, -1UL, -ENOEXEC),
		CHANGE(sections[2].sh_offset, -1UL, -ENOEXEC),
#undef CHANGE
	};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct made made = make();

		memcpy((char *)&made + changes[i].offset, &changes[i].value, changes[i].bytes);
		if (read_made(&made) != changes[i].result)
			fail_msg("change %zu", i);
	}
}

static void test_a_name_outside_the_strings_is_empty(void **state)
{
	struct made made = make();
	struct ts_symtab symtab;

	(void)state;
	made.symbols[1].st_name = sizeof(made.strings);
	made.symbols[2].st_name = UINT32_MAX;
	assert_int_equal(ts_symtab_read(&made, sizeof(made), &symtab), 0);
	assert_string_equal(ts_symtab_name(&symtab, 1), "");
	assert_string_equal(ts_symtab_name(&symtab, 2), "");
}

/* Reads all that there is, for AddressSanitizer to see. */
static size_t weigh(const struct ts_symtab *symtab)
{
	size_t sum = 0;

	for (size_t i = 0; i < symtab->n; i++)
		sum += strlen(ts_symtab_name(symtab, i)) + symtab->symbols[i].st_value;
	return sum;
}

static void test_every_beginning_of_a_file(void **state)
{
	const struct made made = make();

	(void)state;
	for (size_t n = 0; n < sizeof(made); n++) {
		struct ts_symtab symtab;
		void *copy;

		assert_int_equal(read_bytes(&made, n, &symtab, &copy), -ENOEXEC);
		free(copy);
	}
}

static void test_flipped_bits(void **state)
{
	uint64_t random = 88172645463325252ULL; /* xorshift (Marsaglia) */
	size_t n_read = 0;

	(void)state;
	for (int i = 0; i < FLIPS; i++) {
		struct made made = make();
		struct ts_symtab symtab;
		void *copy;

		for (int j = 0; j <= i % 4; j++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			((uint8_t *)&made)[random % sizeof(made)] ^= 1U << (random >> 32) % 8;
		}
		if (read_bytes(&made, sizeof(made), &symtab, &copy) == 0) {
			weigh(&symtab);
			n_read++;
		}
		free(copy);
	}
	assert_in_range(n_read, 1, FLIPS - 1);
}

/* --- files ------------------------------------------------------------------------------------ */

struct wanted {
	const char *soname; /* NULL: the program */
	struct ts_object object;
};

static int find(struct dl_phdr_info *info, size_t bytes, void *context)
{
	struct wanted *wanted = context;
	struct ts_object object;

	(void)bytes;
	if (ts_object_read(info, &object) < 0 ||
	    (wanted->soname ? !object.soname || strcmp(object.soname, wanted->soname) != 0
			    : object.path[0] != '\0'))
		return 0;
	wanted->object = object;
	return 1;
}

static struct ts_object object_of(const char *soname)
{
	struct wanted wanted = {.soname = soname};

	assert_int_equal(dl_iterate_phdr(find, &wanted), 1);
	return wanted.object;
}

static uintptr_t address_in(const struct ts_object *object, const struct ts_symtab *symtab,
			    const char *name)
{
	for (size_t i = 0; i < symtab->n; i++)
		if (strcmp(ts_symtab_name(symtab, i), name) == 0)
			return object->base + symtab->symbols[i].st_value;
	return 0;
}

static void test_a_static_function_of_this_program(void **state)
{
	struct ts_object program = object_of(NULL);
	struct ts_symtab symtab;

	(void)state;
	/* where its path leads does not matter */
	assert_int_equal(ts_symtab_open(&program, "/nowhere", &symtab), 0);
	assert_int_equal(address_in(&program, &symtab, "address_in"), address_in);
	assert_int_equal(address_in(&program, &symtab, "no such function"), 0);
	ts_symtab_close(&symtab);
	assert_int_equal(symtab.n, 0);
}

/* Also without a build id: the code itself is compared. */
static void test_only_the_file_that_was_loaded(void **state)
{
	struct ts_object library = object_of("libcmocka.so.0");
	struct ts_symtab symtab;
	char folder[] = "/tmp/test_symtab.XXXXXX", path[64];

	(void)state;
	assert_int_equal(ts_symtab_open(&library, library.path, &symtab), -ENOENT); /* stripped */
	assert_int_equal(ts_symtab_open(&library, "/proc/self/exe", &symtab), -ESTALE);
	assert_int_equal(ts_symtab_open(&library, "/nowhere", &symtab), -ENOENT);
	assert_int_equal(ts_symtab_open(&library, "/tmp", &symtab), -ENOEXEC);
	assert_int_equal(ts_symtab_open(&library, "/dev/zero", &symtab), -ENOEXEC);
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/fifo", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(ts_symtab_open(&library, path, &symtab), -ENOEXEC);
	assert_int_equal(chdir(folder), 0);
	assert_int_equal(ts_symtab_open(&library, "fifo", &symtab),
			 -ENOENT); /* as the vdso's name */
	assert_int_equal(chdir("/"), 0);
	unlink(path);
	rmdir(folder);
}

static void write_file(const char *path, const void *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	close(fd);
}

/* A file that says the same of itself as an object that was loaded without a build id. */
static void test_files_without_a_build_id(void **state)
{
	struct {
		struct made made;
		ElfW(Phdr) segment;
		uint8_t code[64];
	} file = {.made = make(), .code = {0x90, 0xc3}};
	uint8_t loaded[64] = {0x90, 0xc3};
	struct ts_object object = {
		.path = "lib",
		.base = (uintptr_t)loaded,
		.low = (uintptr_t)loaded,
		.high = (uintptr_t)(loaded + sizeof(loaded)),
		.segments = &file.segment,
		.n_segments = 1,
	};
	char path[] = "/tmp/test_symtab.XXXXXX";
	ElfW(Phdr) segment;
	struct ts_symtab symtab;

	(void)state;
	close(mkstemp(path));
	file.made.elf.e_phoff = offsetof(__typeof__(file), segment);
	file.made.elf.e_phnum = 1;
	file.segment = (ElfW(Phdr)){
		.p_type = PT_LOAD,
		.p_flags = PF_R | PF_X,
		.p_offset = offsetof(__typeof__(file), code),
		.p_filesz = sizeof(loaded),
		.p_memsz = sizeof(loaded),
	};
	segment = file.segment;
	object.segments = &segment;
	write_file(path, &file, sizeof(file));
	assert_int_equal(ts_symtab_open(&object, path, &symtab), 0);
	assert_string_equal(ts_symtab_name(&symtab, 1), "one");
	ts_symtab_close(&symtab);

	loaded[63] = 1;
	assert_int_equal(ts_symtab_open(&object, path, &symtab), -ESTALE);
	loaded[63] = 0;
	segment.p_align = 1;
	assert_int_equal(ts_symtab_open(&object, path, &symtab), -ESTALE);
	segment.p_align = 0;
	for (size_t n = 0; n < sizeof(file); n += 64) {
		write_file(path, &file, n);
		assert_true(ts_symtab_open(&object, path, &symtab) < 0);
	}
	write_file(path, &file, sizeof(file));
	assert_int_equal(ts_symtab_open(&object, path, &symtab), 0);
	ts_symtab_close(&symtab);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_symbols_and_their_names),
		cmocka_unit_test(test_many_sections),
		cmocka_unit_test(test_what_does_not_fit_together),
		cmocka_unit_test(test_a_name_outside_the_strings_is_empty),
		cmocka_unit_test(test_every_beginning_of_a_file),
		cmocka_unit_test(test_flipped_bits),
		cmocka_unit_test(test_a_static_function_of_this_program),
		cmocka_unit_test(test_only_the_file_that_was_loaded),
		cmocka_unit_test(test_files_without_a_build_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
