"""`--live` spends real money with the key in ANTHROPIC_API_KEY; without it, no live test runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.place import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)
