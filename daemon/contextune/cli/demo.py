"""`contextune demo`: the main job end to end on a real project, answered by the offline model."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import time
from argparse import Namespace
from importlib import resources
from pathlib import Path

from contextune.cli.output import Output
from contextune.core.errors import PlaceProblem

BOLTONS = "boltons==26.2.0"
BOLTONS_SHA256 = "d39cfd15c1a1c3bd4d705c82252fa9edb8e4f5e8cc039f8e39afac7b1b47e92c"
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

EXCLUDE = "__pycache__/\n.pytest_cache/\n"
AUTHOR = ("-c", "user.name=Contextune demo", "-c", "user.email=demo@localhost")


async def demo(given: Namespace) -> int:
    """Make the repository, run its Todos, show what came of it. Returns the exit status of the Run."""
    out = Output(as_json=given.json)
    into: Path = given.into.resolve()
    began = time.monotonic()
    repository = await asyncio.to_thread(prepare, given.sample, into, out)
    if given.prepare:
        out.say(str(repository))
        return 0
    # A home of its own: the demo leaves the user's Runs and bills alone, and can be removed with its folder.
    os.environ["CONTEXTUNE_HOME"] = str(into / "state")
    _put_interpreter_first()
    from contextune.cli.commands import opened
    from contextune.cli.work import run

    async with opened(offline=True) as app:
        found = await app.scan(repository)
        out.note(f"{len(found)} Todos in {repository.name}")
        chosen = [
            todo.id
            for todo in found
            if given.sample == "parcel"
            or any(todo.path == path and todo.text.startswith(text) for path, text in BOLTONS_TODOS)
        ]
        wanted = Namespace(
            path=repository, todo=chosen, all=False, goal=None, base=None, plan=None, budget=None,
            agents=None, gate="python3 -m pytest -q tests" if given.sample == "boltons" else None,
            accept="merge", offline=True, yes=True,
        )  # fmt: skip
        status = await run(app, wanted, out)
        if not out.as_json:
            newest = (await app.runs(repository))[0]
            out.say(await app.diff(newest.id))
            out.run(newest)
    out.say(f"\nDone in {time.monotonic() - began:.1f} s. Look at it: git -C {_short(repository)} log --stat")
    out.say(
        "The model was the offline model: it plays scripts written by people, is no AI, and cost nothing."
    )
    return status


def prepare(sample: str, into: Path, out: Output) -> Path:
    """A fresh git repository of the sample, in place of what an earlier demo left there."""
    into.mkdir(parents=True, exist_ok=True)
    (into / ".gitignore").write_text("*\n", encoding="utf-8")
    repository = into / sample
    # The Runs of an earlier demo go with their repository; that the tests pass on its base is still known.
    for left in (repository, *(into / "state").glob("*")):
        if left.is_dir() and left.name != "baselines":
            shutil.rmtree(left)
        elif left.is_file():
            left.unlink()
    if sample == "boltons":
        _unpack(_boltons(into, out), repository)
    else:
        source = resources.files("contextune.offline") / "sample" / "parcel"
        with resources.as_file(source) as folder:
            shutil.copytree(folder, repository, ignore=shutil.ignore_patterns("__pycache__"))
    _git(repository, "init", "-q", "-b", "main")
    (repository / ".git" / "info" / "exclude").write_text(EXCLUDE, encoding="utf-8")
    _git(repository, "add", "-A")
    _git(repository, *AUTHOR, "commit", "-q", "-m", f"{sample} as it is published")
    return repository


def _boltons(into: Path, out: Output) -> Path:
    """The source distribution: downloaded once, its hash checked each time."""
    archive = into / "boltons-26.2.0.tar.gz"
    if not archive.exists():
        out.note(f"Downloading {BOLTONS} from the package index")
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:"]
        done = subprocess.run(
            [*pip, "--dest", str(into), BOLTONS], capture_output=True, text=True, timeout=300, check=False
        )
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
            raise PlaceProblem(
                f"{BOLTONS} cannot be downloaded: {reason}. Check the network and run the demo again."
            )
    if hashlib.sha256(archive.read_bytes()).hexdigest() != BOLTONS_SHA256:
        archive.unlink()
        raise PlaceProblem(
            f"{archive.name} is not the file that was published; it was removed. Run the demo again."
        )
    return archive


def _unpack(archive: Path, repository: Path) -> None:
    with tarfile.open(archive) as packed:
        packed.extractall(repository.parent, filter="data")
    (repository.parent / archive.name.removesuffix(".tar.gz")).rename(repository)
    (repository / "PKG-INFO").unlink()


def _git(repository: Path, *arguments: str) -> None:
    done = subprocess.run(
        ["git", *arguments], cwd=repository, capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode != 0:
        raise PlaceProblem(f"git {arguments[0]} failed in {repository}: {done.stderr.strip()}")


def _put_interpreter_first() -> None:
    """The demo's tests run with this very Python, which has pytest."""
    here = str(Path(sys.executable).parent)
    os.environ["PATH"] = os.pathsep.join([here, os.environ.get("PATH", os.defpath)])


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
