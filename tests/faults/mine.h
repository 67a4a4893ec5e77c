/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MINE_H
#define MINE_H

/*
 * What a program does of its own accord, told apart from what the shim does in it: between mine(true) and mine(false)
 * nothing is made to fail. A thread begins with what is ours, if the shim made it, else with its own.
 */

#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MINE_PRCTL 0x7453 /* no such prctl: whoever traces us sees it, the kernel refuses it */

void allocs_mine(bool mine) __attribute__((weak));

static inline void mine(bool is)
{
	if (is && allocs_mine)
		allocs_mine(true);
	syscall(SYS_prctl, MINE_PRCTL, is, 0, 0, 0);
	if (!is && allocs_mine)
		allocs_mine(false);
}

#endif
