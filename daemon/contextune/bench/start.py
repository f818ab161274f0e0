"""How soon the daemon is of use: `initialize` answered, the first code lens, the first request of a Run."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from contextune.bench.editor import DAEMON, Editor, end, hello, leave, process
from contextune.bench.figures import Against, Bench, Figure
from contextune.bench.journal_live import sample_repository
from contextune.core.errors import ContextuneError
from contextune.offline.log import LoggedRequest
from contextune.offline.script import builtin_scripts
from contextune.offline.server import OfflineModel

SUITE = "start"
ROUNDS = 7
BARE = (
    "-c",
    "from pygls.lsp.server import LanguageServer; LanguageServer('bare', '1').start_io()",
)
"""A language server that has no feature at all."""
START_RATIO = 1.15
LENS_MS = 100.0
REQUEST_MS = 150.0
PATIENCE = 120.0
"""Seconds for one round of one kind."""
OPENED = "parcel/sizes.py"
"""A file of the sample project with a Todo."""


async def run(bench: Bench, rounds: int = ROUNDS) -> None:
    """Report the three, medians of rounds in turns, after one round that fills the system's caches."""
    bare, replied, lens, request = [], [], [], []
    with TemporaryDirectory(prefix="contextune-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        root = folder / "parcel"
        await asyncio.to_thread(sample_repository, root)
        for _ in range(rounds + 1):
            async with asyncio.timeout(PATIENCE):
                bare.append(await _bare(root))
                first, second = await _daemon(root, folder / "home")
            replied.append(first)
            lens.append(second)
        for number in range(rounds + 1):
            place = folder / f"round {number}"
            await asyncio.to_thread(sample_repository, place / "parcel")
            async with asyncio.timeout(PATIENCE):
                request.append(await _first_request(place / "parcel", place / "home"))
    _report(bench, bare=median(bare[1:]), replied=median(replied[1:]), lens=lens[1:], request=request[1:])


def _report(bench: Bench, *, bare: float, replied: float, lens: list[float], request: list[float]) -> None:
    def report(metric: str, value: float, unit: str, reach: float | None, against: Against | None) -> None:
        met = None if reach is None else value <= reach
        bench.report(
            Figure(suite=SUITE, metric=metric, value=value, unit=unit, against=against, reach=reach, met=met)
        )

    other = Against(name="a pygls server without a feature", value=bare)
    report("process started to `initialize` answered", replied, "ms", None, other)
    report("the same, by that of the bare server", replied / bare, "times", START_RATIO, None)
    report("`initialize` answered to the first code lens", median(lens), "ms", LENS_MS, None)
    report("the slowest first code lens", max(lens), "ms", None, None)
    report("first request of a Run, from its start", median(request), "ms", REQUEST_MS, None)
    report("the slowest first request", max(request), "ms", None, None)


async def _bare(root: Path) -> float:
    """Milliseconds from the start of a bare server's process to its answer."""
    began = time.perf_counter()
    server = await process(BARE, {})
    try:
        await Editor(server).ask("initialize", hello(root, {}))
        return (time.perf_counter() - began) * 1000
    finally:
        await end(server)


async def _daemon(root: Path, home: Path) -> tuple[float, float]:
    """Milliseconds from our process's start to its answer, and from there to a file's first code lens."""
    file = root / OPENED
    text = await asyncio.to_thread(file.read_text, encoding="utf-8")
    began = time.perf_counter()
    server = await process(DAEMON, {"CONTEXTUNE_HOME": str(home)})
    editor = Editor(server)
    try:
        await editor.ask("initialize", hello(root, {"offline": True}))
        answered = time.perf_counter()
        editor.tell("initialized", {})
        document = {"uri": file.as_uri(), "languageId": "python", "version": 1, "text": text}
        editor.tell("textDocument/didOpen", {"textDocument": document})
        asked = {"textDocument": {"uri": file.as_uri()}}
        while not await editor.ask("textDocument/codeLens", asked):
            # As an editor does: it asks again when the server says that there is something new.
            await editor.hear("workspace/codeLens/refresh")
        return (answered - began) * 1000, (time.perf_counter() - answered) * 1000
    finally:
        await end(server)


async def _first_request(root: Path, home: Path) -> float:
    """Milliseconds from a Run's start in a daemon that is up to the arrival of its first request.

    A Quote was read before, as always; it is the Run of all of the sample's Todos.
    """
    arrived: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    began = float("inf")

    def heard(logged: LoggedRequest) -> None:
        if logged.at >= began and not arrived.done():
            arrived.set_result(logged.at)

    model = OfflineModel(builtin_scripts(), on_log=heard)
    url = await model.start()
    variables = {"CONTEXTUNE_HOME": str(home), "ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "bench"}
    server = await process(DAEMON, variables)
    editor = Editor(server)
    try:
        await editor.ask("initialize", hello(root, {}))
        editor.tell("initialized", {})
        await editor.ask("contextune/workspace/trust", {"folder": str(root), "trusted": True})
        await editor.ask("contextune/quote/create", {"folder": str(root), "all": True})
        quote = await editor.hear("contextune/quote/changed")
        while quote["state"] != "ready":
            if quote["state"] == "failed":
                raise ContextuneError(f"The Quote failed: {quote['stage']}")
            quote = await editor.hear("contextune/quote/changed")
        began = time.time() * 1000
        await editor.ask("contextune/run/start", {"quoteId": quote["quoteId"]})
        return await arrived - began
    finally:
        await leave(editor, server)
        await model.close()
