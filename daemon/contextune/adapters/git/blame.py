"""Who wrote lines, and when: of several lines of one file with one git process."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import PurePosixPath

from contextune.adapters.git.program import Git
from contextune.core.todos.writing import Writing


def written(git: Git, path: str, lines: Collection[int]) -> dict[int, Writing]:
    """Who wrote each of these lines of the checkout's file, by line number from 1.

    Lines that are not committed, and files that git does not know, are left out. Raises GitProblem.
    """
    if not lines or PurePosixPath(path).is_absolute():
        return {}
    ranges = [part for line in sorted(set(lines)) for part in ("-L", f"{line},{line}")]
    answer = git.call("blame", "--line-porcelain", "--no-textconv", *ranges, "--", path, allowed=(0, 128))
    if answer.code:
        return {}  # not tracked, or shorter by now
    return _read(answer.out.decode("utf-8", "replace"))


def _read(porcelain: str) -> dict[int, Writing]:
    found: dict[int, Writing] = {}
    line, commit, author, at = 0, "", "", 0
    for row in porcelain.splitlines():
        if row.startswith("\t"):
            if commit.strip("0"):
                found[line] = Writing(author=author, at=at * 1000)
            continue
        key, _, rest = row.partition(" ")
        if len(key) in (40, 64) and rest[:1].isdigit():
            commit, line = key, int(rest.split()[1])
        elif key == "author":
            author = rest
        elif key == "author-time" and rest.isdigit():
            at = int(rest)
    return found
