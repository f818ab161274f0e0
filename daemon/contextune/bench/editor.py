"""A language server as a process, and the least client of one."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

DAEMON = ("-m", "contextune", "serve", "--stdio")
"""What Python is told to start the product's language server."""

LEAVING = 20.0
"""Seconds that a server may take to end in order."""

MOST = 64 * 1024 * 1024
"""Bytes of the longest message."""


async def process(arguments: Sequence[str], variables: Mapping[str, str]) -> Process:
    """This Python with other arguments and with further environment variables, its output in a pipe."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, *arguments),
        stdin=PIPE,
        stdout=PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=MOST,
        env={**os.environ, **variables},
    )


async def end(server: Process) -> None:
    """Kill a server that still runs, and wait for its end."""
    if server.returncode is None:
        server.kill()
        await server.wait()


async def leave(editor: Editor, server: Process) -> None:
    """Have a server end in order, its children with it, for some seconds; kill it otherwise."""
    with suppress(TimeoutError, RuntimeError, EOFError):
        async with asyncio.timeout(LEAVING):
            await editor.ask("shutdown", None)
            editor.tell("exit", None)
            await server.wait()
    await end(server)


def hello(root: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of `initialize`, as our extension sends them for one folder; settings in camelCase."""
    folder = root.as_uri()
    return {
        "processId": None,
        "rootUri": folder,
        "capabilities": {"workspace": {"codeLens": {"refreshSupport": True}}},
        "workspaceFolders": [{"uri": folder, "name": root.name}],
        "initializationOptions": {"client": "contextune-vscode", "contextune": dict(settings)},
    }


class Editor:
    """The least client of a language server: what it asks is answered in order of their ids."""

    def __init__(self, server: Process) -> None:
        self._server = server
        self._number = 0

    def tell(self, method: str, params: Any) -> None:
        """Send a notification."""
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    async def ask(
        self, method: str, params: Any, seen: list[tuple[float, int]] | None = None
    ) -> dict[str, Any]:
        """The answer; what is told of the Run meanwhile goes into `seen`."""
        self._number += 1
        number = self._number
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        while True:
            message = await self._next()
            if message.get("id") == number and "method" not in message:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return message["result"] or {}
            if seen is not None and message.get("method") == "contextune/run/changed":
                seen.append((time.time() * 1000, message["params"]["run"]["sequence"]))

    async def hear(self, method: str) -> dict[str, Any]:
        """The next message of a method."""
        while True:
            message = await self._next()
            if message.get("method") == method:
                params: dict[str, Any] = message.get("params") or {}
                return params

    async def _next(self) -> dict[str, Any]:
        out = self._server.stdout
        if out is None:
            raise RuntimeError("The server has no output.")
        head = await out.readuntil(b"\r\n\r\n")
        length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
        message: dict[str, Any] = msgspec.json.decode(await out.readexactly(length))
        if "id" in message and "method" in message:
            self._send({"jsonrpc": "2.0", "id": message["id"], "result": None})
        return message

    def _send(self, message: dict[str, Any]) -> None:
        body = msgspec.json.encode(message)
        if self._server.stdin is not None:
            self._server.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
