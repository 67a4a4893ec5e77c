/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_PRELOAD_DICTIONARY_H
#define TS_PRELOAD_DICTIONARY_H

/* The records behind the process page (abi.h): built here, written by spool.c. */

#include "../conf/conf.h"
#include "../connection/tls.h"
#include "../hook/hook.h"
#include "../stacks/objects.h"

/*
 * All write the record to `at`, if that is not NULL, and answer its length in bytes, a multiple
 * of 8. `store` is the URL that traces go to, `tenant` the default tenant.
 */
size_t ts_dictionary_put_settings(const struct ts_conf *conf, const char *store, const char *tenant,
				  const char *state, char *at);
size_t ts_dictionary_put_thunk(size_t index, const struct ts_definition *definition, char *at);
size_t ts_dictionary_put_object(size_t index, const struct ts_seen_object *object, char *at);
size_t ts_dictionary_put_tls(const struct ts_tls *tls, char *at);

#endif
