# SPDX-License-Identifier: Apache-2.0
"""Asks two models at once and makes a plan of what they say."""

import asyncio

from bot.agents.base import Agent
from bot.journal import speaking
from bot.models import Level, Strategy


class StrategistAgent(Agent):
    name = "strategist"
    model = "gpt-4o"
    second_model = "claude-haiku-4-5"
    persona = "You plan the weeks ahead."

    async def run(self, goal: str, level: Level, model: str | None = None) -> Strategy:
        with speaking(self.name):
            first, second = await asyncio.gather(
                self.half(goal, level, "first", model),
                self.half(goal, level, "second", self.second_model),
                return_exceptions=True)
            for part in (first, second):
                if isinstance(part, BaseException):
                    raise part
            return Strategy(goal=goal, weeks=4 + len(first) % 9, steps=[first, second])

    async def half(self, goal: str, level: Level, which: str, model: str | None) -> str:
        with speaking(f"{self.name}, {which} half"):
            return await self.ask(f"{goal}, {level.value}: the {which} half", model)
