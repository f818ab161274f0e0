"""Neovim, headless, with no plugin: the daemon is a plain language server to it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import machine
from tests.cli.place import Machine
from tests.editors.playing import play

__all__ = ["machine"]

SCRIPT = Path(__file__).with_name("neovim.lua")
NEOVIM = shutil.which("nvim")


@pytest.mark.skipif(NEOVIM is None, reason="Neovim is not installed: apt-get install neovim")
@pytest.mark.timeout(240)
def test_a_todo_is_delegated_and_accepted_from_neovim(machine: Machine, tmp_path: Path) -> None:
    told = play(
        machine,
        tmp_path / "seen.json",
        [str(NEOVIM), "--headless", "--clean", "-S", str(SCRIPT)],
        {"XDG_STATE_HOME": str(tmp_path / "state"), "XDG_DATA_HOME": str(tmp_path / "data")},
    )
    assert all(re.fullmatch(r"Delegate · about \$0\.\d+", title) for title in told["lenses"])
    assert re.search(r"Expected: \$0\.\d+ to \$0\.\d+, likely \$0\.\d+, planning apart\.", told["hover"])
    assert "command:" not in told["hover"], "only our own extension can run what a hover links to"
    assert {"begin", "report", "end"} <= set(told["progress"])
