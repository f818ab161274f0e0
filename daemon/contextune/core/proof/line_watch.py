"""Which lines of a change were run while the Gate ran: what was seen of it, and the port that looks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from contextune.core.proof.proof import Statement, Traced
from contextune.core.proof.suites import is_test_file


class CodeRange(NamedTuple):
    """How often a part of a script was run. Offsets count UTF-16 units, as V8 does."""

    start: int
    end: int
    times: int


class LoadedScript(NamedTuple):
    """A JavaScript or TypeScript file that a process loaded."""

    path: str
    functions: Sequence[Sequence[CodeRange]]
    """Its functions, the file itself first; of each the whole, then its parts that differ."""
    translated: bool
    """Whether something other than its own text was run."""


class Seen(NamedTuple):
    """What was seen of a command. Paths are the repository's."""

    ran: Mapping[str, Collection[int]] = {}
    """Marked lines of Python files that were run."""
    files: Collection[str] = ()
    """Python files that were run."""
    blind: Collection[str] = ()
    """Those among them that were run unmarked."""
    escaped: bool = False
    """Whether a process was started that may have run Python files unseen."""
    scripts: Sequence[LoadedScript] = ()


class LineWatch(Protocol):
    """Watches which lines of some files a command runs. Its methods block."""

    def begin(self, worktree: Path, wanted: Mapping[str, Collection[int]], *, scripts: bool) -> LineWatching:
        """Get ready to watch lines of Python files, by path, and `scripts` if they are to be watched."""
        ...


class LineWatching(Protocol):
    """One command being watched."""

    @property
    def environment(self) -> Mapping[str, str]:
        """What the command must be started with."""
        ...

    def end(self) -> Seen:
        """What was seen; leaves nothing in the worktree."""
        ...


def python_traced(path: str, statements: tuple[Statement, ...] | None, seen: Seen) -> Traced:
    """What became of a Python file's statements; those are None if its text cannot be read."""
    if statements is None:
        return Traced(path=path, statements=(), blind=True)
    is_watched = any(is_test_file(file) for file in seen.files) and not seen.escaped
    return Traced(
        path=path,
        statements=statements,
        ran=frozenset(seen.ran.get(path, ())),
        blind=bool(statements) and (not is_watched or path in seen.blind),
    )


def script_traced(path: str, text: str, lines: Mapping[int, int], seen: Seen) -> Traced:
    """What became of a script's changed lines, each given with the offset where its code begins."""
    loads = [script for script in seen.scripts if script.path == path]
    size = _units(text, len(text))
    is_whole = all(not one.translated and one.functions and one.functions[0][0].end == size for one in loads)
    is_watched = any(is_test_file(one.path) for one in seen.scripts)
    if not (is_whole and is_watched):
        return Traced(path=path, statements=_all_inner(lines), blind=bool(lines))
    if not loads:
        return Traced(path=path, statements=_all_inner(lines))
    at = {line: _units(text, offset) for line, offset in lines.items()}
    inner = {line for line, offset in at.items() if _is_inner(loads[0], offset)}
    return Traced(
        path=path,
        statements=tuple(Statement(line=line, inner=line in inner) for line in sorted(lines)),
        ran=frozenset(line for line, offset in at.items() if any(_count(one, offset) for one in loads)),
    )


def _all_inner(lines: Mapping[int, int]) -> tuple[Statement, ...]:
    return tuple(Statement(line=line, inner=True) for line in sorted(lines))


def _units(text: str, offset: int) -> int:
    return len(text[:offset].encode("utf-16-le", "surrogatepass")) // 2


def _is_inner(script: LoadedScript, offset: int) -> bool:
    return any(ranges[0].start <= offset < ranges[0].end for ranges in script.functions[1:])


def _count(script: LoadedScript, offset: int) -> int:
    """How often the code at an offset was run: what the smallest part around it says."""
    around = [r for ranges in script.functions for r in ranges if r.start <= offset < r.end]
    return min(around, key=lambda r: r.end - r.start).times if around else 0
