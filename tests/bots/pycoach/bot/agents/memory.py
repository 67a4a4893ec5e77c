# SPDX-License-Identifier: Apache-2.0
"""What is known of somebody. Runs in threads: its client is the synchronous one."""

from collections.abc import Iterator

from bot.agents.base import Agent
from bot.journal import speaking
from bot.llm import ask_now, words_now
from bot.tools.notes import recall


class MemoryAgent(Agent):
    name = "memory"
    model = "gpt-4o-mini"
    persona = "You remember."

    def run(self, query: str, limit: int = 3, model: str | None = None) -> list[str]:
        with speaking(self.name):
            facts = [fact for fact in map(recall, query.split()[:3]) if fact]
            prompt = f"{query} / {facts}"
            summary = ask_now(self.settings, prompt, model=model or self.model, persona=self.persona)
            self.log.info("%d facts and %d letters", len(facts), len(summary.text))
            return [summary.text, *facts][:limit]

    def recite(self, query: str) -> Iterator[str]:
        with speaking(self.name):
            for word in words_now(self.settings, query, model=self.model):
                yield word.upper()
            self.log.info("recited")
