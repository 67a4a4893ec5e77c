# SPDX-License-Identifier: Apache-2.0
"""What the environment says."""

import os

from pydantic import BaseModel, SecretStr


class Settings(BaseModel):
    bot_token: SecretStr
    openai_key: SecretStr
    anthropic_key: SecretStr
    memory_token: SecretStr

    @classmethod
    def from_environment(cls) -> "Settings":
        return cls(
            bot_token=os.environ.get("BOT_TOKEN", "42:AAoffline-offline-offline-offline-offl"),
            openai_key=os.environ.get("OPENAI_API_KEY", "sk-offline"),
            anthropic_key=os.environ.get("ANTHROPIC_API_KEY", "sk-ant-offline"),
            memory_token=os.environ.get("MEMORY_TOKEN", "mem-offline"),
        )
