/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TASKS_H
#define TASKS_H

/* A request: the pipeline. Calls `what`, answers what it answered. */
int request(const char *name, int (*what)(int), int argument);

/* A second pipeline, for requests within requests. */
int subrequest(int (*what)(int), int argument);

/* Any call: answers its number. */
int task(int number);

/* Calls `what`, answers what it answered. */
int group(int (*what)(int), int argument);

/* How far down: left and right call each other. */
long left(long depth);
long right(long depth);

/* The same by tail calls. */
long tail_left(long depth, long sum);
long tail_right(long depth, long sum);

#endif
