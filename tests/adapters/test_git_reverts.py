"""Undo where the branch has moved on, and branches that are made for a result."""

from __future__ import annotations

from pathlib import Path

import pytest

from contextune.adapters.git.repository import GitRepository
from contextune.core.errors import GitProblem, MergeRefused
from contextune.core.worktrees.snapshot import Base
from tests.adapters.git_place import LONG, Place, edited, isolate, new_place, work


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    isolate(monkeypatch, tmp_path)
    return new_place(tmp_path / "repo")


def two_tasks(place: Place, folder: Path) -> tuple[GitRepository, Base, str]:
    """A result of two commits."""
    folder.mkdir()
    repository = place.open()
    base = repository.take_base({}, None)
    first = work(repository, base.commit, folder / "w", {"long.txt": edited(LONG, 3)}, "one")
    return repository, base, work(repository, first, folder / "w", {"made.txt": "made\n"}, "two")


def moves(place: Place) -> int:
    return len(place.said("reflog", "main").splitlines())


@pytest.mark.parametrize("message", [None, "All of it\n"])
def test_each_commit_is_taken_back_on_top_of_what_came_later(
    place: Place, tmp_path: Path, message: str | None
) -> None:
    repository, base, result = two_tasks(place, tmp_path / "pool")
    restore = repository.move_checkout(base, result, message)
    accepted = place.said("rev-parse", "HEAD")
    place.write("long.txt", edited(edited(LONG, 3), 30, by="me, later"))
    later = place.commit("later")
    place.write("other.txt", "staged\n")
    place.git("add", "other.txt")
    place.write("notes.txt", "mine\n")
    moved = moves(place)
    after = repository.restore_checkout(base, accepted, restore)
    assert after == place.said("rev-parse", "HEAD")
    assert moves(place) == moved + 1
    assert place.read("long.txt") == edited(LONG, 30, by="me, later")
    assert not (place.root / "made.txt").exists()
    assert place.said("diff", "--cached", "--name-only") == "other.txt"
    subjects = place.said("log", "--format=%s", f"{later}..HEAD").splitlines()
    assert subjects == (['Revert "one"', 'Revert "two"'] if message is None else ['Revert "All of it"'])
    assert f"This reverts commit {accepted}." in place.said("log", "--format=%b", f"{later}..HEAD")
    assert repository.reverted([accepted]) == {accepted}
    # Once more, as after a crash: there is nothing left to take back.
    assert repository.restore_checkout(base, accepted, restore) == after
    assert place.said("rev-parse", "HEAD") == after


def test_a_branch_for_a_result_moves_nothing_else(place: Place, tmp_path: Path) -> None:
    repository, base, result = two_tasks(place, tmp_path / "pool")
    place.git("branch", "todo/sizes")
    before, raw = place.state(), place.raw_state()
    made = repository.make_branch(base, result, None, "todo/sizes")
    assert made.name == "todo/sizes-2"
    assert repository.make_branch(base, result, None, "todo/sizes") == made
    assert (place.state(), place.raw_state()) == (before, raw)
    assert place.said("rev-parse", made.name) == made.commit
    assert place.said("log", "--format=%s", f"main..{made.name}").splitlines() == ["two", "one"]
    repository.remove_branch(result, made)
    repository.remove_branch(result, made)
    assert place.said("for-each-ref", "--format=%(refname:short)", "refs/heads").split() == [
        "main",
        "todo/sizes",
    ]


def test_a_branch_leaves_unfinished_work_out(place: Place, tmp_path: Path) -> None:
    place.write("other.txt", "unfinished\n")
    repository, base, result = two_tasks(place, tmp_path / "pool")
    made = repository.make_branch(base, result, "One\n", "todo/x")
    assert place.said("diff", "--name-only", "main", made.name).split() == ["long.txt", "made.txt"]
    assert place.said("log", "--format=%s", f"main..{made.name}") == "One"


def test_a_branch_that_is_in_use_stays(place: Place, tmp_path: Path) -> None:
    repository, base, result = two_tasks(place, tmp_path / "pool")
    made = repository.make_branch(base, result, None, "todo/x")
    place.git("checkout", "-q", "todo/x")
    with pytest.raises(MergeRefused, match="is checked out"):
        repository.remove_branch(result, made)
    place.commit("more")
    with pytest.raises(MergeRefused, match="has moved on"):
        repository.remove_branch(result, made)
    assert place.said("rev-parse", "todo/x~1") == made.commit


@pytest.mark.parametrize("name", ["contextune/mine", "a..b", "-x"])
def test_a_name_that_will_not_do(place: Place, tmp_path: Path, name: str) -> None:
    repository, base, result = two_tasks(place, tmp_path / "pool")
    with pytest.raises(GitProblem, match="name"):
        repository.make_branch(base, result, None, name)
