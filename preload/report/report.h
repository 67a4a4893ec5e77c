/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_REPORT_H
#define TS_REPORT_H

/* What `traceshim run`, `check` and `list` are told (the line formats stand in abi.h). */

#include <stdbool.h>
#include <stdint.h>

#include "../conf/conf.h"

/* Is the program only asked what would become of its rules (TRACESHIM_REPORT)? [setup] */
bool ts_report_wanted(void);

/* Writes that report; `conf` may be NULL where there is no symbols.conf. [setup] */
void ts_report_write(const struct ts_conf *conf);

/* Its part on [wire] (report_wire.c). */
void ts_report_wire(const struct ts_conf *conf);

/* One more line of it, of `n` fields. What the front end for Python knows comes later than the rest. */
void ts_report_line(const char *const *fields, size_t n);

/* It is whole: the program ends. */
void ts_report_end(void) __attribute__((noreturn));

/* The program starts, traced. [setup] */
void ts_report_start(const struct ts_conf *conf);

/* The first event of the process `run_id` was recorded; or the shim stood down. Raw system calls only. */
void ts_report_reached(const uint8_t run_id[16]);
void ts_report_passive(const char *why);

/* The program ends: how many rules found a function, where that is more than was told. */
void ts_report_hooked(void);

#endif
