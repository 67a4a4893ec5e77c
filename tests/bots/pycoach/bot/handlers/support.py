# SPDX-License-Identifier: Apache-2.0
"""What hurts: the agents in a group of tasks and in a thread."""

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import Message

from bot.agents import TrainerAgent
from bot.agents.runners import in_a_group
from bot.handlers.counting import counted
from bot.models import Order
from bot.settings import Settings
from bot.tools.manners import is_polite

router = Router(name="support")


@router.message(Command("support"))
@counted
async def handle_support(message: Message, telegram_id: int, user_id: str, settings: Settings) -> str:
    order = Order.parse(message.text)
    if not is_polite(order.text):
        await message.answer("Let us stay polite.")
        return ""
    diagnosis, known = await in_a_group(settings, order)
    answer = await TrainerAgent(settings).run(f"{order.text}: {diagnosis}. Known: {', '.join(known)}")
    await message.answer(answer)
    return answer


@router.message(Command("again"))
@counted
async def handle_again(message: Message, telegram_id: int, user_id: str, settings: Settings) -> str:
    """The same once more, for who did not like the answer."""
    return await handle_support(message, telegram_id=telegram_id, user_id=user_id, settings=settings)
