// SPDX-License-Identifier: Apache-2.0
/* What few begins and ends need. */

#include "record.h"

#include <linux/futex.h>
#include <sys/syscall.h>

#include "hot.h"

void ts_record_lost(struct ts_context *context, enum ts_lost why)
{
	if (context->ring)
		ts_ring_count_lost(context->ring, why);
	else if (ts_hot.process)
		__atomic_fetch_add(&ts_hot.process->lost[why], 1, __ATOMIC_RELAXED);
}

/*
 * Wakes the flusher; the kernel keeps every register but rax, rcx and r11. Where it could not be
 * started yet, this thread's next call takes the slow path, which tries again.
 */
void ts_record_wake(struct ts_context *context)
{
	struct ts_abi_process *process = ts_hot.process;
	long result;

	if (!ts_hot.flusher_runs) {
		context->generation = TS_LOOK_AGAIN;
		return;
	}
	__atomic_fetch_add(&process->wake, 1, __ATOMIC_RELEASE);
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(SYS_futex), "D"(&process->wake), "S"(FUTEX_WAKE), "d"(1)
			 : "rcx", "r11", "memory");
	(void)result;
}

/*
 * The process's own ring, for ends that find no room in a ring of the thread's; taken for one
 * event. NULL where it is full, or another thread holds it for longer than this one should wait.
 */
cold struct ts_ring *ts_record_overflow(struct ts_context *context)
{
	struct ts_ring *ring = ts_hot.overflow;

	for (int i = 0; ring && i < 1000; i++) {
		if (__atomic_exchange_n(&ts_hot.overflow_taken, 1, __ATOMIC_ACQUIRE)) {
			__builtin_ia32_pause();
			continue;
		}
		if (ts_ring_room(ring, TS_EVENT_END_BYTES) >= TS_EVENT_END_BYTES)
			return ring;
		__atomic_store_n(&ts_hot.overflow_taken, 0, __ATOMIC_RELEASE);
		break;
	}
	ts_record_lost(context, TS_LOST_END);
	return NULL;
}
