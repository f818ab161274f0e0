"""What a worktree holds survives its removal byte for byte, whatever an agent did to it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from contextune.adapters.git.repository import GitRepository
from tests.adapters.git_place import LONG, Place, edited, isolate, new_place

SALVAGE = "refs/contextune/salvage/run/task"
BRANCH = "contextune/restored/run-task"
WEIRD = (
    *(
        b"-rf",
        b"new\nline",
        b" space ",
        b"tab\there",
        b'quo"te',
        b"back\\slash",
        b"*",
        b":(top)x",
        b"\xff\xfe",
    ),
    *("é".encode(), b"git~1", b"a/b c/d", b".hidden", b"nul.txt", b"dir/.gitkeep", b".GIT/config", b"x/.Git"),
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    isolate(monkeypatch, tmp_path)
    place = new_place(tmp_path / "repo")
    place.write(".gitignore", "*.log\ncache/\n")
    place.write(".gitattributes", "*.crlf text eol=crlf\n*.txt text=auto\n")
    place.write("sub/inner.txt", "inner\n")
    place.write("win.crlf", "one\r\ntwo\r\n")
    place.commit()
    return place


@pytest.fixture
def repository(place: Place) -> GitRepository:
    return place.open()


@pytest.fixture
def tree(tmp_path: Path, repository: GitRepository) -> Place:
    """A worktree at HEAD on branch contextune/run/task."""
    path = tmp_path / "pool" / "one"
    repository.add_worktree(path, "contextune/run/task", "HEAD")
    return Place(path)


def seen(root: Path) -> dict[bytes, tuple[int, bytes]]:
    """Mode and bytes of everything below a folder but the `.git` file of the worktree itself."""
    top, found = os.fsencode(root), {}
    for folder, folders, files in os.walk(top):
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]  # noqa: PTH114, PTH118
        for name in [*files, *links]:
            full = os.path.join(folder, name)  # noqa: PTH118
            facts = os.lstat(full)
            is_link = stat.S_ISLNK(facts.st_mode)
            data = os.readlink(full) if is_link else Path(os.fsdecode(full)).read_bytes()  # noqa: PTH115
            found[os.path.relpath(full, top)] = (facts.st_mode, data)
    found.pop(b".git")
    return found


def index_of(place: Place) -> bytes:
    return place.git("ls-files", "--stage", "-z")


def put(place: Place, name: bytes, data: bytes) -> None:
    full = os.path.join(os.fsencode(place.root), name)  # noqa: PTH118
    os.makedirs(os.path.dirname(full), exist_ok=True)  # noqa: PTH103, PTH120
    if not os.path.isdir(full):  # noqa: PTH112
        Path(os.fsdecode(full)).write_bytes(data)


def staged(place: Place, chance: Random) -> None:
    place.write("staged.txt", f"staged {chance.random()}\n")
    place.git("add", "staged.txt")
    place.write("staged.txt", "and changed after that\n")


def dirty(place: Place, chance: Random) -> None:
    place.write("long.txt", edited(LONG, chance.randint(1, 40)))


def untracked(place: Place, chance: Random) -> None:
    for name in chance.sample(WEIRD, 6):
        put(place, name, chance.randbytes(chance.randint(0, 300)))


def deleted(place: Place, chance: Random) -> None:
    name = chance.choice(["other.txt", "sub/inner.txt", "run.sh"])
    (place.root / name).unlink(missing_ok=True)
    if chance.random() < 0.5:
        place.git("rm", "-q", "--cached", "--ignore-unmatch", "--", name)


def modes(place: Place, chance: Random) -> None:
    place.write("secret.txt", "s\n", chance.choice([0o600, 0o640, 0o444]))
    place.write("tool", "#!/bin/sh\n", 0o755)


def links(place: Place, chance: Random) -> None:
    for name, target in (("link", "long.txt"), ("out", "/etc"), ("broken", "nowhere")):
        if not os.path.lexists(place.root / name):
            (place.root / name).symlink_to(target)


def nested(place: Place, chance: Random) -> None:
    inner = Place(place.root / chance.choice(["nested", "sub", "deep/er"]))
    inner.root.mkdir(parents=True, exist_ok=True)
    inner.git("init", "-q")
    inner.write("mine.txt", "mine\n")
    inner.commit("a commit of its own")
    inner.write("unfinished.txt", "u\n")


def endings(place: Place, chance: Random) -> None:
    place.write("mixed.crlf", "one\r\ntwo\nthree\r\n")
    place.write("win.crlf", "only\nnewlines\n")


def commits(place: Place, chance: Random) -> None:
    place.write("done.txt", f"{chance.random()}\n")
    place.git("add", "done.txt")
    place.git("commit", "-q", "-m", "half the work", "--", "done.txt")


def ignored(place: Place, chance: Random) -> None:
    place.write("notes.log", f"worth keeping {chance.random()}\n")


def conflict(place: Place, chance: Random) -> None:
    """In the middle of a rebase that git could not go on with."""
    place.git("stash", "-q", "-u")
    place.write("both.txt", "ours\n")
    place.git("add", "both.txt")
    place.git("commit", "-q", "-m", "ours")
    place.git("checkout", "-q", "-b", f"contextune/other/{chance.random()}", "HEAD~1")
    place.write("both.txt", "theirs\n")
    place.git("add", "both.txt")
    place.git("commit", "-q", "-m", "theirs")
    with pytest.raises(RuntimeError):
        place.git("rebase", "-q", "contextune/run/task")


ACTS: tuple[Callable[[Place, Random], None], ...] = (
    *(staged, dirty, untracked, deleted, modes, links, nested, endings, commits, ignored),
)


@pytest.mark.parametrize("seed", range(24))
def test_whatever_was_there_comes_back(
    place: Place, repository: GitRepository, tree: Place, tmp_path: Path, seed: int
) -> None:
    chance = Random(seed)
    if seed % 6 == 5:
        conflict(tree, chance)
    for act in chance.sample(ACTS, chance.randint(1, 5)):
        act(tree, chance)
    files, index, head = seen(tree.root), index_of(tree), tree.said("rev-parse", "HEAD")
    unfinished = tree.said("status", "--porcelain", "--ignored") != ""
    before = place.state()
    assert repository.remove_worktree(tree.root, SALVAGE) == SALVAGE
    assert not tree.root.exists()
    # Nothing may hang on objects that no ref leads to.
    place.git("reflog", "expire", "--expire=now", "--all")
    place.git("gc", "-q", "--prune=now")
    back = Place(tmp_path / "back")
    repository.upkeep.restore(SALVAGE, back.root, BRANCH)
    assert seen(back.root) == files
    assert index_of(back) == index
    assert back.said("rev-parse", "HEAD") == head
    assert back.said("symbolic-ref", "HEAD") == f"refs/heads/{BRANCH}"
    assert place.state() == before
    # And once more from there: a restored worktree is as safe as any.
    again = repository.remove_worktree(back.root, f"{SALVAGE}-2")
    assert again == (f"{SALVAGE}-2" if unfinished else None)
