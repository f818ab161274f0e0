"""What every pool keeps: commands see a worktree's files, and what they change is there when they return."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from contextune.adapters.git.repository import GitRepository
from contextune.core.errors import ToolProblem
from contextune.core.proof.evidence import CommandResult
from contextune.core.workplaces import Pool, SetUp, Workplace
from tests.adapters.git_place import Place


class At(NamedTuple):
    """A workplace, and what it is of."""

    place: Workplace
    worktree: Path
    repository: GitRepository

    async def run(self, command: str, **environment: str) -> CommandResult:
        return await self.place.shell.run(
            command, cwd=self.worktree, timeout=60, environment=environment, output_limit=30_000
        )


@pytest.fixture
async def at(pool: Pool, place: Place, tmp_path: Path) -> AsyncIterator[At]:
    repository = place.open()
    worktree = tmp_path / "worktrees" / "t1"
    repository.add_worktree(worktree, "contextune/r/t1", "HEAD")
    here = At(pool.workplace(worktree, repository, None), worktree, repository)
    yield here
    await here.place.leave()


async def test_a_command_sees_the_files_and_its_result_comes_back(at: At) -> None:
    done = await at.run("cat a.txt; ./tool.sh; exit 3")
    assert (done.exit_code, done.output) == (3, "one\ntool\n")
    assert done.command == "cat a.txt; ./tool.sh; exit 3"


async def test_what_a_command_changes_is_there_when_it_returns(at: At) -> None:
    await at.run(
        "echo two >> a.txt; rm old.txt; mkdir -p new/deep; printf '\\0\\377' > new/deep/b.bin; "
        "chmod -x tool.sh; ln -s a.txt link; printf x > 'odd \"name\"'"
    )
    assert (at.worktree / "a.txt").read_text() == "one\ntwo\n"
    assert not (at.worktree / "old.txt").exists()
    assert (at.worktree / "new/deep/b.bin").read_bytes() == b"\0\377"
    assert not (at.worktree / "tool.sh").stat().st_mode & 0o100
    assert (at.worktree / "link").readlink() == Path("a.txt")
    assert (at.worktree / 'odd "name"').read_text() == "x"


async def test_what_the_tools_write_between_commands_is_seen_by_the_next(at: At) -> None:
    await at.run("echo by command > mine.txt")
    at.place.files.write("a.txt", b"by tool\n")
    at.place.files.write("more/c.txt", b"new\n")
    (at.worktree / "mine.txt").unlink()
    done = await at.run("cat a.txt more/c.txt; ls mine.txt 2>/dev/null || echo gone")
    assert done.output == "by tool\nnew\ngone\n"


async def test_files_that_git_ignores_are_the_agents_all_the_same(at: At) -> None:
    at.place.files.write("seed.out", b"seed\n")
    done = await at.run("cat seed.out; mkdir build; echo made > build/log; echo later >> seed.out")
    assert done.output == "seed\n"
    assert at.place.files.read("build/log") == b"made\n"
    assert at.place.files.changed_at("build/log") > 0
    assert (await at.run("cat build/log")).output == "made\n"


async def test_a_missing_file_is_the_models_to_mend(at: At) -> None:
    await at.run("true")
    with pytest.raises(ToolProblem, match="nowhere"):
        at.place.files.read("nowhere.txt")


async def test_git_shows_the_agents_changes_against_its_start(at: At) -> None:
    at.place.files.write("a.txt", b"changed\n")
    done = await at.run("git status --short; git log --format=%s; git diff --stat")
    assert done.output.startswith(" M a.txt\nBase\n a.txt | 2 +-\n")


async def test_the_worktree_may_be_brought_to_another_commit(at: At, place: Place) -> None:
    await at.run("echo work > work.txt")
    place.write("a.txt", "newer\n")
    place.git("commit", "-aqm", "Newer")
    at.repository.reset_worktree(at.worktree, place.said("rev-parse", "HEAD"))
    done = await at.run("cat a.txt; ls; git status --short; git log --format=%s")
    assert done.output == "newer\na.txt\nold.txt\ntool.sh\nNewer\nBase\n"


async def test_paths_of_the_worktree_mean_the_same_everywhere(at: At) -> None:
    done = await at.run(f"cat {at.worktree}/a.txt; pwd; echo $HERE", HERE=str(at.worktree))
    assert done.output == f"one\n{at.worktree}\n{at.worktree}\n"


async def test_a_port_is_free_where_the_command_runs(at: At) -> None:
    listen = (
        "import os, socket; s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); "
        "s.bind(('127.0.0.1', int(os.environ['PORT']))); s.listen(); print('listens')"
    )
    done = await at.run(f'{sys.executable} -S -c "{listen}"', PORT="0")
    assert done.output == "listens\n"


async def test_a_command_that_takes_too_long_is_ended(at: At) -> None:
    done = await at.place.shell.run("echo begun; sleep 60", cwd=at.worktree, timeout=0.5, environment={})
    assert (done.timed_out, done.exit_code, done.output.splitlines()[0]) == (True, 124, "begun")


async def test_a_command_may_be_stopped_and_the_place_used_on(at: At) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(at.run("echo half > half.txt; sleep 60"), 1)
    assert (await at.run("cat a.txt")).output == "one\n"


async def test_lines_that_a_command_runs_are_seen(at: At) -> None:
    at.place.files.write("code.py", b"def f():\n    return 1\n\n\ndef g():\n    return 2\n")
    at.place.files.write("test_code.py", b"import code_user\n")
    at.place.files.write("code_user.py", b"import sys; sys.path.insert(0, '.')\nfrom code import f\nf()\n")
    watch = at.place.line_watch
    assert watch is not None
    watching = await asyncio.to_thread(watch.begin, at.worktree, {"code.py": {2, 6}}, scripts=False)
    done = await at.run(f"{sys.executable} -B test_code.py", **watching.environment)
    seen = await asyncio.to_thread(watching.end)
    ran = set(seen.ran.get("code.py", ()))
    assert (done.exit_code, 2 in ran, 6 in ran) == (0, True, False), done.output
    assert (await at.run("ls -A")).output.count(".contextune") == 0


async def test_a_set_up_is_run_where_the_commands_run(pool: Pool, place: Place, tmp_path: Path) -> None:
    repository = place.open()
    worktree = tmp_path / "worktrees" / "t2"
    repository.add_worktree(worktree, "contextune/r/t2", "HEAD")
    set_up = SetUp("mkdir -p build && echo $NAME > build/ready", 60, {"NAME": "t2"})
    here = At(pool.workplace(worktree, repository, set_up), worktree, repository)
    await here.place.setup_shell.run(
        set_up.command, cwd=worktree, timeout=60, environment=set_up.environment, output_limit=100
    )
    assert (await here.run("cat build/ready")).output == "t2\n"
    await here.place.leave()


async def test_that_a_command_runs_counts_for_no_waiting(at: At) -> None:
    assert at.place.waited == 0
    await at.run("sleep 1")
    assert at.place.waited < 1


async def test_a_command_sees_no_key(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret")
    assert "sk-secret" not in (await at.run("env", ANTHROPIC_API_KEY="sk-secret")).output
