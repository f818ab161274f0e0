from __future__ import annotations

import pytest

from contextune.core.todos.todo import MARKERS
from contextune.core.todos.todo_text import TEXT_LIMIT, CommentLine, Marked, find_marked


def marked(source: str, sign: str = "#") -> list[Marked]:
    """What is found where every line that has the sign holds a comment from there on."""
    lines = []
    for number, line in enumerate(source.split("\n"), start=1):
        column = line.find(sign)
        if column >= 0:
            alone = not line[:column].strip()
            lines.append(
                CommentLine(
                    line=number, column=column + 1, raw=line[column:], block=False, starts=True, alone=alone
                )
            )
    return find_marked(lines, MARKERS)


def block(source: str) -> list[Marked]:
    """What is found in a block comment that starts at the top."""
    lines = [
        CommentLine(line=i, column=1, raw=raw, block=True, starts=i == 1, alone=True)
        for i, raw in enumerate(source.split("\n"), start=1)
    ]
    return find_marked(lines, MARKERS)


@pytest.mark.parametrize(
    ("comment", "marker", "text"),
    [
        ("# TODO: a b", "TODO", "a b"),
        ("#TODO a", "TODO", "a"),
        ("# TODO", "TODO", ""),
        ("# TODO:", "TODO", ""),
        ("# FIXME - a", "FIXME", "a"),
        ("# - HACK: a", "HACK", "a"),
        ("### XXX! a", "XXX", "a"),
        ("# @TODO a", "TODO", "a"),
        ("# TODO:a", "TODO", "a"),
        ("# so (TODO: a (b)?)", "TODO", "a (b)?"),
        ("# so, TODO: a", "TODO", "a"),
        ("# so TODO a", "TODO", "a"),
        ("# not yet TODO", "TODO", ""),
        ("# def f():  # TODO", "TODO", ""),
        ("# TODO (rooted?)", "TODO", "(rooted?)"),
        ("# TODO(two words): a", "TODO", "(two words): a"),
        ("# BUG: FIXME: a", "BUG", "FIXME: a"),
        ("# TODO .discard() and others", "TODO", ".discard() and others"),
    ],
)
def test_a_marker_and_its_words(comment: str, marker: str, text: str) -> None:
    (found,) = marked(comment)
    assert (found.marker, found.text) == (marker, text)
    assert comment[found.column - 1 :].startswith(marker)


@pytest.mark.parametrize(
    "comment",
    [
        "# todo: a",
        "# Todo: a",
        "# TODOS: a",
        "# MYTODO: a",
        "# TODO_LIST: a",
        "# see self.TODO for a",
        "# the 'TODO' marker",
        '# prints "TODO: a"',
        "# `TODO` and `FIXME`",
        "# TODO-list of TODO.md",
        "# NON-BUG: a",
        "# $TODO a",
        "# docs/TODO a",
        "# a TODO, and a FIXME. Or a BUG; or a HACK? XXX!",
    ],
)
def test_what_is_no_marker(comment: str) -> None:
    assert marked(comment) == []


@pytest.mark.parametrize(
    ("comment", "owner", "issue", "tags", "text"),
    [
        ("# TODO(ann): a", "ann", None, (), "a"),
        ("# TODO(@ann-b): a", "ann-b", None, (), "a"),
        ("# TODO(ann@example.org): a", "ann@example.org", None, (), "a"),
        ("# TODO(#12): a", None, 12, (), "a"),
        ("# TODO(12) a", None, 12, (), "a"),
        ("# TODO(ann, #12): a", "ann", 12, (), "a"),
        ("# TODO(org/repo#12): a", None, 12, (), "a"),
        ("# TODO(https://host/o/r/issues/12): a", None, 12, (), "a"),
        ("# TODO @ann: a", "ann", None, (), "a"),
        ("# TODO #12: a", None, 12, (), "a"),
        ("# TODO(): a", None, None, (), "(): a"),
        (
            "# TODO: a #perf [ui] #perf and x[index] [link](url) C# &#39; #12",
            None,
            None,
            ("perf", "ui"),
            None,
        ),
        ("# TODO[urgent]: a", None, None, ("urgent",), "[urgent]: a"),
        ("# TODO(" + "9" * 30 + "): a", None, None, (), "a"),
    ],
)
def test_owner_issue_and_tags(
    comment: str, owner: str | None, issue: int | None, tags: tuple[str, ...], text: str | None
) -> None:
    (found,) = marked(comment)
    assert (found.owner, found.issue, found.tags) == (owner, issue, tags)
    assert text is None or found.text == text


def test_a_text_goes_on_over_comment_lines_until_a_blank_one() -> None:
    (found,) = marked("# TODO: a\n#  b\n# c\n#\n# d")
    assert (found.text, found.line, found.end_line) == ("a\nb\nc", 1, 3)
    (found,) = marked("# TODO: a\n# -----\n# d")
    assert (found.text, found.end_line) == ("a", 1)


def test_neighbours_with_markers_of_their_own_stand_alone() -> None:
    found = marked("# TODO: a\n# TODO: b\n# - FIXME c\n# d, as the TODO above\n# e: HACK: f")
    assert [(one.marker, one.text, one.line, one.end_line) for one in found] == [
        ("TODO", "a", 1, 1),
        ("TODO", "b", 2, 2),
        ("FIXME", "c\nd, as the TODO above", 3, 4),
        ("HACK", "f", 5, 5),
    ]


def test_a_text_goes_on_only_at_the_same_column() -> None:
    assert [one.text for one in marked("# TODO: a\n  # b")] == ["a"]
    assert [one.text for one in marked("x = 1  # TODO: a\n       # b\n# c")] == ["a\nb"]
    assert [one.text for one in marked("# TODO: a\nx = 1  # b")] == ["a"]
    assert [one.text for one in marked("# TODO: a\n\n# b")] == ["a"]


def test_items_of_a_list_are_apart_and_those_below_are_not() -> None:
    assert [one.text for one in marked("# - TODO: a\n#   b\n# - c")] == ["a\nb"]
    assert [one.text for one in marked("# TODO:\n# - a\n# - b")] == ["- a\n- b"]
    assert [one.text for one in marked("# - TODO: a\n#   - b\n# - c")] == ["a\n- b"]


def test_blocks() -> None:
    (found,) = block("/**\n * TODO(ann): a\n *   b\n * @param x\n */")
    assert (found.text, found.line, found.column, found.end_line) == ("a\nb", 2, 4, 3)
    assert [one.text for one in block("/* TODO: a */")] == ["a"]
    assert [one.text for one in block("/* TODO: a\n   b\n\n   c */")] == ["a\nb"]
    assert [one.text for one in block("<!-- TODO: a -->")] == ["a"]
    assert [one.text for one in block("(* TODO a *)")] == ["a"]
    assert [one.text for one in block("/*TODO*/")] == [""]
    assert [one.text for one in block("{{!-- TODO: a --}}")] == ["a"]


def test_what_steers_a_screen_is_spelled_out() -> None:
    (found,) = marked("# TODO: a\x1b[31mred\u202etxt.exe\u200b\x00\tb\U000e0041 é 漢字 👍")
    assert found.text == r"a\x1b[31mred\u202etxt.exe\u200b\x00 b\U000e0041 é 漢字 👍"
    (found,) = marked("# TODO: a\ud800")
    assert found.text == r"a\ud800"


def test_long_texts_are_cut() -> None:
    (found,) = marked("# TODO: " + "x" * 5000)
    assert len(found.text) == TEXT_LIMIT
    assert found.text.endswith("x…")
    (found,) = marked("\n".join(["# TODO: a"] + ["# b c d"] * 2000))
    assert len(found.text) <= TEXT_LIMIT
    assert found.end_line == 2001
