// SPDX-License-Identifier: Apache-2.0
/* Function entries. */

#include "patch.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "../hot/call.h"
#include "../hot/guarded.h"
#include "../system/pages.h"
#include "../system/signals.h"
#include "../system/sys.h"
#include "../system/threads.h"

#define CHUNK_BYTES 65536UL
#define MAX_CHUNKS  1024
#define STUB_BYTES  192                           /* the most that one takes */
#define REACH       (0x7fffffffUL - (16UL << 20)) /* of a jump, and what moved code refers to */
#define LOWEST      65536UL                       /* vm.mmap_min_addr */

#define BUCKETS (TS_THUNKS * 2)

/* Pages of stubs. */
static struct {
	uintptr_t low;
	size_t used;
} chunks[MAX_CHUNKS];
static size_t n_chunks;
static ts_entry_move_fn *move;

/* A function that was patched once. Its object may be gone; what lies there next takes its stub's room. */
struct place {
	uintptr_t function;
	uintptr_t stub;
	size_t room;
};

static struct place *places; /* TS_THUNKS of them; touched as they are taken */
static uint16_t *by_address; /* function -> place + 1, open addressing */
static size_t n_places;

void ts_patch_use(ts_entry_move_fn *entry_move)
{
	move = entry_move;
}

bool ts_patch_can_move(void)
{
	return move;
}

bool ts_patch_is_alone(void)
{
	const struct ts_abi_process *process = ts_hot.process;
	long flusher = 0;

	/* in a forked child what is known of the flusher is the parent's, until its first event */
	if (ts_hot.generation && *ts_hot.generation && process) {
		if (process->pid != (uint32_t)ts_sys_getpid())
			return false; /* between vfork and exec */
		flusher = ts_hot.flusher_runs;
		if (flusher && __atomic_load_n(&process->stopped, __ATOMIC_ACQUIRE))
			return false; /* is its thread still there? */
	}
	return ts_threads(NULL) == 1 + flusher;
}

const char *ts_patch_refusal(void)
{
	if (!move)
		return "the module that reads machine code cannot be opened";
	if (ts_context.untraced || !ts_patch_is_alone())
		return "several threads run, and one might be in the middle of its first bytes";
	return NULL;
}

/* --- functions that were patched -------------------------------------------------------------- */

static uint16_t *bucket_of(uintptr_t function)
{
	size_t i = function * 0x9e3779b97f4a7c15 >> 32 & (BUCKETS - 1);

	for (; by_address[i]; i = (i + 1) & (BUCKETS - 1))
		if (places[by_address[i] - 1].function == function)
			break;
	return &by_address[i];
}

static struct place *find_place(uintptr_t function)
{
	uint16_t *bucket = places ? bucket_of(function) : NULL;

	return bucket && *bucket ? &places[*bucket - 1] : NULL;
}

/* Zeroed, or the one there is; NULL: there is no memory, or there are too many. */
static struct place *take_place(uintptr_t function)
{
	uint16_t *bucket;

	if (!places) {
		by_address = by_address ? by_address : ts_pages_new(BUCKETS * sizeof(*by_address));
		places = by_address ? ts_pages_new(TS_THUNKS * sizeof(*places)) : NULL;
	}
	if (!places)
		return NULL;
	bucket = bucket_of(function);
	if (*bucket)
		return &places[*bucket - 1];
	if (n_places == TS_THUNKS)
		return NULL;
	places[n_places].function = function;
	*bucket = (uint16_t)++n_places;
	return &places[n_places - 1];
}

/* --- pages of stubs --------------------------------------------------------------------------- */

static bool reaches(uintptr_t low, uintptr_t function)
{
	uintptr_t high = low + CHUNK_BYTES;

	return low < function ? function - low < REACH : high - function < REACH;
}

static bool is_chunk(uintptr_t at)
{
	for (size_t i = n_chunks; i-- > 0;)
		if (chunks[i].low == at)
			return true;
	return false;
}

static bool map_chunk(uintptr_t at)
{
	void *pages = ts_sys_mmap((void *)at, CHUNK_BYTES, PROT_READ | PROT_EXEC,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (ts_sys_failed(pages))
		return false;
	if ((uintptr_t)pages != at) { /* a kernel older than 4.17 takes the flag for a hint */
		ts_sys_munmap(pages, CHUNK_BYTES);
		return false;
	}
	chunks[n_chunks].low = at;
	chunks[n_chunks++].used = 0;
	return true;
}

/* In [low, high), as far up as there is none yet; the maps do not know of those made meanwhile. */
static bool map_in_gap(uintptr_t low, uintptr_t high, uintptr_t function)
{
	uintptr_t at = high;

	while (at >= low + CHUNK_BYTES && reaches(at - CHUNK_BYTES, function)) {
		at -= CHUNK_BYTES;
		if (!is_chunk(at))
			return map_chunk(at);
	}
	return false;
}

/*
 * In the nearest gap below the function, for above an executable its heap grows: at the gap's upper end, for
 * at its lower end a heap may grow into it. If there is none, above.
 */
static bool new_chunk(const struct ts_maps *maps, uintptr_t function)
{
	size_t here = 0;

	while (here < maps->n && maps->mappings[here].high <= function)
		here++;
	for (size_t i = here + 1; i-- > 0 && i < maps->n;) {
		uintptr_t below = i ? maps->mappings[i - 1].high : LOWEST;
		uintptr_t at = maps->mappings[i].low & ~(CHUNK_BYTES - 1);

		if (at < CHUNK_BYTES || !reaches(at - CHUNK_BYTES, function))
			break;
		if (map_in_gap(below, at, function))
			return true;
	}
	for (size_t i = here; i + 1 < maps->n; i++) {
		uintptr_t at = (maps->mappings[i].high + CHUNK_BYTES - 1) & ~(CHUNK_BYTES - 1);

		if (!reaches(at, function))
			break;
		for (; at + CHUNK_BYTES <= maps->mappings[i + 1].low && reaches(at, function);
		     at += CHUNK_BYTES)
			if (!is_chunk(at))
				break;
		if (at + CHUNK_BYTES <= maps->mappings[i + 1].low && map_chunk(at))
			return true;
	}
	return false;
}

/* Room for a new stub; not taken until a place has it. 0: there is none. */
static uintptr_t find_room(const struct ts_maps *maps, uintptr_t function)
{
	for (size_t i = n_chunks; i-- > 0;)
		if (CHUNK_BYTES - chunks[i].used >= STUB_BYTES && reaches(chunks[i].low, function))
			return chunks[i].low + chunks[i].used;
	if (n_chunks == MAX_CHUNKS || !new_chunk(maps, function))
		return 0;
	return chunks[n_chunks - 1].low;
}

/* `place` has the stub, and what it takes is taken. */
static void settle(struct place *place, uintptr_t stub, size_t bytes)
{
	size_t room = (bytes + 15) & ~15UL;

	place->stub = stub;
	place->room = room;
	for (size_t i = 0; i < n_chunks; i++)
		if (stub == chunks[i].low + chunks[i].used)
			chunks[i].used += room;
}

/* --- what is written -------------------------------------------------------------------------- */

struct code {
	uint8_t bytes[STUB_BYTES];
	size_t n;
};

static void put(struct code *code, const void *bytes, size_t n)
{
	memcpy(code->bytes + code->n, bytes, n);
	code->n += n;
}

static void put_byte(struct code *code, uint8_t byte)
{
	put(code, &byte, 1);
}

static void put_32(struct code *code, uint32_t word)
{
	put(code, &word, sizeof(word));
}

#define CMP_JNE_BYTES 11
_Static_assert(TS_ENTRY_MOST <= INT8_MAX, "jne reaches over moved code");
#define WAY_IN_BYTES 16

/* cmpl $0, %fs:offset; jne over the moved code. The offset is the same in all threads (initial-exec). */
static void put_test(struct code *code, size_t moved_bytes)
{
	static const uint8_t cmpl_fs[] = {0x64, 0x83, 0x3c, 0x25};
	intptr_t offset = (char *)&ts_context.inside - (char *)__builtin_thread_pointer();

	put(code, cmpl_fs, sizeof(cmpl_fs));
	put_32(code, (uint32_t)offset);
	put_byte(code, 0);
	put_byte(code, 0x75);
	put_byte(code, (uint8_t)moved_bytes);
}

/* push %r11; mov $thunk, %r11; jmp *pad(%r11) */
static void put_way_in(struct code *code, const struct ts_thunk *thunk)
{
	static const uint8_t push_mov[] = {0x41, 0x53, 0x49, 0xbb};
	static const uint8_t jmp[] = {0x41, 0xff, 0x63};

	put(code, push_mov, sizeof(push_mov));
	put(code, &thunk, sizeof(thunk));
	put(code, jmp, sizeof(jmp));
	put_byte(code, offsetof(struct ts_thunk, pad));
}

static void put_jump(struct code *code, uintptr_t from, uintptr_t to)
{
	put_byte(code, 0xe9);
	put_32(code, (uint32_t)(to - (from + TS_ENTRY_BYTES)));
}

/* Into pages that nobody may write: the kernel makes this process a copy of its own. */
static int write_code(uintptr_t at, const struct code *code)
{
	int fd = ts_sys_open("/proc/self/mem", O_RDWR, 0);
	long n;

	if (fd < 0)
		return fd;
	n = ts_sys_pwrite(fd, code->bytes, code->n, (long)at);
	ts_sys_close(fd);
	if (n != (long)code->n)
		return n < 0 ? (int)n : -EIO;
	return memcmp((const void *)at, code->bytes, code->n) ? -EIO : 0;
}

static size_t stub_bytes(const struct ts_entry_moved *moved)
{
	return CMP_JNE_BYTES + moved->bytes + WAY_IN_BYTES;
}

const char *ts_patch_prepare(const struct ts_entry_function *function, const struct ts_maps *maps,
			     struct ts_patch *ret)
{
	struct place *place = find_place(function->address);
	const char *why;

	ret->function = function->address;
	if (place && place->room) {
		ret->stub = place->stub;
		if (!move(function, ret->stub + CMP_JNE_BYTES, &ret->moved) &&
		    stub_bytes(&ret->moved) <= place->room)
			return NULL;
	}
	ret->stub = find_room(maps, function->address);
	if (!ret->stub)
		return "no memory may be made executable within 2 GB of it";
	why = move(function, ret->stub + CMP_JNE_BYTES, &ret->moved);
	if (why)
		return why;
	place = take_place(function->address);
	if (!place)
		return "there is no memory";
	settle(place, ret->stub, stub_bytes(&ret->moved));
	return NULL;
}

/* All of the jump or nothing of it. */
static int write_jump(uintptr_t function, const struct code *jump)
{
	struct code before = {.n = jump->n};
	uint64_t mask = ts_signals_block();
	int result;

	memcpy(before.bytes, (const void *)function, before.n);
	result = write_code(function, jump);
	if (result < 0 && memcmp((const void *)function, before.bytes, before.n) != 0)
		write_code(function, &before);
	ts_signals_restore(mask);
	return result;
}

const char *ts_patch_apply(const struct ts_patch *patch, size_t index, bool starts_trace)
{
	struct ts_thunk *thunk = &ts_thunks[index];
	struct code stub = {.n = 0}, jump = {.n = 0};
	uintptr_t moved = patch->stub + CMP_JNE_BYTES;

	put_test(&stub, patch->moved.bytes);
	put(&stub, patch->moved.code, patch->moved.bytes);
	put_way_in(&stub, thunk);
	put_jump(&jump, patch->function, starts_trace ? moved + patch->moved.bytes : patch->stub);
	if (write_code(patch->stub, &stub) < 0)
		return "executable memory cannot be written through /proc/self/mem";
	__atomic_store_n(&thunk->original, (const void *)moved, __ATOMIC_RELEASE);
	return write_jump(patch->function, &jump) < 0
		       ? "its code cannot be written through /proc/self/mem"
		       : NULL;
}

/* jne becomes jmp: one byte, which running threads see as the one or the other. */
void ts_patch_open(size_t index)
{
	static const struct code jmp = {.bytes = {0xeb}, .n = 1};

	write_code((uintptr_t)ts_thunks[index].original - 2, &jmp);
}

bool ts_patch_stands_at(uintptr_t function)
{
	const struct place *place = find_place(function);
	uint8_t code[TS_ENTRY_BYTES];
	uintptr_t target;
	int32_t distance;

	/* what lies there now may be a gap in another object */
	if (!place || !ts_guarded_copy(code, (const void *)function, sizeof(code)) ||
	    code[0] != 0xe9)
		return false;
	memcpy(&distance, code + 1, sizeof(distance));
	target = function + TS_ENTRY_BYTES + (uintptr_t)(intptr_t)distance;
	return target - place->stub < place->room;
}

bool ts_patch_stands_in(uintptr_t low, uintptr_t high)
{
	for (size_t i = 0; i < n_places; i++)
		if (places[i].function >= low && places[i].function < high &&
		    ts_patch_stands_at(places[i].function))
			return true;
	return false;
}
