# SPDX-License-Identifier: Apache-2.0
"""The server's own account of every call: a line of JSON each, in the order in which they ended."""

import json


class Account:
    def __init__(self, lines):
        self.lines = lines
        self.number = 0

    def add(self, call, reply, outcome):
        """`outcome`: "answered"; "failed", as its last piece tells; "cut" by us; "left": the client went away before it had
        the whole."""
        self.number += 1
        entry = {"number": self.number, "host": call.host, "path": call.path, "secure": call.secure,
                 "http": call.http, "status": reply.status, "body": len(call.body), "sent": reply.sent,
                 "request_id": reply.request_id, "attempt": call.attempt, "outcome": outcome, **reply.account}
        self.lines.write(json.dumps(entry, ensure_ascii=False) + "\n")
        self.lines.flush()
