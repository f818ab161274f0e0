"""The repositories in use: each opened once, with its Gate."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import msgspec

from contextune.core.errors import PlaceProblem
from contextune.core.ports import Repository
from contextune.core.runs.run import Run
from contextune.core.settings import Provider, Settings
from contextune.engine.money.gateway import Gateway
from contextune.engine.money.price_books import prices_under
from contextune.engine.money.throttle import OwnBoard, Throttle
from contextune.engine.proof.gate import Gate
from contextune.engine.proof.line_proof import LineProofs
from contextune.engine.repositories.moved import require_same, take_along
from contextune.engine.surroundings.world import World


@dataclass(slots=True)
class Place:
    """One repository that is in use."""

    repository: Repository
    gate: Gate


class Places:
    """Opens repositories, and knows what a Run needs to work in one."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._known: dict[Path, Place] = {}
        self._refused: set[Path] = set()
        self._throttles: dict[Provider, Throttle] = {}
        # Each process has an offline model of its own.
        self._offline_throttle = Throttle(OwnBoard(), world.clock)

    async def of(self, folder: Path) -> Place:
        """The repository that a folder lies in. Raises PlaceProblem."""
        folder = folder.resolve()
        place = self._known.get(folder)
        if place is None:
            repository = await asyncio.to_thread(self._world.open_repository, folder)
            if repository.root not in self._known:
                await take_along(self._world, repository)
            settings = self._world.settings.load(repository.root, {})
            gate = self.gate(repository, settings)
            place = self._known.setdefault(repository.root, Place(repository, gate))
            self._known[folder] = place
        return place

    def trust(self, folder: Path, trusted: bool) -> None:
        """Whether the user trusts a folder, as the editor says; what it never spoke of is no refusal."""
        if trusted:
            self._refused.discard(folder)
        else:
            self._refused.add(folder)

    def is_refused(self, root: Path) -> bool:
        """Whether the user said not to trust a repository, or the folder of it that is open."""
        return any(root in (one, *one.parents) for one in self._refused)

    def require_trust(self, root: Path) -> None:
        """Raises PlaceProblem where the user said that a repository is not to be trusted."""
        if self.is_refused(root):
            raise PlaceProblem(f"{root} is not trusted. Trust the workspace to let agents work in it.")

    async def of_run(self, run: Run) -> Place:
        """The repository of a Run. Raises PlaceProblem if it is not where it was."""
        folder = Path(run.repository)
        if not await asyncio.to_thread(folder.is_dir):
            raise PlaceProblem(
                f"{folder}, the repository of run {run.id}, is not there. If it was moved, open it where it "
                "is now, or run `contextune runs` in it: its Runs go with it."
            )
        place = await self.of(folder)
        await asyncio.to_thread(require_same, run, place.repository)
        return place

    def gate(self, repository: Repository, settings: Settings) -> Gate:
        """A Gate for one repository."""
        return Gate(repository, timeout=settings.gate_timeout, proofs=LineProofs(repository))

    async def gateway(self, settings: Settings) -> Gateway:
        """The way to the model. Raises PlaceProblem if there is no key."""
        model = await self._world.models.get(offline=settings.offline, provider=settings.provider)
        throttle = self._offline_throttle if settings.offline else self._throttle(settings.provider)
        prices = prices_under(settings, self._world.prices)
        return Gateway(model, prices, self._world.clock, throttle=throttle)

    def _throttle(self, provider: Provider) -> Throttle:
        """The one way to a provider's servers for all Runs."""
        world = self._world
        return self._throttles.setdefault(provider, Throttle(world.pressure, world.clock, server=provider))

    def settings_of(self, run: Run) -> Settings:
        """The settings in force now, with what the Run was approved with."""
        settings = self._world.settings.load(Path(run.repository), {})
        return msgspec.structs.replace(
            settings,
            budget=run.budget,
            agents=run.agents,
            ladder=run.ladder,
            accept=run.accept,
            offline=run.offline,
        )
