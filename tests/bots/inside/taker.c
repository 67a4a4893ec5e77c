// SPDX-License-Identifier: Apache-2.0
/* libtaker.so: takes the address of a function of another library. */

#include "inside.h"

work_fn *taken(void)
{
	return exported_only;
}
