# SPDX-License-Identifier: Apache-2.0
"""Looks at what hurts; whom it takes too long nobody waits for."""

import asyncio

from bot.agents.base import Agent
from bot.journal import speaking


class DoctorAgent(Agent):
    name = "doctor"
    model = "gpt-4o"
    persona = "You are a doctor."

    async def run(self, complaint: str, patience: float, model: str | None = None) -> str:
        with speaking(self.name):
            try:
                return await asyncio.wait_for(self.ask(complaint, model), patience)
            except asyncio.TimeoutError:
                self.log.warning("the doctor is out")
                return "rest for a week"
