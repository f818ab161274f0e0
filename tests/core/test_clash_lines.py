"""Where two changes of a file clash, in the lines of the base and of what came of it."""

from __future__ import annotations

import pytest

from contextune.core.overlap.clash_lines import clashing_lines, moved_lines
from contextune.core.overlap.live_snapshots import Clash, Snapshot, Touched, may_clash
from contextune.core.overlap.radar import LineRange

BASE = [f"line {number}" for number in range(1, 21)]


def text(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def changed(**lines: str) -> list[str]:
    """The base with lines replaced: `l3="x"`; several lines where a value holds line breaks."""
    return [part for n, line in enumerate(BASE, 1) for part in lines.get(f"l{n}", line).split("\n")]


def ranges(*pairs: tuple[int, int]) -> tuple[LineRange, ...]:
    return tuple(LineRange(first=first, last=last) for first, last in pairs)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (changed(l3="a"), changed(l3="b"), ranges((3, 3))),
        (changed(l3="a", l4="a"), changed(l4="b", l5="b"), ranges((3, 5))),
        (changed(l3="a"), changed(l4="b"), ranges((3, 4))),
        (changed(l3="a", l15="a"), changed(l3="b", l15="b"), ranges((3, 3), (15, 15))),
        (changed(l3="same", l9="a"), changed(l3="same", l9="b"), ranges((9, 9))),
        ([*BASE, "a"], [*BASE, "b"], ranges((20, 20))),
        (["a", *BASE], ["b", *BASE], ranges((1, 1))),
        (BASE[:4] + BASE[8:], changed(l6="b"), ranges((5, 8))),
    ],
)
def test_lines_that_both_change(first: list[str], second: list[str], expected: tuple[LineRange, ...]) -> None:
    assert clashing_lines(Clash("a.py", text(BASE), text(first), text(second))) == expected


def test_what_cannot_be_told_by_lines_is_the_whole_file() -> None:
    assert clashing_lines(Clash("a.py", text(BASE), None, text(BASE[1:]))) == ranges((1, 20))
    assert clashing_lines(Clash("a.bin", b"\0\n\n", b"\0a", b"\0b")) == ranges((1, 2))
    assert clashing_lines(Clash("a.py", None, b"a\n", b"b\n")) == ()


def test_lines_are_found_again_after_an_edit() -> None:
    before = text(BASE).decode()
    after = text(changed(l1="new\nline 1", l7="a\nb\nc")).decode()
    assert moved_lines(ranges((3, 4), (7, 7), (9, 20)), before, after) == ranges((4, 5), (8, 10), (12, 23))
    assert moved_lines(ranges((3, 20)), before, "") == ranges((1, 1))
    assert moved_lines(ranges((3, 4)), before, before) == ranges((3, 4))


def snapshot(*changes: tuple[str, bool, bool]) -> Snapshot:
    touched = tuple(
        Touched(path, "b" if before else None, "a" if after else None) for path, before, after in changes
    )
    return Snapshot("t", "s", touched)


def test_which_snapshots_can_clash_at_all() -> None:
    edit = snapshot(("a.py", True, True))
    assert may_clash(edit, edit)
    assert not may_clash(edit, snapshot(("b.py", True, True), ("c.py", False, True)))
    assert may_clash(snapshot(("a", False, True)), snapshot(("a/b.py", False, True)))
    assert may_clash(snapshot(("a/b.py", False, True)), snapshot(("a", False, True)))
    moved = snapshot(("old/a.py", True, False), ("new/a.py", False, True))
    assert may_clash(moved, snapshot(("old/b.py", False, True)))
    assert not may_clash(moved, snapshot(("old/b.py", True, True)))
