"""A real git repository in a temporary folder, cut off from the configuration of the machine."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from contextune.adapters.git.repository import GitRepository, open_repository
from contextune.core.worktrees.snapshot import Base

LONG = "".join(f"line {number}\n" for number in range(1, 41))
"""A file that is long enough for edits that do not touch."""


class State(NamedTuple):
    """All that the user could notice of a checkout. `files` tells path to permissions and bytes."""

    head: str
    branch: str
    config: bytes
    staged: str
    status: bytes
    files: dict[str, tuple[int, bytes]]


class Place:
    """A user's repository. `git` runs git as the user would."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def git(self, *arguments: str, stdin: bytes | None = None) -> bytes:
        command = ["git", "-c", "protocol.file.allow=always", *arguments]
        done = subprocess.run(
            command, cwd=self.root, input=stdin, capture_output=True, check=False, timeout=60
        )
        if done.returncode:
            raise RuntimeError(f"{arguments}: {done.stderr.decode()}")
        return done.stdout

    def said(self, *arguments: str) -> str:
        return self.git(*arguments).decode("utf-8", "surrogateescape").strip()

    def write(self, path: str, content: str | bytes, mode: int | None = None) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        if mode is not None:
            file.chmod(mode)
        return file

    def read(self, path: str) -> str:
        return (self.root / path).read_bytes().decode()

    def commit(self, message: str = "work") -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.said("rev-parse", "HEAD")

    def open(self) -> GitRepository:
        return open_repository(self.root)

    def state(self) -> State:
        index = self.git("ls-files", "--stage", "-z", "-t", "-v")
        return State(
            head=self.said("rev-parse", "HEAD"),
            branch=self.said("rev-parse", "--symbolic-full-name", "HEAD"),
            config=Path(
                self.said("rev-parse", "--path-format=absolute", "--git-path", "config")
            ).read_bytes(),
            staged=hashlib.sha256(index).hexdigest(),
            # As `git status` of the user would refresh the index, it looks without its lock.
            status=self.git("--no-optional-locks", "status", "--porcelain=v2", "-z", "--untracked-files=all"),
            files=files_of(self.root),
        )

    def raw_state(self) -> tuple[bytes, bytes, dict[str, tuple[int, int]]]:
        """The bytes of index and HEAD, and permissions and times of files: what a look may not change."""
        folder = Path(self.said("rev-parse", "--absolute-git-dir"))
        times = {
            name: (path.lstat().st_mode, path.lstat().st_mtime_ns)
            for name, path in ((os.fsdecode(n), self.root / os.fsdecode(n)) for n in _walk(self.root))
        }
        return (folder / "index").read_bytes(), (folder / "HEAD").read_bytes(), times


def files_of(root: Path) -> dict[str, tuple[int, bytes]]:
    """Permissions and bytes of all files below a folder but git's own."""
    found: dict[str, tuple[int, bytes]] = {}
    for name in _walk(root):
        path = root / os.fsdecode(name)
        facts = path.lstat()
        data = os.fsencode(path.readlink()) if stat.S_ISLNK(facts.st_mode) else path.read_bytes()
        found[os.fsdecode(name)] = (facts.st_mode, data)
    return found


def _walk(root: Path) -> list[bytes]:
    top = os.fsencode(root)
    found: list[bytes] = []
    for folder, folders, files in os.walk(top):
        links = [name for name in folders if (Path(os.fsdecode(folder)) / os.fsdecode(name)).is_symlink()]
        folders[:] = [name for name in folders if name != b".git"]
        found += [
            os.path.relpath(os.path.join(folder, name), top)  # noqa: PTH118
            for name in [*files, *links]
            if name != b".git"
        ]
    return found


def isolate(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Give git a home of its own, with a user."""
    home = folder / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Ada\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n"
    )
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)


def new_place(root: Path) -> Place:
    """A repository with one commit: `long.txt`, `other.txt` and `run.sh`."""
    root.mkdir(parents=True)
    place = Place(root)
    place.git("init", "-q")
    place.write("long.txt", LONG)
    place.write("other.txt", "other\n")
    place.write("run.sh", "#!/bin/sh\n", 0o755)
    place.commit("first")
    return place


def work(
    repository: GitRepository,
    start: str,
    folder: Path,
    edits: dict[str, str | bytes | None],
    message: str = "Task",
) -> str:
    """Do an agent's work from a commit: write or remove files in a worktree, commit, and clean up."""
    count = len(list(folder.parent.glob(f"{folder.name}*")))
    path = folder.parent / f"{folder.name}{count}"
    branch = f"contextune/test/{path.name}-{message.replace(' ', '-')}"
    repository.add_worktree(path, branch, start)
    for name, content in edits.items():
        file = path / name
        if content is None:
            file.unlink()
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    commit = repository.commit_worktree(path, message)
    if commit is None:
        raise RuntimeError("the edits change nothing")
    repository.remove_worktree(path, f"refs/contextune/salvage/{path.name}-{message.replace(' ', '-')}")
    return commit


def edited(text: str, *numbers: int, by: str = "task") -> str:
    """The text with some lines, counted from 1, marked as edited."""
    rows = text.splitlines(keepends=True)
    for number in numbers:
        rows[number - 1] = rows[number - 1].rstrip("\n") + f" by {by}\n"
    return "".join(rows)


def head_base(base: Base) -> bool:
    """Whether a Base is HEAD itself."""
    return base.commit == base.head
