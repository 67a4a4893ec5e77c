# SPDX-License-Identifier: Apache-2.0
"""No more calls at once than the account allows."""

import asyncio
import contextlib
import functools

from bot.running import running

AT_ONCE = 24


@functools.lru_cache(maxsize=1)
def _calls() -> asyncio.Semaphore:
    return asyncio.Semaphore(AT_ONCE)


@contextlib.asynccontextmanager
async def slot():
    async with _calls():
        if mine := running.get():
            mine.asked.set()
        yield
