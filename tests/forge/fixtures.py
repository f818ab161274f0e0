"""A GitHub for tests, one between that has faults, and what was sent held against its own description."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.forge.faulty import FaultyGitHub, faulty
from tests.forge.github import GitHub, Sent, started, violations, watched


@pytest.fixture(scope="session")
def github() -> Iterator[GitHub]:
    """One for all tests: each has repositories of its own there."""
    with started() as running:
        yield running


@pytest.fixture
def between(github: GitHub) -> Iterator[FaultyGitHub]:
    """The address of it that has faults."""
    with faulty(github) as server:
        yield server


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Sent]]:
    """What was sent, held against GitHub's own description at the end."""
    with watched(monkeypatch) as found:
        yield found
    assert found
    assert [said for one in found for said in violations(one)] == []
