from __future__ import annotations

import asyncio
import subprocess
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from contextune.adapters.files.watch import FileWatcher
from contextune.core.errors import PlaceProblem
from contextune.core.todo_ports import Watcher


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    (folder / "pkg").mkdir(parents=True)
    (folder / "node_modules").mkdir()
    (folder / "sub").mkdir()
    (folder / "sub" / ".git").write_text("gitdir: elsewhere\n")
    (folder / ".gitignore").write_text("*.log\nbuilt/\n")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    return folder


class Seen:
    """Collects what a watcher tells."""

    def __init__(self, changes: AsyncIterator[frozenset[str]]) -> None:
        self._changes = changes
        self.sets: list[frozenset[str]] = []

    async def until(self, path: str) -> None:
        """Wait until a path was told."""
        async with asyncio.timeout(30):
            while not any(path in told for told in self.sets):
                self.sets.append(await anext(self._changes))

    @property
    def paths(self) -> frozenset[str]:
        return frozenset().union(*self.sets)


@asynccontextmanager
async def watching(root: Path) -> AsyncIterator[Seen]:
    watcher: Watcher = FileWatcher()
    changes = watcher.watch(root)
    seen = Seen(changes)
    assert await asyncio.wait_for(anext(changes), 30) == frozenset()  # from here on nothing is missed
    yield seen
    await changes.aclose()  # type: ignore[attr-defined]  # the port promises no more than an iterator


async def test_tells_what_changed_and_leaves_out_the_rest(root: Path) -> None:
    async with watching(root) as seen:
        for ignored in ("a.log", "node_modules/a.js", ".git/x", "sub/a.py"):
            (root / ignored).write_text("x")
        (root / "built").mkdir()
        (root / "built" / "a.py").write_text("x")
        (root / "pkg" / "a b.py").write_text("x")
        await seen.until("pkg/a b.py")
        (root / "pkg" / "a b.py").rename(root / "pkg" / "c.py")
        await seen.until("pkg/c.py")
        (root / "pkg" / "c.py").unlink()
        (root / "last").touch()
        await seen.until("last")
        assert seen.paths - {"pkg"} == {"pkg/a b.py", "pkg/c.py", "last"}


async def test_changes_come_in_sets(root: Path) -> None:
    async with watching(root) as seen:
        before = len(seen.sets)
        for number in range(200):
            (root / f"f{number}.py").touch()
        (root / "last").touch()
        await seen.until("last")
        assert {f"f{number}.py" for number in range(200)} <= seen.paths
        assert len(seen.sets) - before < 20


async def test_ends_when_it_is_closed_or_cancelled(root: Path) -> None:
    before = threading.active_count()
    async with watching(root):
        pass
    changes = FileWatcher().watch(root)
    await anext(changes)
    waiting = asyncio.ensure_future(anext(changes))
    await asyncio.wait({waiting}, timeout=0.2)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    # Worker threads of the loop may idle; none may still be in a watch, which the loop's end would wait for.
    assert threading.active_count() <= before + 8


async def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(PlaceProblem, match="no folder"):
        await anext(FileWatcher().watch(tmp_path / "gone"))
