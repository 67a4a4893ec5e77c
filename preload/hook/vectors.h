/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_VECTORS_H
#define TS_VECTORS_H

/* The registers besides the general ones: what saving them takes. */

/*
 * Fills ts_hot.xsave_bytes and ts_hot.xsave_mask, once: before the first pad is in place. Under a hypervisor each CPUID costs
 * microseconds, and where nothing is wrapped nobody needs them. [setup]
 */
void ts_vectors_measure(void);

#endif
