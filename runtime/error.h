/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_ERROR_H
#define TS_ERROR_H

/* The sentence for people that a failed call leaves behind. Only command/ prints it. */

struct ts_error {
	char text[512];
};

/* Fills err (NULL is fine) as printf would; answers `result`, for the caller to return. */
int ts_error_set(struct ts_error *err, int result, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
