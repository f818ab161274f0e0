"""Runs a repository's tests by hand, in a worktree at the Base, and reads what they say."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from contextune.core.errors import ContextuneError, ToolProblem, UsageProblem
from contextune.core.model.ledger import PLANNING
from contextune.core.ports import Overlays, Repository
from contextune.core.proof.junit import BadReport, Case, read_junit
from contextune.core.proof.suite_report import Ran, SuiteReport, report
from contextune.core.settings import Settings
from contextune.engine.proof.detect import detect_gate
from contextune.engine.repositories.places import Places
from contextune.engine.surroundings.unfenced import require_commands
from contextune.engine.surroundings.world import World
from contextune.engine.worktrees.ahead import give_back_abandoned
from contextune.engine.worktrees.leases import BASE, Lease, Leases

OUTPUT_LIMIT = 400_000
"""Characters of output that are read."""
REPORT = ".contextune-junit.xml"
"""The report that pytest is asked to write, in the worktree."""
REPORTS = (REPORT, "**/TEST-*.xml", "**/junit*.xml", "**/*-junit.xml", "**/test-results/**/*.xml")
"""Where runners write JUnit XML."""
MOST_REPORTS = 500
MOST_RUNS = 20
AGAIN = 2
"""Runs of a red suite where nobody asked for more: one is not enough to tell red tests from flaky ones."""


class SuiteRuns:
    """Runs tests, without a model and without a Run."""

    def __init__(self, world: World, places: Places) -> None:
        self._world = world
        self._places = places

    async def run(
        self,
        folder: Path,
        *,
        overlays: Callable[[Path], Overlays],
        times: int | None = None,
        overrides: Mapping[str, Any] | None = None,
        on_stage: Callable[[str], None] = lambda _: None,
    ) -> SuiteReport:
        """What the tests say of the code as the user sees it. Raises ContextuneError.

        They are run `times` times; if that is None once, and once more where they are red.
        """
        place = await self._places.of(folder)
        repository = place.repository
        self._places.require_trust(repository.root)
        await asyncio.to_thread(require_commands, self._world, repository.root)
        settings = self._world.settings.load(repository.root, overrides or {})
        run_id = f"t_{secrets.token_hex(4)}"
        with self._world.mailbox.own(PLANNING + run_id):
            on_stage("Taking the base")
            base = await asyncio.to_thread(repository.take_base, overlays(repository.root), settings.base)
            command = settings.gate or await asyncio.to_thread(_detected, repository, base.commit)
            if command is None:
                raise UsageProblem(
                    "No test command was found. Name it with --gate or with the setting `gate`."
                )
            await give_back_abandoned(self._world, repository, settings)
            leases = Leases(self._world, repository, run_id, settings)
            try:
                lease = await leases.take(BASE, base.commit)
                return await self._repeated(command, lease, settings, times, on_stage)
            finally:
                await leases.give_back(BASE)
                leases.close()

    async def _repeated(
        self,
        command: str,
        lease: Lease,
        settings: Settings,
        times: int | None,
        on_stage: Callable[[str], None],
    ) -> SuiteReport:
        ran: list[Ran] = []
        most = times or AGAIN
        while len(ran) < most:
            on_stage(f"Running the tests{f', run {len(ran) + 1}' if ran else ''}: {command}")
            ran.append(await self._once(command, lease, settings))
            newest = ran[-1].result
            if times is None and (newest.exit_code == 0 or newest.timed_out):
                break
        return report(ran)

    async def _once(self, command: str, lease: Lease, settings: Settings) -> Ran:
        began = self._world.clock.now()
        result = await lease.shell.run(
            command,
            cwd=lease.path,
            timeout=settings.gate_timeout,
            environment={**lease.environment, "PYTEST_ADDOPTS": f"--junitxml={REPORT}"},
            output_limit=OUTPUT_LIMIT,
        )
        return Ran(result=result, cases=await asyncio.to_thread(self._reports, lease, began))

    def _reports(self, lease: Lease, since: int) -> tuple[Case, ...]:
        """The tests of all reports that this run wrote. One that cannot be read tells nothing."""
        workspace = lease.workplace.files
        names = [name for pattern in REPORTS for name in workspace.glob(pattern, limit=MOST_REPORTS)]
        cases: list[Case] = []
        for name in dict.fromkeys((REPORT, *names)):
            try:
                if workspace.changed_at(name) >= since:
                    cases += read_junit(workspace.read(name).decode(errors="replace"))
            except (ToolProblem, BadReport, ContextuneError, OSError):
                continue
        return tuple(cases)


def _detected(repository: Repository, commit: str) -> str | None:
    def text(path: str) -> str | None:
        content = repository.read_file(commit, path)
        return None if content is None else content.decode(errors="replace")

    return detect_gate(tuple(repository.list_files(commit)), text, repository.root)
