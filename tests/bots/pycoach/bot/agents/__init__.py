# SPDX-License-Identifier: Apache-2.0
"""Who thinks about what."""

from bot.agents.critic import CriticAgent
from bot.agents.doctor import DoctorAgent
from bot.agents.memory import MemoryAgent
from bot.agents.strategist import StrategistAgent
from bot.agents.trainer import TrainerAgent

__all__ = ["CriticAgent", "DoctorAgent", "MemoryAgent", "StrategistAgent", "TrainerAgent"]
