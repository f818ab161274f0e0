"""Emacs in batch mode, with Eglot alone: the daemon is a plain language server to it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import machine
from tests.cli.place import Machine

__all__ = ["machine"]

SCRIPT = Path(__file__).with_name("emacs.el")
EMACS = shutil.which("emacs")
HAS_EGLOT = (
    EMACS is not None
    and subprocess.call([EMACS, "--batch", "--eval", "(require 'eglot)"], stderr=subprocess.DEVNULL) == 0
)


@pytest.mark.skipif(not HAS_EGLOT, reason="Emacs or Eglot is missing: apt-get install emacs-nox elpa-eglot")
@pytest.mark.timeout(240)
def test_a_todo_is_delegated_and_accepted_from_emacs(machine: Machine, tmp_path: Path) -> None:
    root = Path(machine.do("demo", "--sample", "parcel", "--into", "tried", "--prepare").out.strip())
    machine.home.mkdir(exist_ok=True)
    (machine.home / "settings.toml").write_text("offline = true\n")
    file = root / "parcel" / "sizes.py"
    line = next(n for n, text in enumerate(file.read_text().splitlines(), 1) if "TODO(mira)" in text)
    head = git(root, "rev-parse", "HEAD")
    seen = tmp_path / "seen.json"
    ended = subprocess.run(
        [str(EMACS), "--batch", "--load", str(SCRIPT)],
        cwd=root,
        env={
            **os.environ,
            "CONTEXTUNE_HOME": str(machine.home),
            "CONTEXTUNE": str(Path(sys.executable).with_name("contextune")),
            "FILE": str(file),
            "LINE": str(line),
            "HEAD": head,
            "SEEN": str(seen),
            "EMACS_HOME": f"{tmp_path}/",
        },
        capture_output=True,
        text=True,
        timeout=220,
        check=False,
    )
    told = json.loads(seen.read_text()) if seen.exists() else {}
    assert (ended.returncode, told.get("problem")) == (0, None), ended.stderr
    assert told["lenses"][0].startswith("Delegate")
    assert "not delegated" in told["hover"]
    assert any("Delegate" in title for title in told["actions"])
    quote, review = told["asked"]
    assert "$" in quote
    assert "1 of 1" in review or "accept" in review.lower()
    assert git(root, "log", "--format=%s", f"{head}..HEAD").count("\n") == 0
    assert "TODO(mira)" not in file.read_text()


def git(root: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=root, capture_output=True, text=True, check=True
    ).stdout.strip()
