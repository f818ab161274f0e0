"""A folder with real files and a real shell, and models that must be played to the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contextune.adapters.commands.shell import FencedShell
from contextune.adapters.fence.choice import NoFence
from contextune.adapters.files.workspace import WorktreeFiles
from contextune.agents.roles import role
from contextune.agents.toolbox import Toolbox
from contextune.core.model.conversation import ModelReply
from tests.agents.scripted import ScriptedModel

MakeModel = Callable[..., ScriptedModel]


@pytest.fixture
def model() -> Iterator[MakeModel]:
    """Make a model that plays these replies; at the end of the test none may be left."""
    made: list[ScriptedModel] = []

    def make(*replies: ModelReply | Exception) -> ScriptedModel:
        made.append(ScriptedModel(*replies))
        return made[-1]

    yield make
    for one in made:
        one.assert_complete()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg/one.py").write_text("a = 1\nb = 2\nc = 3\na = 1\n")
    (tmp_path / "pkg/two.py").write_text("x = 1\r\ny = 2\r\n")
    (tmp_path / "data.bin").write_bytes(b"\xff\xfe\x00")
    return tmp_path


@pytest.fixture
def toolbox(folder: Path) -> Toolbox:
    return Toolbox(
        WorktreeFiles(folder),
        FencedShell(NoFence("the test's own commands need none.")),
        names=role("parallel-task-executor").tools,
        environment={"PORT": "4100"},
        command_timeout=2,
    )
