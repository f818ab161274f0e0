"""Playing a script on a scratch repository: real files, real git, and a gate at every finish."""

from __future__ import annotations

import asyncio
import io
import os
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

import contextune.offline
from contextune.agents.briefing import gate_report, shared_context, task_text
from contextune.agents.orchestrator import make_plan
from contextune.agents.planning_facts import PlanInput
from contextune.agents.roles import role
from contextune.core.model.conversation import ModelReply, ModelRequest, Rung, Text
from contextune.core.model.money import Usage
from contextune.core.planning.plan import Plan, Task
from contextune.core.proof.evidence import Evidence
from contextune.core.settings import HAIKU, SONNET
from contextune.core.todos.todo import MARKERS, Todo, with_ids
from contextune.offline.faults import Faults
from contextune.offline.models import find_model
from contextune.offline.player import Player, RequestText, Speech
from contextune.offline.script import load_script
from contextune.offline.wire import CountRequest

OFFLINE = Path(contextune.offline.__file__).parent
LOW, HIGH = Rung(model=HAIKU, effort="low"), Rung(model=HAIKU, effort="high")
FIRST_RUNG_TURNS = 2
"""How often a rung may call finish: once, and once more after it saw the Gate's output."""


@dataclass(frozen=True)
class Ran:
    """A finished command."""

    code: int
    output: str


@dataclass
class Project:
    """A scratch repository of a project, and the script that works on it."""

    name: str
    root: Path
    tasks: dict[str, list[str]]
    gate: str
    climbs: str
    """The Task whose first rung fails the gate."""
    player: Player = field(init=False)
    todos: tuple[Todo, ...] = field(init=False)
    plan: Plan = field(init=False)

    def __post_init__(self) -> None:
        self.player = Player([load_script(OFFLINE / "scripts" / f"{self.name}.toml")], Faults())
        self.git("init", "-q", "-b", "main")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "Base")
        wanted = {place for places in self.tasks.values() for place in places}
        self.todos = tuple(t for t in self.scan() if f"{t.path}:{t.line}" in wanted)
        self.plan = self.make_plan(self.todos)

    def git(self, *args: str) -> str:
        """Run git with an author of its own, and give back what it printed."""
        config = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
        done = subprocess.run(
            ["git", *config, *args], cwd=self.root, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, f"git {' '.join(args)}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def run(self, command: str) -> Ran:
        """Run a shell command in the checkout, with this interpreter as `python` and `python3`."""
        environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTEST_ADDOPTS": "-p no:cacheprovider",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        }
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.root,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=180,
            check=False,
        )
        return Ran(done.returncode, done.stdout)

    def lines(self, path: str) -> list[str] | None:
        """A file as lines."""
        file = self.root / path
        return file.read_text(encoding="utf-8").splitlines() if file.is_file() else None

    def scan(self) -> tuple[Todo, ...]:
        """Every Todo of the checkout's Python files, from their real comments."""
        files = sorted(self.git("ls-files", "*.py").splitlines())
        return tuple(t for path in files for t in with_ids(comments(path, self.root / path)))

    def make_plan(self, todos: Sequence[Todo]) -> Plan:
        """The Plan that the orchestrator gets from the script for these Todos."""

        async def send(request: ModelRequest) -> ModelReply:
            said = [{"role": m.role, "content": _words(m.blocks)} for m in request.messages]
            reply = self.ask(request.rung, _words(request.system), said)
            assert reply.text is not None
            return ModelReply(
                id="msg_1",
                model=request.rung.model,
                blocks=(Text(text=reply.text),),
                stop_reason="end_turn",
                usage=Usage(),
            )

        files = tuple(self.git("ls-files").splitlines())
        given = PlanInput(
            todos=tuple(todos), goal=None, files=files, gate=self.gate, instructions=None, lines=self.lines
        )
        return asyncio.run(make_plan(given, rung=Rung(model=SONNET, effort="low"), send=send))

    def ask(self, rung: Rung, system: str, messages: list[dict[str, Any]]) -> Speech:
        """What the script says to a request."""
        request = msgspec.convert(
            {
                "model": rung.model,
                "system": system,
                "messages": messages,
                "output_config": {"effort": rung.effort},
            },
            CountRequest,
        )
        texts = RequestText(request)
        chosen = self.player.choose(request, find_model(rung.model), texts)
        speech = self.player.speak(chosen, texts)
        self.player.played(chosen.place)
        return speech

    def checkout(self, start: str, branch: str) -> None:
        """A clean checkout of a new branch."""
        self.git("checkout", "-q", "-f", "-B", branch, start)
        self.git("clean", "-qfd")

    def own_gate(self, task: Task) -> Ran:
        """The part of the gate that this Task's files can change."""
        if self.name == "parcel":
            return self.run(self.gate)
        module = Path(task.files[0]).stem
        tests = sorted((self.root / "tests").glob(f"test_{module}*.py"))
        return self.run(f"python -m pytest -q {' '.join(f'tests/{t.name}' for t in tests)}")


def comments(path: str, file: Path) -> Iterator[Todo]:
    """The marker comments of a Python file; a comment alone on the next line continues one."""
    marker = re.compile(rf"#\s*({'|'.join(MARKERS)})\b(?:\((\w+)\))?:?\s*(.*)")
    found: Todo | None = None
    source = io.StringIO(file.read_text(encoding="utf-8"))
    for token in tokenize.generate_tokens(source.readline):
        if token.type != tokenize.COMMENT:
            continue
        line, column = token.start
        if match := marker.match(token.string):
            if found:
                yield found
            found = Todo(
                id="",
                path=path,
                line=line,
                column=column + 1,
                end_line=line,
                marker=match[1],
                text=match[3],
                owner=match[2],
            )
        elif found and line == found.end_line + 1 and column + 1 == found.column:
            text = f"{found.text}\n{token.string.lstrip('# ')}"
            found = msgspec.structs.replace(found, end_line=line, text=text)
    if found:
        yield found


def _words(blocks: Sequence[Any]) -> str:
    return "\n\n".join(block.text for block in blocks if isinstance(block, Text))


@dataclass
class Played:
    """How one Task went."""

    reds: list[str] = field(default_factory=list)
    """The gate's output each time it was red."""
    green: bool = False


def play(project: Project, task: Task, rung: Rung, *, todos: Sequence[Todo], earlier: str = "") -> Played:
    """Play the conversation of a Task on the checkout as it is, with a gate run at every finish."""
    shared = shared_context(project.git("ls-files").splitlines(), project.gate, None)
    own = [t for t in todos if t.id in task.todo_ids]
    first = "\n\n".join([shared.text, task_text(task, own).text, earlier])
    messages: list[dict[str, Any]] = [{"role": "user", "content": first}]
    played = Played()
    while True:
        speech = project.ask(rung, role("parallel-task-executor").prompt, messages)
        uses: list[dict[str, Any]] = [
            {"type": "tool_use", "id": f"call_{len(messages)}_{n}", "name": name, "input": given}
            for n, (name, given) in enumerate(speech.calls)
        ]
        assert speech.text, "every turn says something"
        assert uses, "every turn calls a tool"
        messages.append({"role": "assistant", "content": [{"type": "text", "text": speech.text}, *uses]})
        results = []
        for use in uses:
            if use["name"] == "finish":
                assert use is uses[-1], "nothing runs after finish"
                gate = project.own_gate(task)
                if gate.code == 0:
                    played.green = True
                    return played
                played.reds.append(gate.output)
                if len(played.reds) == FIRST_RUNG_TURNS:
                    return played
                said = gate_report(evidence(project, gate))
            else:
                said = act(project, use["name"], use["input"])
            results.append({"type": "tool_result", "tool_use_id": use["id"], "content": said})
        messages.append({"role": "user", "content": results})


def act(project: Project, name: str, given: dict[str, Any]) -> str:
    """Do what a tool call asks for. An edit or a search that misses fails the test."""
    match name:
        case "read":
            return "\n".join(read(project, **_python_names(wanted)) for wanted in given["files"])
        case "write":
            for file in given["files"]:
                (project.root / file["path"]).write_text(file["content"], encoding="utf-8")
            return "written"
        case "edit":
            for edit in given["edits"]:
                file = project.root / edit["path"]
                text = file.read_text(encoding="utf-8")
                assert text.count(edit["old"]) == 1, f"{edit['path']}: {edit['old']!r} must occur once"
                file.write_text(text.replace(edit["old"], edit["new"]), encoding="utf-8")
            return "edited"
        case "grep":
            return grep(project, given)
        case "bash":
            ran = project.run(given["command"])
            assert ran.code == 0, f"{given['command']}: {ran.output}"
            return ran.output
        case _:
            raise AssertionError(f"the scripts use no tool {name!r}")


def _python_names(wanted: dict[str, Any]) -> dict[str, Any]:
    return {"path": wanted["path"], "first": wanted.get("from", 1), "last": wanted.get("to")}


def read(project: Project, path: str, first: int, last: int | None) -> str:
    """A range of a file, which must lie inside it."""
    lines = project.lines(path)
    assert lines, f"{path} is no file"
    assert (last or 1) <= len(lines), f"{path} has {len(lines)} lines, not {last}"
    return "\n".join(lines[first - 1 : last])


def grep(project: Project, given: dict[str, Any]) -> str:
    """The matching lines of the checkout's files; there must be one."""
    where = project.root / given["path"]
    files = [where] if where.is_file() else sorted(where.rglob(given.get("glob", "*")))
    pattern = re.compile(given["pattern"])
    texts = [f.read_text(encoding="utf-8") for f in files if f.is_file() and ".git" not in f.parts]
    hits = [line for text in texts for line in text.splitlines() if pattern.search(line)]
    assert hits, f"nothing matches {given}"
    return "\n".join(hits)


def evidence(project: Project, gate: Ran) -> Evidence:
    """A red gate as Evidence."""
    return Evidence(
        command=project.gate,
        exit_code=gate.code,
        tree="0" * 40,
        duration_ms=1,
        output=gate.output,
        verdict="red",
    )
