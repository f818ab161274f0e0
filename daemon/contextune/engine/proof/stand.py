"""Where the daemon tests what no agent works on: the Ghost, and a change with the tests as they were."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec

from contextune.core.ports import Repository
from contextune.core.proof.evidence import Baseline, Evidence
from contextune.engine.proof.gate import Gate
from contextune.engine.proof.originals import Sort, is_manifest, sort_of
from contextune.engine.worktrees.leases import Lease, Leases

NAME = "ghost"
"""The name of a Run's own."""

SLOW = 10_000
"""Milliseconds from which on a Gate's affected tests are worth a run of their own before all of them."""


class Stand:
    """The worktree of a Run that stands for no Task; one tree is tested in it at a time."""

    def __init__(self, repository: Repository, gate: Gate, leases: Leases, *, name: str = NAME) -> None:
        self.name = name
        self._repository = repository
        self._gate = gate
        self._leases = leases
        self._busy = asyncio.Lock()

    async def test(
        self, commit: str, *, command: str, start: str, baseline: Baseline, affected: bool = False
    ) -> Evidence:
        """Judge a commit that began as `start`, with the command as a whole or, if `affected`, with the tests
        that its change can affect."""
        async with self._busy:
            lease: Lease = await self._leases.take(self.name, commit)
            await asyncio.to_thread(self._repository.reset_worktree, lease.path, commit)
            return await self._gate.test(
                command,
                lease.workplace,
                cwd=lease.path,
                tree=await asyncio.to_thread(self._repository.tree_of, commit),
                start=start,
                baseline=baseline,
                environment={},
                affected=affected,
            )

    async def baseline(self, commit: str, *, command: str) -> Baseline:
        """What the Gate says of a commit on which others are to build."""
        async with self._busy:
            lease: Lease = await self._leases.take(self.name, commit)
            await asyncio.to_thread(self._repository.reset_worktree, lease.path, commit)
            tree = await asyncio.to_thread(self._repository.tree_of, commit)
            return await self._gate.baseline(command, lease.shell, cwd=lease.path, tree=tree, environment={})

    async def judge(self, commit: str, command: str, start: str, baseline: Baseline) -> Evidence:
        """The whole Gate's word on a commit; where it is slow, that of the affected tests if they are red."""
        if baseline.duration_ms >= SLOW:
            first = await self.test(commit, command=command, start=start, baseline=baseline, affected=True)
            if first.verdict == "red" or first.command == command:
                return first
        return await self.test(commit, command=command, start=start, baseline=baseline)

    async def with_originals(
        self, evidence: Evidence, *, command: str, start: str, baseline: Baseline
    ) -> Evidence:
        """Green Evidence, told how the same change fares with the tests and their set-up as they were.

        The Gate is run once more where the change touched any. Tests that then fail were rewritten to fit the
        change: whether that is what the Task asked for is for a person to say, so that they are named. Where
        nothing but the set-up was changed, the pass held only because of that, and is red.
        """
        if evidence.verdict not in ("green", "unproved"):
            return evidence
        touched = await asyncio.to_thread(self._touched, start, evidence.tree)
        if not touched:
            return evidence
        mixed = await asyncio.to_thread(self._repository.mix, evidence.tree, start, sorted(touched))
        commit = await asyncio.to_thread(self._repository.commit_tree, mixed, [start], "With its own tests")
        again = await self.test(commit, command=command, start=start, baseline=baseline, affected=True)
        if again.verdict == "green":
            return evidence
        return msgspec.structs.replace(
            evidence,
            verdict="red" if set(touched.values()) == {"set-up"} else evidence.verdict,
            outdated=again.newly_failing or (again.command,),
            rewritten=tuple(sorted(touched)),
        )

    def _touched(self, start: str, tree: str) -> Mapping[str, Sort]:
        """The changed files that decide what the tests say."""
        found: dict[str, Sort] = {}
        for change in self._repository.changes(start, tree):
            before = after = None
            if is_manifest(change.path):
                before, after = self._text(start, change.path), self._text(tree, change.path)
            sort = sort_of(change.path, before, after)
            if sort is not None:
                found[change.path] = sort
        return found

    def _text(self, commit: str, path: str) -> str | None:
        content = self._repository.read_file(commit, path)
        return None if content is None else content.decode(errors="replace")
