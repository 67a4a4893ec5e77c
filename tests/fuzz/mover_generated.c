// SPDX-License-Identifier: Apache-2.0
/*
 * Functions made of real instructions: run as they are, then moved and patched, from the same
 * state. What can be moved and what cannot is known of each, so that a refusal is checked, too.
 *
 * Everything lies at fixed addresses, so that a case's seed is the whole case.
 */

#include "mover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "preload/entry.h"

#define PAGE       4096
#define TEXT_BYTES (2 * PAGE)
#define COLD       (PAGE + 1024) /* in a text: what lies outside the function and belongs to it */
#define STUBS      (2 * PAGE - 256)
#define SLOTS      (PAGE - 64) /* in the data area: addresses that code jumps through */
#define MAX_CODE   512
#define MAX_INSNS  48
#define MAGIC      0x11223344

/* As mover_state.S has it. */
struct state {
	uint64_t gpr[16];
	uint64_t flags;
	uint64_t k[8];
	uint8_t reserved[56];
	uint8_t fx[512];
	uint8_t vector[32][64];
};
_Static_assert(offsetof(struct state, fx) == 256 && offsetof(struct state, vector) == 768,
	       "layout");

void state_run(const struct state *in, struct state *out, const void *entry);
void state_back(void);
extern int state_level;

struct pool_insn {
	const uint8_t *code;
	uint8_t bytes;
	uint8_t level;
	uint8_t reserved[6];
};
extern const struct pool_insn pool[], pool_end[];

/* Places within reach of one another, mostly. */
struct place {
	uint8_t *texts[2];
	uint8_t *data[3];
	uint8_t *moved[6];
};

#define LOW  0x20000000
#define HIGH 0x300000000000
#define GB   0x40000000ULL

static struct place low, high;
static uint8_t *stack;

/* A jump or a call whose target is known: an instruction by its number, until all are there. */
struct jump {
	size_t offset; /* of the distance */
	size_t bytes;  /* of the distance; 0: it is written */
	size_t insn;
	ptrdiff_t target; /* from the function's first byte */
	bool is_call;
};

/* A function in the making, and what is known of it. */
struct made {
	const struct place *place;
	uint8_t *text, *data;
	uint8_t *code; /* in text */
	size_t bytes;
	size_t readable;
	size_t starts[MAX_INSNS + 1];
	size_t n;
	struct jump jumps[MAX_INSNS];
	size_t n_jumps;
	size_t n_unknown;    /* jumps through a register */
	size_t last_unknown; /* ... the last, by its number */
	bool is_undecoded;   /* its last instruction is none */
	bool is_bad;         /* something in the first bytes cannot be moved */
	bool is_joined;      /* somebody outside jumps between the first instructions */
};

static uint8_t *map(uintptr_t address, size_t bytes)
{
	void *ret = mmap((void *)address, bytes, PROT_READ | PROT_WRITE | PROT_EXEC,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (ret != (void *)address) {
		perror("mover: the places for code");
		exit(1);
	}
	return ret;
}

static void map_place(struct place *place, uintptr_t base, const uintptr_t *offsets)
{
	place->texts[0] = map(base + offsets[0], TEXT_BYTES);
	place->texts[1] = map(base + offsets[1], TEXT_BYTES);
	for (int i = 0; i < 3; i++)
		place->data[i] = map(base + offsets[2 + i], PAGE);
	for (int i = 0; i < 6; i++)
		place->moved[i] = map(base + offsets[5 + i], PAGE);
}

void generated_begin(void)
{
	static const uintptr_t in_low[] = {0,          0x100000, 0x200000,  0x8000000,
					   0x20000000, 0x4000,   0x1000000, 0x80000,
					   0x30000000, 0x300000, 0x10000000};
	static const uintptr_t in_high[] = {
		2 * GB, 2 * GB + 0x100000, 2 * GB + 0x4000, 2 * GB - GB / 2,
		3 * GB, 2 * GB + 0x8000,   0x10000,         4 * GB - 0x10000,
		GB,     3 * GB - 0x5000,   2 * GB - 0x10000};

	map_place(&low, LOW, in_low);
	map_place(&high, HIGH, in_high);
	stack = map(HIGH + 0x100000000000, PAGE);
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
		state_level = 2;
	else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") &&
		 __builtin_cpu_supports("fma"))
		state_level = 1;
	printf("mover: %zu instructions, %s\n", (size_t)(pool_end - pool),
	       state_level == 2 ? "AVX-512"
	       : state_level    ? "AVX2"
				: "SSE");
}

/* --- making one ------------------------------------------------------------------------------- */

static void put(struct made *made, const void *bytes, size_t n)
{
	memcpy(made->code + made->bytes, bytes, n);
	made->bytes += n;
}

static void put_distance(struct made *made, const uint8_t *target)
{
	int32_t distance = (int32_t)(target - (made->code + made->bytes + 4));

	put(made, &distance, 4);
}

static void begin_insn(struct made *made)
{
	made->starts[made->n++] = made->bytes;
}

static void put_pool(struct made *made)
{
	const struct pool_insn *insn;
	const uint32_t magic = MAGIC;
	uint8_t *start = made->code + made->bytes;

	do
		insn = &pool[pick((size_t)(pool_end - pool))];
	while (insn->level > state_level);
	begin_insn(made);
	put(made, insn->code, insn->bytes);
	for (size_t i = 0; i + 4 <= insn->bytes; i++) {
		const uint8_t *target = made->data + 64 * pick(32);
		int32_t distance = (int32_t)(target - (made->code + made->bytes));

		if (memcmp(start + i, &magic, 4) == 0)
			memcpy(start + i, &distance, 4);
	}
}

static void put_jump_to(struct made *made, const char *opcode, const uint8_t *target)
{
	begin_insn(made);
	put(made, opcode, strlen(opcode));
	made->jumps[made->n_jumps++] =
		(struct jump){.target = target - made->code, .is_call = strchr(opcode, 0xe8)};
	put_distance(made, target);
}

/* jcc or jmp of either length, to an instruction to come; or jcc to the part elsewhere. */
static void put_branch(struct made *made)
{
	const char condition = (char)pick(16);
	size_t bytes = one_in(2) ? 4 : 1;

	if (one_in(4)) {
		put_jump_to(made, (char[]){0x0f, (char)(0x80 | condition), 0}, made->text + COLD);
		return;
	}
	begin_insn(made);
	if (one_in(8))
		put(made, bytes == 4 ? "\xe9" : "\xeb", 1);
	else if (bytes == 4)
		put(made, (char[]){0x0f, (char)(0x80 | condition)}, 2);
	else
		put(made, (char[]){0x70 | condition}, 1);
	made->jumps[made->n_jumps++] =
		(struct jump){.offset = made->bytes, .bytes = bytes, .insn = made->n + pick(5)};
	put(made, "\0\0\0\0", bytes);
}

static void put_call(struct made *made)
{
	const uint8_t *stub = made->text + STUBS + 16 * pick(2);

	switch (pick(6)) {
	case 0:
		put_jump_to(made, "\xe8", made->code + made->bytes + 5);
		return;
	case 1:
		put_jump_to(made, "\x67\xe8", stub);
		return;
	case 2:
	case 3:
		put_jump_to(made, "\xe8", stub);
		return;
	default:
		begin_insn(made);
	}
	if (one_in(2)) {
		put(made, "\x41\xff\xd3", 3); /* call *%r11 */
	} else {
		put(made, "\xff\x15", 2);
		put_distance(made, made->data + SLOTS + 8);
	}
	made->is_bad |= made->bytes < TS_ENTRY_BYTES;
}

static void put_exit(struct made *made)
{
	begin_insn(made);
	put(made, "\xff\x25", 2);
	put_distance(made, made->data + SLOTS);
}

/* What must be refused among the first bytes; it is never run. */
static void put_bad(struct made *made)
{
	static const char *const bad[] = {
		"\x0f\x05",     /* syscall */ "\xcd\x80",         /* int $0x80 */
		"\xcc",         /* int3 */ "\xcb",                /* lret */
		"\xe3\x20",     /* jrcxz */ "\xe2\x20",           /* loop */
		"\xff\xd4",     /* call *%rsp */ "\xf4",          /* hlt */
		"\x66\x74\x10", /* data16 je */ "\xff\x50\x08",   /* call *8(%rax) */
		"\x06",         /* is none */ "\x67\x8d\x05zzzz", /* lea n(%eip),%eax */
	};
	const char *code = bad[pick(sizeof(bad) / sizeof(bad[0]))];

	begin_insn(made);
	put(made, code, strlen(code));
	made->is_bad = true;
}

/* Behind the exit, never run: who jumps where. False: nothing may follow. */
static bool put_dead(struct made *made)
{
	const uint8_t *target = made->code + pick(24);

	switch (pick(6)) {
	case 0:
		begin_insn(made);
		if (one_in(3) || memcmp(made->code, "\xf3\x0f\x1e\xfa", 4) != 0) {
			made->n_unknown++;
			made->last_unknown = made->n - 1;
			put(made, "\x3e", 1); /* notrack */
		}
		put(made, "\xff\xe0", 2); /* jmp *%rax */
		return true;
	case 1:
		begin_insn(made);
		put(made, "\x06", 1);
		made->is_undecoded = true;
		return false;
	case 2:
		put_jump_to(made, "\xe9", target);
		return true;
	case 3:
		put_jump_to(made, "\x0f\x84", target);
		return true;
	case 4:
		put_jump_to(made, "\xe8", target);
		return true;
	default:
		put_pool(made);
		return true;
	}
}

static void put_body(struct made *made)
{
	size_t n = pick(5);

	while (n--)
		if (one_in(8))
			put_branch(made);
		else
			put_pool(made);
	put_exit(made);
	for (int i = 0; i < 4; i++)
		put_exit(made); /* where branches may lead */
	for (n = one_in(2) ? pick(4) : 0; n && put_dead(made); n--)
		;
}

/* Branches lead to instructions that are all there now. */
static void settle(struct made *made)
{
	for (size_t i = 0; i < made->n_jumps; i++) {
		struct jump *jump = &made->jumps[i];
		int32_t distance;

		if (!jump->bytes)
			continue;
		jump->target = (ptrdiff_t)made->starts[jump->insn];
		distance = (int32_t)(jump->target - (ptrdiff_t)(jump->offset + jump->bytes));
		memcpy(made->code + jump->offset, &distance, jump->bytes);
	}
}

static void make_long(struct made *made)
{
	bool is_bad = one_in(12);

	if (one_in(4)) {
		begin_insn(made);
		put(made, "\xf3\x0f\x1e\xfa", 4);
	}
	while (made->bytes < TS_ENTRY_BYTES) {
		if (is_bad && one_in(2))
			put_bad(made);
		else if (one_in(8))
			put_branch(made);
		else if (one_in(8))
			put_call(made);
		else
			put_pool(made);
	}
	put_body(made);
	settle(made);
	made->readable = made->bytes;
}

/* One that returns within five bytes, and padding; or not quite. */
static void make_short(struct made *made)
{
	static const char *const bodies[] = {"",         "\x31\xc0",     "\x90",         "\x89\xf8",
					     "\xf3\x90", "\x11\xc8\x90", "\x0f\x94\xc0", "\xf8"};
	const char *body = bodies[pick(8)];
	const char padding = one_in(2) ? (char)0xcc : (char)0x90;

	if (*body) {
		begin_insn(made);
		put(made, body, strlen(body));
	}
	begin_insn(made);
	put(made, "\xc3", 1);
	made->readable = made->bytes;
	while ((uintptr_t)(made->code + made->readable) % 16)
		made->code[made->readable++] = (uint8_t)padding;
	if (made->readable > made->bytes && one_in(4))
		made->code[made->bytes + pick(made->readable - made->bytes)] = 0x53;
	if (one_in(8))
		made->readable = made->bytes + pick(made->readable - made->bytes + 1);
}

static struct made make(void)
{
	struct made made = {.place = one_in(4) ? &low : &high};

	made.text = made.place->texts[pick(2)];
	made.data = made.place->data[pick(3)];
	made.code = made.text + 512 + (one_in(4) ? pick(16) : 16 * pick(8));
	memset(made.text, 0xcc, TEXT_BYTES);
	memcpy(made.text + STUBS, "\x4c\x8b\x14\x24\xc3", 5);       /* mov (%rsp),%r10; ret */
	memcpy(made.text + STUBS + 16, "\x41\x5a\x41\xff\xe2", 5);  /* pop %r10; jmp *%r10 */
	memcpy(made.text + COLD, (uint8_t[]){0xf9, 0xff, 0x25}, 3); /* stc; jmp *slot */
	memcpy(made.text + COLD + 3,
	       &(int32_t){(int32_t)(made.data + SLOTS - (made.text + COLD + 7))}, 4);
	if (one_in(12))
		make_short(&made);
	else
		make_long(&made);
	return made;
}

/* A jump from elsewhere: long, behind the cold part; or short, right before the function. */
static void join(struct made *made, ptrdiff_t target)
{
	uint8_t *from = one_in(2) ? made->text + COLD + 64 : made->code - 16 - pick(64);
	int32_t distance = (int32_t)(made->code + target - (from + 5));

	if (from < made->code && one_in(2)) {
		from[0] = one_in(2) ? 0xeb : 0x75;
		from[1] = (uint8_t)(made->code + target - (from + 2));
		return;
	}
	from[0] = 0xe9;
	memcpy(from + 1, &distance, 4);
}

/* --- what should come of it ------------------------------------------------------------------- */

static size_t taken_of(const struct made *made)
{
	for (size_t i = 0; i < made->n; i++)
		if (made->starts[i] >= TS_ENTRY_BYTES)
			return made->starts[i];
	return made->bytes < TS_ENTRY_BYTES ? TS_ENTRY_BYTES : made->bytes;
}

static bool is_set_up(const uint8_t *code)
{
	static const char *const others[] = {"\x48\x89\xe5", "\x48\x8b\xec", "\x48\x83\xec",
					     "\x48\x81\xec"};

	if ((code[0] & 0xf8) == 0x50 || (code[0] == 0x41 && (code[1] & 0xf8) == 0x50))
		return true;
	for (int i = 0; i < 4; i++)
		if (memcmp(code, others[i], 3) == 0)
			return true;
	return false;
}

enum expected { MOVES, REFUSES, EITHER };

/* Its own jumps. */
static enum expected expected_of_jumps(const struct made *made, size_t taken, size_t *ret_inner)
{
	for (size_t i = 0; i < made->n_jumps; i++) {
		const struct jump *jump = &made->jumps[i];

		if ((jump->target > 0 && jump->target < (ptrdiff_t)taken) ||
		    (!jump->target && !jump->is_call))
			return REFUSES;
		*ret_inner +=
			!jump->is_call && jump->target > 0 && jump->target < (ptrdiff_t)made->bytes;
	}
	return MOVES;
}

/* A push behind that may save a register: then no loop begins before it. */
static bool saves_behind(const struct made *made, size_t taken)
{
	for (size_t i = 1; i < made->n; i++) {
		const uint8_t *code = made->code + made->starts[i];

		if (made->starts[i + 1] >= taken &&
		    (*code == 0x53 || *code == 0x55 || (*code == 0x41 && (code[1] & 0xfc) == 0x54)))
			return true;
	}
	return false;
}

static enum expected expected_of_long(const struct made *made, size_t taken, bool is_alone)
{
	size_t n_inner = 0, n_jumps = 0;
	enum expected expected = expected_of_jumps(made, taken, &n_inner);

	for (size_t i = 0; i < made->n && made->starts[i] < TS_ENTRY_BYTES; i++) {
		const uint8_t *code = made->code + made->starts[i];

		if (i && memcmp(code, "\xf3\x0f\x1e\xfa", 4) == 0)
			expected = REFUSES;
		if ((*code == 0xe9 || *code == 0xeb) && made->starts[i + 1] < TS_ENTRY_BYTES)
			return EITHER; /* what follows may happen to be padding */
	}
	if (expected == REFUSES || made->is_bad)
		return REFUSES;
	for (size_t i = 0; i < made->n_jumps; i++)
		n_jumps += !made->jumps[i].is_call;
	for (size_t i = 1; i < made->n && made->starts[i] < taken; i++) {
		if (is_set_up(made->code + made->starts[i]))
			continue;
		if (made->is_joined)
			return REFUSES;
		if (!made->is_undecoded && !made->n_unknown && !(is_alone && n_jumps > n_inner))
			return MOVES;
		if (saves_behind(made, taken) ||
		    (made->n_unknown == 1 && !n_inner && made->last_unknown != made->n - 1))
			return EITHER;
		return made->is_undecoded || made->n_unknown > 1 || n_inner ||
				       (is_alone && n_jumps > n_inner)
			       ? REFUSES
			       : MOVES;
	}
	return MOVES;
}

static enum expected expected_of_short(const struct made *made)
{
	size_t end = made->bytes;

	while ((uintptr_t)(made->code + end) % 16)
		end++;
	if (end < TS_ENTRY_BYTES || made->readable < end)
		return REFUSES;
	for (size_t i = made->bytes; i < end; i++)
		if (made->code[i] != 0xcc && made->code[i] != 0x90)
			return REFUSES;
	return MOVES;
}

static bool is_far(const struct made *made, const uint8_t *at)
{
	const ptrdiff_t most = 0x7fffffff - 2 * TEXT_BYTES;

	return labs(made->code - at) > most || labs(made->data - at) > most;
}

/* --- running it ------------------------------------------------------------------------------- */

/* What code can be told apart by. */
struct world {
	struct state state;
	uint8_t stack[PAGE];
	uint8_t data[PAGE];
};

static void random_x87(uint8_t *fx)
{
	const uint16_t control = (uint16_t)(0x37f ^ (chance() & 0xf00)); /* all masked */
	const uint16_t status = (uint16_t)((chance() & 0x4700) | pick(8) << 11);
	const uint32_t mxcsr = (uint32_t)(0x1f80 | (chance() & 0xe040));

	chance_fill(fx + 32, 8 * 16 + 16 * 16);
	memcpy(fx, &control, 2);
	memcpy(fx + 2, &status, 2);
	fx[4] = (uint8_t)chance();
	memcpy(fx + 24, &mxcsr, 4);
	for (int i = 0; i < 8; i++)
		memset(fx + 32 + 16 * i + 10, 0, 6);
}

static void random_world(const struct made *made, struct world *ret)
{
	const uint64_t slots[3] = {(uintptr_t)state_back,
				   (uintptr_t)made->text + STUBS + 16 * pick(2),
				   (uintptr_t)made->text + COLD + 1};
	struct state *state = &ret->state;
	size_t depth = PAGE / 2 + 8 * pick(64);

	chance_fill(state->gpr, sizeof(state->gpr));
	chance_fill(state->k, sizeof(state->k));
	chance_fill(state->vector, sizeof(state->vector));
	chance_fill(ret->stack, sizeof(ret->stack));
	chance_fill(ret->data, sizeof(ret->data));
	random_x87(state->fx);
	state->flags = 0x202 | (chance() & 0xcd5);
	state->gpr[4] = (uintptr_t)stack + depth;
	state->gpr[11] = (uintptr_t)made->text + STUBS + 16 * pick(2);
	state->gpr[14] = (uintptr_t)made->data + 1024;
	memcpy(ret->stack + depth, &slots[2], 8); /* where it returns to: the way back */
	memcpy(ret->data + SLOTS, slots, sizeof(slots));
}

static void run(const struct made *made, const struct world *from, struct world *ret)
{
	memcpy(stack, from->stack, PAGE);
	memcpy(made->data, from->data, PAGE);
	memset(&ret->state, 0, sizeof(ret->state));
	state_run(&from->state, &ret->state, made->code);
	memcpy(ret->stack, stack, PAGE);
	memcpy(ret->data, made->data, PAGE);
	memset(ret->state.fx + 6, 0, 18); /* x87's last instruction: opcode and addresses */
}

static void compare(const struct world *expected, const struct world *found)
{
	static char what[64];

	for (int i = 0; i < 16; i++)
		if (expected->state.gpr[i] != found->state.gpr[i]) {
			snprintf(what, sizeof(what), "register %d: %llx, not %llx", i,
				 (unsigned long long)found->state.gpr[i],
				 (unsigned long long)expected->state.gpr[i]);
			finding(what);
		}
	if (expected->state.flags != found->state.flags)
		finding("flags");
	if (memcmp(expected->state.k, found->state.k, sizeof(expected->state.k)) != 0)
		finding("mask registers");
	if (memcmp(expected->state.fx, found->state.fx, sizeof(expected->state.fx)) != 0)
		finding("x87, SSE or their control words");
	if (memcmp(expected->state.vector, found->state.vector, sizeof(found->state.vector)) != 0)
		finding("vector registers");
	if (memcmp(expected->stack, found->stack, PAGE) != 0)
		finding("the stack");
	if (memcmp(expected->data, found->data, PAGE) != 0)
		finding("memory");
}

/* As preload/ does it; what was taken is gone. */
static void patch(const struct made *made, uint8_t *at, const struct ts_entry_moved *moved)
{
	const int32_t distance = (int32_t)(at - (made->code + TS_ENTRY_BYTES));

	memcpy(at, moved->code, moved->bytes);
	memset(made->code, 0xcc, moved->taken);
	made->code[0] = 0xe9;
	memcpy(made->code + 1, &distance, 4);
}

static void move_and_run(const struct made *made, uint8_t *at, const struct ts_entry_moved *moved)
{
	static struct world before, expected, found;

	random_world(made, &before);
	run(made, &before, &expected);
	patch(made, at, moved);
	run(made, &before, &found);
	compare(&expected, &found);
}

static void describe(const struct made *made, const uint8_t *at)
{
	static uint8_t code[MAX_CODE];

	snprintf(subject.name, sizeof(subject.name), "generated, %zu bytes of code", made->bytes);
	memcpy(code, made->code, made->bytes);
	subject.code = code;
	subject.bytes = made->readable;
	subject.address = (uintptr_t)made->code;
	subject.at = (uintptr_t)at;
}

static bool is_short(const struct made *made)
{
	return made->bytes < TS_ENTRY_BYTES;
}

static void check(const struct made *made, enum expected expected, const uint8_t *at,
		  const char *why)
{
	static char what[160];

	if (why && strstr(why, "out of reach") && is_far(made, at))
		return;
	if (expected == EITHER || (expected == MOVES) == !why)
		return;
	snprintf(what, sizeof(what), "it should %s: %s", why ? "move" : "be refused",
		 why ? why : "it was moved");
	finding(what);
}

void generated_case(void)
{
	struct made made = make();
	size_t taken = taken_of(&made);
	bool is_alone = one_in(8);
	struct ts_entry_function function = {.code = made.code,
					     .address = (uintptr_t)made.code,
					     .bytes = made.bytes,
					     .readable = made.readable};
	uint8_t *at = made.place->moved[pick(6)] + pick(PAGE - TS_ENTRY_MOST);
	struct ts_entry_moved moved;
	enum expected expected;
	const char *why;

	if (!is_alone) {
		function.text = made.text;
		function.text_bytes = TEXT_BYTES;
	}
	if (!is_alone && !is_short(&made) && one_in(8)) {
		ptrdiff_t target = (ptrdiff_t)pick(taken + 4);

		join(&made, target);
		made.is_joined = target > 0 && target < (ptrdiff_t)taken;
	}
	describe(&made, at);
	why = ts_entry_move(&function, (uintptr_t)at, &moved);
	expected = is_short(&made) ? expected_of_short(&made)
				   : expected_of_long(&made, taken, is_alone);
	check(&made, expected, at, why);
	if (!why && moved.taken != taken && expected != EITHER)
		finding("it took more or less than the instructions that are in the way");
	count(&generated_counts, why);
	if (!why)
		move_and_run(&made, at, &moved);
}
