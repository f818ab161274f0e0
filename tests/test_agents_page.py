"""docs/agents.md names every agent, and only modules and tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

from contextune.agents.role_file import KEYS, THEIRS
from contextune.agents.roles import builtin_roles

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "agents.md").read_text(encoding="utf-8")
LAYERS = ("agents/", "core/", "engine/", "adapters/", "cli/")


def named() -> set[str]:
    return set(re.findall(r"`([\w./]+)`", PAGE))


def test_every_agent_has_a_row_with_its_tools() -> None:
    for name, one in builtin_roles().items():
        (row,) = re.findall(rf"^\| `{name}` \| .* \| (.*) \| `.*$", PAGE.split("## Capabilities")[0], re.M)
        assert row in ("none" if not one.tools else ", ".join(one.tools), "as the executor")


def test_every_test_that_is_named_is_there() -> None:
    tests = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
    said = {name for name in named() if name.endswith(".py")}
    assert len(said) > 15
    assert sorted(name for name in said if name.rpartition("/")[2] not in tests) == []
    assert sorted(name for name in said if "/" in name and not (ROOT / name).is_file()) == []


def test_every_module_that_is_named_is_there() -> None:
    daemon = ROOT / "daemon" / "contextune"
    said = {name for name in named() if name.startswith(LAYERS)}
    assert len(said) > 15
    gone = [name for name in said if not (daemon / name).is_dir() and not (daemon / f"{name}.py").is_file()]
    assert sorted(gone) == []


def test_every_key_of_a_file_is_told() -> None:
    assert [key for key in (*KEYS, *THEIRS) if key not in PAGE] == []
