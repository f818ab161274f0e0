"""Agents of one's own in a Run, agents that are asked by hand, and what each of them came to."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from contextune.core.errors import BudgetReached, UsageProblem
from contextune.core.model.requests import RequestReserved
from contextune.core.settings import SONNET
from contextune.core.spending.agents import agent_rows
from tests.engine.conftest import MakeDesk
from tests.engine.world import AREA, Desk, edit, finish, plays, task, turn

MINE = """\
---
name: guard
description: Guards inputs.
model: sonnet
tools: Read, Edit
---
You are the guard of inputs. Refuse what makes no sense.
"""
GUARDED = edit("calc/area.py", f"    # TODO: {AREA}\n", "    assert w >= 0 and h >= 0\n")


def place(folder: Path, name: str, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.md").write_text(text)


def mine(desk: Desk, text: str = MINE, name: str = "guard") -> None:
    place(desk.home / "agents", name, text)


async def test_an_agent_of_the_user_does_a_task_on_its_own_tier_with_its_own_tools(desk: MakeDesk) -> None:
    made = await desk(plays("guard the sizes", turn(GUARDED, finish()), system="You are the guard of inputs"))
    mine(made)
    quote = await made.quote(task("guard the sizes", "calc/area.py", role="guard"))
    (priced,) = quote.tasks
    assert (priced.rung.model, priced.reason) == (SONNET, "The role guard begins there.")
    run = await made.wait((await made.app.start(quote.id)).id)
    (done,) = run.tasks
    assert done.state == "accepted", done.reason
    (attempt,) = done.attempts
    assert (attempt.role, attempt.rung.model) == ("guard", SONNET)
    assert len(made.server.log) == 1
    row = agent_rows(await made.app.costs(None))["guard"]
    assert (row.calls, row.judged, row.good, row.success) == (1, 1, 1, Decimal(1))
    assert row.dollars > 0


async def test_a_users_agent_stands_in_for_the_executor(desk: MakeDesk) -> None:
    made = await desk(plays("guard it", turn(GUARDED, finish()), system="You are my own executor"))
    text = MINE.replace("name: guard", "name: parallel-task-executor").replace("model: sonnet\n", "")
    mine(made, text.replace("the guard of inputs", "my own executor"), "parallel-task-executor")
    run = await made.finish(task("guard it", "calc/area.py"))
    assert run.tasks[0].state == "accepted"


async def test_a_stand_in_that_cannot_be_used_is_told_on_the_quote(desk: MakeDesk) -> None:
    made = await desk()
    mine(
        made, MINE.replace("Edit", "Fly").replace("guard", "parallel-task-executor"), "parallel-task-executor"
    )
    mine(made, MINE.replace("Edit", "Fly"), "guard")
    quote = await made.quote(task("guard it", "calc/area.py"))
    (told,) = [said for said in quote.warnings if "role" in said]
    assert "parallel-task-executor.md:5: tools: there is no tool 'Fly'" in told


@pytest.mark.parametrize("trusted", [False, True])
async def test_agents_of_a_repository_join_only_where_it_is_trusted(desk: MakeDesk, trusted: bool) -> None:
    made = await desk()
    root = made.place.root
    cheap = MINE.replace("sonnet", "haiku")
    place(root / ".claude/agents", "guard", cheap)
    place(root / ".contextune/agents", "other", cheap.replace("guard", "other"))
    if trusted:
        made.app.trust(root, True)
    found = await made.app.agents.roles(root)
    assert {"guard", "other"} & set(found.by_name) == ({"guard", "other"} if trusted else set())
    if not trusted:
        with pytest.raises(UsageProblem, match="No role is called 'guard'"):
            await made.quote(task("guard it", role="guard"))


async def test_a_repositorys_folder_of_agents_leads_nowhere_else(desk: MakeDesk, tmp_path: Path) -> None:
    made = await desk()
    root = made.place.root
    made.app.trust(root, True)
    place(tmp_path / "secret", "guard", MINE.replace("sonnet", "haiku"))
    (root / ".claude").mkdir()
    (root / ".claude/agents").symlink_to(tmp_path / "secret")
    assert "guard" not in (await made.app.agents.roles(root)).by_name
    (root / ".claude/agents").unlink()
    (root / ".claude/agents").mkdir()
    (root / ".claude/agents/guard.md").symlink_to(tmp_path / "secret/guard.md")
    found = await made.app.agents.roles(root)
    assert "guard" not in found.by_name
    assert "can't be read" in found.problems[0]


async def test_a_task_is_not_for_one_that_answers_in_one_piece(desk: MakeDesk) -> None:
    made = await desk()
    with pytest.raises(UsageProblem, match="'test-runner' answers in one piece"):
        await made.quote(task("guard it", role="test-runner"))


ISSUE = {"title": "Sizes may be negative", "body": "In area.py.", "labels": ["bug"]}


async def test_one_is_asked_by_hand_within_a_budget_and_on_the_books(desk: MakeDesk) -> None:
    asked = {
        "name": "issue",
        "when": {"system": "You are the issue-orchestrator", "user": "sizes may be negative"},
        "turn": [{"text": json.dumps(ISSUE)}],
    }
    made = await desk(asked)
    root = made.place.root
    who = (await made.app.agents.roles(root)).get("issue-orchestrator")
    price = made.app.agents.price(who, "sizes may be negative")
    assert price is not None
    assert 0 < price < Decimal("0.02")
    with pytest.raises(BudgetReached):
        await made.app.agents.ask(root, who, "sizes may be negative", overrides={"budget": Decimal("0.0001")})
    assert await made.app.agents.ask(root, who, "sizes may be negative") == ISSUE
    row = agent_rows(await made.app.costs(None))["issue-orchestrator"]
    assert (row.calls, row.errors, row.good) == (1, 0, 1)
    assert row.dollars > 0
    entries = (await made.app.costs(None)).entries
    assert all(entry.stream.startswith("plan_a_") for entry in entries)
    assert made.told(RequestReserved) == []
