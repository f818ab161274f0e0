"""Puts a Run's commits on a new branch of the user's, beside the one that is checked out and stays."""

from __future__ import annotations

from contextune.adapters.git.objects import OUR_REFS, Objects
from contextune.adapters.git.program import Git
from contextune.adapters.git.replay import replay
from contextune.adapters.git.scratch import Scratch
from contextune.adapters.git.signing import signing
from contextune.core.errors import GitProblem, MergeRefused
from contextune.core.ports import MadeBranch
from contextune.core.worktrees.snapshot import Base

PLACED = "refs/contextune/placed/"
"""Below it, by the result's commit and the branch's name: where the branch was made, until Undo."""


class ResultBranch:
    """Makes and removes branches that hold a result. Blocking; one call at a time in the whole repository."""

    def __init__(self, git: Git, objects: Objects, scratch: Scratch) -> None:
        self._git = git
        self._objects = objects
        self._scratch = scratch

    def make(self, base: Base, result: str, message: str | None, name: str, *, sign: bool) -> MadeBranch:
        """A new branch with `base`..`result` on the Base's HEAD, called `name`, or that with a number.

        Repeating it for a result that has its branch already returns that one. Raises MergeRefused.
        """
        with self._scratch.lock():
            known = self._known(result)
            if known is not None:
                return known
            tip = replay(
                self._git,
                self._objects,
                base,
                result=result,
                message=message,
                head=base.head,
                sign=signing(self._git) if sign else None,
            )
            made = MadeBranch(self._free(name), tip)
            self._write_refs(
                f"create refs/heads/{made.name} {tip}", f"update {PLACED}{result}/{made.name} {tip}"
            )
            return made

    def remove(self, result: str, made: MadeBranch) -> None:
        """Remove the branch again; its commits stay under the Run's own refs. May be repeated.

        Raises MergeRefused if it has moved on, or is checked out anywhere.
        """
        ref = f"refs/heads/{made.name}"
        with self._scratch.lock():
            now = self._objects.resolve(ref)
            if now not in (None, made.commit):
                raise MergeRefused(
                    f"The branch {made.name} has moved on since it was made. Nothing was changed."
                )
            if ref in self._checked_out():
                raise MergeRefused(
                    f"The branch {made.name} is checked out. Switch to another one, then undo again. "
                    "Nothing was changed."
                )
            gone = [f"delete {ref} {made.commit}"] if now is not None else []
            self._write_refs(*gone, f"delete {PLACED}{result}/{made.name}")

    def _known(self, result: str) -> MadeBranch | None:
        folder = f"{PLACED}{result}/"
        rows = self._git.run("for-each-ref", "--format=%(refname) %(objectname)", folder).decode()
        for row in rows.splitlines():
            ref, commit = row.rsplit(" ", 1)
            return MadeBranch(ref.removeprefix(folder), commit)
        return None

    def _free(self, name: str) -> str:
        """The name, with a number behind it if there is such a branch. Raises GitProblem for a bad one."""
        if f"refs/heads/{name}".startswith(OUR_REFS):
            raise GitProblem(f"{name} is a name of Contextune's own branches; choose another one.")
        if self._git.call("check-ref-format", "--branch", name, allowed=range(256)).code != 0:
            raise GitProblem(f"{name!r} is no name for a branch.")
        taken = set(self._git.run("for-each-ref", "--format=%(refname:short)", "refs/heads").decode().split())
        numbers = range(2, len(taken) + 3)
        return next(one for one in (name, *(f"{name}-{n}" for n in numbers)) if one not in taken)

    def _checked_out(self) -> set[str]:
        listed = self._git.run("worktree", "list", "--porcelain").decode("utf-8", "replace")
        rows = (row for row in listed.splitlines() if row.startswith("branch "))
        return {row.removeprefix("branch ") for row in rows}

    def _write_refs(self, *commands: str) -> None:
        script = "".join(f"{command}\n" for command in ("start", *commands, "prepare", "commit"))
        self._git.run("update-ref", "-m", "contextune: accept", "--stdin", stdin=script.encode())
