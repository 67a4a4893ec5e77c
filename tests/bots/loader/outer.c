// SPDX-License-Identifier: Apache-2.0
#include "loader.h"

int outer_work(int number)
{
	return inner_work(number) + inner_work(number);
}
