// SPDX-License-Identifier: Apache-2.0
/*
 * Row: AVX and AVX-512 arguments and results: every bit of every vector register that a call passes, the upper
 * halves, mask registers and what a first event (which takes the slow path) could disturb.
 *
 * rules:
 *   [pipeline]
 *   all = int all(int number)
 *   [tool]
 *   v256 = v256
 *   v512 = v512
 *   v128 = v128
 *   scaled = double scaled(double by)
 * check: (SELECT count(*) = 3 FROM pipeline_traces)
 * check: (SELECT count(*) = 3 AND sum(success) = 3 FROM pipeline_spans WHERE span_name = 'tool:v128')
 * check: (SELECT group_concat(json_extract(output_data, '$.result')) = '1.5,1.5,1.5' FROM pipeline_spans WHERE span_name = 'tool:scaled')
 */
#include <immintrin.h>
#include <stdio.h>
#include <string.h>

#include "hazard.h"

#define AVX    __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx512f")))

int all(int number);
__m128i v128(__m128i a, __m128i b, __m128i c, __m128i d, __m128i e, __m128i f, __m128i g,
	     __m128i h);
AVX __m256i v256(__m256i a, __m256i b, __m256i c, __m256i d, __m256i e, __m256i f, __m256i g,
		 __m256i h, __m256i on_the_stack);
AVX512 __m512i v512(__m512i a, __m512i b, __m512i c, __m512i d, __m512i e, __m512i f, __m512i g,
		    __m512i h, __m512i on_the_stack);
double scaled(double by, __m128i with);

#ifdef LIBRARY
TRACED __m128i v128(__m128i a, __m128i b, __m128i c, __m128i d, __m128i e, __m128i f, __m128i g,
		    __m128i h)
{
	a = _mm_add_epi64(_mm_slli_epi64(_mm_add_epi64(a, b), 1), _mm_xor_si128(c, d));
	return _mm_add_epi64(a, _mm_sub_epi64(_mm_xor_si128(e, f), _mm_add_epi64(g, h)));
}

TRACED AVX __m256i v256(__m256i a, __m256i b, __m256i c, __m256i d, __m256i e, __m256i f, __m256i g,
			__m256i h, __m256i on_the_stack)
{
	a = _mm256_add_epi64(_mm256_slli_epi64(_mm256_add_epi64(a, b), 1), _mm256_xor_si256(c, d));
	a = _mm256_add_epi64(a, _mm256_sub_epi64(_mm256_xor_si256(e, f), _mm256_add_epi64(g, h)));
	return _mm256_add_epi64(a, on_the_stack);
}

TRACED AVX512 __m512i v512(__m512i a, __m512i b, __m512i c, __m512i d, __m512i e, __m512i f,
			   __m512i g, __m512i h, __m512i on_the_stack)
{
	a = _mm512_add_epi64(_mm512_slli_epi64(_mm512_add_epi64(a, b), 1), _mm512_xor_si512(c, d));
	a = _mm512_add_epi64(a, _mm512_sub_epi64(_mm512_xor_si512(e, f), _mm512_add_epi64(g, h)));
	return _mm512_add_epi64(a, on_the_stack);
}

TRACED double scaled(double by, __m128i with)
{
	return by * (double)_mm_cvtsi128_si64(with);
}

static void print(const char *what, const void *vector, int words)
{
	unsigned long word[8];

	memcpy(word, vector, (size_t)words * sizeof(word[0]));
	printf("%s", what);
	for (int i = 0; i < words; i++)
		printf(" %lx", word[i]);
	puts("");
}

static void use_128(int n)
{
	__m128i v[8], answer;

	for (int i = 0; i < 8; i++)
		v[i] = _mm_set_epi64x(0x0123456789abcdef + i * n, (long)0xfedcba9876543210 - i);
	answer = v128(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]);
	print("128", &answer, 2);
}

AVX static void use_256(int n)
{
	__m256i v[9], answer;

	for (int i = 0; i < 9; i++)
		v[i] = _mm256_set_epi64x(i * 1000003L, n + i, 0x0123456789abcdef + i * n,
					 -i * 77777777777);
	answer = v256(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8]);
	print("256", &answer, 4);
}

AVX512 static void use_512(int n)
{
	__m512i v[9], answer;

	for (int i = 0; i < 9; i++)
		v[i] = _mm512_set_epi64(i, n, i * n, -1, ~i, 0x0123456789abcdef + i, i * 1000003L,
					n * 99 - i);
	answer = v512(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8]);
	print("512", &answer, 8);
}

TRACED int all(int number)
{
	use_128(number);
	if (__builtin_cpu_supports("avx2"))
		use_256(number);
	if (__builtin_cpu_supports("avx512f"))
		use_512(number);
	printf("%a\n", scaled(0.5, _mm_set_epi64x(9, 3)));
	return number;
}
#endif

#ifdef PROGRAM
int main(void)
{
	for (int i = 0; i < 3; i++)
		all(i);
	return 0;
}
#endif
