"""Counts the hostile inputs that came out as expected, and says so at the end."""

from __future__ import annotations

import os
from collections import defaultdict

import pytest

from tests.hostile.inputs import INPUTS


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line: how many of the inputs had the outcome that their list names."""
    outcomes: defaultdict[int, set[str]] = defaultdict(set)
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.getreports(outcome):
            for name, number in getattr(report, "user_properties", ()):
                if name == "hostile":
                    outcomes[number].add(outcome)
    if not outcomes:
        return
    good = sum(found == {"passed"} for found in outcomes.values())
    who = "root" if os.geteuid() == 0 else f"user {os.geteuid()}"
    terminalreporter.write_line(f"hostile: {good} of {len(INPUTS)} inputs as expected, as {who}")
    wrong = sorted(number for number, found in outcomes.items() if found != {"passed"})
    if wrong:
        terminalreporter.write_line(f"hostile: not as expected: {', '.join(map(str, wrong))}")
