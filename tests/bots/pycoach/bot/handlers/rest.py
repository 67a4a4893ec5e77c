# SPDX-License-Identifier: Apache-2.0
"""What nobody else answers, and what went wrong."""

import logging

from aiogram import Router
from aiogram.types import ErrorEvent, Message

router = Router(name="rest")
log = logging.getLogger(__name__)


@router.message()
async def handle_rest(message: Message) -> None:
    await message.answer("I know /train, /support, /live, and voice messages.")


@router.errors()
async def apologise(event: ErrorEvent) -> None:
    log.info("update %d: %s", event.update.update_id, type(event.exception).__name__)
    await event.update.message.answer("Sorry, not now.")
