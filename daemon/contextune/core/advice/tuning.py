"""performance-optimizer: where the time and the money of a repository's Runs went, and what to tune."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from contextune.core.advice.advice import Advice, Point, Step
from contextune.core.plain_text import one_line
from contextune.core.spending.agents import AgentRow
from contextune.core.spending.suggestion import Suggestion, cents
from contextune.core.spending.wording import count_text, dollars_text, duration_text
from contextune.core.timing.comparison import PhaseRow, TimingReport
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
    tasks, took = count_text(run.tasks, "Task"), duration_text(run.wall_ms)
    said = f"The newest Run, “{one_line(run.title)}”, did {tasks} in {took}."
    weekly = sum((one.weekly for one in suggestions), Decimal(0))
    if weekly:
        said += f" {count_text(len(suggestions), 'suggestion')} could save {cents(weekly)} a week."
    elif not suggestions and not report.findings:
        said += " Nothing stands out, and nothing is known that would save."
    return said


def _time(report: TimingReport) -> Point:
    rows = sorted(report.rows, key=lambda row: -row.total_ms)[:MOST_SHOWN]
    earlier = count_text(report.earlier, "earlier Run")
    return Point(
        text=f"Where its time went, beside {earlier}; Tasks go side by side, so phases add up to more:"
        if report.earlier
        else "Where its time went; Tasks go side by side, so phases add up to more:",
        details=tuple(_phase(row) for row in rows),
    )


def _phase(row: PhaseRow) -> str:
    took, what = duration_text(row.total_ms), MEANING[row.name]
    if row.change is None:
        if not row.share:
            return f"{row.name} took {took} in all: {what}."
        return f"{row.name} took {took}, {row.share:.0%} of the time: {what}."
    if not row.share:
        return f"{row.name} took {took}, {row.change:.1f} times as usual: {what}."
    return f"{row.name} took {took}, {row.share:.0%} of the time, {row.change:.1f} times as usual: {what}."


def _money(agents: Sequence[AgentRow]) -> Point:
    rows = sorted(agents, key=lambda row: -row.dollars)[:MOST_SHOWN]
    return Point(text="What agents cost and came to:", details=tuple(map(_agent, rows)))


def _agent(row: AgentRow) -> str:
    cost, calls = dollars_text(row.dollars), count_text(row.calls, "call")
    if row.success is None:
        return f"{row.role}: {cost} for {calls}, no result judged yet"
    return f"{row.role}: {cost} for {calls}, {row.success:.0%} of {row.judged} went well"


def _suggestion(one: Suggestion) -> Point:
    saves = f" It saves {cents(one.weekly)} a week." if one.weekly else ""
    return Point(text=one.sentence + saves, details=(one.computed,))
