"""Glob patterns over repository paths, read as `.gitignore` and ripgrep read them."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

from contextune.core.errors import UsageProblem


@functools.lru_cache(maxsize=512)
def compile_glob(pattern: str) -> re.Pattern[str]:
    """A regular expression that matches the whole of a repository path.

    A pattern without `/` matches a name at any depth; with one it starts at the top. `*` and `?` stay within
    a folder, `**` does not, `[a-z]` and `{a,b}` work, and a pattern that matches a folder matches all below
    it. Raises UsageProblem on a pattern that has no meaning.
    """
    body = pattern.strip("/")
    if not body:
        raise UsageProblem(f"The pattern {pattern!r} matches nothing: expected one such as src/**/*.py.")
    anchored = "/" in pattern.rstrip("/")
    try:
        return re.compile(("" if anchored else "(?:.*/)?") + _translate(body) + "(?:/.*)?", re.DOTALL)
    except re.error as problem:
        raise UsageProblem(f"The pattern {pattern!r} is not a glob: {problem}.") from None


def matches_any(path: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns matches a repository path or a folder above it."""
    return any(compile_glob(pattern).fullmatch(path) for pattern in patterns)


def _translate(body: str) -> str:
    out: list[str] = []
    depth = 0
    i = 0
    while i < len(body):
        char = body[i]
        if body.startswith("**/", i) and (i == 0 or body[i - 1] == "/"):
            out.append("(?:.*/)?")
            i += 3
            continue
        if body.startswith("**", i):
            out.append(".*")
            i += 2
            continue
        if char == "[" and (end := body.find("]", i + 2)) > 0:
            inner = body[i + 1 : end].replace("\\", "\\\\").replace("[", "\\[")
            out.append("[" + ("^" + inner[1:] if inner[0] in "!^" else inner) + "]")
            i = end + 1
            continue
        if char == "{" and "}" in body[i:]:
            depth += 1
            out.append("(?:")
        elif char == "}" and depth:
            depth -= 1
            out.append(")")
        elif char == "," and depth:
            out.append("|")
        elif char == "\\" and i + 1 < len(body):
            i += 1
            out.append(re.escape(body[i]))
        else:
            out.append({"*": "[^/]*", "?": "[^/]"}.get(char) or re.escape(char))
        i += 1
    return "".join(out) + ")" * depth
