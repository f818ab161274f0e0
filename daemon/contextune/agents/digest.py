"""What agents that write digests are told: what code found, as data."""

from __future__ import annotations

import msgspec

from contextune.core.plain_text import plain
from contextune.core.proof.suite_report import SuiteReport

MOST = 25
"""Failures of one digest."""
SAID_LIMIT = 1_200
"""Characters of what a runner said of one failure, its end: there it says why."""


def failing_words(report: SuiteReport) -> str:
    """The failing tests, numbered, each with what its runner said."""
    parts = [f"{report.tally.failed or len(report.failures)} of {report.tally.total} tests fail."]
    for number, failure in enumerate(report.failures[:MOST], 1):
        parts.append(f"{number}. {plain(failure.name)}\n{plain(failure.said)[-SAID_LIMIT:]}".rstrip())
    if len(report.failures) > MOST:
        parts.append(f"{len(report.failures) - MOST} more fail.")
    return "\n\n".join(parts)


def figures_words(figures: object) -> str:
    """Figures as JSON."""
    return msgspec.json.encode(figures).decode()
