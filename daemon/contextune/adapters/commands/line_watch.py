"""Watches which lines a command runs: Python by a module on PYTHONPATH, Node by V8's own coverage.

Nothing is installed anywhere. What is needed stands in a folder of the worktree that git ignores, since a
fenced command writes nowhere else, and goes with the command's end.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from contextune.core.proof.line_watch import CodeRange, LineWatching, LoadedScript, Seen

PREFIX = ".contextune-lines-"
WANTED, LOG, NODE = "wanted.json", "python.log", "node"
LARGEST = 64_000_000
"""Bytes of one file of what was seen; a larger one is left out."""
MOST = 2_000
"""Files of V8's coverage that are read: one for each process of Node."""


class _Range(msgspec.Struct, rename="camel"):
    start_offset: int
    end_offset: int
    count: int


class _Function(msgspec.Struct):
    ranges: list[_Range]


class _Script(msgspec.Struct):
    url: str
    functions: list[_Function]


class _Coverage(msgspec.Struct):
    """Node's file of one process, as V8's `Profiler.ScriptCoverage` says it."""

    result: list[_Script]
    maps: dict[str, msgspec.Raw] = msgspec.field(name="source-map-cache", default_factory=dict)


class FolderLineWatch:
    """core.proof.line_watch.LineWatch by a folder in the worktree."""

    def begin(self, worktree: Path, wanted: Mapping[str, Collection[int]], *, scripts: bool) -> LineWatching:
        """Get ready to watch lines of Python files, by path, and `scripts` if they are to be watched."""
        _remove_leftovers(worktree)
        folder = worktree / f"{PREFIX}{secrets.token_hex(4)}"
        folder.mkdir(mode=0o700)
        (folder / ".gitignore").write_text("*\n")
        environment: dict[str, str] = {}
        if wanted:
            lines = {path: sorted(lines) for path, lines in wanted.items()}
            (folder / WANTED).write_bytes(msgspec.json.encode(lines))
            source = Path(__file__).with_name("watched_python.py")
            shutil.copyfile(source, folder / "sitecustomize.py")
            environment["PYTHONPATH"] = str(folder)
        if scripts:
            (folder / NODE).mkdir()
            environment["NODE_V8_COVERAGE"] = str(folder / NODE)
        return _Folder(worktree, folder, environment)


class _Folder:
    """core.proof.line_watch.LineWatching."""

    def __init__(self, worktree: Path, folder: Path, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self._root = worktree.resolve()
        self._folder = folder

    def end(self) -> Seen:
        """What was seen; leaves nothing in the worktree."""
        try:
            return self._read()
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _read(self) -> Seen:
        ran: dict[str, set[int]] = {}
        names: dict[str, set[str]] = {"file": set(), "blind": set()}
        escaped = False
        for line in (_content(self._folder / LOG) or b"").splitlines():
            match _words(line):
                case ["ran", str(path), int(number)]:
                    ran.setdefault(path, set()).add(number)
                case ["file" | "blind" as what, str(path)]:
                    names[what].add(path)
                case ["escaped"]:
                    escaped = True
                case _:
                    pass
        return Seen(ran, names["file"], names["blind"], escaped, tuple(self._scripts()))

    def _scripts(self) -> Iterator[LoadedScript]:
        folder = self._folder / NODE
        with suppress(OSError):
            for file in sorted(folder.iterdir())[:MOST] if not folder.is_symlink() else []:
                yield from self._process(_content(file) or b"")

    def _process(self, content: bytes) -> Iterator[LoadedScript]:
        try:
            coverage = msgspec.json.decode(content, type=_Coverage)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return
        for script in coverage.result:
            path = self._path(script.url)
            if path is not None:
                functions = [
                    [CodeRange(r.start_offset, r.end_offset, r.count) for r in function.ranges]
                    for function in script.functions
                    if function.ranges
                ]
                yield LoadedScript(path, functions, script.url in coverage.maps)

    def _path(self, url: str) -> str | None:
        """The repository's path of a script, its packages left out; None if it is none of its files."""
        parts = urlsplit(url)
        if parts.scheme not in ("file", ""):
            return None
        path = Path(unquote(parts.path))
        if not path.is_relative_to(self._root) or "node_modules" in path.parts:
            return None
        return path.relative_to(self._root).as_posix()


def _remove_leftovers(worktree: Path) -> None:
    """Remove what a process left that was killed while a command ran."""
    for folder in worktree.glob(f"{PREFIX}*"):
        if not folder.is_symlink() and (folder / ".gitignore").is_file():
            shutil.rmtree(folder, ignore_errors=True)


def _words(line: bytes) -> object:
    try:
        return msgspec.json.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _content(path: Path) -> bytes | None:
    """The bytes of a regular file; None for anything else that a test may have put in its place."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        facts = os.fstat(handle)
        return file.read() if stat.S_ISREG(facts.st_mode) and facts.st_size <= LARGEST else None
