"""What a command must not wait for, what it says about itself, and how it behaves in a pipe."""

from __future__ import annotations

import subprocess
import sys

import pytest

from contextune.cli.arguments import parser
from contextune.cli.commands import COMMANDS
from tests.cli.conftest import Merged
from tests.cli.place import TIMEOUT, Machine

DELIVERED = (
    *(
        "serve",
        "github",
        "todos",
        "quote",
        "run",
        "runs",
        "show",
        "resume",
        "course",
        "pause",
        "set",
        "cancel",
        "retry",
        "tell",
        "answer",
        "rebase",
        "rewind",
    ),
    *("accept", "undo", "discard", "cost", "worktrees", "agents", "doctor", "trust", "demo", "offline-model"),
    *("debug-bundle", "ask", "skills", "mcp"),
)

REPORT = """
import sys
from contextune.cli.main import main
try:
    status = main(sys.argv[1:])
except SystemExit as end:
    status = end.code
loaded = {name.partition(".")[0] for name in sys.modules}
print(*sorted(loaded), file=sys.stderr)
"""


def _loaded(machine: Machine, *arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", REPORT, *arguments],
        cwd=machine.folder,
        env=machine.environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=True,
    )
    return set(done.stderr.split())


@pytest.mark.parametrize("argument", ["--version", "--help"])
def test_it_answers_at_once(machine: Machine, argument: str) -> None:
    loaded = _loaded(machine, argument)
    assert not loaded & {
        "rich",
        "aiohttp",
        "anthropic",
        "pygls",
        "lsprotocol",
        "git",
        "asyncio",
        "msgspec",
        "mcp",
    }
    assert not machine.home.exists()


def test_todos_need_no_model(machine: Machine) -> None:
    loaded = _loaded(machine, "todos")
    assert "rich" in loaded
    assert not loaded & {"anthropic", "aiohttp", "pygls", "mcp"}


@pytest.mark.parametrize("command", DELIVERED)
def test_every_command_helps(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args([command, "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith(f"usage: contextune {command}")
    assert len(said.splitlines()) > 5
    assert ("--json" in said) == (command not in ("serve", "offline-model", "mcp"))


def test_every_command_has_its_function() -> None:
    assert set(COMMANDS) | {"serve", "demo", "offline-model", "ask", "mcp"} == set(DELIVERED)


def test_help_lists_commands_exit_statuses_and_environment(machine: Machine) -> None:
    said = machine.do("--help").out
    for words in (*DELIVERED, "exit status:", "130", "ANTHROPIC_API_KEY", "CONTEXTUNE_HOME"):
        assert words in said
    assert max(map(len, said.splitlines())) <= 80
    bare = machine.do()
    assert (bare.status, bare.out) == (2, said)


def test_a_reader_that_goes_away_is_no_error(merged: Merged) -> None:
    machine = merged.machine
    for command in (["agents"], ["show"], ["runs", "--all", "--json"]):
        process = subprocess.Popen(
            [sys.executable, "-m", "contextune", *command],
            cwd=machine.folder,
            env=machine.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        if process.stdout is None or process.stderr is None:
            raise RuntimeError("no pipe")
        process.stdout.close()
        with process.stderr as errors:
            assert errors.read() == b""
        assert process.wait(TIMEOUT) == 0


def test_a_terminal_without_unicode(merged: Merged) -> None:
    done = merged.machine.do("show", env={"PYTHONIOENCODING": "ascii"})
    assert (done.status, done.err) == (0, "")
    assert "Round half a cent up" in done.out
