"""What is told of worktrees that came to harm, and what their repairs keep."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from contextune.adapters.git.repository import GitRepository, open_repository
from contextune.core.errors import GitProblem
from contextune.core.worktrees.findings import Standing, of_repository, of_tree
from contextune.core.worktrees.worktree import Facts, Finding, TreeFacts
from tests.adapters.git_place import Place, isolate, new_place
from tests.adapters.test_salvage import seen

SALVAGE = "refs/contextune/salvage/r_1/t1"
HOUR = 3_600_000


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    isolate(monkeypatch, tmp_path)
    return new_place(tmp_path / "repo")


@pytest.fixture
def repository(place: Place) -> GitRepository:
    return place.open()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "state" / "worktrees"


@pytest.fixture
def own(home: Path) -> Path:
    return home / "repo-1"


@pytest.fixture
def tree(own: Path, repository: GitRepository) -> Place:
    path = own / "r_1" / "t1"
    repository.add_worktree(path, "contextune/r_1/t1", "HEAD")
    return Place(path)


def look(repository: GitRepository, home: Path, own: Path) -> Facts:
    return repository.upkeep.facts(home, own)


def only(repository: GitRepository, home: Path, own: Path) -> TreeFacts:
    (found,) = look(repository, home, own).trees
    return found


def told(tree: TreeFacts, standing: Standing = "ended", now: int = 0) -> list[tuple[str, str | None]]:
    return [(finding.kind, finding.repair) for finding in of_tree(tree, standing, now)]


def entry_of(place: Place, name: str = "t1") -> Path:
    return place.root / ".git" / "worktrees" / name


def age(path: Path, seconds: float = 3600) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_nothing_is_said_of_a_worktree_in_order(
    repository: GitRepository, tree: Place, home: Path, own: Path
) -> None:
    found = only(repository, home, own)
    assert (found.path, found.has_folder, found.has_entry, found.pointer) == (
        str(tree.root),
        True,
        True,
        "right",
    )
    assert (found.branch, found.at_home, found.filled) == ("contextune/r_1/t1", True, True)
    assert told(found) == []
    assert told(found, "needed") == []


def test_other_peoples_worktrees_are_not_looked_at(
    place: Place, repository: GitRepository, tree: Place, home: Path, own: Path, tmp_path: Path
) -> None:
    place.git("worktree", "add", "-q", "-b", "theirs", str(tmp_path / "theirs"))
    assert [found.path for found in look(repository, home, own).trees] == [str(tree.root)]


def test_a_missing_folder_loses_neither_commits_nor_what_was_staged(
    place: Place, repository: GitRepository, tree: Place, home: Path, own: Path
) -> None:
    tree.write("a.txt", "committed\n")
    tree.commit()
    tree.write("b.txt", "staged\n")
    tree.git("add", "b.txt")
    shutil.rmtree(tree.root)
    assert told(only(repository, home, own)) == [("folder_missing", "remove")]
    assert repository.upkeep.remove(tree.root, SALVAGE, None) == SALVAGE
    assert look(repository, home, own).trees == ()
    assert place.said("show", f"{SALVAGE}:a.txt") == "committed"
    assert place.said("show", f"{SALVAGE}:b.txt") == "staged"


def test_a_folder_that_git_forgot_is_kept_whole(
    place: Place, repository: GitRepository, tree: Place, home: Path, own: Path, tmp_path: Path
) -> None:
    tree.write("new.txt", "new\n")
    tree.write("long.txt", "changed\n")
    files = seen(tree.root)
    shutil.rmtree(entry_of(place))
    assert told(only(repository, home, own)) == [("forgotten", "remove")]
    assert repository.upkeep.remove(tree.root, SALVAGE, "refs/heads/contextune/r_1/t1") == SALVAGE
    assert not tree.root.exists()
    repository.upkeep.restore(SALVAGE, tmp_path / "back", "contextune/restored/t1")
    assert seen(tmp_path / "back") == files
    assert Place(tmp_path / "back").said("status", "--porcelain").split() == [
        "M",
        "long.txt",
        "??",
        "new.txt",
    ]


def test_a_repository_cloned_anew_keeps_what_the_old_ones_worktrees_hold(
    place: Place, repository: GitRepository, tree: Place, home: Path, own: Path, tmp_path: Path
) -> None:
    tree.write("new.txt", "new\n")
    tree.commit()
    gone = tree.said("rev-parse", "HEAD")
    place.root.rename(tmp_path / "old")
    Place(tmp_path).git("clone", "-q", str(tmp_path / "old"), str(place.root))
    shutil.rmtree(tmp_path / "old")
    new = open_repository(place.root)
    assert told(only(new, home, own)) == [("forgotten", "remove")]
    assert new.upkeep.remove(tree.root, SALVAGE, gone) == SALVAGE
    assert Place(place.root).said("show", f"{SALVAGE}:new.txt") == "new"


def test_a_moved_repository_finds_its_worktrees_and_relinks_them(
    place: Place, repository: GitRepository, tree: Place, home: Path, tmp_path: Path
) -> None:
    tree.write("new.txt", "new\n")
    place.root.rename(tmp_path / "elsewhere")
    moved = open_repository(tmp_path / "elsewhere")
    found = only(moved, home, home / "elsewhere-2")
    assert told(found, "needed") == [("moved", "relink")]
    with pytest.raises(RuntimeError):
        tree.git("status")
    moved.upkeep.relink(tree.root)
    assert tree.said("status", "--porcelain") == "?? new.txt"
    assert told(only(moved, home, home / "elsewhere-2")) == []


def test_a_copy_of_a_repository_leaves_the_worktrees_of_the_other_alone(
    place: Place, repository: GitRepository, tree: Place, home: Path, own: Path, tmp_path: Path
) -> None:
    shutil.copytree(place.root, tmp_path / "copy")
    copy = open_repository(tmp_path / "copy")
    assert told(only(copy, home, home / "copy-2")) == [("claimed", None)]
    assert told(only(repository, home, own)) == []


@pytest.mark.parametrize("text", ["gitdir: /nowhere/at/all\n", "no pointer", None])
def test_a_broken_pointer_is_written_anew(
    repository: GitRepository, tree: Place, home: Path, own: Path, text: str | None
) -> None:
    (tree.root / ".git").unlink()
    if text is not None:
        (tree.root / ".git").write_text(text)
    assert told(only(repository, home, own)) == [("pointer", "relink")]
    repository.upkeep.relink(tree.root)
    assert tree.said("status", "--porcelain") == ""


def test_a_pointer_that_is_no_plain_file_is_a_persons(
    repository: GitRepository, tree: Place, home: Path, own: Path
) -> None:
    (tree.root / ".git").unlink()
    (tree.root / ".git").mkdir()
    assert told(only(repository, home, own)) == [("pointer", "relink")]
    with pytest.raises(GitProblem, match="no plain file"):
        repository.upkeep.relink(tree.root)


def test_what_somebody_locked_stays(
    place: Place, repository: GitRepository, tree: Place, home: Path, own: Path
) -> None:
    place.git("worktree", "lock", "--reason", "on a stick", str(tree.root))
    assert told(only(repository, home, own)) == [("locked", None)]
    with pytest.raises(GitProblem, match=r"locked.*on a stick"):
        repository.remove_worktree(tree.root, SALVAGE)
    with pytest.raises(GitProblem, match=r"locked.*on a stick"):
        repository.upkeep.remove(tree.root, SALVAGE, None)
    with pytest.raises(GitProblem, match=r"locked.*on a stick"):
        repository.upkeep.unlock(tree.root)
    assert (tree.root / "long.txt").exists()
    shutil.rmtree(tree.root)
    assert told(only(repository, home, own)) == [("locked", None), ("folder_missing", None)]


def test_a_worktree_whose_making_was_cut_off(
    place: Place, repository: GitRepository, tree: Place, home: Path, own: Path
) -> None:
    (entry_of(place) / "locked").write_text("initializing")
    (entry_of(place) / "index").unlink()
    (tree.root / "other.txt").unlink()
    found = only(repository, home, own)
    assert told(found) == [("unlocked_soon", "unlock"), ("half_made", "remove")]
    assert told(found, "needed") == [("unlocked_soon", None)]
    repository.upkeep.unlock(tree.root)
    # The files that were not checked out yet are nobody's work.
    assert repository.upkeep.remove(tree.root, SALVAGE, None) is None
    assert repository.resolve(SALVAGE) is None
    assert look(repository, home, own) == Facts(trees=(), branches=(), locks=())


def test_locks_of_a_git_that_died_go_and_the_users_stay(
    place: Place, repository: GitRepository, tree: Place, home: Path, own: Path
) -> None:
    ours = [
        entry_of(place) / "index.lock",
        place.root / ".git" / "refs" / "heads" / "contextune" / "r_1" / "t2.lock",
    ]
    theirs = place.root / ".git" / "index.lock"
    for lock in (*ours, theirs):
        lock.write_text("")
        age(lock)
    facts = look(repository, home, own)
    assert told(facts.trees[0]) == [("stale_lock", "drop_lock")]
    assert told(facts.trees[0], "needed") == []
    found = of_repository(facts, lambda _: "needed", 0)
    assert [(one.place, one.repair) for one in found] == [(str(ours[1]), "drop_lock"), (str(theirs), None)]
    for lock in ours:
        repository.upkeep.drop_lock(lock)
        assert not lock.exists()
    for lock in (theirs, place.root / ".git" / "HEAD", tree.root / "long.txt"):
        with pytest.raises(GitProblem, match="no lock of Contextune"):
            repository.upkeep.drop_lock(lock)
        assert lock.exists()


def test_a_young_lock_is_somebodys(
    place: Place, repository: GitRepository, tree: Place, home: Path, own: Path
) -> None:
    (entry_of(place) / "index.lock").write_text("")
    assert told(only(repository, home, own)) == []


def test_what_an_agent_left_going_on(repository: GitRepository, tree: Place, home: Path, own: Path) -> None:
    tree.git("checkout", "-q", "-b", "contextune/r_1/mine")
    assert told(only(repository, home, own)) == [("branch", None)]
    tree.git("checkout", "-q", "--detach")
    assert told(only(repository, home, own)) == [("detached", None)]
    (entry_of(Place(repository.root)) / "MERGE_HEAD").write_text(tree.said("rev-parse", "HEAD") + "\n")
    assert told(only(repository, home, own)) == [("operation", None)]


def test_what_git_cannot_read_has_no_name(
    place: Place, repository: GitRepository, tree: Place, home: Path, own: Path
) -> None:
    tree.write("new.txt", "new\n")
    (entry_of(place) / "HEAD").write_text("ref: refs/heads/contextune/r_1/gone\n")
    assert ("unknown", None) in told(only(repository, home, own))
    assert repository.upkeep.remove(tree.root, SALVAGE, None) == SALVAGE
    assert place.said("show", f"{SALVAGE}:new.txt") == "new"


def test_orphans_wait_until_they_are_surely_nobodys(
    repository: GitRepository, tree: Place, home: Path, own: Path
) -> None:
    found = only(repository, home, own)
    assert told(found, "unknown", found.changed_at + HOUR) == [("orphan", None)]
    assert told(found, "unknown", found.changed_at + HOUR + 1) == [("orphan", "remove")]


def test_a_branch_that_nobody_needs_goes_after_its_salvage(
    place: Place, repository: GitRepository, home: Path, own: Path
) -> None:
    tip = place.said("rev-parse", "HEAD")
    for name in ("r_1/a", "r_2/b", "restored/c"):
        repository.set_ref(f"refs/heads/contextune/{name}", tip)
    facts = look(repository, home, own)
    standings: dict[str, Standing] = {"r_1": "ended", "r_2": "unknown"}

    def found(now: int) -> list[tuple[str, str | None]]:
        return [(one.place, one.repair) for one in of_repository(facts, standings.__getitem__, now)]

    first, second = "refs/heads/contextune/r_1/a", "refs/heads/contextune/r_2/b"
    assert found(0) == [(first, "drop_branch"), (second, None)]
    assert found(facts.branches[0].at + 8 * 24 * HOUR)[1] == (second, "drop_branch")
    kept = "refs/contextune/salvage/r_1/branch-a"
    repository.upkeep.drop_branch(first, kept)
    assert repository.resolve(first) is None
    assert repository.resolve(kept) == tip
    # A second one of the same name does not push the first one out.
    place.write("more.txt", "m\n")
    repository.set_ref(first, place.commit())
    repository.upkeep.drop_branch(first, kept)
    assert place.said("rev-list", "--count", f"{tip}..{kept}") == "2"


def test_sizes_and_what_is_inside(repository: GitRepository, tree: Place) -> None:
    tree.write("large.bin", b"x" * 5000)
    inner = Place(tree.root / "inner")
    inner.root.mkdir()
    inner.git("init", "-q")
    closed = tree.root / "closed"
    closed.mkdir()
    (closed / "file").write_text("f")
    closed.chmod(0o555)
    found = repository.upkeep.measure(tree.root)
    assert found.size_bytes > 5000
    assert (found.nested, found.read_only) == (("inner",), ("closed",))
    assert repository.upkeep.remove(tree.root, SALVAGE, None) == SALVAGE
    assert not tree.root.exists()


def test_what_came_or_changed_since(repository: GitRepository, tree: Place) -> None:
    tree.write("before.bin", b"x" * 3_000_000)
    (tree.root / "later").mkdir()
    since = time.time() + 0.05
    while time.time() <= since + 0.02:  # a file may be as old as the file system's last tick
        pass
    assert repository.upkeep.grown(tree.root, since) == 0
    tree.write("later/new.bin", b"y" * 1_000_000)
    (tree.root / "holes.bin").touch()
    os.truncate(tree.root / "holes.bin", 10**12)
    assert 1_000_000 <= repository.upkeep.grown(tree.root, since) < 1_100_000
    assert repository.upkeep.grown(tree.root / "nowhere", since) == 0


class TestRestoring:
    def test_lists_what_is_kept(self, place: Place, repository: GitRepository, tree: Place) -> None:
        tree.write("new.txt", "new\n")
        repository.remove_worktree(tree.root, SALVAGE)
        repository.set_ref("refs/contextune/salvage/r_1/branch-x", place.said("rev-parse", "HEAD"))
        found = {one.ref: one for one in repository.upkeep.salvages()}
        assert (found[SALVAGE].run_id, found[SALVAGE].name) == ("r_1", "t1")
        assert (found[SALVAGE].files, found[SALVAGE].paths) == (1, ("new.txt",))
        assert found["refs/contextune/salvage/r_1/branch-x"].files == 0
        assert repository.upkeep.salvage_bytes() > 0

    def test_never_over_what_is_there(
        self, place: Place, repository: GitRepository, tree: Place, tmp_path: Path
    ) -> None:
        tree.write("new.txt", "new\n")
        repository.remove_worktree(tree.root, SALVAGE)
        before, refs = place.state(), place.said("for-each-ref")
        (tmp_path / "full").mkdir()
        (tmp_path / "full" / "mine").write_text("mine")
        (tmp_path / "link").symlink_to(tmp_path / "nowhere")
        for path in (tmp_path / "full", tmp_path / "link", place.root / "sub", place.root):
            with pytest.raises(GitProblem, match=r"is there already|lies in your checkout"):
                repository.upkeep.restore(SALVAGE, path, "contextune/restored/x")
        with pytest.raises(GitProblem, match="names no commit"):
            repository.upkeep.restore("refs/contextune/salvage/none", tmp_path / "b", "contextune/restored/x")
        repository.set_ref("refs/heads/contextune/restored/x", place.said("rev-parse", "HEAD"))
        with pytest.raises(GitProblem, match="already exists"):
            repository.upkeep.restore(SALVAGE, tmp_path / "b", "contextune/restored/x")
        repository.set_ref("refs/heads/contextune/restored/x", None)
        assert not (tmp_path / "b").exists()
        assert place.said("for-each-ref") == refs
        assert place.state() == before

    def test_a_salvage_of_the_version_before(
        self, place: Place, repository: GitRepository, tree: Place, tmp_path: Path
    ) -> None:
        tree.write("old.txt", "old\n")
        head, state = tree.said("rev-parse", "HEAD"), repository.worktree_tree(tree.root)
        message = "Salvaged from t1\n"
        commit = place.git("commit-tree", "-p", head, "-m", message, state).decode().strip()
        repository.set_ref(SALVAGE, commit)
        repository.upkeep.restore(SALVAGE, tmp_path / "back", "contextune/restored/t1")
        back = Place(tmp_path / "back")
        assert (back.said("rev-parse", "HEAD"), back.said("status", "--porcelain")) == (head, "?? old.txt")

    def test_a_salvage_that_leads_out_of_its_folder_writes_nothing_there(
        self, place: Place, repository: GitRepository, tmp_path: Path
    ) -> None:
        """Whoever can write objects could forge one."""
        head, state = place.said("rev-parse", "HEAD"), place.said("rev-parse", "HEAD^{tree}")
        blob = place.git("hash-object", "-w", "--stdin", stdin=b"evil").decode().strip()
        for number, path in enumerate(("_../evil", "_.git", "_sub/_../_../_evil")):
            index = f"100644 {blob}\tbeside/{path}\n".encode()
            place.git("update-index", "--index-info", stdin=index)
            parts = place.said("commit-tree", "-m", "Parts\n", place.said("write-tree"))
            place.git("reset", "-q")
            message = f"Salvaged from x\n\nContextune-Head: {head}\nContextune-Parts: {parts}\n"
            commit = place.said("commit-tree", "-p", head, "-p", parts, "-m", message, state)
            repository.set_ref(SALVAGE, commit)
            with pytest.raises(GitProblem, match="no path of a worktree"):
                repository.upkeep.restore(SALVAGE, tmp_path / f"b{number}", "contextune/restored/x")
            assert not (tmp_path / f"b{number}").exists()
        assert not (tmp_path / "evil").exists()


class TestIgnoredWork:
    def test_new_small_files_are_kept_and_caches_are_not(
        self, place: Place, repository: GitRepository, tree: Place
    ) -> None:
        place.write(".gitignore", "*.log\nnode_modules/\nlarge\n.env\nsetup-made\n")
        place.commit()
        repository.remove_worktree(tree.root, SALVAGE)
        repository.add_worktree(tree.root, "contextune/r_1/t1", "HEAD")
        place.write(".env", "KEY=1\n")
        tree.write(".env", "KEY=1\n")
        tree.write("setup-made", "by the set-up\n")
        since = max(path.stat().st_ctime for path in tree.root.iterdir()) + 0.001
        while time.time() < since:
            pass
        tree.write("notes.log", "an hour's thought\n")
        tree.write("node_modules/x/index.js", "1")
        tree.write("large", b"x" * 1_000_001)
        assert repository.remove_worktree(tree.root, SALVAGE, since) == SALVAGE
        repository.upkeep.restore(SALVAGE, tree.root, "contextune/restored/t1")
        names = {name.decode() for name in seen(tree.root)}
        assert "notes.log" in names
        assert not names & {"node_modules/x/index.js", "large", ".env", "setup-made"}

    def test_alone_they_are_reason_enough(self, place: Place, repository: GitRepository, tree: Place) -> None:
        (place.root / ".git" / "info" / "exclude").write_text("*.log\n")
        tree.write("notes.log", "n\n")
        assert repository.remove_worktree(tree.root, SALVAGE, time.time() + 60) is None
        repository.add_worktree(tree.root, "contextune/r_1/t1", "HEAD")
        tree.write("notes.log", "n\n")
        assert repository.remove_worktree(tree.root, SALVAGE) == SALVAGE


def test_findings_are_sentences(repository: GitRepository, tree: Place, home: Path, own: Path) -> None:
    shutil.rmtree(tree.root)
    found: tuple[Finding, ...] = of_tree(only(repository, home, own), "ended", 0)
    assert all(one.text.endswith(".") and one.remedy for one in found)
