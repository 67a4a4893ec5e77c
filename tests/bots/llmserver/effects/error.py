# SPDX-License-Identifier: Apache-2.0
"""error=7: after so many events the stream tells of a failure, and ends; its status was 200."""


def put_on(reply, value):
    if reply.streamed:
        reply.pieces = [*reply.pieces[:int(value)], reply.broken()]
        reply.is_broken = True
