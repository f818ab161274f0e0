"""Snapshots of worktrees that follow single writes, against what a whole look at the worktree finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contextune.adapters.git import program
from contextune.adapters.git.repository import GitRepository, open_repository
from contextune.core.overlap.live_snapshots import Clash
from tests.adapters.git_place import Place, isolate


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    isolate(monkeypatch, tmp_path)
    root = tmp_path / "repository"
    root.mkdir()
    made = Place(root)
    made.git("init", "-q", "-b", "main")
    for path in ("a.py", "b.py", "deep/c.py"):
        made.write(path, "one\ntwo\nthree\nfour\nfive\n")
    made.write(".gitignore", "*.log\n")
    made.commit("first")
    return made


class Tree:
    """A worktree that the snapshots follow."""

    def __init__(self, repository: GitRepository, path: Path) -> None:
        self.repository = repository
        self.path = path
        self.start = repository.resolve("HEAD") or ""
        repository.add_worktree(path, f"contextune/{path.name}", self.start)

    def write(self, path: str, text: str) -> str:
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return path

    def sees(self, *wrote: str) -> tuple[str, ...]:
        """What the snapshot says has changed; it must be all that there is."""
        self.repository.snapshots.wrote(self.path, wrote)
        snapshot = self.repository.snapshots.take(self.path, self.start)
        assert snapshot.tree == self.repository.worktree_tree(self.path)
        assert not snapshot.commit
        return snapshot.paths


def test_snapshots_follow_what_is_written_and_touch_nothing(place: Place, tmp_path: Path) -> None:
    repository = open_repository(place.root)
    tree = Tree(repository, tmp_path / "w")
    before = repository.look()
    assert tree.sees() == ()
    assert tree.sees(tree.write("a.py", "1\n")) == ("a.py",)
    assert tree.sees(tree.write("./new/d.py", "d\n")) == ("a.py", "new/d.py")
    assert tree.sees(tree.write("seen.log", "noise\n")) == ("a.py", "new/d.py")
    (tree.path / "deep/c.py").unlink()
    assert tree.sees("deep/c.py") == ("a.py", "deep/c.py", "new/d.py")
    (tree.path / "deep").rmdir()
    assert tree.sees(tree.write("deep", "a file now\n")) == ("a.py", "deep", "deep/c.py", "new/d.py")
    assert tree.sees(tree.write(".gitignore", "*.log\nb.py\nnew\n")) == (
        ".gitignore",
        "a.py",
        "deep",
        "deep/c.py",
    )
    assert place.said("status", "--porcelain") == ""
    assert repository.look().parts == before.parts
    assert place.git("-C", str(tree.path), "diff", "--cached", "--name-only").decode() == ""


def test_writes_behind_a_link_and_of_unknown_places_are_seen(place: Place, tmp_path: Path) -> None:
    tree = Tree(open_repository(place.root), tmp_path / "w")
    (tree.path / "way").symlink_to("deep")
    assert tree.sees("way") == ("way",)
    assert tree.sees(tree.write("way/c.py", "2\n")) == ("deep/c.py", "way")
    tree.write("b.py", "b\n")
    tree.repository.snapshots.wrote(tree.path, None)
    snapshot = tree.repository.snapshots.take(tree.path, tree.start)
    assert snapshot.paths == ("b.py", "deep/c.py", "way")


def test_two_worktrees_clash_where_git_cannot_merge_them(place: Place, tmp_path: Path) -> None:
    repository = open_repository(place.root)
    first, second = Tree(repository, tmp_path / "first"), Tree(repository, tmp_path / "second")
    first.write("a.py", "one\ntwo\n3\nfour\nfive\n")
    second.write("a.py", "one\ntwo\nIII\nfour\nfive\n")
    second.write("b.py", "other\n")
    mine = repository.snapshots.take(first.path, first.start)
    theirs = repository.snapshots.take(second.path, second.start)
    (clash,) = repository.snapshots.clashes(mine, theirs)
    base = b"one\ntwo\nthree\nfour\nfive\n"
    assert clash == Clash("a.py", base, base.replace(b"three", b"3"), base.replace(b"three", b"III"))
    second.write("a.py", "one\ntwo\nthree\nfour\nfive\nsix\n")
    repository.snapshots.wrote(second.path, ["a.py"])
    assert repository.snapshots.clashes(mine, repository.snapshots.take(second.path, second.start)) == ()


def test_the_users_unsaved_and_dirty_work_is_a_side_too(place: Place) -> None:
    repository = open_repository(place.root)
    start = repository.resolve("HEAD") or ""
    place.write("b.py", "dirty\n")
    place.write("fresh.py", "untracked\n")
    snapshot = repository.snapshots.user({"a.py": b"unsaved\n"}, start)
    assert snapshot.paths == ("a.py", "b.py", "fresh.py")
    assert repository.snapshots.user({}, start).paths == ("b.py", "fresh.py")
    assert repository.read_file(snapshot.tree, "a.py") == b"unsaved\n"


def test_a_worktree_is_looked_at_once_for_all_who_ask(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = Tree(open_repository(place.root), tmp_path / "w")
    snapshots = tree.repository.snapshots
    first = snapshots.tree(tree.path)
    snapshots.wrote(tree.path, [tree.write("a.py", "1\n")])
    ran: list[str] = []
    start = program.start

    def noted(arguments: Any, **given: Any) -> program.Answer:
        ran.append(str(arguments[0]))
        return start(arguments, **given)

    monkeypatch.setattr(program, "start", noted)
    second = snapshots.tree(tree.path)
    assert second != first
    assert ran == ["ls-files", "update-index", "write-tree"]
    ran.clear()
    assert snapshots.take(tree.path, tree.start).tree == snapshots.tree(tree.path) == second
    commit = snapshots.keep("refs/contextune/turns/x", second, [tree.start])
    assert snapshots.keep("refs/contextune/turns/x", first, [tree.start, commit]) != commit
    assert ran == [], "all of this is asked of processes that stay"
    snapshots.wrote(tree.path, [tree.write("a.py", "2\n")])
    snapshots.tree(tree.path)
    assert ran == ["update-index", "write-tree"]


def test_a_worktree_made_anew_at_the_same_place_is_another_one(place: Place, tmp_path: Path) -> None:
    repository = open_repository(place.root)
    tree = Tree(repository, tmp_path / "w")
    assert tree.sees(tree.write("a.py", "1\n")) == ("a.py",)
    repository.remove_worktree(tree.path, "refs/contextune/salvage/w")
    again = Tree(repository, tmp_path / "w")
    assert again.sees(again.write("b.py", "2\n")) == ("b.py",)
