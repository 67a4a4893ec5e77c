# SPDX-License-Identifier: Apache-2.0
"""unittests.py MODULE: runs the tests of a module; a line each, sorted: its name, and what came of it.

What the tests say themselves goes to standard error.
"""

import collections
import os
import sys
import unittest


class Outcomes(unittest.TestResult):
    """Of a test with parts the worst counts."""

    def __init__(self):
        super().__init__()
        self.of = collections.defaultdict(set)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err:
            self.of[test.id()].add("FAILED in a part")


def recorder(method, outcome):
    def record(self, test, *more):
        getattr(unittest.TestResult, method)(self, test, *more)
        self.of[test.id()].add(outcome)

    return record


for name, word in (("addSuccess", "ok"), ("addError", "ERROR"), ("addFailure", "FAILED"), ("addSkip", "skipped"),
                   ("addExpectedFailure", "ok, it fails"), ("addUnexpectedSuccess", "FAILED to fail")):
    setattr(Outcomes, name, recorder(name, word))

said = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
outcomes = Outcomes()
unittest.defaultTestLoader.loadTestsFromName(sys.argv[1]).run(outcomes)
for name, words in sorted(outcomes.of.items()):
    print(name, *sorted(words), sep="\t", file=said)
said.flush()
