"""A desk for each test, its script played to the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import certifi
import pytest

from contextune.core.model import admission
from contextune.engine.money import throttle
from tests.adapters.git_place import isolate
from tests.engine.world import GATE, Desk, new_repository, serve
from tests.forge.fixtures import between, github, sent

__all__ = ["between", "github", "sent"]

MakeDesk = Callable[..., Awaitable[Desk]]


@pytest.fixture(scope="session")
def one_certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A single authority: to load all of them takes most of the time of a client that stays on loopback."""
    first, end, _ = certifi.contents().partition("-----END CERTIFICATE-----\n")
    file = tmp_path_factory.mktemp("authorities") / "one.pem"
    file.write_text(first + end)
    return file


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, one_certificate: Path) -> None:
    """git without the machine's configuration, and no pause before a request is sent again."""
    isolate(monkeypatch, tmp_path)
    monkeypatch.setattr(admission, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(throttle, "FIRST_PAUSE", 0.001)
    monkeypatch.setenv("SSL_CERT_FILE", str(one_certificate))


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[MakeDesk]:
    """Set up a desk on which a model plays these conversations; every reply must be asked for in the end.

    `unplayed=True` lifts that, for Runs that are stopped midway.
    """
    made: list[tuple[Desk, bool]] = []

    async def make(
        *conversations: dict[str, Any],
        files: dict[str, str] | None = None,
        settings: str = "",
        unplayed: bool = False,
        **options: Any,
    ) -> Desk:
        root = tmp_path / f"shop{len(made)}"
        place = new_repository(root, files) if files is not None else new_repository(root)
        home = tmp_path / f"home{len(made)}"
        home.mkdir()
        idle = {"name": "idle", "when": {"user": "nothing asks for this"}, "turn": [{"text": "x"}]}
        server = serve(conversations or (idle,), **options)
        new = Desk(place, home, server, await server.start())
        new.set_up(settings or f"gate = {GATE!r}\n")
        made.append((new, unplayed or not conversations))
        return new

    yield make
    for one, unplayed in made:
        left = one.server.unused()
        await one.close()
        assert unplayed or left == []
