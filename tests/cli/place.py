"""A user's machine in a temporary folder: repositories, state folder, and the real command."""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

TIMEOUT = 120
"""Seconds for one command, on a busy machine."""

COMMAND = [sys.executable, "-m", "contextune"]

SMALL = {
    "app.py": (
        "def one():\n    # TODO: take your time\n    return 1\n\n\n"
        "def two():\n    # TODO: ask first\n    return 2\n"
    ),
    "check.py": "import app\n\nassert app.one() == 1\nassert app.two() == 2\n",
    "Makefile": "test:\n\t@python3 check.py\n",
    ".gitignore": "go\n__pycache__/\n",
}
"""Two Todos that `replies.toml` plays, and a Gate that takes no time."""

Event = dict[str, Any]
NOTHING: Mapping[str, str] = {}


class Done(NamedTuple):
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[Event]:
        """What --json printed: every line is one object."""
        decoded = [json.loads(line) for line in self.out.splitlines()]
        if not all(isinstance(line, dict) for line in decoded):
            raise AssertionError(self.out)
        return decoded

    @property
    def last(self) -> Event:
        return self.lines[-1]


class Going:
    """A command that goes on, with its events as they come."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._errors: queue.Queue[str | None] = queue.Queue()
        self._all: list[str] = []
        self.said: list[str] = []
        for stream, into in ((process.stdout, self._lines), (process.stderr, self._errors)):
            threading.Thread(target=_pump, args=(stream, into), daemon=True).start()

    def until(self, holds: Callable[[Event], bool]) -> Event:
        """The next event of which this holds."""
        while True:
            line = self._lines.get(timeout=TIMEOUT)
            if line is None:
                raise AssertionError(f"ended too early: {self._all[-3:]} {self.end().err}")
            self._all.append(line)
            event: Event = json.loads(line)
            if holds(event):
                return event

    def until_kind(self, kind: str) -> Event:
        return self.until(lambda event: event["kind"] == kind)

    def until_said(self, words: str) -> None:
        """Until stderr has a line with these words."""
        while not any(words in line for line in self.said):
            line = self._errors.get(timeout=TIMEOUT)
            if line is None:
                raise AssertionError(self.said)
            self.said.append(line)

    def signal(self, sign: signal.Signals) -> None:
        self._process.send_signal(sign)

    def end(self) -> Done:
        """Wait for the end."""
        status = self._process.wait(TIMEOUT)
        for into, kept in ((self._lines, self._all), (self._errors, self.said)):
            while (line := into.get(timeout=TIMEOUT)) is not None:
                kept.append(line)
            into.put(None)
        return Done(status, "".join(self._all), "".join(self.said))


def _pump(stream: Any, into: queue.Queue[str | None]) -> None:
    with stream:
        for line in stream:
            into.put(line)
    into.put(None)


class Machine:
    """One user: `home` is CONTEXTUNE_HOME."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        (folder / "gitconfig").write_text(
            "[user]\n\tname = Mira\n\temail = mira@example.org\n[init]\n\tdefaultBranch = main\n"
            '[protocol "file"]\n\tallow = always\n'
        )
        self.environment = {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "COLUMNS": "80",
            "CONTEXTUNE_HOME": str(self.home),
            "GIT_CONFIG_GLOBAL": str(folder / "gitconfig"),
            "GIT_CONFIG_NOSYSTEM": "1",
        }

    def do(self, *arguments: str | Path, under: Sequence[str] = (), env: Mapping[str, str] = NOTHING) -> Done:
        """Run a command to its end, with nobody at its terminal."""
        done = subprocess.run(
            [*under, *COMMAND, *map(str, arguments)],
            cwd=self.folder,
            env={**self.environment, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str | Path, env: Mapping[str, str] = NOTHING) -> Going:
        """Start a command and leave it going."""
        process = subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            cwd=self.folder,
            env={**self.environment, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        return Going(process)

    def git(self, root: Path, *arguments: str) -> str:
        """Run git as the user would."""
        done = subprocess.run(
            ["git", *arguments], cwd=root, env=self.environment, capture_output=True, timeout=60, check=False
        )
        if done.returncode:
            raise RuntimeError(f"git {arguments}: {done.stderr.decode()}")
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def repository(self, name: str, files: dict[str, str | bytes]) -> Path:
        """A new repository with one commit of these files."""
        root = self.folder / name
        root.mkdir()
        self.git(root, "init", "-q")
        write(root, files)
        self.git(root, "add", "-A")
        self.git(root, "commit", "-q", "-m", "first")
        return root

    def small(self) -> Path:
        """A repository that `replies.toml` knows."""
        return self.repository("small", dict(SMALL))

    def todo(self, root: Path, text: str) -> str:
        """The id of the Todo that begins with these words."""
        listed = self.do("todos", root, "--json").lines
        return str(next(todo["id"] for todo in listed if todo["text"].startswith(text)))

    def state(self, root: Path) -> tuple[str, ...]:
        """All that a user could notice of a checkout: HEAD, branch, index, status, modes and bytes."""
        index = self.git(root, "ls-files", "--stage", "-v")
        status = self.git(root, "--no-optional-locks", "status", "--porcelain=v2", "--untracked-files=all")
        files = [
            f"{path.relative_to(root)} {path.lstat().st_mode:o} {path.read_bytes()!r}"
            for path in sorted(root.rglob("*"))
            if path.is_file() and ".git" not in path.relative_to(root).parts
        ]
        head = self.git(root, "rev-parse", "HEAD") + self.git(
            root, "rev-parse", "--symbolic-full-name", "HEAD"
        )
        return head, index, status, *files

    def moves(self, root: Path) -> int:
        """How often HEAD has moved."""
        return len(self.git(root, "reflog").splitlines())


def write(root: Path, files: dict[str, str | bytes]) -> None:
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())


def copy_repository(source: Path, root: Path) -> Path:
    """A copy with its history."""
    shutil.copytree(source, root, symlinks=True)
    return root
