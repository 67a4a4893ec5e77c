# SPDX-License-Identifier: Apache-2.0
"""Language models, by the packages of those who make them."""

from bot.llm.answer import Answer
from bot.llm.asking import ask, ask_now
from bot.llm.streaming import words_now, words_of

__all__ = ["Answer", "ask", "ask_now", "words_now", "words_of"]
