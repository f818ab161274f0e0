"""Takes a Run's commits back on a branch that has moved on, as commit objects: nothing else is touched."""

from __future__ import annotations

from contextune.adapters.git.objects import Objects
from contextune.adapters.git.program import Git
from contextune.adapters.git.replay import name_files
from contextune.adapters.git.signing import Signing
from contextune.core.errors import MergeRefused


def revert(
    git: Git, objects: Objects, *, before: str, accepted: str, head: str, sign: Signing | None = None
) -> str:
    """A commit on `head` for each of `before`..`accepted` that takes it back, newest first; the new tip.

    What is taken back already gets none. Raises MergeRefused if later commits changed the same lines.
    """
    output = git.run("rev-list", "--first-parent", f"{before}..{accepted}", "--")
    commits = output.decode().split()
    tip, tip_tree = head, objects.tree_of(head)
    for commit, body in zip(commits, objects.read_all([commit.encode() for commit in commits]), strict=True):
        trees = objects.trees_of([commit, f"{commit}^"])
        merge = objects.merge_trees(commit, trees[0], tip_tree, trees[1])
        subject = body.partition(b"\n\n")[2].split(b"\n", 1)[0]
        if merge.tree is None:
            raise MergeRefused(
                f"Later commits changed {name_files(merge.conflicts)} where the run did, so that "
                f"“{subject.decode('utf-8', 'replace')}” ({commit[:10]}) cannot be taken back by itself. "
                "Revert it by hand. Nothing was changed."
            )
        if merge.tree != tip_tree:
            message = b'Revert "' + subject + b'"\n\nThis reverts commit ' + commit.encode() + b".\n"
            tip, tip_tree = objects.commit_tree(merge.tree, [tip], message, sign=sign), merge.tree
    return tip
