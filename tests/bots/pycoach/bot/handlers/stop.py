# SPDX-License-Identifier: Apache-2.0
"""/stop: what the chat waits for is cancelled, once it has got as far as asking a model."""

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import Message

from bot.running import running_of

router = Router(name="stop")


@router.message(Command("stop"))
async def handle_stop(message: Message) -> None:
    waiting = running_of.pop(message.chat.id)
    await waiting.asked.wait()
    waiting.task.cancel()
    await message.answer("Stopped.")
