// SPDX-License-Identifier: Apache-2.0
/* This process's threads. */

#include "threads.h"

#include <stdlib.h>
#include <string.h>

#include "sys.h"

long ts_threads(char *ret_first)
{
	char text[1024];
	const char *field;
	int fd = ts_sys_open("/proc/self/stat", O_RDONLY, 0);
	long n = fd < 0 ? fd : ts_sys_read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		ts_sys_close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	field = strrchr(text, ')'); /* the name before it may hold anything */
	if (!field || strlen(field) < 3)
		return 0;
	if (ret_first)
		*ret_first = field[2];
	for (int i = 2; field && i < 20; i++)
		field = strchr(field + 1, ' ');
	return field ? strtol(field, NULL, 10) : 0;
}
