"""The changed statements of a file that can be run, told from its source text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from contextune.core.proof.proof import Statement
from contextune.core.source.python_source import found_in
from contextune.core.source.script_tokens import Token, tokens_of

HUNK = re.compile(r"^@@ -\d+(?:,\d+)? \+(\d+)(?:,\d+)? @@")

_UNRUN = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
_UNRUN_TOO = (ast.Global, ast.Nonlocal, ast.Pass)
"""Loading a file runs the former, and proves nothing by it; the latter do nothing."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def added_lines(diff: str) -> frozenset[int]:
    """The numbers of the lines that a unified diff of one file adds or changes."""
    added: set[int] = set()
    number: int | None = None
    for line in diff.split("\n"):
        hunk = HUNK.match(line)
        if hunk:
            number = int(hunk[1])
        elif number is not None and line.startswith("+"):
            added.add(number)
            number += 1
        elif number is not None and line.startswith(" "):
            number += 1
    return frozenset(added)


def python_statements(text: str, changed: frozenset[int]) -> tuple[Statement, ...] | None:
    """The statements of Python code that a change touches; None if the text cannot be read."""
    try:
        found = dict(found_in(text, lambda module: _touched(module, changed)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return tuple(Statement(line=line, inner=inner) for line, inner in sorted(found.items()))


def _touched(module: ast.Module, changed: frozenset[int]) -> Iterator[tuple[int, bool]]:
    for statement, inner in _statements(module, inner=False):
        if not changed.isdisjoint(range(statement.lineno, _header_end(statement) + 1)):
            yield statement.lineno, inner


def _statements(node: ast.AST, *, inner: bool) -> Iterator[tuple[ast.stmt, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt) and not _does_nothing(child):
            yield child, inner
        if isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield from _statements(child, inner=inner or isinstance(child, _FUNCTIONS))


def _does_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, (*_UNRUN, *_UNRUN_TOO)):
        return True
    if isinstance(statement, ast.AnnAssign):
        return statement.value is None
    if isinstance(statement, ast.If) and ast.unparse(statement.test).endswith("TYPE_CHECKING"):
        return True
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _header_end(statement: ast.stmt) -> int:
    """The last line that is the statement's own, without the statements in it."""
    own = getattr(statement, "body", None) or getattr(statement, "cases", None)
    if isinstance(own, list) and own:
        first = own[0].pattern.lineno if isinstance(own[0], ast.match_case) else own[0].lineno
        return max(statement.lineno, first - 1)
    return statement.end_lineno or statement.lineno


def script_lines(text: str, changed: frozenset[int]) -> dict[int, int]:
    """The changed lines of JavaScript or TypeScript that hold code, with the offsets where that begins."""
    found: dict[int, int] = {}
    seen: set[int] = set()
    imported: Token | None = None
    previous: Token | None = None
    for token in tokens_of(text):
        begins = token.line not in seen and token.kind != "sign"
        if token.text == "import" and (previous is None or previous.text in (";", "}") or begins):
            imported = token
        elif imported is not None and (token.kind == "string" or token.text == "("):
            imported = None
            seen.add(token.line)
        if begins and imported is None and token.line not in seen:
            seen.add(token.line)
            if token.line in changed:
                found[token.line] = token.start
        previous = token
    return found
