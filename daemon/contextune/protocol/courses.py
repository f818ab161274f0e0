"""What can be done about Tasks at work that overlap, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from contextune.core.overlap.radar import Course, LiveOverlap
from contextune.core.runs.overlapping import overlapping
from contextune.core.runs.run import Run
from contextune.core.states import ENDED_TASK
from contextune.protocol.radar_view import live_overlaps, task_title
from contextune.protocol.words import t


class CourseChoice(NamedTuple):
    """One of the choices about an overlap."""

    task_id: str
    course: Course
    title: str


def course_choices(run: Run, overlap: LiveOverlap) -> list[CourseChoice]:
    """What each of two Tasks could do: wait for the other, go on on top of it, or stop waiting.

    None about what is accepted or the user's own: nobody at work could be waited for.
    """
    if overlap not in live_overlaps(run) or overlap.other != "task":
        return []
    # The later one first: it is the one that is told.
    pairs = (overlap.other_id, overlap.task_id), (overlap.task_id, overlap.other_id)
    return [choice for mine, other in pairs for choice in _of(run, mine, other)]


def _of(run: Run, task_id: str, other_id: str) -> Iterator[CourseChoice]:
    task, other = run.task(task_id), run.task(other_id)
    if task.state in ENDED_TASK or other.state in ENDED_TASK:
        return
    if other_id in task.waits_for:
        yield CourseChoice(task_id, "go_on", t("Have {task} go on now", task=task_title(run, task_id)))
        return
    if task_id in other.waits_for:
        return
    mine, theirs = task_title(run, task_id), _all_titles(run, task_id, other_id)
    yield CourseChoice(task_id, "wait", t("Have {task} wait for {other}", task=mine, other=theirs))
    yield CourseChoice(
        task_id, "rebase", t("Have {task} wait for {other}, then build on it", task=mine, other=theirs)
    )


def _all_titles(run: Run, task_id: str, other_id: str) -> str:
    """The other Task, and how many more are waited for with it."""
    partners = [other for other in overlapping(run, task_id) if other != other_id]
    other = task_title(run, other_id)
    return t("{task} and {count} more", task=other, count=len(partners)) if partners else other
