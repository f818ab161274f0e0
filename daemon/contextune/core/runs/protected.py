"""Which branches Accept does not move by itself, and what the one is called that it makes instead."""

from __future__ import annotations

import re
from collections.abc import Collection
from fnmatch import fnmatchcase

from contextune.core.worktrees.snapshot import Base

LONGEST = 40
"""Characters of a title in a branch's name."""


def is_protected(base: Base, patterns: Collection[str]) -> bool:
    """Whether the branch of a Base is protected: others have it as well, and its name matches."""
    if base.branch is None or base.upstream is None:
        return False
    return any(fnmatchcase(base.branch, pattern) for pattern in patterns)


def branch_name(pattern: str, title: str, run_id: str) -> str:
    """The name of a branch for a Run's result: `{title}` and `{run}` in the pattern stand for the Run's."""
    words = re.findall(r"[a-z0-9]+", title.lower())
    slug = "-".join(words)[:LONGEST].rstrip("-") or run_id
    return pattern.replace("{title}", slug).replace("{run}", run_id)
