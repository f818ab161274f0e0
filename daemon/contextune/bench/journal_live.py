"""How late an editor sees what happened: a real Run in the real language server, by its client's clock."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import time
from asyncio.subprocess import PIPE, Process
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from contextune.bench.arm import AUTHOR
from contextune.compose import journal_at

PATIENCE = 120.0
"""Seconds for the whole Run."""


async def delays() -> list[float]:
    """Milliseconds from each event of a Run to the first message to the editor that shows it.

    The sample project's Todos, done by the offline model with three agents.
    """
    with TemporaryDirectory(prefix="contextune-bench-") as name:
        home, root = Path(name) / "home", Path(name) / "parcel"
        home.mkdir()
        await asyncio.to_thread(_repository, root)
        async with asyncio.timeout(PATIENCE):
            run_id, seen = await _run(home, root)
        journal = journal_at(home / "journal.db")
        try:
            events = await journal.read(run_id)
        finally:
            await journal.close()
    late = []
    for sequence, event in enumerate(events, start=1):
        shown = next((at for at, told in seen if told >= sequence), None)
        if shown is not None:
            late.append(max(0.0, shown - event.at))
    return late


def _repository(root: Path) -> None:
    source = resources.files("contextune.offline") / "sample" / "parcel"
    with resources.as_file(source) as folder:
        shutil.copytree(folder, root, ignore=shutil.ignore_patterns("__pycache__"))
    for command in (("init", "-q", "-b", "main"), ("add", "-A"), (*AUTHOR, "commit", "-q", "-m", "parcel")):
        subprocess.run(["git", *command], cwd=root, check=True, capture_output=True, timeout=60)


async def _run(home: Path, root: Path) -> tuple[str, list[tuple[float, int]]]:
    """The Run's id, and when, in milliseconds since the epoch, the editor was told of which sequence."""
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "contextune", "serve", "--stdio"),
        stdin=PIPE,
        stdout=PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "CONTEXTUNE_HOME": str(home)},
    )
    editor = _Editor(server)
    seen: list[tuple[float, int]] = []
    try:
        folder = root.as_uri()
        await editor.ask(
            "initialize",
            {
                "processId": None,
                "rootUri": folder,
                "capabilities": {},
                "workspaceFolders": [{"uri": folder, "name": root.name}],
                "initializationOptions": {"client": "contextune-vscode", "contextune": {"offline": True}},
            },
        )
        editor.tell("initialized", {})
        await editor.ask("contextune/workspace/trust", {"folder": str(root), "trusted": True})
        await editor.ask("contextune/quote/create", {"folder": str(root), "all": True})
        quote: dict[str, Any] = {}
        while quote.get("state") != "ready":
            quote = await editor.hear("contextune/quote/changed")
            if quote["state"] == "failed":
                raise RuntimeError(quote["stage"])
        started = await editor.ask("contextune/run/start", {"quoteId": quote["quoteId"]}, seen)
        while True:
            run = (await editor.hear("contextune/run/changed"))["run"]
            seen.append((time.time() * 1000, run["sequence"]))
            if run["state"] not in ("running", "paused"):
                break
        await editor.ask("shutdown", None)
        editor.tell("exit", None)
        await server.wait()
        return started["runId"], seen
    finally:
        if server.returncode is None:
            server.kill()
            await server.wait()


class _Editor:
    """The least client of a language server: what it asks is answered in order of their ids."""

    def __init__(self, server: Process) -> None:
        self._server = server
        self._number = 0

    def tell(self, method: str, params: Any) -> None:
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
                params: dict[str, Any] = message["params"]
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
