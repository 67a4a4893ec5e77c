// SPDX-License-Identifier: Apache-2.0
/*
 * A connection of HTTP/2. The input is its preface, or pieces of frames behind it; unless the first byte is odd, each frame's length
 * is set right, so that mutations reach what is inside.
 */
#include "wire.h"

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

/*
 * Frames as the input has them: a byte of direction and pieces, two of length, type, flags, stream, then the content, which is
 * fed in two pieces.
 */
static void run_frames(const uint8_t *data, size_t bytes)
{
	struct told told = {0};
	struct ts_wire_settings settings = small_settings(&told);
	struct ts_wire *wire;

	MUST(ts_wire_new(&wire, &settings) == 0);
	feed(wire, TS_WIRE_SENT, (const uint8_t *)PREFACE, strlen(PREFACE), 0);
	while (bytes > 6) {
		size_t n = (size_t)(data[1] & 3) << 8 | data[2], cut;
		uint8_t frame[9 + 1024];

		n = n < bytes - 6 ? n : bytes - 6;
		memcpy(frame,
		       (uint8_t[]){0, (uint8_t)(n >> 8), (uint8_t)n, data[3], data[4], 0, 0, 0,
				   data[5]},
		       9);
		memcpy(frame + 9, data + 6, n);
		cut = (size_t)(data[0] >> 1) % (n + 9);
		feed(wire, (enum ts_wire_direction)(data[0] & 1), frame, cut, 0);
		feed(wire, (enum ts_wire_direction)(data[0] & 1), frame + cut, n + 9 - cut, 0);
		data += 6 + n;
		bytes -= 6 + n;
	}
	ts_wire_close(wire, (enum ts_wire_how)(bytes % 4), 1000000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	if (bytes && data[0] % 2)
		run_connection(data + 1, bytes - 1);
	else if (bytes)
		run_frames(data + 1, bytes - 1);
	return 0;
}
