# SPDX-License-Identifier: Apache-2.0
"""br: the body is coded so, each event flushed."""

import brotli


def put_on(reply, value):
    coder = brotli.Compressor()
    reply.pieces = [coder.process(piece) + coder.flush() for piece in reply.pieces]
    reply.pieces[-1] += coder.finish()
    reply.headers["content-encoding"] = "br"
