"""What a source file defines, in languages of both kinds; it agrees with what Todos say they are in."""

from __future__ import annotations

from pathlib import Path

import pytest

import contextune
from contextune.adapters.source.outline import LayoutOutliner
from contextune.adapters.source.todo_files import todos_of

outline = LayoutOutliner().outline

PYTHON = '''\
import os


@cache
def first(a,
          b):
    """Doc:
def not_me():
    """
    return {
        "a": 1,
    }


class Table:
    # a comment

    def rows(self) -> int:
        def inner():
            pass
        return 1

# TODO: at the end
    # and so on
    async def last(self):
        return 2


VALUE = 1
'''

SCRIPT = """\
import x from "x";

export const add = (a, b) => {
  const s = "}";
  return a + b;
};

class Table {
  rows() {
    if (this) {
      return 1;
    }
  }
}

function tail() { return 2; }
"""


def lines(path: str, text: str) -> dict[str, tuple[int, int, int]]:
    return {symbol.name: (symbol.line, symbol.end_line, symbol.depth) for symbol in outline(path, text)}


def test_by_indentation() -> None:
    assert lines("a.py", PYTHON) == {
        "first": (5, 12, 0),
        "Table": (15, 26, 0),
        "Table.rows": (18, 21, 1),
        "Table.rows.inner": (19, 20, 2),
        "Table.last": (25, 26, 1),
    }


def test_by_braces() -> None:
    assert lines("a.ts", SCRIPT) == {
        "add": (3, 6, 0),
        "Table": (8, 14, 0),
        "Table.rows": (9, 13, 1),
        "tail": (16, 16, 0),
    }


def test_go_and_ruby() -> None:
    go = "package a\n\nfunc (t *Table) Rows() int {\n\treturn 1\n}\n\ntype Table struct {\n\tn int\n}\n"
    assert lines("a.go", go) == {"Table.Rows": (3, 5, 0), "Table": (7, 9, 0)}
    ruby = "class Table\n  def rows\n    1\n  rescue\n    2\n  end\nend\n\ndef tail\nend\n"
    assert lines("a.rb", ruby) == {"Table": (1, 7, 0), "Table.rows": (2, 6, 1), "tail": (9, 10, 0)}


@pytest.mark.parametrize(
    ("path", "text"),
    [("a.txt", "def x(): pass"), ("a.py", ""), ("a.ts", "}}}{"), ("a.md", "# x\n"), ("a.c", "{" * 5_000)],
)
def test_where_there_is_nothing_to_find(path: str, text: str) -> None:
    assert outline(path, text) == ()


def test_it_agrees_with_the_symbols_of_todos() -> None:
    """Markers all over our own sources: a Todo's symbol is the innermost of the outline around its line."""
    checked = 0
    for file in sorted(Path(contextune.__file__).parent.glob("core/**/*.py")):
        text = file.read_text(encoding="utf-8")
        marked = "\n".join(
            line + "  # TODO: x"
            if line.strip().startswith("return ") and line.endswith(tuple("abcdefgh)"))
            else line
            for line in text.split("\n")
        )
        symbols = outline(file.name, marked)
        for todo in todos_of(file.name, marked.encode(), ("TODO",)):
            around = [one for one in symbols if one.line <= todo.line <= one.end_line]
            assert (max(around, key=lambda one: one.depth).name if around else None) == todo.symbol, todo
            checked += 1
    assert checked > 50
