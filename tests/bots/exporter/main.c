// SPDX-License-Identifier: Apache-2.0
/* A program whose functions bear names of well-known libraries; whoever calls them errs. */

#include <stdio.h>

#include "../ends/job.h"

int main(void)
{
	int sum = 0;

	for (int i = 0; i < 3; i++)
		sum += job("exporter", 2, NULL);
	printf("%d\n", sum);
	return 0;
}
