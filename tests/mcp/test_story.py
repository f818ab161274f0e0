"""Another agent delegates, from the Todos to the branch: the official client at the real server."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from mcp import MCPError

from contextune.core.permission import OtherAgents
from contextune.delegation.tools import TOOLS
from tests.cli.conftest import Server
from tests.cli.place import SMALL, Machine
from tests.mcp.client import Era, begun, connected, let_go, said, settle


@pytest.mark.parametrize("era", ["auto", "legacy"])
async def test_every_tool_is_listed_with_typed_input_and_output(machine: Machine, era: Era) -> None:
    async with connected(machine, machine.small(), era=era) as other:
        listed = (await other.client.list_tools()).tools
    assert (
        [tool.name for tool in listed] == [tool.name for tool in TOOLS] == list(OtherAgents.__struct_fields__)
    )
    for tool in listed:
        assert tool.title
        assert tool.description
        assert tool.input_schema["type"] == "object"
        assert tool.input_schema["additionalProperties"] is False
        assert tool.output_schema is not None
        assert "notice" in tool.output_schema["required"]
        reads = tool.name in ("todos", "status", "review", "cost")
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint is reads


async def test_the_whole_story(machine: Machine, parcel: Path) -> None:
    before = machine.moves(parcel)
    async with connected(machine, parcel, "--offline") as other:
        todos = await other.done("todos")
        assert todos["total"] == len(todos["todos"]) == 6
        assert (await other.done("todos", path="parcel/zones.py"))["total"] == 1

        quote = await other.done("quote", todoIds=[todo["id"] for todo in todos["todos"]])
        assert Decimal(quote["low"]) <= Decimal(quote["likely"]) <= Decimal(quote["high"])
        assert Decimal(quote["spentOnPlanning"]) > 0
        assert len(quote["tasks"]) == 6
        assert (await other.done("status"))["runs"] == []

        run = await other.done("run", quoteId=quote["quoteId"], limit="1.25", waitSeconds=90)
        assert (run["state"], run["canAccept"], run["budget"]) == ("review", True, "1.25")
        assert 0 < Decimal(run["spent"]) < Decimal("1.25")
        assert {task["state"] for task in run["tasks"]} == {"accepted"}
        assert machine.moves(parcel) == before

        status = await other.done("status", runId=run["runId"])
        assert status["run"] == run | {"driver": status["run"]["driver"]}
        (line,) = (await other.done("status"))["runs"]
        assert (line["accepted"], line["tasks"]) == (6, 6)

        review = await other.call("review", runId=run["runId"], diff=True)
        content = review.structured_content
        assert content["verdict"] == "green"
        assert {task["verdict"] for task in content["tasks"]} <= {"green", "unproved"}
        assert "diff --git a/parcel/zones.py" in content["diff"]
        assert content["diff"] in said(review)
        task = content["tasks"][0]["id"]
        one = await other.done("review", runId=run["runId"], taskId=task, diff=True)
        assert [found["id"] for found in one["tasks"]] == [task]
        assert len(one["diff"]) < len(content["diff"])

        accepted = await other.done("accept", runId=run["runId"])
        assert (accepted["state"], accepted["branch"], accepted["madeBranch"]) == ("accepted", "main", False)
        assert accepted["commit"] == machine.git(parcel, "rev-parse", "HEAD")
        assert machine.moves(parcel) == before + 1
        assert (await other.done("todos"))["total"] == 0

        cost = await other.done("cost")
        assert Decimal(cost["dollars"]) == Decimal(run["spent"])
        assert cost["today"] == cost["dollars"]
        assert [one["key"] for one in cost["runs"]] == [run["runId"]]
        assert cost["requests"] > 6
        assert (await other.done("cost", since="2999-01-01"))["requests"] == 0
    assert [question.split()[0] for question in other.asked] == ["Make", "Start", "Bring"]
    assert "6 Todos" in other.asked[0]
    assert "$1.25 at most" in other.asked[1]
    assert "to the branch main?" in other.asked[2]
    numbers = [number for number, text in other.progress if "Tasks done" in text]
    assert len(numbers) > 3
    assert numbers == sorted(set(numbers))
    assert machine.do("undo", run["runId"]).status == 0


@pytest.mark.parametrize("era", ["auto", "legacy"])
async def test_an_agents_question_is_answered(machine: Machine, server: Server, era: Era) -> None:
    root = machine.small()
    async with connected(machine, root, era=era, env=server.keyed) as other:
        quote = await other.done("quote", todoIds=[machine.todo(root, "ask first")])
        run = await other.done("run", quoteId=quote["quoteId"], limit="1", waitSeconds=60)
        (task,) = run["tasks"]
        assert (run["state"], task["state"]) == ("running", "asking")
        assert task["question"] == "Which word\\x1b[31m do you want?"
        assert task["choices"] == ["plain", "fancy [bold]"]
        assert "`answer`" in run["next"]
        done = await other.done("answer", runId=run["runId"], taskId=task["id"], text="fancy [bold]")
        assert done["isDone"] is True
        status = await other.done("status", runId=run["runId"], waitSeconds=60)
        assert status["run"]["state"] == "review"
        assert "# fancy [bold]" in (await other.done("review", runId=run["runId"], diff=True))["diff"]
        late = await other.refused("answer", runId=run["runId"], taskId=task["id"], text="plain")
        assert "asks nothing" in late
    assert other.asked[2] == "Answer “ask first” to “Which word\\x1b[31m do you want?” with “fancy [bold]”?"


async def test_a_run_never_accepts_itself(machine: Machine, server: Server) -> None:
    settle(machine, quote="allow", run="allow")
    settings = machine.home / "settings.toml"
    settings.write_text('accept = "merge"\n' + settings.read_text())
    root = machine.small()
    before = machine.state(root)
    async with connected(machine, root, says=None, env=server.keyed) as other:
        run_id = await begun(other, machine, root)
        await let_go(other, machine, run_id)
        assert (await other.done("status", runId=run_id, waitSeconds=60))["run"]["state"] == "review"
        assert "needs the user's consent" in await other.refused("accept", runId=run_id)
    assert machine.state(root) == before


async def test_a_file_that_a_person_must_look_at_is_not_accepted(machine: Machine, server: Server) -> None:
    """And `accept` has no way to say that somebody has seen it."""
    settle(machine, quote="allow", run="allow", accept="allow")
    files = dict(SMALL) | {"app.py": SMALL["app.py"].replace("take your time", "run the tests in CI")}
    root = machine.repository("small", {**files})
    async with connected(machine, root, says=None, env=server.keyed) as other:
        quote = await other.done("quote", todoIds=[machine.todo(root, "run the tests")])
        run = await other.done("run", quoteId=quote["quoteId"], limit="1", waitSeconds=60)
        assert run["state"] == "review"
        (task,) = (await other.done("review", runId=run["runId"]))["tasks"]
        (flagged,) = [file for file in task["files"] if file["path"] == ".github/workflows/tests.yml"]
        assert "runs in CI" in flagged["reasons"]
        assert ".github/workflows/tests.yml" in await other.refused("accept", runId=run["runId"])
        refused = await other.refused("accept", runId=run["runId"], seen=[flagged["path"]])
        assert "unknown field `seen`" in refused
        assert "It needs `runId`. It may be given `mode`, `without`." in refused
    assert machine.moves(root) == 1


async def test_a_protected_branch_stays(machine: Machine, server: Server) -> None:
    settle(machine, **dict.fromkeys(("quote", "run", "answer", "accept"), "allow"))
    root = machine.small()
    machine.git(machine.folder, "init", "-q", "--bare", "remote.git")
    machine.git(root, "remote", "add", "origin", "../remote.git")
    machine.git(root, "push", "-q", "-u", "origin", "main")
    before = machine.state(root)
    async with connected(machine, root, says=None, env=server.keyed) as other:
        quote = await other.done("quote", todoIds=[machine.todo(root, "ask first")])
        run = await other.done("run", quoteId=quote["quoteId"], limit="1", waitSeconds=60)
        await other.done("answer", runId=run["runId"], taskId="ask-first", text="plain")
        await other.done("status", runId=run["runId"], waitSeconds=60)
        answer = await other.call("accept", runId=run["runId"], mode="squash")
        accepted = answer.structured_content
        assert (accepted["branch"], accepted["madeBranch"]) == ("todo/ask-first", True)
        assert "main is protected and has not moved." in said(answer)
    assert machine.git(root, "rev-parse", "todo/ask-first") == accepted["commit"]
    assert machine.state(root) == before


async def test_a_call_that_is_given_up_leaves_its_run_alone(machine: Machine, server: Server) -> None:
    settle(machine, quote="allow", run="allow")
    root = machine.small()
    async with connected(machine, root, says=None, env=server.keyed) as other:
        run_id = await begun(other, machine, root)
        with pytest.raises(MCPError, match=r"[Tt]imed out|timeout"):
            await other.client.call_tool(
                "status", {"runId": run_id, "waitSeconds": 600}, read_timeout_seconds=0.3
            )
        await let_go(other, machine, run_id)
        assert (await other.done("status", runId=run_id, waitSeconds=60))["run"]["state"] == "review"
