"""performance-optimizer: where the time and the money of a repository's Runs went, and what to tune."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from contextune.core.advice.advice import Advice, Point, Step
from contextune.core.plain_text import one_line
from contextune.core.spending.agents import AgentRow
from contextune.core.spending.suggestion import Suggestion, cents
from contextune.core.spending.wording import count_text, dollars_text, duration_text
from contextune.core.timing.comparison import TimingReport
from contextune.core.timing.phases import MEANING

SKILL = "performance-optimizer"
MOST_SHOWN = 5
"""Phases, agents and suggestions that are told."""


def tuning_advice(
    report: TimingReport | None, suggestions: Sequence[Suggestion], agents: Sequence[AgentRow]
) -> Advice:
    """`report` is of the newest Run, None if there was none; `agents` are those that were called."""
    if report is None:
        return Advice(
            skill=SKILL,
            summary="There are no Runs of this repository yet, so there is nothing to measure.",
        )
    points = [_time(report)]
    points += [Point(text=one.text, details=(one.remedy,)) for one in report.findings[:MOST_SHOWN]]
    if agents:
        points.append(_money(agents))
    points += [_suggestion(one) for one in suggestions[:MOST_SHOWN]]
    steps = [
        Step(title="Show where the money went", arguments=("cost", "--by", "role")),
        Step(title="Show the newest Run", arguments=("show", report.run.run_id)),
    ]
    return Advice(
        skill=SKILL, summary=_summary(report, suggestions), points=tuple(points), steps=tuple(steps)
    )


def _summary(report: TimingReport, suggestions: Sequence[Suggestion]) -> str:
    run = report.run
    took = f"{count_text(run.tasks, 'Task')} in {duration_text(run.wall_ms)}"
    said = f"The newest Run, “{one_line(run.title)}”, did {took}."
    weekly = sum((one.weekly for one in suggestions), Decimal(0))
    if weekly:
        said += f" {count_text(len(suggestions), 'suggestion')} could save {cents(weekly)} a week."
    elif not suggestions and not report.findings:
        said += " Nothing stands out, and nothing is known that would save."
    return said


def _time(report: TimingReport) -> Point:
    rows = sorted(report.rows, key=lambda row: -row.total_ms)[:MOST_SHOWN]
    earlier = f", beside {count_text(report.earlier, 'earlier Run')}" if report.earlier else ""
    return Point(
        text=f"Where its time went{earlier}; Tasks go side by side, so phases add up to more:",
        details=tuple(
            f"{row.name}: {duration_text(row.total_ms)}"
            + (f", {row.share:.0%}" if row.share else "")
            + (f", {row.change:.1f} times as usual" if row.change is not None else "")
            + f" ({MEANING[row.name]})"
            for row in rows
        ),
    )


def _money(agents: Sequence[AgentRow]) -> Point:
    rows = sorted(agents, key=lambda row: -row.dollars)[:MOST_SHOWN]
    return Point(
        text="What agents cost and came to:",
        details=tuple(
            f"{row.role}: {count_text(row.calls, 'call')}, {dollars_text(row.dollars)}"
            + ("" if row.success is None else f", {row.success:.0%} of {row.judged} went well")
            for row in rows
        ),
    )


def _suggestion(one: Suggestion) -> Point:
    saves = f" It saves {cents(one.weekly)} a week." if one.weekly else ""
    return Point(text=one.sentence + saves, details=(one.computed,))
