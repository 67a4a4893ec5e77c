/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_FREQUENCY_H
#define TS_FREQUENCY_H

/* The writing half of a process's clocks: its frequency, and a triple now and then. [own] */

#include <stdint.h>

struct ts_abi_process;

/*
 * Measures the frequency against the first triple, if that was not done yet. The longer ago that
 * triple was taken, the better: some 40 ns of uncertainty, divided by the distance.
 */
void ts_frequency_measure(struct ts_abi_process *process);

/* At this tick the process lived. */
void ts_frequency_seen(struct ts_abi_process *process);

/* Appends a triple when the distance to the first one has doubled, from a minute on. */
void ts_frequency_note(struct ts_abi_process *process);

/* Nanoseconds since the first triple. */
int64_t ts_frequency_base_ns(const struct ts_abi_process *process);

#endif
