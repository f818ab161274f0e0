from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest

from contextune.adapters.machine.user_files import UserFiles
from contextune.core.errors import PlaceProblem, UsageProblem
from contextune.core.settings import combine


@pytest.fixture
def files(tmp_path: Path) -> UserFiles:
    return UserFiles({"CONTEXTUNE_HOME": str(tmp_path / "home")})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    return folder


def test_everything_is_below_contextune_home(files: UserFiles, tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert files.settings == home / "settings.toml"
    assert files.prices == home / "prices.toml"
    assert not home.exists()
    assert files.journal == home / "journal.db"
    assert home.stat().st_mode & 0o777 == 0o700


def test_without_it_the_system_says_where(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    files = UserFiles({"CONTEXTUNE_HOME": " "})
    assert files.state == tmp_path / "state" / "contextune"
    assert files.settings == tmp_path / "config" / "contextune" / "settings.toml"


def test_the_repository_comes_after_the_user(files: UserFiles, root: Path) -> None:
    assert files.sources(root) == ()
    files.state.joinpath("settings.toml").write_text("agents = 2\nbudget = 0.10\n")
    root.joinpath(".contextune.toml").write_bytes(
        b'\xef\xbb\xbfagents = 6\ngate = "make test"\n[orchestrator]\nmodel = "m"\neffort = "low"\n'
    )
    sources = files.sources(root)
    assert [source.from_repository for source in sources] == [False, True]
    assert files.sources(None) == sources[:1]
    careful, trusting = combine(sources, trusted=False), combine(sources, trusted=True)
    assert (careful.agents, careful.gate, careful.budget) == (6, None, Decimal("0.10"))
    assert trusting.gate == "make test"
    assert careful.orchestrator.model == "m"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"agents = 4\nbudget = \n", "line 2"),
        (b"agents = 4\n\nx = '\xff'\n", "line 3: expected text in UTF-8"),
        (b"a" * 1_000_001, "more than 1,000,000 bytes"),
    ],
)
def test_a_bad_file_is_named_with_its_line(files: UserFiles, root: Path, content: bytes, said: str) -> None:
    (root / ".contextune.toml").write_bytes(content)
    with pytest.raises(UsageProblem, match=said) as raised:
        files.sources(root)
    assert str(root / ".contextune.toml") in str(raised.value)


def test_a_repository_file_that_is_a_link_or_a_pipe_is_not_followed(files: UserFiles, root: Path) -> None:
    (root / "other.toml").write_text("agents = 9\n")
    (root / ".contextune.toml").symlink_to(root / "other.toml")
    with pytest.raises(UsageProblem, match=r"\.contextune\.toml: can't be read"):
        files.sources(root)
    (root / ".contextune.toml").unlink()
    os.mkfifo(root / ".contextune.toml")
    assert [source.values for source in files.sources(root)] == [{}]


def test_trust(files: UserFiles, root: Path, tmp_path: Path) -> None:
    assert not files.is_trusted(root)
    files.trust(root)
    files.trust(root)
    (root / "sub").mkdir()
    (tmp_path / "link").symlink_to(root)
    assert files.is_trusted(root)
    assert files.is_trusted(root / "sub")
    assert files.is_trusted(tmp_path / "link")
    assert not files.is_trusted(tmp_path)
    assert not files.is_trusted(tmp_path / "repository-2")
    files.trust(root, trusted=False)
    assert not files.is_trusted(root)


def test_trust_given_at_the_same_time_is_all_kept(files: UserFiles, tmp_path: Path) -> None:
    roots = [tmp_path / f"r{i}" for i in range(20)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(files.trust, roots))
    assert all(files.is_trusted(root) for root in roots)


def test_a_broken_trust_list_trusts_nothing(files: UserFiles, root: Path) -> None:
    (files.state / "trusted.json").write_text('{"all": true}')
    with pytest.raises(PlaceProblem, match=r"trusted\.json"):
        files.is_trusted(root)


def test_a_state_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PlaceProblem, match="CONTEXTUNE_HOME"):
        _ = UserFiles({"CONTEXTUNE_HOME": str(tmp_path / "file" / "x")}).state


def test_commands_without_a_fence_are_allowed_for_one_workspace(files: UserFiles, root: Path) -> None:
    assert not files.is_unfenced(root)
    files.trust(root)
    assert not files.is_unfenced(root), "trust in a repository's settings is no word about commands"
    files.allow_unfenced(root)
    (root / "sub").mkdir()
    assert files.is_unfenced(root)
    assert not files.is_unfenced(root / "sub")
    assert not files.is_unfenced(root.parent)
    files.allow_unfenced(root, allowed=False)
    assert not files.is_unfenced(root)
