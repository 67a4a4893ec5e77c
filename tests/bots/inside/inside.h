/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INSIDE_H
#define INSIDE_H

#include <stdint.h>

/* Runs what(argument); the request that all else lies in. */
typedef int work_fn(int argument);
int request(const char *name, work_fn *what, int argument);

/* registers_x86_64.S: what a call changes. */
struct registers {
	uint64_t general[15];
	uint64_t flags;
	uint8_t fxsave[512];
	uint8_t vectors[32][64];
	uint64_t masks[8];
};

extern struct registers before, got, after;
extern void *callee;

void untouched_sse(void);
void untouched_avx(void);
void untouched_avx512(void);
void call_with_sse(void);
void call_with_avx(void);
void call_with_avx512(void);

void stop_here(void);

/* refused_x86_64.S */
int too_short(int number);
int behind_it(int number);
int jumps_back(int number);
int jumps_to_start(int number);
int jumped_into(int number);
int has_table(int number);
int hooked(int number);
int without_size(int number);
extern int no_function;

/* Each file of the program and its library has a static function `helper`; they call it. */
int first_help(int number);
int second_help(int number);
int second_name(int number);

/* registers.c, ipa.c, values.c, flow.c, late.c, process.c */
work_fn registers, keeps_values, all_values, all_flow, deep, depths, marked, swapped_late,
	signals_at, profiled, one_late, child_late, several_late, again_late, other_late,
	thread_late, forks, grows, several_names, refused, direct;

/* libdirect.so */
int exported_and_called(int number);
int exported_only(int number);
int exported_tight(int number);
int protected_one(int number);
int calls_all(int number);
work_fn *address_of_exported(void);
work_fn *address_in_table(int index);

/* libtaker.so */
work_fn *taken(void);

#endif
