"""States that a user's checkout can be in, each made by git's own commands in a repository of our making."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

LINES = 40
SOURCES = tuple(f"src/{name}.py" for name in ("one", "two", "three", "four", "five", "six"))
SCRIPT, NOTES, LINK, LIBRARY = "bin/run.sh", "docs/notes.txt", "link", "lib"
IGNORED = "build/out.log"
NEW = "src/new.py"
"""A file that results make, and that the user's own may stand in the way of."""
MOVED = b".moved"
"""What the name of a file ends with that the user has renamed."""
_ALONE = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_EDITOR": "true"}
_IDENTITY = ("-c", "user.name=Ada", "-c", "user.email=ada@localhost")


def git(
    root: Path,
    *arguments: str,
    stdin: bytes | None = None,
    may_fail: bool = False,
    index: Path | None = None,
) -> bytes:
    """Run git as the user would; with `index` in place of the repository's, where one is given."""
    command = ["git", *_IDENTITY, "-c", "protocol.file.allow=always", *arguments]
    chosen = {"GIT_INDEX_FILE": str(index)} if index else {}
    done = subprocess.run(
        command,
        cwd=root,
        input=stdin,
        capture_output=True,
        check=False,
        timeout=60,
        env={**os.environ, **_ALONE, **chosen},
    )
    if done.returncode and not may_fail:
        raise RuntimeError(f"git {' '.join(arguments)} failed in {root}: {done.stderr.decode()}")
    return done.stdout


def make_template(folder: Path) -> Path:
    """The repository that all trials begin as a copy of."""
    library, root = folder / "library", folder / "template"
    for made in (library, root):
        made.mkdir()
        git(made, "init", "-q", "-b", "main")
    (library / "part.txt").write_text("part\n")
    git(library, "add", "-A")
    git(library, "commit", "-q", "-m", "library")
    for path in SOURCES:
        _write(root, path, _text(path))
    _write(root, NOTES, "one\r\ntwo\r\nthree\r\n" * 5)
    _write(root, SCRIPT, "#!/bin/sh\nexit 0\n")
    (root / SCRIPT).chmod(0o755)
    (root / LINK).symlink_to(SOURCES[0])
    _write(root, ".gitignore", "build/\n*.log\n")
    git(root, "submodule", "--quiet", "add", library.as_uri(), LIBRARY)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "first")
    _write(root, IGNORED, "ignored\n")
    return root


class Maker(NamedTuple):
    """Where a state is made, by which chance."""

    root: Path
    chance: random.Random

    def mark(self) -> str:
        """Words that stand nowhere else: what the user wrote."""
        return f"user-{self.chance.getrandbits(48):012x}"

    def edit(self, path: str | None = None) -> str:
        """Change a line or two of a file; returns the file."""
        path = path or self.chance.choice(SOURCES)
        file = self.root / path
        if not file.is_file() or file.is_symlink():
            return path
        rows = file.read_bytes().split(b"\n")
        for place in self.chance.sample(range(len(rows) - 1), min(2, len(rows) - 1)):
            rows[place] = f"# {self.mark()}".encode() + (b"\r" if rows[place].endswith(b"\r") else b"")
        file.write_bytes(b"\n".join(rows))
        return path

    def git(self, *arguments: str) -> bytes:
        """Run git here."""
        return git(self.root, *arguments)


def _dirty(at: Maker) -> None:
    at.edit()


def _staged(at: Maker) -> None:
    _stage(at, at.edit())


def _staged_and_dirty(at: Maker) -> None:
    path = at.edit()
    _stage(at, path)
    at.edit(path)


def _stage(at: Maker, path: str) -> None:
    """Stage a file; where it is gone, or outside of a sparse checkout, nothing."""
    git(at.root, "add", "--", path, may_fail=True)


def _untracked(at: Maker) -> None:
    _write(at.root, f"notes/{at.mark()}.txt", f"{at.mark()}\n")


def _untracked_in_the_way(at: Maker) -> None:
    _write(at.root, NEW, f"{at.mark()}\n")


def _ignored_in_the_way(at: Maker) -> None:
    exclude = at.root / ".git" / "info" / "exclude"
    exclude.write_text(f"{exclude.read_text()}/{NEW}\n")
    _write(at.root, NEW, f"{at.mark()}\n")


def _renamed(at: Maker) -> None:
    path = at.chance.choice(SOURCES)
    if (at.root / path).is_file():
        at.git("mv", "-f", path, path + MOVED.decode())


def _deleted(at: Maker) -> None:
    (at.root / at.chance.choice(SOURCES)).unlink(missing_ok=True)


def _mode_changed(at: Maker) -> None:
    file = at.root / at.chance.choice((SCRIPT, *SOURCES))
    if file.is_file():
        file.chmod(file.stat().st_mode ^ 0o111)


def _private(at: Maker) -> None:
    file = at.root / at.chance.choice(SOURCES)
    if file.is_file():
        file.chmod(0o600)


def _carriage_returns(at: Maker) -> None:
    at.edit(NOTES)


def _autocrlf(at: Maker) -> None:
    at.git("config", "core.autocrlf", "true")
    path = at.chance.choice(SOURCES)
    if (at.root / path).is_file() and at.git("ls-files", "--", path):
        # git writes it anew, so that the index knows the size that it has with carriage returns.
        (at.root / path).unlink()
        git(at.root, "checkout", "--", path, may_fail=True)


def _link_moved(at: Maker) -> None:
    (at.root / LINK).unlink(missing_ok=True)
    (at.root / LINK).symlink_to(f"{at.mark()}-nowhere")


def _file_became_link(at: Maker) -> None:
    file = at.root / at.chance.choice(SOURCES)
    file.unlink(missing_ok=True)
    file.symlink_to(at.mark())


def _submodule_moved(at: Maker) -> None:
    _write(at.root, f"{LIBRARY}/part.txt", f"{at.mark()}\n")
    git(at.root / LIBRARY, "commit", "-q", "-a", "-m", "moved")


def _submodule_dirty(at: Maker) -> None:
    _write(at.root, f"{LIBRARY}/mine.txt", f"{at.mark()}\n")


def _own_repository(at: Maker) -> None:
    inner = at.root / "vendor"
    if not inner.exists():
        inner.mkdir()
        git(inner, "init", "-q")
        _write(inner, "mine.txt", f"{at.mark()}\n")


def _intent_to_add(at: Maker) -> None:
    path = f"soon-{at.mark()}.txt"
    _write(at.root, path, f"{at.mark()}\n")
    at.git("add", "-N", "--", path)


def _assume_unchanged(at: Maker) -> None:
    _marked(at, "--assume-unchanged")


def _skip_worktree(at: Maker) -> None:
    _marked(at, "--skip-worktree")


def _marked(at: Maker, flag: str) -> None:
    path = at.chance.choice(SOURCES)
    if at.git("ls-files", "--", path):
        at.git("update-index", flag, "--", path)
        at.edit(path)


def _sparse(at: Maker) -> None:
    git(at.root, "sparse-checkout", "set", "--no-cone", "/*", f"!/{at.chance.choice(SOURCES)}")


def _newline_in_a_name(at: Maker) -> None:
    _write(at.root, f"two\nlines-{at.mark()}", f"{at.mark()}\n")


def _name_beyond_utf8(at: Maker) -> None:
    place = os.fsencode(at.root) + b"/caf\xe9-" + at.mark().encode()
    Path(os.fsdecode(place)).write_bytes(at.mark().encode())


def _detached(at: Maker) -> None:
    at.git("checkout", "-q", "--detach")


def _conflicted(at: Maker) -> None:
    _rival(at)
    git(at.root, "merge", "rival", may_fail=True)
    (at.root / ".git" / "MERGE_HEAD").unlink(missing_ok=True)


def _merge_under_way(at: Maker) -> None:
    _rival(at)
    git(at.root, "merge", "rival", may_fail=True)


def _rebase_under_way(at: Maker) -> None:
    _rival(at)
    git(at.root, "rebase", "rival", may_fail=True)


def _rival(at: Maker) -> None:
    """A commit on another branch and one here that change the same line; what else there is, committed."""
    here = at.git("rev-parse", "--abbrev-ref", "HEAD").decode().strip()
    for branch, word in (("rival", "theirs"), (here, "mine")):
        git(at.root, "add", "-A", may_fail=True)
        at.git("commit", "-q", "--allow-empty", "-m", "so far")
        git(at.root, "checkout", "-q", *(["-b"] if branch == "rival" else []), branch, may_fail=True)
        if (at.root / SOURCES[5]).is_file():
            rows = (at.root / SOURCES[5]).read_bytes().split(b"\n")
            rows[LINES // 2] = f"# {word}".encode()
            (at.root / SOURCES[5]).write_bytes(b"\n".join(rows))
        at.git("commit", "-q", "--allow-empty", "-a", "-m", word)


def _committed(at: Maker) -> None:
    """A commit of the user's, that the Run knows nothing of."""
    git(at.root, "commit", "-q", "-m", "meanwhile", "--", at.edit(), may_fail=True)


State = Callable[[Maker], None]
STATES: Mapping[str, State] = {
    state.__name__.strip("_"): state
    for state in (
        *(_dirty, _staged, _staged_and_dirty, _untracked, _renamed, _deleted, _mode_changed, _private),
        *(_carriage_returns, _autocrlf, _link_moved, _file_became_link, _submodule_moved, _submodule_dirty),
        *(_own_repository, _intent_to_add, _assume_unchanged, _skip_worktree, _sparse, _newline_in_a_name),
        _name_beyond_utf8,
    )
}
"""What may be there when a Run starts, and come after that."""
LATER: Mapping[str, State] = {
    state.__name__.strip("_"): state
    for state in (
        *(_untracked_in_the_way, _ignored_in_the_way, _conflicted, _merge_under_way, _rebase_under_way),
        *(_committed, _detached),
    )
}
"""What may only come after its start."""


def copy_of(template: Path, root: Path) -> None:
    """A copy of the template, whose index knows the copy's files."""
    shutil.copytree(template, root, symlinks=True)
    git(root, "status", "--porcelain")


def _write(root: Path, path: str, text: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode())


def _text(path: str) -> str:
    return "".join(f"{path} line {number}\n" for number in range(LINES))
