/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_ERROR_H
#define TS_ERROR_H

/* The sentence for people that a failed call of the runtime leaves behind. Only command/ prints it.
 */

struct ts_error {
	char text[512];
};

/* Fills err (which may be NULL) as printf would and answers `result`, so that callers can return
 * it. */
int ts_error_set(struct ts_error *err, int result, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
