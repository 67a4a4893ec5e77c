// SPDX-License-Identifier: Apache-2.0
#include "item.h"

#include <stdio.h>

#include "../terminal/display.h"
#include "../terminal/print.h"

void ts_check_item(const char *label, const char *text)
{
	printf("    %-7s ", label);
	ts_display_wrap(stdout, text, "            ", ts_terminal()->columns);
}
