// SPDX-License-Identifier: Apache-2.0
#include "types.h"

#include <errno.h>
#include <float.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>

int visit(void (*what)(void))
{
	if (what)
		what();
	return 0;
}

int visit_as(const char *tenant_id, long telegram_id, unsigned long user_id, const char *session_id)
{
	(void)telegram_id, (void)user_id, (void)session_id;
	return tenant_id ? result_i32() : -1;
}

unsigned long long integers(signed char a, unsigned char b, short c, unsigned short d, int e,
			    unsigned f, long g, unsigned long h, long long i, unsigned long long j)
{
	return (unsigned long long)a + b + (unsigned long long)c + d + (unsigned long long)e + f +
	       (unsigned long long)g + h + (unsigned long long)i + j;
}

int fixed(int8_t a, uint8_t b, int16_t c, uint16_t d, int32_t e, uint32_t f, int64_t g, uint64_t h,
	  size_t i, intptr_t j)
{
	return (a < 0) + (b > 0) + (c < 0) + (d > 0) + (e < 0) + (f > 0) + (g < 0) + (h > 0) +
	       (i > 0) + (j < 0);
}

double floats(float a, double b, float c, double d, float e, double f, float g, double h, float i,
	      double j)
{
	return a + b + c + d + e + f + g + h + i + j;
}

double mixed(const char *text, double a, int b, float c, long double d, long e, char f, bool g,
	     double h, short i, unsigned char j, const char *last)
{
	return (double)(strlen(text) + a + b + c + d + e + f + g + h + i + j + strlen(last));
}

bool truths(bool yes, bool no)
{
	return yes && !no;
}

char letters(char a, char b, char c, char d)
{
	return (char)(a ^ b ^ c ^ d);
}

signed char result_i8(void)
{
	return SCHAR_MIN;
}

unsigned char result_u8(void)
{
	return UCHAR_MAX;
}

short result_i16(void)
{
	return SHRT_MIN;
}

unsigned short result_u16(void)
{
	return USHRT_MAX;
}

int result_i32(void)
{
	return INT_MIN;
}

unsigned result_u32(void)
{
	return UINT_MAX;
}

long result_i64(void)
{
	return LONG_MIN;
}

unsigned long result_u64(void)
{
	return ULONG_MAX;
}

float result_float(void)
{
	return FLT_MIN;
}

double result_double(double value)
{
	return value;
}

char result_char(void)
{
	return 'x';
}

bool result_bool(void)
{
	return true;
}

const char *result_text(void)
{
	return "gr\303\274\303\237 dich";
}

void result_void(int unused)
{
	(void)unused;
}

const char *text(const char *text)
{
	return text;
}

size_t bytes(const char data[], size_t n)
{
	(void)data;
	return n;
}

size_t signed_bytes(const char data[], int n)
{
	(void)data;
	return n < 0 ? 0 : (size_t)n;
}

size_t two_texts(const char *first, const char *second)
{
	return strlen(first) + strlen(second);
}

int sum(int n, ...)
{
	va_list args;
	int all = 0;

	va_start(args, n);
	for (int i = 0; i < n; i++)
		all += (int)va_arg(args, double);
	va_end(args);
	return all;
}

int secret(const char *api_key, const char *json, const char *note)
{
	return (int)(strlen(api_key) + strlen(json) + strlen(note));
}

int many(int a0, int a1, int a2, int a3, int a4, int a5, int a6, int a7, int a8, int a9, int a10,
	 int a11, int a12, int a13, int a14, int a15)
{
	return a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + a10 + a11 + a12 + a13 + a14 + a15;
}

struct wide big(struct wide in, long times)
{
	for (int i = 0; i < 4; i++)
		in.part[i] *= times;
	return in;
}

int below_zero(int answer, int error)
{
	errno = error;
	return answer;
}

const char *null(const char *answer, int error)
{
	errno = error;
	return answer;
}

unsigned char not_zero(unsigned char answer, int error)
{
	errno = error;
	return answer;
}

bool untrue(bool answer, int error)
{
	errno = error;
	return answer;
}

int keeps_errno(int answer)
{
	return answer;
}
