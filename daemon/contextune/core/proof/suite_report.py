"""What a run of tests came to: counts, failures and what was said of them, flaky tests, coverage."""

from __future__ import annotations

import re
from collections.abc import Sequence

from contextune.core.base import Value
from contextune.core.proof.evidence import CommandResult
from contextune.core.proof.junit import MESSAGE_LIMIT, Case
from contextune.core.proof.suites import ANSI, failing_tests
from contextune.core.proof.tallies import Coverage, Tally, coverage, tally

MOST_LINES = 30
"""Lines that are kept of what is said of one failure."""
MOST_FAILURES = 200
SLOWEST = 5
RULE = re.compile(r"^[\s=_\-─⎯·.*!]*$")
"""A line that only separates."""
SUM = re.compile(
    r"^\s*(?:=+ )?\d+ (?:passing|pending|failing|passed|failed|skipped|errors?)\b|^(?:FAILED|ERROR) "
)
"""A line of the sum at the end."""


class Failure(Value, frozen=True, kw_only=True):
    """One failing test, and what its runner said."""

    name: str
    said: str = ""


class Slow(Value, frozen=True, kw_only=True):
    """One of the tests that took longest."""

    name: str
    seconds: float


class SuiteReport(Value, frozen=True, kw_only=True):
    """What one or several runs of the same command on the same tree came to."""

    command: str
    exit_code: int
    timed_out: bool
    tally: Tally
    failures: tuple[Failure, ...]
    flaky: tuple[str, ...]
    """Tests that failed in some runs and not in others."""
    coverage: Coverage | None
    slowest: tuple[Slow, ...]
    durations_ms: tuple[int, ...]
    """Of each run, in order."""

    @property
    def green(self) -> bool:
        """Whether every run passed."""
        return self.exit_code == 0 and not self.failures


class Ran(Value, frozen=True, kw_only=True):
    """One run of the command, and the report that it left, if any."""

    result: CommandResult
    cases: tuple[Case, ...] = ()


def report(runs: Sequence[Ran]) -> SuiteReport:
    """Put together what the runs say. A test that does not fail in every run is flaky, not failing.

    The runner's own report counts, where there is one; else what it printed.
    """
    first = runs[0]
    failing = [_failures(one) for one in runs]
    names = [{failure.name for failure in one} for one in failing]
    always = set.intersection(*names)
    ever = set.union(*names)
    worst = next((one for one in runs if one.result.exit_code != 0 or one.result.timed_out), first)
    return SuiteReport(
        command=first.result.command,
        exit_code=worst.result.exit_code,
        timed_out=worst.result.timed_out,
        tally=_tally(worst),
        failures=tuple(one for one in failing[0] if one.name in always)[:MOST_FAILURES],
        flaky=tuple(sorted(ever - always)),
        coverage=coverage(first.result.output),
        slowest=_slowest(first.cases),
        durations_ms=tuple(one.result.duration_ms for one in runs),
    )


def _tally(ran: Ran) -> Tally:
    printed = tally(ran.result.output)
    if not ran.cases:
        return printed
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for case in ran.cases:
        counts[case.outcome] += 1
    return Tally(runner="junit" if printed.runner == "unknown" else printed.runner, **counts)


def _failures(ran: Ran) -> list[Failure]:
    told = [Failure(name=case.name, said=case.message) for case in ran.cases if case.outcome == "failed"]
    if told or ran.result.exit_code == 0:
        return told  # a report tells all of its own suite; a command may run another one beside it
    output = ANSI.sub("", ran.result.output)
    names = failing_tests(output)
    lines = output.splitlines()
    return [Failure(name=name, said=_said_of(name, names, lines)) for name in names]


def _slowest(cases: Sequence[Case]) -> tuple[Slow, ...]:
    timed = sorted((case for case in cases if case.seconds > 0), key=lambda case: -case.seconds)
    return tuple(Slow(name=case.name, seconds=case.seconds) for case in timed[:SLOWEST])


def _said_of(name: str, names: Sequence[str], lines: Sequence[str]) -> str:
    """The longest piece of output that begins with a test's name and ends before another one's."""
    short = _short(name)
    others = {_short(other) for other in names} - {short}
    found: list[str] = []
    for start, line in enumerate(lines):
        if short not in line:
            continue
        piece = _piece(lines[start + 1 : start + 1 + MOST_LINES], others)
        if len(piece) >= len(found):
            found = piece
    return "\n".join(found)[:MESSAGE_LIMIT]


def _piece(lines: Sequence[str], others: set[str]) -> list[str]:
    piece: list[str] = []
    for line in lines:
        if any(other in line for other in others):
            break
        if RULE.match(line):
            if len(piece) > 2 and line.strip():
                break  # a rule after some words begins what is about another test
            continue
        if not SUM.match(line):
            piece.append(line.rstrip())
    return piece


def _short(name: str) -> str:
    """The part of a test's name that its runner repeats above what it says of it."""
    last = re.split(r"::| > | › ", name)[-1]
    return re.sub(r" \(.*\)$", "", last).strip() or name
