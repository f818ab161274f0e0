"""git processes that stay: what they answer is what git answers, and what they cannot is left to git."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from contextune.adapters.git.objects import Objects
from contextune.adapters.git.program import Git
from contextune.adapters.git.standing import MOST_AT_ONCE, StandingGit
from contextune.core.errors import GitProblem
from tests.adapters.git_place import Place, isolate


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    isolate(monkeypatch, tmp_path)
    root = tmp_path / "repository"
    root.mkdir()
    made = Place(root)
    made.git("init", "-q", "-b", "main")
    made.write("a.py", "one\n")
    made.write("deep/end\nend", "two\n" * 50_000)
    made.commit("first")
    made.write("a.py", "changed\n")
    made.write("deep/end\nend", "three\n")
    made.commit("second")
    return made


@pytest.fixture
def git(place: Place) -> Git:
    return Git(place.root / ".git", place.root)


def test_contents_are_read_by_their_ids(place: Place, git: Git) -> None:
    standing = StandingGit(git)
    ids = [place.said("rev-parse", name).encode() for name in ("HEAD~:a.py", "HEAD~:deep/end\nend")]
    for _ in range(3):
        assert standing.contents(ids) == [b"one\n", b"two\n" * 50_000]
    assert standing.contents([b"1" * 40]) is None
    assert standing.contents([b"HEAD:a.py"]) is None
    assert standing.contents(ids[:1] * (MOST_AT_ONCE + 1)) is None
    assert standing.contents(ids[:1]) == [b"one\n"], "it begins anew after what it could not answer"


def test_differences_are_those_of_git_whatever_a_path_is_called(place: Place, git: Git) -> None:
    objects = Objects(git)
    before, after = (place.said("rev-parse", f"{name}^{{tree}}") for name in ("HEAD~", "HEAD"))
    for one, other in ((before, after), (after, before), (after, after)):
        assert objects.tree_differences(one, other) == objects.differences(one, other)
    assert [one.path for one in objects.tree_differences(before, after)] == [b"a.py", b"deep/end\nend"]
    with pytest.raises(GitProblem):
        objects.tree_differences(before, "1" * 40)


def test_commits_and_refs_are_gits_own(place: Place, git: Git) -> None:
    objects, head = Objects(git), place.said("rev-parse", "HEAD")
    tree = objects.tree_of(head)
    assert tree == place.said("rev-parse", "HEAD^{tree}")
    commit = objects.commit_known(tree, [head, head], "Told\n")
    assert place.said("log", "-1", "--format=%T %P %an %ce %B", commit) == (
        f"{tree} {head} Contextune contextune@localhost Told"
    )
    timeless = objects.commit_timeless(tree, head)
    plain = objects._write_commit(
        tree,
        [head],
        "merge side",
        {
            f"GIT_{role}_{key}": value
            for role in ("AUTHOR", "COMMITTER")
            for key, value in (
                ("NAME", "Contextune"),
                ("EMAIL", "contextune@localhost"),
                ("DATE", "@0 +0000"),
            )
        },
    )
    assert timeless == plain
    for target in (commit, timeless):
        objects.set_ref("refs/contextune/turns/one", target)
        assert place.said("rev-parse", "refs/contextune/turns/one") == target
    with pytest.raises(GitProblem):
        objects.set_ref("refs/contextune/turns/one/below", commit)
    with pytest.raises(GitProblem):
        objects.set_ref("refs/heads/main", commit)
    place.git("fsck", "--strict")


def test_many_threads_ask_at_once(place: Place, git: Git) -> None:
    objects = Objects(git)
    ids = [place.said("rev-parse", name).encode() for name in ("HEAD:a.py", "HEAD~:a.py")]
    wrong: list[object] = []

    def ask() -> None:
        for turn in range(30):
            found = objects.read_all([ids[turn % 2]])
            if found != [(b"changed\n", b"one\n")[turn % 2]]:
                wrong.append(found)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []


def test_a_process_that_dies_is_begun_anew_and_none_outlives_its_repository(place: Place, git: Git) -> None:
    standing = StandingGit(git)
    head = place.said("rev-parse", "HEAD")
    tree = standing.tree_of(head)
    process = standing._reading._process
    assert tree is not None
    assert process is not None
    process.kill()
    process.wait(10)
    assert standing.tree_of(head) == tree
    process = standing._reading._process
    assert process is not None
    del standing
    assert process.wait(10) != 0
