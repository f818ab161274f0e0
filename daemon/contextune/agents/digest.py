"""What agents that write digests are told: what code found, as data."""

from __future__ import annotations

import msgspec

from contextune.core.plain_text import one_line, plain
from contextune.core.proof.suite_report import SuiteReport
from contextune.core.runs.run import Run

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


def run_words(run: Run) -> str:
    """How the Tasks of a Run came together so far, as JSON."""
    return figures_words(
        {
            "state": run.state,
            "tasks": [
                {
                    "id": task.id,
                    "title": one_line(task.task.title),
                    "state": task.state,
                    "after": task.task.depends_on,
                    "files": task.files or task.task.files,
                    "reason": one_line(task.reason),
                    "wentBack": one_line(task.bounced.reason) if task.bounced else "",
                    "conflicts": task.bounced.conflicts if task.bounced else (),
                    "times": task.bounces,
                }
                for task in run.tasks
            ],
            "overlaps": [
                {"first": one.first, "second": one.second, "file": one.path, "why": one_line(one.reason)}
                for one in run.quote.overlaps
            ],
        }
    )


def figures_words(figures: object) -> str:
    """Figures as JSON."""
    return msgspec.json.encode(figures).decode()
