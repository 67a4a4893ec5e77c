// SPDX-License-Identifier: Apache-2.0
/* A connection of any bytes that begins as HTTP/1 does. What comes out are calls in which all JSON is sound. */
#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	run_connection(data, bytes);
	return 0;
}
