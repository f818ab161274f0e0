"""Commits, trees, blobs and refs of a repository: everything that needs no checkout."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from contextune.adapters.git.program import CONTEXTUNE, Git, Identity, fields, given, shown, signature
from contextune.adapters.git.signing import Signing
from contextune.adapters.git.standing import StandingGit
from contextune.core.errors import GitProblem
from contextune.core.ports import Merge
from contextune.core.proof.flags import flag_of
from contextune.core.runs.file_change import FileChange

OUR_REFS = ("refs/contextune/", "refs/heads/contextune/")
"""The only refs that the product writes outside Accept and Undo."""

_LOOK_BACK = 1_000
"""Commits of the current branch that are searched for reverts."""

_TIMELESS = Identity(CONTEXTUNE.name, CONTEXTUNE.email, "@0 +0000")
"""Makes a synthetic commit depend on its content alone, so that repeating a merge writes nothing new."""


class Entry(NamedTuple):
    """A file as a tree or an index has it. `mode` is git's: 100644, 100755, 120000 or 160000."""

    mode: bytes
    blob: bytes


class Difference(NamedTuple):
    """One path that two trees hold differently; None on the side that lacks it."""

    path: bytes
    before: Entry | None
    after: Entry | None


class Objects:
    """Reads and writes git objects and refs. Safe to share between threads."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._standing = StandingGit(git)

    def resolve(self, name: str) -> str | None:
        """The commit that a name stands for; None if it stands for none."""
        if not name or name.startswith("-") or "\0" in name:
            return None
        answer = self._git.call("rev-parse", "--verify", "--quiet", name + "^{commit}", allowed=range(256))
        return answer.out.decode().strip() if answer.code == 0 else None

    def reverted(self, commits: Collection[str]) -> frozenset[str]:
        """Those of `commits` that one of the current branch's last commits says it reverts."""
        if not commits:
            return frozenset()
        said = self._git.run(
            "log", f"--max-count={_LOOK_BACK}", "--format=%B", "--grep=^This reverts commit ", "HEAD", "--"
        )
        named = {found.decode() for found in re.findall(rb"^This reverts commit ([0-9a-f]{40})", said, re.M)}
        return frozenset(commits) & named

    def tree_of(self, commit: str) -> str:
        """The tree object of a commit."""
        known = self._standing.tree_of(commit)
        if known is not None:
            return known
        return self._git.run("rev-parse", "--verify", "--quiet", commit + "^{tree}").decode().strip()

    def read_file(self, commit: str, path: str) -> bytes | None:
        """A file's bytes in a commit or tree; None if it is not there, or no file."""
        answer = self._git.call("cat-file", "blob", f"{commit}:".encode() + given(path), allowed=(0, 128))
        if answer.code == 0:
            return answer.out
        known = self._git.call("rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}", allowed=range(256))
        if known.code != 0:
            raise GitProblem(f"{commit} is no commit or tree of this repository.")
        return None

    def read_files(self, commit: str, paths: Sequence[str]) -> dict[str, bytes]:
        """The bytes of many files of a commit, by path, in one call of git; all of them must be there.

        A path with a line break cannot be asked for in this way and is left out.
        """
        plain = [path for path in paths if "\n" not in path]
        names = [f"{commit}:".encode() + given(path) for path in plain]
        return dict(zip(plain, self.read_all(names), strict=True))

    def read_all(self, ids: Sequence[bytes]) -> list[bytes]:
        """The contents of many objects, in order."""
        if not ids:
            return []
        known = self._standing.contents(ids)
        if known is not None:
            return known
        output = self._git.run("cat-file", "--batch", stdin=b"".join(name + b"\n" for name in ids))
        found: list[bytes] = []
        position = 0
        for name in ids:
            end = output.index(b"\n", position)
            size = output[position:end].rpartition(b" ")[2]
            if not size.isdigit():
                raise GitProblem(f"git has no object {name.decode()}.")
            found.append(output[end + 1 : end + 1 + int(size)])
            position = end + 1 + int(size) + 1
        return found

    def trees_of(self, commits: Sequence[str]) -> list[str]:
        """The trees of many commits, in order."""
        return self._git.run("rev-parse", *(commit + "^{tree}" for commit in commits)).decode().split()

    def list_files(self, commit: str) -> list[str]:
        """Paths of all files in a commit, submodules left out."""
        listing = fields(self._git.run("ls-tree", "-r", "-z", "--full-tree", commit))
        entries = (row.split(b"\t", 1) for row in listing)
        return [shown(path) for facts, path in entries if not facts.startswith(b"160000 ")]

    def merge(self, ours: str, theirs: str, base: str) -> Merge:
        """Merge two commits in memory, with `base` as their common ancestor."""
        base_tree, our_tree, their_tree = self.trees_of([base, ours, theirs])
        return self.merge_trees(base, base_tree, our_tree, their_tree)

    def merge_trees(self, base: str, base_tree: str, ours: str, theirs: str) -> Merge:
        """Merge two trees; `base` is a commit whose tree `base_tree` both came from."""
        if theirs in (base_tree, ours):
            return Merge(tree=ours)
        if ours == base_tree:
            return Merge(tree=theirs)
        # `merge-tree --merge-base` came with git 2.40. Two commits with one parent have that parent as their
        # merge base in every version.
        sides = [self.commit_timeless(tree, base) for tree in (ours, theirs)]
        command = ("merge-tree", "--write-tree", "-z", "--name-only", *sides)
        # Markers with what stood there before: whoever resolves must know what each side changed.
        answer = self._git.call(*command, config={"merge.conflictStyle": "diff3"}, allowed=(0, 1))
        parts = fields(answer.out)
        if answer.code == 0:
            return Merge(tree=parts[0].decode())
        end = parts.index(b"")
        messages = _messages(parts[end + 1 :])
        return Merge(
            tree=None,
            marked=parts[0].decode(),
            conflicts=tuple(shown(path) for path in parts[1:end]),
            detail="".join(messages).strip(),
        )

    def commit_tree(
        self,
        tree: str,
        parents: Sequence[str],
        message: str | bytes,
        *,
        author: Identity | None = None,
        encoding: str | None = None,
        sign: Signing | None = None,
    ) -> str:
        """Write a commit object, in the user's name, and return its id.

        `author` is who wrote the change if it was not the user; `encoding` is the message's if it is bytes
        and not UTF-8. Where git is told no user, it is Contextune.
        """
        mine = signature(author, author) if author is not None else {}
        by = {key: mine[key] for key in mine if key.startswith("GIT_AUTHOR_")}
        ours = {**signature(CONTEXTUNE, CONTEXTUNE), **by}
        if sign is not None:
            config = {"user.useConfigOnly": "true"}
            known = self._git.call("var", "GIT_COMMITTER_IDENT", config=config, allowed=range(256)).code == 0
            return self._write_commit(tree, parents, message, by if known else ours, encoding, sign)
        try:
            return self._write_commit(tree, parents, message, by, encoding)
        except GitProblem:  # most likely git knows no user; anything else is met again
            return self._write_commit(tree, parents, message, ours, encoding)

    def commit_ours(self, tree: str, parents: Sequence[str], message: str) -> str:
        """Write a commit object in Contextune's own name."""
        return self._write_commit(tree, parents, message, signature(CONTEXTUNE, CONTEXTUNE))

    def commit_known(self, tree: str, parents: Sequence[str], message: str) -> str:
        """The same of a tree and of commits that are known to be there, at less cost."""
        now = Identity(CONTEXTUNE.name, CONTEXTUNE.email, time.strftime(f"@{int(time.time())} %z"))
        known = self._standing.write_commit(_commit_text(tree, parents, message, now))
        return known or self.commit_ours(tree, parents, message)

    def changes(self, before: str, after: str) -> list[FileChange]:
        """What changed between two commits or trees; a rename is a file gone and a file new."""
        command = ("diff-tree", "-r", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-abbrev")
        parts = fields(self._git.run(*command, "--raw", "--numstat", before, after))
        found: list[FileChange] = []
        counts: dict[bytes, tuple[int, int]] = {}
        raw: list[tuple[bytes, list[bytes]]] = []
        position = 0
        while position < len(parts):
            if parts[position].startswith(b":"):
                raw.append((parts[position + 1], parts[position][1:].split(b" ")))
                position += 2
            else:
                plus, minus, path = parts[position].split(b"\t", 2)
                # git counts no lines in a binary file: it prints a dash.
                counts[path] = (int(plus) if plus.isdigit() else 0, int(minus) if minus.isdigit() else 0)
                position += 1
        for path, (old_mode, new_mode, old, new, _) in raw:
            insertions, deletions = counts.get(path, (0, 0))
            found.append(
                FileChange(
                    path=shown(path),
                    before=None if old_mode == b"000000" else old.decode(),
                    after=None if new_mode == b"000000" else new.decode(),
                    insertions=insertions,
                    deletions=deletions,
                    flag=flag_of(shown(path), old_mode.decode(), new_mode.decode()),
                )
            )
        return found

    def differences(self, before: str, after: str) -> list[Difference]:
        """Modes and blobs of the paths that two trees, or commits, hold differently, by path."""
        return _differences(
            fields(
                self._git.run("diff-tree", "-r", "-z", "--no-renames", "--no-abbrev", "--raw", before, after)
            )
        )

    def tree_differences(self, before: str, after: str) -> list[Difference]:
        """The same of two trees by their ids, at less cost."""
        parts = self._standing.differences(before, after)
        return self.differences(before, after) if parts is None else _differences(parts)

    def mix(self, tree: str, other: str, paths: Collection[str], index: Path) -> str:
        """A tree with some paths as another one has them. `index` is where a private index may be made."""
        wanted = {given(path) for path in paths}
        gone = b"0" * 40
        entries = [
            b"%b %b\t%b\0" % (*(one.after or Entry(b"0", gone)), one.path)
            for one in self.differences(tree, other)
            if one.path in wanted
        ]
        self._git.run("read-tree", tree, index=index)
        self._git.run("update-index", "-z", "--index-info", stdin=b"".join(entries), index=index)
        return self._git.run("write-tree", index=index).decode().strip()

    def with_files(self, tree: str, files: Mapping[str, bytes], index: Path) -> str:
        """A tree with other contents of some files that it has. `index` is where one may be made."""
        self._git.run("read-tree", tree, index=index)
        modes = {entry.split(b"\t", 1)[1]: entry[:6] for entry in self._entries(tree)}
        lines = []
        for path, content in files.items():
            blob = self._git.run("hash-object", "-w", "--stdin", "--no-filters", stdin=content).strip()
            lines.append(b"%b %b\t%b\0" % (modes[given(path)], blob, given(path)))
        self._git.run("update-index", "-z", "--index-info", stdin=b"".join(lines), index=index)
        return self._git.run("write-tree", index=index).decode().strip()

    def _entries(self, tree: str) -> list[bytes]:
        return fields(self._git.run("ls-tree", "-r", "-z", "--full-tree", tree))

    def leads_to(self, commit: str, ancestor: str) -> bool:
        """Whether a commit's history, itself included, holds another commit."""
        return self._git.call("merge-base", "--is-ancestor", ancestor, commit, allowed=(0, 1)).code == 0

    def diff(self, before: str, after: str, paths: Sequence[str] = ()) -> str:
        """A unified diff between two commits or trees; bytes that are not UTF-8 become U+FFFD."""
        command = ("diff-tree", "-r", "-p", "-M", "--no-ext-diff", "--no-textconv", "--no-color")
        only = [given(path) for path in paths]
        return self._git.run(*command, before, after, "--", *only).decode("utf-8", "replace")

    def set_ref(self, ref: str, commit: str | None) -> None:
        """Point a ref at a commit, or remove it. Raises GitProblem for a ref that is not ours."""
        if not ref.startswith(OUR_REFS):
            raise GitProblem(f"{ref} is not below {' or '.join(OUR_REFS)}, so it is not ours to write.")
        if commit is None:
            self._git.run("update-ref", "--no-deref", "-d", ref)
        elif not self._standing.set_ref(ref, commit):
            self._git.run("update-ref", "--no-deref", ref, commit)

    def commit_timeless(self, tree: str, parent: str) -> str:
        """Write a commit in no one's name and at no time: the same one for the same tree and parent."""
        known = self._standing.write_commit(_commit_text(tree, [parent], "merge side", _TIMELESS))
        if known is not None:
            return known
        return self._write_commit(tree, [parent], "merge side", signature(_TIMELESS, _TIMELESS))

    def _write_commit(
        self,
        tree: str,
        parents: Sequence[str],
        message: str | bytes,
        environment: dict[str, str],
        encoding: str | None = None,
        sign: Signing | None = None,
    ) -> str:
        words = message.encode("utf-8", "replace") if isinstance(message, str) else message
        lineage = [word for parent in parents for word in ("-p", parent)]
        arguments = ("commit-tree", *lineage, "-F", "-", tree)
        text = words.replace(b"\0", b"")
        config = {"i18n.commitEncoding": encoding or "UTF-8", "user.useConfigOnly": "true"}
        if sign is not None:
            arguments = ("commit-tree", "-S", *arguments[1:])
            environment, config = {**environment, **sign.environment}, {**config, **sign.config}
        answer = self._git.run(*arguments, stdin=text, environment=environment, config=config)
        return answer.decode().strip()


def _commit_text(tree: str, parents: Sequence[str], message: str, who: Identity) -> bytes:
    """A commit as git keeps it, by someone whose `date` is given."""
    by = f"{who.name} <{who.email}> {(who.date or '').removeprefix('@')}"
    lineage = (f"parent {parent}" for parent in dict.fromkeys(parents))
    head = [f"tree {tree}", *lineage, f"author {by}", f"committer {by}"]
    words = message.replace("\0", "")
    return "\n".join((*head, "", words)).encode("utf-8", "replace")


def _differences(parts: Sequence[bytes]) -> list[Difference]:
    """What a raw `diff-tree -z` lists: facts and a path, by turns."""
    found: list[Difference] = []
    for facts, path in zip(parts[::2], parts[1::2], strict=True):
        old_mode, new_mode, old, new, _ = facts[1:].split(b" ")
        first = None if old_mode == b"000000" else Entry(old_mode, old)
        second = None if new_mode == b"000000" else Entry(new_mode, new)
        found.append(Difference(path, first, second))
    return found


def _messages(parts: Sequence[bytes]) -> list[str]:
    """The sentences of a `merge-tree -z` report: count, that many paths, a kind, a sentence; repeated."""
    found: list[str] = []
    position = 0
    while position < len(parts) and parts[position].isdigit():
        position += 1 + int(parts[position])
        kind, sentence = parts[position : position + 2]
        if kind.startswith(b"CONFLICT"):
            found.append(shown(sentence))
        position += 2
    return found
