# SPDX-License-Identifier: Apache-2.0
"""A coach for Telegram: learns what it is told, plans, and answers what hurts."""
