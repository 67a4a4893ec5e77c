/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_JSONL_PLACE_H
#define TS_JSONL_PLACE_H

/* What a URL says: jsonl:/PATH[?size=64MB&keep=8]. */

#include <limits.h>
#include <stdint.h>

#include "../error.h"

struct ts_jsonl_place {
	char path[PATH_MAX];
	uint64_t size;     /* bytes; what would make the file longer begins another */
	unsigned int keep; /* files, PATH itself among them */
};

/* 0, or -EINVAL with a sentence. */
int ts_jsonl_place_read(struct ts_jsonl_place *ret, const char *url, struct ts_error *err);

#endif
