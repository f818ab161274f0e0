"""The skills' answers for one repository: gathers its own facts, asks no model and starts nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from contextune.agents.orchestrator import plan_by_code
from contextune.agents.planning_facts import PlanInput
from contextune.core.advice.advice import Advice
from contextune.core.advice.asking import asking_advice
from contextune.core.advice.parallel import ParallelFacts, parallel_advice
from contextune.core.advice.tuning import tuning_advice
from contextune.core.advice.upkeep import worktree_advice
from contextune.core.errors import NothingToDo, UsageProblem
from contextune.core.overlap.overlaps import find_overlaps, serialised
from contextune.core.plain_text import source_lines
from contextune.core.planning.plan import Plan
from contextune.core.ports import Overlays
from contextune.core.routing.calibration import forecast
from contextune.core.spending.agents import agent_rows
from contextune.core.spending.history import History
from contextune.core.spending.suggestions import suggestions
from contextune.engine.desk.timings import Timings
from contextune.engine.desk.worktree_desk import WorktreeDesk
from contextune.engine.money.price_books import prices_under
from contextune.engine.money.pricing import Pricer, in_all
from contextune.engine.money.records import history
from contextune.engine.quotes.independence import read_facts
from contextune.engine.quotes.quote import MOST_TODOS, below
from contextune.engine.quotes.task_ids import renamed
from contextune.engine.repositories.places import Places
from contextune.engine.surroundings.world import World

Answer = Callable[[Path], Awaitable[Advice]]


class SkillDesk:
    """Answers by skill. Each answer names the repository's own numbers and commands that follow."""

    def __init__(
        self,
        world: World,
        places: Places,
        desk: WorktreeDesk,
        *,
        overlays: Callable[[Path], Overlays],
        costs: Callable[[Path], Awaitable[History]],
    ) -> None:
        self._world = world
        self._places = places
        self._desk = desk
        self._overlays = overlays
        self._costs = costs
        self._timings = Timings(world)
        self._answers: dict[str, Answer] = {
            "parallel-development-expert": self._parallel,
            "git-worktree-master": self._worktrees,
            "performance-optimizer": self._tuning,
            "intent-recognition": self._asking,
        }

    async def advise(self, folder: Path, skill: str) -> Advice:
        """What a skill says of the repository of a folder. Raises UsageProblem, PlaceProblem."""
        answer = self._answers.get(skill)
        if answer is None:
            raise UsageProblem(f"'{skill}' is no skill. There are: {', '.join(self._answers)}.")
        return await answer(folder)

    async def _parallel(self, folder: Path) -> Advice:
        place = await self._places.of(folder)
        repository, settings = place.repository, self._world.settings.load(place.repository.root, {})
        overlays = self._overlays(repository.root)
        scan, markers, exclude = self._world.scanner.scan, settings.markers, settings.exclude
        every = await asyncio.to_thread(
            scan, repository.root, markers=markers, exclude=exclude, overlays=overlays
        )
        found = below(every, repository.root, folder.resolve())
        todos = tuple(found[:MOST_TODOS])
        if not todos:
            nothing = in_all(())
            return parallel_advice(ParallelFacts(plan=Plan(tasks=()), overlaps=(), prices=(), price=nothing))
        # The lines of Todos are those that the user sees, so the facts are read from just that.
        base = await asyncio.to_thread(repository.take_base, overlays, settings.base)
        files = tuple(await asyncio.to_thread(repository.list_files, base.commit))

        def lines(path: str) -> list[str] | None:
            content = repository.read_file(base.commit, path)
            return None if content is None else source_lines(content.decode(errors="replace"))

        given = PlanInput(todos=todos, goal=None, files=files, gate=None, instructions=None, lines=lines)
        plan = renamed(await asyncio.to_thread(plan_by_code, given))
        outliner = self._world.outliner
        facts = await asyncio.to_thread(read_facts, repository, base.commit, files, outliner, plan, todos)
        overlaps = await asyncio.to_thread(find_overlaps, plan, facts)
        plan = serialised(plan, overlaps)
        records = await history(self._world.journal, repository, offline=settings.offline)
        pricer = Pricer(
            settings.ladder,
            prices_under(settings, self._world.prices),
            records,
            routing=settings.routing,
            sharers=min(len(plan.tasks), settings.agents),
        )
        known = forecast(records)
        prices = tuple(one.price for one in pricer.quotes(plan.tasks, todos))
        return parallel_advice(
            ParallelFacts(
                plan=plan,
                overlaps=tuple(overlaps),
                prices=prices,
                price=in_all(prices, known),
                forecast=known,
                left_out=len(found) - len(todos),
            )
        )

    async def _worktrees(self, folder: Path) -> Advice:
        found = await self._desk.overview(folder)
        return worktree_advice(found.worktrees, found.all_findings)

    async def _tuning(self, folder: Path) -> Advice:
        past = await self._costs(folder)
        run = max(past.runs, key=lambda one: one.created_at, default=None)
        try:
            report = None if run is None else await self._timings.of(run)
        except NothingToDo:
            report = None
        found = await asyncio.to_thread(suggestions, past)
        rows = [row for row in agent_rows(past).values() if row.calls]
        return tuning_advice(report, found, rows)

    async def _asking(self, folder: Path) -> Advice:
        del folder
        return asking_advice()
