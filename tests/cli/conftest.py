"""A machine for each test, one finished Run for all that only look, and the offline model as a server."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli.place import COMMAND, Done, Machine, copy_repository
from tests.forge.fixtures import github

__all__ = ["github"]


class Server(NamedTuple):
    """The offline model, playing `replies.toml`; `keyed` is the environment of those who use it."""

    url: str
    log: Path

    @property
    def keyed(self) -> dict[str, str]:
        return {"ANTHROPIC_BASE_URL": self.url, "ANTHROPIC_API_KEY": KEY}


KEY = "a-key-that-nobody-may-ever-see-1234567890"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    log = tmp_path_factory.mktemp("server") / "log.jsonl"
    script = Path(__file__).with_name("replies.toml")
    process = subprocess.Popen(
        [*COMMAND, "offline-model", "--script", str(script), "--log", str(log)],
        stdout=subprocess.PIPE,
        text=True,
    )
    if process.stdout is None:
        raise RuntimeError("no pipe")
    yield Server(process.stdout.readline().strip(), log)
    process.terminate()
    process.wait(20)
    process.stdout.close()


@pytest.fixture(scope="session")
def parcel_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    machine = Machine(tmp_path_factory.mktemp("template"))
    root = machine.folder / "parcel"
    with resources.as_file(resources.files("contextune.offline") / "sample" / "parcel") as sample:
        copy_repository(sample, root)
    machine.git(root, "init", "-q")
    (root / ".gitignore").write_text("__pycache__/\n")
    machine.git(root, "add", "-A")
    machine.git(root, "commit", "-q", "-m", "parcel")
    return root


@pytest.fixture
def parcel(machine: Machine, parcel_template: Path) -> Path:
    return copy_repository(parcel_template, machine.folder / "parcel")


class Merged(NamedTuple):
    """The whole of parcel done and merged by one command, before it and after it."""

    machine: Machine
    root: Path
    before: tuple[str, ...]
    done: Done


@pytest.fixture(scope="session")
def merged(tmp_path_factory: pytest.TempPathFactory, parcel_template: Path) -> Merged:
    machine = Machine(tmp_path_factory.mktemp("merged"))
    root = copy_repository(parcel_template, machine.folder / "parcel")
    before = machine.state(root)
    done = machine.do("run", root, "--all", "--offline", "--yes", "--accept", "merge", "--json")
    return Merged(machine, root, before, done)
