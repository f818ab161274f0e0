"""Another program's side of the door: the SDK's own client, at the real `contextune mcp`."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

from mcp import Client, StdioServerParameters
from mcp.client.context import ClientRequestContext
from mcp_types import CallToolResult, ElicitRequestParams, ElicitResult, TextContent

from tests.cli.place import Machine

Era = Literal["auto", "legacy"]
"""The newest revision of the protocol, or those with a handshake and questions of the server."""

Says = Literal["accept", "decline", "cancel"]
NOTHING: Mapping[str, str] = {}


class Other:
    """A program whose user answers every question alike; None: it cannot ask."""

    def __init__(self, says: Says | None) -> None:
        self.says = says
        self.asked: list[str] = []
        self.progress: list[tuple[float, str]] = []
        self.client: Client

    async def elicit(self, context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        self.asked.append(params.message)
        return ElicitResult(action=self.says or "cancel")

    async def call(self, tool: str, /, **given: Any) -> CallToolResult:
        return await self.client.call_tool(tool, given, progress_callback=self._heard)

    async def done(self, tool: str, /, **given: Any) -> dict[str, Any]:
        """The data of an answer; it must be no refusal."""
        answer = await self.call(tool, **given)
        assert not answer.is_error, said(answer)
        content: dict[str, Any] = answer.structured_content
        return content

    async def refused(self, tool: str, /, **given: Any) -> str:
        """Why a call is refused; it must be."""
        answer = await self.call(tool, **given)
        assert answer.is_error, said(answer)
        assert answer.structured_content is None
        return said(answer)

    async def _heard(self, progress: float, total: float | None, message: str | None) -> None:
        self.progress.append((progress, message or ""))


def said(answer: CallToolResult) -> str:
    (only,) = answer.content
    assert isinstance(only, TextContent)
    return only.text


@asynccontextmanager
async def connected(
    machine: Machine,
    folder: Path,
    *more: str,
    says: Says | None = "accept",
    era: Era = "auto",
    env: Mapping[str, str] = NOTHING,
) -> AsyncIterator[Other]:
    """The client, connected."""
    other = Other(says)
    process = StdioServerParameters(
        command=sys.executable,
        args=["-m", "contextune", "mcp", str(folder), *more],
        env={**machine.environment, **env},
        cwd=machine.folder,
    )
    callback = other.elicit if says is not None else None
    async with Client(process, elicitation_callback=callback, mode=era, read_timeout_seconds=100) as client:
        other.client = client
        yield other


def settle(machine: Machine, **permissions: str) -> None:
    """Write the user's own settings."""
    machine.home.mkdir(exist_ok=True)
    rows = "".join(f'{tool} = "{permission}"\n' for tool, permission in permissions.items())
    (machine.home / "settings.toml").write_text(f"[other_agents]\n{rows}")


async def begun(other: Other, machine: Machine, root: Path) -> str:
    """A Run whose one agent waits until it is let go."""
    quote = await other.done("quote", todoIds=[machine.todo(root, "take your time")])
    run_id: str = (await other.done("run", quoteId=quote["quoteId"], limit="1"))["runId"]
    return run_id


async def let_go(other: Other, machine: Machine, run_id: str) -> None:
    """Let the agent of `begun` go on, once it has a worktree and a turn."""
    while not (found := list(machine.home.glob(f"worktrees/*/{run_id}/take-your-time"))):
        await other.call("status", runId=run_id, waitSeconds=1)
    (found[0] / "go").touch()
