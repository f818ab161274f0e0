from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from contextune.adapters.files import beneath, openat2
from contextune.adapters.files.workspace import READ_LIMIT, WRITE_LIMIT, WorktreeFiles
from contextune.core.errors import ToolProblem
from contextune.core.ports import Workspace


def has_openat2() -> bool:
    top = os.open("/", os.O_RDONLY)
    try:
        found = openat2.open_folder(top, "usr")
    finally:
        os.close(top)
    if found is not None:
        os.close(found)
    return found is not None


HAS_OPENAT2 = has_openat2()


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret.txt").write_text("secret")
    return folder


@pytest.fixture(params=["openat2", "walk"])
def files(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WorktreeFiles:
    if request.param == "walk":
        # As the kernel answers where it has no such call: ENOSYS.
        monkeypatch.setattr(openat2, "NUMBER", 99_999)
    elif not HAS_OPENAT2:
        pytest.skip("The kernel or a sandbox has no openat2.")
    root = tmp_path / "tree"
    (root / "src").mkdir(parents=True)
    (root / "src" / "app.py").write_text("import os\n\n\ndef main():\n    return os.name\n")
    (root / ".git").write_text("gitdir: elsewhere\n")
    (root / ".gitignore").write_text("*.log\nbuilt/\n")
    (root / ".github").mkdir()
    (root / ".github" / "ci.yml").write_text("on: push\n")
    (root / "noise.log").write_text("def main\n")
    workspace: Workspace = WorktreeFiles(root)
    assert isinstance(workspace, WorktreeFiles)
    return workspace


def test_reads_and_writes_beneath_the_root(files: WorktreeFiles) -> None:
    files.write("new/deep/file.txt", b"content\n")
    files.write("./src/app.py", b"x = 1\n")
    assert files.read("new/deep/file.txt") == b"content\n"
    assert files.read(str(files.root / "src" / "app.py")) == b"x = 1\n"
    assert sorted(p.name for p in (files.root / "src").iterdir()) == ["app.py"]


@pytest.mark.parametrize(
    "path",
    [
        "../outside/secret.txt",
        "src/../../outside/secret.txt",
        "src/../src/app.py",
        "/etc/passwd",
        "",
        "  ",
        "a\0b",
        ".git",
        ".git/config",
        "sub/.git/hooks/pre-commit",
        ".GIT/config",
        ".g\u200cit/config",
        ".git./config",
        "git~1/config",
        "/../etc/passwd",
    ],
)
def test_refuses_paths_that_leave_the_worktree_or_name_git(files: WorktreeFiles, path: str) -> None:
    with pytest.raises(ToolProblem):
        files.read(path)
    with pytest.raises(ToolProblem):
        files.write(path, b"x")
    assert (files.root / ".git").read_text() == "gitdir: elsewhere\n"


def test_follows_links_that_stay_inside_and_refuses_those_that_leave(
    files: WorktreeFiles, outside: Path
) -> None:
    (files.root / "inner").symlink_to("src/app.py")
    (files.root / "folder").symlink_to("src")
    (files.root / "src" / "up").symlink_to("../.github")
    (files.root / "out").symlink_to(outside)
    (files.root / "relative").symlink_to("../outside")
    (files.root / "file").symlink_to(outside / "secret.txt")
    (files.root / "to_git").symlink_to(".git")
    (files.root / "loop").symlink_to("loop")
    assert files.read("inner").startswith(b"import os")
    assert files.read("folder/up/ci.yml") == b"on: push\n"
    files.write("folder/new.py", b"y\n")
    files.write("inner", b"z\n")
    assert (files.root / "src" / "new.py").read_bytes() == b"y\n"
    assert (files.root / "inner").is_symlink()
    assert (files.root / "src" / "app.py").read_bytes() == b"z\n"
    for path in ("out/secret.txt", "relative/secret.txt", "file", "to_git", "loop", "out/new.txt"):
        with pytest.raises(ToolProblem):
            files.read(path)
        with pytest.raises(ToolProblem):
            files.write(path, b"x")
    assert [p.name for p in outside.iterdir()] == ["secret.txt"]
    assert (outside / "secret.txt").read_text() == "secret"


def test_a_folder_swapped_for_a_link_meanwhile_never_leads_out(files: WorktreeFiles, outside: Path) -> None:
    folder, spare, link = (files.root / name for name in ("swap", "spare", "link"))
    folder.mkdir()
    (folder / "secret.txt").write_text("inside")
    link.symlink_to("src")
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            folder.rename(spare)
            folder.symlink_to(outside)
            for target in (outside, Path("src")):
                (files.root / "next").symlink_to(target)
                (files.root / "next").rename(link)
            folder.unlink()
            spare.rename(folder)

    thread = threading.Thread(target=swap)
    thread.start()
    seen: list[bytes] = []
    tries = written = 0
    try:
        # On a busy machine most tries meet the folder in the midst of a swap; some must get through.
        while tries < 1500 or not seen or not written:
            tries += 1
            for attempt in ("read", "write"):
                try:
                    if attempt == "read":
                        seen.append(files.read("swap/secret.txt"))
                    else:
                        files.write("link/secret.txt", b"overwritten")
                        written += 1
                except ToolProblem:
                    continue
    finally:
        stop.set()
        thread.join()
    assert set(seen) == {b"inside"}
    assert (files.root / "src" / "secret.txt").read_bytes() == b"overwritten"
    assert (outside / "secret.txt").read_text() == "secret"
    assert [p.name for p in outside.iterdir()] == ["secret.txt"]


def test_gits_own_files_are_refused_through_any_link(files: WorktreeFiles) -> None:
    for name in ("hooks", "sub"):
        (files.root / name).mkdir()
    (files.root / "sub" / ".git").mkdir()
    (files.root / "sub" / ".git" / "config").write_text("kept")
    for name, target in (("a", "sub/.git"), ("sub/b", ".git"), ("c", "hooks/../sub/.git"), ("d", "a")):
        (files.root / name).symlink_to(target)
    for path in ("a/config", "sub/b/config", "c/config", "d/config", "sub/.git/config", "sub/.Git/config"):
        with pytest.raises(ToolProblem, match="is git's own"):
            files.write(path, b"x")
    assert (files.root / "sub" / ".git" / "config").read_text() == "kept"


@pytest.mark.skipif(not HAS_OPENAT2, reason="The kernel or a sandbox has no openat2.")
def test_without_links_the_kernel_opens_the_folder_at_once(
    files: WorktreeFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    walked: list[str] = []
    real = beneath._descend

    def descend(folder: int, name: str, path: str, *, create: bool) -> int:
        walked.append(path)
        return real(folder, name, path, create=create)

    monkeypatch.setattr(beneath, "_descend", descend)
    files.write("src/app.py", b"y")
    assert walked == (["src"] if openat2.NUMBER == 99_999 else [])


@pytest.mark.parametrize("path", ["link", "src/link", "/etc", "../outside", "missing", "src/app.py"])
def test_openat2_opens_folders_beneath_alone(files: WorktreeFiles, outside: Path, path: str) -> None:
    (files.root / "link").symlink_to(outside)
    (files.root / "src" / "link").symlink_to("..")
    top = os.open(files.root, os.O_RDONLY)
    try:
        assert openat2.open_folder(top, path) is None
    finally:
        os.close(top)


def test_keeps_the_mode_and_breaks_hard_links(files: WorktreeFiles, outside: Path) -> None:
    script = files.root / "run.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o4755)
    (files.root / "hard").hardlink_to(outside / "secret.txt")
    files.write("run.sh", b"#!/bin/sh\necho\n")
    files.write("hard", b"changed")
    assert stat.S_IMODE(script.stat().st_mode) == 0o755
    assert (outside / "secret.txt").read_text() == "secret"


def test_refuses_what_is_no_file(files: WorktreeFiles) -> None:
    os.mkfifo(files.root / "pipe")
    with pytest.raises(ToolProblem, match="a pipe"):
        files.read("pipe")
    with pytest.raises(ToolProblem, match="a pipe"):
        files.write("pipe", b"x")
    for path in ("src", "src/", "."):
        with pytest.raises(ToolProblem, match="folder"):
            files.read(path)
        with pytest.raises(ToolProblem, match="folder"):
            files.write(path, b"x")
    with pytest.raises(ToolProblem, match=r"no file 'gone\.py'"):
        files.read("gone.py")
    with pytest.raises(ToolProblem, match="not a folder"):
        files.write("src/app.py/x", b"x")


def test_sizes_are_bounded(files: WorktreeFiles) -> None:
    (files.root / "big").write_bytes(b"x" * (READ_LIMIT + 1))
    with pytest.raises(ToolProblem, match="2,000,001 bytes"):
        files.read("big")
    with pytest.raises(ToolProblem, match="5,000,001 bytes"):
        files.write("huge", b"x" * (WRITE_LIMIT + 1))
    assert not (files.root / "huge").exists()


def test_grep(files: WorktreeFiles) -> None:
    assert files.grep("def main", path="", glob=None, context=0, limit=10) == "src/app.py:4:def main():"
    assert files.grep("def main", path="src", glob="*.py", context=1, limit=10).splitlines() == [
        "src/app.py-3-",
        "src/app.py:4:def main():",
        "src/app.py-5-    return os.name",
    ]
    assert files.grep("push", path=".", glob=None, context=0, limit=10) == ".github/ci.yml:1:on: push"
    assert files.grep("main", path="", glob="*.log", context=0, limit=10) == ""
    assert files.grep("gitdir", path="", glob=None, context=0, limit=10) == ""
    assert files.grep("-rf", path="", glob=None, context=0, limit=10) == ""
    limited = files.grep("^", path="src", glob=None, context=0, limit=2).splitlines()
    assert limited[:2] == ["src/app.py:1:import os", "src/app.py:2:"]
    assert limited[2].startswith("… more than 2 lines match")
    assert len(limited) == 3


def test_grep_says_what_is_wrong(files: WorktreeFiles, outside: Path) -> None:
    with pytest.raises(ToolProblem, match="unclosed group"):
        files.grep("(", path="", glob=None, context=0, limit=10)
    with pytest.raises(ToolProblem, match="no file or folder 'gone'"):
        files.grep("x", path="gone", glob=None, context=0, limit=10)
    (files.root / "out").symlink_to(outside)
    for path in ("../outside", str(outside), "out", ".git"):
        with pytest.raises(ToolProblem):
            files.grep("secret", path=path, glob=None, context=0, limit=10)
    assert files.grep("secret", path="", glob=None, context=0, limit=10) == ""


def test_grep_cuts_long_lines(files: WorktreeFiles) -> None:
    (files.root / "min.js").write_text("var a;" * 50_000 + "\n")
    assert len(files.grep("var", path="min.js", glob=None, context=0, limit=5)) < 700


def test_glob(files: WorktreeFiles) -> None:
    (files.root / "src" / "deep").mkdir()
    (files.root / "src" / "deep" / "b.py").touch()
    (files.root / "a b\n.py").touch()
    assert files.glob("**/*.py", limit=10) == ["a b\n.py", "src/app.py", "src/deep/b.py"]
    assert files.glob("*.py", limit=2) == ["a b\n.py", "src/app.py"]
    assert files.glob("src/*.py", limit=10) == ["src/app.py"]
    assert files.glob("{src,.github}/*.{py,yml}", limit=10) == [".github/ci.yml", "src/app.py"]
    assert files.glob("*.log", limit=10) == []
    assert files.glob(".git*", limit=10) == [".github/ci.yml", ".gitignore"]
    with pytest.raises(ToolProblem):
        files.glob("../*", limit=10)


def test_what_a_killed_process_was_writing_is_never_taken_for_work(files: WorktreeFiles) -> None:
    child = os.fork()
    if not child:
        os.rename = lambda *_, **__: os._exit(9)
        files.write("src/new.py", b"half")
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert sorted(path.name for path in (files.root / "src").iterdir()) == ["app.py"]
    drafts = list(files.root.parent.glob(".tree.new-*"))
    assert len(drafts) == 1
    (files.root.parent / ".treetop.new-1").touch()
    WorktreeFiles(files.root)
    assert [path.name for path in files.root.parent.glob(".tree*")] == [".treetop.new-1"]
