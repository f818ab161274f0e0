"""The job of the run suite: five Todos in a repository of the shape of boltons, made up."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contextune.bench.arm import AUTHOR
from contextune.core.planning.plan import Plan, Task
from contextune.core.settings import HAIKU

TASKS = 5
MODULES = 28
"""Of the package, each with a test file: as many as boltons 26.2.0 has."""
FUNCTIONS = 40
"""Of a module: about as many lines as its modules have."""


def settings(agents: int) -> Mapping[str, Any]:
    """The Run's settings: one rung, and a Gate that costs next to nothing."""
    return {
        "gate": "test -d package",
        "ladder": [{"model": HAIKU, "effort": "low"}],
        "routing": "fixed",
        "budget": "1000",
        "agents": agents,
        "keep_awake": False,
    }


def write_repository(root: Path) -> None:
    """A repository with one commit, in a folder that is not there yet."""
    for number in range(MODULES):
        _write(root / _module(number), _source(number))
        _write(root / _test(number), _tests(number))
        _write(root / f"docs/part_{number:02d}.rst", f"Part {number}\n======\n\n" + "Words about it.\n" * 60)
    _write(root / "package/__init__.py", "")
    _write(root / "README.md", "A package of many small modules.\n")
    for command in (("init", "-q", "-b", "main"), ("add", "-A"), (*AUTHOR, "commit", "-q", "-m", "The job")):
        subprocess.run(["git", *command], cwd=root, check=True, capture_output=True, timeout=60)


def plan() -> Plan:
    """A Task a Todo; none depends on another."""
    return Plan(
        tasks=tuple(
            Task(
                id=f"part-{n}",
                title=_title(n),
                brief=f"{_todo(n)} It is in {_module(n)}.",
                files=(_module(n), _test(n)),
            )
            for n in range(TASKS)
        )
    )


def script() -> dict[str, Any]:
    """What the agents do: they read the module and its tests, change both, and finish."""
    return {"conversation": [_part(number) for number in range(TASKS)]}


def _part(number: int) -> dict[str, Any]:
    module, test = _module(number), _test(number)
    todo = f"    # TODO: {_todo(number)}\n    return value + 0\n"
    turns = [
        ("read", {"files": [{"path": module}, {"path": test}]}),
        ("edit", {"edits": [{"path": module, "old": todo, "new": "    return value or 0\n"}]}),
        (
            "edit",
            {
                "edits": [
                    {
                        "path": test,
                        "old": "def test_0():\n",
                        "new": "def test_none():\n    assert function_0(None) == 0\n\n\ndef test_0():\n",
                    }
                ]
            },
        ),
        ("finish", {"summary": "None counts as nothing."}),
    ]
    calls = [{"tool": [{"name": name, "input": given}]} for name, given in turns]
    return {"name": f"part-{number}", "when": {"user": f"# Task: {_title(number)}"}, "turn": calls}


def _source(number: int) -> str:
    first = f'"""Module {number} of the package."""\n\n\ndef function_0(value):\n'
    body = f"    # TODO: {_todo(number)}\n" if number < TASKS else ""
    others = (
        f'\n\ndef function_{n}(value):\n    """Add {n}, as function {n} of module {number} does."""\n'
        f"    total = value\n    for step in range({n}):\n        total += step - step\n"
        f"    return total + {n}\n"
        for n in range(1, FUNCTIONS)
    )
    return first + body + "    return value + 0\n" + "".join(others)


def _tests(number: int) -> str:
    names = f"from package.part_{number:02d} import " + ", ".join(f"function_{n}" for n in range(FUNCTIONS))
    return names + "".join(
        f"\n\n\ndef test_{n}():\n    assert function_{n}(1) == {n + 1}" for n in range(FUNCTIONS)
    )


def _title(number: int) -> str:
    return f"None as nothing in part {number} of it"


def _todo(number: int) -> str:
    return f"take None for nothing, here in part {number}."


def _module(number: int) -> str:
    return f"package/part_{number:02d}.py"


def _test(number: int) -> str:
    return f"tests/test_part_{number:02d}.py"


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
