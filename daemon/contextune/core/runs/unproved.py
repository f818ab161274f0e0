"""Files of a result with lines that no test runs, marked so that nobody accepts them unseen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from contextune.core.proof.proof import LineSpan, lines_text
from contextune.core.runs.file_change import FileChange
from contextune.core.runs.task_run import TaskRun


def marked_unproved(files: Sequence[FileChange], tasks: Iterable[TaskRun]) -> tuple[FileChange, ...]:
    """The changed files of a Run, those of unproved Tasks flagged with the lines that no test runs."""
    unrun: dict[str, list[LineSpan]] = {}
    for task in tasks:
        evidence = task.attempt.evidence if task.attempt and task.joined else None
        if evidence is not None and evidence.verdict == "unproved" and evidence.proof is not None:
            for span in evidence.proof.unrun:
                unrun.setdefault(span.path, []).append(span)
    return tuple(_marked(file, unrun.get(file.path, ())) for file in files)


def _marked(file: FileChange, unrun: Sequence[LineSpan]) -> FileChange:
    if not unrun:
        return file
    said = f"has {lines_text(unrun)} that no test runs"
    return msgspec.structs.replace(file, flag=f"{file.flag}, {said}" if file.flag else said)
