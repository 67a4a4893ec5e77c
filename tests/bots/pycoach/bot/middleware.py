# SPDX-License-Identifier: Apache-2.0
"""Who is writing, for the handlers' parameters of these names."""

import asyncio

from aiogram import BaseMiddleware

from bot import journal
from bot.running import Running, running, running_of


class Identify(BaseMiddleware):
    async def __call__(self, handler, event, data):
        journal.update_number.set(event.update_id)
        message = event.message
        data["telegram_id"] = message.from_user.id
        data["user_id"] = f"u{message.from_user.id % 100_000}"
        data["session_id"] = f"s-{message.chat.id}-{message.message_id}"
        mine = Running(asyncio.current_task())
        running.set(mine)
        if not (message.text or "").startswith("/stop"):
            running_of[message.chat.id] = mine
        return await handler(event, data)
