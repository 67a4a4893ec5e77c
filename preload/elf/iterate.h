/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_ITERATE_H
#define TS_ITERATE_H

/*
 * dl_iterate_phdr, the C library's own. ThreadSanitizer stands in for it, and looks names up, which brings it to us, before
 * its own can be called. [setup]
 */

#include <link.h>

int ts_iterate_phdr(int (*callback)(struct dl_phdr_info *info, size_t bytes, void *context),
		    void *context);

#endif
