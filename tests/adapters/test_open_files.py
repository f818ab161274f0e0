"""How many files the process may hold open."""

from __future__ import annotations

import subprocess
import sys

import pytest

if sys.platform == "win32":
    pytest.skip("Windows bounds open files by memory alone", allow_module_level=True)

RAISED = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (64, {hard}))
from contextune.adapters.machine.open_files import raise_limit
print(raise_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize("hard", [64, 100, 1_000])
def test_the_limit_is_raised_to_what_the_system_allows(hard: int) -> None:
    script = RAISED.format(hard=hard)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(hard)] * 3
