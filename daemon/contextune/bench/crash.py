"""Is anything lost when the process dies? Runs of five Tasks, killed again and again, then gone on with.

Each Run is the whole application's: Quote, drive, gateway, Journal, worktrees, Gate, Ghost and Accept, in a
process of its own. The server is the offline model, in this process, so that its log survives every kill.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import shutil
from collections.abc import Callable, Sequence
from multiprocessing.context import ForkServerContext
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory

from contextune.bench.crash_job import script, write_repository
from contextune.bench.crash_judge import Ending, Faults, differences, ending, faults
from contextune.bench.crash_runs import Death, Life, live
from contextune.bench.figures import Bench, Figure
from contextune.compose import journal_at, price_list
from contextune.core.errors import ContextuneError
from contextune.core.runs.run import fold
from contextune.offline.server import OfflineModel

KILLS = 500
MOST_KILLS = 10
"""Of the processes of one Run."""
SEED = 20261126
SIDE_BY_SIDE = 3
PATIENCE = 120.0
"""Seconds after which a process that neither ends nor dies is a fault of its own."""
FIRST_KILL = 40
"""The latest append at which a process is killed: later ones would seldom be reached."""
RESUMED = 2.0
"""Seconds in which a resumed Run should do something."""


class Story:
    """One Run's processes, one after the other, in a folder of its own."""

    def __init__(self, context: ForkServerContext, folder: Path, template: Path) -> None:
        self._context = context
        self.home, self.repository, self._said = folder / "home", folder / "shop", folder / "said"
        shutil.copytree(template, self.repository, symlinks=True)
        self.home.mkdir()
        self.server = OfflineModel([script()])
        self.deaths = 0
        self.resumed: list[float] = []

    async def tell(self, deaths: Sequence[Death]) -> None:
        """Begin the job; each process dies as told, and the last one brings it to its end."""
        url = await self.server.start()
        try:
            for death in (*deaths, None):
                life = Life(
                    home=str(self.home),
                    repository=str(self.repository),
                    url=url,
                    said=str(self._said),
                    death=death,
                )
                child = self._context.Process(target=live, args=(life,))
                child.start()
                await asyncio.to_thread(child.join, PATIENCE)
                if child.is_alive():
                    child.kill()
                    await asyncio.to_thread(child.join)
                    raise ContextuneError(f"A process did not end within {PATIENCE:.0f} s: {death}.")
                if death is None and child.exitcode:
                    raise ContextuneError(f"The last process ended with {child.exitcode}.")
                self.deaths += child.exitcode != 0
        finally:
            await self.server.close()

    async def judged(self, expected: Ending | None) -> tuple[Ending, Faults]:
        """How it ended, and what is wrong with that."""
        journal = journal_at(self.home / "journal.db")
        try:
            (run_id,) = await journal.runs(None)
            events = await journal.read(run_id)
        finally:
            await journal.close()
        run = fold(events)
        if run is None:
            raise ContextuneError("The journal holds no Run.")
        said = await asyncio.to_thread(self._said.read_bytes)
        lines = said.split(b"\n")
        self.resumed = [float(line.split()[1]) for line in lines if line.startswith(b"resumed ")]
        came = await asyncio.to_thread(ending, self.repository, run)
        log = self.server.log
        found = await asyncio.to_thread(
            faults, self.repository, self.home, events, lines, log, price_list(), expected or came
        )
        return came, found

    @property
    def appends(self) -> int:
        """How many appends were acknowledged."""
        return self._said.read_bytes().count(b"append\n")


async def run(bench: Bench, kills: int = KILLS, points: int | None = None) -> None:
    """Report what was lost at every failpoint, and over random kills."""
    context = multiprocessing.get_context("forkserver")
    # Names alone: the fork server imports once what every process would.
    context.set_forkserver_preload(
        ["contextune.bench.crash_runs", "contextune.adapters.models.anthropic_model"]
    )
    with TemporaryDirectory(prefix="contextune-bench-") as name:
        folder = Path(name)
        await asyncio.to_thread(write_repository, folder / "template")
        arena = _Arena(context, folder, bench)
        expected, count = await arena.unbroken()
        await arena.failpoints(expected, count, points)
        await arena.kills(expected, kills)


class _Arena:
    def __init__(self, context: ForkServerContext, folder: Path, bench: Bench) -> None:
        self._context = context
        self._folder = folder
        self._bench = bench
        self._places = asyncio.Semaphore(SIDE_BY_SIDE)
        self._number = 0

    async def unbroken(self) -> tuple[Ending, int]:
        """The Run that nobody kills, and its appends."""
        story = self._story()
        await story.tell([])
        expected, found = await story.judged(None)
        if found != Faults():
            raise ContextuneError(f"The unbroken Run itself is at fault: {found}.")
        return expected, story.appends

    async def failpoints(self, expected: Ending, count: int, points: int | None) -> None:
        """Die once in each Run, right before or right after one append."""
        deaths = [Death(append=n, how=how) for n in range(1, count + 1) for how in ("before", "after")]
        if points is not None and points < len(deaths):
            deaths = Random(SEED).sample(deaths, points)  # noqa: S311 a seeded draw keeps no secret
        told = await self._all([[death] for death in deaths], expected)
        self._bench.note(f"{len(deaths)} of {2 * count} failpoints")
        self._report("failpoints", told)

    async def kills(self, expected: Ending, kills: int) -> None:
        """Kill -9 at random moments, several times in each Run."""
        chance = Random(SEED)  # noqa: S311 as above
        lives: list[list[Death]] = []
        left = kills
        while left > 0:
            most = min(left, chance.randint(1, MOST_KILLS))
            lives.append([_random_death(chance) for _ in range(most)])
            left -= most
        told = await self._all(lives, expected)
        self._report("kills", told)
        resumed = sorted(seconds for story, _ in told for seconds in story.resumed)
        if resumed:
            self._tell("resume to first action, median", median(resumed), "s")
            self._tell("resume to first action, worst", resumed[-1], "s", RESUMED)

    async def _all(self, lives: Sequence[Sequence[Death]], expected: Ending) -> list[tuple[Story, Faults]]:
        async def one(deaths: Sequence[Death]) -> tuple[Story, Faults]:
            async with self._places:
                story = self._story()
                try:
                    await story.tell(deaths)
                    came, found = await story.judged(expected)
                    for line in differences(came, expected):
                        self._bench.note(line)
                except ContextuneError as problem:
                    self._bench.note(f"{problem}")
                    found = Faults(different=1)
                if found != Faults():
                    self._bench.note(f"{list(deaths)}: {found}")
                await asyncio.to_thread(shutil.rmtree, story.home.parent)
                return story, found

        return list(await asyncio.gather(*map(one, lives)))

    def _story(self) -> Story:
        self._number += 1
        folder = self._folder / str(self._number)
        folder.mkdir()
        return Story(self._context, folder, self._folder / "template")

    def _report(self, name: str, told: Sequence[tuple[Story, Faults]]) -> None:
        found = [one for _, one in told]
        self._tell(f"{name}: Runs", len(found), "")
        self._tell(f"{name}: processes that died", sum(story.deaths for story, _ in told), "")
        counts: dict[str, Callable[[Faults], float]] = {
            "Runs that ended otherwise than unbroken": lambda one: one.different,
            "acknowledged events lost": lambda one: one.lost,
            "requests asked again though answered": lambda one: one.repeated,
            "commands run twice": lambda one: one.ran_twice,
            "Todos merged twice": lambda one: one.merged_twice,
            "Tasks around which the checkout changed": lambda one: one.touched,
            "orphan processes, worktrees, branches, locks": lambda one: len(one.left),
        }
        for metric, count in counts.items():
            self._tell(f"{name}: {metric}", sum(map(count, found)), "", 0)
        self._tell(f"{name}: dollars under-counted", float(sum(one.uncovered for one in found)), "USD", 0)

    def _tell(self, metric: str, value: float, unit: str, reach: float | None = None) -> None:
        met = None if reach is None else value <= reach
        self._bench.report(Figure(suite="crash", metric=metric, value=value, unit=unit, reach=reach, met=met))


def _random_death(chance: Random) -> Death:
    return Death(append=chance.randint(1, FIRST_KILL), how="killed", delay=chance.uniform(0, 0.05))
