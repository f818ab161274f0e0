"""Pushing a branch to a remote, as a Protocol: the one way in which anything of the user's leaves by git."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from contextune.core.forge.forge import Token


class RemotePlace(NamedTuple):
    """A remote of the repository."""

    name: str
    url: str
    """What it is fetched from."""
    push_url: str


class PushTarget(NamedTuple):
    """Where branches of the user's go, and where pull requests are opened."""

    push: RemotePlace
    into: RemotePlace
    """The same remote, or the repository that it was forked from."""


class Publishing(Protocol):
    """The remotes of a repository. Every method blocks."""

    def target(self) -> PushTarget | None:
        """The remote that git itself would push to, and the one that it was forked from; None without any."""
        ...

    def push(self, remote: RemotePlace, commit: str, branch: str, token: tuple[str, Token] | None) -> None:
        """Push a commit as a branch that is new there, or that an earlier push of ours made.

        `token` goes to the host that it names, and to no other. Raises ForgeProblem. May be repeated.
        """
        ...

    def commits(self, before: str, after: str) -> Sequence[str]:
        """The commits of a line of history, the oldest first."""
        ...
