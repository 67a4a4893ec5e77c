// SPDX-License-Identifier: Apache-2.0
#include "lock.h"

#include <pthread.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../preload/abi.h"

#define MOST_ID (4 * 1024 * 1024) /* the kernel's PID_MAX_LIMIT */

_Static_assert(offsetof(pthread_mutex_t, __data.__lock) == 0, "the word comes first");

uint32_t *ts_lock_word(struct ts_abi_process *page)
{
	return (uint32_t *)page->consumer_lock;
}

static bool is_held(uint32_t value, uint32_t by_whom)
{
	uint32_t id = value & FUTEX_TID_MASK;

	if (value & FUTEX_OWNER_DIED)
		return false;
	return (id && id <= MOST_ID) || (id == TS_LOCK_RECOVERER && by_whom != id);
}

bool ts_lock_take(uint32_t *word, uint32_t id)
{
	uint32_t value = __atomic_load_n(word, __ATOMIC_RELAXED);

	/* acquire: what its last holder did is there */
	while (!is_held(value, id))
		if (__atomic_compare_exchange_n(word, &value, id | (value & FUTEX_WAITERS), false,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return true;
	return false;
}

void ts_lock_give(uint32_t *word, uint32_t id)
{
	uint32_t value = __atomic_load_n(word, __ATOMIC_RELAXED);

	/* release: pairs with the acquire of who takes it next */
	do {
		if ((value & FUTEX_TID_MASK) != id)
			return;
	} while (!__atomic_compare_exchange_n(word, &value, 0, false, __ATOMIC_RELEASE,
					      __ATOMIC_RELAXED));
	if (value & FUTEX_WAITERS)
		syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}
