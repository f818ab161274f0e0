"""What a daemon and its workers on other machines say to each other. No key of the user is among it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from contextune.adapters.commands.command_limits import CommandLimits
from contextune.adapters.git.carrier import CarriedFile
from contextune.core.proof.evidence import CommandResult


class Rules(NamedTuple):
    """The Fence of a repository's commands."""

    limits: CommandLimits
    hosts: tuple[str, ...]
    """What its commands may reach."""
    readable: tuple[str, ...]
    """Folders that they may read, where a worker has them: packages beside the user's checkout."""
    unfenced: bool
    """Whether the user lets them run where there is no Fence."""


class Hello(NamedTuple):
    """What a worker is."""

    version: str
    """Of the product."""
    machine: str
    fence: str
    """By name; `none` if there is none."""
    fence_detail: str
    slots: int
    """Commands that it runs at a time."""


class Opened(NamedTuple):
    """A worktree on a worker."""

    path: str


class State(NamedTuple):
    """What a worktree is to hold before a command runs in it."""

    head: str
    """The commit on which it stands."""
    tree: str
    pack: bytes
    """The objects of both that the worker lacks."""
    files: Mapping[str, CarriedFile]
    """Ignored files that were written since."""


class Call(NamedTuple):
    """A command."""

    command: str
    timeout: float
    """Seconds."""
    environment: Mapping[str, str]
    output_limit: int
    networked: bool
    """Whether it is one that the user named, run with the network on and without limits."""


class Ran(NamedTuple):
    """What became of a command."""

    result: CommandResult
    tree: str
    """What the worktree holds now."""
    pack: bytes
    """The objects of that which the daemon lacks."""
    waited: float = 0.0
    """Seconds until a processor was free for it."""


class Wanted(NamedTuple):
    """Lines to watch while the next command runs."""

    lines: Mapping[str, Collection[int]]
    scripts: bool
