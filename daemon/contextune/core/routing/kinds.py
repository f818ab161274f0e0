"""Kinds of Tasks: what a repository's history tells Tasks apart by."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from contextune.core.planning.plan import Task
from contextune.core.proof.suites import is_test_file
from contextune.core.todos.todo import Todo

Kind = Literal["tests", "docs", "configuration", "fix", "one file", "several files", "open"]

BROKEN = frozenset({"FIXME", "BUG"})
"""Markers that say that something is wrong, where others say that something is missing."""

_DOCS = re.compile(
    r"(^|/)docs?/|\.(md|rst|adoc|txt|tex|po|pot)$|(^|/)(readme|changelog|changes|licen[cs]e|authors)(-[\w.]+)?$",
    re.I,
)
_CONFIGURATION = re.compile(
    r"(^|/)\.[^/]+|\.(toml|ya?ml|json|jsonc|ini|cfg|conf|env|lock|properties|editorconfig)$"
    r"|(^|/)(Makefile|Dockerfile|Jenkinsfile|setup\.py|requirements[^/]*\.txt|CMakeLists\.txt)$"
)


def kind_of(task: Task, todos: Sequence[Todo]) -> Kind:
    """The kind of a Task, from facts alone: the files that it may touch and the markers of its Todos.

    `tests`, `docs` and `configuration` touch files of that sort and nothing else. A Task with sources is
    `fix` if one of its Todos is a FIXME or a BUG, else `one file` or `several files` by the sources that it
    touches: tests, docs and configuration that go along do not count. `open` names no files at all.
    """
    sorts = [_sort(path) for path in task.files]
    sources = sorts.count("source")
    if not sorts:
        return "open"
    if not sources:
        # Several sorts without a source: what is most likely to fail gives the name.
        order: tuple[Kind, ...] = ("tests", "configuration", "docs")
        return next(kind for kind in order if kind in sorts)
    if any(todo.marker in BROKEN for todo in todos if todo.id in task.todo_ids):
        return "fix"
    return "one file" if sources == 1 else "several files"


def _sort(path: str) -> Literal["tests", "docs", "configuration", "source"]:
    if is_test_file(path):
        return "tests"
    if _CONFIGURATION.search(path):
        return "configuration"
    return "docs" if _DOCS.search(path) else "source"
