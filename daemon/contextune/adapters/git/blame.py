"""Who wrote lines, and when: of several lines of one file with one git process."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import PurePosixPath

from contextune.adapters.git.program import Git
from contextune.core.todos.writing import Writing

_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def written(git: Git, path: str, lines: Collection[int], content: bytes) -> dict[int, Writing]:
    """Who wrote each of these lines of a file with this content, saved or not, by line number from 1.

    Lines that are not committed, and files that git does not know, are left out. Raises GitProblem.
    """
    if not lines or PurePosixPath(path).is_absolute():
        return {}
    ranges = [part for line in sorted(set(lines)) for part in ("-L", f"{line},{line}")]
    how = ("--line-porcelain", "--no-textconv", "--contents", "-")
    answer = git.call("blame", *how, *ranges, "--", path, stdin=content, allowed=(0, 128))
    if answer.code:
        return {}  # git does not know it, or it has fewer lines
    return _read(answer.out.decode("utf-8", "replace"))


def _read(porcelain: str) -> dict[int, Writing]:
    found: dict[int, Writing] = {}
    line, commit, author, at = 0, "", "", 0
    for row in porcelain.split("\n"):
        if row.startswith("\t"):
            if commit.strip("0"):
                found[line] = Writing(author=author, at=at * 1000)
            continue
        key, _, rest = row.partition(" ")
        if _HASH.fullmatch(key):
            commit, line = key, int(rest.split()[1])
        elif key == "author":
            author = rest
        elif key == "author-time" and rest.isdigit():
            at = int(rest)
    return found
