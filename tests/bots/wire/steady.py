# SPDX-License-Identifier: Apache-2.0
"""Nothing but Python's own: four threads, each with a connection, and streams on it that take their time. A line for each that has
ended; argument: how many of them a thread asks for; SIGTERM: no more."""

import http.client
import json
import os
import signal
import ssl
import sys
import threading
import urllib.parse

TRUSTED = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
URL = urllib.parse.urlsplit(os.environ["OPENAI_BASE_URL"])
enough = threading.Event()


def ask(thread):
    connection = http.client.HTTPSConnection(URL.hostname, URL.port, context=TRUSTED)
    for number in range(int(sys.argv[1])):
        body = {"model": "gpt-4o+pace=5ms", "stream": True, "stream_options": {"include_usage": True},
                "messages": [{"role": "user", "content": f"thread {thread}, number {number}"}]}
        connection.request("POST", f"{URL.path}/chat/completions", json.dumps(body),
                           {"content-type": "application/json", "authorization": f"Bearer {os.environ['OPENAI_API_KEY']}"})
        connection.getresponse().read()
        os.write(1, f"thread {thread}, number {number}\n".encode())
        if enough.is_set():
            break
    connection.close()


signal.signal(signal.SIGTERM, lambda *_: enough.set())
threads = [threading.Thread(target=ask, args=(thread,)) for thread in range(4)]
for one in threads:
    one.start()
for one in threads:
    one.join()
