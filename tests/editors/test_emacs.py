"""Emacs in batch mode, with Eglot alone: the daemon is a plain language server to it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import machine
from tests.cli.place import Machine
from tests.editors.playing import play

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
    told = play(
        machine,
        tmp_path / "seen.json",
        [str(EMACS), "--batch", "--load", str(SCRIPT)],
        {"EMACS_HOME": f"{tmp_path}/"},
    )
    assert told["lenses"][0].startswith("Delegate")
