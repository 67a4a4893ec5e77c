# SPDX-License-Identifier: Apache-2.0
"""Needs no model."""


class CriticAgent:
    floor = 20

    @classmethod
    def run(cls, draft: str, words: int) -> float:
        return max(cls.floor, cls.score(draft, words)) / 100

    @staticmethod
    def score(draft: str, words: int) -> int:
        """How much of a draft is what it should be, in percent; below 0 where it is far too long."""
        return round(100 - abs(len(draft.split()) - words) * 100 / words)
