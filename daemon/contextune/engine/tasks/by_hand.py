"""A conflict that neither git nor an agent could merge: the user does, or leaves the Task out."""

from __future__ import annotations

import asyncio
import re

from contextune.agents.framing import named
from contextune.core.ports import Repository
from contextune.core.proof.evidence import Evidence
from contextune.core.runs import events as ev
from contextune.core.runs.task_run import LEAVE_OUT, MERGE_CHOICES, MERGED
from contextune.engine.attempts.attempt import Done
from contextune.engine.drive.run import RunDriver
from contextune.engine.proof.gate import ungated
from contextune.engine.worktrees.leases import Lease

MARKERS = re.compile(rb"^(?:<{7}|>{7}|\|{7}) ", re.M)
SHOWN = 5
"""Failing tests that are named."""


async def merged_by_hand(driver: RunDriver, task_id: str, lease: Lease) -> Done | None:
    """What the user made of a Task's worktree, once the Gate is green on that; None if it is left out."""
    task = driver.run.task(task_id)
    bounced, last = task.bounced, task.attempts[-1].number
    if bounced is None:
        return None
    files = named(bounced.conflicts)
    question = (
        f"{bounced.reason} The conflict-resolver could not either. Merge {files} in the Task's worktree, or "
        "leave the Task out."
    )
    while True:
        answer = await driver.talk.decide(task_id, question, MERGE_CHOICES, attempt=last)
        await driver.emit(
            ev.TaskDecided(run_id=driver.run.id, at=driver.now(), task_id=task_id, answer=answer)
        )
        if answer == LEAVE_OUT:
            return None
        if answer != MERGED:
            question = f"{answer!r} is none of the choices. Merge {files}, then choose {MERGED!r}."
            continue
        tree = await asyncio.to_thread(driver.repository.worktree_tree, lease.path)
        unmerged = await asyncio.to_thread(_unmerged, driver.repository, tree, bounced.conflicts)
        if unmerged:
            question = f"There are conflict markers left in {named(unmerged)}. Merge that, too."
            continue
        evidence = await _judged(driver, tree, lease.start)
        if evidence.verdict != "red":
            summary = f"Merged by hand: {files}."
            return Done("green", summary, task.remaining, evidence, tree, last)
        failing = named(evidence.newly_failing[:SHOWN]) or f"exit code {evidence.exit_code}"
        question = f"The Gate is red on what you merged: {failing}. Mend that, or leave the Task out."


def _unmerged(repository: Repository, tree: str, paths: tuple[str, ...]) -> list[str]:
    return [path for path in paths if MARKERS.search(repository.read_file(tree, path) or b"")]


async def _judged(driver: RunDriver, tree: str, start: str) -> Evidence:
    run = driver.run
    if run.gate is None or run.baseline is None:
        return ungated(tree)
    commit = await asyncio.to_thread(driver.repository.commit_tree, tree, [start], "Merged by hand")
    return await driver.stand.judge(commit, run.gate, start, run.baseline)
