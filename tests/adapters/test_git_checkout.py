"""Accept and Undo: the Run's work arrives, unfinished work stays as it was, and everything can go back."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from contextune.adapters.git.repository import GitRepository
from contextune.core.errors import GitProblem
from contextune.core.runs.endings import Restore
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


class Accepted:
    """One Accept of edits made from the Base of what a place holds, and its Undo."""

    def __init__(self, place: Place, pool: Path, edits: dict[str, str | bytes | None]) -> None:
        self.place = place
        self.before = place.state()
        self.repository: GitRepository = place.open()
        self.base: Base = self.repository.take_base({}, None)
        self.result = work(self.repository, self.base.commit, pool, edits)
        assert place.state() == self.before
        self.restore: Restore = self.repository.move_checkout(self.base, self.result, None)
        self.tip = place.said("rev-parse", "HEAD")

    def undo(self) -> None:
        """Undo, and check that everything is as it was, byte for byte."""
        self.repository.restore_checkout(self.base, self.tip, self.restore)
        assert self.place.state() == self.before
        assert self.place.said("for-each-ref", "refs/contextune/accepted", "refs/worktree") == ""
        assert not (self.place.root / ".git" / "index.lock").exists()
        assert [p.name for p in (self.place.root / ".git" / "contextune").iterdir()] == ["lock"]


def head_file(place: Place, path: str) -> str:
    return place.git("cat-file", "blob", f"HEAD:{path}").decode()


def index_file(place: Place, path: str) -> str:
    return place.git("cat-file", "blob", f":{path}").decode()


class TestCleanCheckout:
    def test_files_index_and_branch_move_once(self, place: Place, pool: Path) -> None:
        reflog = place.said("reflog", "main").count("\n")
        done = Accepted(
            place, pool, {"long.txt": edited(LONG, 3), "new/file.txt": "new\n", "other.txt": None, "-rf": "x"}
        )
        assert done.tip == done.result == place.said("rev-parse", "main")
        assert place.said("status", "--porcelain") == ""
        assert (place.read("long.txt"), place.read("new/file.txt")) == (edited(LONG, 3), "new\n")
        assert not (place.root / "other.txt").exists()
        assert place.said("reflog", "main").count("\n") == reflog + 1
        assert place.said("rev-parse", "HEAD@{1}") == done.base.head
        assert done.restore.head == done.base.head
        done.undo()
        assert not (place.root / "new").exists()

    def test_one_commit_a_task_is_kept(self, place: Place, pool: Path) -> None:
        place.write("other.txt", "unfinished\n")
        repository = place.open()
        base = repository.take_base({}, None)
        first = work(repository, base.commit, pool, {"long.txt": edited(LONG, 3)}, "Task one")
        second = work(repository, first, pool, {"long.txt": edited(LONG, 3, 30)}, "Task two")
        restore = repository.move_checkout(base, second, None)
        assert place.said("log", "--format=%an|%s", f"{base.head}..HEAD").split("\n") == [
            "Ada|Task two",
            "Ada|Task one",
        ]
        assert head_file(place, "long.txt") == edited(LONG, 3, 30)
        assert place.said("status", "--porcelain") == "M other.txt"
        assert place.said("log", "-1", "--format=%ad", "HEAD") == place.said(
            "log", "-1", "--format=%ad", second
        )
        assert restore.head == base.head

    def test_squash(self, place: Place, pool: Path) -> None:
        place.write("untracked.txt", "mine\n")
        repository = place.open()
        base = repository.take_base({}, None)
        first = work(repository, base.commit, pool, {"a.txt": "a\n"}, "one")
        second = work(repository, first, pool, {"b.txt": "b\n"}, "two")
        repository.move_checkout(base, second, "All of it\n\nin one commit\n")
        assert place.said("rev-list", "--count", f"{base.head}..HEAD") == "1"
        assert place.said("log", "-1", "--format=%B") == "All of it\n\nin one commit"
        assert place.said("ls-tree", "--name-only", "HEAD").split() == [
            "a.txt",
            "b.txt",
            "long.txt",
            "other.txt",
            "run.sh",
        ]

    def test_a_ghost_with_merge_commits_becomes_a_line(self, place: Place, pool: Path) -> None:
        repository = place.open()
        base = repository.take_base({}, None)
        left = work(repository, base.commit, pool, {"left.txt": "l\n"}, "left")
        right = work(repository, base.commit, pool, {"right.txt": "r\n"}, "right")
        merged = repository.merge(left, right, base.commit)
        assert merged.tree is not None
        ghost = repository.commit_tree(merged.tree, [left, right], "join right")
        repository.move_checkout(base, ghost, None)
        assert place.said("log", "--format=%s|%P", f"{base.head}..HEAD").count("|") == 2
        assert place.said("rev-list", "--merges", "--count", "HEAD") == "0"

    def test_an_empty_result_changes_nothing(self, place: Place) -> None:
        repository = place.open()
        base = repository.take_base({}, None)
        before = place.state()
        restore = repository.move_checkout(base, base.commit, None)
        assert place.state() == before
        repository.restore_checkout(base, base.head, restore)
        assert place.state() == before

    def test_repeating_accept_or_undo_is_harmless(self, place: Place, pool: Path) -> None:
        done = Accepted(place, pool, {"long.txt": edited(LONG, 3)})
        after = place.state()
        assert done.repository.move_checkout(done.base, done.result, None) == done.restore
        assert place.state() == after
        done.undo()
        done.undo()
        assert done.repository.move_checkout(done.base, done.result, None).head == done.base.head
        assert place.state() == after


class TestUnfinishedWork:
    def test_staged_and_unstaged_edits_of_the_same_file(self, place: Place, pool: Path) -> None:
        place.write("long.txt", edited(LONG, 10, by="staged"))
        place.git("add", "long.txt")
        place.write("long.txt", edited(edited(LONG, 10, by="staged"), 20, by="unstaged"))
        mine = place.read("long.txt")
        done = Accepted(place, pool, {"long.txt": edited(mine, 30)})
        assert head_file(place, "long.txt") == edited(LONG, 30)
        assert index_file(place, "long.txt") == edited(edited(LONG, 10, by="staged"), 30)
        assert place.read("long.txt") == edited(mine, 30)
        assert place.said("status", "--porcelain") == "MM long.txt"
        done.undo()

    def test_every_kind_of_unfinished_work_beside_the_runs(self, place: Place, pool: Path) -> None:
        place.write("gone.txt", "gone\n")
        place.write("from.txt", "a file with a name\n" * 9)
        place.commit()
        place.write(".gitignore", "*.log\n")
        place.write("x.log", "ignored\n")
        (place.root / "gone.txt").unlink()
        place.git("mv", "from.txt", "to.txt")
        (place.root / "run.sh").chmod(0o644)
        (place.root / "link").symlink_to("long.txt")
        place.write("two\nlines", "newline\n")
        place.write("latin.txt", "caf\xe9\n".encode("latin-1"))
        place.write("intended.txt", "soon\n")
        place.git("add", "-N", "intended.txt")
        place.write("private.txt", "x", 0o600)
        status = place.said("status", "--porcelain")
        done = Accepted(place, pool, {"long.txt": edited(LONG, 3), "n.txt": "n\n", "bin": b"\xff\0\r\n"})
        assert place.said("status", "--porcelain") == status
        assert head_file(place, "long.txt") == edited(LONG, 3)
        assert place.said("show", "--stat=200", "--format=", "HEAD").count("|") == 3
        done.undo()

    def test_a_task_that_edits_a_file_renamed_but_not_committed(self, place: Place, pool: Path) -> None:
        place.git("mv", "long.txt", "renamed.txt")
        done = Accepted(place, pool, {"renamed.txt": edited(LONG, 3)})
        assert head_file(place, "long.txt") == edited(LONG, 3)
        assert place.said("status", "--porcelain") == "R  long.txt -> renamed.txt"
        assert place.read("renamed.txt") == edited(LONG, 3)
        done.undo()

    def test_edits_since_the_base_are_kept(self, place: Place, pool: Path) -> None:
        repository = place.open()
        base = repository.take_base({}, None)
        result = work(repository, base.commit, pool, {"long.txt": edited(LONG, 3)})
        place.write("long.txt", edited(LONG, 30, by="later"), 0o600)
        before = place.state()
        restore = repository.move_checkout(base, result, None)
        assert place.read("long.txt") == edited(edited(LONG, 30, by="later"), 3)
        assert head_file(place, "long.txt") == edited(LONG, 3)
        assert place.said("status", "--porcelain") == "M long.txt"
        assert (place.root / "long.txt").stat().st_mode & 0o777 == 0o600
        repository.restore_checkout(base, place.said("rev-parse", "HEAD"), restore)
        assert place.state() == before

    def test_new_commits_since_the_base_are_kept(self, place: Place, pool: Path) -> None:
        place.write("other.txt", "unfinished\n")
        repository = place.open()
        base = repository.take_base({}, None)
        result = work(repository, base.commit, pool, {"long.txt": edited(LONG, 3)})
        place.write("long.txt", edited(LONG, 30, by="later"))
        place.git("commit", "-q", "-m", "later", "long.txt")
        before = place.state()
        restore = repository.move_checkout(base, result, None)
        assert head_file(place, "long.txt") == edited(edited(LONG, 30, by="later"), 3)
        assert place.said("log", "--format=%s", "-3").split("\n") == ["Task", "later", "first"]
        assert place.said("status", "--porcelain") == "M other.txt"
        repository.restore_checkout(base, place.said("rev-parse", "HEAD"), restore)
        assert place.state() == before

    def test_the_same_change_made_by_hand_is_no_conflict(self, place: Place, pool: Path) -> None:
        repository = place.open()
        base = repository.take_base({}, None)
        result = work(repository, base.commit, pool, {"long.txt": edited(LONG, 3)})
        place.write("long.txt", edited(LONG, 3))
        repository.move_checkout(base, result, None)
        assert place.said("status", "--porcelain") == ""

    def test_a_chosen_base(self, place: Place, pool: Path) -> None:
        place.write("long.txt", edited(LONG, 30, by="second"))
        place.commit("second")
        place.write("other.txt", "unfinished\n")
        repository = place.open()
        before = place.state()
        base = repository.take_base({}, "HEAD~1")
        result = work(repository, base.commit, pool, {"long.txt": edited(LONG, 3)})
        restore = repository.move_checkout(base, result, None)
        assert place.read("long.txt") == edited(edited(LONG, 30, by="second"), 3)
        assert place.said("status", "--porcelain") == "M other.txt"
        repository.restore_checkout(base, place.said("rev-parse", "HEAD"), restore)
        assert place.state() == before


class TestKindsOfFilesAndPlaces:
    def test_modes_links_and_folders_that_become_files(self, place: Place, pool: Path) -> None:
        place.write("folder/inner.txt", "inner\n")
        (place.root / "link").symlink_to("long.txt")
        place.commit()
        place.write("mine.txt", "unfinished\n")
        before = place.state()
        repository = place.open()
        base = repository.take_base({}, None)
        path = pool.parent / "x"
        repository.add_worktree(path, "contextune/r/x", base.commit)
        (path / "run.sh").chmod(0o644)
        (path / "long.txt").chmod(0o755)
        (path / "link").unlink()
        (path / "link").symlink_to("other.txt")
        (path / "other.txt").unlink()
        (path / "other.txt").symlink_to("nowhere")
        (path / "folder" / "inner.txt").unlink()
        (path / "folder").rmdir()
        (path / "folder").write_text("a file now\n")
        result = repository.commit_worktree(path, "kinds")
        assert result is not None
        restore = repository.move_checkout(base, result, None)
        assert place.said("status", "--porcelain") == "?? mine.txt"
        assert os.access(place.root / "long.txt", os.X_OK)
        assert not os.access(place.root / "run.sh", os.X_OK)
        assert (place.root / "link").readlink() == Path("other.txt")
        assert (place.root / "other.txt").readlink() == Path("nowhere")
        assert place.read("folder") == "a file now\n"
        repository.restore_checkout(base, place.said("rev-parse", "HEAD"), restore)
        assert place.state() == before

    def test_line_endings_under_autocrlf(self, place: Place, pool: Path) -> None:
        place.git("config", "core.autocrlf", "true")
        place.write("dos.txt", LONG.replace("\n", "\r\n"))
        place.write("untouched.txt", "a\r\nb\n")
        place.commit()
        place.write("untouched.txt", "a\r\nb\nc\r\n")
        place.write("dos.txt", edited(LONG, 10, by="me").replace("\n", "\r\n"))
        # In the user's checkout with bare line feeds, against the setting: Undo must bring exactly that back.
        place.write("long.txt", edited(LONG, 20, by="me"))
        done = Accepted(
            place,
            pool,
            {
                "dos.txt": edited(edited(LONG, 10, by="me"), 30).replace("\n", "\r\n"),
                "long.txt": edited(edited(LONG, 20, by="me"), 30).replace("\n", "\r\n"),
            },
        )
        assert place.read("dos.txt") == edited(edited(LONG, 10, by="me"), 30).replace("\n", "\r\n")
        assert place.read("untouched.txt") == "a\r\nb\nc\r\n"
        assert head_file(place, "dos.txt") == edited(LONG, 30)
        done.undo()
        assert place.read("long.txt") == edited(LONG, 20, by="me")

    def test_carriage_returns_that_git_does_not_convert(self, place: Place, pool: Path) -> None:
        text = LONG.replace("\n", "\r\n")
        place.write("dos.txt", text)
        place.commit()
        done = Accepted(place, pool, {"dos.txt": text.replace("line 3\r", "line three\r")})
        assert place.read("dos.txt") == text.replace("line 3\r", "line three\r")
        done.undo()

    def test_a_filter_of_the_user(self, place: Place, pool: Path) -> None:
        place.git("config", "filter.shift.clean", "tr a-z b-za")
        place.git("config", "filter.shift.smudge", "tr b-za a-z")
        place.write(".gitattributes", "*.up filter=shift\n")
        place.write("a.up", LONG)
        place.commit()
        place.write("a.up", edited(LONG, 10, by="me"))
        done = Accepted(place, pool, {"a.up": edited(edited(LONG, 10, by="me"), 30), "b.up": "new\n"})
        assert place.read("a.up") == edited(edited(LONG, 10, by="me"), 30)
        assert place.read("b.up") == "new\n"
        assert place.said("status", "--porcelain") == "M a.up"
        done.undo()

    def test_a_name_that_is_not_utf8(self, place: Place, pool: Path) -> None:
        name = os.fsdecode(b"caf\xe9.txt")
        place.write(name, LONG)
        place.commit()
        place.write(name, edited(LONG, 10, by="me"))
        done = Accepted(place, pool, {name: edited(edited(LONG, 10, by="me"), 30)})
        # Values are text for people and for JSON, which knows no stray bytes.
        assert done.base.dirty == ("caf\N{REPLACEMENT CHARACTER}.txt",)
        assert place.read(name) == edited(edited(LONG, 10, by="me"), 30)
        assert place.git("diff-tree", "-r", "-z", "--name-only", "HEAD^", "HEAD") == b"caf\xe9.txt\0"
        done.undo()

    def test_detached_head(self, place: Place, pool: Path) -> None:
        place.git("checkout", "-q", "--detach")
        main = place.said("rev-parse", "main")
        place.write("other.txt", "unfinished\n")
        done = Accepted(place, pool, {"long.txt": edited(LONG, 3)})
        assert done.before.branch == "HEAD" == place.said("rev-parse", "--symbolic-full-name", "HEAD")
        assert place.said("rev-parse", "main") == main
        assert place.said("rev-parse", "HEAD^") == main
        done.undo()

    def test_a_submodule_is_left_alone(self, place: Place, pool: Path, tmp_path: Path) -> None:
        library = new_place(tmp_path / "library")
        place.git("submodule", "--quiet", "add", f"file://{library.root}", "lib")
        place.commit("submodule")
        lib = Place(place.root / "lib")
        lib.write("other.txt", "moved on\n")
        lib.commit("in the submodule")
        lib.write("long.txt", "dirty in the submodule\n")
        done = Accepted(place, pool, {"long.txt": edited(LONG, 3)})
        assert lib.read("long.txt") == "dirty in the submodule\n"
        assert place.said("status", "--porcelain") == "M lib"
        done.undo()

    def test_shallow_clone(self, place: Place, pool: Path, tmp_path: Path) -> None:
        place.commit("second")
        place.git("clone", "-q", "--depth=1", f"file://{place.root}", str(tmp_path / "clone"))
        clone = Place(tmp_path / "clone")
        clone.write("other.txt", "unfinished\n")
        done = Accepted(clone, pool, {"long.txt": edited(LONG, 3)})
        assert clone.said("status", "--porcelain") == "M other.txt"
        done.undo()

    def test_a_users_linked_worktree(self, place: Place, pool: Path, tmp_path: Path) -> None:
        place.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
        side = Place(tmp_path / "side")
        side.write("other.txt", "unfinished\n")
        main = place.state()
        repository = side.open()
        before = side.state()
        base = repository.take_base({}, None)
        result = work(repository, base.commit, pool, {"long.txt": edited(LONG, 3)})
        restore = repository.move_checkout(base, result, None)
        assert side.said("status", "--porcelain") == "M other.txt"
        assert place.state() == main
        repository.restore_checkout(base, side.said("rev-parse", "HEAD"), restore)
        assert side.state() == before

    def test_split_index_and_sparse_checkout(self, place: Place, pool: Path) -> None:
        place.write("in/a.txt", LONG)
        place.write("out/b.txt", "b\n")
        place.commit()
        place.git("sparse-checkout", "set", "in")
        place.git("update-index", "--split-index")
        place.write("in/a.txt", edited(LONG, 10, by="me"))
        done = Accepted(place, pool, {"in/a.txt": edited(edited(LONG, 10, by="me"), 30)})
        assert not (place.root / "out").exists()
        assert place.said("status", "--porcelain") == "M in/a.txt"
        done.undo()


def ssh_signer(folder: Path) -> tuple[Path, Path]:
    """A key, and the file by which git knows its owner."""
    key, known = folder / "key", folder / "signers"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True, timeout=60)
    known.write_text(f"ada@example.org {key.with_suffix('.pub').read_text()}")
    return key, known


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen")
@pytest.mark.parametrize("message", [None, "All in one\n"])
def test_commits_are_signed_by_the_users_configuration_alone(
    place: Place, tmp_path: Path, message: str | None
) -> None:
    key, known = ssh_signer(tmp_path)
    for name, value in (
        ("gpg.format", "ssh"),
        ("user.signingKey", str(key)),
        ("gpg.ssh.allowedSignersFile", str(known)),
    ):
        place.git("config", "--global", name, value)
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path / 'fired'}\nexit 1\n")
    trap.chmod(0o755)
    for name in ("gpg.program", "gpg.ssh.program", "gpg.ssh.defaultKeyCommand"):
        place.git("config", name, str(trap))
    repository = place.open()
    base = repository.take_base({}, None)
    (tmp_path / "pool").mkdir()
    first = work(repository, base.commit, tmp_path / "pool" / "w", {"a.txt": "a\n"}, "one")
    second = work(repository, first, tmp_path / "pool" / "w", {"b.txt": "b\n"}, "two")
    repository.move_checkout(base, second, message, sign=True)
    assert not (tmp_path / "fired").exists()
    signer = ["-c", "gpg.ssh.program=ssh-keygen"]
    states = place.said(*signer, "log", "--format=%G? %GS", f"{base.head}..HEAD").splitlines()
    assert states == ["G ada@example.org"] * (1 if message else 2)
    assert place.read("b.txt") == "b\n"
    assert place.said("status", "--porcelain") == ""


def test_a_signature_that_cannot_be_made_moves_nothing(place: Place, tmp_path: Path) -> None:
    place.git("config", "--global", "gpg.program", "/nowhere/gpg")
    repository = place.open()
    base = repository.take_base({}, None)
    (tmp_path / "pool").mkdir()
    result = work(repository, base.commit, tmp_path / "pool" / "w", {"a.txt": "a\n"})
    before = place.state()
    with pytest.raises(GitProblem, match="sign"):
        repository.move_checkout(base, result, None, sign=True)
    assert place.state() == before
