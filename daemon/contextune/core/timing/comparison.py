"""A Run's time beside that of earlier Runs of the same repository, and what stands out."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from contextune.core.base import Value
from contextune.core.timing.phases import PEOPLES, PhaseName, RunTiming

MOST_EARLIER = 20
"""Earlier Runs that make the baseline, the newest first."""
LARGE = 0.2
"""The share of all the time that makes a phase a bottleneck."""
SLOWER = 1.5
"""Times its baseline, per Task, from which on a phase is slower than usual."""
NOTICED_MS = 1_000
"""What nobody would notice is no finding."""

REMEDY: dict[PhaseName, str] = {
    "base tests": "A narrower or faster `gate` shortens every Quote; the same Base is not tested twice.",
    "planning": "Todos that are one Task each, or a plan file, need no planner.",
    "waiting": "Tasks that do not need one another could run side by side: see the overlaps in the Quote.",
    "worktree": "A `setup` command that does less, or shares its caches, makes worktrees ready sooner.",
    "seat": "Raise `agents`, or `daemon_agents` where several Runs work at the same time.",
    "model": "Smaller Tasks need fewer turns; `contextune cost` tells which rung takes how many.",
    "tools": "Look at the transcript for commands that take long; `command_timeout` bounds each.",
    "gate": "A narrower or faster `gate`, or one of its own for a Task, is run once for each `finish`.",
    "agent": "The machine is busy: fewer `agents` at a time may be faster.",
    "joining": "Tasks wait until all together are tested: a faster `gate` helps most.",
    "together": "All tests are run for each batch of Tasks that join: a faster `gate` helps most.",
}


class PhaseRow(Value, frozen=True, kw_only=True):
    """One phase beside its baseline."""

    name: PhaseName
    total_ms: int
    share: float
    """Of the time of all phases that people do not take, from 0 to 1; 0 for those that they do."""
    per_task_ms: int
    baseline_ms: int | None
    """The median per Task of earlier Runs; None if there are none."""
    change: float | None
    """How many times its baseline; None without one."""


class Finding(Value, frozen=True, kw_only=True):
    """What stands out, a sentence, and what could be done about it."""

    phase: PhaseName
    kind: str
    """`bottleneck` or `slower`."""
    text: str
    remedy: str


class TimingReport(Value, frozen=True, kw_only=True):
    """Where the time of a Run went, compared."""

    run: RunTiming
    earlier: int
    """Runs that the baseline is made of."""
    rows: tuple[PhaseRow, ...]
    findings: tuple[Finding, ...]
    wall_change: float | None
    """How many times the median wall time per Task of earlier Runs."""


def compared(run: RunTiming, earlier: Sequence[RunTiming]) -> TimingReport:
    """Put a Run beside earlier ones, newest first; those of the other kind, played or real, are left out."""
    kind = [one for one in earlier if one.offline == run.offline and one.tasks][:MOST_EARLIER]
    whole = sum(phase.total_ms for phase in run.phases if phase.name not in PEOPLES)
    rows = []
    for phase in run.phases:
        per_task = phase.total_ms // max(1, run.tasks)
        usual = _usual(phase.name, kind)
        rows.append(
            PhaseRow(
                name=phase.name,
                total_ms=phase.total_ms,
                share=0.0 if phase.name in PEOPLES or not whole else phase.total_ms / whole,
                per_task_ms=per_task,
                baseline_ms=usual,
                change=per_task / usual if usual else None,
            )
        )
    walls = [one.wall_ms / one.tasks for one in kind]
    wall = run.wall_ms / max(1, run.tasks)
    return TimingReport(
        run=run,
        earlier=len(kind),
        rows=tuple(rows),
        findings=tuple(_findings(rows)),
        wall_change=wall / median(walls) if walls and median(walls) else None,
    )


def _usual(name: PhaseName, earlier: Sequence[RunTiming]) -> int | None:
    """The median per Task; a Run in which the phase took no time counts with none."""
    if not earlier:
        return None
    found = [(one.phase(name), one.tasks) for one in earlier]
    return round(median(phase.total_ms / tasks if phase else 0 for phase, tasks in found))


def _findings(rows: Sequence[PhaseRow]) -> list[Finding]:
    found = []
    for row in sorted(rows, key=lambda row: -row.total_ms):
        if row.name in PEOPLES or row.total_ms < NOTICED_MS:
            continue
        remedy = REMEDY.get(row.name, "")
        if row.change is not None and row.change >= SLOWER and _gained(row) >= NOTICED_MS:
            text = f"{row.name} took {row.change:.1f} times as long for a Task as usual."
            found.append(Finding(phase=row.name, kind="slower", text=text, remedy=remedy))
        if row.share >= LARGE:
            text = f"{row.name} took {row.share:.0%} of the time."
            found.append(Finding(phase=row.name, kind="bottleneck", text=text, remedy=remedy))
    return found


def _gained(row: PhaseRow) -> int:
    return row.per_task_ms - (row.baseline_ms or 0)
