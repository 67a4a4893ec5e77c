/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_TERMINAL_KEYS_H
#define TS_COMMAND_TERMINAL_KEYS_H

/*
 * Waiting, for a command that goes on until it is ended: keys as they are pressed, where a person sits before it. The
 * terminal is as it was whatever ends the command, and while it is stopped.
 */

#include <stdbool.h>

enum { TS_KEY_NONE = 0, TS_KEY_ENDED = -1 };

/*
 * Keys count from now on. False: nobody sits there, who would see and press: standard input or output is no terminal, or
 * that of another job. `screen`: what is printed takes the place of what stood there, until the end.
 */
bool ts_keys_begin(bool screen);
void ts_keys_end(void); /* also where nothing began */

/*
 * Up to `ms` milliseconds. The key; TS_KEY_NONE: none, or the terminal has changed, so that all is to be printed anew;
 * TS_KEY_ENDED: nobody reads standard output any more.
 */
int ts_keys_wait(int ms);

#endif
