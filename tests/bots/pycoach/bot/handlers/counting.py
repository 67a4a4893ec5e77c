# SPDX-License-Identifier: Apache-2.0
"""A decorator: says what each handler was asked, and how it ended."""

import asyncio
import functools
import logging

log = logging.getLogger("bot.handlers")


def full_name(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"


def counted(handler):
    @functools.wraps(handler)
    async def wrapper(*args, **kwargs):
        log.info("%s for %s", handler.__name__, kwargs["telegram_id"])
        try:
            result = await handler(*args, **kwargs)
        except asyncio.CancelledError:
            log.info("%s was cancelled", handler.__name__)
            raise
        except Exception as error:
            log.error("%s failed: %s: %s", handler.__name__, full_name(error), error)
            raise
        log.info("%s is done", handler.__name__)
        return result

    return wrapper
