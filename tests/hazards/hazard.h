/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HAZARD_H
#define HAZARD_H

/*
 * Every program here is one file, compiled twice: with LIBRARY defined the functions that rules name, with
 * PROGRAM the rest. The two become a shared library and a program, or one executable.
 */

/* A function that rules name: never inlined, copied, or found to have no effect. */
#if defined(__clang__)
#define TRACED __attribute__((noinline, visibility("default")))
#else
#define TRACED __attribute__((noipa, visibility("default")))
#endif

/* Keeps a call where it is written: not moved, not dropped. */
#define BARRIER() __asm__ volatile("" ::: "memory")

#endif
