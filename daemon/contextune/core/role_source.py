"""A role's file as it was found, before anybody has judged what it says."""

from __future__ import annotations

from typing import Protocol

from contextune.core.base import Value

OURS, USERS, REPOSITORYS = "contextune", "user", "repository"
"""Whose a role is. A repository's is somebody else's words, even where its workspace is trusted."""


class RoleSource(Value, frozen=True, kw_only=True):
    """The text of one role's file."""

    name: str
    """Where it stands, for people."""
    text: str
    owner: str
    problem: str = ""
    """Why it could not be read, a sentence; its text is empty then."""


class RoleFiles(Protocol):
    """Where roles are found that are not the product's own."""

    def read(self, root: str | None) -> tuple[RoleSource, ...]:
        """The user's, then those of the repository at `root` if the user trusts it. Blocking, quick."""
        ...

    def at(self, place: str) -> tuple[RoleSource, ...]:
        """Those of one file, or of the Markdown files of one folder, as the user's own. Blocking, quick."""
        ...


class NoRoleFiles:
    """Nobody has roles of their own."""

    def read(self, root: str | None) -> tuple[RoleSource, ...]:
        """Nothing."""
        del root
        return ()

    def at(self, place: str) -> tuple[RoleSource, ...]:
        """Nothing."""
        del place
        return ()
