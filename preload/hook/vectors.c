// SPDX-License-Identifier: Apache-2.0
#include "vectors.h"

#include <cpuid.h>
#include <stdint.h>

#include "../hot/call.h"

/*
 * CPUID leaf 0xd tells the room for everything that is enabled; AMX tiles and protection keys are not ours to change and need
 * not be saved.
 */
void ts_vectors_measure(void)
{
	const uint64_t not_ours = 1ULL << 9 | 3ULL << 17;
	unsigned int a, b, c, d, low, high;

	if (ts_hot.xsave_bytes)
		return;
	ts_hot.xsave_bytes = 512;
	__cpuid(1, a, b, c, d);
	if (!(c & bit_OSXSAVE))
		return;
	__asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	__cpuid_count(0xd, 0, a, b, c, d);
	ts_hot.xsave_mask = ((uint64_t)high << 32 | low) & ~not_ours;
	ts_hot.xsave_bytes = b;
}
