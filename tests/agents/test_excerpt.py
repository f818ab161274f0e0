"""How a file is first shown: whole, or what the Task is about, within a bound."""

from __future__ import annotations

from contextune.agents.excerpt import WHOLE, Span, enclosing, excerpt
from contextune.core.source.outline import Symbol

SMALL = ["import os", "", "", "def one():", "    return 1"]
SMALL_SYMBOLS = (Symbol(name="one", line=4, end_line=5),)


def big(functions: int = 60, body: int = 12) -> tuple[list[str], tuple[Symbol, ...]]:
    """A module of one class whose methods have a decorator each."""
    lines = ["from a import (", "    b,", ")", "import c", "", "class Table:"]
    symbols = [Symbol(name="Table", line=6, end_line=6 + functions * (body + 3))]
    for number in range(functions):
        lines += ["    @cached", f"    def f{number}(self):"]
        symbols.append(Symbol(name=f"Table.f{number}", line=len(lines), end_line=len(lines) + body, depth=1))
        lines += [f"        do(number_{number}, {n})" for n in range(body)] + [""]
    return lines, tuple(symbols)


def test_a_small_file_is_shown_whole_as_read_numbers_it() -> None:
    assert excerpt("a.py", SMALL, SMALL_SYMBOLS, (), 5_000) == (
        '<file path="a.py" lines="5">\n1\timport os\n2\t\n3\t\n4\tdef one():\n5\t    return 1\n</file>'
    )


def test_of_a_large_file_the_symbol_around_a_place_its_imports_and_an_outline() -> None:
    lines, symbols = big()
    place = symbols[31].line + 3
    text = excerpt("a.py", lines, symbols, (Span(place, place),), 8_000) or ""
    head = text.partition("\n")[0]
    # With the decorator above, at least fifteen lines before and after the place, and the import on 3 lines.
    assert head == f'<file path="a.py" lines="{len(lines)}" shown="1-4, {place - 15}-{place + 15}">'
    assert f"{place}\t{lines[place - 1]}" in text
    assert "6-906 Table; 8-20 .f0; 23-35 .f1; " in text
    assert len(text) < 8_000


def test_a_symbol_that_is_too_long_gives_a_window_and_its_first_line() -> None:
    lines, symbols = big(functions=2, body=500)
    text = excerpt("a.py", lines, symbols, (Span(300, 301),), 20_000) or ""
    assert text.partition("\n")[0].endswith('shown="1-4, 8-8, 285-316">')


def test_a_place_above_a_symbol_belongs_to_it() -> None:
    lines, symbols = big()
    lines[21] = "    # TODO: above"
    text = excerpt("a.py", lines, symbols, (Span(21, 21),), 4_000) or ""
    assert "23\t    def f1(self):" in text
    assert "35\t        do(number_1, 11)" in text


def test_what_does_not_fit_is_left_out_in_the_order_of_its_worth() -> None:
    lines, symbols = big()
    places = [Span(symbols[n].line, symbols[n].line) for n in (10, 20, 30, 40, 50)]
    for limit in (1_500, 3_000, 5_000):
        text = excerpt("a.py", lines, symbols, places, limit) or ""
        assert len(text) <= limit
        shown = [n for n in (10, 20, 30, 40, 50) if f"\t    def f{n - 1}(self):" in text]
        assert shown == [10, 20, 30, 40, 50][: len(shown)]
        assert len(shown) >= limit // 2_000
    assert excerpt("a.txt", ["x" * 200] * 100, (), (), 1_500) is None


def test_many_names_are_cut_at_a_whole_one() -> None:
    lines, symbols = big(functions=400)
    text = excerpt("a.py", lines, symbols, (), 1_200) or ""
    assert "Outline: 6-6006 Table" in text
    flat = tuple(Symbol(name=f"f{n}", line=n, end_line=n) for n in range(1, 400))
    outline = (excerpt("a.py", ["x" * 40] * 400, flat, (), 1_200) or "").partition("Outline: ")[2]
    assert outline.endswith("; and more\n</file>")
    assert all(len(one.split()) == 2 for one in outline.removesuffix("\n</file>").split("; "))


def test_the_innermost_symbol_encloses() -> None:
    _, symbols = big(functions=2)
    assert enclosing(symbols, symbols[1].line) == symbols[1]
    assert enclosing(symbols, 6) == symbols[0]
    assert enclosing(symbols, 1) is None
    assert WHOLE > 1_000
