/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TYPES_H
#define TYPES_H

/* Functions of every type; each answers what it was given, or what its name says. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A visit: the pipeline. Calls `what` and answers 0. */
int visit(void (*what)(void));
int visit_as(const char *tenant_id, long telegram_id, unsigned long user_id,
	     const char *session_id);

/* The last four come on the stack. */
unsigned long long integers(signed char a, unsigned char b, short c, unsigned short d, int e,
			    unsigned f, long g, unsigned long h, long long i, unsigned long long j);
int fixed(int8_t a, uint8_t b, int16_t c, uint16_t d, int32_t e, uint32_t f, int64_t g, uint64_t h,
	  size_t i, intptr_t j);
double floats(float a, double b, float c, double d, float e, double f, float g, double h, float i,
	      double j);
/* Each kind counts its registers for itself; the long double and what follows lies on the stack. */
double mixed(const char *text, double a, int b, float c, long double d, long e, char f, bool g,
	     double h, short i, unsigned char j, const char *last);
bool truths(bool yes, bool no);
char letters(char a, char b, char c, char d);

signed char result_i8(void);
unsigned char result_u8(void);
short result_i16(void);
unsigned short result_u16(void);
int result_i32(void);
unsigned result_u32(void);
long result_i64(void);
unsigned long result_u64(void);
float result_float(void);
double result_double(double);
char result_char(void);
bool result_bool(void);
const char *result_text(void);
void result_void(int);

const char *text(const char *text);
size_t bytes(const char data[], size_t n);
size_t signed_bytes(const char data[], int n);
size_t two_texts(const char *first, const char *second);
int sum(int n, ...);
int secret(const char *api_key, const char *json, const char *note);
int many(int a0, int a1, int a2, int a3, int a4, int a5, int a6, int a7, int a8, int a9, int a10,
	 int a11, int a12, int a13, int a14, int a15);

/* A struct by value in memory, answered through a hidden pointer. */
struct wide {
	long part[4];
};
struct wide big(struct wide in, long times);

int below_zero(int answer, int error);
const char *null(const char *answer, int error);
unsigned char not_zero(unsigned char answer, int error);
bool untrue(bool answer, int error);
int keeps_errno(int answer);

#endif
