# SPDX-License-Identifier: Apache-2.0
"""Writes the answers that people read."""

import anthropic

from bot.agents.base import Agent
from bot.journal import speaking


class TrainerAgent(Agent):
    name = "trainer"
    model = "claude-sonnet-4-5"
    persona = "You are a trainer. One sentence."

    async def run(self, prompt: str, model: str | None = None, fallback: str = "gpt-4o-mini") -> str:
        with speaking(self.name):
            try:
                return await self.ask(prompt, model)
            except anthropic.InternalServerError as error:
                self.log.warning("%s, so %s is asked", error.__class__.__name__, fallback)
                return await self.ask(prompt, fallback)
