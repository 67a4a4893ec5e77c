// SPDX-License-Identifier: Apache-2.0
#include "loader.h"

int inner_work(int number)
{
	return number + 1;
}
