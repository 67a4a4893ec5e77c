# SPDX-License-Identifier: Apache-2.0
"""slow=50ms: nothing comes before that."""

from script import seconds


def put_on(reply, value):
    reply.delay = seconds(value)
