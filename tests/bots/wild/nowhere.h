/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOWHERE_H
#define NOWHERE_H

/* Pointers to what cannot be read, or not all of it; at the same addresses in every run. */

struct nowhere {
	const char *number;       /* 42 */
	const char *dangling;     /* its page is no longer mapped */
	const char *unterminated; /* ten bytes before a page that is not there */
	const char *forbidden;    /* PROT_NONE */
	const char *shortened;    /* of a file that became shorter */
	const char *there;        /* "still there" */
};

extern struct nowhere nowhere;

void make_nowhere(void);

/* Hands each of them to text() and bytes(). */
void call_all(void);

#endif
