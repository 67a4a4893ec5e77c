/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_LOG_H
#define TS_LOG_H

/* Lines on the program's stderr: few, whole, and none that TRACESHIM_LOG forbids. */

enum ts_log_level { TS_LOG_OFF, TS_LOG_ERROR, TS_LOG_INFO, TS_LOG_DEBUG };

/* Reads TRACESHIM_LOG: off, error (the default), info, debug. [setup] */
void ts_log_init(void);

/* What is to be logged: this level and those below. */
enum ts_log_level ts_log_level(void);

/* "traceshim: ...\n" with one write(2). [setup] and the slow path */
void ts_log(enum ts_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
