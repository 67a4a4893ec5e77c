# SPDX-License-Identifier: Apache-2.0
"""The program: its arguments, the dispatcher and what is fed to it."""

import argparse
import asyncio
import json
import logging
import pathlib
import sys

from aiogram import Bot, Dispatcher
from aiogram.client.default import DefaultBotProperties
from aiogram.enums import ParseMode

from bot import journal
from bot.crowd import crowd
from bot.handlers import routers
from bot.middleware import Identify
from bot.settings import Settings
from bot.telegram import OfflineSession

UPDATES = pathlib.Path(__file__).resolve().parent.parent / "updates"

log = logging.getLogger(__name__)


def parse(arguments):
    parser = argparse.ArgumentParser(prog="bot", description="A coach for Telegram.")
    parser.add_argument("feed", nargs="?", help="updates, a line of JSON each; - is standard input")
    parser.add_argument("--concurrent", type=int, metavar="N", help="answer N made-up messages at once")
    for mode in ("fail", "cancel", "stream"):
        parser.add_argument(f"--{mode}", dest="mode", action="store_const", const=mode, default="day",
                            help=f"be fed with updates/{mode}.jsonl")
    options = parser.parse_args(arguments)
    options.at_once = options.concurrent is not None or options.mode == "cancel"
    return options


def read_feed(options):
    if options.concurrent is not None:
        return crowd(options.concurrent)
    if options.feed == "-":
        lines = sys.stdin.read()
    else:
        path = pathlib.Path(options.feed) if options.feed else UPDATES / f"{options.mode}.jsonl"
        lines = path.read_text(encoding="utf-8")
    return [json.loads(line) for line in lines.splitlines()]


async def feed(dispatcher, bot, updates, at_once):
    """Each update after the one before, or all of them at once."""
    if not at_once:
        for update in updates:
            await dispatcher.feed_raw_update(bot, update)
        return
    tasks = [asyncio.create_task(dispatcher.feed_raw_update(bot, update), name=f"update-{update['update_id']}")
             for update in updates]
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    log.info("%d updates at once, %d of them cancelled", len(ended),
             sum(isinstance(each, asyncio.CancelledError) for each in ended))


async def serve(options, more_routers):
    settings = Settings.from_environment()
    session = OfflineSession()
    bot = Bot(settings.bot_token.get_secret_value(), session=session,
              default=DefaultBotProperties(parse_mode=ParseMode.HTML))
    dispatcher = Dispatcher(settings=settings)
    dispatcher.update.outer_middleware(Identify())
    dispatcher.include_routers(*more_routers, *routers())
    async with bot.context():
        await feed(dispatcher, bot, read_feed(options), options.at_once)


def run(arguments, more_routers=()):
    options = parse(arguments)
    with journal.kept():
        asyncio.run(serve(options, more_routers))
    return 0
