// SPDX-License-Identifier: Apache-2.0
/*
 * Module: walks a call stack with libunwind, of which only what interprets unwind data is used. It is given
 * accessors of our own, as for another process: unwind data is found by _dl_find_object, which takes no lock
 * (libunwind itself would ask dl_iterate_phdr), and memory that may not be there is read guarded.
 */

#include "stack.h"

#include <dlfcn.h>
#include <libunwind.h>
#include <link.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

#define PAGE       4096UL
#define MOST_STEPS 160 /* each wrapped call is one more, in our own code */

/* .eh_frame_hdr as every linker writes it (Linux Standard Base, 10.6.2) */
#define HEADER_VERSION 1
#define FOUR_BYTES     0x0b /* DW_EH_PE_sdata4, whatever it is relative to; udata4 is 0x03 */
#define COUNT_UDATA4   0x03
#define TABLE_SORTED   0x3b /* DW_EH_PE_datarel | DW_EH_PE_sdata4 */

#define EXPORTED __attribute__((visibility("default")))

struct header {
	uint8_t version, frame_encoding, count_encoding, table_encoding;
	int32_t frame;
	uint32_t count;
	int32_t table[];
};

/* Not in libunwind's headers, but exported for what has accessors of its own. */
extern int UNW_OBJ(dwarf_search_unwind_table)(unw_addr_space_t space, unw_word_t ip,
					      unw_dyn_info_t *info, unw_proc_info_t *ret,
					      int need_unwind_info, void *walk);

EXPORTED ts_stack_fn ts_stack;

static unw_addr_space_t space;

/*
 * libunwind blocks signals before it takes one of its locks, six times a frame, which takes longer than all
 * the rest. They are blocked here: module.c binds what came with the module to definitions of its own.
 */
EXPORTED int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	(void)how, (void)set, (void)old;
	return 0;
}

/* --- accessors ------------------------------------------------------------------------- */

static int find_proc_info(unw_addr_space_t unused, unw_word_t ip, unw_proc_info_t *ret,
			  int need_unwind_info, void *walk)
{
	struct dl_find_object object;
	const struct header *header;
	unw_dyn_info_t info = {.format = UNW_INFO_FORMAT_REMOTE_TABLE};

	(void)unused;
	if (_dl_find_object((void *)ip, &object) < 0 || !object.dlfo_eh_frame)
		return -UNW_ENOINFO;
	header = object.dlfo_eh_frame;
	if (header->version != HEADER_VERSION || (header->frame_encoding & 0x07) != 0x03 ||
	    header->count_encoding != COUNT_UDATA4 || header->table_encoding != TABLE_SORTED)
		return -UNW_ENOINFO;
	info.start_ip = (unw_word_t)object.dlfo_map_start;
	info.end_ip = (unw_word_t)object.dlfo_map_end;
	info.u.rti.segbase = (unw_word_t)header;
	info.u.rti.table_data = (unw_word_t)header->table;
	info.u.rti.table_len = header->count * 2 * sizeof(int32_t) / sizeof(unw_word_t);
	return UNW_OBJ(dwarf_search_unwind_table)(space, ip, &info, ret, need_unwind_info, walk);
}

static void put_unwind_info(unw_addr_space_t unused, unw_proc_info_t *info, void *walk)
{
	(void)unused, (void)info, (void)walk;
}

static int get_dyn_info_list_addr(unw_addr_space_t unused, unw_word_t *ret, void *walk)
{
	(void)unused, (void)ret, (void)walk;
	return -UNW_ENOINFO;
}

/* Can a word at `address` be read without fault? Tried once for each page, or the like. */
static bool is_there(struct ts_call_stack *walk, uintptr_t address)
{
	uintptr_t page = address / PAGE;
	uintptr_t *known = &walk->pages[page % (sizeof(walk->pages) / sizeof(walk->pages[0]))];
	char byte;

	if (address >= walk->registers->rsp && address < walk->stack_high)
		return true;
	if (*known == page)
		return true;
	if (!walk->read(&byte, (const void *)address, 1))
		return false;
	*known = page;
	return true;
}

static int access_mem(unw_addr_space_t unused, unw_word_t address, unw_word_t *word, int write,
		      void *walk)
{
	(void)unused;
	if (write || !is_there(walk, address) || !is_there(walk, address + sizeof(*word) - 1))
		return -UNW_EINVAL;
	memcpy(word, (const void *)address, sizeof(*word));
	return 0;
}

static int access_reg(unw_addr_space_t unused, unw_regnum_t number, unw_word_t *word, int write,
		      void *context)
{
	const struct ts_call_stack *walk = context;
	const struct ts_registers *registers = walk->registers;

	(void)unused;
	if (write)
		return -UNW_EREADONLYREG;
	switch (number) {
	case UNW_X86_64_RIP:
		*word = registers->rip;
		return 0;
	case UNW_X86_64_RSP:
		*word = registers->rsp;
		return 0;
	case UNW_X86_64_RBX:
		*word = registers->rbx;
		return 0;
	case UNW_X86_64_RBP:
		*word = registers->rbp;
		return 0;
	case UNW_X86_64_R12:
	case UNW_X86_64_R13:
	case UNW_X86_64_R14:
	case UNW_X86_64_R15:
		*word = (&registers->r12)[number - UNW_X86_64_R12];
		return 0;
	default: /* a call may have changed it: nobody needs it */
		*word = 0;
		return 0;
	}
}

static int access_fpreg(unw_addr_space_t unused, unw_regnum_t number, unw_fpreg_t *word, int write,
			void *walk)
{
	(void)unused, (void)number, (void)word, (void)write, (void)walk;
	return -UNW_EBADREG;
}

static int resume(unw_addr_space_t unused, unw_cursor_t *cursor, void *walk)
{
	(void)unused, (void)cursor, (void)walk;
	return -UNW_EINVAL;
}

static int get_proc_name(unw_addr_space_t unused, unw_word_t address, char *name, size_t bytes,
			 unw_word_t *offset, void *walk)
{
	(void)unused, (void)address, (void)name, (void)bytes, (void)offset, (void)walk;
	return -UNW_ENOINFO;
}

/* --- walking --------------------------------------------------------------------------- */

static void add(struct ts_call_stack *walk, uintptr_t address)
{
	struct ts_call_site *site = &walk->sites[walk->n++];
	struct dl_find_object object;

	*site = (struct ts_call_site){.address = address};
	if (_dl_find_object((void *)(address - 1), &object) < 0)
		return;
	site->base = object.dlfo_link_map->l_addr;
	site->low = (uintptr_t)object.dlfo_map_start;
	site->high = (uintptr_t)object.dlfo_map_end;
	site->name = object.dlfo_link_map->l_name;
}

/*
 * From a return pad to the caller of the wrapped function. libunwind 1.6 cannot: after a row that tells the
 * caller's rsp (variant a) it goes on counting from that row's CFA.
 */
static bool step_over_pad(unw_cursor_t *cursor, struct ts_call_stack *walk,
			  struct ts_registers *registers)
{
	static const struct {
		unw_regnum_t number;
		size_t offset;
	} kept[] = {
		{UNW_X86_64_RSP, offsetof(struct ts_registers, rsp)},
		{UNW_X86_64_RBX, offsetof(struct ts_registers, rbx)},
		{UNW_X86_64_RBP, offsetof(struct ts_registers, rbp)},
		{UNW_X86_64_R12, offsetof(struct ts_registers, r12)},
		{UNW_X86_64_R13, offsetof(struct ts_registers, r13)},
		{UNW_X86_64_R14, offsetof(struct ts_registers, r14)},
		{UNW_X86_64_R15, offsetof(struct ts_registers, r15)},
	};
	struct ts_registers now;
	uint64_t frame[2];

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		unw_word_t word;

		if (unw_get_reg(cursor, kept[i].number, &word) < 0)
			return false;
		*(uint64_t *)((char *)&now + kept[i].offset) = word;
	}
	if (!walk->read(frame, (const void *)now.rbx, sizeof(frame)) || !frame[1])
		return false;
	now.rbx = frame[0];
	now.rip = frame[1] - 1; /* of a first frame libunwind takes it that the place is exact */
	*registers = now;
	walk->registers = registers;
	return unw_init_remote(cursor, space, walk) == 0;
}

static void walk_stack(struct ts_call_stack *walk)
{
	struct ts_registers registers;
	unw_word_t ip, adjust = 0;
	unw_cursor_t cursor;

	walk->n = 0;
	if (unw_init_remote(&cursor, space, walk) < 0)
		return;
	for (int i = 0; i < MOST_STEPS && walk->n < TS_MAX_STACK; i++) {
		if (unw_get_reg(&cursor, UNW_REG_IP, &ip) < 0 || !ip)
			return;
		if (walk->is_pad((const void *)ip)) {
			if (!step_over_pad(&cursor, walk, &registers))
				return;
			adjust = 1;
			continue;
		}
		if (ip < walk->skip_low || ip >= walk->skip_high)
			add(walk, ip + adjust);
		adjust = 0;
		if (unw_step(&cursor) <= 0)
			return;
	}
}

ts_stack_walk_fn *ts_stack(void)
{
	static unw_accessors_t accessors = {
		.find_proc_info = find_proc_info,
		.put_unwind_info = put_unwind_info,
		.get_dyn_info_list_addr = get_dyn_info_list_addr,
		.access_mem = access_mem,
		.access_reg = access_reg,
		.access_fpreg = access_fpreg,
		.resume = resume,
		.get_proc_name = get_proc_name,
	};

	space = unw_create_addr_space(&accessors, 0);
	if (!space)
		return NULL;
	/* its caches are shared by all threads, behind a lock */
	unw_set_caching_policy(space, UNW_CACHE_NONE);
	return walk_stack;
}
