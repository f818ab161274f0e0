"""What a Fence shows of a machine and what it hides; the same for each kind."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

LINUX_EMPTY = ("/home", "/root", "/run", "/tmp", "/var/tmp", "/mnt", "/media")  # noqa: S108
MAC_EMPTY = (
    "/Users", "/Volumes", "/private/tmp", "/private/var/folders", "/private/var/root", "/private/var/run",
    "/private/var/tmp",
)  # fmt: skip
EMPTY = (*LINUX_EMPTY, *MAC_EMPTY)
"""Folders whose content is replaced by nothing, then by what is listed."""

SECRET_FOLDERS = (
    "/etc/ssh", "/etc/ssl/private", "/etc/docker", "/etc/sudoers.d", "/var/lib/docker", "/Library/Keychains",
    "/private/etc/ssh", "/private/etc/sudoers.d", "/private/var/db/dslocal",
)  # fmt: skip
SECRET_FILES = (
    "/etc/shadow",
    "/etc/shadow-",
    "/etc/gshadow",
    "/etc/gshadow-",
    "/etc/sudoers",
    "/etc/krb5.keytab",
    "/private/etc/krb5.keytab",
    "/private/etc/master.passwd",
    "/private/etc/sudoers",
)

TOOLCHAINS = (
    ".asdf", ".bun/bin", ".cargo/bin", ".cargo/registry", ".deno/bin", ".dotnet", ".ghcup", ".jenv",
    ".local/bin", ".local/lib", ".local/share/mise", ".local/share/pipx", ".local/share/pnpm",
    ".local/share/uv", ".local/share/virtualenvs", ".m2/repository", ".nodenv", ".nvm", ".opam", ".pyenv",
    ".rbenv", ".rustup", ".rye", ".sdkman/candidates", ".volta", "anaconda3", "go", "miniconda3",
    "miniforge3",
)  # fmt: skip
"""Where compilers, interpreters and their packages live in a home folder; none of them keeps credentials."""

READ_ONLY_IN_WORKTREE = (".git", ".vscode")
"""What git and the user's editor run or trust without asking."""


class Places(NamedTuple):
    """What decides what commands are shown: of the user, and of the Fence."""

    home: Path
    search: str
    """The PATH of commands."""
    readable: Sequence[Path] = ()
    """To be shown wherever it is."""
    hidden: Sequence[Path] = ()
    """To be emptied, such as the state folder."""

    def emptied(self) -> list[str]:
        """Folders whose content is not shown, sorted."""
        emptied = {*EMPTY, *SECRET_FOLDERS, *(str(path.resolve()) for path in self.hidden)}
        if self.home != Path("/"):
            emptied.add(str(self.home))
        return sorted(emptied)

    def shown(self) -> list[tuple[Path, Path]]:
        """What a command needs even so, and where it really is: toolchains, the PATH, what was listed."""
        wanted = [self.home / name for name in TOOLCHAINS]
        wanted += [Path(entry) for entry in self.search.split(":") if entry.startswith("/")]
        for path in self.readable:
            wanted += [path, *interpreter(path)]
        too_much = {self.home, *self.home.parents, *(Path(folder) for folder in EMPTY)}
        # What this user may not look at does not exist for its commands either.
        there = [path for path in sorted(dict.fromkeys(wanted)) if os.access(path, os.F_OK)]
        found = [(path, path.resolve()) for path in there]
        return [pair for pair in found if not too_much.intersection(pair)]


def is_within(path: Path, folders: Iterable[str | Path]) -> bool:
    """Whether a path is one of some folders, or below one."""
    return any(path.is_relative_to(folder) for folder in folders)


def worktree_of(folder: Path) -> Path:
    """The nearest folder above, or this one, that holds `.git`; this one if none does."""
    return next((p for p in (folder, *folder.parents) if (p / ".git").exists()), folder)


def common_dir(worktree: Path) -> Path | None:
    """The repository's git folder, if `.git` is a linked worktree's own file.

    git's own side must name this worktree too, since what stands in the worktree can't be trusted.
    """
    try:
        line = (worktree / ".git").read_text("utf-8").strip()
        private = Path(worktree, line.removeprefix("gitdir:").strip()).resolve()
        back = Path((private / "gitdir").read_text("utf-8").strip())
        common = (private / (private / "commondir").read_text("utf-8").strip()).resolve()
    except (OSError, ValueError):
        return None
    is_its_own = back.resolve() == (worktree / ".git").resolve() and not private.is_relative_to(worktree)
    return common if is_its_own else None


def interpreter(environment: Path) -> list[Path]:
    """Where the Python of a virtual environment really is."""
    try:
        lines = (environment / "pyvenv.cfg").read_text("utf-8").splitlines()
    except OSError:
        return []
    homes = [line.partition("=")[2].strip() for line in lines if line.partition("=")[0].strip() == "home"]
    return [Path(home).parent for home in homes if home.startswith("/")]
