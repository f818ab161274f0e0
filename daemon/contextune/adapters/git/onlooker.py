"""Looks at the user's checkout without touching it: what stands there, byte for byte, as hashes."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from contextune.adapters.git.base import add_all, belongs, copy_index, untracked_files
from contextune.adapters.git.program import Git
from contextune.adapters.git.scratch import Scratch
from contextune.core.worktrees.checkout_look import CheckoutLook


def look(git: Git, common_dir: Path, scratch: Scratch) -> CheckoutLook:
    """The checkout as it is. Blocking; writes objects, and neither the index nor a file."""
    with scratch.folder() as folder:
        index = copy_index(git, folder)
        strangers = [path for path in untracked_files(git) if not belongs(git.work_tree, path)]
        add_all(git, index, leave_out=strangers)
        tree = git.run("write-tree", index=index).decode().strip()
    head = git.call("symbolic-ref", "--quiet", "HEAD", allowed=(0, 1)).out + git.run("rev-parse", "HEAD")
    parts = {
        "HEAD": _hash(head),
        # What the index holds, not its bytes: every `git status` of the user's may refresh those.
        "index": _hash(git.run("ls-files", "--stage", "-z")),
        "config": _hash(_bytes(common_dir / "config"), _bytes(git.git_dir / "config.worktree")),
        "hooks": _hash(*(_bytes(path) for path in sorted((common_dir / "hooks").glob("*")))),
    }
    return CheckoutLook(tree=tree, parts=parts)


def _hash(*contents: bytes) -> str:
    digest = sha256()
    for content in contents:
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()


def _bytes(path: Path) -> bytes:
    try:
        return path.name.encode("utf-8", "surrogateescape") + b"\0" + path.read_bytes()
    except OSError:
        return b""
