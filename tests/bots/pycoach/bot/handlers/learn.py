# SPDX-License-Identifier: Apache-2.0
"""Voice messages: what somebody tells of himself is remembered."""

import asyncio

from aiogram import Bot, F, Router
from aiogram.types import Message

from bot.agents import MemoryAgent, TrainerAgent
from bot.handlers.counting import counted
from bot.models import Note, Order
from bot.settings import Settings
from bot.tools.notes import remember
from bot.tools.speech import transcribe

router = Router(name="learn")


@router.message(F.voice)
@counted
async def handle_voice(message: Message, bot: Bot, telegram_id: int, user_id: str, settings: Settings) -> str:
    order = Order.parse(f"{await transcribe(bot, message.voice.file_id)} {message.caption or ''}")
    known = await asyncio.to_thread(MemoryAgent(settings).run, order.text, limit=2, model="claude-haiku-4-5")
    answer = await TrainerAgent(settings).run(f"{order.text} ({known[0]})", model=order.model)
    remember(Note(user_id, order.text, tags=["voice"]), auth={"token": settings.memory_token.get_secret_value()})
    await message.answer(answer)
    return answer
