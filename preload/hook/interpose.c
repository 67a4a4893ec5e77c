// SPDX-License-Identifier: Apache-2.0
/*
 * dlsym and dlvsym answer thunks for ruled names; pthread_create and thrd_create pass on where a
 * new thread belongs. What starts programs is in spawn.c.
 *
 * dlsym enters in dlsym_x86_64.S: RTLD_DEFAULT and RTLD_NEXT ask who called, so the real function
 * must be jumped to with the program's return address still in place.
 */

#include "interpose.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <string.h>

#include "../elf/elf.h"
#include "../elf/iterate.h"
#include "../hot/call.h"
#include "../life/life.h"
#include "../system/pages.h"
#include "hook.h"

struct ts_real ts_real;
int (*ts_interpose_thread)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
bool ts_interpose_active;

static const struct name {
	const char *name;
	void **found;
} names[] = {
	{"dlsym", (void **)&ts_real.dlsym},
	{"dlvsym", (void **)&ts_real.dlvsym},
	{"pthread_create", (void **)&ts_real.pthread_create},
	{"thrd_create", (void **)&ts_real.thrd_create},
	{"execve", (void **)&ts_real.execve},
	{"execvpe", (void **)&ts_real.execvpe},
	{"fexecve", (void **)&ts_real.fexecve},
	{"execveat", (void **)&ts_real.execveat},
	{"posix_spawn", (void **)&ts_real.posix_spawn},
	{"posix_spawnp", (void **)&ts_real.posix_spawnp},
	{"vfork", (void **)&ts_real.vfork},
	{"fork", (void **)&ts_real.fork},
	{"sigaction", (void **)&ts_real.sigaction},
	{"signal", (void **)&ts_real.signal},
	{"bsd_signal", (void **)&ts_real.bsd_signal},
	{"ssignal", (void **)&ts_real.ssignal},
	{"sysv_signal", (void **)&ts_real.sysv_signal},
	{"__sysv_signal", (void **)&ts_real.sysv_signal_alias},
	{"sigset", (void **)&ts_real.sigset},
	{"sigignore", (void **)&ts_real.sigignore},
	{"sigprocmask", (void **)&ts_real.sigprocmask},
	{"pthread_sigmask", (void **)&ts_real.pthread_sigmask},
};

#define N_NAMES (sizeof(names) / sizeof(names[0]))

static void find_sanitizer(const struct ts_object *object)
{
	const ElfW(Sym) *symbol = ts_object_definition(object, "pthread_create", NULL);

	if (symbol && ts_object_definition(object, "__tsan_init", NULL))
		ts_interpose_thread =
			(__typeof__(ts_interpose_thread))(object->base + symbol->st_value);
}

/* The first object after our own that defines each name. */
static int search_object(struct dl_phdr_info *info, size_t bytes, void *context)
{
	bool *past_us = context;
	struct ts_object object;

	(void)bytes;
	if (ts_object_read(info, &object) < 0)
		return 0;
	if (ts_object_holds(&object, (uintptr_t)&ts_real)) {
		*past_us = true;
		return 0;
	}
	if (!*past_us) {
		find_sanitizer(&object);
		return 0;
	}
	for (size_t i = 0; i < N_NAMES; i++) {
		const ElfW(Sym) *symbol = ts_object_definition(&object, names[i].name, NULL);

		if (symbol && !*names[i].found)
			*names[i].found = (void *)(object.base + symbol->st_value);
	}
	return 0;
}

int ts_interpose_init(void)
{
	static bool searched;
	bool past_us = false;

	if (__atomic_load_n(&searched, __ATOMIC_ACQUIRE))
		return 0;
	ts_iterate_phdr(search_object, &past_us);
	for (size_t i = 0; i < N_NAMES; i++)
		if (!*names[i].found)
			return -ENOSYS;
	if (!ts_interpose_thread)
		ts_interpose_thread = ts_real.pthread_create;
	__atomic_store_n(&searched, true, __ATOMIC_RELEASE);
	return 0;
}

/*
 * What the program shall get, or NULL: ask the real function, which is in *ret_real. `caller` is
 * the address that called dlsym.
 */
void *ts_dlsym(void *handle, const char *name, const char *version, uintptr_t caller);

void *ts_dlsym(void *handle, const char *name, const char *version, uintptr_t caller)
{
	void *found;

	ts_interpose_init();
	if (!ts_interpose_active || !name)
		return NULL;
	ts_hook_refresh(true); /* as the real one will */
	if (!ts_hook_is_ruled(name))
		return NULL;
	if (handle == RTLD_NEXT)
		return ts_hook_in_scope(name, version, true, caller);
	/* our own RTLD_DEFAULT is the global scope; the caller's has its local scope behind that */
	found = version ? ts_real.dlvsym(handle, name, version) : ts_real.dlsym(handle, name);
	if (found)
		return ts_hook_found(name, found);
	return handle == RTLD_DEFAULT ? ts_hook_in_scope(name, version, false, caller) : NULL;
}

/*
 * What a new thread needs; a page of its own: a free in a thread that never calls malloc would cost the
 * program an arena of 64 MB of addresses.
 */
struct start {
	void *(*routine)(void *);
	thrd_start_t thrd_routine;
	void *argument;
	uint64_t stack_bytes;
	struct ts_inherited inherited;
};

static struct start *new_start(void *argument, const pthread_attr_t *attributes)
{
	struct start *start = ts_pages_new(sizeof(*start));
	size_t bytes = 0;

	if (!start)
		return NULL;
	ts_hook_refresh(false); /* while there is one thread, functions can be patched (patch.h) */
	*start = (struct start){.argument = argument};
	if (attributes) {
		pthread_attr_getstacksize(attributes, &bytes);
	} else {
		pthread_attr_t defaults;

		pthread_attr_init(&defaults);
		pthread_attr_getstacksize(&defaults, &bytes);
		pthread_attr_destroy(&defaults);
	}
	start->stack_bytes = bytes;
	ts_context_hand_on_from(&ts_context, (uintptr_t)__builtin_frame_address(0),
				&start->inherited);
	return start;
}

/* Behind a frame's end: the caller's rbp and its return address, out of whose place a tail call returns. */
#define ABOVE_FRAME 16

/* `frame` is that of the thread's first function of ours: what it calls lies below, or right at its end. */
static struct start begin_thread(void *context, void *frame)
{
	struct start start = *(struct start *)context;

	ts_pages_free(context, sizeof(start));
	ts_life_thread_started((uintptr_t)frame + ABOVE_FRAME, start.stack_bytes, &start.inherited);
	return start;
}

static void *start_pthread(void *context)
{
	struct start start = begin_thread(context, __builtin_frame_address(0));

	return start.routine(start.argument);
}

static int start_thrd(void *context)
{
	struct start start = begin_thread(context, __builtin_frame_address(0));

	return start.thrd_routine(start.argument);
}

__attribute__((visibility("default"))) int pthread_create(pthread_t *ret,
							  const pthread_attr_t *attributes,
							  void *(*routine)(void *), void *argument)
{
	struct start *start;
	int result;

	if (ts_interpose_init() < 0)
		return EAGAIN;
	start = ts_interpose_active ? new_start(argument, attributes) : NULL;
	if (!start)
		return ts_real.pthread_create(ret, attributes, routine, argument);
	start->routine = routine;
	result = ts_real.pthread_create(ret, attributes, start_pthread, start);
	if (result)
		ts_pages_free(start, sizeof(*start));
	return result;
}

__attribute__((visibility("default"))) int thrd_create(thrd_t *ret, thrd_start_t routine,
						       void *argument)
{
	struct start *start;
	int result;

	if (ts_interpose_init() < 0)
		return thrd_error;
	start = ts_interpose_active ? new_start(argument, NULL) : NULL;
	if (!start)
		return ts_real.thrd_create(ret, routine, argument);
	start->thrd_routine = routine;
	result = ts_real.thrd_create(ret, start_thrd, start);
	if (result != thrd_success)
		ts_pages_free(start, sizeof(*start));
	return result;
}
