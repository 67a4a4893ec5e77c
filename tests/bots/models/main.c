// SPDX-License-Identifier: Apache-2.0
/*
 * `models [-n TIMES] TENANT MODEL FILE...`: TIMES (1) turns, in each of which MODEL is asked for the answer in every FILE. Prints
 * how many bytes were answered in all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "models.h"

static char **files;

long turn(const char *tenant_id, const char *model);

long turn(const char *tenant_id, const char *model)
{
	long bytes = 0;

	(void)tenant_id;
	for (char **file = files; *file; file++) {
		char *answer = ask(model, *file);

		bytes += answer ? (long)strlen(answer) : 0;
		free(answer);
	}
	return bytes;
}

int main(int argc, char **argv)
{
	long times = 1, bytes = 0;

	if (getopt(argc, argv, "+n:") == 'n')
		times = atol(optarg);
	if (argc - optind < 3)
		return 2;
	files = argv + optind + 2;
	while (times--)
		bytes += turn(argv[optind], argv[optind + 1]);
	printf("%ld\n", bytes);
	return 0;
}
