"""The hunks of a change, and files without some of them."""

from __future__ import annotations

import random

import pytest

from contextune.core.runs.hunks import APART, hunks, moved, stands, without

BEFORE = b"a\nb\nc\nd\ne\nf\ng\nh\n"
AFTER = b"A\nb\nc\nd\ne\nf\ng\nH\ni\n"


def test_a_change_is_told_by_hunks() -> None:
    first, last = hunks("x.py", BEFORE, AFTER)
    assert (first.before, first.old, first.after, first.new) == (0, (b"a\n",), 0, (b"A\n",))
    assert (last.before, last.old, last.after, last.new) == (7, (b"h\n",), 7, (b"H\n", b"i\n"))
    assert last.excerpt == "-h\n+H\n+i"


def test_a_hunk_keeps_its_name_while_others_come_and_go() -> None:
    first, last = hunks("x.py", BEFORE, AFTER)
    (alone,) = hunks("x.py", BEFORE, without("x.py", BEFORE, AFTER, {first.id}))
    assert alone.id == last.id
    assert hunks("y.py", BEFORE, AFTER)[0].id != first.id


def test_equal_hunks_have_names_of_their_own() -> None:
    before = b"x\n" + b"-\n" * APART + b"x\n"
    first, last = hunks("x", before, before.replace(b"x", b"y"))
    assert (first.old, first.new) == (last.old, last.new)
    assert first.id != last.id
    assert without("x", before, before.replace(b"x", b"y"), {last.id}) == before.replace(b"x", b"y", 1)


def test_what_stands_close_belongs_together() -> None:
    near = b"x\n" + b"-\n" * (APART - 1) + b"x\n"
    assert len(hunks("x", near, near.replace(b"x", b"y"))) == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, b"new\n"),
        (b"old\n", None),
        (b"no end", b"no end\n"),
        (b"a\r\nb\r\n", b"a\nb\n"),
        (b"a\rb\r", b"a\rc\r"),
        (b"\0one", b"\0two"),
        (b"\xff\n", b"\xfe\n"),
        (None, b""),
    ],
)
def test_all_of_them_rejected_is_the_file_as_it_was(before: bytes | None, after: bytes | None) -> None:
    every = hunks("x", before, after)
    names = {one.id for one in every}
    assert without("x", before, after, set()) == after
    assert without("x", before, after, names) == (before if names else after)
    assert len(every) <= 1


def test_any_part_of_a_generated_change_can_be_rejected() -> None:
    chance = random.Random(7)
    for _ in range(300):
        lines = [b"%d\n" % chance.randrange(9) for _ in range(chance.randrange(40))]
        new = list(lines)
        for _ in range(chance.randrange(5)):
            place = chance.randrange(len(new) + 1)
            new[place : place + chance.randrange(3)] = [b"new %d\n" % chance.randrange(3)] * chance.randrange(
                3
            )
        before, after = b"".join(lines), b"".join(new)
        every = hunks("x", before, after)
        rejected = {one.id for one in every if chance.random() < 0.5}
        result = without("x", before, after, rejected)
        left = moved(every, rejected)
        assert all(stands(one, result) for one in left)
        # Undoing what is left as well gives the file as it was.
        rows = (result or b"").splitlines(keepends=True)
        for one in reversed(left):
            rows[one.after : one.after + len(one.new)] = one.old
        assert b"".join(rows) == before
