"""What came of a Run, for its review: the changed files, and what the Ghost holds of each Task."""

from __future__ import annotations

from contextune.core.ports import Repository
from contextune.core.runs import events as ev
from contextune.core.runs.endings import RunReady
from contextune.core.runs.file_change import FileChange
from contextune.core.runs.flagged import marked_red, with_rewritten
from contextune.core.runs.held import Held
from contextune.core.runs.run import Run
from contextune.core.runs.unproved import marked_unproved
from contextune.engine.integration.holding import what_is_held
from contextune.engine.integration.todos_left import todos_left


def ended(run: Run, repository: Repository, at: int) -> list[ev.AnyEvent]:
    """What is told when every Task has ended. Blocking."""
    left = todos_left(repository, run)
    notes = [ev.Noted(run_id=run.id, at=at, text=text) for text in left]
    return [*notes, ready(run, repository, at)]


def ready(run: Run, repository: Repository, at: int) -> RunReady:
    """The event that brings a Run to its review. Blocking."""
    files: tuple[FileChange, ...] = ()
    held: tuple[Held, ...] = ()
    if run.ghost is not None:
        changes = repository.changes(run.base.commit, run.ghost)
        files = marked_red(marked_unproved(with_rewritten(changes, run), run.tasks), run)
        held = what_is_held(repository, run, run.ghost)
    return RunReady(run_id=run.id, at=at, ghost=run.ghost, files=files, held=held)
