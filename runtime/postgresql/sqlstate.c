// SPDX-License-Identifier: Apache-2.0
#include "sqlstate.h"

#include <errno.h>
#include <string.h>

/* The first that a state begins with counts. */
static const struct {
	const char *state;
	int result;
} meanings[] = {
	{"08", -EAGAIN}, /* the connection, or a pooler between */
	{"22", -EILSEQ}, /* a value that the column's type does not hold */
	{"23",
	 -EILSEQ}, /* NULL where there must be a value, no partition, a constraint of the owner's own */
	{"25006", -EROFS},  /* a standby */
	{"28", -EACCES},    /* password, pg_hba.conf */
	{"3D000", -EACCES}, /* no such database */
	{"40", -EAGAIN},    /* serialization, deadlock */
	{"42", -EACCES},    /* no such table, no privilege, a row that a policy refuses */
	{"44", -EILSEQ},    /* a view's check option */
	{"53100", -ENOSPC}, /* disk full */
	{"53", -EAGAIN},    /* memory, connections */
	{"54000", -EILSEQ}, /* a value longer than the server takes */
	{"55P03", -EAGAIN}, /* a lock */
	{"57", -EAGAIN},    /* shut down, starting, cancelled by a timeout */
	{"58030", -ENOSPC}, /* input or output failed */
	{"P0", -EILSEQ},    /* a trigger of the owner's own raised it */
};

int ts_sqlstate_result(const char *sqlstate)
{
	if (!sqlstate)
		return -ECONNRESET;
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (strncmp(sqlstate, meanings[i].state, strlen(meanings[i].state)) == 0)
			return meanings[i].result;
	return -EINVAL;
}
