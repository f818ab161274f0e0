"""The Ghost: accepted Tasks merged and tested together, before the user's branch moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from contextune.core.ports import Repository
from contextune.core.proof.evidence import Evidence
from contextune.engine.integration.partners import Member, partners


@dataclass(frozen=True, slots=True)
class Candidate:
    """A green Task that wants to join. `start` is the commit that its work began from."""

    task_id: str
    commit: str
    start: str
    message: str
    files: frozenset[str]


@dataclass(frozen=True, slots=True)
class Inside:
    """A Task that is in. `start` is the commit that its work began from, `commit` its own in the Ghost."""

    task_id: str
    commit: str
    start: str
    files: frozenset[str]


@dataclass(frozen=True, slots=True)
class Help:
    """The program that merged files which git could not."""

    program: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Joined:
    """The Task is in. `ghost` is the Ghost after it, `commit` its own commit there."""

    ghost: str
    commit: str
    evidence: Evidence | None
    help: Help | None = None


@dataclass(frozen=True, slots=True)
class Bounced:
    """The Task does not fit. `tree` is its work on top of the Ghost, with conflict markers if `conflicts`.

    `against` are the Tasks that it does not fit with; none if it is red with the Base alone.
    """

    ghost: str
    tree: str
    conflicts: tuple[str, ...]
    against: tuple[str, ...]
    evidence: Evidence | None
    reason: str


Outcome = Joined | Bounced

RED_TOGETHER = "Green by itself, but the Gate is red together with {}."
RED_WHOLE = "The tests that it affects are green, but the Gate as a whole is red with it alone."
Test = Callable[[str], Awaitable[Evidence | None]]
"""Tests a commit; None where the repository has no Gate."""
Settle = Callable[[], Awaitable[None]]
"""Waits, when that is worth it, for Tasks that are about to join, so that they are tested in one batch."""


class Ghost:
    """Takes candidates as they come, merges those that wait in one batch, and tests the combination once."""

    def __init__(
        self,
        repository: Repository,
        base: str,
        *,
        test: Test,
        probe: Test,
        settle: Settle,
        ref: str,
        by_syntax: bool = True,
    ) -> None:
        """`test` judges what may become the Ghost, `probe` a combination that only explains a red one.

        `by_syntax` lets a program of the user's merge what git cannot.
        """
        self._repository = repository
        self._base = base
        self._by_syntax = by_syntax
        self._test = test
        self._probe = probe
        self._settle = settle
        self._ref = ref
        self.head = base
        self._inside: list[Inside] = []
        self._helped: dict[str, Help] = {}
        self._waiting: list[tuple[Candidate, asyncio.Future[Outcome]]] = []
        self._busy = asyncio.Lock()

    @asynccontextmanager
    async def still(self) -> AsyncIterator[None]:
        """Held while the Ghost is put together anew: no Task joins meanwhile."""
        async with self._busy:
            yield

    def restore(self, base: str, head: str, inside: list[Inside]) -> None:
        """Go on from where an earlier process, or a new Base, left the Ghost."""
        self._base, self.head = base, head
        self._inside = list(inside)

    @property
    def task_ids(self) -> frozenset[str]:
        """The Tasks that are in, whether or not that is journalled yet."""
        return frozenset(inside.task_id for inside in self._inside)

    async def join(self, candidate: Candidate) -> Outcome:
        """Merge and test a Task with the others."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((candidate, future))
        async with self._busy:
            while not future.done():
                await self._settle()
                await self._integrate()
        return future.result()

    async def _integrate(self) -> None:
        batch, self._waiting = self._waiting, []
        stack: list[tuple[Candidate, asyncio.Future[Outcome], str]] = []
        head = self.head
        try:
            for candidate, future in batch:
                merged = await asyncio.to_thread(self._merge, head, candidate)
                if isinstance(merged, Bounced) and stack:
                    # It may not fit the batch, which is not accepted yet: it is tried again after that.
                    self._waiting.append((candidate, future))
                elif isinstance(merged, Bounced):
                    future.set_result(merged)
                else:
                    stack.append((candidate, future, merged))
                    head = merged
            if stack:
                await self._admit(stack)
        except BaseException as problem:
            for _, future in batch:
                if not future.done():
                    future.set_exception(problem)
            raise

    def _merge(self, head: str, candidate: Candidate) -> str | Bounced:
        merge = self._repository.merge(head, candidate.commit, candidate.start)
        if merge.tree is None and self._by_syntax:
            merge = self._repository.merge_by_syntax(merge, head, candidate.commit, candidate.start)
        if merge.tree is not None:
            if merge.by:
                self._helped[candidate.task_id] = Help(merge.by, merge.conflicts)
            return self._repository.commit_tree(merge.tree, [head], candidate.message)
        against = self._touching(frozenset(merge.conflicts))
        return Bounced(
            ghost=head,
            tree=merge.marked or self._repository.tree_of(head),
            conflicts=merge.conflicts,
            against=against,
            evidence=None,
            reason=f"git cannot merge {', '.join(merge.conflicts)} with {named(against)}.",
        )

    async def _admit(self, stack: list[tuple[Candidate, asyncio.Future[Outcome], str]]) -> None:
        """Test the whole stack; if it is red, find the first Task that turns it red, and go on without."""
        evidence = await self._test(stack[-1][2])
        if evidence is None or evidence.verdict != "red":
            await self._accept(stack, evidence)
            return
        good, bad = 0, len(stack)  # a prefix of `good` is green, one of `bad` is red
        while bad - good > 1:
            middle = (good + bad) // 2
            found = await self._test(stack[middle - 1][2])
            if found is not None and found.verdict == "red":
                bad, evidence = middle, found
            else:
                good = middle
        _, future, commit = stack[bad - 1]
        if good:
            await self._accept(stack[:good], await self._test(stack[good - 1][2]))
        future.set_result(
            Bounced(
                ghost=self.head,
                tree=await asyncio.to_thread(self._repository.tree_of, commit),
                conflicts=(),
                against=tuple(inside.task_id for inside in self._inside),
                evidence=evidence,
                reason=RED_TOGETHER.format("what is accepted already"),
            )
        )
        self._waiting = [(candidate, waiting) for candidate, waiting, _ in stack[bad:]] + self._waiting

    async def _accept(
        self, stack: list[tuple[Candidate, asyncio.Future[Outcome], str]], evidence: Evidence | None
    ) -> None:
        await asyncio.to_thread(self._repository.set_ref, self._ref, stack[-1][2])
        for candidate, future, commit in stack:
            own = Inside(candidate.task_id, commit, candidate.start, candidate.files)
            self._inside.append(own)
            self.head = commit
            helped = self._helped.pop(candidate.task_id, None)
            future.set_result(Joined(ghost=commit, commit=commit, evidence=evidence, help=helped))

    async def explained(self, culprit: Candidate, bounced: Bounced) -> Bounced:
        """The same, told with which of the others it is red. Takes the Gate several times; nobody waits."""
        if bounced.evidence is None:
            return bounced
        inside = [own for own in self._inside if own.task_id in bounced.against]

        async def is_red(places: Sequence[int]) -> bool:
            commit = await asyncio.to_thread(self._put_together, [inside[place] for place in places], culprit)
            evidence = await self._probe(commit) if commit is not None else None
            return evidence is not None and evidence.verdict == "red"

        members = [Member(own.task_id, _needs(own.start, inside)) for own in inside]
        against = await partners(members, _needs(culprit.start, inside), is_red)
        if not against:
            return replace(bounced, against=(), reason=RED_WHOLE)
        return replace(bounced, against=against, reason=RED_TOGETHER.format(named(against)))

    def _put_together(self, chosen: Sequence[Inside], culprit: Candidate) -> str | None:
        """The Base with these Tasks alone; None if git cannot merge them."""
        head = self._base
        for own in chosen:
            # Its change in the Ghost, not in its own worktree: what a merge made of it counts.
            parent = self._repository.resolve(f"{own.commit}^") or self._base
            merge = self._repository.merge(head, own.commit, parent)
            if merge.tree is None:
                return None
            head = self._repository.commit_tree(merge.tree, [head], own.task_id)
        merged = self._merge(head, culprit)
        return merged if isinstance(merged, str) else None

    def _touching(self, files: frozenset[str]) -> tuple[str, ...]:
        return tuple(inside.task_id for inside in self._inside if inside.files & files)


def _needs(start: str, inside: Sequence[Inside]) -> int:
    """On top of how many of the first of these a work began."""
    return next((place + 1 for place, own in enumerate(inside) if own.commit == start), 0)


def named(against: Sequence[str]) -> str:
    """Tasks in a sentence."""
    return " and ".join(against) if against else "what is accepted already"


def ghost_branch(run_id: str) -> str:
    """The integration branch of a Run."""
    return f"contextune/{run_id}/ghost"
