"""Keeps the machine awake: a small program of the system's own that holds it, and ends with this process."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

WHY = "agents are at work"
_CHECK_SECONDS = 5
_TRY_SECONDS = 5
_NAME = "caffeinate" if sys.platform == "darwin" else "systemd-inhibit"


class Inhibitor:
    """core.ports.KeepAwake by systemd-inhibit (Linux), caffeinate (macOS) or the system call of Windows."""

    def __init__(self, path: str | None = None) -> None:
        """`path` stands in for PATH, where the program is looked for."""
        self._path = path
        self._held = 0
        self._process: subprocess.Popen[bytes] | None = None

    def how(self) -> str | None:
        """What does it, tried once for a moment; None if nothing here can. Blocking."""
        if sys.platform == "win32":
            return "SetThreadExecutionState"
        hold = self._hold()
        if hold is None:
            return None
        quick = ["-t", "0"] if _NAME == "caffeinate" else ["true"]
        try:
            tried = subprocess.run(
                [*hold, *quick],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_TRY_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return _NAME if tried.returncode == 0 else None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the machine awake while the context lasts; several at once hold it together."""
        self._held += 1
        if self._held == 1:
            self._begin()
        try:
            yield
        finally:
            self._held -= 1
            if self._held == 0:
                self._end()

    def _begin(self) -> None:
        if sys.platform == "win32":
            _windows(awake=True)
            return
        command = self._command()
        if command is None:
            return
        with suppress(OSError):  # the machine may sleep then; `doctor` says so
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    def _end(self) -> None:
        if sys.platform == "win32":
            _windows(awake=False)
            return
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            threading.Thread(target=process.wait, name="awake", daemon=True).start()

    def _command(self) -> list[str] | None:
        """What holds the machine, and lets go by itself soon after this process has gone."""
        hold = self._hold()
        if hold is None:
            return None
        if _NAME == "caffeinate":
            return [*hold, "-w", str(os.getpid())]
        watch = f"while kill -0 {os.getpid()} 2>&-; do sleep {_CHECK_SECONDS}; done"
        return [*hold, "/bin/sh", "-c", watch]

    def _hold(self) -> list[str] | None:
        program = shutil.which(_NAME, path=self._path)
        if program is None:
            return None
        if _NAME == "caffeinate":
            return [program, "-i"]
        return [program, "--what=idle:sleep", "--who=Contextune", f"--why={WHY}", "--mode=block"]


def _windows(*, awake: bool) -> None:
    if sys.platform == "win32":
        import ctypes

        continuous, system_required = 0x80000000, 0x00000001
        ctypes.windll.kernel32.SetThreadExecutionState(continuous | (system_required if awake else 0))
