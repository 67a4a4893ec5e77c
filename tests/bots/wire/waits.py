# SPDX-License-Identifier: Apache-2.0
"""waits.py QUESTION: a stream whose second event takes its time; prints what comes."""

import sys

import openai
import said

with openai.OpenAI() as client:
    messages = [{"role": "user", "content": sys.argv[1]}]
    for chunk in client.chat.completions.create(model="gpt-4o+cut=3+pace=100s", messages=messages, stream=True):
        said.line("came", chunk.choices[0].delta.content)
