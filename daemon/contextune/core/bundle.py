"""A debug bundle: its members, and what the machine must offer to make one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol


class Member(NamedTuple):
    """One file of a bundle."""

    name: str
    """Its path within the bundle, with slashes."""
    about: str
    """What it holds, in a few words."""
    content: bytes


class Machine(Protocol):
    """The machine that a bundle tells of. All methods block: call them in a thread."""

    @property
    def home(self) -> Path:
        """The user's home folder, which is told as `~`."""
        ...

    def versions(self) -> Mapping[str, str]:
        """What runs here, by name: the system, its kernel, Python, the libraries that matter."""
        ...

    def secrets(self) -> Sequence[str]:
        """Values that are secret by the names that they have here, in every spelling, longest first."""
        ...

    def logs(self, folders: Sequence[Path]) -> list[tuple[str, bytes]]:
        """The newest `.log` files of these folders by name; of a long one its end."""
        ...

    def pack(self, path: Path, members: Sequence[Member]) -> None:
        """Write a new `.zip` that only the user can read. Raises PlaceProblem if that can't be."""
        ...
