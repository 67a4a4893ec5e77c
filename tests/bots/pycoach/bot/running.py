# SPDX-License-Identifier: Apache-2.0
"""What each chat waits for, so that it can be stopped."""

import asyncio
import contextvars
import dataclasses


@dataclasses.dataclass
class Running:
    task: asyncio.Task
    asked: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)  # a model was, by the agents of the task


running: contextvars.ContextVar[Running | None] = contextvars.ContextVar("running", default=None)
running_of: dict[int, Running] = {}
