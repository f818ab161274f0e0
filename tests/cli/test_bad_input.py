"""What is wrong is said in a sentence with the right exit status, and nothing of the user's changes."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from contextune.cli.main import main
from tests.cli.place import Done, Machine, write

TODO = {"app.py": "def one():\n    # TODO: count\n    return 1\n", "Makefile": "test:\n\t@true\n"}


def _refused(done: Done, status: int, *words: str) -> None:
    """One sentence as the last thing on stderr, nothing on stdout."""
    assert done.status == status, done.err
    assert done.out == ""
    sentence = done.err.splitlines()[-1]
    assert sentence.startswith("contextune: ")
    assert "Traceback" not in done.err
    for word in words:
        assert word in sentence


def _run(machine: Machine, root: Path | str, *more: str | Path) -> Done:
    return machine.do("run", root, "--offline", "--yes", "--json", *more)


@pytest.fixture
def root(machine: Machine) -> Path:
    return machine.repository("repo", dict(TODO))


def test_no_repository(machine: Machine) -> None:
    folder = machine.folder / "plain"
    folder.mkdir()
    write(folder, dict(TODO))
    _refused(_run(machine, folder, "--all"), 4, "is not in a git repository", "git init")
    assert machine.do("todos", folder).out.endswith("1 Todo\n")
    doctor = machine.do("doctor", folder)
    assert doctor.status == 4
    assert "problem  Repository: " in doctor.out


def test_an_empty_repository(machine: Machine) -> None:
    folder = machine.folder / "empty"
    folder.mkdir()
    machine.git(folder, "init", "-q")
    write(folder, dict(TODO))
    _refused(_run(machine, folder, "--all"), 4, "has no commit yet", "Make a first commit")


def test_a_bare_repository(machine: Machine, root: Path) -> None:
    machine.git(machine.folder, "clone", "-q", "--bare", str(root), "bare.git")
    _refused(_run(machine, "bare.git", "--all"), 4, "is a bare repository", "Use a clone or a worktree")


def test_a_path_that_does_not_exist(machine: Machine) -> None:
    for command in (["run", "nowhere", "--all", "--yes"], ["todos", "nowhere"], ["doctor", "nowhere"]):
        _refused(machine.do(*command), 2, "PATH: nowhere does not exist")


def test_nobody_is_there_to_approve(machine: Machine, root: Path) -> None:
    _refused(machine.do("run", root, "--all", "--offline"), 2, "Nobody is there to approve", "--yes")


def test_no_key(machine: Machine, root: Path) -> None:
    _refused(machine.do("run", root, "--all", "--yes"), 4, "no API key", "ANTHROPIC_API_KEY", "--offline")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--budget", "lots"], ["--budget: 'lots' is no amount of dollars, such as 0.50"]),
        (["run", "--budget", "-1"], ["--budget"]),
        (["run", "--budget", "nan"], ["--budget: 'nan' is no amount of dollars"]),
        (["run", "--agents", "0"], ["--agents: '0': expected a whole number from 1 to 100"]),
        (["run", "--yes"], ["Say what to work on: --todo ID, --all, --goal TEXT or --plan FILE."]),
        (["run", "--yes", "--all", "--goal", "x"], ["Give one of --todo, --all and --goal."]),
        (["run", "--yes", "--plan", "nowhere"], ["--plan: nowhere cannot be read: No such file"]),
        (["cost", "--since", "monday"], ["--since: 'monday' is no date, such as 2026-11-01"]),
        (["serve", "--socket", "http"], ["--socket: 'http': expected a port"]),
        (["offline-model", "--script", "nowhere"], ["--script: nowhere", "No such file"]),
        (["frobnicate"], ["'frobnicate'", "choose from", "--help"]),
        (["show", "r_nope"], ["'r_nope' is no run", "contextune runs"]),
        (["show"], ["There are no Runs yet"]),
        (["cancel", "nope"], ["No Run or Task is called 'nope'"]),
        (["tell", "nope", "x"], ["No Run has a task 'nope'", "contextune show RUN"]),
        (["answer", "r_nope/x", "x"], ["'r_nope' is no run"]),
        (["accept"], ["RUN", "--help"]),
    ],
)
def test_arguments(
    arguments: list[str],
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONTEXTUNE_HOME", str(tmp_path / "home"))
    # In this process, for there are many: nothing of it reaches a Run.
    status = main(arguments)
    _refused(Done(status, *capsys.readouterr()), 2, *words)


def test_unknown_todo_base_and_plan(machine: Machine, root: Path) -> None:
    _refused(_run(machine, root, "--todo", "t_nope"), 2, "No Todo has the id t_nope", "list the Todos again")
    _refused(_run(machine, root, "--all", "--base", "nope"), 2, "'nope' names no commit here")
    plan = machine.folder / "plan.json"
    for content, words in (
        ({}, ["is not a plan", "`tasks`", "contextune quote --json"]),
        ({"tasks": []}, ["The plan has no tasks"]),
        (
            {
                "tasks": [
                    {"id": "../x", "title": "t", "brief": "b", "files": ["/etc/passwd"], "dependsOn": ["z"]}
                ]
            },
            [
                "'../x': expected lower-case letters",
                "'/etc/passwd', which is neither",
                "'z', which is no task",
            ],
        ),
        ({"tasks": [{"id": "ghost", "title": "t", "brief": "b"}]}, ["'ghost' is in use already"]),
        (
            {"tasks": [{"id": "a", "title": "t", "brief": "b", "todoIds": ["t_x"]}]},
            ["No Todo has the id t_x"],
        ),
    ):
        plan.write_text(json.dumps(content))
        _refused(_run(machine, root, "--plan", plan), 2, *words)


def test_settings(machine: Machine, root: Path) -> None:
    user = machine.home / "settings.toml"
    machine.home.mkdir()
    for file, content, words in (
        (user, "colour = 1\n", ["unknown setting 'colour'", "Known settings: "]),
        (user, 'agents = "many"\n', ["setting 'agents'", "Expected `int`"]),
        (user, "agents = 0\n", ["setting 'agents': expected 1 to 100"]),
        (user, "agents = [\n", ["Expected TOML, such as: agents = 4"]),
        (root / ".contextune.toml", "colour = 1\n", ["unknown setting 'colour'"]),
        (root / ".contextune.toml", "max_turns = 0\n", ["setting 'max_turns': expected 1 or more"]),
    ):
        file.write_text(content)
        _refused(_run(machine, root, "--all"), 2, str(file), *words)
        file.unlink()


def test_a_state_folder_that_cannot_be_written(machine: Machine, root: Path) -> None:
    (machine.folder / "file").touch()
    for home in (machine.folder / "file" / "home", Path("/proc/contextune")):
        done = machine.do("todos", root, env={"CONTEXTUNE_HOME": str(home)})
        _refused(done, 4, f"The state folder {home} can't be made", "CONTEXTUNE_HOME")
    machine.home.mkdir(mode=0o555)
    # root may write everywhere, but for this
    under = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
    if under and shutil.which("setpriv") is None:
        return
    done = machine.do("run", root, "--all", "--offline", "--yes", under=under)
    _refused(done, 4, f"The journal {machine.home}/journal.db", "Permission denied", "CONTEXTUNE_HOME")


def test_a_port_that_is_taken(machine: Machine) -> None:
    import socket

    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        done = machine.do("offline-model", "--port", str(held.getsockname()[1]))
    assert done.status == 1
    assert "address already in use" in done.err
    assert "Traceback" not in done.err
