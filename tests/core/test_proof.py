"""What is claimed of a change by the lines that were seen at work, and what is left open."""

from __future__ import annotations

import pytest

from contextune.core.proof.line_watch import CodeRange, LoadedScript, Seen, python_traced, script_traced
from contextune.core.proof.proof import (
    NOTHING,
    UNKNOWN,
    LineSpan,
    Proof,
    Statement,
    Traced,
    is_dark,
    is_measured,
    proof_words,
    prove,
)


def traced(path: str = "a.py", *lines: int, ran: tuple[int, ...] = (), **more: bool) -> Traced:
    statements = tuple(Statement(line=line, inner=more.get("inner", True)) for line in lines)
    return Traced(path=path, statements=statements, ran=frozenset(ran), blind=more.get("blind", False))


def test_one_line_that_was_run_proves_a_change() -> None:
    proof = prove([traced("a.py", 3, 4, 6, 9, ran=(4,)), traced("b.py", 1)], dark=False)
    spans = [("a.py", 3, 3), ("a.py", 6, 9), ("b.py", 1, 1)]
    unrun = tuple(LineSpan(path=path, first=first, last=last) for path, first, last in spans)
    assert proof == Proof(state="proved", lines=5, run=1, unrun=unrun)


def test_a_change_of_which_no_line_was_run_is_unproved() -> None:
    proof = prove([traced("a.py", 3, 4)], dark=False)
    assert proof == Proof(state="unproved", lines=2, unrun=(LineSpan(path="a.py", first=3, last=4),))


def test_to_load_a_file_proves_no_function_in_it() -> None:
    top = Traced(path="a.py", statements=(Statement(line=1, inner=False),), ran=frozenset({1}))
    assert prove([top], dark=False).state == "proved"
    assert prove([top, traced("b.py", 7)], dark=False).state == "unproved"


@pytest.mark.parametrize(
    ("files", "dark", "proof"),
    [
        ((), False, NOTHING),
        ((), True, UNKNOWN),
        ((traced("a.py"),), False, NOTHING),
        ((traced("a.py", 3),), True, UNKNOWN),
        ((traced("a.py", 3, blind=True),), False, UNKNOWN),
        ((traced("a.py", 3), traced("b.py", 3, blind=True)), False, UNKNOWN),
    ],
)
def test_what_nothing_can_tell_is_not_claimed(files: tuple[Traced, ...], dark: bool, proof: Proof) -> None:
    assert prove(files, dark=dark) == proof


def test_a_clause_names_the_lines() -> None:
    proof = prove([traced("a.py", 3, 4, 9, ran=()), traced("b.py", 1)], dark=False)
    assert proof_words(proof) == "no test runs a.py lines 3–9, b.py line 1"
    part = prove([traced("a.py", 1, 2, 3, ran=(2,))], dark=False)
    assert proof_words(part) == "tests run 1 of 3 changed statements; none runs a.py lines 1 and 3"
    assert proof_words(prove([traced("a.py", 1, 2, ran=(1, 2))], dark=False)) == (
        "tests run every changed statement"
    )
    assert proof_words(UNKNOWN) == "no tool can tell which changed lines the tests run"
    assert [proof_words(NOTHING), proof_words(None)] == ["", ""]


@pytest.mark.parametrize(
    ("path", "measured", "dark"),
    [
        ("src/a.py", True, False),
        ("web/a.tsx", True, False),
        ("web/a.d.ts", False, False),
        ("tests/test_a.py", False, False),
        ("web/a.test.ts", False, False),
        ("setup.py", False, False),
        ("conftest.py", False, False),
        ("docs/conf.py", False, False),
        ("README.md", False, False),
        ("src/lib.rs", False, True),
        ("pkg/a_test.go", False, False),
    ],
)
def test_of_which_files_lines_can_be_told(path: str, measured: bool, dark: bool) -> None:
    assert (is_measured(path), is_dark(path)) == (measured, dark)


OWN = (Statement(line=2, inner=True),)


@pytest.mark.parametrize(
    ("seen", "blind"),
    [
        (Seen(files={"tests/test_a.py"}), False),
        (Seen(files={"tool.py"}), True),
        (Seen(files={"tests/test_a.py"}, escaped=True), True),
        (Seen(files={"tests/test_a.py"}, blind={"a.py"}), True),
    ],
)
def test_python_is_told_only_where_tests_were_seen_at_work(seen: Seen, blind: bool) -> None:
    assert python_traced("a.py", OWN, seen) == Traced(path="a.py", statements=OWN, blind=blind)


def test_python_that_cannot_be_read_is_not_judged() -> None:
    assert python_traced("a.py", None, Seen(files={"tests/test_a.py"})).blind


TEXT = "// 😀\nfunction f() {\n  return 1;\n}\nf.x = 2;\n"
LINES = {2: 5, 3: TEXT.index("return"), 5: TEXT.index("f.x")}
TEST = LoadedScript("a.test.js", [[CodeRange(0, 10, 1)]], False)


def loaded(times: int, end: int = len(TEXT) + 1, *, translated: bool = False) -> LoadedScript:
    """V8 counts the smiley as two units."""
    whole, function = CodeRange(0, end, 1), CodeRange(6, TEXT.index("f.x"), times)
    return LoadedScript("a.js", [[whole], [function]], translated)


def test_a_script_is_told_by_the_smallest_part_around_a_line() -> None:
    uncalled = script_traced("a.js", TEXT, LINES, Seen(scripts=[TEST, loaded(0)]))
    inner = {statement.line: statement.inner for statement in uncalled.statements}
    assert (inner, uncalled.ran, uncalled.blind) == ({2: True, 3: True, 5: False}, frozenset({5}), False)
    called = script_traced("a.js", TEXT, LINES, Seen(scripts=[TEST, loaded(0), loaded(2)]))
    assert called.ran == {2, 3, 5}


def test_a_script_that_nothing_loads_was_not_run() -> None:
    absent = script_traced("a.js", TEXT, LINES, Seen(scripts=[TEST]))
    assert (len(absent.statements), absent.ran, absent.blind) == (3, frozenset(), False)


@pytest.mark.parametrize(
    "seen",
    [
        Seen(scripts=[loaded(1)]),
        Seen(scripts=[TEST, loaded(1, translated=True)]),
        Seen(scripts=[TEST, loaded(1, end=99)]),
    ],
)
def test_a_script_is_not_told_where_no_test_was_seen_or_other_text_was_run(seen: Seen) -> None:
    assert script_traced("a.js", TEXT, LINES, seen).blind
