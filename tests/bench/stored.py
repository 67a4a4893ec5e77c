# SPDX-License-Identifier: Apache-2.0
"""stored.py DATABASE SPAN_NAME COUNT [NAME]: fails unless the store has just so many such spans, each with the string that was
given as parameter NAME and returned."""

import json
import sqlite3
import sys

STRING_BYTES = 110


def main(path, name, wanted, parameter=None):
    store = sqlite3.connect(path)
    count, = store.execute(
        "select count(*) from pipeline_spans where span_name = ?", (name,)).fetchone()
    if count != int(wanted):
        sys.exit(f"bench: {wanted} calls of {name}, {count} spans in the store")
    if not parameter:
        return
    pairs = store.execute(
        "select distinct input_data, output_data from pipeline_spans where span_name = ?", (name,))
    for given, got in pairs:
        if len(json.loads(given)[parameter]) != STRING_BYTES or len(json.loads(got)["result"]) != STRING_BYTES:
            sys.exit(f"bench: a span of {name} lacks its string: {given} {got}")


main(*sys.argv[1:])
