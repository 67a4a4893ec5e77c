# SPDX-License-Identifier: Apache-2.0
"""What the models say. It follows from what they were asked, so that every run reads the same."""

import hashlib

OPENINGS = ["Gut gefragt.", "Fair enough.", "Давай по порядку.", "なるほど。", "Listen to your body.", "Très bien.", "好的。"]
ADVICE = [
    "Keep the first two weeks easy and add a tenth a week from there.",
    "Sleep is training as well: eight hours before the long run.",
    "Вода до тренировки, белок после неё.",
    "Two days of strength, three of running, and on Sunday nothing at all 🛌.",
    "If it hurts on the stairs it is not ready for squats.",
    "膝に痛みがある日は休みましょう。",
    "Zwanzig Minuten reichen, wenn es jeden Tag zwanzig Minuten sind.",
]


def tokens(text):
    """About as many as a tokenizer would make of it; at least one."""
    return max(1, (len(text.encode()) + 3) // 4)


def text_of(content):
    """The text of a message, whose content is a string or a list of parts."""
    if isinstance(content, list):
        return "".join(part.get("text") or "" for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def cut_words(words, limit):
    """As many of `words` as `limit` tokens allow."""
    kept = list(words)
    while len(kept) > 1 and tokens("".join(kept)) > limit:
        kept.pop()
    return kept


class Speech:
    """An answer to `messages`, a list of {role, content}: its words, and how many tokens went which way."""

    def __init__(self, messages, system="", limit=None):
        texts = [system, *(text_of(message.get("content")) for message in messages)]
        self.prompt = texts[-1]
        digest = hashlib.sha256("\0".join(texts).encode()).digest()
        said = f"{OPENINGS[digest[0] % len(OPENINGS)]} {ADVICE[digest[1] % len(ADVICE)]} ({digest[2:5].hex()})"
        words = [word + " " for word in said.split(" ")]
        words[-1] = words[-1].rstrip()
        self.tool = None  # what it asks for instead
        self.words = words if limit is None else cut_words(words, limit)
        self.is_whole = len(self.words) == len(words)
        self.text = "".join(self.words)
        self.input_tokens = sum(tokens(text) + 3 for text in texts if text)
        self.output_tokens = tokens(self.text)
