"""Reads what a Plan touches from the Base: which files, what they import, which tests run them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from contextune.core.overlap.touches import Sources, TaskFacts, facts_of, words_of
from contextune.core.planning.plan import Plan
from contextune.core.ports import Repository
from contextune.core.proof.suites import is_test_file
from contextune.core.source.imports import ImportGraph
from contextune.core.source.mentions import Files, named_in
from contextune.core.source.script_imports import SCRIPT, ScriptImports
from contextune.core.source.source_file import Source, naming
from contextune.core.todo_ports import Outliner
from contextune.core.todos.todo import Todo

MOST_TESTS = 3_000
"""Test files that are looked through for what they import; beyond that, none are."""
MOST_ENTRIES = 2_000
"""The same of the files by which packages hand on what others define."""
MOST_SOURCES = 8_000
"""The same of source files, where words name what no Task's own files define."""
ENTRIES = ("/__init__.py", *(f"/index{ending}" for ending in SCRIPT))
DEFINED = r"\b(?:def|class|function\*?|const|let|var|func|fn|fun|interface|struct|enum|trait|type)[ \t]+"


def read_facts(
    repository: Repository,
    commit: str,
    files: Sequence[str],
    outliner: Outliner,
    plan: Plan,
    todos: Sequence[Todo],
) -> tuple[TaskFacts, ...]:
    """The facts of a Plan's Tasks. Blocking, for seconds in a large repository."""
    return facts_of(plan, todos, _Reading(repository, commit, files, outliner).sources(plan, todos))


class _Reading:
    """One commit's files, each read once."""

    def __init__(self, repository: Repository, commit: str, files: Sequence[str], outliner: Outliner) -> None:
        self._repository = repository
        self._commit = commit
        self._files = files
        self._known = frozenset(files)
        self._outliner = outliner
        self._texts: dict[str, str] = {}

    def sources(self, plan: Plan, todos: Sequence[Todo]) -> Sources:
        """What there is to know of the files that a Plan touches."""
        by_id = {todo.id: todo for todo in todos}
        of_task = {
            task.id: {*task.files, *(by_id[i].path for i in task.todo_ids if i in by_id)} & self._known
            for task in plan.tasks
        }
        touched = sorted(set().union(*of_task.values())) if of_task else []
        entries = [path for path in self._files if f"/{path}".endswith(ENTRIES)]
        tests = [path for path in self._files if is_test_file(path) and path.endswith((".py", *SCRIPT))]
        self._read(touched)
        self._read(entries if len(entries) <= MOST_ENTRIES else ())
        self._read(tests if len(tests) <= MOST_TESTS else ())
        imports = self._imports()
        shared = [path for path in tests if _is_shared(imports.get(path, ()), of_task.values())]
        named = self._defining(plan, by_id, touched)
        read = {path: source for path in (*touched, *shared, *named) if (source := self._source(path))}
        return Sources(self._files, read, imports)

    def _read(self, paths: Iterable[str]) -> None:
        wanted = [path for path in paths if path in self._known and path not in self._texts]
        contents = self._repository.read_files(self._commit, wanted) if wanted else {}
        self._texts |= {path: content.decode(errors="replace") for path, content in contents.items()}

    def _source(self, path: str) -> Source | None:
        text = self._texts.get(path)
        return None if text is None else self._outliner.read(path, text)

    def _imports(self) -> dict[str, frozenset[str]]:
        """What each file that was read imports, and what packages among that hand on."""
        scripts = ScriptImports(self._files)
        python = {path: self._texts.get(path, "") for path in self._files if path.endswith(".py")}
        graph = ImportGraph(python)
        direct = {
            path: graph.imports_of(path) if path in python else scripts.imports_of(path, text)
            for path, text in self._texts.items()
        }
        return {path: _handed_on(targets, direct) for path, targets in direct.items()}

    def _defining(self, plan: Plan, todos: Mapping[str, Todo], touched: Collection[str]) -> list[str]:
        """Files beyond those of the Tasks that define what the words of several Tasks name."""
        files = Files(self._files)
        said: Counter[str] = Counter()
        for task in plan.tasks:
            own = [todos[todo_id] for todo_id in task.todo_ids if todo_id in todos]
            names = named_in(words_of(task, own), files).symbols
            said.update({name.rpartition(".")[2] for name in names})
        several = {name for name, count in said.items() if count > 1}
        for path in touched if several else ():
            source = self._source(path)
            several -= {name.rpartition(".")[2] for name in source.by_name} if source else set()
        pattern = naming(several)
        sources = [path for path in self._files if path.endswith((".py", *SCRIPT)) and not is_test_file(path)]
        if pattern is None or len(sources) > MOST_SOURCES:
            return []
        self._read(sources)
        defined = re.compile(DEFINED + pattern.pattern)
        return [path for path in sources if defined.search(self._texts[path])]


def _handed_on(targets: Iterable[str], direct: Mapping[str, frozenset[str]]) -> frozenset[str]:
    found = frozenset(targets)
    entries = [path for path in found if f"/{path}".endswith(ENTRIES)]
    return found.union(*(direct.get(path, ()) for path in entries))


def _is_shared(imported: Collection[str], groups: Iterable[Collection[str]]) -> bool:
    """Whether a file imports what at least two Tasks touch."""
    if not imported:
        return False
    met = 0
    for group in groups:
        met += not set(group).isdisjoint(imported)
        if met == 2:
            return True
    return False
