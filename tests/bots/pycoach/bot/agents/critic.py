# SPDX-License-Identifier: Apache-2.0
"""Needs no model."""


class CriticAgent:
    floor = 0.2

    @classmethod
    def run(cls, draft: str, words: int) -> float:
        return max(cls.floor, cls.score(draft, words))

    @staticmethod
    def score(draft: str, words: int) -> float:
        """How much of a draft is what it should be; below 0 where it is far too long."""
        return 1 - abs(len(draft.split()) - words) / words
