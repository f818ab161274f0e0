"""What can be done about Tasks at work that overlap."""

from __future__ import annotations

import pytest

from contextune.core.overlap.radar import Course, CourseChosen, LiveOverlap, OtherSide, OverlapFound
from contextune.core.runs import events as ev
from contextune.core.runs.run import Run, advance
from contextune.protocol.courses import course_choices
from tests.protocol import samples


def _overlap(other: OtherSide, other_id: str = "") -> LiveOverlap:
    return LiveOverlap(
        kind="textual",
        task_id="round-up",
        other=other,
        other_id=other_id,
        path="parcel/sizes.py",
        reason="Both change the same lines of parcel/sizes.py.",
    )


TASKS = _overlap("task", "add-kilos")


def _run(*more: ev.AnyEvent) -> Run:
    run = samples.make_run(*samples.started("round-up"))
    for one in (OverlapFound(run_id=run.id, at=1, task_id="add-kilos", overlap=TASKS), *more):
        run = advance(run, one)
    return run


def _chosen(course: Course, *waits_for: str) -> CourseChosen:
    return CourseChosen(run_id="r_1", at=2, task_id="add-kilos", course=course, waits_for=waits_for)


def test_either_waits_or_builds_on_the_other_the_later_one_first() -> None:
    assert [tuple(one) for one in course_choices(_run(), TASKS)] == [
        ("add-kilos", "wait", "Have “add kilos” wait for “round up”"),
        ("add-kilos", "rebase", "Have “add kilos” wait for “round up”, then build on it"),
        ("round-up", "wait", "Have “round up” wait for “add kilos”"),
        ("round-up", "rebase", "Have “round up” wait for “add kilos”, then build on it"),
    ]


def test_who_waits_may_go_on_and_is_waited_for_by_nobody() -> None:
    (only,) = course_choices(_run(_chosen("wait", "round-up")), TASKS)
    assert tuple(only) == ("add-kilos", "go_on", "Have “add kilos” go on now")


@pytest.mark.parametrize("other", ["user", "ghost"])
def test_nobody_waits_for_what_is_no_task(other: OtherSide) -> None:
    overlap = _overlap(other)
    run = _run(OverlapFound(run_id="r_1", at=2, task_id="round-up", overlap=overlap))
    assert course_choices(run, overlap) == []


def test_what_is_over_offers_nothing() -> None:
    over = ev.TaskEnded(run_id="r_1", at=2, task_id="round-up", state="cancelled", reason="")
    assert course_choices(_run(over), TASKS) == []
