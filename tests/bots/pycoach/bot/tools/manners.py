# SPDX-License-Identifier: Apache-2.0
"""How people talk to a bot."""

RUDE = {"stupid", "idiot"}


def is_polite(text: str) -> bool:
    return not RUDE.intersection(text.lower().split())
