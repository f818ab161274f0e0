"""Evidence: what the Gate saw. Only Evidence decides that a Task is done."""

from __future__ import annotations

from typing import Literal

from contextune.core.base import Value
from contextune.core.proof.proof import Proof

Verdict = Literal["green", "red", "unusable", "unproved"]
"""unusable: the command could not be run or says nothing about the change; unproved: it is green, and no test
runs any line of the change."""


class CommandResult(Value, frozen=True, kw_only=True):
    """One finished command. Times in milliseconds."""

    command: str
    exit_code: int
    output: str
    """Standard output and error together, head and tail kept within the bound that was asked for."""
    duration_ms: int
    timed_out: bool = False
    truncated: bool = False


class Baseline(Value, frozen=True, kw_only=True):
    """The Gate on the Base, before anything was changed."""

    command: str
    exit_code: int
    tree: str
    duration_ms: int
    output: str
    failing: tuple[str, ...] = ()
    """Tests that fail on the Base, by the runner's own names."""
    flaky: tuple[str, ...] = ()
    """Tests whose result differed between two runs on the same tree."""
    timed_out: bool = False

    @property
    def usable(self) -> bool:
        """Whether red can be told from *newly* red with this command."""
        return self.exit_code == 0 or (bool(self.failing) and not self.timed_out)


class Evidence(Value, frozen=True, kw_only=True):
    """What one run of the Gate saw on one tree."""

    command: str
    exit_code: int
    tree: str
    """The tree object that was tested."""
    duration_ms: int
    output: str
    verdict: Verdict
    newly_failing: tuple[str, ...] = ()
    tests_removed: tuple[str, ...] = ()
    """Test functions that the Base has and this tree lacks."""
    tests_weakened: tuple[str, ...] = ()
    """Test files that skip more than on the Base, and tests that cannot fail any more."""
    outdated: tuple[str, ...] = ()
    """Tests of the Base that fail on this tree as they were before the change."""
    rewritten: tuple[str, ...] = ()
    """Where some are: the changed files that decide what the tests say."""
    whole: bool = True
    """False if only the tests were run that the change can affect; the Ghost is always tested whole."""
    reused: bool = False
    """True if the same tree, command and environment had been tested before."""
    proof: Proof | None = None
    """Whether the tests run what the change brought; None where nobody looked."""


def judge(
    result: CommandResult,
    tree: str,
    baseline: Baseline,
    failing: tuple[str, ...],
    *,
    tests_removed: tuple[str, ...] = (),
    tests_weakened: tuple[str, ...] = (),
    whole: bool = True,
) -> Evidence:
    """Turn a command's result into Evidence: red means newly red, against the Gate on the Base.

    Removed or weakened tests are red as well: a pass that holds only without them proves nothing.
    """
    forgiven = set(baseline.failing) | set(baseline.flaky)
    new = tuple(name for name in failing if name not in forgiven)
    passes = result.exit_code == 0 or (baseline.exit_code != 0 and bool(failing) and not new)
    if result.timed_out:
        passes = False
    if tests_removed or tests_weakened:
        passes = False
    return Evidence(
        command=result.command,
        exit_code=result.exit_code,
        tree=tree,
        duration_ms=result.duration_ms,
        output=result.output,
        verdict="green" if passes else "red",
        newly_failing=new,
        tests_removed=tests_removed,
        tests_weakened=tests_weakened,
        whole=whole,
    )
