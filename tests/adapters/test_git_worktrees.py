"""Worktrees of agents: created without races, and never gone before what is in them is kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from contextune.adapters.git.repository import GitRepository, open_repository
from contextune.core.errors import GitProblem
from tests.adapters.git_place import LONG, Place, edited, files_of, isolate, new_place

SALVAGE = "refs/contextune/salvage/run/task"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    isolate(monkeypatch, tmp_path)
    return new_place(tmp_path / "repo")


@pytest.fixture
def repository(place: Place) -> GitRepository:
    return place.open()


@pytest.fixture
def tree(tmp_path: Path, repository: GitRepository) -> Path:
    """A worktree at HEAD on branch contextune/run/task."""
    path = tmp_path / "pool" / "one"
    repository.add_worktree(path, "contextune/run/task", "HEAD")
    return path


def shown(place: Place, name: str) -> str:
    return place.git("cat-file", "blob", name).decode()


class TestAdding:
    def test_populated_and_without_a_trace_in_the_checkout(
        self, place: Place, repository: GitRepository, tmp_path: Path
    ) -> None:
        place.write("other.txt", "unfinished\n")
        place.write("new.txt", "new\n")
        base = repository.take_base({}, None)
        before, raw = place.state(), place.raw_state()
        repository.add_worktree(tmp_path / "deep" / "wt", "contextune/r/t", base.commit)
        assert (place.state(), place.raw_state()) == (before, raw)
        made = {name: data for name, (_, data) in files_of(tmp_path / "deep" / "wt").items()}
        assert made == {name: data for name, (_, data) in files_of(place.root).items()}
        worktree = Place(tmp_path / "deep" / "wt")
        assert worktree.said("status", "--porcelain") == ""
        assert worktree.said("symbolic-ref", "HEAD") == "refs/heads/contextune/r/t"

    def test_many_at_once(self, repository: GitRepository, tmp_path: Path) -> None:
        def add(number: int) -> None:
            # A repository of its own stands for another process: only the file lock is between them.
            own = repository if number % 2 else open_repository(repository.root)
            own.add_worktree(tmp_path / f"w{number}", f"contextune/many/{number}", "HEAD")

        with ThreadPoolExecutor(16) as threads:
            list(threads.map(add, range(40)))
        for number in range(40):
            assert (tmp_path / f"w{number}" / "long.txt").read_text() == LONG

    def test_failure_leaves_nothing_behind(
        self, place: Place, repository: GitRepository, tmp_path: Path
    ) -> None:
        place.write(".gitattributes", "long.txt filter=broken\n")
        commit = place.commit()
        place.git("config", "filter.broken.smudge", "false")
        place.git("config", "filter.broken.required", "true")
        with pytest.raises(GitProblem, match="reset failed"):
            repository.add_worktree(tmp_path / "wt", "contextune/r/t", commit)
        assert not (tmp_path / "wt").exists()
        assert repository.resolve("refs/heads/contextune/r/t") is None
        assert place.said("worktree", "list").count("\n") == 0

    def test_a_branch_that_exists_is_refused(self, repository: GitRepository, tree: Path) -> None:
        with pytest.raises(GitProblem, match="already exists"):
            repository.add_worktree(tree.parent / "two", "contextune/run/task", "HEAD")

    def test_a_filter_of_the_user_applies(
        self, place: Place, repository: GitRepository, tmp_path: Path
    ) -> None:
        place.git("config", "filter.shift.clean", "tr a-z b-za")
        place.git("config", "filter.shift.smudge", "tr b-za a-z")
        place.write(".gitattributes", "*.up filter=shift\n")
        place.write("a.up", "plain words\n")
        commit = place.commit()
        assert shown(place, f"{commit}:a.up") != "plain words\n"
        repository.add_worktree(tmp_path / "wt", "contextune/r/t", commit)
        assert (tmp_path / "wt" / "a.up").read_text() == "plain words\n"
        assert repository.worktree_tree(tmp_path / "wt") == repository.tree_of(commit)


class TestHydrating:
    def test_ignored_files_that_are_named_are_copied(
        self, place: Place, repository: GitRepository, tree: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "outside").write_text("outside")
        place.write(".gitignore", ".env*\nlocal/\nlink*\n")
        place.write(".worktreeinclude", ".env*\n!.env.secret\nlocal/**/*.json\nlink*\nlong.txt\nplain.txt\n")
        place.write(".env", "A=1\n", 0o600)
        place.write(".env.secret", "B=2\n")
        place.write("local/deep/[x].json", "{}")
        place.write("local/deep/x.bin", "")
        place.write("plain.txt", "not ignored\n")
        (place.root / "link-in").symlink_to(".env")
        (place.root / "link-out").symlink_to(tmp_path / "outside")
        (place.root / "link-git").symlink_to(".git/config")
        assert sorted(repository.hydrate(tree)) == [".env", "link-in", "local/deep/[x].json"]
        assert ((tree / ".env").read_text(), (tree / ".env").stat().st_mode & 0o777) == ("A=1\n", 0o600)
        assert not (tree / "link-in").is_symlink()
        (tree / ".env").write_text("changed by an agent\n")
        assert place.read(".env") == "A=1\n"
        assert repository.hydrate(tree) == []

    def test_never_through_a_link_of_the_worktree(
        self, place: Place, repository: GitRepository, tmp_path: Path
    ) -> None:
        (tmp_path / "elsewhere").mkdir()
        (place.root / "conf").symlink_to(tmp_path / "elsewhere")
        start = place.commit()
        (place.root / "conf").unlink()
        place.write(".gitignore", "conf/\n")
        place.write(".worktreeinclude", "conf/\n")
        place.write("conf/key", "k")
        repository.add_worktree(tmp_path / "wt", "contextune/r/t", start)
        assert repository.hydrate(tmp_path / "wt") == []
        assert list((tmp_path / "elsewhere").iterdir()) == []

    def test_without_the_file(self, repository: GitRepository, tree: Path) -> None:
        assert repository.hydrate(tree) == []


class TestState:
    def test_tree_holds_everything_and_changes_no_index(
        self, place: Place, repository: GitRepository, tree: Path
    ) -> None:
        worktree = Place(tree)
        index = place.root / ".git" / "worktrees" / "one" / "index"
        before = index.read_bytes()
        assert repository.worktree_tree(tree) == repository.tree_of("HEAD")
        worktree.write("long.txt", edited(LONG, 5))
        worktree.write("-rf", "dash")
        (tree / "other.txt").unlink()
        state = repository.worktree_tree(tree)
        assert place.said("ls-tree", "--name-only", state).split() == ["-rf", "long.txt", "run.sh"]
        assert index.read_bytes() == before

    def test_commit_and_reset(self, place: Place, repository: GitRepository, tree: Path) -> None:
        assert repository.commit_worktree(tree, "nothing") is None
        worktree = Place(tree)
        worktree.write("sub/new.txt", "new\n")
        worktree.write("ignored.log", "kept\n")
        (place.root / ".git" / "info" / "exclude").write_text("*.log\n")
        state = repository.worktree_tree(tree)
        commit = repository.commit_worktree(tree, "A task\n\nWith a body\n")
        assert commit is not None
        assert repository.tree_of(commit) == state
        assert repository.resolve("contextune/run/task") == commit
        assert worktree.said("log", "-1", "--format=%an|%B") == "Ada|A task\n\nWith a body"
        assert worktree.said("status", "--porcelain") == ""

        worktree.write("dirty.txt", "dirty\n")
        nested = Place(tree / "nested")
        nested.root.mkdir()
        nested.git("init", "-q")
        repository.reset_worktree(tree, "main")
        assert set(files_of(tree)) == {"long.txt", "other.txt", "run.sh", "ignored.log"}
        assert repository.resolve("contextune/run/task") == repository.resolve("main")

    def test_a_lock_of_a_killed_git_does_not_stay_in_the_way(
        self, place: Place, repository: GitRepository, tree: Path
    ) -> None:
        lock = place.root / ".git" / "worktrees" / "one" / "index.lock"
        lock.write_text("")
        repository.reset_worktree(tree, "HEAD")
        lock.write_text("")
        (tree / "a").write_text("a")
        assert repository.commit_worktree(tree, "a") is not None

    def test_a_rewritten_git_file_leads_nowhere(
        self, place: Place, repository: GitRepository, tree: Path, tmp_path: Path
    ) -> None:
        trap = new_place(tmp_path / "trap")
        trap_state = trap.state()
        (tree / ".git").write_text(f"gitdir: {trap.root}/.git\n")
        (tree / "a.txt").write_text("a\n")
        commit = repository.commit_worktree(tree, "work")
        assert commit is not None
        assert shown(place, f"{commit}:a.txt") == "a\n"
        assert trap.state() == trap_state

    def test_a_folder_that_is_no_worktree(self, repository: GitRepository, tmp_path: Path) -> None:
        for path in (tmp_path, repository.root):
            with pytest.raises(GitProblem, match="no worktree of"):
                repository.remove_worktree(path, SALVAGE)
        assert repository.root.is_dir()
        assert repository.remove_worktree(tmp_path / "nowhere", SALVAGE) is None


class TestRemoving:
    def test_untouched(self, place: Place, repository: GitRepository, tree: Path) -> None:
        assert repository.remove_worktree(tree, SALVAGE) is None
        assert not tree.exists()
        assert repository.resolve(SALVAGE) is None
        assert repository.resolve("refs/heads/contextune/run/task") is None
        assert place.said("worktree", "list").count("\n") == 0

    def test_dirty_untracked_and_committed_work_is_salvaged(
        self, place: Place, repository: GitRepository, tree: Path
    ) -> None:
        worktree = Place(tree)
        worktree.write("long.txt", edited(LONG, 1))
        commit = repository.commit_worktree(tree, "step")
        worktree.write("long.txt", edited(LONG, 1, 2))
        worktree.write("new/\nname", "untracked\n")
        worktree.write("readonly/file", "x")
        (tree / "readonly").chmod(0o500)
        assert repository.remove_worktree(tree, SALVAGE) == SALVAGE
        assert not tree.exists()
        assert repository.resolve(f"{SALVAGE}^") == commit
        assert shown(place, f"{SALVAGE}:long.txt") == edited(LONG, 1, 2)
        assert shown(place, f"{SALVAGE}:new/\nname") == "untracked\n"
        assert repository.resolve("refs/heads/contextune/run/task") is None
        assert place.said("worktree", "list").count("\n") == 0

    def test_commits_alone_are_salvaged_as_they_are(self, repository: GitRepository, tree: Path) -> None:
        (tree / "a").write_text("a")
        commit = repository.commit_worktree(tree, "a")
        assert repository.remove_worktree(tree, SALVAGE) == SALVAGE
        assert repository.resolve(SALVAGE) == commit

    def test_files_of_a_nested_repository_are_salvaged(
        self, place: Place, repository: GitRepository, tree: Path
    ) -> None:
        nested = Place(tree / "nested")
        nested.root.mkdir()
        nested.git("init", "-q")
        nested.write("sub/inner.txt", "inner\n")
        nested.commit()
        (nested.root / "link").symlink_to("sub")
        assert repository.remove_worktree(tree, SALVAGE) == SALVAGE
        assert shown(place, f"{SALVAGE}:nested/sub/inner.txt") == "inner\n"
        assert shown(place, f"{SALVAGE}:nested/link") == "sub"

    def test_a_second_salvage_keeps_the_first(
        self, repository: GitRepository, tree: Path, place: Place
    ) -> None:
        (tree / "first").write_text("1")
        repository.remove_worktree(tree, SALVAGE)
        first = repository.resolve(SALVAGE)
        repository.add_worktree(tree, "contextune/run/task", "HEAD")
        (tree / "second").write_text("2")
        repository.remove_worktree(tree, SALVAGE)
        assert repository.resolve(f"{SALVAGE}^2") == first
        assert shown(place, f"{SALVAGE}:second") == "2"

    def test_a_deleted_git_file_or_folder(
        self, place: Place, repository: GitRepository, tree: Path, tmp_path: Path
    ) -> None:
        (tree / ".git").unlink()
        (tree / "work").write_text("w")
        other = tmp_path / "theirs"
        place.git("worktree", "add", "-q", "-b", "theirs", str(other))
        other.rename(tmp_path / "moved-away")
        assert repository.remove_worktree(tree, SALVAGE) == SALVAGE
        assert shown(place, f"{SALVAGE}:work") == "w"
        assert not tree.exists()
        # Another worktree whose folder is missing is not ours to prune.
        assert "theirs" in place.said("worktree", "list")

        repository.add_worktree(tree, "contextune/run/again", "HEAD")
        (tree / "a").write_text("a")
        commit = repository.commit_worktree(tree, "a")
        for path in tree.iterdir():
            path.unlink()
        tree.rmdir()
        assert repository.remove_worktree(tree, "refs/contextune/salvage/run/again") is not None
        assert repository.resolve("refs/contextune/salvage/run/again") == commit

    def test_links_are_removed_not_followed(
        self, repository: GitRepository, tree: Path, tmp_path: Path
    ) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "precious").write_text("p")
        (tree / "link").symlink_to(outside)
        assert repository.remove_worktree(tree, SALVAGE) == SALVAGE
        assert (outside / "precious").read_text() == "p"

    def test_a_branch_of_the_users_stays(
        self, place: Place, repository: GitRepository, tmp_path: Path
    ) -> None:
        repository.add_worktree(tmp_path / "wt", "feature", "HEAD")
        repository.remove_worktree(tmp_path / "wt", SALVAGE)
        assert repository.resolve("refs/heads/feature") == repository.resolve("HEAD")

    def test_a_linked_pool_folder(self, repository: GitRepository, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        (tmp_path / "alias").symlink_to(tmp_path / "real")
        repository.add_worktree(tmp_path / "alias" / "wt", "contextune/r/t", "HEAD")
        (tmp_path / "real" / "wt" / "a").write_text("a")
        assert repository.commit_worktree(tmp_path / "alias" / "wt", "a") is not None
        repository.remove_worktree(tmp_path / "alias" / "wt", SALVAGE)
        assert not (tmp_path / "real" / "wt").exists()


def test_a_tree_is_mixed_of_two(place: Place) -> None:
    """Changed, new and removed paths, modes and odd names alike, as the other tree has them."""
    odd = "tests/a\tb\n\u00e9.py"
    place.write("src/app.py", "old")
    place.write("tests/run.sh", "old")
    place.write("tests/gone.py", "old")
    place.write(odd, "old")
    before = place.commit("before")
    place.write("src/app.py", "new")
    place.write("tests/run.sh", "new")
    (place.root / "tests/run.sh").chmod(0o755)
    (place.root / "tests/gone.py").unlink()
    place.write(odd, "new")
    place.write("tests/added.py", "new")
    after = place.commit("after")
    repository = open_repository(place.root)
    tree = repository.tree_of(after)
    wanted = ["tests/run.sh", "tests/gone.py", odd, "tests/added.py", "tests/never.py"]
    mixed = repository.mix(tree, before, wanted)
    assert [change.path for change in repository.changes(before, mixed)] == ["src/app.py"]
    assert [change.path for change in repository.changes(mixed, after)] == sorted(wanted[:4])
    assert repository.mix(tree, before, []) == tree
    assert place.said("status", "--porcelain") == ""
