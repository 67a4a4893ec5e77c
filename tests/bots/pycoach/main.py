# SPDX-License-Identifier: Apache-2.0
"""The coach, with a greeting of its own."""

import sys

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import Message

from bot.app import run

router = Router(name="greeting")


def greeting(name: str, hour: int = 9) -> str:
    return f"Good {'morning' if hour < 12 else 'evening'}, {name}. What shall we train?"


@router.message(Command("start"))
async def handle_start(message: Message, telegram_id: int, user_id: str) -> str:
    text = greeting(message.from_user.first_name)
    await message.answer(text)
    return text


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], [router]))
