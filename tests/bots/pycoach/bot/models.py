# SPDX-License-Identifier: Apache-2.0
"""What is passed around."""

import dataclasses
import enum
import re

from pydantic import BaseModel, Field


class Level(enum.Enum):
    BEGINNER = "beginner"
    REGULAR = "regular"
    ATHLETE = "athlete"

    @classmethod
    def of(cls, text: str) -> "Level":
        words = text.lower().split()
        return next((level for level in cls if level.value in words), cls.BEGINNER)


@dataclasses.dataclass(frozen=True, slots=True)
class Order:
    """What a message asks for. `model=` and `patience=` in its text are settings, not words."""

    text: str
    level: Level = Level.BEGINNER
    model: str | None = None
    patience: float = 60.0

    @classmethod
    def parse(cls, text: str) -> "Order":
        settings = dict(re.findall(r"\b(model|patience)=(\S+)", text))
        words = re.sub(r"^/\w+\s*|\s*\b(model|patience)=\S+", "", text).strip()
        return cls(words, Level.of(words), settings.get("model"), float(settings.get("patience", 60)))


class Strategy(BaseModel):
    goal: str
    weeks: int = Field(ge=1)
    steps: list[str] = []


@dataclasses.dataclass
class Note:
    user_id: str
    text: str
    weight: float = 1.0
    tags: list[str] = dataclasses.field(default_factory=list)
