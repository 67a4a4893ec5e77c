// SPDX-License-Identifier: Apache-2.0
/* The table of what must never be wrapped, and why. */

#include "hook.h"

#include <string.h>

struct refusal {
	const char *name; /* with '*' at its end: a prefix */
	const char *reason;
};

static const char returns_twice[] = "it returns twice, and its frame would be gone the second time";
static const char leaves[] = "it leaves for another frame and never returns";
static const char unwinder[] = "the unwinder walks the stack that a wrapper changes";
static const char runtime[] = "the C++ runtime calls it in the middle of an exception";
static const char loader[] = "the dynamic linker asks who called it";
static const char start[] = "it runs before the program does";
static const char convention[] = "its callers count on registers that others may change";
static const char own[] = "traceshim stands in for it itself";

static const struct refusal refusals[] = {
	{"setjmp", returns_twice},
	{"_setjmp", returns_twice},
	{"__sigsetjmp", returns_twice},
	{"sigsetjmp", returns_twice},
	{"vfork", returns_twice},
	{"__vfork", returns_twice},
	{"getcontext", returns_twice},
	{"longjmp", leaves},
	{"_longjmp", leaves},
	{"siglongjmp", leaves},
	{"__longjmp_chk", leaves},
	{"setcontext", leaves},
	{"swapcontext", leaves},
	{"_Unwind_*", unwinder},
	{"uw_init_context_1*", unwinder},
	{"uw_install_context_1*", unwinder},
	{"unw_getcontext", unwinder},
	{"__unw_getcontext", unwinder},
	{"_Ux86_64_getcontext", unwinder},
	{"__libunwind_*", unwinder},
	{"__gxx_personality_v0", unwinder},
	{"__gcc_personality_v0", unwinder},
	{"__cxa_*", runtime},
	{"__tls_get_addr", loader},
	{"dlopen", loader},
	{"dlmopen", loader},
	{"dlclose", loader},
	{"dlerror", loader},
	{"dlinfo", loader},
	{"dladdr", loader},
	{"dladdr1", loader},
	{"dl_iterate_phdr", loader},
	{"_dl_*", loader},
	{"mcount", convention},
	{"_mcount", convention},
	{"__mcount", convention},
	{"__fentry__", convention},
	{"__morestack*", convention},
	{"dlsym", own},
	{"dlvsym", own},
	{"pthread_create", own},
	{"thrd_create", own},
	{"_start", start},
	{"_init", start},
	{"_fini", start},
	{"__libc_start_main", start},
	{"__gmon_start__", start},
};

const char *ts_hook_refusal(const char *name)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const char *refused = refusals[i].name;
		size_t bytes = strlen(refused);

		if (refused[bytes - 1] == '*' ? strncmp(name, refused, bytes - 1) == 0
					      : strcmp(name, refused) == 0)
			return refusals[i].reason;
	}
	return NULL;
}
