"""Roles are files: what they hold, and what is said of a wrong one."""

from __future__ import annotations

import pytest

from contextune.agents.roles import builtin_roles, parse_role, role
from contextune.core.errors import UsageProblem
from contextune.core.model.conversation import Rung
from contextune.core.settings import HAIKU

GOOD = """\
---
name: helper
description: Helps.
tier: haiku
effort: low
tools: [read, finish]
---
You help.
---
A line of dashes is no end.
"""


def test_a_role_is_read_whole() -> None:
    read = parse_role("helper.md", GOOD)
    assert (read.name, read.description, read.rung) == ("helper", "Helps.", Rung(model=HAIKU, effort="low"))
    assert (read.tools, read.max_tokens) == (("read", "finish"), 8192)
    assert read.prompt == "You help.\n---\nA line of dashes is no end.\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("You help.\n", "expected front matter between two lines of `---`"),
        ("---\nname: helper\n", "expected front matter between two lines of `---`"),
        ("words first\n" + GOOD, "expected front matter between two lines of `---`"),
        (GOOD.replace("tier: haiku\n", ""), "`tier`"),
        (GOOD.replace("tier: haiku", "tier: gpt"), r"'gpt'.*`\$\.tier`"),
        (GOOD.replace("effort: low", "effort: none"), r"`\$\.effort`"),
        (GOOD.replace("[read, finish]", "[read, fly]"), r"'fly'.*`\$\.tools\[1\]`"),
        (GOOD.replace("[read, finish]", "read"), r"`\$\.tools`"),
        (GOOD.replace("description", "descripton"), "`descripton`"),
        (GOOD.replace("effort: low", "effort: low\nmax_tokens: many"), r"`\$\.max_tokens`"),
        (GOOD.replace("tools: [read", "tools: {[read"), "front matter: "),
    ],
)
def test_a_wrong_file_is_named_with_its_key(text: str, said: str) -> None:
    with pytest.raises(UsageProblem, match=rf"(?s)^roles/helper\.md: .*{said}"):
        parse_role("roles/helper.md", text)


def test_the_products_own_roles_are_there() -> None:
    assert {"orchestrator", "parallel-task-executor", "conflict-resolver"} <= set(builtin_roles())
    for name, one in builtin_roles().items():
        assert one.name == name
        assert one.description.endswith(".")
        assert len(one.prompt.split()) > 30
    with pytest.raises(UsageProblem, match="No role is called 'nobody'"):
        role("nobody")


def test_agents_that_work_can_finish_and_ask() -> None:
    for name in ("parallel-task-executor", "conflict-resolver"):
        assert {"finish", "ask"} <= set(role(name).tools)
    assert role("orchestrator").tools == ()
