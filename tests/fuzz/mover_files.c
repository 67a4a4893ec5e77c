// SPDX-License-Identifier: Apache-2.0
/*
 * The functions of this machine's libraries and programs, moved: what was made is read again and
 * says the same, operand by operand, as what stood there; and nothing in the whole file jumps
 * between the instructions that were taken. Then the same bytes with a few of them changed.
 */

#include "mover.h"

#include <elf.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <Zydis/Zydis.h>

#include "preload/entry.h"

#define MAX_FILES 4096
#define MAX_TEXT  (32 << 20) /* bytes of a file's code; the largest take too long to read */
#define BIAS      0x7f1200000000

struct symbol {
	uintptr_t address; /* in the file */
	size_t bytes;
};

struct file {
	const uint8_t *map;
	size_t map_bytes;
	uintptr_t bias;
	const uint8_t *text;
	uintptr_t text_address; /* in the file */
	size_t text_bytes;
	struct symbol *symbols; /* by address; of one address, the largest */
	size_t n_symbols;
	uintptr_t *targets; /* of direct jumps and calls, in order */
	size_t n_targets;
};

static char *paths[MAX_FILES];
static size_t n_paths;
static ZydisDecoder decoder;
static ZydisFormatter formatter;

static int collect(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)walk;
	if (type == FTW_F && S_ISREG(status->st_mode) && status->st_size > 4096 &&
	    n_paths < MAX_FILES)
		paths[n_paths++] = strdup(path);
	return 0;
}

void files_begin(void)
{
	static const char *const folders[] = {"/usr/lib/x86_64-linux-gnu", "/usr/bin", "/usr/sbin",
					      "/usr/local/bin", "/usr/local/lib"};

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		nftw(folders[i], collect, 16, FTW_PHYS);
	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
}

/* --- a file ----------------------------------------------------------------------------------- */

static bool find_text(struct file *file)
{
	const Elf64_Ehdr *header = (const void *)file->map;

	if (file->map_bytes < sizeof(*header) || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
	    header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_machine != EM_X86_64 ||
	    header->e_phoff + header->e_phnum * sizeof(Elf64_Phdr) > file->map_bytes)
		return false;
	file->bias = header->e_type == ET_EXEC ? 0 : BIAS;
	for (int i = 0; i < header->e_phnum; i++) {
		const Elf64_Phdr *part = (const Elf64_Phdr *)(file->map + header->e_phoff) + i;

		if (part->p_type != PT_LOAD || !(part->p_flags & PF_X) ||
		    part->p_offset + part->p_filesz > file->map_bytes)
			continue;
		file->text = file->map + part->p_offset;
		file->text_address = part->p_vaddr;
		file->text_bytes = part->p_filesz;
		return file->text_bytes < MAX_TEXT;
	}
	return false;
}

static void add_symbols(struct file *file, const Elf64_Shdr *section)
{
	const Elf64_Sym *symbols = (const void *)(file->map + section->sh_offset);
	size_t n = section->sh_size / sizeof(*symbols);

	file->symbols = realloc(file->symbols, (file->n_symbols + n + 1) * sizeof(struct symbol));
	for (size_t i = 0; i < n; i++)
		if (ELF64_ST_TYPE(symbols[i].st_info) == STT_FUNC && symbols[i].st_size &&
		    symbols[i].st_value - file->text_address < file->text_bytes &&
		    symbols[i].st_value - file->text_address + symbols[i].st_size <=
			    file->text_bytes)
			file->symbols[file->n_symbols++] =
				(struct symbol){symbols[i].st_value, symbols[i].st_size};
}

static int by_address(const void *a, const void *b)
{
	const struct symbol *left = a, *right = b;

	if (left->address != right->address)
		return left->address < right->address ? -1 : 1;
	return left->bytes < right->bytes ? 1 : left->bytes > right->bytes ? -1 : 0;
}

static bool find_symbols(struct file *file)
{
	const Elf64_Ehdr *header = (const void *)file->map;
	size_t n = 0;

	if (header->e_shoff + header->e_shnum * sizeof(Elf64_Shdr) > file->map_bytes)
		return false;
	for (int i = 0; i < header->e_shnum; i++) {
		const Elf64_Shdr *section = (const Elf64_Shdr *)(file->map + header->e_shoff) + i;

		if ((section->sh_type == SHT_SYMTAB || section->sh_type == SHT_DYNSYM) &&
		    section->sh_offset + section->sh_size <= file->map_bytes)
			add_symbols(file, section);
	}
	if (file->n_symbols)
		qsort(file->symbols, file->n_symbols, sizeof(struct symbol), by_address);
	for (size_t i = 0; i < file->n_symbols; i++)
		if (!n || file->symbols[n - 1].address != file->symbols[i].address)
			file->symbols[n++] = file->symbols[i];
	file->n_symbols = n;
	return n > 0;
}

static int by_value(const void *a, const void *b)
{
	const uintptr_t *left = a, *right = b;

	return *left < *right ? -1 : *left > *right;
}

/* The targets of one function's direct jumps and calls. */
static void add_targets(struct file *file, const struct symbol *symbol, size_t *capacity)
{
	const uint8_t *code = file->text + (symbol->address - file->text_address);

	for (size_t at = 0; at < symbol->bytes;) {
		ZydisDecodedInstruction as;

		if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, NULL, code + at,
								symbol->bytes - at, &as))) {
			at++;
			continue;
		}
		at += as.length;
		if (!as.raw.imm[0].is_relative)
			continue;
		if (file->n_targets == *capacity) {
			*capacity = *capacity * 2 + 1024;
			file->targets = realloc(file->targets, *capacity * sizeof(uintptr_t));
		}
		file->targets[file->n_targets++] =
			symbol->address + at + (uintptr_t)as.raw.imm[0].value.s;
	}
}

static void find_targets(struct file *file)
{
	size_t capacity = 0;

	for (size_t i = 0; i < file->n_symbols; i++)
		add_targets(file, &file->symbols[i], &capacity);
	if (file->n_targets)
		qsort(file->targets, file->n_targets, sizeof(uintptr_t), by_value);
}

/* Does something in the file jump into (address, address + bytes)? */
static bool is_target(const struct file *file, uintptr_t address, size_t bytes)
{
	size_t low = 0, high = file->n_targets;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (file->targets[middle] <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < file->n_targets && file->targets[low] < address + bytes;
}

static bool open_file(const char *path, struct file *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;

	memset(ret, 0, sizeof(*ret));
	if (fd < 0)
		return false;
	if (fstat(fd, &status) == 0 && status.st_size > 0) {
		ret->map_bytes = (size_t)status.st_size;
		ret->map = mmap(NULL, ret->map_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	}
	close(fd);
	if (!ret->map || ret->map == MAP_FAILED) {
		ret->map = NULL;
		return false;
	}
	return find_text(ret) && find_symbols(ret);
}

static void close_file(struct file *file)
{
	free(file->symbols);
	free(file->targets);
	if (file->map)
		munmap((void *)file->map, file->map_bytes);
}

/* --- reading what was made -------------------------------------------------------------------- */

struct reading {
	ZydisDecodedInstruction as;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	char text[128]; /* with absolute addresses, without the prefixes that do nothing */
};

static void read_at(const uint8_t *code, size_t bytes, uintptr_t address, struct reading *ret)
{
	char *text = ret->text;

	if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code, bytes, &ret->as, ret->operands)) ||
	    !ZYAN_SUCCESS(ZydisFormatterFormatInstruction(&formatter, &ret->as, ret->operands,
							  ret->as.operand_count_visible, text,
							  sizeof(ret->text), address, NULL)))
		finding("it does not decode");
	if (strncmp(text, "bnd ", 4) == 0)
		memmove(text, text + 4, strlen(text + 4) + 1);
}

static bool is_end(const ZydisDecodedInstruction *as)
{
	return as->mnemonic == ZYDIS_MNEMONIC_JMP || as->mnemonic == ZYDIS_MNEMONIC_RET ||
	       as->mnemonic == ZYDIS_MNEMONIC_UD2 || as->mnemonic == ZYDIS_MNEMONIC_UD1 ||
	       as->mnemonic == ZYDIS_MNEMONIC_UD0;
}

/* The bytes at `code` push `value`. How many they are. */
static size_t check_push(const uint8_t *code, uintptr_t value)
{
	int32_t low;
	uint32_t high;

	memcpy(&low, code + 1, 4);
	if (code[0] != 0x68)
		finding("no push where a call stood");
	if ((uintptr_t)(intptr_t)low == value)
		return 5;
	memcpy(&high, code + 9, 4);
	if (memcmp(code + 5, "\xc7\x44\x24\x04", 4) != 0 ||
	    ((uint64_t)high << 32 | (uint32_t)low) != value)
		finding("another return address");
	return 13;
}

static void check_same(struct reading *original, const struct reading *moved)
{
	if (strncmp(original->text, "call", 4) == 0)
		memcpy(memmove(original->text, original->text + 1, strlen(original->text)), "jmp",
		       3);
	if (strcmp(original->text, moved->text) != 0) {
		printf("  %s became %s\n", original->text, moved->text);
		finding("another instruction");
	}
	if (!original->as.raw.imm[0].is_relative && original->as.length != moved->as.length)
		finding("another length");
}

static void check_moved(const struct ts_entry_function *function, uintptr_t at,
			const struct ts_entry_moved *moved)
{
	struct reading original, copy;
	size_t offset = 0, made = 0;
	bool has_ended = false;

	while (offset < moved->taken && !has_ended) {
		read_at(function->code + offset, function->bytes - offset,
			function->address + offset, &original);
		offset += original.as.length;
		has_ended = is_end(&original.as);
		if (original.as.mnemonic == ZYDIS_MNEMONIC_CALL) {
			made += check_push(moved->code + made, function->address + offset);
			has_ended = true;
			if (offset != moved->taken)
				finding("a call in the middle");
		}
		read_at(moved->code + made, moved->bytes - made, at + made, &copy);
		made += copy.as.length;
		check_same(&original, &copy);
	}
	if (!has_ended) {
		int64_t target;

		read_at(moved->code + made, moved->bytes - made, at + made, &copy);
		made += copy.as.length;
		target = (int64_t)(at + made) + copy.as.raw.imm[0].value.s;
		if (copy.as.mnemonic != ZYDIS_MNEMONIC_JMP ||
		    (uintptr_t)target != function->address + offset)
			finding("it does not go on where it should");
	}
	for (; offset < moved->taken; offset += original.as.length) {
		read_at(function->code + offset, function->readable - offset,
			function->address + offset, &original);
		if (original.as.mnemonic != ZYDIS_MNEMONIC_NOP &&
		    original.as.mnemonic != ZYDIS_MNEMONIC_INT3)
			finding("it took code behind its end");
	}
	if (made != moved->bytes || moved->taken < TS_ENTRY_BYTES ||
	    (!has_ended && offset != moved->taken))
		finding("lengths");
}

/* --- one function ----------------------------------------------------------------------------- */

static struct ts_entry_function function_of(const struct file *file, const struct symbol *symbol)
{
	size_t offset = symbol->address - file->text_address;
	size_t next = symbol + 1 < file->symbols + file->n_symbols
			      ? symbol[1].address - symbol->address
			      : file->text_bytes - offset;

	return (struct ts_entry_function){
		.code = file->text + offset,
		.address = file->bias + symbol->address,
		.bytes = symbol->bytes,
		.readable = next,
		.text = file->text,
		.text_bytes = file->text_bytes,
	};
}

static uintptr_t place_near(uintptr_t address)
{
	return address + pick(0x60000000) - 0x30000000;
}

static void one_function(const struct file *file, const struct symbol *symbol)
{
	struct ts_entry_function function = function_of(file, symbol);
	uintptr_t at = place_near(function.address);
	struct ts_entry_moved moved;
	const char *why;

	subject.code = function.code;
	subject.bytes = function.bytes;
	subject.address = function.address;
	subject.at = at;
	why = ts_entry_move(&function, at, &moved);
	count(&file_counts, why);
	if (why)
		return;
	check_moved(&function, at, &moved);
	if (is_target(file, symbol->address, moved.taken))
		finding("something in the file jumps into its first bytes");
}

/* Its bytes with some changed, alone on the heap: none is read beyond, what moves is right. */
static void one_damaged(const struct file *file, const struct symbol *symbol)
{
	struct ts_entry_function function = function_of(file, symbol);
	size_t bytes = 1 + pick(function.bytes < 96 ? function.bytes : 96);
	uint8_t *code = malloc(bytes);
	uintptr_t at = place_near(function.address);
	struct ts_entry_moved moved;

	memcpy(code, function.code, bytes);
	for (size_t n = pick(4); n; n--)
		code[one_in(2) ? pick(bytes) : pick(bytes < 12 ? bytes : 12)] = (uint8_t)chance();
	function.code = code;
	function.bytes = one_in(4) ? 1 + pick(bytes) : bytes;
	function.readable = bytes;
	function.text = one_in(2) ? code : NULL;
	function.text_bytes = function.text ? bytes : 0;
	subject.code = code;
	subject.bytes = function.bytes;
	subject.address = function.address;
	subject.at = at;
	if (!ts_entry_move(&function, at, &moved))
		check_moved(&function, at, &moved);
	free(code);
}

bool files_case(double seconds)
{
	const double until = now() + seconds;
	struct file file;
	bool is_open = false;

	for (size_t i = 0; i < 1000 && n_paths && !is_open; i++) {
		const char *path = paths[pick(n_paths)];

		is_open = open_file(path, &file);
		snprintf(subject.name, sizeof(subject.name), "%s", path);
		if (!is_open)
			close_file(&file);
	}
	if (!is_open)
		return false;
	find_targets(&file);
	do {
		const struct symbol *symbol = &file.symbols[pick(file.n_symbols)];

		one_function(&file, symbol);
		one_damaged(&file, symbol);
	} while (now() < until);
	close_file(&file);
	return true;
}
