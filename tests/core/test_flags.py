"""Which changes must be looked at before they are accepted."""

from __future__ import annotations

import pytest

from contextune.core.proof.flags import flag_of

FILE, NONE = "100644", "000000"


@pytest.mark.parametrize(
    ("path", "flag"),
    [
        (".github/workflows/ci.yml", "runs in CI"),
        (".gitlab-ci.yml", "runs in CI"),
        ("Jenkinsfile", "runs in CI"),
        (".husky/pre-commit", "steers git"),
        ("docs/.gitattributes", "steers git"),
        (".vscode/tasks.json", "runs in editors and shells"),
        (".envrc", "runs in editors and shells"),
        ("CLAUDE.md", "instructs agents"),
        ("pkg/AGENTS.md", "instructs agents"),
        (".contextune.toml", "instructs agents"),
        ("package.json", "names dependencies"),
        ("web/package-lock.json", "names dependencies"),
        ("requirements/dev.txt", "names dependencies"),
        ("requirements-dev.txt", "names dependencies"),
        ("Cargo.toml", "names dependencies"),
        ("tests/conftest.py", "steers the tests"),
        ("web/vitest.config.mts", "steers the tests"),
        ("Makefile", "runs in builds"),
        ("sub/Dockerfile.dev", "runs in builds"),
        (".venv/pyvenv.cfg", "runs in builds"),
        ("src/app.py", ""),
        ("docs/agents.md.txt", ""),
        ("src/package.json.ts", ""),
    ],
)
def test_by_path(path: str, flag: str) -> None:
    assert flag_of(path, FILE, FILE) == flag


@pytest.mark.parametrize(
    ("before", "after", "flag"),
    [
        (NONE, "100755", "is executable"),
        (FILE, "100755", "is executable"),
        ("100755", FILE, ""),
        ("100755", NONE, ""),
        (NONE, "120000", "is a link"),
        ("120000", NONE, "is a link"),
        (NONE, "160000", "is a submodule"),
        (FILE, FILE, ""),
    ],
)
def test_by_mode(before: str, after: str, flag: str) -> None:
    assert flag_of("bin/tool", before, after) == flag
