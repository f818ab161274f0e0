"""Odd places that are fine: the work is done, the branch moves once, nothing else of the user's changes."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cli.conftest import KEY, Server
from tests.cli.place import SMALL, Done, Machine, write

TODO = "take your time"


def _go(
    machine: Machine,
    root: Path,
    server: Server,
    *more: str,
    under: Sequence[str] = (),
    settings: str = "protected_branches = []\n",
) -> Done:
    """Do the one Todo; the file that its agent waits for is there from the start."""
    machine.home.mkdir(exist_ok=True)
    (machine.home / "settings.toml").write_text(f'setup = "touch go"\n{settings}')
    todo = machine.todo(root, TODO)
    given = ["run", str(root), "--todo", todo, "--yes", "--json", "--accept", "merge", *more]
    return machine.do(*given, env=server.keyed, under=under)


def _merged(done: Done, root: Path) -> str:
    assert done.status == 0, done.err
    assert done.last["state"] == "accepted"
    assert "# No hurry." in (root / "app.py").read_text()
    return str(done.last["runId"])


def test_detached_and_dirty_with_files_that_are_no_text(machine: Machine, server: Server) -> None:
    latin = b"# TODO: caf\xe9 \x1b[31mred\nx = 1\n"
    root = machine.repository("small", {**SMALL, "latin.py": latin})
    machine.git(root, "checkout", "-q", "--detach")
    with (root / "big.bin").open("wb") as file:
        file.write(b"# TODO: not in here\n")
        file.truncate(50 * 1024 * 1024 + 1)
    listed = machine.do("todos", root)
    assert listed.status == 0, listed.err
    assert r"\x1b[31mred" in listed.out
    assert "\x1b" not in listed.out
    assert "big.bin" not in listed.out
    staged = SMALL["check.py"].replace("== 1", "== 1  # staged")
    write(root, {"check.py": staged, "notes.txt": "mine\n"})
    machine.git(root, "add", "check.py")
    write(root, {"check.py": staged + "# unstaged\n", "untracked.txt": "mine too\n"})
    before = machine.state(root)
    done = _go(machine, root, server)
    run_id = _merged(done, root)
    assert "HEAD is detached" in " ".join(done.lines[0]["warnings"])
    assert "big.bin is left out of the base: it is too large." in done.lines[0]["warnings"]
    assert not list((machine.home / "worktrees").rglob("big.bin"))
    assert machine.git(root, "rev-parse", "--symbolic-full-name", "HEAD") == "HEAD"
    assert (root / "check.py").read_text() == staged + "# unstaged\n"
    assert machine.git(root, "diff", "--cached", "--name-only") == "check.py"
    assert machine.git(root, "status", "--porcelain", "--", "untracked.txt") == "?? untracked.txt"
    assert machine.do("undo", run_id).status == 0
    assert machine.state(root) == before


def test_shallow_with_a_submodule_and_no_gate(machine: Machine, server: Server) -> None:
    library = machine.repository("library", {"lib.py": "x = 1\n"})
    origin = machine.repository("origin", {name: SMALL[name] for name in ("app.py", ".gitignore")})
    machine.git(origin, "submodule", "--quiet", "add", library.as_uri(), "library")
    machine.git(origin, "commit", "-q", "-m", "with a library")
    machine.git(
        machine.folder, "clone", "-q", "--depth", "1", "--recurse-submodules", origin.as_uri(), "clone"
    )
    root = machine.folder / "clone"
    assert (root / ".git" / "shallow").exists()
    done = _go(machine, root, server)
    run_id = _merged(done, root)
    (warning,) = done.lines[0]["warnings"]
    assert "No test command was found: nothing will prove the work." in warning
    assert "`gate`" in warning
    assert "--gate" in warning
    shown = machine.do("show", run_id)
    assert re.search(r"take your time +accepted +unproved", shown.out)
    assert "There is no Gate: the work is unproved" in shown.out
    assert machine.git(root / "library", "status", "--porcelain") == ""
    assert machine.git(root, "status", "--porcelain") == ""


def test_a_protected_branch_stays_and_the_result_gets_one_of_its_own(
    machine: Machine, server: Server
) -> None:
    origin = machine.small()
    machine.git(machine.folder, "clone", "-q", origin.as_uri(), "clone")
    root = machine.folder / "clone"
    before = machine.state(root)
    done = _go(machine, root, server, settings="")
    assert (done.status, done.last["state"]) == (0, "accepted")
    (made,) = machine.git(root, "for-each-ref", "--format=%(refname:short)", "refs/heads/todo/").split()
    assert f"The branch {made} holds the result. main is protected and has not moved." in done.err
    assert "# No hurry." in machine.git(root, "show", f"{made}:app.py")
    assert machine.git(root, "rev-parse", "main") == machine.git(root, "rev-parse", "origin/main")
    assert machine.do("undo", str(done.last["runId"])).status == 0
    assert machine.git(root, "for-each-ref", "refs/heads/todo/") == ""
    assert machine.state(root) == before


def test_a_todo_that_goes_while_its_run_goes(machine: Machine, server: Server) -> None:
    root = machine.small()
    todo = machine.todo(root, TODO)
    going = machine.start(
        "run", root, "--todo", todo, "--yes", "--json", "--accept", "merge", env=server.keyed
    )
    worktree = Path(going.until_kind("lease_taken")["path"])
    mine = SMALL["app.py"].replace("    # TODO: take your time\n", "    # did it myself\n")
    write(root, {"app.py": mine})
    (worktree / "go").touch()
    ended = going.end()
    assert ended.status == 1
    assert ended.last["state"] == "review"
    run_id = ended.last["runId"]
    shown = machine.do("show", run_id).out
    assert "Note: " in shown
    assert "app.py" in shown.partition("Note: ")[2]
    assert (root / "app.py").read_text() == mine
    assert machine.moves(root) == 1
    machine.git(root, "checkout", "-q", "app.py")
    assert machine.do("accept", run_id).status == 0
    assert "# No hurry." in (root / "app.py").read_text()


def test_a_key_that_the_server_refuses(machine: Machine, server: Server) -> None:
    root = machine.small()
    todo = machine.todo(root, TODO)
    before = machine.state(root)
    bad = {**server.keyed, "ANTHROPIC_API_KEY": "sk-bad-key-of-mine-0123456789"}
    done = machine.do("run", root, "--todo", todo, "--yes", "--accept", "merge", env=bad)
    assert done.status == 4
    assert "The model's server does not accept the API key" in done.err.splitlines()[-1]
    assert "sk-bad-key" not in done.err + done.out
    assert machine.state(root) == before
    run_id = next(iter(re.findall(r"contextune resume (r_\w+)", done.err)))
    lease = Path(machine.do("show", run_id, "--json").last["tasks"][0]["worktree"])
    (lease / "go").touch()
    resumed = machine.do("resume", run_id, "--json", env=server.keyed)
    _merged(resumed, root)


def test_a_server_that_is_not_there(machine: Machine) -> None:
    root = machine.small()
    away = {"ANTHROPIC_BASE_URL": "http://127.0.0.1:1", "ANTHROPIC_API_KEY": KEY}
    done = machine.do("run", root, "--all", "--yes", "--json", env=away)
    assert (done.status, done.out) == (4, "")
    assert "No server answers at http://127.0.0.1:1" in done.err.splitlines()[-1]
    assert "ANTHROPIC_BASE_URL" in done.err.splitlines()[-1]


def test_a_disk_without_room_is_named(machine: Machine, parcel: Path) -> None:
    machine.home.mkdir()
    mount = f"mount -t tmpfs -o size=300k none {machine.home}"
    own = ["unshare", "-rm", "sh", "-c"]
    if subprocess.run([*own, mount], capture_output=True, check=False).returncode:
        pytest.skip("no file system of its own can be mounted here")
    before = machine.state(parcel)
    given = ["run", str(parcel), "--all", "--offline", "--yes", "--accept", "merge"]
    done = machine.do(*given, under=[*own, f'{mount} && exec "$@"', "sh"])
    assert done.status == 4
    assert "Traceback" not in done.err
    assert "The disk is full" in done.err.splitlines()[-1]
    assert "Free some space, then resume the run." in done.err.splitlines()[-1]
    assert machine.state(parcel) == before


def test_a_disk_that_is_full(machine: Machine, server: Server) -> None:
    root = machine.small()
    before = machine.state(root)
    # No file may grow further, which needs no rights and is over when the command is.
    done = _go(machine, root, server, under=["prlimit", "--fsize=90000", "--"])
    assert done.status == 1
    assert "Traceback" not in done.err
    assert re.fullmatch("contextune: The journal .*journal.db can't be used: .*", done.err.splitlines()[-1])
    (run_id,) = {line["runId"] for line in done.lines if "runId" in line}
    assert f"`contextune resume {run_id}` goes on once this is mended" in done.err
    assert machine.state(root) == before
    resumed = machine.do("resume", run_id, "--json", env=server.keyed)
    _merged(resumed, root)


def test_the_key_is_nowhere(machine: Machine, server: Server) -> None:
    root = machine.small()
    write(root, {"Makefile": "test:\n\t@env; cat /proc/self/environ; echo of $$PPID; python3 check.py\n"})
    hooks = root / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-checkout", "pre-commit", "reference-transaction"):
        write(hooks, {name: f"#!/bin/sh\nenv >> {machine.folder}/hooks.txt\n"})
        (hooks / name).chmod(0o755)
    (root / ".gitattributes").write_text("*.py filter=spy\n")
    machine.git(root, "config", "filter.spy.clean", f"tee -a {machine.folder}/spy.txt")
    machine.git(root, "config", "filter.spy.smudge", f"sh -c 'env >> {machine.folder}/spy.txt; cat'")
    done = _go(machine, root, server, "--agents", "1")
    _merged(done, root)
    assert "PATH=" in done.out  # the Gate's environment is in its output
    seen = [done.out, done.err, *(machine.do(*words).out for words in (["show"], ["doctor", root]))]
    files = [path for path in machine.folder.rglob("*") if path.is_file()]
    assert any(path.name == "spy.txt" for path in files)
    assert any(path.name == "journal.db" for path in files)
    seen += [path.read_bytes().decode("latin-1") for path in (*files, server.log)]
    for text in seen:
        assert KEY not in text
        assert "ANTHROPIC_API_KEY=" not in text


def test_a_repository_names_commands_once_it_is_trusted(machine: Machine) -> None:
    root = machine.repository("repo", {"app.py": "# TODO: x\n", ".contextune.toml": 'gate = "true # own"\n'})

    def checks() -> dict[str, str]:
        lines = machine.do("doctor", root, "--json").lines
        # What is free on the disk may change at any moment.
        return {check["name"]: check["detail"] for check in lines if check["name"] != "Disk"}

    before = checks()
    assert before["Gate"] == "no test command found"
    assert "left out" in before["Trust"]
    trusted = machine.do("trust", root)
    assert (trusted.status, trusted.out) == (0, f"{root} is trusted, and all that is in it.\n")
    after = checks()
    assert after["Gate"] == "true # own"
    assert "Trust" not in after
    assert machine.do("trust", root, "--revoke", "--json").last == {"folder": str(root), "trusted": False}
    assert checks() == before
