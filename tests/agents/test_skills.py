"""The skills that come with the daemon."""

from __future__ import annotations

import shlex

import pytest

from contextune.agents.skills import builtin_skills, orchestrator_guidance, parse_skill, skill
from contextune.cli.arguments import parser
from contextune.core.errors import UsageProblem
from contextune.offline.tokens import count_text


def test_there_are_four() -> None:
    assert set(builtin_skills()) == {
        "parallel-development-expert",
        "intent-recognition",
        "git-worktree-master",
        "performance-optimizer",
    }


@pytest.mark.parametrize("name", sorted(builtin_skills()))
def test_what_a_skill_leads_to_is_a_command(name: str) -> None:
    for command in skill(name).commands:
        program, *arguments = shlex.split(command)
        assert program == "contextune"
        assert parser().parse_args(arguments).command == arguments[0]


def test_an_unknown_skill_names_those_there_are() -> None:
    with pytest.raises(UsageProblem, match="intent-recognition"):
        skill("nothing")


def test_an_unknown_key_is_told() -> None:
    with pytest.raises(UsageProblem, match=r"own\.md"):
        parse_skill("own.md", "---\nname: a\ndescription: b\ncommands: []\ntools: x\n---\ntext")


MOST_TOKENS = 60
"""Of the guidance in each of the orchestrator's requests, the dearest of a Run."""


def test_what_guides_the_orchestrator_is_short_and_not_shown_to_people() -> None:
    told = orchestrator_guidance()
    assert "One Task: Todos of the same function." in told
    assert count_text(told) <= MOST_TOKENS
    expert = skill("parallel-development-expert")
    assert told == expert.for_orchestrator
    assert told not in " ".join(expert.text.split())
