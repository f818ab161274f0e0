"""Overlap of live worktrees as people are told of it. Pure."""

from __future__ import annotations

from contextune.core.overlap.radar import LineRange, LiveOverlap, OtherSide, OverlapKind
from contextune.core.plain_text import one_line
from contextune.core.runs.run import Run
from contextune.core.states import LIVE_RUN
from contextune.protocol.shown import bill_shown
from contextune.protocol.task_words import task_state_text
from contextune.protocol.wire import View
from contextune.protocol.words import shown, t


class LiveOverlapView(View, frozen=True, kw_only=True):
    """Where a Task's unfinished work does not fit another Task's, the Ghost's or the user's own."""

    kind: OverlapKind
    task_id: str
    other: OtherSide
    other_id: str
    path: str
    lines: tuple[LineRange, ...]
    """Of the file as the Base of the Run has it; none if it has no such file."""
    symbol: str
    text: str
    """Who, and what does not fit: a sentence or two."""


def overlap_views(run: Run) -> tuple[LiveOverlapView, ...]:
    """What the Radar sees of a Run at work."""
    return tuple(
        LiveOverlapView(
            kind=one.kind,
            task_id=one.task_id,
            other=one.other,
            other_id=one.other_id,
            path=one.path,
            lines=one.lines,
            symbol=one.symbol,
            text=overlap_text(run, one),
        )
        for one in live_overlaps(run)
    )


def live_overlaps(run: Run) -> tuple[LiveOverlap, ...]:
    """The overlaps of a Run, while it is at work or waits."""
    return run.live_overlaps if run.state in LIVE_RUN else ()


def overlap_text(run: Run, overlap: LiveOverlap) -> str:
    """Such as `“add fee” overlaps with “round hours”. Both change the same lines of calc/rates.py.`"""
    task, other = task_title(run, overlap.task_id), _other(run, overlap)
    return f"{t('{task} overlaps with {other}.', task=task, other=other)} {shown(overlap.reason)}"


def overlap_cost(run: Run, overlap: LiveOverlap) -> str:
    """What its Tasks are and have cost so far, such as `“add fee”: working, $0.0012 so far.`"""
    ids = [task_id for task_id in (overlap.task_id, overlap.other_id) if task_id]
    return " ".join(
        t(
            "{task}: {state}, {cost} so far.",
            task=task_title(run, task.id),
            state=task_state_text(run, task),
            cost=bill_shown(task.bill),
        )
        for task in map(run.task, ids)
    )


def _other(run: Run, overlap: LiveOverlap) -> str:
    match overlap.other:
        case "user":
            return t("your own unfinished work")
        case "ghost":
            return t("what was accepted already")
        case _:
            return task_title(run, overlap.other_id)


def task_title(run: Run, task_id: str) -> str:
    """A Task's title in quotes."""
    return f"“{one_line(run.task(task_id).task.title)}”"
