"""The repository that the demo works on: boltons as it was published, or a small project of our own."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import venv
from importlib import metadata, resources
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from contextune.cli.output import Output
from contextune.core.errors import PlaceProblem, UsageProblem

Sample = Literal["boltons", "parcel"]

BOLTONS = "boltons==26.2.0"
BOLTONS_SHA256 = "d39cfd15c1a1c3bd4d705c82252fa9edb8e4f5e8cc039f8e39afac7b1b47e92c"
MARK = ".contextune-demo"
"""Marks a folder as the demo's own: what is in it may be replaced."""

EXCLUDE = "__pycache__/\n.pytest_cache/\n.venv\n"
AUTHOR = ("-c", "user.name=Contextune demo", "-c", "user.email=demo@localhost")


def prepare(sample: Sample, into: Path, out: Output) -> Path:
    """A fresh git repository of the sample, in place of what an earlier demo left there.

    Raises UsageProblem for a folder that holds anything else.
    """
    repository = into / sample
    claim(into)
    # The Runs of an earlier demo go with their repository; that the tests pass on its base is still known.
    for left in (repository, *(into / "state").glob("*")):
        if left.is_dir() and left.name != "baselines":
            shutil.rmtree(left)
        elif left.is_file():
            left.unlink()
    if sample == "boltons":
        _unpack(_boltons(into, out), repository)
        (repository / ".venv").symlink_to(_environment(into / "boltons-env", out), target_is_directory=True)
    else:
        source = resources.files("contextune.offline") / "sample" / "parcel"
        with resources.as_file(source) as folder:
            shutil.copytree(folder, repository, ignore=shutil.ignore_patterns("__pycache__"))
    _git(repository, "init", "-q", "-b", "main")
    (repository / ".git" / "info" / "exclude").write_text(EXCLUDE, encoding="utf-8")
    _git(repository, "add", "-A")
    _git(repository, *AUTHOR, "commit", "-q", "-m", f"{sample} as it is published")
    return repository


def claim(into: Path) -> None:
    """Make a folder the demo's own. Raises UsageProblem if it is someone else's already."""
    if into.exists() and not into.is_dir():
        raise UsageProblem(f"--into: {into} is a file. Give a folder for the demo.")
    if into.is_dir() and any(into.iterdir()) and not (into / MARK).exists():
        raise UsageProblem(
            f"--into: {into} holds files that are not the demo's. Give an empty folder or a new one."
        )
    into.mkdir(parents=True, exist_ok=True)
    (into / MARK).touch()
    # The folder may lie in a repository of the user, which is not to see it.
    (into / ".gitignore").write_text("*\n", encoding="utf-8")


def _boltons(into: Path, out: Output) -> Path:
    """The source distribution: downloaded once, its hash checked each time."""
    archive = into / "boltons-26.2.0.tar.gz"
    if not archive.exists():
        out.step(f"Downloading {BOLTONS} from the package index")
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


def _environment(folder: Path, out: Output) -> Path:
    """boltons' own environment: a Python with pytest and nothing else, as a developer of it would have."""
    python = folder / "bin" / "python3"
    ready = folder / "ready"
    if ready.exists() and python.exists():
        return folder
    out.step("Making an environment with pytest for boltons' tests")
    venv.create(folder, clear=True, symlinks=True)
    pytest = f"pytest=={metadata.version('pytest')}" if find_spec("pytest") else "pytest"
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", pytest]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        raise PlaceProblem(f"pytest cannot be installed: {reason}. Check the network and run the demo again.")
    ready.touch()
    return folder


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
