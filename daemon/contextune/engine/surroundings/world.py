"""Everything the engine needs from the world, handed in by the composition root."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from contextune.agents.role_pool import pool
from contextune.agents.roles import Roles
from contextune.core.bundle import Machine
from contextune.core.check import Check
from contextune.core.forge.forge import Forges, NoForges
from contextune.core.model.editor_models import EditorModels
from contextune.core.ports import (
    Baselines,
    Clock,
    Journal,
    KeepAwake,
    Model,
    PriceBook,
    Repository,
)
from contextune.core.process_ports import Mailbox, PressureBoard
from contextune.core.role_source import NoRoleFiles, RoleFiles
from contextune.core.settings import CredentialSource, Provider, Settings, SettingsSource
from contextune.core.todo_ports import Outliner, Scanner, TodoIndex, Watcher
from contextune.core.workplaces import Pools
from contextune.engine.surroundings.limits import House
from contextune.engine.surroundings.measures import Measures
from contextune.engine.surroundings.processors import Processors


class SettingsStore(Protocol):
    """Where settings come from."""

    def load(self, root: Path | None, overrides: Mapping[str, Any]) -> Settings:
        """The settings in force for a repository. Raises UsageProblem."""
        ...

    def sources(self, root: Path | None) -> tuple[SettingsSource, ...]:
        """The layers that `load` combines, in order. Raises UsageProblem if one can't be read."""
        ...

    def configure(self, root: Path | None, values: Mapping[str, Any]) -> None:
        """The editor's own settings, keys in snake_case."""
        ...

    def trust(self, root: Path, trusted: bool) -> None:
        """Whether the user trusts what a repository's own settings name."""
        ...

    def is_trusted(self, root: Path) -> bool:
        """Whether the user trusts a repository."""
        ...

    def allow_unfenced(self, root: Path, allowed: bool) -> None:
        """Whether commands may run without a Fence in a repository."""
        ...

    def is_unfenced(self, root: Path) -> bool:
        """Whether the user allows commands without a Fence in a repository."""
        ...


class FenceFacts(NamedTuple):
    """The Fence that works on this machine."""

    name: str
    """`none` if there is none."""
    detail: str
    """What it holds back, or why there is none: a sentence for people."""
    advice: str = ""
    """What is missing, and the command that mends it; empty if nothing is."""
    has_door: bool = True
    """Whether commands can be let through to the hosts that the user allowed."""


class Models(Protocol):
    """The model's server, chosen by settings and key, imported only when it is needed."""

    async def get(self, *, offline: bool, provider: Provider) -> Model:
        """A model. Raises PlaceProblem if there are no credentials for its provider."""
        ...

    def require(self, provider: Provider) -> None:
        """Raise PlaceProblem, saying what to set, if there are no credentials for a provider."""
        ...

    def set_key(self, key: str | None) -> None:
        """The editor's key; kept in memory alone."""
        ...

    def set_editor(self, editor: EditorModels | None) -> None:
        """The editor, where it lends its own models."""
        ...

    def set_offline(self, offline: bool) -> None:
        """Whether the offline model is what the settings name."""
        ...

    def source(self, provider: Provider) -> CredentialSource:
        """Where the credentials of a provider come from."""
        ...

    def place(self, provider: Provider) -> str:
        """The host that requests go to, for people; empty for the offline model."""
        ...

    def server(self, provider: Provider) -> Check:
        """Where requests go and what the server there knows."""
        ...

    async def close(self) -> None:
        """Release connections and the offline model."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The adapters, behind their ports."""

    home: Path
    """The state folder."""
    clock: Clock
    journal: Journal
    mailbox: Mailbox
    machine: Machine
    """What a debug bundle tells of."""
    baselines: Baselines
    awake: KeepAwake
    prices: PriceBook
    pressure: PressureBoard
    """What all processes of the user know about the limits of the model's server."""
    models: Models
    settings: SettingsStore
    scanner: Scanner
    outliner: Outliner
    todo_index: Callable[[Path, Sequence[str], Sequence[str]], TodoIndex]
    """The index of a folder, by root, markers and excluded patterns."""
    watcher: Watcher
    git: Callable[[], str]
    """The version of git. Raises PlaceProblem if there is none that is new enough."""
    open_repository: Callable[[Path], Repository]
    pools: Pools
    """Where the work of Leases is done: files, commands and Gates."""
    fence: Callable[[], FenceFacts]
    """The Fence in force, tried once. Blocking for some 10 ms."""
    command_limits: Callable[[], str | None]
    """What bounds memory and processes of commands, for people; None if nothing does. Blocks like `fence`."""
    open_files: int | None = None
    """How many files this process may hold open; None if nothing bounds it."""
    warm: Callable[[], Coroutine[Any, Any, None]]
    """Imports what is heavy, in the background."""
    forges: Forges = field(default_factory=NoForges)
    """Sign-in, issues and pull requests."""
    role_files: RoleFiles = field(default_factory=NoRoleFiles)
    """Where roles are found that are not the product's own."""
    measures: Measures = field(default_factory=Measures)
    """How large worktrees were when this process last looked."""
    house: House = field(default_factory=House)
    """The agents that work in this process."""
    processors: Processors = field(default_factory=Processors)
    """The commands and Gates that run on this machine."""

    async def roles(self, root: Path | None) -> Roles:
        """The agents that there are for the repository at `root`, as their files now say."""
        return await asyncio.to_thread(self._read_roles, root)

    def _read_roles(self, root: Path | None) -> Roles:
        return pool(self.role_files.read(None if root is None else str(root)))
