"""The test command of a repository, told from its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from contextune.engine.proof.detect import INSTRUCTIONS_LIMIT, detect_gate, instructions


def detected(files: dict[str, str], root: Path) -> str | None:
    found = detect_gate(sorted(files), files.get, root)
    return None if found is None else found.replace("python3", "python")


TEST = "def test_a(): pass\n"


@pytest.mark.parametrize(
    ("files", "gate"),
    [
        ({}, None),
        ({"a.py": "x = 1\n"}, None),
        ({"pytest.ini": "", "tests/test_a.py": TEST}, "python -m pytest -q tests"),
        ({"pyproject.toml": "[tool.pytest.ini_options]\n", "test_a.py": TEST}, "python -m pytest -q"),
        ({"pyproject.toml": "not toml [", "a_test.py": "import pytest\n"}, "python -m pytest -q"),
        ({"tests/__init__.py": "", "tests/test_a.py": "import unittest\n"}, "python -m unittest -q"),
        ({"tests/test_a.py": "import unittest\n"}, "python -m unittest discover -q -s tests -t ."),
        ({"package.json": '{"scripts": {"test": "vitest run"}}'}, "npm test --silent"),
        ({"package.json": '{"scripts": {"test": "jest"}}', "pnpm-lock.yaml": ""}, "pnpm test"),
        ({"package.json": '{"scripts": {"test": "jest"}}', "yarn.lock": ""}, "yarn test"),
        ({"package.json": '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}'}, None),
        ({"package.json": '{"name": "x"}'}, None),
        ({"package.json": "[1]"}, None),
        ({"package.json": "not json"}, None),
        ({"package.json": '{"scripts": []}'}, None),
        ({"Makefile": "all:\n\ttrue\ntest: all\n\ttrue\n"}, "make test"),
        ({"Makefile": "all:\n\ttrue\n"}, None),
        ({"Cargo.toml": ""}, "cargo test --quiet"),
        ({"go.mod": ""}, "go test ./..."),
        ({"gradlew": ""}, "./gradlew test"),
        ({"pom.xml": ""}, "mvn -q test"),
    ],
)
def test_each_kind_of_repository(files: dict[str, str], gate: str | None, tmp_path: Path) -> None:
    assert detected(files, tmp_path) == gate


def test_the_repositorys_own_interpreter_comes_first(tmp_path: Path) -> None:
    python = tmp_path / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.touch()
    assert detected({"conftest.py": "", "test_a.py": TEST}, tmp_path) == f"{python} -m pytest -q"


def test_the_repositorys_words_to_agents_are_found_and_bounded() -> None:
    nothing: dict[str, str] = {}
    assert instructions(nothing.get) is None
    assert instructions({"CLAUDE.md": "Use tabs."}.get) == "Use tabs."
    assert instructions({"CLAUDE.md": "b", "AGENTS.md": "a"}.get) == "a"
    long = instructions({"AGENTS.md": "x" * 100_000}.get)
    assert long is not None
    assert len(long) == INSTRUCTIONS_LIMIT
