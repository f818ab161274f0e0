"""The review of a Run: its Tasks and files, those first that ask for a look most, each with the reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from contextune.core.base import Value
from contextune.core.proof.suites import is_test_file
from contextune.core.runs.amendments import Amendment
from contextune.core.runs.file_change import FileChange
from contextune.core.runs.ladder import step_of
from contextune.core.runs.merged import merged_text
from contextune.core.runs.run import Run
from contextune.core.runs.task_run import TaskRun


class Weight(NamedTuple):
    """How much a fact counts, in points, and why that much."""

    points: int
    why: str


FLAGGED = Weight(100, "It runs by itself or steers who runs what: tests say nothing of that.")
RED = Weight(100, "The Gate is red: the result does not do what it did.")
UNPROVED = Weight(80, "No test runs any of it, so that green says nothing.")
REWRITTEN = Weight(60, "What judges the change was changed with it.")
RESOLVED = Weight(50, "Two intents were put together by somebody who had neither.")
UNRUN = Weight(40, "Some of its lines were never run.")
LEFT = Weight(30, "The agent itself says that something is missing.")
BOUNCE = Weight(20, "It did not fit the others at first; each time its agent had to change it again.")
CLIMB = Weight(15, "Cheaper models failed at it, so that it is hard.")
LOW = Weight(10, "The weakest model of the ladder did it at the first try.")
SIZE = Weight(1, "A reader's attention is spent by lines; 10 of them count as much as this.")
MOST_SIZE = 40
"""Points for size at most: a long diff of plain code is less of a risk than a short one that runs in CI."""
LINES_A_POINT = 10
"""Changed lines that count as one `SIZE`."""
LARGE = 200
"""Changed lines from which on the size itself is a reason to tell."""


class FileReview(Value, frozen=True, kw_only=True):
    """One file of a Task, and why it asks for a look."""

    path: str
    score: int
    reasons: tuple[str, ...]
    """Short clauses, such as `runs in CI`; none if it is plain."""
    amendments: tuple[Amendment, ...] = ()
    """What the user changed of it in review."""


class TaskReview(Value, frozen=True, kw_only=True):
    """One Task of a review."""

    task_id: str
    score: int
    reasons: tuple[str, ...]
    files: tuple[FileReview, ...]
    """Riskiest first."""


def review(run: Run) -> tuple[TaskReview, ...]:
    """The Tasks that are in the result, or were before the review, riskiest first.

    Equal ones stand in the order in which they joined. The same Run always gives the same order.
    """
    flags = {change.path: change.flag for change in run.changes}
    found = [_of_task(run, run.task(task_id), flags) for task_id in run.candidates]
    return tuple(sorted(found, key=lambda one: -one.score))


def _of_task(run: Run, task: TaskRun, flags: Mapping[str, str]) -> TaskReview:
    files = sorted(
        (_of_file(run, task, change, flags.get(change.path, "")) for change in task.changes),
        key=lambda one: (-one.score, one.path),
    )
    told = _of_history(run, task) + _of_evidence(task)
    flagged = sum(bool(change.flag) for change in task.changes)
    if flagged:
        told.append((FLAGGED.points * flagged, f"{_count(flagged, 'file')} to look at"))
    lines = _lines(task.changes)
    told.append((_size(lines), _count(lines, "changed line") if lines >= LARGE else ""))
    told.sort(key=lambda one: -one[0])
    return TaskReview(
        task_id=task.id,
        score=sum(points for points, _ in told),
        reasons=tuple(text for _, text in told if text),
        files=tuple(files),
    )


def _of_history(run: Run, task: TaskRun) -> list[tuple[int, str]]:
    """What the way of a Task into the result tells."""
    told: list[tuple[int, str]] = []
    resolved = merged_text(task)
    if resolved:
        told.append((RESOLVED.points, resolved.rstrip(".")))
    if task.bounces:
        told.append((BOUNCE.points * task.bounces, _went_back(task.bounces)))
    if task.remaining.strip():
        told.append((LEFT.points, "its agent left something undone"))
    attempt = task.attempt
    if attempt is None:
        return told
    step = step_of(attempt, run.ladder, 0)
    climbed = len({one.rung for one in task.attempts[task.lap :] if one.outcome != "failed"}) - 1
    if climbed > 0:
        told.append((CLIMB.points * climbed, _failed(climbed)))
    elif step == 0 and len(run.ladder) > 1:
        told.append((LOW.points, "done by the cheapest model"))
    return told


def _of_evidence(task: TaskRun) -> list[tuple[int, str]]:
    """What the Gate tells."""
    evidence = task.attempt.evidence if task.attempt else None
    if evidence is None:
        return []
    told: list[tuple[int, str]] = []
    if evidence.verdict == "red":
        told.append((RED.points, "its Gate is red"))
    if evidence.verdict == "unproved":
        told.append((UNPROVED.points, "no test runs its change"))
    elif evidence.proof is not None and evidence.proof.unrun:
        lines = sum(span.last - span.first + 1 for span in evidence.proof.unrun)
        told.append((UNRUN.points, f"{_count(lines, 'line')} that no test runs"))
    if evidence.outdated:
        told.append((REWRITTEN.points, "changes tests that would fail as they were"))
    return told


def _of_file(run: Run, task: TaskRun, change: FileChange, flag: str) -> FileReview:
    evidence = task.attempt.evidence if task.attempt else None
    told: list[tuple[int, str]] = []
    if flag or change.flag:
        told.append((FLAGGED.points, flag or change.flag))
    if evidence is not None and change.path in evidence.rewritten and not flag:
        told.append((REWRITTEN.points, "decides what the tests say"))
    spans = evidence.proof.unrun if evidence is not None and evidence.proof is not None else ()
    unrun = sum(span.last - span.first + 1 for span in spans if span.path == change.path)
    if unrun:
        told.append((UNRUN.points, f"{_count(unrun, 'line')} that no test runs"))
    if change.path in _resolved(task):
        told.append((RESOLVED.points, "was merged by more than git"))
    if change.after is None:
        told.append((LOW.points, "is removed"))
    size = _size(change.insertions + change.deletions)
    # What is tested is read before what tests it.
    points = sum(points for points, _ in told) + (size // 2 if is_test_file(change.path) else size)
    return FileReview(
        path=change.path,
        score=points,
        reasons=tuple(dict.fromkeys(text for _, text in told)),
        amendments=tuple(one for one in run.amendments if (one.task_id, one.path) == (task.id, change.path)),
    )


def _resolved(task: TaskRun) -> Sequence[str]:
    if not merged_text(task):
        return ()
    return task.merged or (task.bounced.conflicts if task.bounced else ())


def _lines(changes: Sequence[FileChange]) -> int:
    return sum(change.insertions + change.deletions for change in changes)


def _size(lines: int) -> int:
    return min(MOST_SIZE, -(-lines // LINES_A_POINT) * SIZE.points)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _went_back(times: int) -> str:
    if times <= 2:
        return "went back to an agent once" if times == 1 else "went back to an agent twice"
    return f"went back to an agent {times} times"


def _failed(times: int) -> str:
    if times <= 2:
        return "cheaper models failed once" if times == 1 else "cheaper models failed twice"
    return f"cheaper models failed {times} times"
