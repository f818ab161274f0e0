"""Words of others inside Markdown of ours."""

from __future__ import annotations

import pytest

from contextune.protocol.markdown import fenced, literal, row, sentence


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


@pytest.mark.parametrize(
    ("code", "fence"),
    [("x = 1", "```"), ("a ``` b", "````"), ("```\n[x](command:evil)\n`````", "``````"), ("``", "```")],
)
def test_nothing_in_it_ends_a_block_of_code(code: str, fence: str) -> None:
    assert fenced(code, "python") == f"{fence}python\n{code}\n{fence}"
    assert fenced(code, "") == f"{fence}\n{code}\n{fence}"


def test_the_language_of_a_block_is_an_id() -> None:
    assert fenced("x", "c++") == "```c++\nx\n```"
    assert fenced("x", "a\n[x](command:evil) `") == "```axcommandevil\nx\n```"
