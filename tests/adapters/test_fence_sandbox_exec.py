"""The profile for macOS as text, and what runs it with a stand-in: `sandbox-exec` itself is macOS's alone."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from contextune.adapters.commands.shell import FencedShell
from contextune.adapters.fence.choice import find_fence
from contextune.adapters.fence.fence_places import Places
from contextune.adapters.fence.sandbox_exec import PROGRAM, SandboxExec, profile, quoted
from tests.adapters.test_fence import Place
from tests.adapters.test_shell import ended

HOSTILE = 'a"b\\c)(allow default)\n(d)\t\x07é;#|'
STAND_IN = """#!/bin/sh
[ "$1" = -D ] && [ "$3" = -p ] || exit 64
own=${2#OWN=}
[ -d "$own" ] || exit 65
shift 4
exec "$@"
"""


@pytest.fixture
def stand_in(tmp_path: Path) -> str:
    program = tmp_path / "sandbox-exec"
    program.write_text(STAND_IN)
    program.chmod(0o755)
    return str(program)


def parsed(text: str) -> list[object]:
    """The rules as nested lists, read as Scheme is. Raises ValueError if that is not well-formed."""
    tokens = re.findall(r'"(?:[^"\\]|\\.)*"|;[^\n]*|[()]|[^\s()";]+', text, re.DOTALL)
    if re.sub(r"\s", "", "".join(tokens)) != re.sub(r"\s", "", text):
        raise ValueError(text)
    top: list[object] = []
    stack = [top]
    for token in tokens:
        if token == "(":
            inner: list[object] = []
            stack[-1].append(inner)
            stack.append(inner)
        elif token == ")":
            stack.pop()
            if not stack:
                raise ValueError("one bracket too many")
        else:
            stack[-1].append(token)
    if stack != [top]:
        raise ValueError("a bracket is not closed")
    return top


def rules(text: str, verb: str, *operations: str) -> list[int]:
    """Where rules of a verb are that name one of the operations."""
    return [
        i
        for i, one in enumerate(parsed(text))
        if isinstance(one, list) and one[0] == verb and {*operations} & {*map(str, one)}
    ]


def made(
    tree: Path = Path("/tree"), *, network: bool = False, home: str = "/Users/me", hidden: str = "/Users/me/s"
) -> str:
    return profile(Places(Path(home), "/usr/bin:/bin", (), (Path(hidden),)), tree, network=network)


def test_everything_is_denied_first() -> None:
    assert parsed(made())[:2] == [["version", "1"], ["deny", "default"]]
    assert "(allow default)" not in made()


def test_later_rules_narrow_what_earlier_ones_give() -> None:
    text = made()
    machine, hide = text.index('(allow file-read* (subpath "/"))'), text.index('(subpath "/Users/me")')
    write = text.index("(allow file-read* file-write* ")
    kept = text.index('(deny file-write* (literal "/tree/.git") (subpath "/tree/.git")')
    assert machine < hide < write < kept
    assert '(subpath "/tree/.vscode")' in text[kept:]
    assert '(deny file-write-unlink (literal "/tree"))' in text[kept:]
    (writes,) = rules(text, "allow", "file-write*")
    assert parsed(text)[writes] == [
        "allow",
        "file-read*",
        "file-write*",
        ["subpath", '"/tree"'],
        ["subpath", ["param", '"OWN"']],
    ]


def test_private_places_are_hidden() -> None:
    text = made()
    hide = next(
        line for line in text.splitlines() if line.startswith("(deny file-read-data") and "/Users" in line
    )
    for folder in (
        "/Users",
        "/Users/me",
        "/Users/me/s",
        "/Library/Keychains",
        "/private/tmp",
        "/private/var/folders",
    ):
        assert f'(subpath "{folder}")' in hide
    assert '(literal "/private/etc/master.passwd")' in hide


def test_there_is_no_network_but_for_set_up() -> None:
    assert "network" not in made()
    assert "system-socket" not in made()
    assert rules(made(network=True), "allow", "network-outbound")


def test_hostile_names_stay_strings(tmp_path: Path) -> None:
    plain, hostile = made(), made(Path("/work") / HOSTILE, home=f"/Users/{HOSTILE}", hidden=f"/s/{HOSTILE}")

    def shape(value: object) -> object:
        return [shape(one) for one in value] if isinstance(value, list) else str(value)[:1] == '"' or value

    assert shape(parsed(hostile)) == shape(parsed(plain))
    assert all(ord(sign) >= 32 for sign in quoted(HOSTILE))
    assert quoted('a"\\\n\x07') == '"a\\"\\\\\\n\\x07"'


async def test_the_command_runs_in_a_folder_of_its_own(tmp_path: Path, stand_in: str) -> None:
    place = Place(tmp_path / "place")
    fence = find_fence(program=stand_in, platform="darwin")
    assert fence.name == "none"
    assert "holds nothing back" in fence.detail
    done = await place.run(
        "echo x > new && touch ~/y && echo $HOME $TMPDIR", fence=SandboxExec(program=stand_in)
    )
    assert done.exit_code == 0, done.output
    assert (place.tree / "new").read_text() == "x\n"
    assert not (place.home / "y").exists()
    for folder in done.output.split():
        assert not Path(folder).parent.exists()
    assert (await place.run("exit 7", fence=SandboxExec(program=stand_in))).exit_code == 7
    assert (await place.run("kill -9 $$", fence=SandboxExec(program=stand_in))).exit_code == 137


async def test_a_command_that_takes_too_long_is_ended(tmp_path: Path, stand_in: str) -> None:
    command = "trap 'echo bye; exit 0' TERM; sleep 60 & echo $! > one; wait"
    done = await FencedShell(SandboxExec(program=stand_in)).run(
        command, cwd=tmp_path, timeout=1, environment={}
    )
    assert (done.timed_out, done.output) == (True, "bye\n")
    assert ended(int((tmp_path / "one").read_text()))


DAEMON = """
import asyncio, sys
from pathlib import Path
from contextune.adapters.fence.sandbox_exec import SandboxExec
from contextune.adapters.commands.shell import FencedShell
shell = FencedShell(SandboxExec(program=sys.argv[3]))
asyncio.run(shell.run(sys.argv[2], cwd=Path(sys.argv[1]), timeout=600, environment={}))
"""


def test_it_ends_with_the_daemon(tmp_path: Path, stand_in: str) -> None:
    command = "echo $$ > one; exec sleep 606"
    daemon = subprocess.Popen([sys.executable, "-c", DAEMON, str(tmp_path), command, stand_in])
    file = tmp_path / "one"
    while not file.exists() or not file.read_text().endswith("\n"):
        assert daemon.poll() is None
    daemon.kill()
    daemon.wait()
    assert ended(int(file.read_text()))


@pytest.mark.skipif(Path(PROGRAM).exists(), reason="this is about systems without it")
def test_is_tried_before_it_is_believed(tmp_path: Path) -> None:
    fence = find_fence(platform="darwin")
    assert fence.name == "none"
    assert "sandbox-exec does not" in fence.detail
    assert "There is none for this system" in find_fence(platform="win32").detail


@pytest.mark.skipif(not Path(PROGRAM).exists(), reason="takes macOS")
async def test_holds_back_on_a_mac(tmp_path: Path) -> None:
    place = Place(tmp_path)
    fence = find_fence(hidden=[place.state])
    assert fence.name == "sandbox-exec", fence.detail
    assert (await place.run("echo new > b.txt && git status --short", fence=fence)).exit_code == 0
    for command in (
        "echo x > ../other/a.txt",
        "echo x > .git",
        "rm -f .git",
        f"cat {place.home}/.ssh/id",
        f"echo x > {place.user}/a.txt",
        "(exec 3<>/dev/tcp/127.0.0.1/22)",
    ):
        assert (await place.run(command, fence=fence)).exit_code != 0, command
