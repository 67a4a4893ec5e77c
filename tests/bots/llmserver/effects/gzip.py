# SPDX-License-Identifier: Apache-2.0
"""gzip: the body is coded so, each event flushed."""

import zlib


def put_on(reply, value):
    coder = zlib.compressobj(wbits=31)
    reply.pieces = [coder.compress(piece) + coder.flush(zlib.Z_SYNC_FLUSH) for piece in reply.pieces]
    reply.pieces[-1] += coder.flush()
    reply.headers["content-encoding"] = "gzip"
