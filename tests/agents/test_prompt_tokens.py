"""Prompts are short, say what they cost, and are written for models that think by themselves."""

from __future__ import annotations

import re

import pytest

from contextune.agents.roles import Role, builtin_roles
from tests.agents.prompt_tokens import MEND, Tokens, changes, now, recorded

MOST = 900
"""Tokens of one role's prompt with its tools and the shape of its answer."""
WASTE = re.compile(
    r"\b(be (very )?(thorough|careful)|step[- ]by[- ]step|think (hard|carefully|deeply)|scratch ?pad|"
    r"take a deep breath|you (must|should) always|important:|critical:)",
    re.IGNORECASE,
)
"""What earlier models were told, and these do by themselves or do worse for it."""

every_role = pytest.mark.parametrize("who", builtin_roles().values(), ids=lambda who: str(who.name))


def test_a_change_of_their_tokens_is_told() -> None:
    told = changes(recorded(), now())
    assert not told, f"Prompts changed; if they shall: {MEND}\n" + "\n".join(told)


def test_a_change_is_a_line_for_each_figure() -> None:
    before = {"a": Tokens(prompt=240, tools=10, answer=0), "b": Tokens(prompt=1, tools=0, answer=0)}
    after = {"a": Tokens(prompt=251, tools=10, answer=0), "c": Tokens(prompt=0, tools=0, answer=7)}
    assert changes(before, after) == [
        "a: prompt 240 -> 251 (+11)",
        "b: prompt 1 -> 0 (-1)",
        "c: answer 0 -> 7 (+7)",
    ]


@every_role
def test_it_is_short(who: Role) -> None:
    found = now()[who.name]
    assert found.prompt + found.tools + found.answer <= MOST


@every_role
def test_it_says_nothing_that_these_models_do_by_themselves(who: Role) -> None:
    assert WASTE.findall(who.prompt) == []


@every_role
def test_it_says_that_what_it_reads_is_data(who: Role) -> None:
    assert re.search(r"\bdata\b", who.prompt.split("\n\n")[-1])
