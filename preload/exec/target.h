/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_TARGET_H
#define TS_TARGET_H

/* The file of the next program. Raw system calls: between vfork and exec, and in signal handlers. */

#include <stdbool.h>

/*
 * May our library be preloaded into it? Not where that would make it complain or fail: an ELF file for
 * another CPU or class, or for another dynamic linker than glibc's; the same of a script's interpreter.
 * Yes, where that cannot be told.
 */
bool ts_target_takes_us(int folder, const char *path);

/* The same of an open file. */
bool ts_target_file_takes_us(int fd);

#endif
