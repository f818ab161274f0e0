"""What doctor finds in order, and what it says to do about the rest."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from contextune.core.check import Check
from contextune.engine.desk.doctor import examine
from contextune.engine.surroundings.world import FenceFacts
from tests.engine.conftest import MakeDesk
from tests.engine.world import GATE, Desk


async def examined(here: Desk, folder: Path | None = None) -> dict[str, Check]:
    return {check.name: check for check in await here.app.doctor(folder)}


async def test_all_is_in_order(desk: MakeDesk) -> None:
    here = await desk()
    checks = await examined(here, here.place.root)
    assert set(checks) == {
        *(
            "Python",
            "git",
            "API key",
            "Model server",
            "Fence",
            "Command limits",
            "Sleep",
            "Disk",
            "Open files",
            "Repository",
            "Settings",
            "Gate",
            "Worktrees",
        )
    }
    wrong = {name: check.detail for name, check in checks.items() if check.state != "ok"}
    assert wrong.keys() <= {"Fence", "Sleep", "Disk"}  # as the machine has it
    assert checks["Command limits"].detail == "memory and processes are held by the test"
    assert checks["git"].detail.startswith("2.")
    assert checks["Repository"].detail == str(here.place.root)
    assert checks["Gate"].detail == GATE
    assert here.server.log == []


async def test_commands_that_nothing_bounds_are_warned_of(desk: MakeDesk) -> None:
    here = await desk()
    world = dataclasses.replace(here.app._world, command_limits=lambda: None)
    found = {check.name: check for check in await examine(world, None)}["Command limits"]
    assert (found.state, found.detail) == ("warning", "nothing bounds memory and processes of a command")


@pytest.mark.parametrize(
    ("most", "state", "detail"),
    [
        (None, "ok", "not bounded"),
        (1_048_576, "ok", "up to 1,048,576 at a time"),
        (1_024, "warning", "at most 1,024 at a time"),
    ],
)
async def test_few_open_files_are_warned_of(
    desk: MakeDesk, most: int | None, state: str, detail: str
) -> None:
    here = await desk()
    world = dataclasses.replace(here.app._world, open_files=most)
    found = {check.name: check for check in await examine(world, None)}["Open files"]
    assert (found.state, found.detail) == (state, detail)


async def test_the_server_of_the_provider_in_force_is_told(desk: MakeDesk) -> None:
    here = await desk(settings='provider = "bedrock"\n')
    for checks in (await examined(here), await examined(here, here.place.root)):
        assert checks["Model server"].detail.endswith(": bedrock")
        assert "API key" not in checks


async def test_without_a_folder_only_the_machine_is_looked_at(desk: MakeDesk) -> None:
    here = await desk()
    assert "Repository" not in await examined(here)


async def test_whatever_is_missing_comes_with_a_remedy(
    desk: MakeDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = await desk(files={"a.txt": "x\n"}, settings="agents = 2\n")
    here.models.key = ""
    checks = await examined(here, here.place.root)
    assert (checks["API key"].state, checks["Gate"].state) == ("problem", "warning")
    here.set_up("agents = 0\n")
    assert "settings.toml: setting 'agents'" in (await examined(here, here.place.root))["Settings"].detail
    (tmp_path / "empty").mkdir()
    assert (await examined(here, tmp_path / "empty"))["Repository"].state == "problem"
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    broken = await examined(here)
    assert broken["git"].state == "problem"
    for check in [*checks.values(), *broken.values()]:
        assert bool(check.remedy) == (check.state != "ok"), check


async def test_a_git_that_is_too_old_is_a_problem(
    desk: MakeDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = await desk()
    old = tmp_path / "bin" / "git"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho git version 2.20.1\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(old.parent))
    check = (await examined(here))["git"]
    assert check.state == "problem"
    assert "git 2.20 is too old: install git 2.38 or newer" in check.detail


async def test_the_budgets_that_are_set_are_named(desk: MakeDesk) -> None:
    here = await desk(settings=f"gate = {GATE!r}\ntask_budget = 0.25\nday_budget = 5\n")
    said = (await examined(here, here.place.root))["Settings"]
    assert (said.state, said.detail) == ("ok", "budget $0.25 a Task, $2.00 a Run, $5 a day")


async def test_the_hosts_that_commands_reach_are_told(desk: MakeDesk) -> None:
    here = await desk(settings='allowed_hosts = ["pypi.org", "localhost:5432"]')
    fence = (await examined(here, here.place.root))["Fence"]
    if not fence.detail.startswith("none"):
        assert fence.detail.endswith(" Through a proxy they reach pypi.org, localhost:5432.")


async def test_a_lesser_fence_is_a_warning_with_the_way_to_a_whole_one(desk: MakeDesk) -> None:
    here = await desk(settings='allowed_hosts = ["pypi.org"]')
    here.fence = FenceFacts("landlock", "It has no door.", "Install bubblewrap: brew it", has_door=False)
    found = (await examined(here, here.place.root))["Fence"]
    assert (found.state, found.remedy) == ("warning", "Install bubblewrap: brew it")
    assert found.detail == (
        "landlock: It has no door. They do not reach pypi.org, which you allowed: that takes another Fence."
    )
