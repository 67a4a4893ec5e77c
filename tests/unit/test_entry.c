// SPDX-License-Identifier: Apache-2.0
/* Moving the first instructions of functions. The bytes are gas's, of functions at 0x401000. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "preload/entry.h"

#define ADDRESS 0x401000
#define AT      0x500000
#define BESIDE  512 /* bytes of the segment before a function, and behind */

struct entry_case {
	const char *what;
	const char *code;  /* hexadecimal */
	const char *moved; /* what is made of it, to run at AT; or NULL, and ... */
	const char *why;
	size_t taken;
	long bytes; /* the function's size; 0: all of code, negative: its size is not known */
	bool alone; /* nothing is known of what lies around it */
};

static const struct entry_case cases[] = {
	{.what = "push, mov, sub",
	 .code = "55 48 89 e5 48 83 ec 10 c9 c3",
	 .moved = "55 48 89 e5 48 83 ec 10 e9 fb 0f f0 ff",
	 .taken = 8},
	{.what = "endbr64 first",
	 .code = "f3 0f 1e fa 53 48 89 fb 5b c3",
	 .moved = "f3 0f 1e fa 53 e9 fb 0f f0 ff",
	 .taken = 5},
	{.what = "one long instruction",
	 .code = "48 b8 88 77 66 55 44 33 22 11 c3",
	 .moved = "48 b8 88 77 66 55 44 33 22 11 e9 fb 0f f0 ff",
	 .taken = 10},
	{.what = "five of one byte",
	 .code = "53 90 90 90 5b c3",
	 .moved = "53 90 90 90 5b e9 fb 0f f0 ff",
	 .taken = 5},
	{.what = "lea of what lies near",
	 .code = "48 8d 3d f9 ef 2f 00 c3",
	 .moved = "48 8d 3d f9 ff 1f 00 e9 fb 0f f0 ff",
	 .taken = 7},
	{.what = "RIP-relative before an immediate",
	 .code = "c7 05 f6 ef 2f 00 07 00 00 00 c3",
	 .moved = "c7 05 f6 ff 1f 00 07 00 00 00 e9 fb 0f f0 ff",
	 .taken = 10},
	{.what = "RIP-relative before one byte",
	 .code = "80 3d f9 ef 2f 00 00 c3",
	 .moved = "80 3d f9 ff 1f 00 00 e9 fb 0f f0 ff",
	 .taken = 7},
	{.what = "RIP-relative of the thread's segment",
	 .code = "64 48 8b 05 f8 ef 2f 00 c3",
	 .moved = "64 48 8b 05 f8 ff 1f 00 e9 fb 0f f0 ff",
	 .taken = 8},
	{.what = "RIP-relative with VEX",
	 .code = "c5 7e 6f 0d f8 ef 2f 00 c3",
	 .moved = "c5 7e 6f 0d f8 ff 1f 00 e9 fb 0f f0 ff",
	 .taken = 8},
	{.what = "RIP-relative with EVEX and an immediate",
	 .code = "62 f3 75 40 25 15 f5 ef 2f 00 03 c3",
	 .moved = "62 f3 75 40 25 15 f5 ff 1f 00 03 e9 fb 0f f0 ff",
	 .taken = 11},
	{.what = "its own address",
	 .code = "48 8d 05 f9 ff ff ff c3",
	 .moved = "48 8d 05 f9 0f f0 ff e9 fb 0f f0 ff",
	 .taken = 7},

	{.what = "short jcc onward",
	 .code = "85 ff 74 03 89 f8 90 c3",
	 .moved = "85 ff 0f 84 ff 0f f0 ff 89 f8 e9 f7 0f f0 ff",
	 .taken = 6},
	{.what = "short jcc to elsewhere",
	 .code = "31 c0 72 5c 90 c3",
	 .moved = "31 c0 0f 82 58 10 f0 ff 90 e9 f7 0f f0 ff",
	 .taken = 5},
	{.what = "long jcc to elsewhere",
	 .code = "0f 8b 5a 00 00 00 c3",
	 .moved = "0f 8b 5a 10 f0 ff e9 fb 0f f0 ff",
	 .taken = 6},
	{.what = "two short jcc",
	 .code = "70 5e 78 5c 90 90 c3",
	 .moved = "0f 80 5a 10 f0 ff 0f 88 54 10 f0 ff 90 e9 f3 0f f0 ff",
	 .taken = 5},
	{.what = "jcc over its return",
	 .code = "85 ff 78 01 c3 89 f8 c3",
	 .moved = "85 ff 0f 88 fd 0f f0 ff c3",
	 .taken = 5},
	{.what = "short jmp over what follows",
	 .code = "eb 03 90 90 90 89 f8 c3",
	 .moved = "e9 00 10 f0 ff",
	 .taken = 5},
	{.what = "jmp at its end: a tail call",
	 .code = "31 c0 e9 59 00 00 00",
	 .moved = "31 c0 e9 59 10 f0 ff",
	 .taken = 7},
	{.what = "nothing but a tail call",
	 .code = "e9 5b 00 00 00",
	 .moved = "e9 5b 10 f0 ff",
	 .taken = 5},
	{.what = "nothing but a short tail call, padded",
	 .code = "eb 5e cc cc cc cc cc cc cc cc cc cc cc cc cc cc",
	 .bytes = 2,
	 .moved = "e9 5b 10 f0 ff",
	 .taken = 5},
	{.what = "a tail call through the GOT",
	 .code = "ff 25 fa ef 2f 00",
	 .moved = "ff 25 fa ff 1f 00",
	 .taken = 6},
	{.what = "a tail call through a method table",
	 .code = "48 8b 07 ff 60 10",
	 .moved = "48 8b 07 ff 60 10",
	 .taken = 6},
	{.what = "a tail call through a register, built for CET",
	 .code = "f3 0f 1e fa 85 ff 74 02 ff e0 c3",
	 .moved = "f3 0f 1e fa 85 ff e9 fb 0f f0 ff",
	 .taken = 6},

	{.what = "call as the last",
	 .code = "53 e8 5a 00 00 00 5b c3",
	 .moved = "53 68 06 10 40 00 e9 55 10 f0 ff",
	 .taken = 6},
	{.what = "call alone, of itself",
	 .code = "e8 fb ff ff ff c3",
	 .moved = "68 05 10 40 00 e9 f6 0f f0 ff",
	 .taken = 5},
	{.what = "call of what follows it: what reads its own address",
	 .code = "e8 00 00 00 00 58 c3",
	 .moved = "68 05 10 40 00 e9 fb 0f f0 ff",
	 .taken = 5},
	{.what = "call through the GOT",
	 .code = "53 ff 15 f9 ef 2f 00 5b c3",
	 .moved = "53 68 07 10 40 00 ff 25 f4 ff 1f 00",
	 .taken = 7},
	{.what = "call of a register",
	 .code = "48 89 f7 41 ff d3 c3",
	 .moved = "48 89 f7 68 06 10 40 00 41 ff e3",
	 .taken = 6},
	{.what = "call of a register, not tracked",
	 .code = "48 89 f7 3e ff d0 c3",
	 .moved = "48 89 f7 68 06 10 40 00 3e ff e0",
	 .taken = 6},
	{.what = "call made longer by the linker",
	 .code = "67 e8 5a 00 00 00 c3",
	 .moved = "68 06 10 40 00 e9 56 10 f0 ff",
	 .taken = 6},

	{.what = "3 bytes and padding of int3",
	 .code = "31 c0 c3 cc cc cc cc cc cc cc cc cc cc cc cc cc",
	 .bytes = 3,
	 .moved = "31 c0 c3",
	 .taken = 5},
	{.what = "3 bytes and padding of nops",
	 .code = "31 c0 c3 66 66 2e 0f 1f 84 00 00 00 00 00 66 90",
	 .bytes = 3,
	 .moved = "31 c0 c3",
	 .taken = 5},
	{.what = "1 byte and padding",
	 .code = "c3 66 66 2e 0f 1f 84 00 00 00 00 00 0f 1f 40 00",
	 .bytes = 1,
	 .moved = "c3",
	 .taken = 5},
	{.what = "a return in the middle of padding",
	 .code = "f3 c3 66 90 90 90 90 90",
	 .moved = "f3 c3",
	 .taken = 5},
	{.what = "ud2 and padding",
	 .code = "0f 0b 66 66 2e 0f 1f 84 00 00 00 00 00 0f 1f 00",
	 .bytes = 2,
	 .moved = "0f 0b",
	 .taken = 5},
	{.what = "3 bytes, then another function",
	 .code = "31 c0 c3 53 66 66 2e 0f 1f 84 00 00 00 00 00 90",
	 .bytes = 3,
	 .why = "it is too short: 3 bytes"},
	{.what = "3 bytes, too little padding is shown",
	 .code = "31 c0 c3 cc cc cc cc cc",
	 .bytes = 3,
	 .why = "it is too short: 3 bytes"},
	{.what = "3 bytes, padding ends in a function",
	 .code = "31 c0 c3 90 90 90 53 66 0f 1f 84 00 00 00 00 00",
	 .bytes = 3,
	 .why = "it is too short: 3 bytes"},
	{.what = "3 bytes that go on",
	 .code = "31 c0 90 66 66 2e 0f 1f 84 00 00 00 00 00 66 90",
	 .bytes = 3,
	 .why = "it is too short: 3 bytes"},
	{.what = "1 byte, nothing behind", .code = "c3", .why = "it is too short: 1 byte"},
	{.what = "no size",
	 .code = "55 48 89 e5 90 c3",
	 .bytes = -1,
	 .why = "its size is not known"},
	{.what = "code behind its return",
	 .code = "31 c0 c3 89 f8 c3",
	 .why = "it leaves within its first bytes, and other code follows"},

	{.what = "it jumps into its first bytes",
	 .code = "31 c0 ff c0 ff cf 75 fa c3",
	 .why = "it jumps back into its first bytes"},
	{.what = "... with a long jump",
	 .code = "31 c0 ff c0 ff cf 0f 85 f6 ff ff ff c3",
	 .why = "it jumps back into its first bytes"},
	{.what = "... with loop",
	 .code = "31 c0 ff c0 90 90 e2 fa c3",
	 .why = "it jumps back into its first bytes"},
	{.what = "... within them",
	 .code = "85 ff 74 00 90 90 c3",
	 .why = "it jumps back into its first bytes"},
	{.what = "it calls into its first bytes",
	 .code = "31 c0 ff c0 90 90 e8 f7 ff ff ff c3",
	 .why = "it jumps back into its first bytes"},
	{.what = "it jumps to its start",
	 .code = "ff cf ff c0 90 75 f9 c3",
	 .why = "it jumps back to its own start"},
	{.what = "... with jmp",
	 .code = "ff cf ff c0 74 02 eb f8 c3",
	 .why = "it jumps back to its own start"},
	{.what = "it jumps to where it resumes",
	 .code = "31 c0 90 90 90 ff cf 75 fc c3",
	 .moved = "31 c0 90 90 90 e9 fb 0f f0 ff",
	 .taken = 5},
	{.what = "a switch",
	 .code = "48 8d 15 f9 ef 2f 00 48 63 04 ba 48 01 d0 ff e0 90 c3",
	 .moved = "48 8d 15 f9 ff 1f 00 e9 fb 0f f0 ff",
	 .taken = 7},
	{.what = "a switch, and set-up alone",
	 .code = "55 48 89 e5 53 ff 24 fd 00 00 70 00 5b c9 c3",
	 .moved = "55 48 89 e5 53 e9 fb 0f f0 ff",
	 .taken = 5},
	{.what = "a switch, and more than set-up",
	 .code = "53 89 fb 31 c0 ff 24 dd 00 00 70 00 5b c3",
	 .why = "it has a jump table, whose targets are not known"},
	{.what = "a switch, and a register saved behind",
	 .code = "55 48 89 fd 31 c0 53 ff 24 c5 00 00 70 00 5b 5d c3",
	 .moved = "55 48 89 fd 31 c0 e9 fb 0f f0 ff",
	 .taken = 6},
	{.what = "a switch, and a register pushed behind that holds something else",
	 .code = "55 48 89 fd 31 c0 55 ff 24 c5 00 00 70 00 5b 5d c3",
	 .why = "it has a jump table, whose targets are not known"},
	{.what = "a switch, and an argument pushed behind",
	 .code = "55 48 89 fd 31 c0 52 ff 24 c5 00 00 70 00 5b 5d c3",
	 .why = "it has a jump table, whose targets are not known"},
	{.what = "a switch, and a register saved behind a jump",
	 .code = "55 48 89 fd 85 ff 74 09 53 ff 24 c5 00 00 70 00 5b 5d c3",
	 .why = "it has a jump table, whose targets are not known"},
	{.what = "a switch marked notrack",
	 .code = "f3 0f 1e fa 89 ff 3e ff 24 fd 00 00 70 00 c3",
	 .why = "it has a jump table, whose targets are not known"},
	{.what = "an indirect jump in a loop",
	 .code = "89 f8 48 8b 0e ff c8 75 fc ff e1",
	 .why = "it has a jump table, whose targets are not known"},
	{.what = "a tail call through a register, behind a frame's end",
	 .code = "48 85 ff 74 0a 53 48 8b 07 48 83 c4 08 ff e0 c3",
	 .moved = "48 85 ff 0f 84 06 10 f0 ff e9 f7 0f f0 ff",
	 .taken = 5},
	{.what = "a switch behind a frame's end",
	 .code = "48 85 ff 74 08 53 48 8b 07 5b 3e ff e0 c3",
	 .why = "it has a jump table, whose targets are not known"},
	{.what = "a call through memory is no switch",
	 .code = "89 f8 90 90 90 ff 53 08 c3",
	 .moved = "89 f8 90 90 90 e9 fb 0f f0 ff",
	 .taken = 5},
	{.what = "bytes that do not decode, set-up alone",
	 .code = "55 48 89 e5 53 06 c3",
	 .moved = "55 48 89 e5 53 e9 fb 0f f0 ff",
	 .taken = 5},
	{.what = "bytes that do not decode",
	 .code = "89 f8 90 90 90 06 c3",
	 .why = "some of its bytes do not decode"},
	{.what = "endbr64 between the first bytes",
	 .code = "90 f3 0f 1e fa c3",
	 .why = "something jumps into its first bytes"},
	{.what = "a label between the first bytes",
	 .code = "31 c0 90 90 90 48 8d 05 f6 ff ff ff c3",
	 .why = "it uses the address of its first bytes"},
	{.what = "... as an immediate",
	 .code = "31 c0 90 90 90 48 c7 c0 02 10 40 00 c3",
	 .why = "it uses the address of its first bytes"},
	{.what = "its bytes as data",
	 .code = "89 f8 90 90 90 8b 05 f5 ff ff ff c3",
	 .why = "it uses the address of its first bytes"},
	{.what = "a part elsewhere",
	 .code = "48 85 ff 0f 84 f7 ef 1f 00 48 8b 07 c3",
	 .alone = true,
	 .why = "it may have a part elsewhere, whose jumps are not known"},
	{.what = "a part elsewhere, and set-up alone",
	 .code = "55 48 89 e5 53 0f 84 f5 ef 1f 00 c3",
	 .alone = true,
	 .moved = "55 48 89 e5 53 e9 fb 0f f0 ff",
	 .taken = 5},

	{.what = "somebody else's jump",
	 .code = "e9 fb ef 1f 00 53 5b c3",
	 .why = "it starts with a jump to elsewhere: somebody else has patched it"},
	{.what = "somebody else's jump through memory",
	 .code = "ff 25 fa ef 2f 00 53 c3",
	 .why = "it starts with a jump to elsewhere: somebody else has patched it"},
	{.what = "somebody else's jump behind endbr64",
	 .code = "f3 0f 1e fa e9 f7 ef 1f 00 53 c3",
	 .why = "it starts with a jump to elsewhere: somebody else has patched it"},
	{.what = "somebody else's breakpoint",
	 .code = "cc 48 89 e5 53 c3",
	 .why = "a breakpoint stands in its first bytes"},
	{.what = "system call",
	 .code = "89 f8 0f 05 90 90 c3",
	 .why = "a system call or another privileged instruction stands in its first bytes"},
	{.what = "int",
	 .code = "89 f8 cd 80 90 90 c3",
	 .why = "a system call or another privileged instruction stands in its first bytes"},
	{.what = "far return",
	 .code = "90 cb 90 90 90 90",
	 .why = "a system call or another privileged instruction stands in its first bytes"},
	{.what = "hlt",
	 .code = "90 f4 90 90 90 90",
	 .why = "a system call or another privileged instruction stands in its first bytes"},
	{.what = "jrcxz",
	 .code = "e3 5e 90 90 90 c3",
	 .why = "a loop, jrcxz or xbegin stands in its first bytes"},
	{.what = "xbegin",
	 .code = "c7 f8 5a 00 00 00 c3",
	 .why = "a loop, jrcxz or xbegin stands in its first bytes"},
	{.what = "a jump of 16 bits",
	 .code = "66 0f 84 59 00 00 00 c3",
	 .why = "a jump with an operand size stands in its first bytes"},
	{.what = "relative to the lower half of its address",
	 .code = "67 48 8d 05 f8 ef 2f 00 c3",
	 .why = "an instruction in its first bytes depends on where it stands"},
	{.what = "a call that is not the last",
	 .code = "ff d0 53 5b 90 c3",
	 .why = "a call in its first bytes would return into them"},
	{.what = "a call through the stack pointer",
	 .code = "48 83 ec 08 ff d4 c3",
	 .why = "a call through memory stands in its first bytes"},
	{.what = "a call through memory",
	 .code = "48 83 ec 08 ff 50 08 c3",
	 .why = "a call through memory stands in its first bytes"},
	{.what = "bytes at the start that do not decode",
	 .code = "06 53 5b 90 90 c3",
	 .why = "its first bytes do not decode"},
	{.what = "cut in the middle of an instruction",
	 .code = "90 48 b8 01 00 00 00 00 00 00 00",
	 .bytes = 6,
	 .why = "its first bytes do not decode"},
};

static size_t from_hex(const char *text, uint8_t *ret)
{
	size_t n = 0;
	char *end;

	for (; *text; text = end)
		ret[n++] = (uint8_t)strtoul(text, &end, 16);
	return n;
}

static void to_hex(const uint8_t *bytes, size_t n, char *ret)
{
	*ret = '\0';
	for (size_t i = 0; i < n; i++)
		ret += sprintf(ret, i ? " %02x" : "%02x", bytes[i]);
}

/* A function in a segment of int3, of its exact size on the heap: no byte beyond is read. */
struct segment {
	uint8_t *text;
	struct ts_entry_function function;
};

static struct segment segment_of(const char *code, long bytes)
{
	uint8_t buffer[64];
	size_t n = from_hex(code, buffer);
	struct segment ret = {.text = malloc(BESIDE + n + BESIDE)};

	assert_non_null(ret.text);
	memset(ret.text, 0xcc, BESIDE + n + BESIDE);
	memcpy(ret.text + BESIDE, buffer, n);
	ret.function = (struct ts_entry_function){
		.code = ret.text + BESIDE,
		.address = ADDRESS,
		.bytes = bytes ? (size_t)(bytes < 0 ? 0 : bytes) : n,
		.readable = n,
		.text = ret.text,
		.text_bytes = BESIDE + n + BESIDE,
	};
	return ret;
}

static bool check_case(const struct entry_case *expected)
{
	struct segment segment = segment_of(expected->code, expected->bytes);
	struct ts_entry_function *function = &segment.function;
	struct ts_entry_moved moved;
	char hex[TS_ENTRY_MOST * 3 + 1] = "";
	uint8_t *alone = malloc(function->readable);
	const char *why;
	bool is_right;

	assert_non_null(alone);
	memcpy(alone, function->code, function->readable);
	if (expected->alone) {
		function->code = alone;
		function->text = NULL;
		function->text_bytes = 0;
	}
	why = ts_entry_move(function, AT, &moved);
	if (!why)
		to_hex(moved.code, moved.bytes, hex);
	is_right = expected->why ? why && strcmp(why, expected->why) == 0
				 : !why && strcmp(hex, expected->moved) == 0 &&
					   moved.taken == expected->taken;
	if (!is_right)
		print_error("%s: %s, %zu taken: %s\n", expected->what, why ? why : "moved",
			    why ? 0 : moved.taken, hex);
	free(alone);
	free(segment.text);
	return is_right;
}

static void moves_exactly_or_says_why(void **state)
{
	size_t n_wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		n_wrong += !check_case(&cases[i]);
	assert_int_equal(n_wrong, 0);
}

/* xor %eax,%eax; mov (%rdi),%rcx; ret */
static const char two_steps[] = "31 c0 48 8b 0f c3";

/* Writes `jump` at `offset` from the function's first byte and says what comes of it. */
static const char *why_beside(const char *code, const char *jump, long offset)
{
	struct segment segment = segment_of(code, 0);
	struct ts_entry_moved moved;
	const char *why;

	from_hex(jump, segment.text + BESIDE + offset);
	why = ts_entry_move(&segment.function, AT, &moved);
	free(segment.text);
	return why;
}

static void sees_jumps_from_elsewhere(void **state)
{
	static const char in[] = "something jumps into its first bytes";

	(void)state;
	assert_null(why_beside(two_steps, "90", -1));
	/* jmp, jne, call to the second instruction, 256 bytes before and behind */
	assert_string_equal(why_beside(two_steps, "e9 fd 00 00 00", -256), in);
	assert_string_equal(why_beside(two_steps, "0f 85 fc 00 00 00", -256), in);
	assert_string_equal(why_beside(two_steps, "e8 fd fe ff ff", 256), in);
	assert_string_equal(why_beside(two_steps, "0f 85 fc fe ff ff", 256), in);
	/* ... to the start and to the instruction behind: they are welcome */
	assert_null(why_beside(two_steps, "e9 fb 00 00 00", -256));
	assert_null(why_beside(two_steps, "0f 85 ff 00 00 00", -256));
	assert_null(why_beside(two_steps, "e9 00 ff ff ff", 256));
	/* ... and four bytes that would be such a distance behind another opcode */
	assert_null(why_beside(two_steps, "b8 fd 00 00 00", -256));
	/* jmp, jne of two bytes, as assembler functions beside one another have them */
	assert_string_equal(why_beside(two_steps, "eb 10", -16), in);
	assert_string_equal(why_beside(two_steps, "75 e0", 32), in);
	assert_string_equal(why_beside(two_steps, "eb 7f", -127), in);
	assert_string_equal(why_beside(two_steps, "eb 80", 128), in);
	assert_null(why_beside(two_steps, "eb 0e", -16));
	/* ... js, in a function behind 15 bytes of padding that is no instruction of its own */
	assert_string_equal(why_beside(two_steps,
				       "c3 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
				       "89 f8 85 c0 78 2c 83 c0 64 c3",
				       -64),
			    in);
	/* mov $0x10eb,%eax: the same bytes inside another instruction */
	assert_null(why_beside(two_steps, "b8 eb 11 00 00", -18));
}

/* push %rbp; mov %rsp,%rbp; sub $16,%rsp: nobody jumps in, the segment is not searched. */
static void trusts_the_set_up_of_a_frame(void **state)
{
	(void)state;
	assert_null(why_beside("55 48 89 e5 48 83 ec 10 c9 c3", "e9 fc 00 00 00", -256));
}

/* A second name for the function, behind its first instruction, which others call. */
static void refuses_another_entry_behind(void **state)
{
	struct segment segment = segment_of("55 48 89 e5 48 83 ec 10 c9 c3", 0);
	struct ts_entry_moved moved;

	(void)state;
	segment.function.readable = 4;
	assert_string_equal(ts_entry_move(&segment.function, AT, &moved),
			    "another function begins within its first bytes");
	segment.function.readable = 8;
	assert_null(ts_entry_move(&segment.function, AT, &moved));
	segment.function.readable = 0;
	assert_null(ts_entry_move(&segment.function, AT, &moved));
	free(segment.text);
}

static const char *move_at(const char *code, uintptr_t address, uintptr_t at,
			   struct ts_entry_moved *ret)
{
	struct segment segment = segment_of(code, 0);
	const char *why;

	segment.function.address = address;
	why = ts_entry_move(&segment.function, at, ret);
	free(segment.text);
	return why;
}

/* The return address that a call pushes, where it is more than 31 bits. */
static void pushes_any_return_address(void **state)
{
	static const char call[] = "53 e8 00 01 00 00 5b c3"; /* push %rbx; call .+0x106 */
	struct ts_entry_moved moved;
	char hex[TS_ENTRY_MOST * 3 + 1];

	(void)state;
	assert_null(move_at(call, 0x7f1234567000, 0x7f1234560000, &moved));
	to_hex(moved.code, moved.bytes, hex);
	assert_string_equal(hex, "53 68 06 70 56 34 c7 44 24 04 12 7f 00 00 e9 f3 70 00 00");
	/* bit 31 is set: its sign extension is another address */
	assert_null(move_at(call, 0x80000000, 0x80010000, &moved));
	to_hex(moved.code, moved.bytes, hex);
	assert_string_equal(hex, "53 68 06 00 00 80 c7 44 24 04 00 00 00 00 e9 f3 00 ff ff");
}

static void refuses_what_is_out_of_reach(void **state)
{
	static const char push[] = "55 48 89 e5 53 5b 5d c3";
	static const char lea[] = "48 8d 3d f0 ff ff 7f 5b 5d c3"; /* lea 0x7ffffff0(%rip),%rdi */
	static const char leaf[] = "31 c0 90 90 c3"; /* nothing in it counts from its own place */
	static const char far[] = "what its first bytes lead to is out of reach from there";
	const uintptr_t low = 0x100000000;
	struct ts_entry_moved moved;

	(void)state;
	/* the jump back spans 10 bytes of moved code less 5 taken */
	assert_null(move_at(push, low, low + 0x7ffffffb, &moved));
	assert_string_equal(move_at(push, low, low + 0x7ffffffc, &moved), far);
	assert_null(move_at(push, low, low - 0x80000000 + 0x10, &moved));
	assert_string_equal(move_at(push, low, low - 0x80000010, &moved), far);
	/* the jump to it */
	assert_null(move_at(leaf, low, low + 0x80000004, &moved));
	assert_string_equal(move_at(leaf, low, low + 0x80000005, &moved), far);
	assert_null(move_at(lea, low, low + 0x1000, &moved));
	assert_null(move_at(lea, low, low - 0xf, &moved));
	assert_string_equal(move_at(lea, low, low - 0x10, &moved), far);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moves_exactly_or_says_why),
		cmocka_unit_test(sees_jumps_from_elsewhere),
		cmocka_unit_test(trusts_the_set_up_of_a_frame),
		cmocka_unit_test(refuses_another_entry_behind),
		cmocka_unit_test(pushes_any_return_address),
		cmocka_unit_test(refuses_what_is_out_of_reach),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
