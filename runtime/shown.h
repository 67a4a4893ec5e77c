/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_SHOWN_H
#define TS_SHOWN_H

/* As much of a store's URL as people may see: never a user, a password or a parameter. */

struct ts_shown {
	char text[256];
};

/*
 * "sqlite:/path" as it is; of SCHEME://USER:PASSWORD@HOST:PORT/DATABASE?... SCHEME://HOST:PORT/DATABASE; only SCHEME://
 * where it is not clear what is what.
 */
struct ts_shown ts_shown(const char *url);

#endif
