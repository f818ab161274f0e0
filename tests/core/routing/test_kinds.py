"""Kinds of Tasks, told from facts."""

from __future__ import annotations

import pytest

from contextune.core.planning.plan import Task
from contextune.core.routing.kinds import Kind, kind_of
from contextune.core.todos.todo import Todo


def a_task(*files: str, todo_ids: tuple[str, ...] = ()) -> Task:
    return Task(id="t", title="T", brief="Do it.", files=files, todo_ids=todo_ids)


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ((), "open"),
        (("tests/test_a.py",), "tests"),
        (("src/app.spec.ts", "src/__tests__/b.ts"), "tests"),
        (("README.md", "LICENSE-MIT", "sub/CHANGES"), "docs"),
        (("docs/conf.py", "docs/index.rst"), "docs"),
        (("pyproject.toml",), "configuration"),
        ((".github/workflows/ci.yml",), "configuration"),
        (("requirements-dev.txt", "Dockerfile"), "configuration"),
        (("parcel/money.py",), "one file"),
        (("parcel/money.py", "tests/test_money.py", "CHANGELOG.md"), "one file"),
        (("parcel/money.py", "parcel/rates.py"), "several files"),
        # Several sorts without a source: the one that fails most easily.
        (("README.md", "tests/test_a.py"), "tests"),
        (("README.md", "pyproject.toml"), "configuration"),
        # A name that only looks like one.
        (("src/readme_parser.py",), "one file"),
        (("src/contest.py",), "one file"),
    ],
)
def test_the_files_tell_the_kind(files: tuple[str, ...], kind: Kind) -> None:
    assert kind_of(a_task(*files), ()) == kind


@pytest.mark.parametrize(
    ("marker", "kind"), [("FIXME", "fix"), ("BUG", "fix"), ("TODO", "one file"), ("HACK", "one file")]
)
def test_a_marker_tells_what_is_broken_from_what_is_missing(marker: str, kind: Kind) -> None:
    todo = Todo(id="t_1", path="a.py", line=1, column=1, end_line=1, marker=marker, text="x")
    assert kind_of(a_task("a.py", todo_ids=("t_1",)), (todo,)) == kind
    # The Todo of another Task says nothing of this one, and a broken test is of kind tests.
    assert kind_of(a_task("a.py"), (todo,)) == "one file"
    assert kind_of(a_task("tests/test_a.py", todo_ids=("t_1",)), (todo,)) == "tests"
