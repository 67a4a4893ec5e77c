# SPDX-License-Identifier: Apache-2.0
"""cut=7: the connection is dropped after so many events of a stream, or so many bytes of all else."""


def put_on(reply, value):
    if reply.streamed:
        reply.pieces = reply.pieces[:int(value)]
    else:
        reply.headers["content-length"] = str(len(reply.pieces[0]))
        reply.pieces = [reply.pieces[0][:int(value)]]
    reply.is_cut = True
