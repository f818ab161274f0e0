"""Job objects: what holds a command on Windows, with all that it starts.

A job cannot be left. Windows ends all that is in it when its last handle is closed, also when that is because
the daemon was killed; and it refuses a job more memory and more processes than are allowed. It fences no file
and no network. Sources: learn.microsoft.com, "Job Objects" and the structures of winnt.h.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

from contextune.adapters.commands.command_limits import CommandLimits

ACTIVE_PROCESS, JOB_MEMORY, KILL_ON_JOB_CLOSE = 0x8, 0x200, 0x2000
"""JOB_OBJECT_LIMIT_…"""
EXTENDED_LIMIT_INFORMATION = 9
"""JobObjectExtendedLimitInformation"""
TERMINATE, SET_QUOTA, SUSPEND_RESUME = 0x1, 0x100, 0x800
"""PROCESS_…: the rights to a process that are needed to put it into a job and let it run."""
CREATE_SUSPENDED = 0x4
ENDED = 137
"""The exit status of what is ended, as of SIGKILL elsewhere."""


class BasicLimits(ctypes.Structure):
    """JOBOBJECT_BASIC_LIMIT_INFORMATION."""

    _fields_ = (
        ("per_process_user_time_limit", ctypes.c_int64),
        ("per_job_user_time_limit", ctypes.c_int64),
        ("limit_flags", ctypes.c_uint32),
        ("minimum_working_set_size", ctypes.c_size_t),
        ("maximum_working_set_size", ctypes.c_size_t),
        ("active_process_limit", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority_class", ctypes.c_uint32),
        ("scheduling_class", ctypes.c_uint32),
    )


COUNTED = (
    *("read_operations", "write_operations", "other_operations"),
    *("read_bytes", "write_bytes", "other_bytes"),
)


class IoCounters(ctypes.Structure):
    """IO_COUNTERS."""

    _fields_ = tuple((name, ctypes.c_uint64) for name in COUNTED)


class ExtendedLimits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION."""

    _fields_ = (
        ("basic", BasicLimits),
        ("io", IoCounters),
        ("process_memory_limit", ctypes.c_size_t),
        ("job_memory_limit", ctypes.c_size_t),
        ("peak_process_memory_used", ctypes.c_size_t),
        ("peak_job_memory_used", ctypes.c_size_t),
    )


class Windows(NamedTuple):
    """Its libraries, as ctypes loads them; their functions have no types of their own."""

    kernel32: Any
    ntdll: Any


class JobObjects:
    """command_group.CommandGroups."""

    detail = "Windows, in job objects"

    def __init__(self, windows: Windows) -> None:
        self._windows = windows

    def group(self, limits: CommandLimits, *, supervised: bool) -> JobObject:  # noqa: ARG002
        """A new one, not yet made."""
        return JobObject(self._windows, limits)


class JobObject:
    """command_group.CommandGroup: one job, as long as its handle is open."""

    creation_flags = CREATE_SUSPENDED

    def __init__(self, windows: Windows, limits: CommandLimits) -> None:
        self._kernel32, self._ntdll = windows
        self._limits = limits
        self._job: ctypes.c_void_p | None = None

    def make(self) -> None:
        """Make it, with its limits. Raises OSError if Windows refuses."""
        self._job = ctypes.c_void_p(self._done(self._kernel32.CreateJobObjectW(None, None)))
        asked = ExtendedLimits()
        asked.basic.limit_flags = ACTIVE_PROCESS | JOB_MEMORY | KILL_ON_JOB_CLOSE
        asked.basic.active_process_limit = self._limits.processes
        asked.job_memory_limit = self._limits.memory
        size = ctypes.sizeof(asked)
        self._done(
            self._kernel32.SetInformationJobObject(
                self._job, EXTENDED_LIMIT_INFORMATION, ctypes.byref(asked), size
            )
        )

    def launch(self, argv: Sequence[str]) -> list[str]:
        """As it is: it starts suspended, and is taken in before its first instruction."""
        return list(argv)

    def take_in(self, pid: int) -> None:
        """Put a suspended process in and let it run. Raises OSError, and ends it, if Windows refuses."""
        rights = TERMINATE | SET_QUOTA | SUSPEND_RESUME
        process = ctypes.c_void_p(self._done(self._kernel32.OpenProcess(rights, False, pid)))
        try:
            self._done(self._kernel32.AssignProcessToJobObject(self._job, process))
            if self._ntdll.NtResumeProcess(process) < 0:
                raise OSError("Windows does not let the command run.")
        except OSError:
            self._kernel32.TerminateProcess(process, ENDED)
            raise
        finally:
            self._kernel32.CloseHandle(process)

    def passed(self) -> str:
        """Nothing: Windows refuses what goes beyond a limit, and ends nothing."""
        return ""

    def refused(self) -> str:
        """Nothing: Windows tells the command, and nobody else."""
        return ""

    def end(self) -> None:
        """End all that is in it."""
        if self._job is not None:
            self._kernel32.TerminateJobObject(self._job, ENDED)

    def remove(self) -> None:
        """End all that is in it and close its handle."""
        self.end()
        if self._job is not None:
            self._kernel32.CloseHandle(self._job)
            self._job = None

    def _done(self, result: int | None) -> int:
        if not result:
            raise OSError(f"Windows refuses a job object (error {self._kernel32.GetLastError()}).")
        return result


def find_jobs() -> JobObjects | None:
    """Job objects, on Windows."""
    if sys.platform != "win32":
        return None
    windows = Windows(ctypes.WinDLL("kernel32"), ctypes.WinDLL("ntdll"))
    windows.kernel32.CreateJobObjectW.restype = ctypes.c_void_p
    windows.kernel32.OpenProcess.restype = ctypes.c_void_p
    return JobObjects(windows)
