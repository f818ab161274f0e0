"""Which turn wrote a line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from contextune.core.runs.line_origin import LONGEST, Origin, Version, origin_of

BEFORE = ["def area(w, h):", "    return w * h"]
FIRST = ["import math", *BEFORE]
SECOND = ["import math", "def area(w, h):", "    if w < 0:", "        raise ValueError", "    return w * h"]
VERSIONS = [Version(1, 2, FIRST), Version(2, 1, SECOND)]


def test_each_line_has_its_turn() -> None:
    shown = ["# licence", *SECOND]
    assert [origin_of(line, shown, BEFORE, VERSIONS) for line in range(1, 7)] == [
        Origin("after"),
        Origin("agent", 1, 2),
        Origin("before"),
        Origin("agent", 2, 1),
        Origin("agent", 2, 1),
        Origin("before"),
    ]


def test_a_line_that_went_and_came_back_is_of_the_turn_that_brought_it_back() -> None:
    versions = [Version(1, 1, ["b"]), Version(1, 2, ["a", "b"])]
    assert origin_of(1, ["a", "b"], ["a", "b"], versions) == Origin("agent", 1, 2)


def test_what_cannot_be_told_is_not_guessed() -> None:
    assert origin_of(0, SECOND, BEFORE, VERSIONS) == Origin("unknown")
    assert origin_of(9, SECOND, BEFORE, VERSIONS) == Origin("unknown")
    assert origin_of(1, SECOND, BEFORE, []) == Origin("unknown")
    assert origin_of(1, ["x"] * (LONGEST + 1), [], [Version(1, 1, ["x"])]) == Origin("unknown")


texts = st.lists(st.sampled_from("abcd"), max_size=6)


@given(before=texts, versions=st.lists(texts, min_size=1, max_size=4))
def test_a_line_of_an_agent_stands_in_the_version_of_its_turn(
    before: list[str], versions: list[list[str]]
) -> None:
    kept = [Version(1, turn, lines) for turn, lines in enumerate(versions, 1)]
    shown = versions[-1]
    for line, text in enumerate(shown, 1):
        found = origin_of(line, shown, before, kept)
        if found.source == "agent":
            assert text in versions[(found.turn or 1) - 1]
        else:
            assert found.source == "before"
            assert text in before
