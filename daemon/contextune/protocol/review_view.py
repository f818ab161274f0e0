"""The review of a Run as an editor sees it."""

from __future__ import annotations

from contextune.core.plain_text import one_line, readable
from contextune.core.runs.amendments import Amendment
from contextune.core.runs.review import review
from contextune.core.runs.run import Run
from contextune.protocol.wire import View
from contextune.protocol.words import shown, t


class AmendmentView(View, frozen=True, kw_only=True):
    """A change that the user made in review."""

    id: str
    label: str
    """What the user did: `Change rejected`, `File rejected` or `Edited`."""
    first_line: str
    """The first line of what was rejected, as a diff shows it."""
    is_edit: bool
    detail: str
    """What was rejected, as a diff shows it; empty if it was the whole file, or edited."""


class FileReviewView(View, frozen=True, kw_only=True):
    """One file of a Task, and why it asks for a look."""

    path: str
    reasons: tuple[str, ...]
    is_rejected: bool
    """Whether all that the Task changed of it was rejected."""
    amendments: tuple[AmendmentView, ...]


class TaskReviewView(View, frozen=True, kw_only=True):
    """One Task of a review, and why it stands where it stands."""

    task_id: str
    reasons: tuple[str, ...]
    files: tuple[FileReviewView, ...]
    """Riskiest first."""


def _label(one: Amendment) -> str:
    if one.kind == "edit":
        return t("Edited")
    return t("Change rejected") if one.hunk else t("File rejected")


def _amendment_view(one: Amendment) -> AmendmentView:
    rows = (row for row in one.excerpt.splitlines() if row[1:].strip())
    return AmendmentView(
        id=one.id,
        label=_label(one),
        first_line=one_line(next(rows, "")),
        is_edit=one.kind == "edit",
        detail=readable(one.excerpt),
    )


def review_view(run: Run) -> tuple[TaskReviewView, ...]:
    """The Tasks of a result, riskiest first."""
    return tuple(
        TaskReviewView(
            task_id=task.task_id,
            reasons=tuple(shown(one_line(reason)) for reason in task.reasons),
            files=tuple(
                FileReviewView(
                    path=file.path,
                    reasons=tuple(shown(one_line(reason)) for reason in file.reasons),
                    is_rejected=any(one.kind == "reject" and not one.hunk for one in file.amendments),
                    amendments=tuple(_amendment_view(one) for one in file.amendments),
                )
                for file in task.files
            ),
        )
        for task in review(run)
    )
