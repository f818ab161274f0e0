"""What commands can't do inside bubblewrap. Each case fires without the Fence."""

from __future__ import annotations

import http.server
import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from contextune.adapters.commands.shell import FencedShell
from contextune.adapters.fence import bubblewrap, landlock
from contextune.adapters.fence.bubblewrap import Bubblewrap
from contextune.adapters.fence.choice import Fence, NoFence, find_fence
from contextune.core.proof.evidence import CommandResult

FENCE = find_fence()
fenced = pytest.mark.skipif(FENCE.name != "bubblewrap", reason=FENCE.detail)


def git(*arguments: str, cwd: Path) -> None:
    identity = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "PATH": os.environ["PATH"]}
    identity |= {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    subprocess.run(["git", *arguments], cwd=cwd, check=True, capture_output=True, env=identity)


class Place:
    """A repository with a linked worktree, another worktree beside it, and a home with a secret."""

    def __init__(self, top: Path) -> None:
        self.home, self.user, self.state = top / "home", top / "user", top / "state"
        for folder in (self.home / ".ssh", self.user, self.state):
            folder.mkdir(parents=True)
        (self.home / ".ssh" / "id").write_text("the secret")
        (self.user / "a.txt").write_text("a\n")
        git("init", "-q", "-b", "main", cwd=self.user)
        git("add", ".", cwd=self.user)
        git("commit", "-q", "-m", "first", cwd=self.user)
        for name in ("tree", "other"):
            git("worktree", "add", "-q", "-b", name, str(self.state / name), cwd=self.user)
        self.tree = self.state / "tree"

    async def run(
        self, command: str, *, fence: Fence | None = None, cwd: Path | None = None
    ) -> CommandResult:
        chosen = fence or find_fence(hidden=[self.state])
        return await FencedShell(chosen).run(
            command, cwd=cwd or self.tree, timeout=60, environment={"HOME": str(self.home)}
        )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@fenced
async def test_works_in_its_worktree(place: Place) -> None:
    (place.tree / "sub").mkdir()
    private = f"/tmp/contextune-test-{os.getpid()}"
    command = "echo new > b.txt && git status --short && git log --oneline && mkdir -p sub/x && touch ~/z"
    result = await place.run(f"{command} {private} $TMPDIR/y")
    assert result.exit_code == 0, result.output
    assert "?? b.txt" in result.output
    assert (place.tree / "b.txt").read_text() == "new\n"
    assert not Path(private).exists()
    assert not (place.home / "z").exists()
    assert (await place.run("pwd; cat ../a.txt", cwd=place.tree / "sub")).output.endswith("sub\na\n")


@fenced
@pytest.mark.parametrize(
    "command",
    [
        "echo x > ../other/a.txt",
        "cat ../other/a.txt",
        "cat {user}/a.txt",
        "echo x > {user}/a.txt && cat {user}/.git/../b.txt",
        "echo x > /etc/evil",
        "cat /etc/shadow | grep .",
        "cat ~/.ssh/id",
        "cat {home}/.ssh/id",
        "ls /root/.bashrc /root/.profile /root/.ssh",
        "ls /run/*",
        "ln -s {home}/.ssh lnk && cat lnk/id",
        "echo gitdir: /tmp/evil > .git",
        "rm -f .git",
        "mv .git elsewhere",
        "git config core.fsmonitor 'touch fired'",
        "echo '#!/bin/sh' > {user}/.git/hooks/pre-commit",
        "git update-ref refs/heads/main HEAD~0 && git branch evil",
        "git add -A && git commit -m x",
        "unshare -U true",
        "mount -t tmpfs x /mnt",
        "mount -o remount,rw /",
        "chroot . true",
        "mknod node c 1 3",
        "cat /proc/[0-9]*/environ | tr '\\0' '\\n' | grep LEAKED",
        "kill -0 {daemon}",
        "echo x > /dev/tty",
        "ls /dev/sda /dev/vda /dev/kmsg",
        "(exec 3<>/dev/tcp/127.0.0.1/{port})",
    ],
)
async def test_is_held_back(place: Place, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAKED_KEY", "LEAKED")
    with socket.create_server(("127.0.0.1", 0)) as server:
        filled = command
        for name, value in (
            ("{home}", place.home),
            ("{user}", place.user),
            ("{daemon}", os.getpid()),
            ("{port}", server.getsockname()[1]),
        ):
            filled = filled.replace(name, str(value))
        before = snapshot(place)
        result = await place.run(filled)
    assert result.exit_code != 0, result.output
    assert "the secret" not in result.output
    after = snapshot(place)
    assert {path: after.get(path) for path in before} == before
    assert not Path("/etc/evil").exists()


def snapshot(place: Place) -> dict[str, bytes]:
    """Every file that a command must not change."""
    kept = [*place.user.rglob("*"), *place.home.rglob("*"), *(place.state / "other").rglob("*")]
    found = {str(path): path.read_bytes() for path in kept if path.is_file()}
    found[".git"] = (place.tree / ".git").read_bytes()
    return found


@fenced
async def test_a_tampered_git_file_shows_nothing_more(place: Place) -> None:
    private = place.home / "fake"
    private.mkdir()
    (private / "commondir").write_text(str(place.home / ".ssh"))
    (private / "gitdir").write_text("/somewhere/else/.git\n")
    (place.tree / ".git").write_text(f"gitdir: {private}\n")
    assert (await place.run(f"cat {place.home}/.ssh/id")).exit_code != 0


@fenced
async def test_loopback_within_the_command_works(place: Place) -> None:
    script = (
        "import http.server, threading, urllib.request\n"
        "server = http.server.HTTPServer(('127.0.0.1', 0), http.server.SimpleHTTPRequestHandler)\n"
        "threading.Thread(target=server.serve_forever, daemon=True).start()\n"
        "print(urllib.request.urlopen(f'http://127.0.0.1:{server.server_port}/a.txt').read())\n"
    )
    (place.tree / "serve.py").write_text(script)
    result = await place.run(
        f"{sys.executable} serve.py 2>/dev/null", fence=find_fence(readable=[Path(sys.prefix)])
    )
    assert result.output == "b'a\\n'\n"


@fenced
async def test_a_virtual_environment_anywhere_works_when_listed(place: Place) -> None:
    environment = place.home / "envs" / "py"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)  # noqa: ASYNC221
    python = environment / "bin" / "python"
    command = f"{python} -c 'import sys, json; print(sys.prefix)'"
    assert (await place.run(command)).exit_code != 0
    result = await place.run(command, fence=find_fence(readable=[environment], hidden=[place.state]))
    assert result.output.strip() == str(environment)
    assert (
        await place.run(f"touch {environment}/x", fence=find_fence(readable=[environment]))
    ).exit_code != 0


@fenced
async def test_nothing_survives_the_command(place: Place) -> None:
    own = f"sleep 300.{os.getpid()}"  # that of no other test
    result = await place.run(f"setsid nohup {own} >/dev/null 2>&1 & echo started")
    assert result.output == "started\n"
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)  # noqa: ASYNC221
    assert own not in listed.stdout.splitlines()


@fenced
async def test_the_network_is_there_only_if_it_was_asked_for(place: Place) -> None:
    served = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    thread = threading.Thread(target=served.handle_request)
    thread.start()
    command = f"(exec 3<>/dev/tcp/127.0.0.1/{served.server_port}; echo >&3)"
    assert (await place.run(command)).exit_code != 0
    assert (await place.run(command, fence=find_fence(network=True))).exit_code == 0
    thread.join()
    served.server_close()


@pytest.fixture
def _no_landlock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "version", lambda: 0)


@pytest.mark.usefixtures("_no_landlock")
def test_says_why_there_is_none(tmp_path: Path) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho no namespaces for you >&2\nexit 1\n")
    broken.chmod(0o755)
    fence = find_fence(program=str(broken))
    assert isinstance(fence, NoFence)
    assert "no namespaces for you" in fence.detail
    assert "This kernel has no Landlock" in fence.detail
    lying = tmp_path / "lying"
    lying.write_text("#!/bin/sh\nexit 0\n")
    lying.chmod(0o755)
    assert find_fence(program=str(lying)).name == "none"
    assert find_fence(program=str(tmp_path / "gone")).name == "none"
    assert FENCE.detail.endswith(".")


@pytest.mark.usefixtures("_no_landlock")
def test_none_without_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    fence = find_fence()
    assert fence.name == "none"
    assert fence.wrap(["a", "b"], cwd=Path("/"), environment={})[-2:] == ["a", "b"]
    assert "is not installed" in fence.detail


def test_the_profile_is_tight(tmp_path: Path) -> None:
    line = Bubblewrap("bwrap").wrap(["true"], cwd=tmp_path, environment={"HOME": "/root"})
    for flag in ("--unshare-all", "--die-with-parent", "--new-session", "--disable-userns", "--remount-ro"):
        assert flag in line
    assert "--share-net" not in line
    assert line[line.index("--cap-drop") + 1] == "ALL"
    assert line.index("--remount-ro") > line.index("--bind")


@fenced
async def test_packages_behind_a_link_can_be_read(tmp_path: Path) -> None:
    place = Place(tmp_path)
    packages = tmp_path / "elsewhere"
    packages.mkdir()
    (packages / "there.txt").write_text("there\n")
    (place.user / ".venv").symlink_to(packages)
    fence = find_fence(readable=[place.user / ".venv"], hidden=[place.state])
    assert fence.name == "bubblewrap", fence.detail
    done = await place.run(f"cat {place.user}/.venv/there.txt", fence=fence)
    assert done.output == "there\n"


def test_a_folder_on_path_that_may_not_be_looked_at_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "home" / "closed"
    plain = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != closed and plain(path, mode))
    environment = {"HOME": str(tmp_path / "home"), "PATH": f"{closed}:/usr/bin"}
    assert str(closed) not in Bubblewrap("bwrap").wrap(["true"], cwd=tmp_path, environment=environment)


@fenced
async def test_temporary_files_are_bounded(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    fill = "head -c 5000000 /dev/zero > /tmp/x && echo filled"
    assert (await place.run(fill)).output == "filled\n"
    monkeypatch.setattr(bubblewrap, "TEMPORARY", 1_000_000)
    assert "No space left on device" in (await place.run(fill)).output
