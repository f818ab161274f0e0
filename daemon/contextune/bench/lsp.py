"""How soon an editor has the code actions of a line: a large repository and ten agents at work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median
from tempfile import mkdtemp
from typing import Any

from contextune.bench.editor import DAEMON, Editor, hello, leave, process
from contextune.bench.figures import Against, Bench, Figure
from contextune.bench.model_process import model_server
from contextune.bench.scan import FILES, MARKED, path_of, write_tree
from contextune.bench.turns import percentile
from contextune.core.errors import ContextuneError

SUITE = "lsp"
AGENTS = 10
TURNS = 100
"""More than the first agent takes until the editor has asked its last question; the Run is cancelled then."""
TOKENS = 60
"""About how many each reply has."""
A_TOKEN_MS = 20.0
"""Between two tokens of one reply: ten agents make 500 pieces a second."""
FIRST_BYTE_MS = 500.0
QUESTIONS = 600
WARMING = 20
"""Questions before those that count."""
BETWEEN = 0.03
"""Seconds between two questions."""
P50_MS, P99_MS = 1.0, 5.0
SETTLED = 4
"""Turns of each agent before questions count: with its first edit git reads all of its worktree once."""
PATIENCE = 600.0
"""Seconds for all that the daemon does."""

Message = dict[str, Any]
RUN_CHANGED = "contextune/run/changed"


async def run(bench: Bench, files: int = FILES, marked: int = MARKED, questions: int = QUESTIONS) -> None:
    """Report how long answers take at rest, and while agents work at as many files with a Todo."""
    every = files // marked
    numbers = [every * place for place in range(AGENTS)]
    folder = Path(mkdtemp(prefix="contextune-bench-")).resolve()
    try:
        root = folder / "large"
        bench.note(f"Writing {files:,} files.")
        await asyncio.to_thread(write_tree, root, files, marked)
        async with (
            asyncio.timeout(PATIENCE),
            model_server(_script(numbers), FIRST_BYTE_MS, A_TOKEN_MS) as server,
        ):
            asked = root / path_of(every * AGENTS)
            rest, busy, events = await _asked(
                root, folder / "home", server.url, set(map(path_of, numbers)), asked, questions
            )
    finally:
        await bench.remove(folder)
    _report(bench, files, rest, busy, events)


def _report(bench: Bench, files: int, rest: Sequence[float], busy: Sequence[float], events: float) -> None:
    def report(metric: str, value: float, unit: str, reach: float | None, against: Against | None) -> None:
        met = None if reach is None else value <= reach
        bench.report(
            Figure(suite=SUITE, metric=metric, value=value, unit=unit, against=against, reach=reach, met=met)
        )

    def beside(value: float) -> Against:
        return Against(name="no agent at work", value=value)

    what = f"code action, {files:,} files, {AGENTS} agents streaming"
    report(f"{what}, p50", median(busy), "ms", P50_MS, beside(median(rest)))
    report(f"{what}, p99", percentile(busy, 99), "ms", P99_MS, beside(percentile(rest, 99)))
    report(f"{what}, at most", max(busy), "ms", None, beside(max(rest)))
    report("events of the Run a second meanwhile", events, "", None, None)


class AttentiveEditor(Editor):
    """A client that reads all the time, as editors do."""

    def __init__(self, server: asyncio.subprocess.Process) -> None:
        super().__init__(server)
        self._answers: dict[int, asyncio.Future[tuple[float, Message]]] = {}
        self._heard: dict[str, asyncio.Queue[Message]] = {}
        self.sequence = 0
        """Events of the Run that were told of."""
        self._reading = asyncio.create_task(self._read())

    async def ask(
        self, method: str, params: Any, seen: list[tuple[float, int]] | None = None
    ) -> dict[str, Any]:
        """The answer."""
        del seen
        answer: Message = (await self.timed(method, params))[1]
        return answer

    async def timed(self, method: str, params: Any) -> tuple[float, Any]:
        """How many milliseconds an answer took, and the answer."""
        self._number += 1
        number = self._number
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        at, message = await answer
        if "error" in message:
            raise ContextuneError(f"{method}: {message['error']['message']}")
        return (at - began) * 1000, message["result"] or {}

    async def hear(self, method: str) -> dict[str, Any]:
        """The next message of a method, told already or still to come."""
        message = await self._heard.setdefault(method, asyncio.Queue()).get()
        params: dict[str, Any] = message.get("params") or {}
        return params

    def close(self) -> None:
        """Read no more."""
        self._reading.cancel()

    async def _read(self) -> None:
        with suppress(EOFError):
            while True:
                message = await self._next()
                method = message.get("method")
                if method is None:
                    self._answers.pop(message["id"]).set_result((time.perf_counter(), message))
                    continue
                waiting = self._heard.setdefault(method, asyncio.Queue())
                if method == RUN_CHANGED:
                    self.sequence = message["params"]["run"]["sequence"]
                    while not waiting.empty():  # the newest says it all
                        waiting.get_nowait()
                waiting.put_nowait(message)


async def _asked(
    root: Path, home: Path, url: str, worked_on: Collection[str], asked: Path, questions: int
) -> tuple[list[float], list[float], float]:
    """Milliseconds of each answer at rest and with agents at work, and events of the Run a second."""
    variables = {"CONTEXTUNE_HOME": str(home), "ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "bench"}
    server = await process(DAEMON, variables)
    editor = AttentiveEditor(server)
    try:
        settings = {"gate": "test -d package000", "agents": AGENTS, "budget": "100", "maxTurns": TURNS}
        await editor.ask("initialize", hello(root, settings))
        editor.tell("initialized", {})
        todos = (await editor.hear("contextune/todo/changed"))["todos"]
        await editor.ask("contextune/workspace/trust", {"folder": str(root), "trusted": True})
        await _opened(editor, asked)
        rest = await _questions(editor, asked, questions)
        chosen = [todo["id"] for todo in todos if todo["path"] in worked_on]
        await editor.ask("contextune/quote/create", {"folder": str(root), "todoIds": chosen})
        quote = await editor.hear("contextune/quote/changed")
        while quote["state"] != "ready":
            if quote["state"] == "failed":
                raise ContextuneError(f"The Quote failed: {quote['stage']}")
            quote = await editor.hear("contextune/quote/changed")
        await editor.ask("contextune/run/start", {"quoteId": quote["quoteId"]})
        await _all_at_work(editor)
        before, began = editor.sequence, time.perf_counter()
        busy = await _questions(editor, asked, questions)
        events = (editor.sequence - before) / (time.perf_counter() - began)
        return rest, busy, events
    finally:
        await leave(editor, server)
        editor.close()


async def _opened(editor: Editor, file: Path) -> None:
    text = await asyncio.to_thread(file.read_text, encoding="utf-8")
    document = {"uri": file.as_uri(), "languageId": "python", "version": 1, "text": text}
    editor.tell("textDocument/didOpen", {"textDocument": document})


async def _questions(editor: AttentiveEditor, file: Path, count: int) -> list[float]:
    """Milliseconds of each answer about the line of a Todo, after some that are not counted."""
    line = {"line": 1, "character": 0}
    params = {
        "textDocument": {"uri": file.as_uri()},
        "range": {"start": line, "end": line},
        "context": {"diagnostics": [], "triggerKind": 2},
    }
    took = []
    for number in range(count + WARMING):
        milliseconds, actions = await editor.timed("textDocument/codeAction", params)
        if not any(action["command"]["command"] == "contextune.delegateTodo" for action in actions):
            raise ContextuneError("The Todo of the line is offered no more.")
        if number >= WARMING:
            took.append(milliseconds)
        await asyncio.sleep(BETWEEN)
    return took


async def _all_at_work(editor: AttentiveEditor) -> None:
    """Until every agent has made its first edit, and has had the reply after it."""
    turns: dict[str, int] = {}
    while len(turns) < AGENTS or min(turns.values()) < SETTLED:
        run = (await editor.hear(RUN_CHANGED))["run"]
        if run["state"] != "running":
            raise ContextuneError(f"The Run is {run['state']}: {run['reason']}")
        turns |= {task["id"]: task["turn"] for task in run["tasks"]}  # those that have changed


def _script(numbers: Sequence[int]) -> dict[str, Any]:
    """A planner that makes a Task of each Todo, and agents that read and edit in turn, with many words."""
    items = [
        {
            "needs": {"todo": rf"^(\d+)\. .*: mend part {number}$"},
            "value": {"todos": ["{todo:number}"], "title": _title(number)},
        }
        for number in numbers
    ]
    plan = {"name": "plan", "when": {"system": "orchestrator"}, "turn": [{"compose": "tasks", "item": items}]}
    return {"conversation": [plan, *map(_agent, numbers)]}


def _agent(number: int) -> dict[str, Any]:
    turns, path = [], path_of(number)
    for turn in range(TURNS):
        call: Message = {"name": "read", "input": {"files": [{"path": path}]}}
        if turn % 2:
            old, new = (f"# Part {number}.{' Step' * steps}\n" for steps in (turn // 2, turn // 2 + 1))
            call = {"name": "edit", "input": {"edits": [{"path": path, "old": old, "new": new}]}}
        turns.append({"text": "word " * TOKENS, "tool": [call]})
    return {"name": f"part {number}", "when": {"user": f"# Task: {_title(number)}"}, "turn": turns}


def _title(number: int) -> str:
    return f"part {number:05d} of the tree"
