"""The context pack: what an agent is told first, so that it need not spend turns to look for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from threading import Lock
from typing import NamedTuple

import msgspec

from contextune.agents.briefing import shared_context, task_text
from contextune.agents.excerpt import Span, excerpt
from contextune.agents.framing import framed, named
from contextune.core.errors import ToolProblem
from contextune.core.model.conversation import Text
from contextune.core.plain_text import readable, source_lines
from contextune.core.planning.plan import Task
from contextune.core.ports import Repository, Workspace
from contextune.core.proof.evidence import Baseline
from contextune.core.proof.suites import is_test_file
from contextune.core.runs.run import Run
from contextune.core.source.imports import ImportGraph
from contextune.core.source.outline import Symbol
from contextune.core.source.suite_layout import SuiteLayout
from contextune.core.todo_ports import Outliner
from contextune.core.todos.todo import Todo
from contextune.engine.proof.detect import instructions

PACK_LIMIT = 24_000
"""Characters of files that one Task is shown, about 6,000 tokens: each of its turns reads them again."""
LEAST = 700
"""Characters below which an excerpt of a file says too little to be worth its tokens."""
MOST_TESTS = 3
"""Test files that are shown beside a Task's own files."""
MOST_PYTHON = 5_000
"""Python files; beyond that, reading them all to see which tests import a module costs more than it saves."""
MOST_NAMED = 4
"""Symbols that are shown because the Task names them."""
FAILING_LIMIT = 3_000
"""Characters of the output of a test that fails on the Base."""
LAST_LINES = 8
"""Lines at the end of a test file, where an agent adds its own."""


class _File(NamedTuple):
    path: str
    lines: list[str]
    symbols: tuple[Symbol, ...]
    places: tuple[Span, ...]


class ContextPacks:
    """The context packs of one Run. What all its agents share is made once: its bytes are the same."""

    def __init__(self, repository: Repository, outliner: Outliner, run: Run) -> None:
        self._repository = repository
        self._outliner = outliner
        self._base = run.base.commit
        self._gate = run.gate
        self._todos = run.todos
        self._baseline = run.baseline
        self._lock = Lock()
        self._files: list[str] | None = None
        self._shared: Text | None = None
        self._layout: SuiteLayout | None = None
        self._graph: ImportGraph | None = None
        self._tests: list[str] = []

    def first_message(self, task: Task, worktree: Workspace) -> tuple[Text, ...]:
        """What is the same for all agents of the Run, then the Task as its worktree now stands. Blocking."""
        shared, files = self._once()
        todos = [todo for todo in self._todos if todo.id in task.todo_ids]
        paths = list(dict.fromkeys([*task.files, *(todo.path for todo in todos)]))
        found, absent = self._read(paths, worktree)
        tests, _ = self._read(self._tests_of(found, files), worktree)
        todos = [_found_again(todo, found.get(todo.path)) for todo in todos]
        blocks = [*_shown(self._focused(task, todos, found, tests)), *self._failing(task, todos)]
        if absent:
            blocks.append(f"Not there yet, or no text: {named(absent)}")
        return (shared, task_text(task, todos, blocks))

    def _once(self) -> tuple[Text, list[str]]:
        with self._lock:
            if self._shared is None or self._files is None:
                self._files = self._repository.list_files(self._base)
                self._shared = shared_context(self._files, self._gate, instructions(self._text))
            return self._shared, self._files

    def _text(self, path: str) -> str | None:
        content = self._repository.read_file(self._base, path)
        return None if content is None else "\n".join(source_lines(content.decode(errors="replace")))

    @staticmethod
    def _read(paths: Iterable[str], worktree: Workspace) -> tuple[dict[str, list[str]], list[str]]:
        """The files that are there as lines, and the paths of those that are not."""
        found: dict[str, list[str]] = {}
        absent = []
        for path in paths:
            try:
                found[path] = source_lines(worktree.read(path).decode())
            except (ToolProblem, UnicodeDecodeError):
                absent.append(path)
        return found, absent

    def _tests_of(self, found: Iterable[str], files: Sequence[str]) -> list[str]:
        """The test files of these modules: named for one of them first, then those that import one."""
        modules = [path for path in found if not is_test_file(path)]
        layout, all_tests = self._suite(files)
        tests = [test for module in modules if (test := layout.named(module))]
        if len(tests) < MOST_TESTS and any(module.endswith(".py") for module in modules):
            graph = self._imports(files)
            tests += [path for path in all_tests if not graph.imports_of(path).isdisjoint(modules)]
        return [path for path in dict.fromkeys(tests) if path not in found][:MOST_TESTS]

    def _suite(self, files: Sequence[str]) -> tuple[SuiteLayout, list[str]]:
        with self._lock:
            if self._layout is None:
                self._layout = SuiteLayout(files)
                self._tests = [path for path in files if is_test_file(path)]
            return self._layout, self._tests

    def _imports(self, files: Sequence[str]) -> ImportGraph:
        with self._lock:
            if self._graph is None:
                python = [path for path in files if path.endswith(".py")]
                texts = self._repository.read_files(self._base, python) if len(python) <= MOST_PYTHON else {}
                self._graph = ImportGraph({p: c.decode(errors="replace") for p, c in texts.items()})
            return self._graph

    def _focused(
        self,
        task: Task,
        todos: Sequence[Todo],
        found: dict[str, list[str]],
        tests: dict[str, list[str]],
    ) -> list[_File]:
        """Each file with the places in it that the Task is about."""
        words = set(re.findall(r"\w{3,}", f"{task.title} {task.brief}"))
        names = {todo.symbol.rpartition(".")[2] for todo in todos if todo.symbol}
        files = []
        for path, lines in (*found.items(), *tests.items()):
            symbols = self._outliner.outline(path, "\n".join(lines))
            places = [Span(todo.line, todo.end_line) for todo in todos if todo.path == path]
            if is_test_file(path):
                places += _mentions(lines, names)
                places.append(Span(max(1, len(lines) - LAST_LINES), len(lines)))
            elif not places:
                named = [s for s in symbols if s.name.rpartition(".")[2] in words | names]
                places += [Span(symbol.line, symbol.line) for symbol in named[:MOST_NAMED]]
            files.append(_File(path, lines, symbols, tuple(places)))
        return files

    def _failing(self, task: Task, todos: Sequence[Todo]) -> list[str]:
        """What the Base's own tests say, where the Task is about one that fails there."""
        baseline = self._baseline
        if baseline is None:
            return []
        said = " ".join([task.title, task.brief, *(todo.text for todo in todos)])
        paths = {path for path in (*task.files, *(todo.path for todo in todos)) if is_test_file(path)}
        names = [name for name in baseline.failing if _is_about(name, said, paths)]
        if not names:
            return []
        said = f"On the Base: {', '.join(names[:5])}\n{readable(_output_of(baseline, names[0]))}"
        return [framed("failing", said)]


def _shown(files: Sequence[_File]) -> list[str]:
    """The files within the bound: those that need less than an equal share leave the rest to the others."""
    wanted = {file.path: excerpt(*file, limit=PACK_LIMIT) or "" for file in files}
    shown: dict[str, str] = {}
    left = PACK_LIMIT
    by_length = sorted(files, key=lambda file: len(wanted[file.path]))
    for done, file in enumerate(by_length):
        share = left // (len(by_length) - done)
        block = wanted[file.path]
        if len(block) > share:
            block = (excerpt(*file, limit=share) or "") if share >= LEAST else ""
        if block and len(block) <= left:
            shown[file.path] = block
            left -= len(block)
    blocks = [shown[file.path] for file in files if file.path in shown]
    missing = [f"{file.path} ({len(file.lines)} lines)" for file in files if file.path not in shown]
    if any(' shown="' in block.partition("\n")[0] for block in blocks):
        blocks.append("Read what else you need of the files that are shown in part.")
    if missing:
        blocks.append(f"Not shown, read what you need: {named(missing)}")
    return blocks


def _mentions(lines: Sequence[str], names: set[str]) -> list[Span]:
    """Where a test file first speaks of these names, beyond its imports."""
    found = []
    for name in sorted(names):
        word = re.compile(rf"\b{re.escape(name)}\b")
        places = [n for n, line in enumerate(lines, start=1) if word.search(line) and "import" not in line]
        found += [Span(number, number) for number in places[:1]]
    return found[:MOST_NAMED]


def _found_again(todo: Todo, lines: Sequence[str] | None) -> Todo:
    """The Todo at the line where it now stands, if other work moved it."""
    words = todo.text.partition("\n")[0]
    if lines is None or not words:
        return todo
    places = [n for n, line in enumerate(lines, start=1) if words in line and todo.marker in line]
    if not places:
        return todo
    line = min(places, key=lambda number: abs(number - todo.line))
    return msgspec.structs.replace(todo, line=line, end_line=line + todo.end_line - todo.line)


def _is_about(failing: str, said: str, paths: set[str]) -> bool:
    """Whether a Task speaks of a failing test, by its name or because the test's file is the Task's."""
    if any(path in failing or path.removesuffix(".py").replace("/", ".") in failing for path in paths):
        return True
    name = _own_name(failing)
    return failing in said or (name is not None and re.search(rf"\b{re.escape(name)}\b", said) is not None)


def _own_name(failing: str) -> str | None:
    """The function in a runner's name of a test, such as `tests/test_area.py::test_wide[3]`."""
    return next(reversed(re.findall(r"\b[Tt]est\w+", failing)), None)


def _output_of(baseline: Baseline, failing: str) -> str:
    """The part of the output that begins where a test is named, or else its end."""
    output, name = baseline.output, _own_name(failing)
    place = output.find(name) if name else -1
    if place < 0:
        return output[-FAILING_LIMIT:]
    return output[output.rfind("\n", 0, place) + 1 :][:FAILING_LIMIT]
