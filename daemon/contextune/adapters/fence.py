"""The Fence around commands: bubblewrap where it works, or none.

Inside bubblewrap a command sees the machine read-only; writes only in its worktree, its private /tmp and an
empty home; reaches no network but its own loopback; sees no other process; and finds none of the user's
files but the listed ones. git's own files are read-only even within the worktree.
"""

from __future__ import annotations

import copy
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from contextune.adapters.environment import command_environment

EMPTY = ("/home", "/root", "/run", "/tmp", "/var/tmp", "/mnt", "/media")  # noqa: S108
"""Folders whose content is replaced by nothing, then by what is listed."""

TEMPORARY = 2_000_000_000
"""Bytes that each of them may hold. They are memory, and the system would give half of it."""

SECRET_FOLDERS = ("/etc/ssh", "/etc/ssl/private", "/etc/docker", "/etc/sudoers.d", "/var/lib/docker")
SECRET_FILES = (
    "/etc/shadow",
    "/etc/shadow-",
    "/etc/gshadow",
    "/etc/gshadow-",
    "/etc/sudoers",
    "/etc/krb5.keytab",
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


class Fence(Protocol):
    """How a command is started so that it stays where it belongs."""

    @property
    def name(self) -> str:
        """`bubblewrap` or `none`."""
        ...

    @property
    def detail(self) -> str:
        """One sentence for people: what it holds back, or why there is none."""
        ...

    def with_door(self, door: Path, local_ports: Sequence[int] = ()) -> Fence:
        """The same Fence with a way out to the proxy that listens on the socket `door`.

        `local_ports` of its own loopback lead through that to the same ports of the user's machine.
        """
        ...

    def wrap(self, argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str]) -> list[str]:
        """The command line that runs `argv` inside the Fence, to be started with `environment`."""
        ...


FORWARDER = Path(__file__).with_name("forwarder.py")
DOOR = "/run/contextune/door"
"""Where the proxy's socket is inside the Fence; the forwarder is beside it."""
PROXY_PORT = 41_280
"""Of the Fence's own loopback, which no other command shares."""

SUPERVISOR = Path(__file__).with_name("supervisor.py")


class NoFence:
    """Commands run as the user, bounded in time and output, with a clean environment.

    On Linux nothing that a command starts outlives it or this process; elsewhere what leaves its session may.
    """

    name = "none"

    def __init__(self, reason: str, *, supervised: bool = True) -> None:
        """Not `supervised` means with nothing between: to compare with, for commands that start nothing."""
        self._supervised = supervised
        self.detail = f"Commands run as you, with your files and network: {reason}"

    def with_door(self, door: Path, local_ports: Sequence[int] = ()) -> Fence:  # noqa: ARG002
        """This one: its commands have the user's network."""
        return self

    def wrap(self, argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str]) -> list[str]:  # noqa: ARG002
        """The command line below a process that leaves nothing of it behind."""
        if sys.platform != "linux" or not self._supervised:
            return list(argv)
        return [sys.executable, "-I", "-S", str(SUPERVISOR), str(os.getpid()), *argv]


class Bubblewrap:
    """Linux namespaces, set up by `bwrap`."""

    name = "bubblewrap"

    def __init__(
        self,
        program: str,
        *,
        readable: Iterable[Path] = (),
        hidden: Iterable[Path] = (),
        network: bool = False,
    ) -> None:
        """A Fence that also shows `readable` and empties `hidden`, such as the state folder.

        `network` leaves the network on: for set-up commands that the user named, never for an agent's.
        """
        self._program = program
        self._readable = tuple(readable)
        self._hidden = tuple(hidden)
        self._network = network
        self._door: Path | None = None
        self._ports = ""
        self._known: dict[tuple[Path, str], list[str]] = {}
        reach = "the network" if network else "no network"
        self.detail = f"Commands write only in their worktree, see no home folder, and have {reach}."

    def with_door(self, door: Path, local_ports: Sequence[int] = ()) -> Fence:
        """The same Fence, whose commands find a proxy at PROXY_PORT of their loopback."""
        other = copy.copy(self)
        other._door = door
        other._ports = ",".join(map(str, (PROXY_PORT, *local_ports)))
        return other

    def wrap(self, argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str]) -> list[str]:
        """The `bwrap` command line. The worktree is the nearest folder above `cwd` that holds `.git`."""
        cwd = cwd.resolve()
        worktree = worktree_of(cwd)
        home = Path(environment.get("HOME") or "/nonexistent").resolve()
        mounts = [*self._surroundings(home, environment.get("PATH", "")), *_worktree(worktree)]
        line = [self._program, "--unshare-all", "--unshare-user", "--disable-userns", "--cap-drop", "ALL"]
        line += ["--die-with-parent", "--new-session"]
        if self._network:
            line.append("--share-net")
        # Started with a clean environment and told to keep it: bwrap's own stays readable in /proc/1.
        own = ["--setenv", "TMPDIR", "/tmp", "--chdir", str(cwd)]  # noqa: S108 — this one is private
        if self._door is not None:
            mounts += ["--ro-bind", str(self._door), DOOR, "--ro-bind", str(FORWARDER), DOOR + ".py"]
            argv = [sys.executable, "-I", "-S", DOOR + ".py", DOOR, self._ports, *argv]
        return [*line, *mounts, "--remount-ro", "/", *own, "--", *argv]

    def _surroundings(self, home: Path, search: str) -> list[str]:
        """All but the worktree; looked at once, since that takes longer than most commands."""
        known = self._known.get((home, search))
        if known is None:
            known = self._known[home, search] = [*self._machine(home), *self._shown(home, search)]
        return known

    def _machine(self, home: Path) -> list[str]:
        """The whole machine read-only, its private places emptied."""
        out = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
        for folder in self._emptied(home):
            if Path(folder).is_dir() and not Path(folder).is_symlink():
                out += ["--size", str(TEMPORARY), "--tmpfs", folder]
        for file in SECRET_FILES:
            if os.access(file, os.R_OK):
                out += ["--ro-bind", "/dev/null", file]
        return out

    def _emptied(self, home: Path) -> list[str]:
        emptied = {*EMPTY, *SECRET_FOLDERS, *(str(path.resolve()) for path in self._hidden)}
        if home != Path("/"):
            emptied.add(str(home))
        return sorted(emptied)

    def _shown(self, home: Path, search: str) -> list[str]:
        """What a command needs from the emptied places: toolchains, the PATH, and what was listed."""
        wanted = [home / name for name in TOOLCHAINS]
        wanted += [Path(entry) for entry in search.split(":") if entry.startswith("/")]
        for path in self._readable:
            wanted += [path, *_interpreter(path)]
        emptied = self._emptied(home)
        too_much = {home, *home.parents, *(Path(folder) for folder in EMPTY)}
        out: list[str] = []
        bound: list[Path] = []
        # Each mount takes bwrap some 0.1 ms: what is there already, or within another one, needs none.
        for path in sorted(dict.fromkeys(wanted)):
            real = path.resolve()
            # What this user may not look at does not exist for its commands either.
            if not os.access(path, os.F_OK) or path in too_much or real in too_much:
                continue
            if _is_within(real, emptied) and not _is_within(real, bound):
                out += ["--ro-bind", str(real), str(real)]
                bound.append(real)
            # A link is there already, unless the folder that holds it was emptied.
            if real != path and _is_within(path, emptied) and not _is_within(path, bound):
                out += ["--symlink", str(real), str(path)]
        return out


def _is_within(path: Path, folders: Iterable[str | Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def worktree_of(folder: Path) -> Path:
    """The nearest folder above, or this one, that holds `.git`; this one if none does."""
    return next((p for p in (folder, *folder.parents) if (p / ".git").exists()), folder)


def find_fence(
    *,
    readable: Iterable[Path] = (),
    hidden: Iterable[Path] = (),
    network: bool = False,
    program: str | None = None,
) -> Fence:
    """The best Fence that works here. Tries it once, blocking for some 10 ms."""
    found = program or shutil.which("bwrap")
    if found is None:
        return NoFence("bubblewrap (bwrap) is not installed.")
    fence = Bubblewrap(found, readable=readable, hidden=hidden, network=network)
    environment = command_environment({})
    with tempfile.TemporaryDirectory() as folder:
        argv = fence.wrap(["/bin/sh", "-c", "echo fenced > here"], cwd=Path(folder), environment=environment)
        try:
            tried = subprocess.run(
                argv, capture_output=True, env=environment, timeout=20, check=False, stdin=subprocess.DEVNULL
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            return NoFence(f"bubblewrap does not start here ({problem}).")
        if tried.returncode != 0 or not (Path(folder) / "here").is_file():
            said = tried.stderr.decode("utf-8", "replace").strip().splitlines()
            return NoFence(f"bubblewrap does not work here ({said[-1] if said else 'no reason given'}).")
    return fence


def _worktree(worktree: Path) -> list[str]:
    """The worktree writable, but for the files of git and of the user's editor."""
    out = ["--bind", str(worktree), str(worktree)]
    for name in READ_ONLY_IN_WORKTREE:
        if os.path.lexists(worktree / name) and not (worktree / name).is_symlink():
            out += ["--ro-bind", str(worktree / name), str(worktree / name)]
    common = _common_dir(worktree)
    if common is not None and not common.is_relative_to(worktree):
        out += ["--ro-bind", str(common), str(common)]
    return out


def _common_dir(worktree: Path) -> Path | None:
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
    return common if back.resolve() == (worktree / ".git").resolve() else None


def _interpreter(environment: Path) -> list[Path]:
    """Where the Python of a virtual environment really is."""
    try:
        lines = (environment / "pyvenv.cfg").read_text("utf-8").splitlines()
    except OSError:
        return []
    homes = [line.partition("=")[2].strip() for line in lines if line.partition("=")[0].strip() == "home"]
    return [Path(home).parent for home in homes if home.startswith("/")]
