# SPDX-License-Identifier: Apache-2.0
"""What the bot answers to."""


def routers():
    from bot.handlers import learn, live, rest, stop, support, train

    return [stop.router, learn.router, train.router, support.router, live.router, rest.router]
