"""Hostile paths and files, through the agents' own file tools."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from contextune.adapters.commands.shell import FencedShell
from contextune.adapters.fence.choice import NoFence
from contextune.adapters.files.workspace import WorktreeFiles
from contextune.agents.roles import role
from contextune.agents.toolbox import Toolbox
from contextune.core.errors import ToolProblem
from contextune.core.model.conversation import ToolUse


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret.txt").write_text("secret")
    return folder


@pytest.fixture
def files(tmp_path: Path, outside: Path) -> Iterator[WorktreeFiles]:
    root = tmp_path / "tree"
    (root / "src").mkdir(parents=True)
    (root / "src" / "app.py").write_text("x = 1\n")
    (root / ".git").write_text("gitdir: elsewhere\n")
    yield WorktreeFiles(root)
    assert (outside / "secret.txt").read_text() == "secret"
    assert [path.name for path in outside.iterdir()] == ["secret.txt"]


def is_refused(files: WorktreeFiles, path: str, words: str = ".") -> None:
    with pytest.raises(ToolProblem, match=words):
        files.read(path)
    with pytest.raises(ToolProblem, match=words):
        files.write(path, b"evil")


@pytest.mark.hostile(5)
def test_a_link_that_leads_out(files: WorktreeFiles, outside: Path) -> None:
    (files.root / "lnk").symlink_to(outside / "secret.txt")
    (files.root / "up").symlink_to("../outside")
    assert (files.root / "lnk").read_text() == "secret", "the link does not lead out"
    is_refused(files, "lnk", "leads out")
    is_refused(files, "up/secret.txt", "leads out")


@pytest.mark.hostile(6)
def test_a_folder_swapped_in_between(files: WorktreeFiles, outside: Path) -> None:
    (files.root / "real").mkdir()
    (files.root / "real" / "secret.txt").write_text("inside")
    swap, stop = files.root / "swap", threading.Event()
    swap.symlink_to("real")

    def swapping() -> None:
        other = files.root / "other"
        while not stop.is_set():
            for target in (str(outside), "real"):
                other.symlink_to(target)
                other.rename(swap)

    thread = threading.Thread(target=swapping)
    thread.start()
    seen: set[bytes] = set()
    tries = 0
    try:
        while tries < 1_000 or not seen:
            tries += 1
            try:
                seen.add(files.read("swap/secret.txt"))
            except ToolProblem:
                continue
    finally:
        stop.set()
        thread.join()
    assert seen == {b"inside"}


@pytest.mark.hostile(7)
def test_a_hard_link(files: WorktreeFiles, outside: Path) -> None:
    (files.root / "hard").hardlink_to(outside / "secret.txt")
    files.write("hard", b"changed")
    assert files.read("hard") == b"changed"


@pytest.mark.hostile(30)
def test_names_that_look_like_options(files: WorktreeFiles) -> None:
    for name in ("-rf", "--help", "a\nb.py", "$(touch fired)", "; touch fired", "'\"`"):
        files.write(name, b"x = 1\n")
        assert files.read(name) == b"x = 1\n"
        assert name in files.glob("*", limit=50)
    assert "x = 1" in files.grep("x = 1", path=".", glob="-rf", context=0, limit=10)
    assert not (files.root / "fired").exists()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        pytest.param(".git::$INDEX_ALLOCATION", "git's own", marks=pytest.mark.hostile(52)),
        pytest.param("sub/.GIT::$INDEX_ALLOCATION/config", "git's own", marks=pytest.mark.hostile(52)),
        pytest.param("git~1/config", "git's own", marks=pytest.mark.hostile(53)),
        pytest.param("GIT~1", "git's own", marks=pytest.mark.hostile(53)),
        pytest.param(".g\u200cit/config", "git's own", marks=pytest.mark.hostile(54)),
        pytest.param("\ufeff.git/hooks/pre-commit", "git's own", marks=pytest.mark.hostile(54)),
        pytest.param(".git . ./config", "git's own", marks=pytest.mark.hostile(54)),
        pytest.param("src/../../outside/secret.txt", "'..'", marks=pytest.mark.hostile(55)),
        pytest.param("/etc/passwd", "outside the worktree", marks=pytest.mark.hostile(55)),
    ],
)
def test_paths_that_are_not_the_agents(files: WorktreeFiles, path: str, words: str) -> None:
    is_refused(files, path, words)


@pytest.mark.hostile(56)
def test_the_root_of_proc(files: WorktreeFiles) -> None:
    (files.root / "root").symlink_to("/proc/self/root")
    (files.root / "cwd").symlink_to("/proc/self/cwd")
    for path in ("root/etc/passwd", "cwd/pyproject.toml", "/proc/self/root/etc/passwd"):
        is_refused(files, path)


@pytest.mark.hostile(57)
def test_a_pipe(files: WorktreeFiles) -> None:
    os.mkfifo(files.root / "pipe")
    is_refused(files, "pipe", "a pipe")


@pytest.mark.hostile(58)
def test_sockets_and_devices(files: WorktreeFiles) -> None:
    with socket.socket(socket.AF_UNIX) as local:
        local.bind(str(files.root / "sock"))
        is_refused(files, "sock", "a socket")
    (files.root / "null").symlink_to("/dev/null")
    is_refused(files, "null")


@pytest.mark.hostile(59)
def test_a_sparse_file(files: WorktreeFiles) -> None:
    with (files.root / "huge").open("wb") as file:
        os.truncate(file.fileno(), 2**40)
    with pytest.raises(ToolProblem, match="1,099,511,627,776 bytes"):
        files.read("huge")


@pytest.mark.hostile(60)
def test_nested_repetition(files: WorktreeFiles) -> None:
    files.write("long.txt", b"a" * 100_000 + b"!\n")
    assert files.grep(r"(a+)+$", path=".", glob=None, context=0, limit=10) == ""
    with pytest.raises(ToolProblem):
        files.grep("(", path=".", glob=None, context=0, limit=10)


@pytest.mark.hostile(61)
def test_a_file_replaced_by_a_link_between_two_edits(files: WorktreeFiles, outside: Path) -> None:
    files.write("src/app.py", b"x = 2\n")
    (files.root / "src" / "app.py").unlink()
    (files.root / "src" / "app.py").symlink_to(outside / "secret.txt")
    is_refused(files, "src/app.py", "leads out")


@pytest.mark.hostile(65)
@pytest.mark.parametrize("depth", [100, 100_000])
async def test_input_for_a_tool_nested_deep(files: WorktreeFiles, depth: int) -> None:
    nested: object = "x"
    for _ in range(depth):
        nested = [nested]
    shell = FencedShell(NoFence("nothing is run."))
    tools = role("parallel-task-executor").tools
    toolbox = Toolbox(files, shell, names=tools, environment={}, command_timeout=5)
    for name in ("write", "edit", "read", "bash", "finish", "grep", "nothing"):
        for given in ({"files": nested, "command": nested, "edits": nested}, {"\x1b[2J": 1}, {}):
            with pytest.raises(ToolProblem) as told:
                await toolbox.prepare(ToolUse(id="t", name=name, input=given))
            assert len(str(told.value)) < 2_000
