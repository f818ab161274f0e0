"""Several processes on one repository: clients side by side, the command line, and what is left by a kill."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Server
from tests.cli.place import COMMAND, TIMEOUT, Machine
from tests.mcp.client import begun, connected, let_go, settle

ALL = dict.fromkeys(("quote", "run", "tell", "answer", "cancel", "accept"), "allow")


async def test_two_clients_share_a_run(machine: Machine, server: Server) -> None:
    settle(machine, **ALL)
    root = machine.small()
    async with (
        connected(machine, root, env=server.keyed) as one,
        connected(machine, root, era="legacy") as two,
    ):
        run_id = await begun(one, machine, root)
        task = "take-your-time"
        seen = (await two.done("status", runId=run_id))["run"]
        assert (seen["state"], seen["driver"]) == ("running", "elsewhere")
        await two.done("tell", runId=run_id, taskId=task, text="prefer short words")
        # The letter is on its way: words that come once the next turn is put together reach the one after it.
        while '"agent_told"' not in (await asyncio.to_thread(machine.do, "show", run_id, "--journal")).out:
            pass
        await let_go(two, machine, run_id)
        ended = (await two.done("status", runId=run_id, waitSeconds=60))["run"]
        assert ended["state"] == "review"
        accepted, refused = await asyncio.gather(
            two.call("accept", runId=run_id), one.call("accept", runId=run_id)
        )
        assert sorted((bool(accepted.is_error), bool(refused.is_error))) == [False, True]
        assert (await one.done("status", runId=run_id))["run"]["state"] == "accepted"
    assert "prefer short words" in machine.do("show", run_id, "--journal").out
    assert machine.moves(root) == 2


async def test_a_run_of_the_command_line_is_steered_from_a_client(machine: Machine, server: Server) -> None:
    settle(machine, **ALL)
    root = machine.small()
    todo = machine.todo(root, "ask first")
    going = machine.start("run", root, "--todo", todo, "--yes", "--json", env=server.keyed)
    run_id = going.until_kind("question_asked")["runId"]
    async with connected(machine, root) as other:
        status = (await other.done("status", runId=run_id, waitSeconds=60))["run"]
        assert (status["driver"], status["tasks"][0]["state"]) == ("elsewhere", "asking")
        assert (await other.done("answer", runId=run_id, taskId="ask-first", text="plain"))["isDone"]
        assert (await other.done("status", runId=run_id, waitSeconds=60))["run"]["state"] == "review"
    assert going.end().status == 0


async def test_a_run_is_cancelled_from_another_process(machine: Machine, server: Server) -> None:
    settle(machine, **ALL)
    root = machine.small()
    async with (
        connected(machine, root, env=server.keyed) as one,
        connected(machine, root) as two,
    ):
        run_id = await begun(one, machine, root)
        cancelled = await two.done("cancel", runId=run_id)
        assert (cancelled["state"], cancelled["isDone"]) == ("cancelled", True)
        assert "there is nothing to cancel" in await one.refused("cancel", runId=run_id)


async def test_a_client_that_leaves_leaves_its_run_to_be_resumed(machine: Machine, server: Server) -> None:
    settle(machine, **ALL)
    root = machine.small()
    async with connected(machine, root, env=server.keyed) as other:
        run_id = await begun(other, machine, root)
    async with connected(machine, root) as later:
        left = (await later.done("status", runId=run_id))["run"]
        assert (left["state"], left["driver"]) == ("running", "nobody")
        assert f"`contextune resume {run_id}`" in left["next"]
        why = await later.refused("tell", runId=run_id, taskId="take-your-time", text="hurry")
        assert "resume it first" in why
        going = machine.start("resume", run_id, "--json", env=server.keyed)
        await let_go(later, machine, run_id)
        assert going.end().status == 0
        assert (await later.done("status", runId=run_id))["run"]["state"] == "review"


class Raw:
    """A client by hand, whose process can be killed."""

    def __init__(self, machine: Machine, root: Path, env: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, "mcp", str(root)],
            cwd=machine.folder,
            env={**machine.environment, **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        hello = {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "raw", "version": "1"},
        }
        self.ask("initialize", **hello)
        self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def ask(self, method: str, **params: Any) -> Any:
        self._send({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        if self.process.stdout is None:
            raise RuntimeError("no pipe")
        return json.loads(self.process.stdout.readline())["result"]

    def call(self, tool: str, **given: Any) -> Any:
        return self.ask("tools/call", name=tool, arguments=given)["structuredContent"]

    def _send(self, message: dict[str, Any]) -> None:
        if self.process.stdin is None:
            raise RuntimeError("no pipe")
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def end(self, sign: signal.Signals) -> int:
        os.kill(self.process.pid, sign)
        status = self.process.wait(TIMEOUT)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        return status


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM])
def test_a_kill_loses_nothing(machine: Machine, server: Server, sign: signal.Signals) -> None:
    settle(machine, **ALL)
    root = machine.small()
    before = machine.state(root)
    client = Raw(machine, root, server.keyed)
    quote = client.call("quote", todoIds=[machine.todo(root, "take your time")])
    run_id = client.call("run", quoteId=quote["quoteId"], limit="1")["runId"]
    worktree = machine.home / "worktrees"
    while not (found := list(worktree.glob(f"*/{run_id}/take-your-time"))):
        client.call("status", runId=run_id, waitSeconds=1)
    status = client.end(sign)
    assert status == (-signal.SIGKILL if sign is signal.SIGKILL else 130)
    assert machine.state(root) == before
    (found[0] / "go").touch()
    resumed = machine.do("resume", run_id, "--json", env=server.keyed)
    assert resumed.status == 0, resumed.err
    assert resumed.last["state"] == "review"
    assert machine.state(root) == before
