"""Python tests that cannot fail: their asserts are always true, or there is nothing in them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from contextune.core.source.python_source import found_in

ALWAYS_TRUE = frozenset({"assertTrue", "assertIsNotNone"})
"""unittest's, of a constant; `assertEqual` and its kin of the same thing twice are seen as well."""
SAME_TWICE = frozenset({"assertEqual", "assertEquals", "assertIs", "assertAlmostEqual", "assertIn"})


def hollow_tests(text: str) -> frozenset[str]:
    """The test functions of a file that cannot fail, by name; none if the text is no Python."""
    try:
        return frozenset(found_in(text, _hollow))
    except (SyntaxError, ValueError, RecursionError):
        return frozenset()


def _hollow(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if node.name.startswith("test") and _is_hollow(node):
            yield node.name


def _is_hollow(test: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    body = [statement for statement in test.body if not _says_nothing(statement)]
    return all(_cannot_fail(statement) for statement in body)


def _says_nothing(statement: ast.stmt) -> bool:
    """`pass`, `...` and docstrings."""
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def _cannot_fail(statement: ast.stmt) -> bool:
    match statement:
        case ast.Return(value=None):
            return True
        case ast.Assert(test=test):
            return _is_always_true(test)
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name), args=args)):
            return (name in ALWAYS_TRUE and _is_always_true(args[0] if args else None)) or (
                name in SAME_TWICE and len(args) >= 2 and ast.dump(args[0]) == ast.dump(args[1])
            )
        case ast.Try(body=body, handlers=handlers) if handlers:
            swallowed = all(_catches_failure(handler) for handler in handlers)
            return swallowed or all(_cannot_fail(inner) or _says_nothing(inner) for inner in body)
        case _:
            return False


def _catches_failure(handler: ast.ExceptHandler) -> bool:
    """Whether a handler keeps an assert from being heard."""
    names = (
        {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)} if handler.type else {""}
    )
    silent = all(_says_nothing(statement) for statement in handler.body)
    return silent and bool(names & {"", "AssertionError", "Exception", "BaseException"})


def _is_always_true(test: ast.expr | None) -> bool:
    match test:
        case ast.Constant(value=value):
            return bool(value)
        case ast.Tuple(elts=elements):
            return bool(elements)  # `assert (x == 1, "words")` never fails
        case ast.Compare(left=left, ops=[ast.Eq() | ast.Is() | ast.LtE() | ast.GtE()], comparators=[right]):
            return ast.dump(left) == ast.dump(right) and not isinstance(left, ast.Call)
        case ast.BoolOp(op=ast.Or(), values=values):
            return any(_is_always_true(value) for value in values)
        case ast.UnaryOp(op=ast.Not(), operand=ast.Constant(value=value)):
            return not value
        case _:
            return False
