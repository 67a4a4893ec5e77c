# SPDX-License-Identifier: Apache-2.0
"""chop=7: the body goes out in pieces of 1 to 40 bytes whose lengths follow from the number."""

import random


def put_on(reply, value):
    lengths = random.Random(int(value))
    body, reply.pieces = b"".join(reply.pieces), []
    while body:
        length = lengths.randint(1, 40)
        reply.pieces.append(body[:length])
        body = body[length:]
