"""What the Ghost holds of each Task that joined it, by git's own word."""

from __future__ import annotations

from contextune.core.ports import Repository
from contextune.core.runs.held import Held, lost
from contextune.core.runs.run import Run


def what_is_held(repository: Repository, run: Run, ghost: str) -> tuple[Held, ...]:
    """Each accepted Task, in the order in which they joined. Blocking; raises GitProblem."""
    found: list[Held] = []
    later: set[str] = set()
    for task_id in reversed(run.joined):
        commit = run.task(task_id).joined or ""
        parent = repository.resolve(f"{commit}^") or run.base.commit
        own = [change.path for change in repository.changes(parent, commit)]
        different = [change.path for change in repository.changes(commit, ghost)]
        found.append(
            Held(
                task_id=task_id,
                commit=commit,
                tree=repository.tree_of(commit),
                is_inside=repository.leads_to(ghost, commit),
                lost=lost(own, different, later),
            )
        )
        later.update(own)
    return tuple(reversed(found))
