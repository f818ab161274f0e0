"""The file tools of an agent, confined to one worktree."""

from __future__ import annotations

import os
import re
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from contextune.adapters.files.beneath import Place, components, kind_of, open_parent, open_regular
from contextune.adapters.files.globs import compile_glob
from contextune.adapters.files.ripgrep import NOTHING_FOUND, search
from contextune.core.errors import ToolProblem, UsageProblem

READ_LIMIT = 2_000_000
"""Bytes of the largest file that is read whole."""
WRITE_LIMIT = 5_000_000
"""Bytes of the largest file that is written."""
SEARCH_SECONDS = 20
LINE_LIMIT = 500
"""Bytes of a matching line; a longer one, as in minified code, is cut."""

# Ignored files stay out, dot files such as .github are in, git's own are never.
_VISIBLE = ("--hidden", "--glob=!.git", "--sort=path")


class WorktreeFiles:
    """core.ports.Workspace over a folder on disk. Blocking: call it in a thread."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        _sweep(self._root)

    @property
    def root(self) -> Path:
        """The worktree's folder."""
        return self._root

    def read(self, path: str) -> bytes:
        """A file's bytes. Raises ToolProblem if it is missing, no file, larger than 2 MB, or outside."""
        with open_parent(self._root, path) as place, os.fdopen(open_regular(place, path), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > READ_LIMIT:
                raise ToolProblem(
                    f"{path!r} has {size:,} bytes, more than the {READ_LIMIT:,} that can be read at once: "
                    "find the part you need with grep."
                )
            return file.read(READ_LIMIT + 1)[:READ_LIMIT]

    def write(self, path: str, content: bytes) -> None:
        """Create or replace a file at once or not at all, folders included; its mode stays.

        Raises ToolProblem if the path is no file, outside, or the content larger than 5 MB.
        """
        if len(content) > WRITE_LIMIT:
            raise ToolProblem(
                f"The content for {path!r} has {len(content):,} bytes, more than the {WRITE_LIMIT:,} allowed."
            )
        if path.endswith("/"):
            raise ToolProblem(f"{path!r} names a folder: give the path of a file.")
        with open_parent(self._root, path, create=True) as place:
            if not place.name:
                raise ToolProblem(f"{path!r} is a folder, not a file.")
            try:
                _replace(self._root, place, content, path)
            except OSError as problem:
                raise ToolProblem(f"{path!r} can't be written: {problem.strerror}.") from None

    def changed_at(self, path: str) -> int:
        """When a file's content last changed, in milliseconds since the epoch. Raises ToolProblem."""
        with open_parent(self._root, path) as place, os.fdopen(open_regular(place, path), "rb") as file:
            return os.fstat(file.fileno()).st_mtime_ns // 1_000_000

    def grep(self, pattern: str, *, path: str, glob: str | None, context: int, limit: int) -> str:
        """Lines that match a regular expression of ripgrep, as `path:line:text`, `-` marking context lines.

        `path` is a file or folder, empty for all; at most `limit` lines. Empty if nothing matches.
        """
        where = self._existing(path)
        wanted = _tool_glob(glob) if glob else None
        arguments = [*_VISIBLE, "--no-heading", "--with-filename", "--line-number", "--null"]
        arguments += [f"--max-columns={LINE_LIMIT}", "--max-columns-preview", f"--context={max(context, 0)}"]
        lines: list[str] = []
        more = False
        with search(
            [*arguments, "--regexp", pattern, "--", where], cwd=self._root, timeout=SEARCH_SECONDS
        ) as rg:
            for record in rg.records():
                name, _, rest = record.decode("utf-8", "replace").partition("\0")
                name = name.removeprefix("./")
                if record == b"--":
                    if lines and lines[-1] != "--":
                        lines.append("--")
                    continue
                if wanted is not None and not wanted.fullmatch(name):
                    continue
                if len(lines) >= limit:
                    more = True
                    break
                lines.append(name + _place_sign(rest) + rest)
        if rg.status > NOTHING_FOUND and not lines and not rg.timed_out:
            raise ToolProblem(f"The search failed: {_first_lines(rg.error)}")
        if lines and lines[-1] == "--":
            lines.pop()
        if more:
            lines.append(f"… more than {limit} lines match: narrow the pattern, the path or the glob.")
        if rg.timed_out:
            lines.append(
                f"… the search was ended after {SEARCH_SECONDS} seconds: narrow the path or the glob."
            )
        return "\n".join(lines)

    def glob(self, pattern: str, *, limit: int) -> list[str]:
        """Paths of files that match a pattern, in order, ignored ones left out; at most `limit`."""
        inside = components(pattern, self._root)
        wanted = _tool_glob(("/" if pattern.startswith("/") else "") + "/".join(inside))
        found: list[str] = []
        with search(["--files", "--null", *_VISIBLE], cwd=self._root, timeout=SEARCH_SECONDS) as rg:
            for record in rg.records(b"\0"):
                name = record.decode("utf-8", "surrogateescape").removeprefix("./")
                if wanted.fullmatch(name):
                    found.append(name)
                    if len(found) >= limit:
                        break
        return found

    def _existing(self, path: str) -> str:
        """The path of a file or folder that exists beneath the root, links resolved, for ripgrep."""
        if path in ("", ".", "./"):
            return "./"
        with open_parent(self._root, path) as place:
            if not place.name:
                return "./"
            try:
                mode = os.stat(place.name, dir_fd=place.folder, follow_symlinks=False).st_mode
            except FileNotFoundError:
                raise ToolProblem(f"There is no file or folder {path!r}.") from None
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise ToolProblem(f"{path!r} is {kind_of(mode)}: it can't be searched.")
            return "./" + place.path


def _replace(root: Path, place: Place, content: bytes, path: str) -> None:
    """Write a new file, then put it in the place of the old one.

    It is written beside the worktree: what a process that is killed leaves must never be taken for work.
    """
    mode = None
    with suppress(FileNotFoundError):
        before = os.stat(place.name, dir_fd=place.folder, follow_symlinks=False)
        if not stat.S_ISREG(before.st_mode):
            raise ToolProblem(f"{path!r} is {kind_of(before.st_mode)}, not a file.")
        mode = stat.S_IMODE(before.st_mode) & 0o777
    draft = root.parent / f"{_drafts(root)}{secrets.token_hex(6)}"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            if mode is not None:
                os.fchmod(file.fileno(), mode)
        os.rename(draft, place.name, dst_dir_fd=place.folder)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _drafts(root: Path) -> str:
    """How the names of files begin that are being written for a worktree."""
    return f".{root.name}.new-"


def _sweep(root: Path) -> None:
    """Remove what a process that was killed had begun to write."""
    with suppress(OSError):
        for entry in root.parent.iterdir():
            if entry.name.startswith(_drafts(root)):
                entry.unlink()


def _tool_glob(pattern: str) -> re.Pattern[str]:
    try:
        return compile_glob(pattern)
    except UsageProblem as problem:
        raise ToolProblem(str(problem)) from None


def _place_sign(rest: str) -> str:
    """The sign that ripgrep put after the line number: `:` for a match, `-` for context."""
    number = rest.lstrip("0123456789")
    return number[:1] or ":"


def _first_lines(error: str) -> str:
    return " ".join(error.split())[:500] or "ripgrep gave no reason."
