"""Neovim, headless, with no plugin: the daemon is a plain language server to it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import machine
from tests.cli.place import Machine

__all__ = ["machine"]

SCRIPT = Path(__file__).with_name("neovim.lua")
NEOVIM = shutil.which("nvim")


@pytest.mark.skipif(NEOVIM is None, reason="Neovim is not installed: apt-get install neovim")
@pytest.mark.timeout(240)
def test_a_todo_is_delegated_and_accepted_from_neovim(machine: Machine, tmp_path: Path) -> None:
    root = Path(machine.do("demo", "--sample", "parcel", "--into", "tried", "--prepare").out.strip())
    machine.home.mkdir(exist_ok=True)
    (machine.home / "settings.toml").write_text("offline = true\n")
    file = root / "parcel" / "sizes.py"
    line = next(n for n, text in enumerate(file.read_text().splitlines(), 1) if "TODO(mira)" in text)
    head = git(root, "rev-parse", "HEAD")
    seen = tmp_path / "seen.json"
    ended = subprocess.run(
        [str(NEOVIM), "--headless", "--clean", "-S", str(SCRIPT)],
        cwd=root,
        env={
            **os.environ,
            "CONTEXTUNE_HOME": str(machine.home),
            "CONTEXTUNE": str(Path(sys.executable).with_name("contextune")),
            "FILE": str(file),
            "LINE": str(line),
            "HEAD": head,
            "SEEN": str(seen),
            "XDG_STATE_HOME": str(tmp_path / "state"),
            "XDG_DATA_HOME": str(tmp_path / "data"),
        },
        capture_output=True,
        text=True,
        timeout=220,
        check=False,
    )
    told = json.loads(seen.read_text()) if seen.exists() else {}
    assert (ended.returncode, told.get("problem")) == (0, None), ended.stderr
    assert all(re.fullmatch(r"Delegate · about \$0\.\d+", title) for title in told["lenses"])
    assert "not delegated" in told["hover"]
    assert re.search(r"Expected: \$0\.\d+ to \$0\.\d+, likely \$0\.\d+, planning apart\.", told["hover"])
    assert "command:" not in told["hover"], "only our own extension can run what a hover links to"
    assert any("Delegate" in title for title in told["actions"])
    quote, review = told["asked"]
    assert "$" in quote
    assert "1 of 1" in review or "accept" in review.lower()
    assert {"begin", "report", "end"} <= set(told["progress"])
    assert git(root, "log", "--format=%s", f"{head}..HEAD").count("\n") == 0
    assert "TODO(mira)" not in file.read_text()


def git(root: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=root, capture_output=True, text=True, check=True
    ).stdout.strip()
