# SPDX-License-Identifier: Apache-2.0
"""From voice to text."""

from aiogram import Bot


async def transcribe(bot: Bot, file_id: str, language: str = "en") -> str:
    file = await bot.get_file(file_id)
    content = await bot.download_file(file.file_path)
    return content.read().decode()
