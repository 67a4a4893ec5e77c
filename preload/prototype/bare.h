/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_BARE_H
#define TS_BARE_H

/* A rule's function without its parameters: a name or a glob. [setup]; pure. */

#include "../system/slice.h"
#include "prototype.h"

#define TS_MAX_CANON 4096 /* bytes of a C++ name, or of the parameters behind it */

/*
 * `run`, `search_*@libx.so`, and, where proto->cplus, `bot::Memory::run`. Fills function, object, glob and
 * times_only. 0, -EINVAL with *fault filled (which may be NULL), or -ENOMEM.
 */
int ts_bare_parse(struct ts_slice text, struct ts_arena *arena, struct ts_fault *fault,
		  struct ts_prototype *proto);

/* What follows an '@', up to white space or a parenthesis; `rest` begins behind the '@'. The same. */
int ts_bare_object(struct ts_slice *rest, struct ts_arena *arena, struct ts_fault *fault,
		   const char **ret);

/* `search_*(int x)`: a glob with parameters. 0, or -EINVAL with *fault filled. */
int ts_bare_refuse_glob(struct ts_slice text, size_t parenthesis, struct ts_fault *fault);

#endif
