"""Green Gates on Bases, remembered for an hour: the next Quote of the same state need not wait."""

from __future__ import annotations

import hashlib
import os
import platform
import secrets
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from contextune.core.proof.evidence import Baseline

LIFETIME = 3_600.0
"""Seconds. The tree and the command are compared exactly; what is installed on the machine can only age."""


class BaselineFolder:
    """core.ports.Baselines as small files of the state folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, repository: Path, tree: str, command: str, fence: str) -> Baseline | None:
        """What the Gate saw on this tree, with this command, Fence and PATH, if that was lately."""
        path = self._path(repository, tree, command, fence)
        try:
            if time.time() - path.stat().st_mtime > LIFETIME:
                path.unlink()
                return None
            return msgspec.json.decode(path.read_bytes(), type=Baseline)
        except (OSError, msgspec.MsgspecError):
            return None

    def keep(self, repository: Path, fence: str, baseline: Baseline) -> None:
        """Remember a green Baseline. A red one is never remembered: its tests may be mended at any time."""
        if baseline.exit_code != 0 or baseline.flaky:
            return
        path = self._path(repository, baseline.tree, baseline.command, fence)
        # What cannot be written is only tested again the next time.
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft = path.with_suffix(f".{secrets.token_hex(4)}")
            draft.write_bytes(msgspec.json.encode(baseline))
            draft.replace(path)

    def _path(self, repository: Path, tree: str, command: str, fence: str) -> Path:
        facts = (str(repository), tree, command, fence, os.environ.get("PATH", ""), platform.python_version())
        return self._folder / (hashlib.sha256("\0".join(facts).encode()).hexdigest() + ".json")
