# SPDX-License-Identifier: Apache-2.0
"""stored.py DATABASE SPAN_NAME COUNT: fails unless the store has just so many such spans, whole."""

import json
import sqlite3
import sys

STRING_BYTES = 110


def main(path, name, wanted):
    store = sqlite3.connect(path)
    count, = store.execute(
        "select count(*) from pipeline_spans where span_name = ?", (name,)).fetchone()
    if count != int(wanted):
        sys.exit(f"bench: {wanted} calls of {name}, {count} spans in the store")
    if name != "step:echo":
        return
    pairs = store.execute(
        "select distinct input_data, output_data from pipeline_spans where span_name = ?", (name,))
    for given, got in pairs:
        if len(json.loads(given)["s"]) != STRING_BYTES or len(json.loads(got)["result"]) != STRING_BYTES:
            sys.exit(f"bench: a span of {name} lacks its string: {given} {got}")


main(*sys.argv[1:])
