"""`contextune demo`: the main job end to end on a real project, answered by the offline model."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from contextune.cli.output import Output
from contextune.cli.pictures import show_run
from contextune.cli.sample import prepare
from contextune.cli.work import carry_out, status_of
from contextune.core.todos.todo import Todo

BOLTONS_TODOS = (
    ("boltons/iterutils.py", "add count kwarg"),
    ("boltons/iterutils.py", "recollect()"),
    ("boltons/iterutils.py", "refilter()"),
    ("boltons/queueutils.py", "make Base a real abstract class"),
    ("boltons/tableutils.py", "inverse of ljust/rjust/center"),
    ("boltons/statsutils.py", "range checks?"),
    ("boltons/tbutils.py", "additional fields for SyntaxErrors"),
    ("boltons/tbutils.py", "add SyntaxError formatting"),
)
"""The Todos of boltons that the demo does: real ones, by its authors. The offline script plays them."""

NO_AI = "The model was the offline model: it plays scripts written by people, is no AI, and cost nothing."


async def demo(given: Namespace) -> int:
    """Make the repository, run its Todos, show what came of it. Returns the exit status of the Run."""
    out = Output(as_json=given.json)
    into: Path = given.into.resolve()
    began = time.monotonic()
    out.step(f"Making the repository of {given.sample} in {_short(into)}")
    repository = await asyncio.to_thread(prepare, given.sample, into, out)
    if given.prepare:
        out.say(str(repository))
        return 0
    # A home of its own: the demo leaves the user's Runs and bills alone, and can be removed with its folder.
    os.environ["CONTEXTUNE_HOME"] = str(into / "state")
    _put_first(repository / ".venv" / "bin" if given.sample == "boltons" else Path(sys.executable).parent)
    from contextune.cli.commands import opened

    # What runs is the script's, in a copy of its own: that needs no Fence where there is none.
    async with opened(offline=True, unfenced=True) as app:
        found = await app.scan(repository)
        chosen = [todo.id for todo in found if given.sample == "parcel" or _is_played(todo)]
        out.step(f"{len(found)} Todos found, {len(chosen)} of them to do")
        ended = await carry_out(app, _wanted(given.sample, repository, chosen), out)
        status = 0
        if ended is not None:
            if not out.as_json:
                out.diff(await app.diff(ended.id))
                out.blank()
                show_run(ended, out, in_full=True)
            status = status_of(ended, out)
    out.blank()
    out.say(NO_AI)
    home = f"CONTEXTUNE_HOME={shlex.quote(_short(into / 'state'))} {_this_command()}"
    out.say(f"Done in {time.monotonic() - began:.1f} s. To look at it:")
    out.say(f"  git -C {shlex.quote(_short(repository))} log --stat")
    if ended is not None:
        out.say(f"  {home} show {ended.id}")
        out.say(f"  {home} undo {ended.id}")
    return status


def _wanted(sample: str, repository: Path, todo_ids: Sequence[str]) -> Namespace:
    """What `contextune run` would be told."""
    return Namespace(
        path=repository,
        todo=list(todo_ids),
        all=False,
        goal=None,
        plan=None,
        base=None,
        budget=None,
        agents=None,
        gate="python3 -m pytest -q tests" if sample == "boltons" else None,
        accept="merge",
        offline=True,
        yes=True,
    )


def _is_played(todo: Todo) -> bool:
    return any(todo.path == path and todo.text.startswith(text) for path, text in BOLTONS_TODOS)


def _put_first(programs: Path) -> None:
    """The sample's tests run with the Python of this folder."""
    os.environ["PATH"] = os.pathsep.join([str(programs), os.environ.get("PATH", os.defpath)])


def _this_command() -> str:
    """This command as it can be typed again."""
    program = Path(sys.argv[0])
    if program.name != "contextune":
        return f"{shlex.quote(_short(Path(sys.executable)))} -m contextune"
    found = shutil.which("contextune")
    return (
        "contextune"
        if found and Path(found) == program.absolute()
        else shlex.quote(_short(program.absolute()))
    )


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
