# SPDX-License-Identifier: Apache-2.0
"""Answers and log, in an order that no race decides: by update, by who speaks, then as they came."""

import contextlib
import contextvars
import logging
import sys

update_number = contextvars.ContextVar("update_number", default=0)
speaker = contextvars.ContextVar("speaker", default="")

_answers = []


class _Keeper(logging.Handler):
    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append((update_number.get(), speaker.get(), self.format(record)))


def answer(chat_id: int, method: str, text: str) -> None:
    _answers.append((update_number.get(), f"{chat_id}\t{method}\t{text}"))


@contextlib.contextmanager
def speaking(name: str):
    """What is logged inside is said by `name`."""
    token = speaker.set(name)
    try:
        yield
    finally:
        speaker.reset(token)


@contextlib.contextmanager
def kept():
    """Writes all of it at the end: answers to standard output, the log to standard error."""
    keeper = _Keeper()
    keeper.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[keeper], force=True)
    for chatty in ("aiogram", "anthropic", "httpx", "httpx2", "openai"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        yield
    finally:
        for _, line in sorted(_answers, key=lambda kept_line: kept_line[0]):
            print(line)
        for number, name, line in sorted(keeper.lines, key=lambda kept_line: kept_line[:2]):
            print(f"{number} {name or 'bot'} {line}", file=sys.stderr)
