"""What git cannot merge line by line, merged by syntax: with mergiraf, where the user has it.

Its interface is as of mergiraf 0.19: `mergiraf merge BASE LEFT RIGHT --path-name NAME --output FILE`, exit
code 0 where no conflict is left (https://mergiraf.org/usage.html).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from contextune.adapters.fence.environment import command_environment
from contextune.adapters.git.objects import Objects
from contextune.core.ports import Merge

PROGRAM = "mergiraf"
TIMEOUT_MS = 5_000
"""For one file; mergiraf then falls back to lines, which git has tried."""
LARGEST = 1_000_000
"""Bytes of a file that is still tried."""
MARKS = (b"<<<<<<< ", b">>>>>>> ")


def find_program() -> str | None:
    """Where mergiraf is, on PATH's absolute folders: a repository may not name what the daemon runs."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return shutil.which(PROGRAM, path=os.pathsep.join(one for one in folders if Path(one).is_absolute()))


class StructuredMerge:
    """Goes on where a merge by lines ended in conflict. Blocking."""

    def __init__(self, objects: Objects, program: str) -> None:
        self._objects = objects
        self._program = program

    def go_on(self, merge: Merge, sides: tuple[str, str, str], folder: Path) -> Merge:
        """The merge with all conflicts resolved, or as it was. `sides` are base, ours and theirs.

        `folder` is an empty one for files of its own.
        """
        if merge.marked is None or not merge.conflicts:
            return merge
        resolved: dict[str, bytes] = {}
        for number, path in enumerate(merge.conflicts):
            contents = [self._objects.read_file(side, path) for side in sides]
            if any(content is None or len(content) > LARGEST for content in contents):
                return merge  # gone or new on one side: no question of syntax
            own = folder / str(number)
            own.mkdir()
            merged = self._merged(own, path, [content or b"" for content in contents])
            if merged is None:
                return merge
            resolved[path] = merged
        tree = self._objects.with_files(merge.marked, resolved, folder / "index")
        return Merge(tree=tree, by=PROGRAM, conflicts=merge.conflicts)

    def _merged(self, folder: Path, path: str, contents: list[bytes]) -> bytes | None:
        files = [folder / name for name in ("base", "left", "right")]
        for file, content in zip(files, contents, strict=True):
            file.write_bytes(content)
        output = folder / "merged"
        command = [self._program, "merge", *map(str, files), "--path-name", path, "--output", str(output)]
        try:
            done = subprocess.run(
                [*command, "--timeout", str(TIMEOUT_MS)],
                cwd=folder,
                # What it keeps of its merges goes with the folder.
                env=command_environment({"HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache")}),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=4 * TIMEOUT_MS / 1000,
                check=False,
            )
            merged = output.read_bytes() if done.returncode == 0 else None
        except (OSError, subprocess.TimeoutExpired):
            return None
        marked = merged is None or any(line.startswith(MARKS) for line in merged.splitlines())
        return None if marked else merged
