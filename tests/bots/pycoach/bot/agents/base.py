# SPDX-License-Identifier: Apache-2.0
"""What agents have in common."""

import logging

from bot.llm import ask
from bot.settings import Settings


class Agent:
    name = "agent"
    model = "gpt-4o"
    persona = "You are a coach."

    def __init__(self, settings: Settings):
        self.settings = settings
        self.log = logging.getLogger(f"bot.agents.{self.name}")

    async def ask(self, prompt: str, model: str | None = None) -> str:
        answer = await ask(self.settings, prompt, model=model or self.model, persona=self.persona)
        self.log.info("%s said %d letters", answer.model, len(answer.text))
        return answer.text
