// SPDX-License-Identifier: Apache-2.0
/* Names of clones. */

#include "clone.h"

#include <string.h>

/*
 * gcc and clang rename what they clone: "f.constprop.0" and "f.isra.0" have other parameters than f,
 * "f.lto_priv.0" and "f.llvm.123" the same. Other pieces ("f.cold", "f.part.0") are not f.
 */
const char *ts_clone_original(const char *name, struct ts_arena *arena, bool *ret_changed)
{
	static const struct {
		const char *mark;
		bool changed;
	} clones[] = {
		{".constprop.", true}, {".isra.", true}, {".lto_priv.", false}, {".llvm.", false}};
	const char *dot = strchr(name, '.');

	*ret_changed = false;
	if (!dot || dot == name)
		return name;
	for (const char *at = dot; at; at = strchr(at + 1, '.')) {
		bool known = at[1] >= '0' && at[1] <= '9';

		for (size_t i = 0; i < sizeof(clones) / sizeof(clones[0]); i++) {
			if (strncmp(at, clones[i].mark, strlen(clones[i].mark)) != 0)
				continue;
			known = true;
			*ret_changed |= clones[i].changed;
		}
		if (!known)
			return NULL;
	}
	return ts_arena_strndup(arena, name, (size_t)(dot - name));
}
