# SPDX-License-Identifier: Apache-2.0
"""One call: found in APIS by its path, answered as its script says, and put into the account."""

import asyncio
import importlib
import pkgutil

import apis
from call import Reply
from script import Script, Unscripted

# A file in apis/ is an API:
#   PATH                  a pattern that the path ends in
#   answer(call, script)  -> Reply; raises Refused for what it would not take
#   refusal(call, status, message)  -> Reply, an error as the API words it
#   KEYLESS               if it is so, nobody needs a key
APIS = [importlib.import_module(f"apis.{module.name}") for module in pkgutil.iter_modules(apis.__path__)]


def api_of(path):
    """Whose pattern fits most of the path."""
    fits = [(len(match[0]), api) for api in APIS if (match := api.PATH.search(path))]
    return max(fits, key=lambda fit: fit[0])[1] if fits else None


class Desk:
    def __init__(self, account):
        self.account = account
        self.refused = {}  # digest of a call -> how many times in a row it was

    async def exchange(self, call, channel):
        """Answers `call` by `channel`, which has head(), piece(), end() and cut()."""
        reply, outcome = self.reply(call), "left"
        try:
            await asyncio.sleep(reply.delay)
            outcome = await send(reply, channel)
        finally:
            self.account.add(call, reply, outcome)

    def reply(self, call):
        api = api_of(call.path)
        if not api or call.method != "POST":
            return Reply(404, {"content-type": "text/plain"}, [b"no such page\n"])
        try:
            script = Script(call)
        except Unscripted as wrong:
            return api.refusal(call, 400, str(wrong))
        reply = self.refusal(call, api, script)
        if not reply:
            try:
                reply = api.answer(call, script)
            except apis.Refused as wrong:
                reply = api.refusal(call, 400, str(wrong))
        script.put_on(reply)
        return reply

    def refusal(self, call, api, script):
        """What its script, or its key, has in store for this call, unless it is to be answered."""
        if call.key in ("", "wrong") and not getattr(api, "KEYLESS", False):
            return api.refusal(call, 401, "this is no key of ours")
        if script.status == 200:
            return None
        count = self.refused.get(call.digest, 0)
        if script.times is not None and count >= script.times:
            self.refused.pop(call.digest, None)
            return None
        self.refused[call.digest] = count + 1
        return api.refusal(call, script.status, script.reason)


async def send(reply, channel):
    length = None if reply.streamed else sum(map(len, reply.pieces))
    await channel.head(reply.status, reply.headers, length)
    for number, piece in enumerate(reply.pieces):
        if number:
            await asyncio.sleep(reply.pace)
        reply.sent += len(piece)
        await channel.piece(piece)
    if reply.is_cut:
        await channel.cut()
        return "cut"
    await channel.end()
    return "failed" if reply.is_broken else "answered"
