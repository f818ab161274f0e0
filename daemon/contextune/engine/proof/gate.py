"""The Gate: the commands that the daemon, not the model, runs to accept a Task."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from contextune.core.errors import WorkerLost
from contextune.core.ports import Repository, Shell
from contextune.core.proof.evidence import Baseline, CommandResult, Evidence, judge
from contextune.core.proof.proof import Proof
from contextune.core.proof.suites import failing_tests, is_test_file, weakening
from contextune.core.source.imports import narrowed
from contextune.core.workplaces import Workplace
from contextune.engine.proof.line_proof import LineProofs, unwatched, with_proof

OUTPUT_LIMIT = 30_000
SLOW_MS = 60_000
"""A Gate slower than this is named in the Quote."""
MOST_LOST = 3
"""Machines that may be lost one after the other while they run a Gate."""
MOST_FILES = 20_000
"""Python files; beyond that, reading them all costs more than it saves."""


class Place(NamedTuple):
    """Where and with what a command is run."""

    workplace: Workplace
    cwd: Path
    environment: Mapping[str, str]


class Gate:
    """Runs Gate commands for one repository, and never twice on the same tree."""

    def __init__(
        self,
        repository: Repository,
        *,
        timeout: int,
        proofs: LineProofs | None = None,
    ) -> None:
        """`proofs` tells whether the tests run what a change brought; None to leave that open."""
        self._repository = repository
        self._proofs = proofs
        self._timeout = timeout
        self._seen: dict[tuple[object, ...], Evidence] = {}

    async def baseline(
        self, command: str, shell: Shell, *, cwd: Path, tree: str, environment: Mapping[str, str]
    ) -> Baseline:
        """Run the Gate on the Base; when it is red, once more, to tell red tests from flaky ones."""
        first = await self._run(command, shell, cwd, environment)
        failing = failing_tests(first.output)
        flaky: tuple[str, ...] = ()
        if first.exit_code != 0 and not first.timed_out:
            again = await self._run(command, shell, cwd, environment)
            still = failing_tests(again.output)
            flaky = tuple(sorted(set(failing) ^ set(still)))
            failing = tuple(name for name in failing if name in still)
        return Baseline(
            command=command,
            exit_code=first.exit_code,
            tree=tree,
            duration_ms=first.duration_ms,
            output=first.output,
            failing=failing,
            flaky=flaky,
            timed_out=first.timed_out,
        )

    async def test(
        self,
        command: str,
        workplace: Workplace,
        *,
        cwd: Path,
        tree: str,
        start: str,
        baseline: Baseline,
        environment: Mapping[str, str],
        affected: bool = False,
        watched: bool = False,
    ) -> Evidence:
        """Judge a tree that stands in `cwd` and began as the commit `start`.

        With `affected`, only the tests that the change can affect are run, where that can be told. With
        `watched`, it is seen whether they run what the change brought. Evidence of the same tree, command,
        environment, start and Baseline is used again.
        """
        whole = command
        if affected:
            fewer = await asyncio.to_thread(self._narrowed, command, cwd, start, tree)
            command = fewer if fewer is not None else command
        forgiven = (baseline.exit_code, baseline.failing, baseline.flaky)
        key = (tree, command, repr(sorted(environment.items())), start, forgiven, watched)
        known = self._seen.get(key)
        if known is not None:
            return msgspec.structs.replace(known, reused=True)
        removed, weakened = await asyncio.to_thread(self._weakening, start, tree)
        place = Place(workplace, cwd, environment)
        proofs = self._proofs if watched else None
        result, proof = await self._watched(proofs, command, place, start, tree)
        failing = await asyncio.to_thread(failing_tests, result.output)
        evidence = judge(
            result,
            tree,
            baseline,
            failing,
            tests_removed=removed,
            tests_weakened=weakened,
            whole=command == whole,
        )
        evidence = with_proof(evidence, proof)
        if evidence.verdict == "unproved" and command != whole:
            # A test that starts the program by its name imports nothing of it.
            _, proof = await self._watched(proofs, whole, place, start, tree)
            evidence = with_proof(evidence, proof)
        self._seen[key] = evidence
        return evidence

    async def _watched(
        self, proofs: LineProofs | None, command: str, place: Place, start: str, tree: str
    ) -> tuple[CommandResult, Proof | None]:
        """Run a command, and see whether it runs what changed."""
        workplace, cwd, environment = place
        shell, watch = workplace.shell, workplace.line_watch
        if proofs is None or watch is None:
            return await self._run(command, shell, cwd, environment), None
        change = await asyncio.to_thread(proofs.change, start, tree)
        if not change.is_watchable:
            return await self._run(command, shell, cwd, environment), unwatched(change)
        watching = await asyncio.to_thread(proofs.begin, watch, cwd, change)
        try:
            result = await self._run(command, shell, cwd, {**environment, **watching.environment})
        finally:
            seen = await asyncio.shield(asyncio.to_thread(watching.end))
        if result.exit_code != 0 and change.scripts:
            # V8 counts at up to three times the time: tests may fail for being slow.
            return await self._run(command, shell, cwd, environment), None
        return result, change.proof(seen)

    async def _run(
        self, command: str, shell: Shell, cwd: Path, environment: Mapping[str, str]
    ) -> CommandResult:
        for _ in range(MOST_LOST):
            # What it did is gone with the machine: here, unlike an agent's command, it is the same again.
            with suppress(WorkerLost):
                return await self._once(command, shell, cwd, environment)
        return await self._once(command, shell, cwd, environment)

    async def _once(
        self, command: str, shell: Shell, cwd: Path, environment: Mapping[str, str]
    ) -> CommandResult:
        return await shell.run(
            command, cwd=cwd, timeout=self._timeout, environment=environment, output_limit=OUTPUT_LIMIT
        )

    def _narrowed(self, command: str, cwd: Path, start: str, tree: str) -> str | None:
        changed = [change.path for change in self._repository.changes(start, tree)]
        python = [path for path in self._repository.list_files(tree) if path.endswith(".py")]
        if len(python) > MOST_FILES:
            return None
        texts = {path: _read(cwd / path) for path in python}
        return narrowed(command, changed, texts, tests=filter(is_test_file, python))

    def _weakening(self, start: str, tree: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        touched = [
            change.path for change in self._repository.changes(start, tree) if is_test_file(change.path)
        ]
        texts = {path: self._text(start, path) for path in touched}
        before = {path: text for path, text in texts.items() if text is not None}
        return weakening(before, {path: self._text(tree, path) for path in touched})

    def _text(self, commit: str, path: str) -> str | None:
        content = self._repository.read_file(commit, path)
        return None if content is None else content.decode(errors="replace")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def ungated(tree: str, duration_ms: int = 0) -> Evidence:
    """The Evidence where a repository has no Gate: it proves nothing, and says so."""
    return Evidence(
        command="",
        exit_code=0,
        tree=tree,
        duration_ms=duration_ms,
        output="No Gate: nothing was run.",
        verdict="unusable",
    )
