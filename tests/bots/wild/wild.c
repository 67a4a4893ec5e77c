// SPDX-License-Identifier: Apache-2.0
#include "wild.h"

int visit(void (*what)(void))
{
	what();
	return 0;
}

int visit_for(const char *tenant_id, void (*what)(void))
{
	(void)tenant_id;
	what();
	return 0;
}

const char *text(const char *text)
{
	return text;
}

size_t bytes(const char *data, size_t n)
{
	(void)data;
	return n;
}
