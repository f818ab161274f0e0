"""Each tool has its own permission, the user's alone to widen; a refusal says which setting it is."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from contextune.core.permission import OtherAgents
from contextune.delegation.tools import TOOLS
from tests.cli.conftest import Server
from tests.cli.place import Machine
from tests.mcp.client import Says, begun, connected, let_go, settle

NAMES = tuple(tool.name for tool in TOOLS)
ASKED = tuple(tool.name for tool in TOOLS if tool.asks is not None)
GIVEN: dict[str, dict[str, Any]] = {
    "quote": {"all": True},
    "run": {"quoteId": "r_00000000", "limit": "1"},
    "tell": {"runId": "r_00000000", "taskId": "a", "text": "b"},
    "answer": {"runId": "r_00000000", "taskId": "a", "text": "b"},
    "cancel": {"runId": "r_00000000"},
    "review": {"runId": "r_00000000"},
    "accept": {"runId": "r_00000000"},
}


def test_what_spends_or_changes_asks_by_default() -> None:
    standard = OtherAgents()
    assert {name for name in NAMES if getattr(standard, name) == "ask"} == set(ASKED)
    assert {getattr(standard, name) for name in NAMES} == {"allow", "ask"}


async def test_each_tool_is_denied_by_its_own_setting(machine: Machine) -> None:
    settle(machine, **dict.fromkeys(NAMES, "deny"))
    async with connected(machine, machine.small()) as other:
        assert (await other.client.list_tools()).tools == []
        for name in NAMES:
            why = await other.refused(name, **GIVEN.get(name, {}))
            assert f"does not let other agents call `{name}`" in why
            assert f'`{name} = "allow"`' in why
            assert "[other_agents]" in why
    assert other.asked == []


async def test_a_setting_counts_from_the_next_call_on(machine: Machine) -> None:
    async with connected(machine, machine.small()) as other:
        assert (await other.done("todos"))["total"] == 2
        settle(machine, todos="deny")
        assert "`todos`" in await other.refused("todos")
        assert "todos" not in [tool.name for tool in (await other.client.list_tools()).tools]
        settle(machine, todos="ask")
        assert (await other.done("todos"))["total"] == 2
        (machine.home / "settings.toml").write_text('[other_agents]\nruns = "allow"\n')
        assert "Object contains unknown field `runs`" in await other.refused("todos")
    assert other.asked == ["List Todos?"]


@pytest.mark.parametrize("says", [None, "decline", "cancel"])
async def test_nothing_is_done_without_consent(machine: Machine, server: Server, says: Says | None) -> None:
    settle(machine, quote="allow", run="allow")
    root = machine.small()
    before = machine.state(root)
    sent = server.log.read_text() if server.log.exists() else ""
    async with connected(machine, root, says=says, env=server.keyed) as other:
        run_id = await begun(other, machine, root)
        settle(machine)
        task = "take-your-time"
        asked: dict[str, dict[str, Any]] = {
            "quote": {"todoIds": [machine.todo(root, "ask first")]},
            "tell": {"runId": run_id, "taskId": task, "text": "stop"},
            "answer": {"runId": run_id, "taskId": task, "text": "stop"},
            "cancel": {"runId": run_id, "taskId": task},
        }
        for name, given in asked.items():
            why = await other.refused(name, **given)
            expected = f"declined `{name}`" if says == "decline" else f"`{name}` needs the user's consent"
            assert expected in why
            # Without a word from the user, the other agent is told which line would let it go on.
            assert (f'`{name} = "allow"` below [other_agents]' in why) == (says != "decline")
        assert len(other.asked) == (0 if says is None else len(asked))
        status = (await other.done("status", runId=run_id))["run"]
        assert status["state"] == "running"
        assert len((await other.done("status"))["runs"]) == 1
        await let_go(other, machine, run_id)
        await other.done("status", runId=run_id, waitSeconds=60)
        assert "accept" in await other.refused("accept", runId=run_id)
        cost = await other.done("cost")
    log = server.log.read_text()[len(sent) :]
    assert "stop" not in log.replace("stop_", "")
    assert Decimal(cost["dollars"]) > 0
    assert machine.state(root) == before


async def test_a_repositorys_own_file_widens_nothing_until_it_is_trusted(machine: Machine) -> None:
    root = machine.small()
    (root / ".contextune.toml").write_text(
        '[other_agents]\ntodos = "deny"\nquote = "allow"\ncancel = "allow"\n'
    )
    async with connected(machine, root, says=None) as other:
        assert (await other.done("todos"))["total"] == 2
        assert "needs the user's consent" in await other.refused("quote", all=True)
        assert machine.do("trust", root).status == 0
        assert "does not let other agents" in await other.refused("todos")
        assert "is no run" in await other.refused("cancel", runId="r_00000000")


async def test_a_run_needs_its_quote_and_keeps_its_limit(machine: Machine, server: Server) -> None:
    settle(machine, quote="allow", run="allow", cancel="allow")
    (machine.home / "settings.toml").write_text(
        'budget = "0.40"\n' + (machine.home / "settings.toml").read_text()
    )
    root = machine.small()
    wish = {"todoIds": [machine.todo(root, "take your time")]}
    async with connected(machine, root, says=None, env=server.keyed) as other:
        assert "There is no quote r_00000000" in await other.refused("run", **GIVEN["run"])
        quote = await other.done("quote", **wish)
        quote_id = quote["quoteId"]
        assert quote["budget"] == "0.40"
        for limit in ("0", "0.000001", "-1", "NaN", "Infinity", "1e-9"):
            assert "limit: " in await other.refused("run", quoteId=quote_id, limit=limit)
        run = await other.done("run", quoteId=quote_id, limit="1000")
        assert run["budget"] == "0.40"
        assert "was started already" in await other.refused("run", quoteId=quote_id, limit="1")
        cancelled = await other.done("cancel", runId=run["runId"])
        assert (cancelled["state"], cancelled["isDone"]) == ("cancelled", True)
        less = await other.done("quote", **wish)
        assert (await other.done("run", quoteId=less["quoteId"], limit=0.2))["budget"] == "0.2"
    async with connected(machine, root, says=None, env=server.keyed) as another:
        assert "not made in this session" in await another.refused("run", quoteId=quote_id, limit="1")


async def test_a_budget_of_another_scope_holds_too(machine: Machine, server: Server) -> None:
    settle(machine, quote="allow", run="allow")
    (machine.home / "settings.toml").write_text(
        'day_budget = "0.0001"\n' + (machine.home / "settings.toml").read_text()
    )
    root = machine.small()
    async with connected(machine, root, says=None, env=server.keyed) as other:
        quote = await other.done("quote", todoIds=[machine.todo(root, "take your time")])
        run = await other.done("run", quoteId=quote["quoteId"], limit="1", waitSeconds=30)
        assert run["state"] == "parked"
        assert "A budget is reached" in run["next"]
        assert run["spent"] == "0"


async def test_one_repository_is_served(machine: Machine, server: Server, parcel: Path) -> None:
    settle(machine, **dict.fromkeys(ASKED, "allow"))
    root = machine.small()
    async with connected(machine, root, env=server.keyed) as other:
        run_id = await begun(other, machine, root)
        async with connected(machine, parcel, says=None) as elsewhere:
            assert (await elsewhere.done("status"))["runs"] == []
            assert (await elsewhere.done("cost"))["runs"] == []
            for name in ("status", "review", "cancel", "accept"):
                why = await elsewhere.refused(name, runId=run_id)
                assert f"Run {run_id} belongs to another repository" in why
            for name in ("tell", "answer"):
                why = await elsewhere.refused(name, runId=run_id, taskId="take-your-time", text="x")
                assert "belongs to another repository" in why
