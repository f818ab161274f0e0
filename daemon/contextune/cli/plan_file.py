"""Reads the file of `--plan`: a Plan by hand, or a line that `contextune quote --json` printed."""

from __future__ import annotations

from pathlib import Path

import msgspec

from contextune.core.errors import UsageProblem
from contextune.core.planning.plan import Plan


def read_plan_file(file: Path) -> Plan:
    """The Plan in a file. A quote line is one too: its Tasks have the same fields, and some more.

    Raises UsageProblem naming the file and what is wrong.
    """
    try:
        content = file.read_bytes()
    except OSError as problem:
        raise UsageProblem(f"--plan: {file} cannot be read: {problem.strerror}.") from None
    try:
        return msgspec.json.decode(content, type=Plan)
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        raise UsageProblem(
            f"--plan: {file} is not a plan: {problem}. Expected what `contextune quote --json` prints; "
            "see `contextune run --help`."
        ) from None
