"""Accept and Undo when they must not: nothing is written, or everything is put back."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from contextune.adapters.files.disk import Content, Disk
from contextune.adapters.git.checkout import Checkout
from contextune.adapters.git.program import Git
from contextune.adapters.git.repository import GitRepository
from contextune.core.errors import GitProblem, MergeRefused
from contextune.core.worktrees.snapshot import Base
from tests.adapters.git_place import LONG, Place, edited, isolate, new_place, work


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    isolate(monkeypatch, tmp_path)
    return new_place(tmp_path / "repo")


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    (tmp_path / "pool").mkdir()
    return tmp_path / "pool" / "w"


class Died(BaseException):
    """Stands for the end of the process: nothing after it runs."""


def prepared(
    place: Place, pool: Path, edits: dict[str, str | bytes | None]
) -> tuple[GitRepository, Base, str]:
    repository = place.open()
    base = repository.take_base({}, None)
    return repository, base, work(repository, base.commit, pool, edits)


def refused(place: Place, repository: GitRepository, base: Base, result: str, words: str) -> None:
    before, refs = place.state(), place.said("for-each-ref")
    with pytest.raises(MergeRefused, match=words) as caught:
        repository.move_checkout(base, result, None)
    assert "othing was changed" in str(caught.value)
    assert place.state() == before
    assert place.said("for-each-ref") == refs
    assert not (place.root / ".git" / "index.lock").exists()


class TestAcceptRefuses:
    def test_work_on_lines_that_are_not_committed(self, place: Place, pool: Path) -> None:
        place.write("long.txt", edited(LONG, 10, by="me"))
        mine = place.read("long.txt")
        repository, base, result = prepared(place, pool, {"long.txt": edited(mine, 10, 30), "ok.txt": "ok\n"})
        refused(place, repository, base, result, r"builds on your uncommitted changes in long\.txt")
        place.commit("mine")
        repository.move_checkout(base, result, None)
        assert place.read("long.txt") == edited(mine, 10, 30)
        assert place.said("status", "--porcelain") == ""

    def test_work_on_an_untracked_file(self, place: Place, pool: Path) -> None:
        place.write("draft.txt", LONG)
        repository, base, result = prepared(place, pool, {"draft.txt": edited(LONG, 3)})
        refused(place, repository, base, result, r"uncommitted changes in draft\.txt")

    def test_an_edit_since_the_base_in_the_same_lines(self, place: Place, pool: Path) -> None:
        repository, base, result = prepared(place, pool, {"long.txt": edited(LONG, 3), "a.txt": "a\n"})
        place.write("long.txt", edited(LONG, 3, by="me"))
        refused(place, repository, base, result, r"You changed long\.txt in lines")
        place.git("add", "long.txt")
        place.write("long.txt", LONG)
        refused(place, repository, base, result, r"You staged long\.txt in lines")

    def test_new_commits_in_the_same_lines(self, place: Place, pool: Path) -> None:
        repository, base, result = prepared(place, pool, {"long.txt": edited(LONG, 3)})
        place.write("long.txt", edited(LONG, 3, by="me"))
        place.commit("mine")
        refused(place, repository, base, result, r"main has new commits .* in long\.txt\. Rebase")

    @pytest.mark.parametrize("ignored", [False, True])
    def test_a_file_of_the_users_where_the_run_made_one(
        self, place: Place, pool: Path, ignored: bool
    ) -> None:
        repository, base, result = prepared(place, pool, {"made.txt": "by the run\n", "dir/file": "x\n"})
        if ignored:
            (place.root / ".git" / "info" / "exclude").write_text("made.txt\ndir\n")
        place.write("made.txt", "by me\n")
        refused(place, repository, base, result, r"made\.txt")
        (place.root / "made.txt").unlink()
        if ignored:
            place.write("dir", "a file where a folder must be\n")
            refused(place, repository, base, result, "overwrite dir, which is ignored")
            (place.root / "dir").unlink()
            place.write("made.txt/inner", "in a folder where a file must be\n")
            refused(place, repository, base, result, "overwrite made.txt/inner, which is ignored")

    def test_a_link_where_a_folder_must_be(self, place: Place, pool: Path, tmp_path: Path) -> None:
        repository, base, result = prepared(place, pool, {"dir/file": "x\n"})
        (tmp_path / "outside").mkdir()
        (place.root / ".git" / "info" / "exclude").write_text("dir\n")
        (place.root / "dir").symlink_to(tmp_path / "outside")
        refused(place, repository, base, result, "overwrite dir")
        assert list((tmp_path / "outside").iterdir()) == []

    def test_a_file_whose_changes_git_is_told_to_overlook(self, place: Place, pool: Path) -> None:
        place.git("update-index", "--assume-unchanged", "long.txt")
        place.write("long.txt", edited(LONG, 30, by="me, in secret"))
        repository, base, result = prepared(place, pool, {"long.txt": edited(LONG, 3)})
        refused(place, repository, base, result, r"long\.txt is marked assume-unchanged")

    def test_a_removed_submodule(self, place: Place, pool: Path, tmp_path: Path) -> None:
        library = new_place(tmp_path / "library")
        place.git("submodule", "--quiet", "add", f"file://{library.root}", "lib")
        place.commit("submodule")
        repository = place.open()
        base = repository.take_base({}, None)
        path = pool.parent / "x"
        repository.add_worktree(path, "contextune/r/x", base.commit)
        (path / "lib").rmdir()
        result = repository.commit_worktree(path, "no lib")
        assert result is not None
        refused(place, repository, base, result, "changes the submodule lib")

    def test_another_branch_or_a_merge_under_way(self, place: Place, pool: Path) -> None:
        repository, base, result = prepared(place, pool, {"long.txt": edited(LONG, 3)})
        place.git("checkout", "-q", "-b", "side")
        refused(place, repository, base, result, "started on main, and side is checked out")
        place.write("other.txt", "side\n")
        place.commit("side")
        place.git("checkout", "-q", "main")
        place.write("other.txt", "main\n")
        place.commit("main")
        with pytest.raises(RuntimeError):
            place.git("merge", "side")
        refused(place, repository, base, result, "in the middle of a merge")
        (place.root / ".git" / "MERGE_HEAD").unlink()
        refused(place, repository, base, result, r"other\.txt still has merge conflicts")

    def test_a_git_command_of_the_user_at_work(self, place: Place, pool: Path) -> None:
        repository, base, result = prepared(place, pool, {"long.txt": edited(LONG, 3)})
        lock = place.root / ".git" / "index.lock"
        lock.write_text("")
        with pytest.raises(MergeRefused, match="Another git command"):
            repository.move_checkout(base, result, None)
        assert lock.exists()
        repository.take_base({}, None)
        assert lock.exists()

    def test_a_result_that_does_not_build_on_the_base(self, place: Place, pool: Path) -> None:
        repository, base, _ = prepared(place, pool, {"long.txt": edited(LONG, 3)})
        stranger = repository.commit_tree(base.tree, [], "stranger")
        before = place.state()
        with pytest.raises(GitProblem, match="does not build on the run's base"):
            repository.move_checkout(base, stranger, None)
        assert place.state() == before

    def test_a_file_written_between_look_and_move(
        self, place: Place, pool: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        repository, base, result = prepared(place, pool, {"long.txt": edited(LONG, 3)})
        real = Git.run

        def run(git: Git, *arguments: str, **options: object) -> bytes:
            if arguments[0] == "update-ref" and "pending" in arguments[1]:
                place.write("long.txt", "saved at this very moment\n")
            return real(git, *arguments, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(Git, "run", run)
        with pytest.raises(MergeRefused, match="try again"):
            repository.move_checkout(base, result, None)
        assert place.read("long.txt") == "saved at this very moment\n"
        assert place.said("rev-parse", "HEAD") == base.head
        assert place.said("for-each-ref", "refs/worktree") == ""


class TestUndoRefuses:
    def test_a_branch_that_holds_the_commits_no_more(self, place: Place, pool: Path) -> None:
        repository, base, result = prepared(place, pool, {"long.txt": edited(LONG, 3)})
        restore = repository.move_checkout(base, result, None)
        accepted = place.said("rev-parse", "HEAD")
        place.git("reset", "-q", "--hard", base.head)
        place.write("other.txt", "later\n")
        place.commit("later")
        before = place.state()
        with pytest.raises(MergeRefused, match="main does not hold the run's commits any more"):
            repository.restore_checkout(base, accepted, restore)
        assert place.state() == before

    def test_later_commits_in_the_same_lines(self, place: Place, pool: Path) -> None:
        repository, base, result = prepared(place, pool, {"long.txt": edited(LONG, 3)})
        restore = repository.move_checkout(base, result, None)
        accepted = place.said("rev-parse", "HEAD")
        place.write("long.txt", edited(edited(LONG, 3), 3, by="me, later"))
        place.commit("later")
        before, refs = place.state(), place.said("for-each-ref")
        with pytest.raises(MergeRefused, match=r"Later commits changed long\.txt .* “Task”"):
            repository.restore_checkout(base, accepted, restore)
        assert (place.state(), place.said("for-each-ref")) == (before, refs)

    def test_unfinished_work_in_the_same_lines_after_the_branch_moved_on(
        self, place: Place, pool: Path
    ) -> None:
        repository, base, result = prepared(place, pool, {"long.txt": edited(LONG, 3)})
        restore = repository.move_checkout(base, result, None)
        accepted = place.said("rev-parse", "HEAD")
        place.write("other.txt", "later\n")
        place.commit("later")
        place.write("long.txt", edited(edited(LONG, 3), 3, by="me"))
        before = place.state()
        with pytest.raises(MergeRefused, match=r"You changed long\.txt .* then undo again"):
            repository.restore_checkout(base, accepted, restore)
        assert place.state() == before

    def test_files_that_moved_on(self, place: Place, pool: Path) -> None:
        edits: dict[str, str | bytes | None] = {
            "long.txt": edited(LONG, 3),
            "other.txt": None,
            "n.txt": "n\n",
        }
        repository, base, result = prepared(place, pool, edits)
        restore = repository.move_checkout(base, result, None)
        accepted = place.said("rev-parse", "HEAD")
        folder = place.root / "other.txt"

        def stage_another_mode() -> None:
            place.git("update-index", "--chmod=+x", "n.txt")

        def fill_folder() -> None:
            place.write("other.txt/in", "in a folder\n")

        def empty_folder() -> None:
            (folder / "in").unlink()
            folder.rmdir()

        changes: list[tuple[str, Callable[[], object], Callable[[], object]]] = [
            (
                "long.txt",
                lambda: place.write("long.txt", edited(LONG, 3, 30)),
                lambda: place.write("long.txt", edited(LONG, 3)),
            ),
            ("other.txt", lambda: place.write("other.txt", "back again\n"), folder.unlink),
            ("other.txt", fill_folder, empty_folder),
            (
                "n.txt",
                lambda: (place.root / "n.txt").chmod(0o755),
                lambda: (place.root / "n.txt").chmod(0o644),
            ),
            ("n.txt", stage_another_mode, lambda: place.git("add", "n.txt")),
        ]
        for name, change, unchange in changes:
            change()
            before = place.state()
            with pytest.raises(MergeRefused, match=re.escape(name) + " changed since"):
                repository.restore_checkout(base, accepted, restore)
            assert place.state() == before
            unchange()
        place.write("unrelated.txt", "stays\n")
        place.git("add", "unrelated.txt")
        repository.restore_checkout(base, accepted, restore)
        assert place.said("status", "--porcelain") == "A  unrelated.txt"
        assert place.read("other.txt") == "other\n"


class TestCrash:
    """The process dies at every step of writing; the next call puts everything back, and Accept works."""

    EDITS: dict[str, str | bytes | None] = {  # noqa: RUF012 - read only
        "long.txt": edited(LONG, 3),
        "run.sh": None,
        "made/a.txt": "a\n",
        "made/b.txt": "b\n",
    }

    @pytest.mark.parametrize("step", range(1, 8))
    def test_accept(self, place: Place, pool: Path, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
        place.write("other.txt", "staged\n")
        place.git("add", "other.txt")
        place.write("other.txt", "unstaged\n")
        repository, base, result = prepared(place, pool, self.EDITS)
        before = place.state()
        with monkeypatch.context() as patch:
            self._die_at(patch, step)
            with pytest.raises(Died):
                repository.move_checkout(base, result, None)
        (place.root / ".git" / "index.lock").write_bytes(b"contextune\n")
        if step > 1:
            assert place.said("for-each-ref", "refs/worktree") != ""

        again = place.open()
        assert again.take_base({}, None).tree == base.tree
        assert place.state() == before
        assert not (place.root / ".git" / "index.lock").exists()
        restore = again.move_checkout(base, result, None)
        assert place.said("status", "--porcelain") == "MM other.txt"
        again.restore_checkout(base, place.said("rev-parse", "HEAD"), restore)
        assert place.state() == before

    @pytest.mark.parametrize("step", range(1, 7))
    def test_undo(self, place: Place, pool: Path, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
        place.write("other.txt", "unstaged\n")
        repository, base, result = prepared(place, pool, self.EDITS)
        before = place.state()
        restore = repository.move_checkout(base, result, None)
        accepted = place.said("rev-parse", "HEAD")
        with monkeypatch.context() as patch:
            self._die_at(patch, step)
            with pytest.raises(Died):
                repository.restore_checkout(base, accepted, restore)
        place.open().restore_checkout(base, accepted, restore)
        assert place.state() == before

    def test_a_full_disk_while_writing_puts_everything_back_at_once(
        self, place: Place, pool: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        repository, base, result = prepared(place, pool, self.EDITS)
        before, refs = place.state(), place.said("for-each-ref")
        real = Disk.write

        def write(disk: Disk, path: bytes, content: Content) -> None:
            if path == b"made/b.txt":
                raise OSError(28, "No space left on device")
            real(disk, path, content)

        monkeypatch.setattr(Disk, "write", write)
        with pytest.raises(GitProblem, match="No space left on device"):
            repository.move_checkout(base, result, None)
        assert place.state() == before
        assert place.said("for-each-ref") == refs

    def test_the_users_work_after_a_crash_stays(
        self, place: Place, pool: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        repository, base, result = prepared(place, pool, self.EDITS)
        with monkeypatch.context() as patch:
            self._die_at(patch, 6)
            with pytest.raises(Died):
                repository.move_checkout(base, result, None)
        place.write("long.txt", edited(LONG, 3, 30))
        assert place.open().take_base({}, None).dirty == ("long.txt",)
        assert place.read("long.txt") == edited(LONG, 3, 30)
        assert (place.root / "run.sh").exists()
        assert not (place.root / "made").exists()

    @pytest.mark.parametrize("undo", [False, True])
    def test_what_was_being_written_when_the_process_was_killed_is_removed(
        self, place: Place, pool: Path, undo: bool
    ) -> None:
        """In a process of its own, since a killed one cleans up nothing."""
        repository, base, result = prepared(place, pool, self.EDITS)
        before = place.state()
        restore = repository.move_checkout(base, result, None) if undo else None
        accepted = place.said("rev-parse", "HEAD")
        child = os.fork()
        if not child:
            os.replace = lambda *_: os._exit(9)
            again = place.open()
            if restore is None:
                again.move_checkout(base, result, None)
            else:
                again.restore_checkout(base, accepted, restore)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
        strays = [path.name for path in place.root.rglob(".contextune-*") if ".git" not in path.parts]
        assert len(strays) == 1
        if restore is None:
            place.open().take_base({}, None)
        else:
            place.open().restore_checkout(base, accepted, restore)
        assert place.state() == before

    @staticmethod
    def _die_at(patch: pytest.MonkeyPatch, step: int) -> None:
        """Die before the given step of writing: files one by one, the index, the refs; clean up nothing."""
        steps = 0
        dead = False

        def count() -> None:
            nonlocal steps, dead
            steps += 1
            if steps == step:
                dead = True
            if dead:
                raise Died

        for owner, name in (
            (Disk, "write"),
            (Disk, "remove"),
            (Checkout, "_write_refs"),
            (Checkout, "_compare"),
        ):
            real = getattr(owner, name)

            def counted(*arguments: object, real: Callable[..., object] = real, name: str = name) -> object:
                if name != "_compare" or dead:
                    count()
                return real(*arguments)

            patch.setattr(owner, name, counted)
        real_run = Git.run

        def run(git: Git, *arguments: str, **options: object) -> bytes:
            if arguments[0] == "update-ref" and arguments[1].startswith("refs/worktree"):
                count()
            index = Path(str(options.get("index")))
            if "--index-info" in arguments and (index.name, index.parent.name[:8]) == ("index", "scratch-"):
                count()
            return real_run(git, *arguments, **options)  # type: ignore[arg-type]

        patch.setattr(Git, "run", run)


def test_two_accepts_at_once_happen_one_after_the_other(place: Place, pool: Path) -> None:
    repository = place.open()
    base = repository.take_base({}, None)
    results = [
        work(repository, base.commit, pool, {"long.txt": edited(LONG, 3)}, "one"),
        work(repository, base.commit, pool, {"long.txt": edited(LONG, 30)}, "two"),
    ]
    failures: list[BaseException] = []

    def accept(result: str) -> None:
        try:
            place.open().move_checkout(base, result, None)
        except BaseException as problem:  # noqa: BLE001 - shown by the assertion below
            failures.append(problem)

    threads = [threading.Thread(target=accept, args=(result,)) for result in results]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert failures == []
    assert place.read("long.txt") == edited(LONG, 3, 30)
    assert place.said("status", "--porcelain") == ""
