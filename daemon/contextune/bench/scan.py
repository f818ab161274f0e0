"""Todos of 64,000 files: the first list beside ripgrep alone, one file that is saved, memory."""

from __future__ import annotations

import asyncio
import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any

from contextune.bench.arm import AUTHOR
from contextune.bench.editor import DAEMON, Editor, hello, leave, process
from contextune.bench.figures import Against, Bench, Figure
from contextune.compose import repository_todos, ripgrep
from contextune.core.todos.todo import MARKERS

SUITE = "scan"
FILES = 64_000
MARKED = 640
"""Files with a Todo: one in a hundred."""
TRIES = 7
SAVES = 60
LIST_RATIO = 1.3
SAVED_MS = 30.0
PAUSE = 0.1
"""Seconds between two changes: messages about the same thing are told at most every 30 ms."""
PATIENCE = 240.0
"""Seconds for all that the daemon does."""
SEED = 20261127


async def run(
    bench: Bench, files: int = FILES, marked: int = MARKED, tries: int = TRIES, saves: int = SAVES
) -> None:
    """Report how long the list of a large tree takes, and then what one change in it costs."""
    # A child of the daemon may outlive it by a moment, and write while the folder is removed.
    with TemporaryDirectory(prefix="contextune-bench-", ignore_cleanup_errors=True) as name:
        root = Path(name).resolve() / "large"
        bench.note(f"Writing {files:,} files.")
        await asyncio.to_thread(write_tree, root, files, marked)
        alone, listed, again = await asyncio.to_thread(_lists, root, tries)
        async with asyncio.timeout(PATIENCE):
            told = await _saved(root, Path(name) / "home", saves)
    _report(bench, files, alone, listed, again, told)


class Told:
    """What the daemon was measured at."""

    def __init__(self) -> None:
        self.saved: list[float] = []
        self.written: list[float] = []
        self.memory = 0.0
        self.grown = 0.0


def _report(
    bench: Bench, files: int, alone: list[float], listed: list[float], again: list[float], told: Told
) -> None:
    def report(
        metric: str, value: float, unit: str, reach: float | None = None, against: Against | None = None
    ) -> None:
        met = None if reach is None else value <= reach
        bench.report(
            Figure(suite=SUITE, metric=metric, value=value, unit=unit, against=against, reach=reach, met=met)
        )

    other = Against(name="ripgrep alone", value=median(alone))
    report(f"first list, {files:,} files, median", median(listed), "ms", None, other)
    report("first list, by ripgrep alone", median(listed) / median(alone), "times", LIST_RATIO)
    report("one file read again, median", median(again), "ms", None, other)
    report("saved in the editor, to the view, median", median(told.saved), "ms")
    report("saved in the editor, to the view, p95", _p95(told.saved), "ms", SAVED_MS)
    report("written by another program, to the view, median", median(told.written), "ms")
    report("written by another program, to the view, p95", _p95(told.written), "ms")
    report("memory of the daemon with the list", told.memory, "MB")
    report("memory added by the second half of the changes", told.grown, "MB")


def _p95(values: list[float]) -> float:
    return quantiles(values, n=20)[-1] if len(values) > 1 else values[0]


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _lists(root: Path, tries: int) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds of ripgrep alone, of the whole list, and of one changed file, in turns.

    ripgrep has the very arguments that the product gives it. The first round fills the system's caches.
    """
    search = ripgrep(root, MARKERS)
    alone, listed, again = [], [], []
    for _ in range(tries + 1):
        alone.append(_timed(lambda: subprocess.run(search, cwd=root, check=False, capture_output=True)))
        index = repository_todos(root)
        listed.append(_timed(index.load))
        again.append(_timed(lambda index=index: index.refresh([path_of(0)])))  # type: ignore[misc]
    return alone[1:], listed[1:], again[1:]


async def _saved(root: Path, home: Path, saves: int) -> Told:
    """A daemon with the tree open: milliseconds until its client has the Todos of a file that is saved."""
    server = await process(DAEMON, {"CONTEXTUNE_HOME": str(home)})
    editor, told = Editor(server), Told()
    try:
        await editor.ask("initialize", hello(root, {"offline": True}))
        editor.tell("initialized", {})
        await editor.hear("contextune/todo/changed")
        edited, written = root / path_of(1), root / path_of(2)
        text = await asyncio.to_thread(edited.read_text, encoding="utf-8")
        document: dict[str, Any] = {"uri": edited.as_uri(), "languageId": "python", "version": 1}
        editor.tell("textDocument/didOpen", {"textDocument": {**document, "text": text}})
        await _until_watched(editor, written)
        before = 0.0
        for number in range(saves):
            if number == saves // 2:
                before = _memory(server.pid)  # what the daemon imports by and by is there
            words = f"saved {number}"
            changed = f"# TODO: {words}\n\n{text}"
            editor.tell(
                "textDocument/didChange",
                {
                    "textDocument": {"uri": edited.as_uri(), "version": number + 2},
                    "contentChanges": [{"text": changed}],
                },
            )
            await asyncio.sleep(PAUSE)
            await asyncio.to_thread(edited.write_text, changed, encoding="utf-8")
            began = time.perf_counter()
            editor.tell("textDocument/didSave", {"textDocument": {"uri": edited.as_uri()}})
            await _seen(editor, words)
            told.saved.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(PAUSE)
            words = f"written {number}"
            began = time.perf_counter()
            await asyncio.to_thread(written.write_text, f"# TODO: {words}\n", encoding="utf-8")
            await _seen(editor, words)
            told.written.append((time.perf_counter() - began) * 1000)
        told.memory = _memory(server.pid)
        told.grown = told.memory - before
        return told
    finally:
        await leave(editor, server)


async def _until_watched(editor: Editor, file: Path) -> None:
    """Until a change on disk is told: to watch a tree takes a while to begin."""

    async def write() -> None:
        while True:
            await asyncio.to_thread(file.write_text, "# TODO: watched\n", encoding="utf-8")
            await asyncio.sleep(0.5)

    writing = asyncio.create_task(write())
    try:
        await _seen(editor, "watched")
    finally:
        writing.cancel()


async def _seen(editor: Editor, words: str) -> None:
    """Until the editor was told of a Todo with these words."""
    while True:
        params = await editor.hear("contextune/todo/changed")
        if any(todo["text"] == words for todo in params["todos"]):
            return


def _memory(pid: int) -> float:
    """Megabytes that a process has in memory; 0 where the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))


def path_of(number: int) -> str:
    """The path of a file of the tree."""
    return f"package{number % 640:03d}/part{number // 640:03d}.py"


def write_tree(root: Path, files: int, marked: int) -> None:
    """A repository of Python files of about 1.5 KB, `marked` of which have a Todo; one commit. Blocking."""
    chance = random.Random(SEED)  # noqa: S311 - the same tree each time
    words = [f"word{number}" for number in range(500)]
    bodies = [_body(chance, words) for _ in range(100)]
    every = max(1, files // marked)
    for number in range(files):
        file = root / path_of(number)
        if number < 640:
            file.parent.mkdir(parents=True)
        todo = f"# TODO: mend part {number}\n" if number % every == 0 else ""
        file.write_text(f"# Part {number}.\n{todo}{bodies[number % len(bodies)]}", encoding="utf-8")
    # Without git's upkeep, which would go on in the background while this measures.
    quiet = ("-c", "gc.auto=0", "-c", "maintenance.auto=false")
    commit = (*quiet, *AUTHOR, "commit", "-q", "-m", "The tree")
    for command in (("init", "-q", "-b", "main"), ("add", "-A"), commit):
        subprocess.run(["git", *command], cwd=root, check=True, capture_output=True, timeout=600)


def _body(chance: random.Random, words: list[str]) -> str:
    lines = (f"{chance.choice(words)} = {chance.choice(words)} + {n}" for n in range(chance.randint(20, 100)))
    return "\n".join(lines) + "\n"
