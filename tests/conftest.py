"""What holds for every test: properties are judged by what they find, not by how fast a busy machine is.

At the end of a session it is said how many of the hostile inputs came out as expected.
"""

from __future__ import annotations

import os
from collections import defaultdict

import pytest
from hypothesis import HealthCheck, settings

from tests.hostile.inputs import INPUTS

settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--live` runs the tests that take a key and spend money."""
    parser.addoption("--live", action="store_true", help="run the live tests too: they spend real money")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave live tests out unless they are asked for."""
    if not config.getoption("--live"):
        items[:] = [one for one in items if one.get_closest_marker("live") is None]


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
