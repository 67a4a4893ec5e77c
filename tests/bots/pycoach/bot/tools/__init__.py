# SPDX-License-Identifier: Apache-2.0
"""What agents and handlers use."""
