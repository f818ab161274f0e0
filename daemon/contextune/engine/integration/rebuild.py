"""Puts the accepted Tasks of a Run together anew on another Base, one by one, and has the Gate judge that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass

from contextune.core.errors import MergeRefused, UsageProblem
from contextune.core.ports import Repository
from contextune.core.proof.evidence import Baseline, Evidence
from contextune.core.runs import events as ev
from contextune.core.runs.effects import GhostRebuilt, Placed
from contextune.core.runs.run import Run, advance
from contextune.core.worktrees.snapshot import Base
from contextune.engine.integration.commits import commit_message
from contextune.engine.integration.ghost import ghost_branch
from contextune.engine.integration.result import ready
from contextune.engine.proof.stand import Stand

SHOWN = 5
"""Failing tests that are named."""


@dataclass(frozen=True, slots=True)
class Misfit(Exception):
    """A Task that git cannot put on top of what is there."""

    task_id: str
    files: tuple[str, ...]


class Rebuild:
    """Rebuilds the Ghost of a Run that nobody drives. Nothing of the user's is touched."""

    def __init__(
        self,
        run: Run,
        repository: Repository,
        stand: Stand,
        *,
        now: Callable[[], int],
        by_syntax: bool = True,
    ) -> None:
        self._run = run
        self._repository = repository
        self._stand = stand
        self._now = now
        self._by_syntax = by_syntax

    async def on(self, base: Base, without: Collection[str] = ()) -> GhostRebuilt:
        """The event that tells of it. Raises MergeRefused, with the Task at fault by name.

        `without` are Tasks that are left out.
        """
        run, repository = self._run, self._repository
        chosen = _chosen(run, without)
        try:
            placed = await asyncio.to_thread(put_together, repository, run, base, chosen, self._by_syntax)
        except Misfit as misfit:
            raise MergeRefused(self._conflict(base, misfit)) from None
        await self._hold(base)
        baseline, evidence = await self._judged(base, placed)
        ghost = placed[-1].commit if placed else ""
        if ghost:
            await asyncio.to_thread(repository.set_ref, f"refs/heads/{ghost_branch(run.id)}", ghost)
        return GhostRebuilt(
            run_id=run.id,
            at=self._now(),
            base=base,
            baseline=baseline,
            ghost=ghost,
            placed=tuple(placed),
            evidence=evidence,
        )

    def ready(self, rebuilt: GhostRebuilt) -> list[ev.AnyEvent]:
        """What follows where every Task had ended: who was left out, and the result for review. Blocking."""
        run = advance(self._run, rebuilt)
        left_out: list[ev.AnyEvent] = [
            ev.TaskEnded(
                run_id=run.id, at=self._now(), task_id=one, state="cancelled", reason="Left out at Accept."
            )
            for one in self._run.joined
            if one not in run.joined
        ]
        return [*left_out, ready(run, self._repository, self._now())]

    def note(self, rebuilt: GhostRebuilt) -> list[ev.AnyEvent]:
        """What changed, told to the user; nothing if the branch is where it was. Blocking."""
        old, new = self._run.base, rebuilt.base
        if (old.head, old.branch) == (new.head, new.branch):
            return []
        count = len(self._repository.changes(old.head, new.head))
        files = "1 file differs" if count == 1 else f"{count} files differ"
        what = (
            "The result was put on top of that, Task by Task." if rebuilt.placed else "The Run goes on there."
        )
        verdict = " The Gate is green on that." if rebuilt.evidence else ""
        text = (
            f"{_name(new)} is at {new.head[:10]}, not at {old.head[:10]} as when the Run began: {files}. "
            f"{what}{verdict}"
        )
        return [ev.Noted(run_id=self._run.id, at=self._now(), text=text)]

    async def _hold(self, base: Base) -> None:
        """Have refs lead to the new Base, and to the Ghost as it was, before anything moves."""
        run, ref = self._run, self._repository.set_ref
        await asyncio.to_thread(ref, f"refs/contextune/base/{run.id}", base.commit)
        if run.ghost is not None:
            kept = f"refs/contextune/kept/{run.id}/ghost-{run.ghost[:12]}"
            await asyncio.to_thread(ref, kept, run.ghost)

    async def _judged(self, base: Base, placed: list[Placed]) -> tuple[Baseline | None, Evidence | None]:
        """The Gate's word on the whole. Raises MergeRefused if it is red."""
        run = self._run
        if run.gate is None or run.baseline is None:
            return run.baseline, None
        baseline = run.baseline
        if not placed:
            baseline = await self._stand.baseline(base.commit, command=run.gate)
            if not baseline.usable:
                raise MergeRefused(self._broken(base, baseline))
            return baseline, None
        evidence = await self._judge(placed[-1].commit, base, baseline)
        if evidence.verdict == "red":
            # What fails without the Run's work as well is not its fault.
            baseline = await self._stand.baseline(base.commit, command=run.gate)
            evidence = await self._judge(placed[-1].commit, base, baseline)
        if evidence.verdict != "red":
            return baseline, evidence
        guilty = await self._first_red(base, baseline, placed)
        await asyncio.to_thread(self._repository.set_ref, f"refs/heads/{ghost_branch(run.id)}", run.ghost)
        raise MergeRefused(self._red(base, baseline, evidence, guilty))

    async def _judge(self, commit: str, base: Base, baseline: Baseline) -> Evidence:
        return await self._stand.judge(commit, self._run.gate or "", base.commit, baseline)

    async def _first_red(self, base: Base, baseline: Baseline, placed: list[Placed]) -> str:
        """The Task that turns it red, by halves."""
        good, bad = 0, len(placed)
        while bad - good > 1:
            middle = (good + bad) // 2
            found = await self._judge(placed[middle - 1].commit, base, baseline)
            good, bad = (good, middle) if found.verdict == "red" else (middle, bad)
        return placed[bad - 1].task_id

    def _conflict(self, base: Base, misfit: Misfit) -> str:
        return (
            f"{_moved(self._run, base)}, and {self._title(misfit.task_id)} cannot be merged with it in "
            f"{', '.join(misfit.files)}. {self._ways(misfit.task_id)}"
        )

    def _red(self, base: Base, baseline: Baseline, evidence: Evidence, guilty: str) -> str:
        if not baseline.usable:
            return self._broken(base, baseline)
        failing = ", ".join(evidence.newly_failing[:SHOWN]) or f"exit code {evidence.exit_code}"
        return (
            f"{_moved(self._run, base)}, and {self._title(guilty)} turns the Gate red there: {failing}. "
            f"{self._ways(guilty)}"
        )

    def _broken(self, base: Base, baseline: Baseline) -> str:
        return (
            f"{_moved(self._run, base)}, and there the Gate fails without the Run's work as well: "
            f"{baseline.command} ends with {baseline.exit_code}. Mend that first. Nothing was changed."
        )

    def _title(self, task_id: str) -> str:
        return f"Task {task_id} (“{self._run.task(task_id).task.title}”)"

    def _ways(self, task_id: str) -> str:
        run_id = self._run.id
        return (
            f"Leave it out with `contextune accept {run_id} --without {task_id}`, or take your change back. "
            "Nothing was changed."
        )


def put_together(
    repository: Repository, run: Run, base: Base, task_ids: Collection[str], by_syntax: bool
) -> list[Placed]:
    """These Tasks on a Base, each as a commit, as objects. Blocking; raises Misfit."""
    head = base.commit
    placed: list[Placed] = []
    for task_id in task_ids:
        task = run.task(task_id)
        commit = task.joined or ""
        # Its change in the Ghost, not in its own worktree: what a merge made of it counts.
        start = repository.resolve(f"{commit}^") or run.base.commit
        merge = repository.merge(head, commit, start)
        if merge.tree is None and by_syntax:
            merge = repository.merge_by_syntax(merge, head, commit, start)
        if merge.tree is None:
            raise Misfit(task_id, merge.conflicts)
        message = commit_message(run, task, task.summary, task.remaining)
        head = repository.commit_tree(merge.tree, [head], message)
        placed.append(Placed(task_id=task_id, commit=head))
    return placed


def _chosen(run: Run, without: Collection[str]) -> list[str]:
    """The Tasks that stay in, in order. Raises UsageProblem if that makes no sense."""
    chosen = [task_id for task_id in run.joined if task_id not in without]
    for task_id in chosen:
        needed = sorted(set(run.task(task_id).task.depends_on) & set(without))
        if needed:
            raise UsageProblem(f"Task {task_id} builds on {', '.join(needed)}: leave it out as well.")
    return chosen


def _moved(run: Run, base: Base) -> str:
    if (run.base.head, run.base.branch) == (base.head, base.branch):
        return f"{_name(base)} is where the Run began"
    return f"{_name(base)} has moved since the Run began"


def _name(base: Base) -> str:
    return base.branch or "HEAD"
