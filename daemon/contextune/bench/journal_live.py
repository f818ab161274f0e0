"""How late an editor sees what happened: a real Run in the real language server, by its client's clock."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from contextune.bench.arm import AUTHOR
from contextune.bench.editor import DAEMON, Editor, end, hello, process
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
        await asyncio.to_thread(sample_repository, root)
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


def sample_repository(root: Path) -> None:
    """The sample project with one commit, in a folder that is not there yet. Blocking."""
    source = resources.files("contextune.offline") / "sample" / "parcel"
    with resources.as_file(source) as folder:
        shutil.copytree(folder, root, ignore=shutil.ignore_patterns("__pycache__"))
    for command in (("init", "-q", "-b", "main"), ("add", "-A"), (*AUTHOR, "commit", "-q", "-m", "parcel")):
        subprocess.run(["git", *command], cwd=root, check=True, capture_output=True, timeout=60)


async def _run(home: Path, root: Path) -> tuple[str, list[tuple[float, int]]]:
    """The Run's id, and when, in milliseconds since the epoch, the editor was told of which sequence."""
    server = await process(DAEMON, {"CONTEXTUNE_HOME": str(home)})
    editor = Editor(server)
    seen: list[tuple[float, int]] = []
    try:
        await editor.ask("initialize", hello(root, {"offline": True}))
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
        await end(server)
