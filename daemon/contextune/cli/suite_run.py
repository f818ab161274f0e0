"""`agents run test-runner`: the tests, read by code; what fails in words, or as an issue."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

import msgspec

from contextune.agents.digest import failing_words
from contextune.agents.roles import Role
from contextune.cli.issue_by_hand import offer
from contextune.cli.output import Output
from contextune.cli.question import put
from contextune.core.plain_text import one_line
from contextune.core.proof.suite_report import SuiteReport
from contextune.engine.application import Application
from contextune.engine.forge.drafts import failing_issue
from contextune.protocol.wording import count_text, duration_text

SAID_LINES = 6
"""Lines of what is said of one failure that people are shown."""
MOST = 20


async def run_tests(app: Application, who: Role, given: Namespace, out: Output) -> int:
    """Run the tests and show what came of them. Status 1 where they are red."""
    overrides: dict[str, Any] = {"gate": given.gate} if given.gate else {}
    found = await app.agents.suites.run(
        given.path,
        overlays=app.todos.overlays,
        times=given.repeat,
        overrides=overrides,
        on_stage=out.step,
    )
    if out.as_json:
        out.tagged("tests", msgspec.to_builtins(found))
    _show(found, out)
    digest = None
    if given.words and found.failures:
        digest = await put(app, who, failing_words(found), given, out)
    if given.issue and found.failures:
        await offer(app, failing_issue(found, digest), given, out)
    return 0 if found.green else 1


def _show(found: SuiteReport, out: Output) -> None:
    out.say(f"{_counts(found)}  {found.command}", "bold")
    for failure in found.failures[:MOST]:
        out.say(one_line(failure.name), "red", indent=2)
        for line in failure.said.splitlines()[-SAID_LINES:]:
            out.say(line, "dim", indent=6)
    if len(found.failures) > MOST:
        out.say(f"and {count_text(len(found.failures) - MOST, 'more failure')}", indent=2)
    if not found.green and not found.failures:
        what = "did not end in time" if found.timed_out else f"ended with exit code {found.exit_code}"
        out.say(f"It {what} and names no failing test.", indent=2)
    if found.flaky:
        out.say(f"Flaky, as they do not fail every time: {', '.join(found.flaky)}.")
    if found.coverage is not None:
        out.say(f"Coverage: {found.coverage.percent} % of {found.coverage.of}.")
    for slow in found.slowest:
        out.say(f"{slow.seconds:8.2f} s  {one_line(slow.name)}", "dim")


def _counts(found: SuiteReport) -> str:
    counts = found.tally
    if counts.runner == "unknown" and not counts.total:
        said = "passed" if found.green else "failed"
    else:
        parts = (("failed", counts.failed), ("passed", counts.passed), ("skipped", counts.skipped))
        said = ", ".join(f"{number} {word}" for word, number in parts if number) or "no tests"
        said += f" ({counts.runner})"
    times = sorted(found.durations_ms)
    if len(times) == 1:
        return f"{said} in {duration_text(times[0])}"
    middle = times[len(times) // 2]
    spread = f"{duration_text(times[0])} to {duration_text(times[-1])}"
    return f"{said}, {len(times)} runs of {spread}, half of them within {duration_text(middle)}"
