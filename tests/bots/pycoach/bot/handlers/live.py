# SPDX-License-Identifier: Apache-2.0
"""Answers that appear word by word."""

import asyncio
import contextlib

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import Message

from bot.agents import MemoryAgent
from bot.handlers.counting import counted
from bot.llm import words_of
from bot.models import Order
from bot.settings import Settings

router = Router(name="live")


@router.message(Command("live"))
@counted
async def handle_live(message: Message, telegram_id: int, user_id: str, settings: Settings) -> int:
    """Answers how many pieces came."""
    order = Order.parse(message.text)
    pieces = []
    sent = await message.answer("...")
    async for piece in words_of(settings, order.text, model=order.model or "claude-sonnet-4-5"):
        pieces.append(piece)
        if len(pieces) % 8 == 0:
            await sent.edit_text("".join(pieces))
    await sent.edit_text("".join(pieces))
    return len(pieces)


@router.message(Command("peek"))
@counted
async def handle_peek(message: Message, telegram_id: int, user_id: str, settings: Settings) -> int:
    """Only the first words."""
    order = Order.parse(message.text)
    pieces = []
    async with contextlib.aclosing(words_of(settings, order.text, model=order.model or "gpt-4o")) as words:
        async for piece in words:
            pieces.append(piece)
            if len(pieces) == 3:
                break
    await message.answer("".join(pieces))
    return len(pieces)


@router.message(Command("recite"))
@counted
async def handle_recite(message: Message, telegram_id: int, user_id: str, settings: Settings) -> int:
    """From a thread, for the client there knows no loop."""
    order = Order.parse(message.text)
    pieces = await asyncio.to_thread(lambda: list(MemoryAgent(settings).recite(order.text)))
    await message.answer("".join(pieces))
    return len(pieces)
