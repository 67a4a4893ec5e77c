// SPDX-License-Identifier: Apache-2.0
#include "holds.h"

#include <errno.h>
#include <linux/futex.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../preload/abi.h"
#include "../log/lock.h"

#define MOST  2048 /* the kernel's ROBUST_LIST_LIMIT */
#define BYTES ((size_t)MOST * TS_ABI_PAGE)

/* Both ways, and the kernel goes one: it may look at any moment, for a SIGKILL comes at any moment. */
struct node {
	struct robust_list next;
	struct robust_list *before;
};

struct ts_holds {
	struct robust_list_head head;
	void *former; /* libpthread's head of this thread */
	size_t former_bytes;
	uint32_t id;
	char *nodes;
	char *pages;
	int free[MOST]; /* the last given back is the next taken */
	int n_free;
};

/* What is above was done before what is below, to the kernel: on this thread that takes no more. */
#define IN_ORDER() __atomic_signal_fence(__ATOMIC_SEQ_CST)

static struct node *node_of(const struct ts_holds *holds, int hold)
{
	return (struct node *)(holds->nodes + (size_t)hold * TS_ABI_PAGE);
}

static struct ts_abi_process *page_of(const struct ts_holds *holds, int hold)
{
	return (struct ts_abi_process *)(holds->pages + (size_t)hold * TS_ABI_PAGE);
}

int ts_holds_new(struct ts_holds **ret)
{
	struct ts_holds *holds = calloc(1, sizeof(*holds));

	if (!holds)
		return -ENOMEM;
	holds->nodes = mmap(NULL, 2 * BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (holds->nodes == MAP_FAILED) {
		free(holds);
		return -ENOMEM;
	}
	holds->pages = holds->nodes + BYTES;
	holds->id = (uint32_t)gettid();
	for (int i = MOST - 1; i >= 0; i--)
		holds->free[holds->n_free++] = i;
	holds->head.list.next = &holds->head.list;
	holds->head.futex_offset = (long)(BYTES + offsetof(struct ts_abi_process, consumer_lock));
	if (syscall(SYS_get_robust_list, 0, &holds->former, &holds->former_bytes) < 0 ||
	    syscall(SYS_set_robust_list, &holds->head, sizeof(holds->head)) < 0) {
		munmap(holds->nodes, 2 * BYTES);
		free(holds);
		return -errno;
	}
	*ret = holds;
	return 0;
}

void ts_holds_free(struct ts_holds *holds)
{
	if (!holds)
		return;
	syscall(SYS_set_robust_list, holds->former, holds->former_bytes);
	munmap(holds->nodes, 2 * BYTES);
	free(holds);
}

/* The page once more, without a descriptor: of a shared mapping, no bytes moved are a copy. */
static int map_again(struct ts_abi_process *page, void *where)
{
	void *at = mremap(page, 0, TS_ABI_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, where);

	return at == MAP_FAILED ? -errno : 0;
}

static void unmap(void *where)
{
	mmap(where, TS_ABI_PAGE, PROT_READ | PROT_WRITE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

static void link_node(struct ts_holds *holds, struct node *node)
{
	struct robust_list *first = holds->head.list.next;

	node->before = &holds->head.list;
	node->next.next = first;
	if (first != &holds->head.list)
		((struct node *)first)->before = &node->next;
	IN_ORDER();
	__atomic_store_n(&holds->head.list.next, &node->next, __ATOMIC_RELAXED);
}

static void unlink_node(struct ts_holds *holds, struct node *node)
{
	struct robust_list *after = node->next.next;

	if (after != &holds->head.list)
		((struct node *)after)->before = node->before;
	__atomic_store_n(&node->before->next, after, __ATOMIC_RELAXED);
}

/* Of a lock that is neither taken nor not: the kernel looks at its word, and at whose it is. */
static void pend(struct ts_holds *holds, struct node *node)
{
	IN_ORDER();
	__atomic_store_n(&holds->head.list_op_pending, node ? &node->next : NULL, __ATOMIC_RELAXED);
	IN_ORDER();
}

int ts_holds_take(struct ts_holds *holds, struct ts_abi_process *page)
{
	struct ts_abi_process *twin;
	struct node *node;
	int hold, result;

	if (!holds->n_free)
		return -ENFILE;
	hold = holds->free[holds->n_free - 1];
	node = node_of(holds, hold);
	twin = page_of(holds, hold);
	result = map_again(page, twin);
	if (result < 0)
		return result;
	pend(holds, node);
	if (!ts_lock_take(ts_lock_word(twin), holds->id)) {
		pend(holds, NULL);
		unmap(twin);
		return -EBUSY;
	}
	link_node(holds, node);
	pend(holds, NULL);
	holds->n_free--;
	return hold;
}

void ts_holds_give(struct ts_holds *holds, int hold)
{
	struct ts_abi_process *twin = page_of(holds, hold);
	struct node *node = node_of(holds, hold);

	pend(holds, node);
	unlink_node(holds, node);
	ts_lock_give(ts_lock_word(twin), holds->id);
	pend(holds, NULL);
	unmap(twin);
	holds->free[holds->n_free++] = hold;
}
