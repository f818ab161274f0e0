"""Hostile repositories: plain git runs what they name, the daemon's git does not."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from contextune.adapters.git.program import start
from contextune.core.errors import GitProblem
from tests.adapters.git_place import Place, new_place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = new_place(tmp_path / "repo")
    made.write("first.bin", "one\n")
    made.commit("more")
    return made


class Trap:
    """A program that leaves a trace when it is run."""

    def __init__(self, folder: Path) -> None:
        self.trace = folder / "fired"
        self.program = folder / "trap.sh"
        self.program.write_text(f"#!/bin/sh\necho x >> {self.trace}\nexit 0\n")
        self.program.chmod(0o755)

    def fired(self) -> bool:
        has = self.trace.exists()
        self.trace.unlink(missing_ok=True)
        return has


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    (tmp_path / "trap").mkdir()
    return Trap(tmp_path / "trap")


def plain(place: Place, *arguments: str) -> None:
    """git as somebody would run it who knows of no danger."""
    subprocess.run(
        ["git", *arguments], cwd=place.root, capture_output=True, timeout=60, check=False, input=b""
    )


def all_that_the_daemon_does(place: Place, folder: Path, name: str = "w") -> None:
    """Every operation that reads or writes a repository before Accept."""
    repository = place.open()
    repository.look()
    base = repository.take_base({}, None)
    path = folder / name
    repository.add_worktree(path, f"contextune/{name}/x", base.commit)
    repository.hydrate(path)
    (path / "first.bin").write_text("two\n")
    (path / "new.bin").write_text("new\n")
    tree = repository.worktree_tree(path)
    commit = repository.commit_tree(tree, [base.commit], "work")
    repository.changes(base.commit, commit)
    repository.diff(base.commit, commit)
    repository.merge(base.commit, commit, base.commit)
    other = repository.commit_tree(repository.tree_of(base.commit), [base.commit], "other")
    repository.merge(other, commit, base.commit)
    repository.mix(tree, base.commit, ["first.bin"])
    repository.reset_worktree(path, base.commit)
    repository.upkeep.keep(path, f"refs/contextune/kept/{name}/x/1")
    repository.remove_worktree(path, f"refs/contextune/salvage/{name}/x")
    repository.reverted([base.commit])
    repository.list_files(base.commit)


@pytest.mark.hostile(8)
def test_a_link_to_a_secret_is_committed_as_a_link(place: Place, tmp_path: Path) -> None:
    repository = place.open()
    path = tmp_path / "w"
    repository.add_worktree(path, "contextune/w/x", "HEAD")
    (path / "lnk").symlink_to("/etc/shadow")
    tree = repository.worktree_tree(path)
    assert repository.read_file(tree, "lnk") == b"/etc/shadow"
    (change,) = repository.changes("HEAD", tree)
    assert change.flag == "is a link"


@pytest.mark.hostile(14)
def test_textconv_and_external_diff(place: Place, trap: Trap, tmp_path: Path) -> None:
    place.write(".gitattributes", "*.bin diff=evil\n")
    place.commit("attributes")
    place.git("config", "diff.evil.textconv", str(trap.program))
    place.git("config", "diff.external", str(trap.program))
    place.write("first.bin", "changed\n")
    plain(place, "diff")
    assert trap.fired(), "plain git does not run it either"
    all_that_the_daemon_does(place, tmp_path)
    assert not trap.fired()


@pytest.mark.hostile(16)
def test_signing_with_a_program_of_the_repository(place: Place, trap: Trap, tmp_path: Path) -> None:
    place.git("config", "gpg.program", str(trap.program))
    place.git("config", "commit.gpgSign", "true")
    plain(place, "commit", "--allow-empty", "-m", "x")
    assert trap.fired()
    all_that_the_daemon_does(place, tmp_path)
    assert not trap.fired()


@pytest.mark.hostile(16)
def test_signatures_that_are_to_be_shown(place: Place, trap: Trap, tmp_path: Path) -> None:
    parent = place.said("rev-parse", "HEAD")
    head = place.said("cat-file", "commit", "HEAD").partition("\n\n")[0]
    words = f"This reverts commit {parent}."
    signed = f"{head}\ngpgsig -----BEGIN PGP SIGNATURE-----\n x\n -----END PGP SIGNATURE-----\n\n{words}\n"
    made = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin"],
        cwd=place.root,
        input=signed.encode(),
        capture_output=True,
        check=True,
    )
    place.git("update-ref", "HEAD", made.stdout.decode().strip(), parent)
    place.git("config", "gpg.program", str(trap.program))
    place.git("config", "log.showSignature", "true")
    plain(place, "log")
    assert trap.fired()
    all_that_the_daemon_does(place, tmp_path)
    assert not trap.fired()


@pytest.mark.hostile(17)
def test_an_editor_of_the_repository(place: Place, trap: Trap, tmp_path: Path) -> None:
    place.git("config", "core.editor", str(trap.program))
    place.git("config", "core.pager", str(trap.program))
    plain(place, "commit", "--allow-empty", "--amend")
    assert trap.fired()
    all_that_the_daemon_does(place, tmp_path)
    assert not trap.fired()


@pytest.mark.hostile(11, 20)
def test_fsmonitor_of_the_repository_and_of_a_nested_one(place: Place, trap: Trap, tmp_path: Path) -> None:
    inner = new_place(place.root / "inner")
    place.git("add", "inner")
    place.git("commit", "-q", "-m", "nested")
    for one in (place, inner):
        one.git("config", "core.fsmonitor", str(trap.program))
    plain(place, "status")
    assert trap.fired()
    all_that_the_daemon_does(place, tmp_path)
    assert not trap.fired()


@pytest.mark.hostile(12)
def test_hooks_of_the_repository(place: Place, trap: Trap, tmp_path: Path) -> None:
    hooks = place.root / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("pre-commit", "post-checkout", "post-commit", "reference-transaction", "post-index-change"):
        (hooks / name).symlink_to(trap.program)
    plain(place, "commit", "--allow-empty", "-m", "x")
    assert trap.fired()
    all_that_the_daemon_does(place, tmp_path)
    assert not trap.fired()


@pytest.mark.hostile(18)
@pytest.mark.parametrize("way", ["ssh", "upload-pack"])
def test_nothing_is_fetched_or_pushed(place: Place, trap: Trap, tmp_path: Path, way: str) -> None:
    """git fetches by itself what a partial clone lacks: by programs that the repository names."""
    bare = tmp_path / "bare.git"
    place.git("init", "-q", "--bare", str(bare))
    configured = {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.url": "ssh://nowhere.invalid/x" if way == "ssh" else str(bare),
        "remote.origin.promisor": "true",
        "remote.origin.partialclonefilter": "blob:none",
        "core.sshCommand" if way == "ssh" else "remote.origin.uploadpack": str(trap.program),
    }
    for key, value in configured.items():
        place.git("config", key, value)
    blob = place.said("rev-parse", "HEAD:first.bin")
    (place.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    plain(place, "cat-file", "-p", blob)
    assert trap.fired()
    with pytest.raises(GitProblem):
        place.open().add_worktree(tmp_path / "w", "contextune/w/x", "HEAD")
    assert not trap.fired()


@pytest.mark.hostile(19)
def test_a_remote_that_is_a_program(place: Place, trap: Trap) -> None:
    place.git("config", "protocol.ext.allow", "always")
    url = f"ext::sh -c {trap.program}"
    plain(place, "ls-remote", url)
    assert trap.fired()
    answer = start(["ls-remote", url], cwd=place.root)
    assert answer.code != 0
    assert not trap.fired()


@pytest.mark.hostile(21)
def test_an_embedded_bare_repository(place: Place, trap: Trap) -> None:
    bare = place.root / "docs"
    place.git("init", "-q", "--bare", str(bare))
    with (bare / "config").open("a") as config:
        config.write(f"[core]\n\tfsmonitor = {trap.program}\n\tbare = false\n\tworktree = ..\n")
    subprocess.run(["git", "status"], cwd=bare, capture_output=True, timeout=60, check=False)
    assert trap.fired()
    assert start(["status"], cwd=bare).code != 0
    assert not trap.fired()


@pytest.mark.hostile(22)
def test_a_tracked_git_folder(place: Place) -> None:
    blob = place.said("rev-parse", "HEAD:other.txt")
    for name in (".GIT/config", ".git/config", "sub/.git/hooks/pre-commit"):
        with pytest.raises(RuntimeError):
            place.git("update-index", "--add", "--cacheinfo", "100644", blob, name)


@pytest.mark.hostile(45)
def test_a_setuid_bit_is_not_kept(place: Place, tmp_path: Path) -> None:
    repository = place.open()
    path = tmp_path / "w"
    repository.add_worktree(path, "contextune/w/x", "HEAD")
    (path / "root.sh").write_text("#!/bin/sh\n")
    (path / "root.sh").chmod(0o6777)
    tree = repository.worktree_tree(path)
    assert place.said("ls-tree", tree, "root.sh").startswith("100755 ")
    (change,) = repository.changes("HEAD", tree)
    assert change.flag == "is executable"


@pytest.mark.hostile(51)
def test_a_program_called_git_in_the_worktree(
    place: Place, trap: Trap, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (place.root / "git").symlink_to(trap.program)
    (place.root / "rg").symlink_to(trap.program)
    place.commit("git")
    monkeypatch.setenv("PATH", f".::{os.environ['PATH']}")
    monkeypatch.chdir(place.root)
    subprocess.run(["git", "status"], cwd=place.root, capture_output=True, timeout=60, check=False)
    assert trap.fired()
    all_that_the_daemon_does(place, tmp_path)
    assert not trap.fired()


@pytest.mark.hostile(62)
def test_an_agents_attributes_name_a_filter(place: Place, trap: Trap, tmp_path: Path) -> None:
    """A filter runs only if a configuration names its program: an agent can write none."""
    repository = place.open()
    path = tmp_path / "w"
    repository.add_worktree(path, "contextune/w/x", "HEAD")
    (path / ".gitattributes").write_text("* filter=evil diff=evil merge=evil\n")
    (path / ".gitconfig").write_text(f'[filter "evil"]\n\tclean = {trap.program}\n')
    (path / "first.bin").write_text("two\n")
    tree = repository.worktree_tree(path)
    flags = {change.path: change.flag for change in repository.changes("HEAD", tree)}
    assert flags[".gitattributes"] == flags[".gitconfig"] == "steers git"
    assert not trap.fired()


@pytest.mark.hostile(63)
def test_submodules_with_options_for_urls(place: Place, trap: Trap, tmp_path: Path) -> None:
    commit = place.said("rev-parse", "HEAD")
    place.write(
        ".gitmodules", f'[submodule "../../evil"]\n\tpath = sub\n\turl = --upload-pack={trap.program}\n'
    )
    place.git("update-index", "--add", "--cacheinfo", "160000", commit, "sub")
    place.git("add", ".gitmodules")
    place.git("commit", "-q", "-m", "module")
    place.git("config", "submodule.recurse", "true")
    all_that_the_daemon_does(place, tmp_path)
    assert not trap.fired()
