"""Where this process may make cgroups that hold memory and processes. Linux alone.

Version 2 is taken where it has both controllers: at the nearest cgroup above this process whose children get
them and which is this user's, such as the `app.slice` of a desktop. Version 1, as in older containers, is
taken beneath this process's own cgroups, so that their limits stay in force.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

CONTROLLERS = frozenset({"memory", "pids"})
BOUNDS = ("memory.max", "memory.high", "cpu.max")
"""Files of a cgroup that say `max` where nobody bounded it."""


class Place(NamedTuple):
    """Folders in which one of ours can be made for each command."""

    memory: Path
    pids: Path
    """The same folder in version 2."""
    unified: bool
    """Whether it is version 2."""

    @property
    def folders(self) -> tuple[Path, ...]:
        """Each folder once."""
        return tuple(dict.fromkeys((self.memory, self.pids)))


class _Mount(NamedTuple):
    unified: bool
    root: Path
    point: Path
    options: frozenset[str]


def find_places(proc: Path = Path("/proc/self")) -> list[Place]:
    """Places that look as if they could be used, best first; whether one works is to be tried."""
    try:
        mounts = list(_mounts((proc / "mountinfo").read_text("utf-8", "replace")))
        own = dict(_own((proc / "cgroup").read_text("utf-8", "replace")))
    except OSError:
        return []
    found = [place for mount in mounts if mount.unified for place in _unified(mount, own.get(""))]
    separate = {
        name: folder
        for mount in mounts
        for name in CONTROLLERS & mount.options
        if not mount.unified and (folder := _folder(mount, own.get(name))) is not None
    }
    if separate.keys() == CONTROLLERS and all(os.access(folder, os.W_OK) for folder in separate.values()):
        found.append(Place(separate["memory"], separate["pids"], unified=False))
    return found


def _mounts(text: str) -> Iterator[_Mount]:
    """The cgroup hierarchies, from the lines that proc(5) describes."""
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        fields, kind = before.split(), after.split()
        if len(fields) > 4 and len(kind) > 2 and kind[0] in {"cgroup", "cgroup2"}:
            root, point = (Path(text.replace("\\040", " ")) for text in fields[3:5])
            yield _Mount(kind[0] == "cgroup2", root, point, frozenset(kind[2].split(",")))


def _own(text: str) -> Iterator[tuple[str, str]]:
    """This process's cgroup by controller; the one of version 2 under the empty name."""
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        for name in controllers.split(","):
            yield name, path


def _folder(mount: _Mount, path: str | None) -> Path | None:
    if path is None or not Path(path).is_relative_to(mount.root):
        return None
    return mount.point / Path(path).relative_to(mount.root)


def _unified(mount: _Mount, path: str | None) -> Iterator[Place]:
    own = _folder(mount, path)
    if own is None or not own.is_dir() or ".." in own.parts:
        return
    folder = own
    while True:
        if folder == own == mount.point:
            _open_up(own)
        if _gives_both(folder) and _is_ours(folder):
            yield Place(folder, folder, unified=True)
        # Whoever bounded this process meant its commands, too: they are not taken out of that.
        if folder == mount.point or _is_bounded(folder):
            return
        folder = folder.parent


def _open_up(folder: Path) -> None:
    """Have the children of the topmost cgroup get both. The system refuses it where processes forbid that."""
    if not _gives_both(folder) and _words(folder / "cgroup.controllers") >= CONTROLLERS:
        with suppress(OSError):
            (folder / "cgroup.subtree_control").write_text("+memory +pids")


def _gives_both(folder: Path) -> bool:
    return _words(folder / "cgroup.subtree_control") >= CONTROLLERS


def _is_ours(folder: Path) -> bool:
    """Whether cgroups can be made there, and processes be moved about beneath it."""
    return all(os.access(path, os.W_OK) for path in (folder, folder / "cgroup.procs"))


def _is_bounded(folder: Path) -> bool:
    said = (_words(folder / name) for name in BOUNDS)
    return any(words and "max" not in words for words in said)


def _words(file: Path) -> frozenset[str]:
    try:
        return frozenset(file.read_text("utf-8").split())
    except OSError:
        return frozenset()
