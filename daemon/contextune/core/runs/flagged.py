"""Files of a result that ask for a look because of what their tests came to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from contextune.core.proof.flags import REWRITTEN
from contextune.core.runs.amendments import RED
from contextune.core.runs.file_change import FileChange
from contextune.core.runs.run import Run


def with_rewritten(changes: Iterable[FileChange], run: Run) -> list[FileChange]:
    """The same changes, tests of accepted Tasks flagged that would fail as they were before."""
    attempts = [run.task(task_id).attempt for task_id in run.joined]
    seen = [attempt.evidence for attempt in attempts if attempt is not None and attempt.evidence is not None]
    rewritten = {path for evidence in seen for path in evidence.rewritten}
    return [
        msgspec.structs.replace(change, flag=REWRITTEN)
        if change.path in rewritten and change.before is not None and not change.flag
        else change
        for change in changes
    ]


def marked_red(files: Sequence[FileChange], run: Run) -> tuple[FileChange, ...]:
    """The files of a result that the review turned red, flagged so that nobody accepts them unseen."""
    if run.ghost_evidence is None or run.ghost_evidence.verdict != "red":
        return tuple(files)
    return tuple(
        msgspec.structs.replace(file, flag=f"{file.flag}, {RED}" if file.flag else RED) for file in files
    )
