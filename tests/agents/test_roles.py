"""Roles are files: what they hold, and what is said of a wrong one."""

from __future__ import annotations

import msgspec
import pytest

from contextune.agents.dependency_analyzer import Judgement
from contextune.agents.orchestrator import PlannedTasks
from contextune.agents.roles import builtin_roles, own_roles, parse_role, role
from contextune.agents.tool_inputs import ToolInput, specification
from contextune.agents.worktree_manager import Opinions
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
    assert read.works


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("You help.\n", 1, "expected front matter between two lines of `---`"),
        ("---\nname: helper\n", 1, "expected front matter between two lines of `---`"),
        ("words first\n" + GOOD, 1, "expected front matter between two lines of `---`"),
        (GOOD.replace("name: helper\n", ""), 2, "name: the key is missing"),
        (GOOD.replace("name: helper", "name: The Helper"), 2, "name: 'The Helper'; expected"),
        (GOOD.replace("Helps.", ""), 3, "description: expected a sentence"),
        (GOOD.replace("Helps.", "Helps: much."), 3, "mapping values .* in quotes"),
        (GOOD.replace("tier: haiku", "tier: gpt"), 4, "tier: 'gpt'; expected one of haiku, sonnet, opus"),
        (GOOD.replace("tier: haiku", "model: gpt-9"), 4, "model: 'gpt-9'; expected one of .*inherit, claude"),
        (GOOD.replace("tier: haiku", "tier: haiku\nmodel: haiku"), 5, "model: says the same as tier"),
        (GOOD.replace("effort: low", "effort: none"), 5, "effort: 'none'; expected one of low, medium"),
        (GOOD.replace("[read, finish]", "[read, fly]"), 6, "no tool 'fly'; expected some of bash, read"),
        (GOOD.replace("[read, finish]", "\n- read\n- WebFetch"), 8, "no tool 'WebFetch'"),
        (GOOD.replace("[read, finish]", "Read, Bash(git:*)"), 6, r"no tool 'Bash\(git:\*\)'"),
        (GOOD.replace("[read, finish]", "{read: true}"), 6, "tools: expected a list"),
        (GOOD.replace("description", "descripton"), 3, "unknown key 'descripton'; expected one of name"),
        (GOOD.replace("effort: low", "hooks: low"), 5, "unknown key 'hooks'"),
        (GOOD.replace("effort: low", "name: other"), 5, "name: the key stands there twice"),
        (GOOD.replace("effort: low", "max_tokens: many"), 5, "max_tokens: expected a whole number"),
        (GOOD.replace("effort: low", "maxTurns: 0"), 5, "maxTurns: expected a whole number from 1"),
        (GOOD.replace("effort: low", "output: [1]"), 5, "output: expected a JSON Schema"),
        (GOOD.replace("effort: low", "effort: &a low\nmodel: *a"), 6, "expected no aliases"),
        (GOOD.replace("effort: low", "effort: " + "[" * 5_000), 5, "expected at most 24 levels"),
        (GOOD.replace("tools: [read", "tools: {[read"), 6, "front matter: "),
        (GOOD.partition("You help")[0], 8, "expected the prompt"),
        (GOOD + "x" * 40_000, 8, "more than 32,000 characters"),
    ],
)
def test_a_wrong_file_is_named_with_its_line_and_what_is_expected(text: str, line: int, said: str) -> None:
    with pytest.raises(UsageProblem, match=rf"(?s)^roles/helper\.md:{line}: .*{said}"):
        parse_role("roles/helper.md", text)


def test_the_products_own_roles_are_there() -> None:
    assert {
        *("parallel-task-executor", "worktree-manager", "issue-orchestrator", "test-runner"),
        *("performance-analyzer", "dependency-analyzer", "merge-coordinator", "conflict-resolver"),
        "orchestrator",
    } <= set(builtin_roles())
    for name, one in builtin_roles().items():
        assert one.name == name
        assert one.description.endswith(".")
        assert len(one.prompt.split()) > 30
        assert one.works or one.output is not None
    with pytest.raises(UsageProblem, match="No role is called 'nobody'"):
        role("nobody")


def test_judgement_is_for_sonnet_and_words_are_for_haiku() -> None:
    tiers = {name: one.tier for name, one in builtin_roles().items()}
    sonnet = {name for name, tier in tiers.items() if tier == "sonnet"}
    assert sonnet == {"orchestrator", "conflict-resolver", "merge-coordinator"}
    assert "opus" not in tiers.values()


def test_agents_that_work_can_finish_and_ask() -> None:
    for name in ("parallel-task-executor", "conflict-resolver"):
        assert {"finish", "ask"} <= set(role(name).tools)
        assert own_roles().worker(name) == role(name)
    assert role("orchestrator").tools == ()
    with pytest.raises(UsageProblem, match="'orchestrator' answers in one piece and does no Tasks"):
        own_roles().worker("orchestrator")


@pytest.mark.parametrize(
    ("name", "kind"),
    [("worktree-manager", Opinions), ("dependency-analyzer", Judgement), ("orchestrator", PlannedTasks)],
)
def test_the_schema_in_a_file_is_the_one_that_code_reads(name: str, kind: type[ToolInput]) -> None:
    assert role(name).output == _listed(specification(kind).schema)


def _listed(value: object) -> object:
    """The same without tuples, as JSON has it."""
    return msgspec.json.decode(msgspec.json.encode(value))
