# SPDX-License-Identifier: Apache-2.0
"""requests: eight threads that take the three connections of one pool in turn."""

import concurrent.futures
import os

import requests
import requests.adapters
import said

URL = os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1") + "/chat/completions"
WORDS = ["", "+pace=2ms", "+chop=6", "+gzip", "+slow=15ms", "+status=429"]


def call(session, number):
    body = {"model": f"gpt-4o{WORDS[number % len(WORDS)]}", "messages": [{"role": "user", "content": f"number {number}"}],
            "stream": number % 2 == 0}
    with session.post(URL, json=body, stream=True, timeout=60, verify=os.environ["SSL_CERT_FILE"]) as answer:
        return [answer.status_code, answer.text]


with requests.Session() as session, concurrent.futures.ThreadPoolExecutor(8) as pool:
    session.headers["authorization"] = f"Bearer {os.environ['OPENAI_API_KEY']}"
    session.mount("https://", requests.adapters.HTTPAdapter(pool_maxsize=3, pool_block=True))
    for number, got in enumerate(pool.map(lambda number: call(session, number), range(48))):
        said.line(number, got)
