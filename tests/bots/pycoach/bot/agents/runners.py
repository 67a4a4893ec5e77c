# SPDX-License-Identifier: Apache-2.0
"""Ways to have several agents at work."""

import asyncio

from bot.agents.doctor import DoctorAgent
from bot.agents.memory import MemoryAgent
from bot.agents.strategist import StrategistAgent
from bot.agents.trainer import TrainerAgent
from bot.models import Order, Strategy
from bot.settings import Settings


async def side_by_side(settings: Settings, order: Order) -> tuple[Strategy, str]:
    """First what is known, then the strategist and the trainer at once; all end before the first failure is told."""
    known = await asyncio.to_thread(MemoryAgent(settings).run, order.text)
    results = await asyncio.gather(
        StrategistAgent(settings).run(order.text, order.level, model=order.model),
        TrainerAgent(settings).run(f"{order.text}. {known[0]}", model=order.model),
        return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    strategy, draft = results
    return strategy, draft


async def in_a_group(settings: Settings, order: Order) -> tuple[str, list[str]]:
    """The first failure cancels the others."""
    async with asyncio.TaskGroup() as group:
        diagnosis = group.create_task(DoctorAgent(settings).run(order.text, order.patience, model=order.model))
        known = group.create_task(asyncio.to_thread(MemoryAgent(settings).run, order.text, limit=2))
    return diagnosis.result(), known.result()
