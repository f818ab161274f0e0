"""What a Python file defines, imports and uses, read from its syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from contextune.core.source.code_facts import (
    NOTHING,
    Call,
    CodeFacts,
    Definition,
    Imported,
    Parameter,
    Signature,
    Use,
    shifted,
)
from contextune.core.source.python_source import found_in, parsed_part, small_parts

REMEMBERED = 3_000_000
"""Characters of parts of files of which the facts are kept in memory."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef


class PythonFacts:
    """Reads the facts of files, and of a file that was read before only the parts that have changed."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        """`remembered` characters of parts are kept in memory."""
        self._room = self._remembered = remembered
        self._known: dict[str, tuple[int, CodeFacts]] = {}
        """Of a part: how many lines were before it, and what was found."""

    def of(self, text: str) -> CodeFacts:
        """The facts of a file; none if it is no Python, as in the midst of an edit."""
        try:
            return _together([self._part(before, part) for before, part in small_parts(text)])
        except (SyntaxError, ValueError, RecursionError):
            return python_facts(text)  # it is wrong, or was cut within a statement

    def _part(self, before: int, part: str) -> CodeFacts:
        known = self._known.get(part)
        if known is not None and known[0] == before:
            return known[1]
        if known is not None:
            facts = shifted(known[1], before - known[0])
        else:
            facts = _facts(parsed_part(before, part))
            self._room -= len(part)
            if self._room < 0:
                self._room = self._remembered - len(part)
                self._known.clear()
        self._known[part] = before, facts
        return facts


def python_facts(text: str) -> CodeFacts:
    """The facts of a file; none if it is no Python, as in the midst of an edit."""
    try:
        return _together(found_in(text, lambda module: [_facts(module)]))
    except (SyntaxError, ValueError, RecursionError):
        return NOTHING


def _together(parts: list[CodeFacts]) -> CodeFacts:
    if len(parts) == 1:
        return parts[0]
    return CodeFacts(
        {name: definition for part in parts for name, definition in part.definitions.items()},
        tuple(use for part in parts for use in part.uses),
        tuple(imported for part in parts for imported in part.imports),
        {name: held for part in parts for name, held in part.types.items()},
    )


def _facts(module: ast.Module) -> CodeFacts:
    definitions = {one.name: one for one in _definitions(module.body, "")}
    nodes = list(ast.walk(module))  # the walk costs more than all that is looked for
    return CodeFacts(definitions, tuple(_uses(nodes)), tuple(_imports(nodes)), dict(_types(nodes)))


def _definitions(body: list[ast.stmt], inside: str) -> Iterator[Definition]:
    for node in body:
        if isinstance(node, _Function):
            yield _function(node, inside)
        elif isinstance(node, ast.ClassDef):
            made = _making(node)
            yield _definition(node, inside, "class", made)
            yield from _definitions(node.body, f"{inside}{node.name}.")
        elif isinstance(node, ast.If | ast.Try):
            yield from _definitions([*node.body, *node.orelse], inside)


def _function(node: _Function, inside: str) -> Definition:
    static = any(isinstance(one, ast.Name) and one.id == "staticmethod" for one in node.decorator_list)
    signature = _signature(node, skip_first=bool(inside) and not static)
    return _definition(node, inside, "method" if inside else "function", signature)


def _definition(
    node: _Function | ast.ClassDef, inside: str, kind: str, signature: Signature | None
) -> Definition:
    name, end = f"{inside}{node.name}", node.end_lineno or node.lineno
    text = ast.dump(node)
    match kind:
        case "class":
            return Definition(name, "class", node.lineno, end, signature, text)
        case "method":
            return Definition(name, "method", node.lineno, end, signature, text)
        case _:
            return Definition(name, "function", node.lineno, end, signature, text)


def _making(node: ast.ClassDef) -> Signature | None:
    """What making one of a class takes: its `__init__`, or the fields of a dataclass or named tuple."""
    for one in node.body:
        if isinstance(one, _Function) and one.name == "__init__":
            return _signature(one, skip_first=True)
    marks = [ast.unparse(one) for one in (*node.decorator_list, *node.bases)]
    if not any("dataclass" in mark or "NamedTuple" in mark for mark in marks):
        return None
    fields = [one for one in node.body if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)]
    return Signature(tuple(Parameter(ast.unparse(one.target), one.value is not None) for one in fields))


def _signature(node: _Function, *, skip_first: bool) -> Signature:
    given = node.args
    places = [*given.posonlyargs, *given.args]
    required = len(places) - len(given.defaults)
    positional = [Parameter(one.arg, number >= required) for number, one in enumerate(places)]
    return Signature(
        positional=tuple(positional[1:] if skip_first else positional),
        named=tuple(
            Parameter(one.arg, value is not None)
            for one, value in zip(given.kwonlyargs, given.kw_defaults, strict=True)
        ),
        rest=given.vararg is not None,
        any_name=given.kwarg is not None,
        is_async=isinstance(node, ast.AsyncFunctionDef),
    )


def _uses(nodes: list[ast.AST]) -> Iterator[Use]:
    called: set[int] = set()
    for node in nodes:
        if isinstance(node, ast.Call):
            called.add(id(node.func))
            use = _use(node.func, node, _call(node))
        elif id(node) in called or not isinstance(getattr(node, "ctx", None), ast.Load):
            continue
        else:
            use = _use(node, node, None)
        if use is not None:
            yield use


def _use(named: ast.AST, whole: ast.AST, call: Call | None) -> Use | None:
    line = getattr(whole, "lineno", 0)
    end = getattr(whole, "end_lineno", None) or line
    match named:
        case ast.Name(id=name):
            return Use(name, "", line, end, call)
        case ast.Attribute(value=value, attr=name):
            return Use(name, _owner(value), line, end, call)
        case _:
            return None


def _owner(value: ast.expr) -> str:
    match value:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=inner, attr=name):
            before = _owner(inner)
            return f"{before}.{name}" if before != "?" else "?"
        case ast.Call(func=ast.Name(id=name)):
            return f"{name}()"
        case _:
            return "?"


def _call(node: ast.Call) -> Call:
    spreads = any(isinstance(one, ast.Starred) for one in node.args)
    names = frozenset(one.arg for one in node.keywords if one.arg is not None)
    return Call(len(node.args), names, spreads or any(one.arg is None for one in node.keywords))


def _imports(nodes: list[ast.AST]) -> Iterator[Imported]:
    for node in nodes:
        if isinstance(node, ast.Import):
            for one in node.names:
                yield Imported(one.asname or one.name, one.name, "", node.lineno)
        elif isinstance(node, ast.ImportFrom):
            source = "." * node.level + (node.module or "")
            for one in node.names:
                yield Imported(one.asname or one.name, source, one.name, node.lineno)


def _types(nodes: list[ast.AST]) -> Iterator[tuple[str, str]]:
    """Variables with the class of which they hold one, where an assignment or annotation says so."""
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=func)):
                yield name, ast.unparse(func).rpartition(".")[2]
            case ast.AnnAssign(target=ast.Name(id=name), annotation=said):
                yield name, ast.unparse(said).strip("'\"").rpartition(".")[2]
            case ast.arg(arg=name, annotation=ast.expr() as said):
                yield name, ast.unparse(said).strip("'\"").rpartition(".")[2]
            case _:
                pass
