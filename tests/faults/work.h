/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORK_H
#define WORK_H

/* What the victim calls, in a library, so that the calls go through its slots. */

struct victim_thread;

/* Pipelines: they call `body`. */
int job(long number, int body(struct victim_thread *), struct victim_thread *thread);
int stay(long number, int body(struct victim_thread *), struct victim_thread *thread);

/* A tool; calls `body`. Answers what part_result says. */
int part(long number, const char *text, void body(struct victim_thread *),
	 struct victim_thread *thread);

#endif
