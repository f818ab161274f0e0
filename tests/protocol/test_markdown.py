"""Words of others inside Markdown of ours."""

from __future__ import annotations

import pytest

from contextune.protocol.markdown import literal, row, sentence


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("“a” changes `f()`, which b uses.", "“a” changes `f()`, which b uses."),
        ("[x](command:evil) `g` **b**", "\\[x\\]\\(command:evil\\) `g` \\*\\*b\\*\\*"),
        ("an odd ` sign", "an odd \\` sign"),
        ("`` <b>", "\\`\\` \\<b\\>"),
    ],
)
def test_only_code_between_backticks_has_an_effect(text: str, shown: str) -> None:
    assert sentence(text) == shown


def test_a_row_is_one_line() -> None:
    assert row("a\n- b") == literal("a - b")
