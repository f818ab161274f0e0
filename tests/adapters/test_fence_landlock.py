"""What commands can and can't do under Landlock. Exploits fire without it, where that is safe to show."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from contextune.adapters.commands.command_limits import CommandLimits
from contextune.adapters.commands.shell import FencedShell, Reach
from contextune.adapters.fence import landlock
from contextune.adapters.fence.choice import Fence, NoFence, find_fence
from contextune.adapters.fence.landlock_fence import Landlock, unfit
from contextune.adapters.fence.system_calls import ARCHITECTURES, REFUSED
from contextune.core.allow_list import AllowList
from contextune.core.proof.evidence import CommandResult
from tests.adapters.fence_exploits import CALLS, FIRED, PYTHON, SHELL, Exploit
from tests.adapters.test_fence import Place
from tests.adapters.test_shell import ended
from tests.hostile.test_all import DROP, NOBODY, PYTHONS, ROOT, SOURCES, can_run, short_folder

WHY = unfit(landlock.version()) if sys.platform == "linux" else "Landlock is Linux's."
pytestmark = pytest.mark.skipif(WHY != "", reason=WHY)
NONE = NoFence("it shows what the Fence is for.")


PACKAGES = Path(pytest.__file__).parents[1]


def under(place: Place, *, network: bool = False) -> Fence:
    # Where the tests' own packages are may be no part of a prefix: another user has another interpreter.
    prefixes = [Path(sys.prefix), Path(sys.base_prefix), PACKAGES]
    return Landlock(readable=prefixes, hidden=[place.state], network=network)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    (made.tree / ".vscode").mkdir()
    (made.tree / ".vscode" / "tasks.json").write_text("{}")
    return made


@pytest.fixture
def holder() -> Iterator[subprocess.Popen[bytes]]:
    """Another process of the user's, with a secret in its environment."""
    process = subprocess.Popen(["sleep", "600"], env={**os.environ, "LEAKED_KEY": "LEAKED"})
    yield process
    process.kill()
    process.wait()


def number(name: str) -> int:
    found = REFUSED[name][ARCHITECTURES[platform.machine()][0]]
    assert found is not None
    return found


async def attempt(place: Place, holder: int, exploit: Exploit, fence: Fence) -> CommandResult:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX) as local,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagrams,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
        local.bind(str(place.user / "s"))
        datagrams.bind(str(place.user / "d"))
        local.listen()
        abstract.bind(f"\0contextune-{os.getpid()}")
        abstract.listen()
        filled = {
            "{home}": place.home, "{user}": place.user, "{state}": place.state, "{holder}": holder,
            "{daemon}": os.getpid(), "{uid}": os.getuid(),
            "{port}": server.getsockname()[1], "{socket}": place.user / "s",
            "{datagrams}": place.user / "d", "{abstract}": f"contextune-{os.getpid()}",
        }  # fmt: skip
        filled |= {f"{{{name}}}": number(name) for name in REFUSED if REFUSED[name][1] is not None}
        command = exploit.command or f'{sys.executable} -c "$(cat exploit)"'
        program = f"{CALLS}{exploit.program}\nprint('{FIRED}')\n"
        for name, value in filled.items():
            command, program = command.replace(name, str(value)), program.replace(name, str(value))
        (place.tree / "exploit").write_text(program)
        try:
            return await place.run(command, fence=fence)
        finally:
            for name in ("s", "d"):
                (place.user / name).unlink()
            Path(f"/dev/shm/contextune-evil-{os.getpid()}").unlink(missing_ok=True)


@pytest.mark.parametrize("exploit", [*SHELL, *PYTHON], ids=lambda one: one.name)
async def test_is_held_back(place: Place, holder: subprocess.Popen[bytes], exploit: Exploit) -> None:
    before = snapshot(place)
    done = await attempt(place, holder.pid, exploit, under(place))
    assert FIRED not in done.output, done.output
    assert "the secret" not in done.output
    assert snapshot(place) == before
    if exploit.bare:
        bare = await attempt(place, holder.pid, exploit, NONE)
        assert FIRED in bare.output, f"it does nothing without the Fence either: {bare.output}"


def snapshot(place: Place) -> dict[str, tuple[int, bytes]]:
    """Every file that a command must not change, and its mode."""
    kept = [*place.user.rglob("*"), *place.home.rglob("*"), *(place.state / "other").rglob("*")]
    kept += [place.tree / ".git", place.tree / ".vscode", *(place.tree / ".vscode").rglob("*")]
    return {
        str(path): (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in kept
        if os.path.lexists(path) and not path.is_socket()
    }


@pytest.mark.parametrize(
    "command",
    [
        "echo gitdir: /tmp/evil > .git",
        "echo x >> .git",
        "rm -f .git",
        "mv .git elsewhere",
        "echo gitdir: /tmp/evil > new && mv new .git",
        "ln .git other && echo gitdir: /tmp/evil > other",
        "ln .git other && rm .git && mkdir .git && echo x > .git/config",
        "rm .git && ln -s /nowhere .git",
        "rm .git && mkfifo .git",
        "rm .git && truncate -s 30000000 .git",
        "chmod 777 .git",
        "echo x > .vscode/tasks.json",
        "echo x > .vscode/settings.json",
        "mv .vscode elsewhere",
        "rm -rf .vscode && ln -s /nowhere .vscode",
        "chmod 000 .vscode",
        "ln .vscode/tasks.json t && echo x > t",
    ],
)
async def test_git_and_the_editors_files_are_as_they_were(place: Place, command: str) -> None:
    before = snapshot(place)
    done = await place.run(f"{command}; sleep 100", fence=under(place))
    assert (done.exit_code, done.timed_out) == (126, False), done.output
    assert "which a command may not. Put back.]" in done.output
    assert snapshot(place) == before
    assert [path.name for path in (place.tree / ".vscode").iterdir()] == ["tasks.json"]
    assert (place.tree / ".git").stat().st_nlink == 1
    assert (await place.run("git status --short", fence=under(place))).exit_code == 0
    for made in ("other", "t"):
        (place.tree / made).unlink(missing_ok=True)
    await place.run(command, fence=NONE)
    assert snapshot(place) != before


async def test_what_is_not_seen_at_once_is_put_back_at_the_end(place: Place) -> None:
    before = snapshot(place)
    script = (
        "import mmap, os\n"
        "f = os.open('.git', os.O_RDWR); m = mmap.mmap(f, 0); m[0:6] = b'HIDDEN'; m.flush()\n"
        "print(open('.git').read(6))\nos._exit(0)\n"
    )
    (place.tree / "hide.py").write_text(script)
    done = await place.run(f"{sys.executable} hide.py", fence=under(place))
    assert (done.exit_code, "HIDDEN" in done.output) == (126, True)
    assert snapshot(place) == before


async def test_a_git_folder_is_not_worked_in(place: Place) -> None:
    done = await place.run("echo x > c.txt", fence=under(place), cwd=place.user)
    assert done.exit_code == 125
    assert "linked worktrees alone" in done.output
    assert not (place.user / "c.txt").exists()


async def test_works_in_its_worktree(place: Place) -> None:
    (place.tree / "sub").mkdir()
    command = (
        "echo new > b.txt && mkdir -p new/er && mv b.txt new/er/ && mv new/er/b.txt ."
        " && sed -i s/new/newer/ b.txt && ln -s a.txt link && git status --short"
        " && git diff && git log --oneline && touch ~/z $TMPDIR/y"
        " && mv $TMPDIR/y moved && echo $HOME $TMPDIR && echo done > /dev/null"
    )
    done = await place.run(command, fence=under(place))
    assert done.exit_code == 0, done.output
    assert "?? b.txt" in done.output
    assert (place.tree / "b.txt").read_text() == "newer\n"
    assert not (place.home / "z").exists()
    for folder in done.output.splitlines()[-1].split():
        assert not Path(folder).parent.exists()
    assert (await place.run("pwd; cat ../a.txt", cwd=place.tree / "sub", fence=under(place))).output.endswith(
        "sub\na\n"
    )


async def test_python_and_its_tests_run(place: Place) -> None:
    (place.tree / "test_it.py").write_text(
        "import asyncio, os, shutil, socket, subprocess, sys, tempfile, threading\n"
        "def test_files(tmp_path):\n"
        "    (tmp_path / 'a').write_text('a'); shutil.copy(tmp_path / 'a', tmp_path / 'b')\n"
        "    (tmp_path / 'b').chmod(0o755); os.utime(tmp_path / 'b', (1, 1))\n"
        "    assert (tmp_path / 'b').stat().st_mode & 0o777 == 0o755\n"
        "def test_processes():\n"
        "    assert subprocess.check_output([sys.executable, '-c', 'print(1)']) == b'1\\n'\n"
        "    child = subprocess.Popen(['sleep', '60']); child.terminate(); assert child.wait() == -15\n"
        "def test_loops():\n"
        "    assert asyncio.run(asyncio.sleep(0, 3)) == 3\n"
        "    one, other = socket.socketpair(); one.send(b'x'); assert other.recv(1) == b'x'\n"
        "    thread = threading.Thread(target=print); thread.start(); thread.join()\n"
    )
    command = f"PYTHONPATH={PACKAGES} {sys.executable} -m pytest -q -p no:cacheprovider test_it.py"
    done = await place.run(command, fence=under(place))
    assert (done.exit_code, "3 passed" in done.output) == (0, True), done.output


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node here")
async def test_node_and_its_tests_run(place: Place) -> None:
    (place.tree / "it.test.js").write_text(
        "const test = require('node:test'), fs = require('fs');\n"
        "const { execFileSync } = require('child_process'), { Worker } = require('worker_threads');\n"
        "test('it', async () => {\n"
        "  execFileSync(process.execPath, ['-e', '1']);\n"
        "  fs.writeFileSync('made', 'x'); fs.chmodSync('made', 0o755);\n"
        "  require('os').networkInterfaces(); await fs.promises.readFile('made');\n"
        "  await new Promise((done) => new Worker('0', { eval: true }).on('exit', done));\n"
        "});\n"
    )
    (place.tree / "package.json").write_text('{"scripts": {"test": "node --test it.test.js"}}')
    done = await place.run("node --test it.test.js && npm run test", fence=under(place))
    assert done.exit_code == 0, done.output
    assert done.output.count("pass 1") == 2


async def test_impossible_times_and_owners_are_refused(place: Place) -> None:
    script = (
        "import ctypes, os\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "times = (ctypes.c_long * 4)(2**62, 2**62, 2**62, 2**62)\n"
        "libc.utimensat(-100, b'a.txt', times, 0)\n"
        "assert libc.utimensat(-100, b'a.txt', ctypes.c_void_p(1), 0) == -1\n"
        "assert libc.chmod(ctypes.c_void_p(1), 0) == -1\n"
        "assert libc.chmod(b'a' * 5000, 0) == -1\n"
        "assert libc.fchmod(-7, 0) == -1 and libc.fchmod(12345, 0) == -1\n"
        "libc.chown(b'a.txt', -2, -2)\n"
        "os.chmod('a.txt', 0o640)\n"
        "print('still here')\n"
    )
    (place.tree / "odd.py").write_text(script)
    done = await place.run(f"{sys.executable} odd.py", fence=under(place))
    assert done.output == "still here\n"
    assert (place.tree / "a.txt").stat().st_mode & 0o777 == 0o640


async def test_much_in_place_of_little_is_put_back_as_well(place: Place) -> None:
    before = snapshot(place)
    many = "mkdir much && (cd much && seq 3000 | xargs touch) && chmod 500 much && mv .vscode old"
    done = await place.run(f"{many}; mv much .vscode; sleep 100", fence=under(place))
    assert done.exit_code == 126, done.output
    assert snapshot(place) == before


async def test_nothing_survives_the_command(place: Place) -> None:
    leaves = (
        "setsid nohup sh -c 'echo $$ > pid; exec sleep 603' > /dev/null 2>&1 & until [ -s pid ]; do :; done"
    )
    await place.run(leaves, fence=under(place))
    assert ended(int((place.tree / "pid").read_text()))


DAEMON = """
import asyncio, sys
from pathlib import Path
from contextune.adapters.fence.landlock_fence import Landlock
from contextune.adapters.commands.shell import FencedShell
asyncio.run(FencedShell(Landlock()).run(sys.argv[2], cwd=Path(sys.argv[1]), timeout=600, environment={}))
"""


def test_a_killed_daemon_leaves_nothing(place: Place) -> None:
    command = (
        "(trap '' TERM; setsid sh -c 'echo $$ > one; exec sleep 604') &"
        " echo $TMPDIR > where; echo $$ > two; sleep 604"
    )
    daemon = subprocess.Popen([sys.executable, "-c", DAEMON, str(place.tree), command])
    files = [place.tree / name for name in ("where", "one", "two")]
    while not all(file.exists() and file.read_text().endswith("\n") for file in files):
        assert daemon.poll() is None
    daemon.kill()
    daemon.wait()
    assert all(ended(int(file.read_text())) for file in files[1:])
    gone = Path(files[0].read_text().strip()).parent
    while gone.exists():
        pass


async def test_who_passes_a_limit_leaves_nothing_and_changes_nothing(place: Place) -> None:
    before = snapshot(place)
    limits = CommandLimits(memory=4_000_000_000, processes=20, files=4_096, disk=5_000_000_000)
    # Told to, it keeps the name `.git` from being looked at before it is over: a mapped file changes unseen.
    script = (
        "import mmap, os, time\n"
        "m = mmap.mmap(os.open('.git', os.O_RDWR), 0); m[0:6] = b'HIDDEN'\n"
        "print(os.environ['TMPDIR'], flush=True)\n"
        "for _ in range(60): os.fork() or (os.setsid(), time.sleep(605))\n"
        "time.sleep(605)\n"
    )
    (place.tree / "many.py").write_text(script)
    done = await FencedShell(under(place), limits).run(
        f"{sys.executable} many.py; echo after", cwd=place.tree, timeout=60, environment={}
    )
    assert "more than 20 processes" in done.output, done.output
    assert "after" not in done.output
    assert snapshot(place) == before
    assert not Path(done.output.split()[0]).parent.exists()


async def test_set_up_has_the_network_and_no_sockets_of_the_machine(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        command = f"(exec 3<>/dev/tcp/127.0.0.1/{server.getsockname()[1]})"
        assert (await place.run(command, fence=under(place))).exit_code != 0
        assert (await place.run(command, fence=under(place, network=True))).exit_code == 0
    exploit = next(one for one in PYTHON if one.name == "unix")
    assert FIRED not in (await attempt(place, 1, exploit, under(place, network=True))).output


async def test_no_proxy_is_named_where_none_can_be_reached(place: Place, tmp_path: Path) -> None:
    shell = FencedShell(under(place), None, Reach(AllowList(["example.com"]), tmp_path / "doors"))
    done = await shell.run("env", cwd=place.tree, timeout=60, environment={})
    assert "http_proxy" not in done.output
    assert "HOME=" in done.output


def test_is_chosen_where_bubblewrap_is_not_to_be_had() -> None:
    fence = find_fence(program="/bin/false")
    assert fence.name == "landlock"
    for words in ("Unlike bubblewrap", "no loopback", "allowed_hosts"):
        assert words in fence.detail


@pytest.mark.parametrize(
    ("version", "machine", "said"),
    [
        (0, "x86_64", "has no Landlock"),
        (1, "x86_64", "Linux 6.2"),
        (2, "aarch64", "Linux 6.2"),
        (3, "riscv64", "none for riscv64"),
        (3, "x86_64", ""),
        (7, "aarch64", ""),
    ],
)
def test_what_makes_it_unfit(version: int, machine: str, said: str) -> None:
    found = unfit(version, machine)
    assert said in found
    assert bool(found) == bool(said)


def test_an_older_kernel_is_told_of() -> None:
    assert "ending other programs" not in Landlock(version=6).detail
    assert "ending other programs" in Landlock(version=5).detail


@pytest.mark.timeout(600)
@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="only root becomes others")
def test_the_same_as_an_ordinary_user() -> None:
    folder = short_folder(int(NOBODY))
    environment = {
        "PATH": f"/usr/bin:/bin:{sysconfig.get_path('scripts')}",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join([sysconfig.get_path("purelib"), SOURCES]),
    }
    python = next((one for one in PYTHONS if can_run(one, environment)), None)
    if python is None:
        pytest.skip("an ordinary user can read no Python of this version")
    options = ["-q", "-p", "no:cacheprovider", f"--basetemp={folder / 'b'}", str(Path(__file__))]
    done = subprocess.run(
        [*DROP, python, "-B", "-m", "pytest", *options],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
    assert " passed" in done.stdout
    shutil.rmtree(folder)
