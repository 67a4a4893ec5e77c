# SPDX-License-Identifier: Apache-2.0
"""pace=10ms: between two pieces of a stream."""

from script import seconds


def put_on(reply, value):
    reply.pace = seconds(value)
