# SPDX-License-Identifier: Apache-2.0
import sys

from bot.app import run

sys.exit(run(sys.argv[1:]))
