"""Worktrees that begin as copies of the user's files: byte for byte what git would have written there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from contextune.adapters.git import file_copies
from contextune.adapters.git.index_file import UnfitError, read_index, write_index
from contextune.adapters.git.program import Git
from contextune.adapters.git.scratch import Scratch
from contextune.adapters.git.seeding import MANY, seed
from tests.adapters.git_place import Place, isolate

OLD = 1_600_000_000
"""When the files of the checkout were changed last, in seconds since the epoch."""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    isolate(monkeypatch, tmp_path)
    return repository(tmp_path / "repository")


def repository(root: Path, *options: str) -> Place:
    """Files of all kinds, of which the index knows that they are as they were."""
    root.mkdir()
    made = Place(root)
    made.git("init", "-q", "-b", "main", *options)
    made.write("a.py", "one\n")
    made.write("run.sh", "#!/bin/sh\n")
    (root / "run.sh").chmod(0o755)
    made.write("deep/er/b.py", "two\n")
    made.write("deep/" + "long" * 40 + "/" + "name" * 50, "three\n")
    made.write("empty", "")
    (root / "way").symlink_to("a.py")
    made.commit("first")
    grow_old(made)
    return made


def grow_old(place: Place) -> None:
    """Have the index know files that were changed long before it."""
    for path in place.root.rglob("*"):
        is_file = (
            path.is_file() and not path.is_symlink() and ".git" not in path.relative_to(place.root).parts
        )
        if is_file and path.stat().st_mtime != OLD:
            os.utime(path, (OLD, OLD))
    place.git("update-index", "--refresh", "-q")


class Made:
    """A worktree after it was seeded, and after git brought it to its commit."""

    def __init__(self, place: Place, path: Path, commit: str = "HEAD", *, many: int = MANY) -> None:
        self.place = place
        self.path = path
        commit = place.said("rev-parse", commit)
        place.git("worktree", "add", "-q", "--no-checkout", "--detach", str(path), commit)
        git_dir = place.root / ".git/worktrees" / path.name
        own = Git(git_dir, path)
        checkout, scratch = Git(place.root / ".git", place.root), Scratch(place.root / ".git")
        self.copied = seed(checkout, own, commit, scratch, many=many)
        self.seeded = sorted(
            str(file.relative_to(path)) for file in path.rglob("*") if file.is_file() and file.name != ".git"
        )
        own.run("reset", "--hard", "--quiet")
        assert own.run("status", "--porcelain", "--ignored") == b""
        assert own.run("diff-files", "--raw") == b""
        other = path.with_name(path.name + " by git")
        place.git("worktree", "add", "-q", "--detach", str(other), commit)
        assert state(path) == state(other)


def state(root: Path) -> dict[str, tuple[int, bytes]]:
    """Files below a folder: mode and content."""
    return {
        str(path.relative_to(root)): (
            path.lstat().st_mode,
            os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes(),
        )
        for path in root.rglob("*")
        if path.name != ".git" and (path.is_symlink() or path.is_file())
    }


def test_all_files_but_links_are_copied_and_keep_their_times(place: Place, tmp_path: Path) -> None:
    made = Made(place, tmp_path / "w")
    assert made.copied == 5
    assert (made.path / "a.py").stat().st_mtime == OLD
    assert (made.path / "a.py").stat().st_ino != (place.root / "a.py").stat().st_ino
    place.write("a.py", "other\n")
    assert (made.path / "a.py").read_text() == "one\n"


def test_a_large_index_gets_a_process_that_does_the_same(place: Place, tmp_path: Path) -> None:
    place.write("a.py", "staged\n")
    place.git("add", "a.py")
    here, elsewhere = Made(place, tmp_path / "w"), Made(place, tmp_path / "v", many=0)
    assert (here.copied, here.seeded) == (elsewhere.copied, elsewhere.seeded) == (4, elsewhere.seeded)
    assert (elsewhere.path / "run.sh").stat().st_mtime == OLD
    place.git("update-index", "--index-version", "4")
    assert Made(place, tmp_path / "u", many=0).copied == 0


def test_the_process_ends_with_the_one_that_began_it(place: Place, tmp_path: Path) -> None:
    """It waits for an index that nobody writes; then its parent is gone."""
    os.mkfifo(tmp_path / "index")
    (tmp_path / "other").touch()
    command = [sys.executable, "-I", "-m", file_copies.__name__, *[str(tmp_path)] * 3, "20"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(60) == 1


def test_another_kind_of_ids_does_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    isolate(monkeypatch, tmp_path)
    place = repository(tmp_path / "sha256", "--object-format=sha256")
    assert Made(place, tmp_path / "w").copied == 5


def test_what_the_user_changed_is_made_by_git(place: Place, tmp_path: Path) -> None:
    place.write("a.py", "dirty\n")
    (place.root / "empty").unlink()
    place.write("deep/er/b.py", "staged\n")
    place.git("add", "deep/er/b.py")
    place.write("untracked.py", "x\n")
    made = Made(place, tmp_path / "w")
    assert (made.copied, made.seeded) == (2, sorted(["run.sh", "deep/" + "long" * 40 + "/" + "name" * 50]))


def test_a_change_in_the_second_of_the_index_is_not_overlooked(place: Place, tmp_path: Path) -> None:
    index = place.root / ".git/index"
    os.utime(index, (OLD, OLD + 0.5))
    assert Made(place, tmp_path / "w").copied == 0
    os.utime(index, (OLD + 1, OLD + 1))
    assert Made(place, tmp_path / "v").copied == 5


def test_an_older_commit_takes_what_is_the_same_in_it(place: Place, tmp_path: Path) -> None:
    place.write("a.py", "changed since\n")
    place.write("new.py", "new\n")
    place.commit("second")
    grow_old(place)
    made = Made(place, tmp_path / "w", "HEAD~")
    assert made.copied == 4
    assert "a.py" not in made.seeded


@pytest.mark.parametrize(
    "spoil",
    [
        lambda place: place.git("update-index", "--index-version", "4"),
        lambda place: (place.root / "deep/.gitattributes").write_text("* text eol=crlf\n"),
        lambda place: (place.root / ".git/index").unlink(),
        lambda place: (place.root / ".git/index").write_bytes(
            (place.root / ".git/index").read_bytes()[:100] + bytes(40)
        ),
        lambda place: place.git("update-index", "--split-index"),
    ],
)
def test_where_it_cannot_be_told_git_makes_all(
    place: Place, tmp_path: Path, spoil: Callable[[Place], object]
) -> None:
    spoil(place)
    assert Made(place, tmp_path / "w").copied == 0


def test_rules_of_the_commit_count(place: Place, tmp_path: Path) -> None:
    place.write(".gitattributes", "*.txt text eol=crlf\n")
    (place.root / "x.txt").write_bytes(b"one\r\ntwo\r\n")
    place.commit("rules")
    grow_old(place)
    made = Made(place, tmp_path / "w")
    assert made.copied == 7
    assert (made.path / "x.txt").read_bytes() == b"one\r\ntwo\r\n"
    place.write(".gitattributes", "*.txt text eol=lf\n")
    assert Made(place, tmp_path / "v").copied == 0


def test_files_that_are_to_be_taken_for_clean_or_absent_are_not_copied(place: Place, tmp_path: Path) -> None:
    place.git("update-index", "--assume-unchanged", "a.py")
    place.git("update-index", "--skip-worktree", "empty")
    place.write("a.py", "mine alone\n")
    assert Made(place, tmp_path / "w").copied == 3


def test_an_index_that_is_read_and_written_is_the_same_to_git(place: Place, tmp_path: Path) -> None:
    index = place.root / ".git/index"
    before = place.git("ls-files", "--stage", "--debug")
    place.git("update-index", "--refresh")
    entries = list(read_index(index.read_bytes(), 20))
    index.write_bytes(write_index(entries, 20))
    assert place.git("ls-files", "--stage", "--debug") == before
    with pytest.raises(UnfitError):
        read_index(b"DIRC", 20)
