"""Python source is parsed by several threads at once, and long source in parts."""

from __future__ import annotations

import ast
import gc
import inspect
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from contextune.core.source import python_source
from contextune.core.source.code_facts import CodeFacts
from contextune.core.source.python_facts import PythonFacts, python_facts
from contextune.core.source.python_source import found_in

SOURCE = "\n".join(f"def f_{n}(a, b):\n    return [a * {n}, (b, {{'c': a}})]" for n in range(200))


def dumped(module: ast.Module) -> list[str]:
    return [ast.dump(statement, include_attributes=True) for statement in module.body]


def statements(text: str) -> list[str]:
    return found_in(text, dumped)


@pytest.fixture
def collecting() -> Iterator[None]:
    """Garbage is collected often, and Python code runs then: the moment at which threads change."""

    def pause(_phase: str, _info: dict[str, int]) -> None:
        for _ in range(200):
            pass

    before = gc.get_threshold()
    gc.callbacks.append(pause)
    gc.set_threshold(50)
    yield
    gc.set_threshold(*before)
    gc.callbacks.remove(pause)


@pytest.mark.usefixtures("collecting")
def test_threads_do_not_disturb_each_other() -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: statements(SOURCE), range(40)))
    assert {len(one) for one in found} == {200}


@pytest.mark.usefixtures("collecting")
def test_facts_are_read_by_several_threads() -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: python_facts(SOURCE), range(40)))
    assert {len(one.definitions) for one in found} == {200}


def test_facts_of_long_source_are_those_of_its_parts() -> None:
    held = "held = Thing()\n"
    long = f"import os\n{SOURCE}\n{held}{SOURCE.replace('f_', 'g_')}\nf_1(held)\n"
    assert len(long.splitlines()) > 2 * python_source.PART
    facts = python_facts(long)
    assert len(facts.definitions) == 400
    assert facts.definitions["g_199"].line == 2 + 400 + 1 + 2 * 199
    assert [(one.module, one.line) for one in facts.imports] == [("os", 1)]
    assert facts.types == {"held": "Thing"}
    assert [use.line for use in facts.uses if use.name == "f_1"] == [len(long.splitlines())]


LONG = {
    "statements": "x = 1\n" * 1000,
    "functions": "@first\n@second(\n    1,\n)\ndef f():\n    pass\n\n\n" * 200,
    "a string that looks like code": 'x = """\n' + "def f(): pass\n" * 700 + '"""\ny = 2\n',
    "brackets": "x = [\n" + "name,\n" * 700 + "]\ny = 2\n",
    "branches": "if a:\n    b\nelif c:\n    d\nelse:\n    e\n" * 150,
    "handlers": "try:\n    a\nexcept E:\n    b\nelse:\n    c\nfinally:\n    d\n" * 120,
    "continued lines": "x = \\\n1 + \\\ny\n" * 300,
    "comments": "if a:\n# comment\n    b\n" * 300,
    "the other ends of lines": "x = 1\r\ny = 2\r\n" * 400,
    "ends of lines that only Python knows": "x = 1\ry = 2\n" * 400,
    "no end of the last line": "x = 1\n" * 700 + "y = 2",
    "this language's own": inspect.getsource(ast),
}


@pytest.mark.parametrize("name", LONG)
def test_long_source_is_parsed_as_short_one_is(name: str) -> None:
    assert statements(LONG[name]) == dumped(ast.parse(LONG[name]))


@pytest.mark.parametrize("name", ["statements", "functions", "branches", "handlers", "comments"])
def test_ordinary_source_is_never_parsed_whole(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[int] = []
    whole = python_source._parsed

    def counted(text: str) -> ast.Module:
        lines.append(len(text.strip("\n").splitlines()))
        return whole(text)

    monkeypatch.setattr(python_source, "_parsed", counted)
    statements(LONG[name])
    assert max(lines) < 2 * python_source.PART


def test_a_fault_is_told_with_its_own_line() -> None:
    with pytest.raises(SyntaxError) as problem:
        statements("x = 1\n" * 900 + "x = = 1\n")
    assert problem.value.lineno == 901


def in_order(facts: CodeFacts) -> CodeFacts:
    return facts._replace(uses=tuple(sorted(facts.uses, key=repr)))


@pytest.mark.parametrize("name", LONG)
def test_facts_of_parts_are_those_of_the_whole(name: str) -> None:
    assert in_order(PythonFacts().of(LONG[name])) == in_order(python_facts(LONG[name]))


def test_of_a_changed_file_only_the_parts_around_the_change_are_read_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = inspect.getsource(ast)
    read: list[int] = []
    parsed = python_source._parsed

    def counted(text: str) -> ast.Module:
        read.append(len(text.strip("\n").splitlines()))
        return parsed(text)

    facts = PythonFacts()
    assert in_order(facts.of(source)) == in_order(python_facts(source))
    monkeypatch.setattr(python_source, "_parsed", counted)
    place = source.index("class NodeVisitor")
    for changed in (
        source[:place] + "def new(a, b):\n    return old(a)\n\n\n" + source[place:],
        source.replace("class NodeVisitor", "class Visitor"),
        source.replace("class NodeTransformer(NodeVisitor):", ""),
    ):
        found = facts.of(changed)
        lines = sum(read)
        assert in_order(found) == in_order(python_facts(changed))
        assert lines < len(source.splitlines()) / 2
        read.clear()


def test_what_is_kept_of_parts_is_bounded() -> None:
    facts = PythonFacts(remembered=5_000)
    for number in range(20):
        text = SOURCE.replace("f_", f"f{number}_")
        assert in_order(facts.of(text)) == in_order(python_facts(text))
    assert sum(map(len, facts._known)) <= 5_000
