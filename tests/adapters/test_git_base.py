"""Taking the Base: everything that the user sees is in it, and nothing of the user's is touched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from contextune.adapters.git import base as base_module
from contextune.adapters.git.program import Git
from contextune.adapters.git.repository import open_repository
from contextune.core.errors import GitProblem, PlaceProblem, UsageProblem
from contextune.core.ports import Repository
from tests.adapters.git_place import LONG, Place, edited, head_base, isolate, new_place


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    isolate(monkeypatch, tmp_path)
    return new_place(tmp_path / "repo")


def tree_files(place: Place, commit: str) -> dict[str, bytes]:
    names = place.git("ls-tree", "-r", "-z", "--name-only", commit).split(b"\0")[:-1]
    return {
        os.fsdecode(name): place.git("cat-file", "blob", f"{commit}:{os.fsdecode(name)}") for name in names
    }


class TestOpening:
    def test_from_a_folder_or_file_below_the_top(self, place: Place) -> None:
        place.write("a/b/c.txt", "c\n")
        assert open_repository(place.root / "a" / "b").root == place.root
        assert open_repository(place.root / "a" / "b" / "c.txt").root == place.root

    def test_variables_of_a_calling_git_do_not_mislead(
        self, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = new_place(tmp_path / "elsewhere")
        for name, value in (("GIT_DIR", other.root / ".git"), ("GIT_WORK_TREE", other.root)):
            monkeypatch.setenv(name, str(value))
        repository: Repository = open_repository(place.root)
        assert repository.root == place.root
        (place.root / "new.txt").write_text("new\n")
        assert repository.take_base({}, None).dirty == ("new.txt",)

    def test_a_submodule_is_a_repository(self, place: Place, tmp_path: Path) -> None:
        library = new_place(tmp_path / "library")
        place.git("submodule", "--quiet", "add", f"file://{library.root}", "lib")
        (place.root / "lib" / "other.txt").write_text("changed\n")
        repository = open_repository(place.root / "lib")
        base = repository.take_base({}, None)
        assert (repository.root, base.dirty) == (place.root / "lib", ("other.txt",))
        repository.add_worktree(tmp_path / "wt", "contextune/r/t", base.commit)
        assert (tmp_path / "wt" / "other.txt").read_text() == "changed\n"
        assert repository.remove_worktree(tmp_path / "wt", "refs/contextune/salvage/t") is None

    def test_no_repository(self, place: Place, tmp_path: Path) -> None:
        (tmp_path / "empty").mkdir()
        with pytest.raises(PlaceProblem, match="not in a git repository"):
            open_repository(tmp_path / "empty")
        with pytest.raises(PlaceProblem, match="does not exist"):
            open_repository(tmp_path / "nowhere")

    def test_bare(self, place: Place, tmp_path: Path) -> None:
        place.git("clone", "-q", "--bare", str(place.root), str(tmp_path / "bare.git"))
        with pytest.raises(PlaceProblem, match="bare repository"):
            open_repository(tmp_path / "bare.git")

    def test_worktree_of_a_bare_repository(self, place: Place, tmp_path: Path) -> None:
        bare = tmp_path / "bare.git"
        place.git("clone", "-q", "--bare", str(place.root), str(bare))
        Place(bare).git("worktree", "add", "-q", str(tmp_path / "wt"), "-b", "side")
        base = open_repository(tmp_path / "wt").take_base({}, None)
        assert (base.branch, head_base(base)) == ("side", True)

    def test_without_a_commit(self, place: Place, tmp_path: Path) -> None:
        place.git("init", "-q", str(tmp_path / "unborn"))
        with pytest.raises(PlaceProblem, match="first commit"):
            open_repository(tmp_path / "unborn")

    def test_without_git(self, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(PlaceProblem, match="git was not found"):
            open_repository(place.root)

    def test_old_git(self, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        old = tmp_path / "bin" / "git"
        old.parent.mkdir()
        old.write_text("#!/bin/sh\necho git version 2.34.1\n")
        old.chmod(0o755)
        monkeypatch.setenv("PATH", f"{old.parent}{os.pathsep}{os.environ['PATH']}")
        with pytest.raises(PlaceProblem, match=r"git 2\.34 is too old"):
            open_repository(place.root)


class TestBase:
    def test_clean_checkout_is_its_own_base(self, place: Place) -> None:
        base = place.open().take_base({}, None)
        assert base.commit == base.head == place.said("rev-parse", "HEAD")
        assert (base.branch, base.dirty, base.skipped) == ("main", (), ())

    def test_everything_unfinished_is_in_it_and_nothing_is_touched(self, place: Place) -> None:
        place.write("gone.txt", "gone\n")
        place.write("renamed-from.txt", "a file with a name\n" * 9)
        place.write("both.txt", "1\n2\n3\n")
        place.write(".gitignore", "*.log\n")
        place.commit("more")
        place.write("both.txt", "1 staged\n2\n3\n")
        place.git("add", "both.txt")
        place.write("both.txt", "1 staged\n2\n3 unstaged\n")
        (place.root / "gone.txt").unlink()
        place.git("mv", "renamed-from.txt", "renamed-to.txt")
        (place.root / "run.sh").chmod(0o644)
        (place.root / "link").symlink_to("long.txt")
        place.write("new/-rf", "dash\n")
        place.write("new/two\nlines", "newline\n")
        place.write("latin.txt", "caf\xe9\n".encode("latin-1"))
        place.write("intended.txt", "soon\n")
        place.git("add", "-N", "intended.txt")
        place.write("debug.log", "ignored\n")
        before, raw = place.state(), place.raw_state()

        base = place.open().take_base({"long.txt": b"unsaved\n", "fresh.py": b"# TODO\n"}, None)

        assert place.state() == before
        assert place.raw_state() == raw
        assert tree_files(place, base.commit) == {
            ".gitignore": b"*.log\n",
            "both.txt": b"1 staged\n2\n3 unstaged\n",
            "fresh.py": b"# TODO\n",
            "intended.txt": b"soon\n",
            "latin.txt": b"caf\xe9\n",
            "link": b"long.txt",
            "long.txt": b"unsaved\n",
            "new/-rf": b"dash\n",
            "new/two\nlines": b"newline\n",
            "other.txt": b"other\n",
            "renamed-to.txt": b"a file with a name\n" * 9,
            "run.sh": b"#!/bin/sh\n",
        }
        assert place.said("rev-parse", f"{base.commit}^") == base.head
        assert "gone.txt" in base.dirty
        assert "other.txt" not in base.dirty
        assert (
            place.said("log", "-1", "--format=%an <%ae>", base.commit) == "Contextune <contextune@localhost>"
        )

    def test_an_unsaved_buffer_that_equals_the_file_changes_nothing(self, place: Place) -> None:
        assert head_base(place.open().take_base({"long.txt": LONG.encode()}, None))

    def test_unsaved_buffers_outside_the_base_stay_out(self, place: Place, tmp_path: Path) -> None:
        place.write(".gitignore", ".env\n")
        place.commit()
        outside = {"../x": b"x", ".git/config": b"x", ".env": b"KEY", str(tmp_path / "abs"): b"x"}
        assert head_base(place.open().take_base(outside, None))

    def test_an_edit_in_the_same_instant_and_of_the_same_size_is_seen(self, place: Place) -> None:
        for number in range(8):
            place.write("racy.txt", f"{number:03}\n")
            place.commit()
            place.write("racy.txt", f"{number + 500:03}\n")
            base = place.open().take_base({}, None)
            assert base.dirty == ("racy.txt",)

    def test_large_files_and_nested_repositories_are_named_and_left_out(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(base_module, "LARGEST_UNTRACKED", 1000)
        place.write("big [1].bin", b"\0" * 1001)
        place.write("small.bin", b"\0" * 1000)
        nested = Place(place.root / "nested")
        nested.root.mkdir()
        nested.git("init", "-q")
        nested.write("inner.txt", "inner\n")
        nested.commit()
        base = place.open().take_base({}, None)
        assert base.skipped == ("big [1].bin", "nested/")
        assert base.dirty == ("small.bin",)
        (place.root / "small.bin").unlink()
        base = place.open().take_base({}, None)
        assert (head_base(base), base.skipped) == (True, ("big [1].bin", "nested/"))

    def test_line_endings_follow_the_users_settings(self, place: Place) -> None:
        place.git("config", "core.autocrlf", "true")
        place.write("dos.txt", "a\r\nb\r\n")
        place.commit()
        place.git("config", "core.safecrlf", "true")
        place.write("dos.txt", "a\r\nb\r\nc\r\n")
        base = place.open().take_base({"other.txt": b"unsaved\r\n", "mixed.txt": b"a\nb\r\n"}, None)
        files = tree_files(place, base.commit)
        assert (files["dos.txt"], files["other.txt"], files["mixed.txt"]) == (
            b"a\nb\nc\n",
            b"unsaved\n",
            b"a\nb\n",
        )

    def test_another_base_can_be_chosen(self, place: Place) -> None:
        first = place.said("rev-parse", "HEAD")
        place.write("long.txt", "changed\n")
        second = place.commit()
        place.write("other.txt", "dirty\n")
        base = place.open().take_base({}, "HEAD~1")
        assert (base.commit, base.head, base.dirty) == (first, second, ())
        with pytest.raises(UsageProblem, match="no-such"):
            place.open().take_base({}, "no-such")

    def test_upstream_that_moved_on(self, place: Place, tmp_path: Path) -> None:
        place.git("clone", "-q", str(place.root), str(tmp_path / "clone"))
        clone = Place(tmp_path / "clone")
        place.write("a", "a")
        place.commit()
        place.write("b", "b")
        place.commit()
        assert clone.open().take_base({}, None).behind == 0
        clone.git("fetch", "-q")
        base = clone.open().take_base({}, None)
        assert (base.behind, base.upstream) == (2, "origin/main")

    def test_detached_shallow_and_submodule(self, place: Place, tmp_path: Path) -> None:
        place.commit("second")
        url = f"file://{place.root}"
        place.git("clone", "-q", "--depth=1", url, str(tmp_path / "clone"))
        clone = Place(tmp_path / "clone")
        clone.git("submodule", "--quiet", "add", url, "lib")
        clone.commit("submodule")
        clone.git("checkout", "-q", "--detach")
        clone.write("lib/long.txt", "dirty inside the submodule\n")
        clone.write("other.txt", "dirty\n")
        base = clone.open().take_base({"lib/other.txt": b"unsaved in the submodule\n"}, None)
        assert (base.branch, base.dirty) == (None, ("other.txt",))
        assert clone.said("ls-tree", base.commit, "lib").startswith("160000 commit")

    def test_split_index_and_sparse_checkout(self, place: Place) -> None:
        place.write("in/a.txt", "a\n")
        place.write("out/b.txt", "b\n")
        place.commit()
        place.git("update-index", "--split-index")
        place.git("sparse-checkout", "set", "in")
        place.write("in/a.txt", "edited\n")
        before, raw = place.state(), place.raw_state()
        base = place.open().take_base({}, None)
        assert base.dirty == ("in/a.txt",)
        assert (place.state(), place.raw_state()) == (before, raw)

    def test_a_users_linked_worktree(self, place: Place, tmp_path: Path) -> None:
        place.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
        side = Place(tmp_path / "side")
        side.write("other.txt", "side\n")
        base = side.open().take_base({}, None)
        assert (base.branch, base.dirty) == ("side", ("other.txt",))


class TestHardening:
    def test_no_hook_no_monitor_and_no_secret(
        self, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        spy = tmp_path / "spy"
        script = tmp_path / "spy.sh"
        script.write_text(f"#!/bin/sh\nenv >> {spy}\ncat 2>/dev/null\n")
        script.chmod(0o755)
        for hook in ("post-checkout", "post-index-change", "reference-transaction", "pre-commit"):
            (place.root / ".git" / "hooks" / hook).write_text(script.read_text())
            (place.root / ".git" / "hooks" / hook).chmod(0o755)
        place.git("config", "core.fsmonitor", str(script))
        place.git("config", "diff.external", str(script))
        spy.unlink(missing_ok=True)
        repository = place.open()
        place.write("other.txt", "changed\n")
        base = repository.take_base({}, None)
        repository.diff(base.head, base.commit)
        repository.add_worktree(tmp_path / "wt", "contextune/r/t", base.commit)
        (tmp_path / "wt" / "n").write_text("n")
        repository.commit_worktree(tmp_path / "wt", "work")
        repository.remove_worktree(tmp_path / "wt", "refs/contextune/salvage/t")
        assert not spy.exists()

        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret")
        monkeypatch.setenv("GITHUB_TOKEN", "gh-secret")
        monkeypatch.setenv("GIT_DIR", str(tmp_path))
        place.write(".gitattributes", "*.up filter=spy\n")
        place.git(
            "-c",
            f"safe.directory={place.root}",
            f"--git-dir={place.root}/.git",
            "config",
            "filter.spy.clean",
            str(script),
        )
        place.write("a.up", "up\n")
        repository.take_base({}, None)
        seen = spy.read_text()
        assert "GIT_DIR" in seen
        assert "secret" not in seen

    def test_git_problem_carries_gits_words(self, place: Place) -> None:
        git = Git(place.root / ".git", place.root)
        with pytest.raises(GitProblem, match=r"cat-file failed in .*Not a valid object name"):
            git.run("cat-file", "blob", "nonsense")

    def test_identity_falls_back_to_contextune(self, place: Place, tmp_path: Path) -> None:
        repository = place.open()
        tree = repository.tree_of("HEAD")
        mine = repository.commit_tree(tree, [], "mine")
        (tmp_path / "home" / ".gitconfig").unlink()
        nobody = repository.commit_tree(tree, [], "nobody")
        shown = [place.said("log", "-1", "--format=%an <%ae> %cn", commit) for commit in (mine, nobody)]
        assert shown == ["Ada <ada@example.org> Ada", "Contextune <contextune@localhost> Contextune"]


class TestObjects:
    def test_changes_and_diff(self, place: Place) -> None:
        first = place.said("rev-parse", "HEAD")
        place.write("long.txt", edited(LONG, 3))
        place.git("mv", "other.txt", "moved.txt")
        place.write("binary", b"\0\1\2")
        second = place.commit()
        repository = place.open()
        found = {
            c.path: (c.before is None, c.after is None, c.insertions, c.deletions)
            for c in repository.changes(first, second)
        }
        assert found == {
            "binary": (True, False, 0, 0),
            "long.txt": (False, False, 1, 1),
            "moved.txt": (True, False, 1, 0),
            "other.txt": (False, True, 0, 1),
        }
        assert repository.changes(
            repository.tree_of(first), repository.tree_of(second)
        ) == repository.changes(first, second)
        diff = repository.diff(first, second, ["long.txt"])
        assert "+line 3 by task" in diff
        assert "moved" not in diff
        assert repository.changes(first, first) == []

    def test_reading(self, place: Place) -> None:
        place.write("odd\n*name", b"\xff\xfe")
        commit = place.commit()
        repository = place.open()
        assert repository.read_file(commit, "odd\n*name") == b"\xff\xfe"
        assert repository.read_file(commit, "none") is None
        assert repository.read_file(commit, "") is None
        paths = ["run.sh", "long.txt"]
        whole = {path: repository.read_file(commit, path) for path in paths}
        assert repository.read_files(commit, paths) == whole
        # Asked for line by line, so that one with a line break is left out.
        assert repository.read_files(commit, ["odd\n*name"]) == {}
        with pytest.raises(GitProblem):
            repository.read_files(commit, ["none"])
        assert repository.list_files(commit) == ["long.txt", "odd\n*name", "other.txt", "run.sh"]
        with pytest.raises(GitProblem):
            repository.read_file("0" * 40, "long.txt")

    def test_merge_uses_the_given_base(self, place: Place) -> None:
        base = place.said("rev-parse", "HEAD")
        place.write("long.txt", edited(LONG, 2))
        ours = place.commit()
        place.git("checkout", "-q", base)
        place.write("long.txt", edited(LONG, 30))
        theirs = place.commit()
        place.write("long.txt", edited(LONG, 2, by="other"))
        against = place.commit()
        repository = place.open()
        merge = repository.merge(ours, theirs, base)
        assert merge.tree is not None
        assert place.git("cat-file", "blob", f"{merge.tree}:long.txt").decode() == edited(LONG, 2, 30)
        conflict = repository.merge(ours, against, base)
        assert (conflict.tree, conflict.conflicts) == (None, ("long.txt",))
        assert "CONFLICT" in conflict.detail
        # With ours as its own ancestor there is nothing left to merge.
        assert repository.merge(ours, against, ours).tree == repository.tree_of(against)

    def test_refs(self, place: Place) -> None:
        repository = place.open()
        head = place.said("rev-parse", "HEAD")
        repository.set_ref("refs/contextune/x/y", head)
        assert repository.resolve("refs/contextune/x/y") == head
        repository.set_ref("refs/contextune/x/y", None)
        assert repository.resolve("refs/contextune/x/y") is None
        for name in ("", "--all", "nothing", "a\0b"):
            assert repository.resolve(name) is None
        for ref in ("refs/heads/main", "HEAD", "refs/contextune/../heads/main"):
            with pytest.raises(GitProblem):
                repository.set_ref(ref, head)

    def test_modes_survive(self, place: Place) -> None:
        (place.root / "run.sh").chmod(0o644)
        (place.root / "link").symlink_to("nowhere")
        base = place.open().take_base({}, None)
        modes = {row.split()[3]: row.split()[0] for row in place.said("ls-tree", base.commit).splitlines()}
        assert (modes["run.sh"], modes["link"]) == ("100644", "120000")
