"""What every other editor does in its test: a TODO of the sample is delegated, and its result accepted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.cli.place import Machine


def play(
    machine: Machine, seen: Path, editor: Sequence[str], environment: Mapping[str, str]
) -> dict[str, Any]:
    """Have an editor play its script, and return what it saw, which the script writes to `seen` as JSON."""
    root = Path(machine.do("demo", "--sample", "parcel", "--into", "tried", "--prepare").out.strip())
    machine.home.mkdir(exist_ok=True)
    (machine.home / "settings.toml").write_text("offline = true\n")
    file = root / "parcel" / "sizes.py"
    line = next(n for n, text in enumerate(file.read_text().splitlines(), 1) if "TODO(mira)" in text)
    head = git(root, "rev-parse", "HEAD")
    ended = subprocess.run(
        editor,
        cwd=root,
        env={
            **os.environ,
            "CONTEXTUNE_HOME": str(machine.home),
            "CONTEXTUNE": str(Path(sys.executable).with_name("contextune")),
            "FILE": str(file),
            "LINE": str(line),
            "HEAD": head,
            "SEEN": str(seen),
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=220,
        check=False,
    )
    told: dict[str, Any] = json.loads(seen.read_text()) if seen.exists() else {}
    assert (ended.returncode, told.get("problem")) == (0, None), ended.stderr
    assert "not delegated" in told["hover"]
    assert any("Delegate" in title for title in told["actions"])
    quote, review = told["asked"]
    assert "$" in quote
    assert "1 of 1" in review or "accept" in review.lower()
    assert git(root, "log", "--format=%s", f"{head}..HEAD").count("\n") == 0
    assert "TODO(mira)" not in file.read_text()
    return told


def git(root: Path, *arguments: str) -> str:
    """What a git command prints."""
    return subprocess.run(
        ["git", *arguments], cwd=root, capture_output=True, text=True, check=True
    ).stdout.strip()
