/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COLLECT_HOLDS_H
#define TS_COLLECT_HOLDS_H

/*
 * The consumer locks that the collector holds. If it is killed, the kernel must orphan all of them, whatever programs
 * have done to their pages: so the list by which it finds them (set_robust_list(2)) lies in memory of ours. It finds a
 * lock's word at one distance from each node of the list; so a page whose lock is taken is mapped a second time, where
 * that distance leads to it:
 *
 *     nodes    [node 0          ][node 1          ] ...     ours, a page each, used where a lock is held
 *     pages    [process page    ][process page    ] ...     so far behind its node
 */

struct ts_abi_process;
struct ts_holds;

/* Of the calling thread, which alone may use it. 0, or a negative errno. */
int ts_holds_new(struct ts_holds **ret);
void ts_holds_free(struct ts_holds *holds); /* NULL is fine; holds none any more */

/* Takes page->consumer_lock: a number for ts_holds_give. -EBUSY: somebody else has it; or another negative errno. */
int ts_holds_take(struct ts_holds *holds, struct ts_abi_process *page);
void ts_holds_give(struct ts_holds *holds, int hold);

#endif
