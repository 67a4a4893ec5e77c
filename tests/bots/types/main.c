// SPDX-License-Identifier: Apache-2.0
/* Calls functions of every type and prints what they answer: `types WHAT`. */

#include <errno.h>
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "types.h"

static void do_integers(void)
{
	printf("%llu\n", integers(SCHAR_MIN, UCHAR_MAX, SHRT_MIN, USHRT_MAX, INT_MIN, UINT_MAX,
				  LONG_MIN, ULONG_MAX, LLONG_MIN, ULLONG_MAX));
	printf("%llu\n",
	       integers(SCHAR_MAX, 0, SHRT_MAX, 0, INT_MAX, 0, LONG_MAX, 0, LLONG_MAX, 0));
	printf("%llu\n", integers(-1, 1, -1, 1, -1, 1, -1, 1, -1, 1));
	printf("%d\n", fixed(INT8_MIN, UINT8_MAX, INT16_MIN, UINT16_MAX, INT32_MIN, UINT32_MAX,
			     INT64_MIN, UINT64_MAX, SIZE_MAX, INTPTR_MIN));
	printf("%d\n", many(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, -15));
	printf("%ld\n", big((struct wide){{1, 2, 3, 4}}, -7).part[3]);
}

static void do_floats(void)
{
	printf("%a\n",
	       floats(1.5f, -2.25, FLT_MAX, DBL_MAX, FLT_MIN, DBL_MIN, 0.1f, 0.1, 3.0f, -4.5));
	printf("%a\n", floats(-0.0f, -0.0, 1e-45f, 5e-324, 1.0f, 1.0, 1.0f, 1.0, -0.0f, -0.0));
	printf("%g\n",
	       fabs(floats(NAN, 0, INFINITY, 0, 0, (double)-INFINITY, 0, (double)NAN, 0, 0)));
	printf("%a\n",
	       mixed("text", 0.5, -2, 0.25f, 1e300L, LONG_MIN, 'q', true, -0.125, -3, 200, "last"));
	printf("%d\n", sum(9, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0));
}

static void do_small(void)
{
	char all[5] = {letters('a', '"', '\\', '~')};

	printf("%d %d %d\n", truths(true, false), truths(false, true), all[0]);
	printf("%d\n", letters('\n', '\0', (char)0xff, '/'));
}

static void do_results(void)
{
	printf("%d %u %d %u %d %u %ld %lu\n", result_i8(), result_u8(), result_i16(), result_u16(),
	       result_i32(), result_u32(), result_i64(), result_u64());
	printf("%a %a %a %c %d %s\n", (double)result_float(), result_double(-0.0),
	       result_double(M_PI), result_char(), result_bool(), result_text());
	result_void(1);
}

/* Every byte there is, the NUL among them. */
static void do_bytes(void)
{
	char all[256];

	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	printf("%zu %zu %zu %zu\n", bytes(all, 256), bytes(all + 32, 95), bytes("", 0),
	       bytes(NULL, 0));
	printf("%zu %zu\n", signed_bytes("minus", -1), signed_bytes("plus and more", 4));
	for (int i = 1; i < 256; i++) {
		char one[2] = {(char)i, 0};

		text(one);
	}
	text("");
	text(NULL);
}

static char *filled(size_t n, int with)
{
	char *all = malloc(n + 1);

	for (size_t i = 0; i < n; i++)
		all[i] = (char)(with ? with : '0' + (int)(i / 1000 % 10));
	all[n] = 0;
	return all;
}

static void do_long(void)
{
	char *sixty = filled(60000, 0), *forty = filled(40000, 'f'), *exact = filled(51200, 'e');
	char *umlauts = filled(60000, '\303');

	for (size_t i = 1; i < 60000; i += 2)
		umlauts[i] = '\274';
	printf("%zu\n", strlen(text(sixty)));
	printf("%zu\n", two_texts(forty, sixty));
	printf("%zu\n", strlen(text(exact)));
	printf("%zu\n", strlen(text(umlauts)));
}

/* Pointers to nothing, and a string at the very end of what can be read. */
static void do_pointers(void)
{
	long page = sysconf(_SC_PAGESIZE);
	char *two = mmap(NULL, (size_t)page * 2, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *end = two + page;

	mprotect(end, (size_t)page, PROT_NONE);
	for (size_t n = 1; n <= 9; n++) {
		memset(end - n, 'z', n);
		end[-1] = 0;
		text(end - n);
	}
	text((const char *)42);
	bytes((const char *)-1L, 5);
	puts("still here");
}

static void do_secret(void)
{
	printf("%d\n",
	       secret("sk-live-0123456789", "{\"user\":\"ann\",\"password\":\"swordfish\",\"n\":1}",
		      "token=plain words"));
}

static void do_fails(void)
{
	printf("%d %d\n", below_zero(-5, ENOENT), below_zero(0, ENOENT));
	printf("%d %d\n", null(NULL, ECONNREFUSED) != NULL, null("there", EIO) != NULL);
	printf("%d %d\n", not_zero(7, EACCES), not_zero(0, EACCES));
	printf("%d %d\n", untrue(false, 0), untrue(true, 0));
	errno = EBUSY;
	printf("%d %d\n", keeps_errno(-1), errno);
	printf("%d\n", below_zero(-6, 4000));
}

static const struct {
	const char *name;
	void (*what)(void);
} parts[] = {
	{"integers", do_integers}, {"floats", do_floats}, {"small", do_small},
	{"results", do_results},   {"bytes", do_bytes},   {"long", do_long},
	{"secret", do_secret},     {"fails", do_fails},   {"pointers", do_pointers},
};

int main(int argc, char **argv)
{
	if (argc == 6)
		return visit_as(argv[2], strtol(argv[3], NULL, 10), strtoul(argv[4], NULL, 10),
				argv[5]) != INT_MIN;
	for (size_t i = 0; argc > 1 && i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!strcmp(argv[1], parts[i].name)) {
			if (argc > 2)
				parts[i].what();
			else
				return visit(parts[i].what);
			return 0;
		}
	return 2;
}
