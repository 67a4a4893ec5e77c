# SPDX-License-Identifier: Apache-2.0
"""Plans: the agents side by side."""

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import Message

from bot.agents import CriticAgent
from bot.agents.runners import side_by_side
from bot.handlers.counting import counted
from bot.models import Order
from bot.settings import Settings

router = Router(name="train")


@router.message(Command("train"))
@counted
async def handle_train(message: Message, telegram_id: int, user_id: str, session_id: str, settings: Settings) -> int:
    """Answers how many weeks the plan takes."""
    order = Order.parse(message.text)
    strategy, draft = await side_by_side(settings, order)
    score = CriticAgent.run(draft, words=8)
    await message.answer(f"{strategy.goal}: {strategy.weeks} weeks, {score:.2f}\n{draft}\n" + "\n".join(strategy.steps))
    return strategy.weeks
